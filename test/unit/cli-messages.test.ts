import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXAMPLE_SCRIPT, EXAMPLES } from "../../tools/cli/examples.ts";
import { problemOf } from "../../tools/cli/exit.ts";
import { fileProblem } from "../../tools/cli/file-problem.ts";
import { sluiceProgram } from "../../tools/cli/program.ts";
import { readScript } from "../../tools/local/push-simulator/read-script.ts";

/** What an operator reads who has typed something wrong: what is wrong, where, and what to do; never a line of the file. */

const TOKEN = "dGVzdC10b2tlbi0x";
const request = JSON.stringify({
  Addresses: { [TOKEN]: { ChannelType: "GCM" } },
  MessageConfiguration: { GCMMessage: { Title: "Order", Body: "Secret text" } },
});
const message = JSON.stringify({ GCMMessage: { Title: "Sale", Body: "{{name}}, today." } });
const FILES: Readonly<Record<string, string | Buffer>> = {
  "utf-16.json": Buffer.from(`\uFEFF${request}`, "utf16le"),
  "latin-1.jsonl": Buffer.from(`\n${request}\n${request.replace("Order", "Ärger")}`, "latin1"),
  "empty.json": "",
  "spaces.json": " \n ",
  "words.json": `${TOKEN} is no JSON`,
  "list.json": "[]",
  "cut.json": request.slice(0, 70),
  "request.json": request,
  "whole.json": `{"MessageRequest":${request}}`,
  "script.json": '{"latencies":1}',
  "message.json": message,
  "people.csv": `token,channel,name\n${TOKEN},GCM,Ada\n`,
  "sms.csv": `token,channel,name\n${TOKEN},SMS,Ada\n`,
  "quote.csv": `token,channel,name\n${TOKEN},GCM,"Ada\n`,
  "columns.csv": `tokens,channel,name\n${TOKEN},GCM,Ada\n`,
  "google-services.json": '{"project_info":{},"client":[]}',
  "lacking.json": '{"type":"service_account","project_id":"shop"}',
};

let folder: string;
let taken: ReturnType<typeof createServer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-messages-"));
  for (const [name, content] of Object.entries(FILES)) await writeFile(join(folder, name), content);
  await mkdir(join(folder, "folder"));
  taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
});
afterAll(async () => {
  taken.close();
  await rm(folder, { recursive: true });
});

function quiet(command: Command): Command {
  command.configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  for (const verb of command.commands) quiet(verb);
  return command;
}

/** What is told of a command; `@` stands for the folder of the files, and `%` for a port that is taken. */
async function told(words: string): Promise<string> {
  const typed = words
    .replaceAll("@", `${folder}/`)
    .replaceAll("%", String((taken.address() as AddressInfo).port))
    .split(" ")
    .map((word) => (word === "''" ? "" : word));
  try {
    await quiet(sluiceProgram()).parseAsync(typed, { from: "user" });
    return "";
  } catch (error) {
    return problemOf(error) ?? (error as Error).message;
  }
}

const IMPORT = "--campaign spring --dry-run --folder @out";

describe("what is typed wrong is told with the cure", () => {
  it.each<[string, RegExp]>([
    ["chekc x", /unknown command 'chekc'\s+\(Did you mean check\?\)/],
    ["status --stag prod", /unknown option '--stag'\s+\(Did you mean --stage\?\)/],
    ["status --stage my_stage", /letters, digits and hyphens, as in prod/],
    [
      "check @nowhere.json",
      /^Cannot read \S+nowhere.json: there is no such file or folder \(ENOENT\)\. Is the path right\?$/,
    ],
    ["check @folder", /folder: it is a folder \(EISDIR\)\. Name a file\.$/],
    ["check @people.csv/x", /x: a part of its path is a file, and should be a folder \(ENOTDIR\)/],
    ["check @empty.json", /empty\.json is empty\. Is it the right file\?/],
    ["check @utf-16.json", /utf-16\.json is not text in UTF-8: line 1 cannot be read\..* save it as UTF-8\.$/],
    ["check @latin-1.jsonl", /latin-1\.jsonl is not text in UTF-8: line 3 cannot be read/],
    ["check @spaces.json", /spaces\.json holds no send request\. It should hold one, or several as JSON lines/],
    ["check @list.json", /list\.json holds no send request/],
    ["plan @list.json", /list\.json holds no send request/],
    ["plan @words.json", /1 of 1 requests are not valid\. Run: sluice check \S+words\.json/],
    [
      "send --message-request {",
      /^--message-request is not JSON: expected a name .* at line 1, column 2.* file:\/\/PATH/,
    ],
    ["send --message-request file://@cut.json", /cut\.json is not JSON: .* line 1, column 71, where the text ends/],
    ["send --message-request file://@folder", /folder: it is a folder/],
    ["send --message-request file://@empty.json", /empty\.json is empty/],
    ["send --message-request file://@whole.json", /holds a whole send request, .* under its MessageRequest alone/],
    [
      "send --message-request file://@request.json --expires-at 2020-01-01T00:00:00Z",
      /Nothing was put on the queue: --expires-at 2020-01-01T00:00:00Z has passed/,
    ],
    ["simulate --port http", /whole number from 0 to 65535/],
    ["simulate --port 65536", /whole number from 0 to 65535/],
    ["simulate --port %", /Cannot listen on the port \d+ .*: somebody listens there already .* with --port/],
    ["check @request.json --application-ids ''", /letters and digits, separated by commas/],
    ["simulate --application-ids ''", /letters and digits, separated by commas/],
    ["simulate --script @nowhere.json", /nowhere\.json: there is no such file/],
    ["simulate --script @words.json", /words\.json is not JSON: .* `sluice simulate --help`/],
    ["simulate --script @script.json", /script\.json: .*latencies is not a field.* `sluice simulate --help`/],
    ["start --recipients @people.csv", /--recipients and --message go together/],
    ["start --serve --recipients @people.csv", /--serve sends nothing by itself/],
    ["start --recipients @nowhere.csv --message @message.json", /nowhere\.csv: there is no such file/],
    ["start --recipients @quote.csv --message @message.json", /quote\.csv: row 2: a quoted value does not end/],
    [
      "start --recipients @columns.csv --message @message.json",
      /columns\.csv: row 1: .* Rename the column tokens to token/,
    ],
    [
      "start --recipients @sms.csv --message @message.json",
      /sms\.csv has no row that is not rejected[\s\S]+2,channel,Unknown/,
    ],
    ["start --count 1234567890", /whole number from 1 to 999999999/],
    [`import @people.csv --message @folder ${IMPORT}`, /folder: it is a folder/],
    [
      `import @people.csv --message @message.json --campaign x --dry-run --folder @people.csv`,
      /the folder \S+people\.csv: .*--folder/,
    ],
    ["app create ''", /a name by which people know the application/],
    ["doctor --probe ''", /the device token of a device of yours/],
    ["dead-letters list --sample 0", /whole number from 1 to 999999/],
    ["rate set fast", /whole number from 1 to 999999999, or `configured`/],
    [
      "channel enable fcm --service-account @words.json",
      /words\.json is not .*: it is not JSON: expected a value at line 1/,
    ],
    [
      "channel enable fcm --service-account @google-services.json",
      /google-services.json, the app's own configuration, .* Generate new/,
    ],
    [
      "channel enable fcm --service-account @lacking.json",
      /it lacks client_email, private_key\. .* Generate new private key/,
    ],
    [
      "channel enable apns --key @words.json --key-id x --team-id DEF456GHIJ --bundle-id a.b",
      /--key-id should be 10 capital/,
    ],
    ["channel enable apns --certificate - --password-file -", /Only one of --certificate and --password-file/],
  ])("%s", async (words, says) => {
    const text = await told(words);
    expect(text).toMatch(says);
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain("Secret text");
  });
});

it("names what the system does not let one do, and a code that nobody foresaw", () => {
  const of = (code: string, more = {}) => Object.assign(new Error("raw"), { code, ...more });
  expect(fileProblem(of("EACCES"))).toBe("the permission is missing (EACCES). Who may, says ls -ld.");
  expect(fileProblem(of("EMFILE"))).toBe("the system does not say why (EMFILE). Look at the path, and at the disk.");
  expect(problemOf(of("ENOSPC", { path: "/x" }))).toMatch(/^Cannot use \/x: the disk is full \(ENOSPC\)\. Make room/);
  expect(problemOf(new TypeError("raw"))).toBeUndefined();
});

describe("the help of a verb", () => {
  const leaves = (command: Command, before: readonly string[] = []): [string, Command][] =>
    command.commands.flatMap((verb) => {
      const words = [...before, verb.name()];
      return verb.commands.length > 0 ? leaves(verb, words) : [[words.join(" "), verb] as [string, Command]];
    });
  const verbs = leaves(sluiceProgram());

  it("is there for each, and for no other", () => {
    expect(verbs.map(([words]) => words).toSorted()).toEqual(Object.keys(EXAMPLES).toSorted());
  });

  it.each(verbs)("sluice %s: has examples that it takes, and says how it ends", (words, verb) => {
    let help = "";
    verb.configureOutput({ writeOut: (text) => (help += text) });
    verb.outputHelp();
    expect(help).toMatch(/Examples:\n {2}\S[\s\S]+Ends with 0/);
    for (const line of EXAMPLES[words]?.lines ?? []) {
      const typed = (line.split(`sluice ${words}`)[1] ?? "unlike").split(" ").filter(Boolean);
      const { operands, unknown } = verb.parseOptions(typed);
      expect({ line, unknown }).toEqual({ line, unknown: [] });
      const required = verb.registeredArguments.filter((argument) => argument.required).length;
      expect(operands.length).toBeGreaterThanOrEqual(required);
      expect(operands.length).toBeLessThanOrEqual(verb.registeredArguments.length);
    }
  });

  it("has a script that the push simulator plays", () => {
    expect(readScript(EXAMPLE_SCRIPT)).toEqual(EXAMPLE_SCRIPT);
  });
});
