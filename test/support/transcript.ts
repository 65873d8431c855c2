import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LOCAL_QUEUE_NAMES } from "../../tools/local/stage.ts";
import { serviceAccount } from "./push-credentials.ts";
import { runSluice, serveSluice } from "./run-sluice.ts";

/** The push credentials and messages that the commands name; all of them are made up. */
const FILES = {
  "firebase.json": serviceAccount(),
  "shipped.json": message("It is on its way."),
  "delivered.json": message("It is at your door."),
};

function message(Body: string): string {
  return JSON.stringify({
    Addresses: { "dGVzdC10b2tlbi0x:APA91b": { ChannelType: "GCM" } },
    MessageConfiguration: { GCMMessage: { Title: "Your order", Body } },
  });
}

/**
 * What somebody sees who has cloned this repository and types what it says here: the page docs/transcript.md, with steady
 * values in place of those that differ each time.
 */
export async function transcript(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-transcript-"));
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
  const env = { TMPDIR: folder };
  const stage = await serveSluice(["start", "--serve"], env);
  const page: string[] = [BEGINNING];
  const say = (text: string, command: string, output: string) => {
    page.push("", text, "", "```console", `$ ${command}`, output.trimEnd(), "```");
    return output;
  };
  const run = async (words: string) => {
    const { stdout, stderr } = await runSluice(words.split(" "), { env, cwd: folder });
    return stdout + stderr;
  };
  const show = async (text: string, words: string) => say(text, `npx sluice ${words}`, await run(words));
  /** What is sent takes a moment. */
  const until = async (words: string, isSo: (found: string) => boolean) => {
    while (!isSo(await run(words))) await sleep(100);
  };

  try {
    while (!stage.printed().some((line) => line.startsWith("Ctrl-C"))) await sleep(50);
    say(SAYS.dev, "npm run dev", stage.printed().join("\n"));
    const created = await show(SAYS.app, "app create shop");
    const [Id = ""] = /[\da-f]{32}/.exec(created) ?? [];
    await show(SAYS.channel, `channel enable fcm --application-id ${Id} --service-account firebase.json`);
    await show(SAYS.doctor, "doctor");
    const order = `send --application-id ${Id} --request-id order-4711`;
    await show(SAYS.send, `${order} --message-request file://shipped.json`);
    await until("show order-4711", (found) => found.includes("1 sent"));
    await show(SAYS.show, "show order-4711");
    await show(SAYS.again, `${order} --message-request file://delivered.json`);
    await until("status --json", (found) => {
      const { queues }: { queues: QueueStatus[] } = JSON.parse(found);
      const holding = queues.filter(({ visible, inFlight, delayed }) => visible + inFlight + delayed > 0);
      return (
        holding.length === 1 &&
        holding[0]?.name === LOCAL_QUEUE_NAMES.transactionalDeadLetters &&
        holding[0].visible === 1
      );
    });
    await show(SAYS.status, "status");
    await show(SAYS.deadLetters, "dead-letters list");
    return steady(page.join("\n"), folder, Id);
  } finally {
    await stage.stop();
    await rm(folder, { recursive: true });
  }
}

interface QueueStatus {
  readonly name: string;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

const BEGINNING = `# From a clone to the first push

What you see when you type this. The page is made by a test, which types it and compares
(\`vitest run test/integration/transcript.test.ts -u\` writes it anew); only ids, ports and times are steadied. You need Node 20
or newer, no account and no Docker; \`npm ci\` comes first.`;

const SAYS = {
  dev: "Start the pipeline. It stays up; everything else goes into a second terminal.",
  app: "An application holds the channels of one app, and their credentials.",
  channel:
    "Give it a channel. `firebase.json` is the key of a service account from the Firebase console; here any that is well formed will do, because there is nobody behind the simulator.",
  doctor: "Is anything wrong? The doctor would say what, and the command that mends it.",
  send: "Send. `shipped.json` is what `aws pinpoint send-messages` takes as a message request, with a title, a body and one device token.",
  show: "What became of it?",
  again:
    "A second message about the same order, and the same id by mistake. The queue takes it: whether it may be sent is found out where the first one is known.",
  status: "Nothing waits but one dead letter.",
  deadLetters: "It says why, and what to do about it. `npx sluice --help` lists the other verbs.",
} as const;

/** Values that differ each time, each in place of one that does not. */
function steady(page: string, folder: string, applicationId: string): string {
  const ports = [...new Set(Array.from(page.matchAll(/127\.0\.0\.1:(\d+)/g), ([, port = ""]) => port))];
  return `${page
    .replaceAll(folder, "/tmp")
    .replaceAll(applicationId, "4f1c2a7be09d4d2c8a6b3e5d7f901234")
    .replace(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:4000${ports.indexOf(port) + 1}`)
    .replace(/\d+ accepted/g, "1 accepted")
    .replace(/sluice-\d+\.log/g, "sluice-12345.log")
    .replace(/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/g, "6ba7b810-9dad-41d1-80b4-00c04fd430c8")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "2026-11-26T12:00:00.000Z")
    .replace(/Node \d+\.\d+\.\d+/g, "Node 24.21.0")}\n`;
}
