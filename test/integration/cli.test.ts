import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pushSimulatorAt } from "../../tools/local/push-simulator/remote.ts";
import { LOCAL_APPLICATION_ID } from "../../tools/local/stage.ts";
import { runSluice, runSluiceUnread, serveSluice } from "../support/run-sluice.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-cli-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, content: unknown) => {
  const path = join(folder, name);
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

const request = (token: string, body: string, more = {}) => ({
  MessageRequest: {
    Addresses: { [token]: { ChannelType: "GCM" } },
    MessageConfiguration: { GCMMessage: { Title: "Parcel", Body: body, ...more } },
  },
});

const lines = (...requests: unknown[]) => requests.map((each) => JSON.stringify(each)).join("\n");

describe("sluice check", () => {
  it("says that all are valid, and ends well", async () => {
    const path = await file("valid.jsonl", lines(request("a", "one"), request("b", "two")));
    expect(await runSluice(["check", path])).toMatchObject({ exitCode: 0, stdout: "2 valid.\n" });
  });

  it("names line, path and problem of what would be refused, and ends with 1", async () => {
    const requests = lines(request("a", "one"), request("b", "two", { Titel: "x" }));
    const path = await file("invalid.jsonl", `\n${requests}\n`);
    const { exitCode, stdout } = await runSluice(["check", path]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("invalid.jsonl, line 3: MessageRequest.MessageConfiguration.GCMMessage.Titel");
    expect(stdout).toContain("1 of 2 would be refused");
  });

  it("gives the same as JSON", async () => {
    const path = await file("invalid.json", [request("a", "one"), { MessageRequest: {} }]);
    const { stdout } = await runSluice(["check", path, "--json"]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ valid: 1, refused: [{ where: `${path}, element 1` }] });
    expect(report.refused[0].problems.length).toBeGreaterThan(0);
  });

  it.each([
    ["a file that is not there", "nowhere.json", "ENOENT"],
    ["an empty file", "empty.json", "is empty"],
  ])("says of %s what is wrong, without a stack", async (_, name, words) => {
    if (name === "empty.json") await file(name, "");
    const { exitCode, stderr } = await runSluice(["check", join(folder, name)]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(words);
    expect(stderr).not.toContain("    at ");
  });
});

it("ends without a word when whoever reads it has read enough", async () => {
  expect(await runSluiceUnread(["check", await file("unread.json", request("a", "one"))])).toEqual({
    exitCode: 141,
    stderr: "",
  });
});

describe("sluice plan", () => {
  it("shows that unlike texts share a call, and what keeps others apart", async () => {
    const path = await file(
      "plan.jsonl",
      lines(request("a", "one"), request("b", "two"), request("c", "three", { Data: { id: "1" } })),
    );
    const { exitCode, stdout } = await runSluice(["plan", path, "--json"]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      requests: 3,
      addresses: 3,
      calls: 2,
      fewest: 1,
      unpackedBecause: { data: 1 },
    });
    expect((await runSluice(["plan", path])).stdout).toContain("data: 1");
  });
});

describe("sluice send", () => {
  it("puts a request on the local stage, where it reaches the device", async () => {
    const stage = await serveSluice(["start", "--serve", "--json"], { TMPDIR: folder });
    try {
      const { simulator } = JSON.parse(stage.firstLine);
      const message = await file("m.json", request("my-device", "It works.").MessageRequest);
      const sent = await runSluice(["send", "--message-request", `file://${message}`, "--json"], {
        env: { TMPDIR: folder },
      });
      expect(sent).toMatchObject({ exitCode: 0, stderr: "" });
      expect(JSON.parse(sent.stdout).QueueUrl).toContain("sluice-local-transactional");
      await expect
        .poll(async () => (await pushSimulatorAt(simulator).ledger()).devices.received, {
          timeout: 30_000,
        })
        .toBe(1);
    } finally {
      expect(await stage.stop()).toBe(0);
    }
    const { exitCode, stderr } = await runSluice(["send", "--message-request", "{}"], { env: { TMPDIR: folder } });
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("not a valid send request"),
    });
  });

  it("says what to do when no local stage is running", async () => {
    const nowhere = await mkdtemp(join(folder, "no-stage-"));
    const { MessageRequest } = request("a", "one");
    const { exitCode, stderr } = await runSluice(["send", "--message-request", JSON.stringify(MessageRequest)], {
      env: { TMPDIR: nowhere },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("npm run dev");
  });

  it.each([
    [
      "was killed",
      '{"pid":2147483647,"environment":{},"applicationIds":[],"queueUrls":{}}',
      /ended without a word.*npm run dev/,
    ],
    ["is of another version", '{"pid":1}', /local-stage\.json does not say where .* another version.*npm run dev/],
  ])("says what to do when the local stage %s", async (_, announced, says) => {
    const home = await mkdtemp(join(folder, "other-stage-"));
    await mkdir(join(home, `sluice-${userInfo().uid}`));
    await writeFile(join(home, `sluice-${userInfo().uid}`, "local-stage.json"), announced);
    const { exitCode, stderr } = await runSluice(["status"], { env: { TMPDIR: home } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(says) });
  });
});

describe("sluice status, channel, doctor and rate", () => {
  it("shows queues, channels and the rate, finds nothing wrong, and lets an operator set it and take that back", async () => {
    const env = { TMPDIR: await mkdtemp(join(folder, "rate-")) };
    const stage = await serveSluice(["start", "--serve", "--json"], env);
    try {
      const before = await runSluice(["status", "--json"], { env });
      expect(JSON.parse(before.stdout).queues).toContainEqual({
        name: "sluice-local-transactional",
        visible: 0,
        inFlight: 0,
        delayed: 0,
      });
      const channels = JSON.parse((await runSluice(["channel", "show", "--json"], { env })).stdout);
      expect(channels).toMatchObject({ applicationId: LOCAL_APPLICATION_ID, channels: { length: 7 } });

      const doctor = await runSluice(["doctor", "--json"], { env });
      expect(doctor).toMatchObject({ exitCode: 0, stderr: "" });
      expect(JSON.parse(doctor.stdout)).toMatchObject({ stage: "local", wrong: 0, probe: [] });

      const { MessageRequest } = request("my-device", "It works.");
      await runSluice(["send", "--message-request", JSON.stringify(MessageRequest)], { env });
      const rateNow = async () => JSON.parse((await runSluice(["status", "--json"], { env })).stdout).rate;
      await expect.poll(rateNow, { timeout: 30_000 }).toMatchObject({ quota: 20_000, override: false });

      const set = await runSluice(["rate", "set", "7000"], { env });
      expect(set.stdout).toContain("7000 messages/s, an override: the functions are configured for 20000");
      expect(await rateNow()).toMatchObject({ quota: 7_000, configured: 20_000, override: true });
      const back = await runSluice(["rate", "set", "configured", "--json"], { env });
      expect(JSON.parse(back.stdout)).toMatchObject({ quota: 20_000, override: false });
    } finally {
      await stage.stop();
    }
  });

  it("refuses a rate that is none", async () => {
    expect(await runSluice(["rate", "set", "fast"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/whole number from[\s\S]+What it takes, says: sluice rate set --help/),
    });
  });
});

describe("sluice simulate", () => {
  it("serves SendMessages until it is stopped, and refuses a script it cannot play", async () => {
    const simulator = await serveSluice(["simulate", "--json"]);
    const { url } = JSON.parse(simulator.firstLine);
    expect((await fetch(`${url}/_simulator/ledger`)).status).toBe(200);
    expect(await simulator.stop()).toBe(0);

    const script = await file("script.json", { latencies: 1 });
    const { exitCode, stderr } = await runSluice(["simulate", "--script", script]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("latencies");
  });
});

describe("sluice start", () => {
  it("sends the default input to the end and balances the ledger", async () => {
    const { exitCode, stdout } = await runSluice(["start", "--count", "3000", "--rate", "10000", "--json"]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      requested: 3000,
      balanced: true,
      comparison: { lost: 0, twice: 0, wrongText: 0, unasked: 0, compared: { expectations: 3000 } },
    });
    expect(report.accounts.words).toMatchObject({ dead: expect.any(Number), expired: 2 });
    expect(report.accounts.deadLetters).toMatchObject({ CallRefused: 1, InvalidRequest: 1 });
    expect(exitCode).toBe(0);
  });

  it("sends one's own recipients their own texts, and rejects a row with a hole", async () => {
    const recipients = await file(
      "people.csv",
      "token,channel,name\naaa,FCM,Ada\nbbb,APNS,Grace\nccc,GCM,\nddd,SMS,Alan\n",
    );
    const text = { Title: "Sale", Body: "{{name}}, today." };
    const message = await file("message.json", { GCMMessage: text, APNSMessage: text });
    const words = ["start", "--recipients", recipients, "--message", message, "--json"];
    const { exitCode, stdout } = await runSluice(words);
    expect(JSON.parse(stdout)).toMatchObject({
      requested: 2,
      balanced: true,
      comparison: { arrived: 2 },
      rejectedRows: [
        { row: 4, message: "no value for {{name}}" },
        { row: 5, message: expect.stringContaining("channel") },
      ],
    });
    expect(exitCode).toBe(0);
  });

  it("wants recipients and message together", async () => {
    expect(await runSluice(["start", "--recipients", "x.csv"])).toMatchObject({ exitCode: 2 });
  });
});
