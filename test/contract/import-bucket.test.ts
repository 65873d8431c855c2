import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { s3Client } from "../../shared/aws/s3-client.ts";
import { s3ImportBucket } from "../../shared/aws/s3-import-bucket.ts";
import { upload } from "../../shared/aws/s3-upload.ts";
import { campaignKey, orderKey } from "../../shared/core/campaign/bucket-keys.ts";
import type { ImportBucket, RecipientsFile } from "../../shared/ports.ts";
import { type Reply, startFakeHttpService } from "../support/fake-http-service.ts";
import { type FauxqsBucket, startFauxqsBucket } from "../support/fauxqs-bucket.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";

let s3: FauxqsBucket;
let bucket: ImportBucket;
beforeAll(async () => {
  s3 = await startFauxqsBucket();
  bucket = s3ImportBucket(s3.client, s3.bucket);
});
afterAll(() => s3.close());

const put = (key: string, content: string | Uint8Array) =>
  upload(s3.client, { bucket: s3.bucket, key }, [Buffer.from(content)]);
const key = campaignKey("spring", "people 2026.csv");
const rowsOf = async (file: RecipientsFile) =>
  (await Array.fromAsync(file.read())).flatMap(({ rows }) => rows.map((row) => ("values" in row ? row.values : row)));

describe("an import bucket", () => {
  it("has the order of a campaign, once it is there", async () => {
    expect(await bucket.readOrder({ campaignId: "spring" })).toBeUndefined();
    await put(orderKey("spring"), '{"Message":"Zoë"}');
    expect(await bucket.readOrder({ campaignId: "spring" })).toBe('{"Message":"Zoë"}');
    await put(orderKey("empty"), "");
    expect(await bucket.readOrder({ campaignId: "empty" })).toBe("");
  });

  it("has recipients files, plain and gzip, also those that are larger than what is asked for at a time", async () => {
    const rows = Array.from({ length: 3_000 }, (_, row) => [`${row}`, randomBytes(1_000).toString("hex")]);
    const text = ["token,name", ...rows.map((row) => row.join())].join("\n");
    expect(text.length).toBeGreaterThan(5_000_000);
    await put(key, text);
    await put(`${key}.gz`, gzipSync(text));
    expect(await rowsOf(bucket.recipients({ key }))).toEqual(rows);
    expect(await rowsOf(bucket.recipients({ key: `${key}.gz` }))).toEqual(rows);
  });

  it("says that a file is another one now", async () => {
    await put(key, "token\n1\n");
    const file = bucket.recipients({ key });
    const version = await file.version();
    expect(await file.version()).toBe(version);
    await put(key, "token\n2\n");
    expect(await file.version()).not.toBe(version);
  });

  it("refuses a file that is changed while it is read", async () => {
    await put(key, `token\n${`${"1".repeat(5_000)}\n`.repeat(2_600)}`);
    const reading = (async () => {
      let batches = 0;
      for await (const _ of bucket.recipients({ key }).read()) if (++batches === 1) await put(key, "token\n2\n");
    })();
    await expect(reading).rejects.toMatchObject({ name: "BadFile", code: "Changed" });
  });

  it("refuses a file that is not there, is empty, or does not say what it is", async () => {
    const missing = bucket.recipients({ key: campaignKey("spring", "nobody.csv") });
    await expect(missing.version()).rejects.toMatchObject({ name: "BadFile", code: "NotFound" });
    await expect(rowsOf(missing)).rejects.toMatchObject({ name: "BadFile", code: "NotFound" });
    await put(campaignKey("spring", "empty.csv"), "");
    expect(await rowsOf(bucket.recipients({ key: campaignKey("spring", "empty.csv") }))).toEqual([]);
    const thrown = expect.objectContaining({ name: "BadFile", code: "UnknownFormat" });
    expect(() => bucket.recipients({ key: campaignKey("spring", "people.xlsx") })).toThrow(thrown);
  });
});

/** A bucket whose answers are these, and then the last one again and again. */
async function answering(...replies: readonly Reply[]) {
  let asked = 0;
  const service = await startFakeHttpService(() => replies[asked++] ?? replies.at(-1) ?? "cut");
  const client = s3Client({ ...LOCAL_CREDENTIALS, endpoint: service.url, maxAttempts: 1 });
  onTestFinished(async () => {
    client.destroy();
    await service.close();
  });
  return { bucket: s3ImportBucket(client, "imports"), requests: service.requests };
}

const head = { "content-length": "12", etag: '"1"', "x-amz-version-id": "v1" };

describe("an import bucket that answers badly", () => {
  it("is asked again for what broke off, and always for the same version", async () => {
    const range = { status: 206, headers: { "content-length": "12" }, body: "token\n1\n22\n3" };
    const { bucket, requests } = await answering({ status: 200, headers: head }, "cutMidAnswer", range);
    expect(await rowsOf(bucket.recipients({ key }))).toEqual([["1"], ["22"], ["3"]]);
    expect(requests.map(({ path }) => new URL(path, "http://s3").searchParams.get("versionId"))).toEqual([
      null,
      "v1",
      "v1",
    ]);
    expect(requests.at(-1)?.headers).toMatchObject({ range: "bytes=0-4194303", "if-match": '"1"' });
  });

  it("is asked for the version that is meant, of the order and of the recipients", async () => {
    const { bucket, requests } = await answering({ status: 200, headers: head }, { status: 206, body: "{}" });
    await bucket.recipients({ key, versionId: "v7" }).version();
    await bucket.readOrder({ campaignId: "spring", versionId: "v8" });
    expect(requests.map(({ path }) => new URL(path, "http://s3").searchParams.get("versionId"))).toEqual(["v7", "v8"]);
  });

  it.each([
    { status: 403, code: "NotReadable" },
    { status: 404, code: "NotFound" },
    { status: 405, code: "NotFound" },
    { status: 412, code: "Changed" },
  ])("with $status has a file that is at fault: $code", async ({ status, code }) => {
    const { bucket } = await answering({ status });
    await expect(bucket.recipients({ key }).version()).rejects.toMatchObject({ name: "BadFile", code });
  });

  it.each<Reply>([{ status: 503 }, { status: 500 }, "cut"])("with %j may answer another time", async (reply) => {
    const { bucket } = await answering(reply);
    await expect(bucket.recipients({ key }).version()).rejects.not.toMatchObject({ name: "BadFile" });
    await expect(bucket.readOrder({ campaignId: "spring" })).rejects.toThrow();
  });
});
