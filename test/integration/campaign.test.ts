import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pushSimulatorAt, type RemotePushSimulator } from "../../tools/local/push-simulator/remote.ts";
import { runSluice, type Serving, serveSluice } from "../support/run-sluice.ts";

/** A campaign as an operator has it: the command alone, on a running stage. */
let folder: string;
let serving: Serving;
let simulator: RemotePushSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-campaign-"));
  serving = await serveSluice(["start", "--serve", "--json"], { TMPDIR: folder });
  simulator = pushSimulatorAt(JSON.parse(serving.firstLine).simulator);
  const message = { GCMMessage: { Title: "Sale", Body: "{{name}}, today." } };
  await writeFile(join(folder, "message.json"), JSON.stringify(message));
});
afterAll(async () => {
  await serving.stop();
  await rm(folder, { recursive: true });
});

const sluice = (...words: readonly string[]) => runSluice(words, { env: { TMPDIR: folder }, cwd: folder });
const people = (name: string, count: number) =>
  writeFile(
    join(folder, `${name}.csv`),
    `token,channel,name\n${Array.from({ length: count }, (_, row) => `${name}-${row},GCM,Ada\n`).join("")}`,
  );
const begin = (name: string, ...more: readonly string[]) =>
  sluice("import", `${name}.csv`, "--message", "message.json", "--campaign", name, ...more);
const show = async (id: string) => JSON.parse((await sluice("campaign", "show", id, "--json")).stdout);
const received = async () => (await simulator.ledger()).devices.received;
const soon = { timeout: 60_000, interval: 300 };

it("begins with a file and is watched to its end, when all have received it", async () => {
  await people("spring", 300);
  const { exitCode, stdout } = await begin("spring", "--watch", "--json");
  const [begun, ...watched] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(begun).toMatchObject({ started: true, recipients: { VersionId: expect.any(String) } });
  expect({ exitCode, last: watched.at(-1) }).toMatchObject({
    exitCode: 0,
    last: { state: "completed", requested: 300, sent: 300, owed: 0, files: [], waitsFor: null },
  });
  expect(await received()).toBe(300);

  expect(await begin("spring")).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("There is a campaign spring already, of this very file, and it is completed"),
  });
});

it("pauses, goes on at another rate, is cancelled, and adds up to its recipients", async () => {
  const before = await received();
  await people("autumn", 6_000);
  expect(await begin("autumn", "--rate", "200")).toMatchObject({ exitCode: 0 });
  await expect.poll(async () => (await received()) - before, soon).toBeGreaterThan(0);
  expect(await sluice("campaign", "pause", "autumn")).toMatchObject({ exitCode: 0 });
  const settled = async () => {
    const [one, { state }, other] = [await received(), await show("autumn"), await received()];
    return state === "paused" && one === other;
  };
  await expect.poll(settled, soon).toBe(true);
  const whilePaused = await received();

  expect(await sluice("campaign", "resume", "autumn", "--rate", "400")).toMatchObject({ exitCode: 0 });
  await expect.poll(received, soon).toBeGreaterThan(whilePaused);
  expect(await sluice("campaign", "cancel", "autumn", "--yes")).toMatchObject({ exitCode: 0 });
  const watched = await sluice("campaign", "watch", "autumn");
  expect(watched.exitCode).toBe(1);
  expect(watched.stdout).toMatch(/^state +completed_with_errors$/m);
  const { requested, sent, cancelled, owed } = await show("autumn");
  expect({ requested, owed, sum: sent + cancelled }).toEqual({ requested: 6_000, owed: 0, sum: 6_000 });
  expect(sent).toBe((await received()) - before);
  expect(cancelled).toBeGreaterThan(0);
});
