import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dynamodbCampaigns } from "../../shared/aws/dynamodb-campaigns.ts";
import { gateClient } from "../../shared/aws/gate-client.ts";
import { s3Client } from "../../shared/aws/s3-client.ts";
import { s3ImportBucket } from "../../shared/aws/s3-import-bucket.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import { type Campaign, onEnd } from "../../shared/core/campaign/campaign.ts";
import type { Campaigns, ImportBucket } from "../../shared/ports.ts";
import { IMPORT_OUTPUTS, OTHER_OUTPUTS, QUEUE_OUTPUTS } from "../../tools/cli/deployment.ts";
import { bytesOf } from "../../tools/cli/import/file-hash.ts";
import { type Emulators, startEmulators } from "../../tools/local/emulators.ts";
import { LOCAL_BUCKET_NAME, LOCAL_CREDENTIALS, LOCAL_QUEUE_NAMES, LOCAL_TABLE_NAMES } from "../../tools/local/stage.ts";
import { describeStacks } from "../support/cloudformation.ts";
import { type FakeHttpService, startFakeHttpService } from "../support/fake-http-service.ts";
import { runSluice, serveSluice } from "../support/run-sluice.ts";
import { someCampaign } from "../support/some-campaign.ts";
import { takeMessages } from "../support/sqs.ts";

/** The verbs of an operator on a stage that has no functions: what they do to a campaign, and what they say. */

let emulators: Emulators;
let cloudFormation: FakeHttpService;
let sqs: SQSClient;
let campaigns: Campaigns;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  const { imports } = LOCAL_QUEUE_NAMES;
  emulators = await startEmulators({
    queues: [{ name: imports, retentionDays: 4 }],
    tables: [LOCAL_TABLE_NAMES.state, LOCAL_TABLE_NAMES.rate],
    buckets: [{ name: LOCAL_BUCKET_NAME }],
  });
  const outputs = {
    ...Object.fromEntries(Object.values(QUEUE_OUTPUTS).map((output) => [output, "none"])),
    [OTHER_OUTPUTS.applicationIds]: "shop",
    [OTHER_OUTPUTS.stateTable]: LOCAL_TABLE_NAMES.state,
    [OTHER_OUTPUTS.rateTable]: LOCAL_TABLE_NAMES.rate,
  };
  const withImports = {
    [IMPORT_OUTPUTS.queue]: emulators.queueUrl(imports),
    [IMPORT_OUTPUTS.bucket]: LOCAL_BUCKET_NAME,
  };
  const stacks = {
    "sluice-shop": { ...outputs, ...withImports },
    "sluice-old": outputs,
    "sluice-uncalled": { ...outputs, ...withImports, [IMPORT_OUTPUTS.queue]: emulators.queueUrl("gone") },
  };
  cloudFormation = await startFakeHttpService((request) => describeStacks(stacks, request));
  environment = { ...emulators.environment, AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url };
  sqs = emulators.sqsClient();
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint = "", AWS_REGION: region = "" } = emulators.environment;
  const client = gateClient({ endpoint, region, credentials: LOCAL_CREDENTIALS });
  const table = { client, tableName: LOCAL_TABLE_NAMES.state, answerWithinMs: 10_000 };
  campaigns = dynamodbCampaigns({ ...table, clock: systemClock() });
});
afterAll(async () => {
  sqs.destroy();
  await emulators.close();
  await cloudFormation.close();
});

const run = (words: readonly string[], { stage = "shop", input = "" } = {}) =>
  runSluice(["campaign", ...words, "--stage", stage], { env: environment, input });
const create = async (id: string, more: Partial<Campaign> = {}) => {
  const campaign = someCampaign(id, more);
  expect(await campaigns.create(campaign)).toEqual({ kind: "created" });
  return campaign;
};
const stateOf = async (id: string) => {
  const answer = await campaigns.read(id);
  return answer.kind === "known" ? answer.campaign : answer;
};
/** What was put on the imports queue. */
const calls = async (count: number) =>
  (await takeMessages(sqs, emulators.queueUrl(LOCAL_QUEUE_NAMES.imports), count)).map(({ Body = "" }) =>
    JSON.parse(Body),
  );

describe("sluice campaign", () => {
  it("pauses, lets go on at another rate, and changes the rate; somebody is called each time", async () => {
    await create("spring");
    const paused = await run(["pause", "spring"]);
    expect(paused).toMatchObject({ exitCode: 0, stderr: "" });
    expect(paused.stdout).toContain("Paused: spring. From two seconds on nothing of it is sent;");
    expect(paused.stdout).toContain("To let it go on: sluice campaign resume spring --stage shop\n");
    expect(await stateOf("spring")).toMatchObject({ state: "paused", because: { reason: "operator" } });

    expect((await run(["pause", "spring"])).stdout).toBe("Nothing to do for spring: it is paused.\n");
    const resumed = await run(["resume", "spring", "--rate", "50"]);
    expect(resumed.stdout).toContain("Going on: spring, within two seconds, at 50 messages a second.");
    expect(await stateOf("spring")).toMatchObject({ state: "sending", rate: 50 });

    const faster = await run(["rate", "spring", "70"]);
    expect(faster.stdout).toContain("From now on spring goes at 70 messages a second, before at 50 messages a second.");
    const again = await run(["resume", "spring", "--rate", "80", "--json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: true, called: true, campaign: "spring", rate: 80 });
    expect(await calls(5)).toEqual(Array.from({ length: 5 }, () => ({ CampaignId: "spring" })));
  });

  it("cancels when the word is given, and says before how many have not been told", async () => {
    const standing = { atMs: 1, words: { sent: 900 }, chunksDone: 9, onTheirWay: 0, changedAtMs: 1 };
    await create("autumn", { standing });
    const asked = await run(["cancel", "autumn"], { input: "yes\n" });
    expect(asked).toMatchObject({ exitCode: 2, stdout: "" });
    expect(asked.stderr).toContain("900 of 3000 recipients have come to something, 2100 have not");
    expect(asked.stderr).toContain("That cannot be undone.\nType the word cancel");
    expect(await stateOf("autumn")).toMatchObject({ state: "sending" });

    expect(await run(["cancel", "autumn"], { input: "cancel\n" })).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining("To see it end: sluice campaign watch autumn --stage shop"),
    });
    expect(await stateOf("autumn")).toMatchObject({ state: "cancelling" });
    expect(await run(["pause", "autumn"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("Nothing was changed: autumn cannot be paused: it is being cancelled."),
    });
    await calls(1);
  });

  it("lets one begin whose recipients somebody has counted", async () => {
    await create("large", { state: "ready" });
    expect(await run(["resume", "large", "--confirm", "2999"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        "not 2999. If that is right: sluice campaign resume large --confirm 3000 --stage shop",
      ),
    });
    expect(await stateOf("large")).toMatchObject({ state: "ready" });
    expect(await run(["resume", "large", "--confirm", "3000"])).toMatchObject({ exitCode: 0 });
    expect(await stateOf("large")).toMatchObject({ state: "sending", confirmed: 3_000 });
    await calls(1);
  });

  it("lists and shows, also for a program", async () => {
    const because = { reason: "BadFile", words: "row 3: the file is not UTF-8" } as const;
    await create("broken", { state: "failed", because, createdAtMs: Date.now() });
    const list = await run(["list"]);
    expect(list.stdout).toMatch(
      /^campaign +state +recipients +owed +rate +created +kept until +file\nbroken +failed +3000 +3000 /,
    );
    const { campaigns: all } = JSON.parse((await run(["list", "--json"])).stdout);
    expect(all[0]).toMatchObject({ campaign: "broken", state: "failed", because });
    const show = await run(["show", "broken"]);
    expect(show.stdout).toContain(
      "because      row 3: the file is not UTF-8 (BadFile)\ncure         Mend the recipients file",
    );
  });

  it("keeps a campaign as long as its stage does, and says until when", async () => {
    await create("patient", { keptDays: 40, sendingSinceMs: Date.now(), createdAtMs: Date.now() });
    const before = Date.now();
    await run(["rate", "patient", "9"]);
    const answer = await campaigns.read("patient");
    const days = ((answer.kind === "known" && answer.campaign && answer.forgottenAtMs) || 0) - before;
    expect(Math.round(days / 86_400_000)).toBe(40);
    const { kept } = JSON.parse((await run(["show", "patient", "--json"])).stdout);
    expect(kept).toEqual({ until: expect.stringMatching(/^20\d\d-/), because: "files" });
    expect((await run(["show", "patient"])).stdout).toContain(
      `kept         until ${kept.until}: then the import bucket forgets its chunks`,
    );
    expect((await run(["list"])).stdout).toMatch(new RegExp(`^patient .* ${kept.until} +people\\.csv$`, "m"));
    await calls(1);
  });

  it("watches to the end, in lines; ends with 0 only for one that is completed", async () => {
    const standing = {
      atMs: Date.now(),
      words: { sent: 3_000 },
      chunksDone: 30,
      onTheirWay: 0,
      changedAtMs: Date.now(),
    };
    const fed = { chunks: 30, recipients: 3_000, section: 1, inSection: 30 };
    const feeder = { owner: "somebody", untilMs: Date.now() + 100_000 };
    await create("winter", { state: "waiting", standing, fed, putting: fed, feeder });
    const watching = run(["watch", "winter", "--json"]);
    const inWords = serveSluice(["campaign", "watch", "winter", "--stage", "shop"], environment);
    expect((await inWords).firstLine).toBe(
      "winter  waiting  [########################] 100.0 % of 3000  3000 sent  waits for its files to be written",
    );
    await campaigns.change("winter", (known) => onEnd(known, { nowMs: Date.now(), files: {} }));
    const { exitCode, stdout } = await watching;
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect({ exitCode, last: lines.at(-1) }).toMatchObject({
      exitCode: 0,
      last: { state: "completed", sent: 3_000, owed: 0 },
    });
    const { ended, printed } = await inWords;
    expect(await ended).toBe(0);
    expect(printed().at(-1)).toMatch(/sum +3000$/);
    expect(await run(["watch", "broken"])).toMatchObject({ exitCode: 1 });
  });

  it("leaves it running when the watching is broken off", async () => {
    await create("summer");
    const watching = await serveSluice(["campaign", "watch", "summer", "--stage", "shop"], environment);
    expect(await watching.stop()).toBe(130);
    expect(await stateOf("summer")).toMatchObject({ state: "sending" });
  });

  it.each([
    [
      ["show", "nobody"],
      "shop",
      /There is no campaign nobody: sluice campaign list --stage shop has all that are kept/,
    ],
    [["watch", "nobody"], "shop", /There is no campaign nobody/],
    [["list"], "old", /The stage old has no import bucket: it is of an older version.*npm run deploy -- --stage old/],
  ])("%j on the stage %s is told with the cure", async (words, stage, says) => {
    expect(await run(words, { stage })).toMatchObject({ exitCode: 2, stdout: "", stderr: expect.stringMatching(says) });
  });

  it("says where nobody could be called", async () => {
    await create("silent");
    const { exitCode, stdout } = await run(["pause", "silent"], { stage: "uncalled" });
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: expect.stringMatching(
        /^Paused: silent[\s\S]*But nobody could be called to go on with it: .*gone.*Type the command once more/,
      ),
    });
    expect(await stateOf("silent")).toMatchObject({ state: "paused" });
  });
});

describe("sluice import", () => {
  let folder: string;
  let bucket: ImportBucket;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-begin-"));
    const { AWS_ENDPOINT_URL_S3: endpoint = "", AWS_REGION: region = "" } = emulators.environment;
    bucket = s3ImportBucket(s3Client({ endpoint, region, credentials: LOCAL_CREDENTIALS }), LOCAL_BUCKET_NAME);
    await writeFile(join(folder, "message.json"), JSON.stringify(MESSAGE));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const MESSAGE = { GCMMessage: { Title: "Sale", Body: "{{name}}, today." } };
  const people = async (rows: number) => {
    const text = `token,channel,name\n${Array.from({ length: rows }, (_, row) => `t${row},GCM,Ada\n`).join("")}`;
    await writeFile(join(folder, `people ${rows}.csv`), text);
    return { file: `people ${rows}.csv`, text, hash: createHash("sha256").update(text).digest("hex") };
  };
  const begin = (file: string, id: string, ...more: readonly string[]) => {
    const words = ["import", file, "--message", "message.json", "--campaign", id, ...more];
    return runSluice([...words, "--stage", "shop"], { env: environment, cwd: folder });
  };
  const order = async (campaignId: string) => {
    const text = await bucket.readOrder({ campaignId });
    return text === undefined ? undefined : JSON.parse(text);
  };

  it("says what is sent, puts the file into the bucket, and campaign.json after it", async () => {
    const { file, text, hash } = await people(3);
    const options = ["--rate", "50", "--expires-at", "2099-01-01T00:00:00Z"];
    const { exitCode, stdout, stderr } = await begin(file, "begun", ...options);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: `Begins the campaign begun on the stage shop: 3 recipients, at once, at 50 messages a second. Puts s3://${LOCAL_BUCKET_NAME}/campaigns/begun/people 3.csv and then campaigns/begun/campaign.json there.\n`,
    });
    expect(stdout).toContain("GCM               3      1\n");
    expect(stdout).toContain("To see how it goes on: sluice campaign watch begun --stage shop\n");
    const { Recipients, ...others } = await order("begun");
    expect(others).toEqual({ Message: MESSAGE, Options: { Rate: 50, ExpiresAt: "2099-01-01T00:00:00Z" } });
    expect(Recipients).toMatchObject({ Key: "campaigns/begun/people 3.csv", Hash: hash });
    const there = bucket.recipients({
      key: Recipients.Key,
      ...(Recipients.VersionId && { versionId: Recipients.VersionId }),
    });
    const rows = (await Array.fromAsync(there.read())).flatMap((batch) => batch.rows);
    expect(rows).toHaveLength(text.trimEnd().split("\n").length - 1);
  });

  it("begins nothing before somebody has said what there is to say, and then it does", async () => {
    const { file, hash } = await people(10_001);
    await create("earlier", { state: "completed", fileHash: hash });
    const refused = async (words: readonly string[], says: RegExp) => {
      const { exitCode, stderr } = await begin(file, "large-one", ...words);
      expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(says) });
    };
    await refused(["--start-at", "2020-01-01T00:00:00Z"], /^sluice: Nothing was started: --start-at .* has passed/);
    await refused([], /same recipients file was sent before, by the campaign earlier \(completed\).*--again/);
    await refused(["--again"], /10001 recipients would be told, more than 10000\. If that is right: --confirm 10001/);
    expect(await order("large-one")).toBeUndefined();

    const last = [
      "--again",
      "--confirm",
      "10001",
      "--rate",
      "1",
      "--expires-at",
      new Date(Date.now() + 600_000).toISOString(),
    ];
    const { exitCode, stdout, stderr } = await begin(file, "large-one", ...last, "--json");
    expect(JSON.parse(stdout)).toMatchObject({ started: true, warning: expect.stringMatching(/takes about 2\.8 h/) });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/^Beware: It takes/) });
    expect(await order("large-one")).toMatchObject({ Options: { Confirm: 10_001 } });
  });

  it("notices a file that is another one by the time it is put there", async () => {
    const { file, text, hash } = await people(3);
    const path = join(folder, file);
    expect(Buffer.concat(await Array.fromAsync(bytesOf(path, hash))).toString()).toBe(text);
    await expect(Array.fromAsync(bytesOf(path, "another"))).rejects.toMatchObject({ code: "Changed" });
  });

  it("refuses an id that is taken, and a file that is none", async () => {
    await create("taken");
    const { file } = await people(3);
    expect(await begin(file, "taken")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("There is a campaign taken already, and it is being sent (sending)"),
    });
    expect(await begin("nobody.csv", "new")).toMatchObject({
      exitCode: 2,
      stderr: "sluice: nobody.csv: there is no such file. Is the path right?\n",
    });
  });
});
