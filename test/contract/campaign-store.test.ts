import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s3CampaignStore } from "../../shared/aws/s3-campaign-store.ts";
import { upload } from "../../shared/aws/s3-upload.ts";
import { campaignKey, outputKey } from "../../shared/core/campaign/bucket-keys.ts";
import { campaignFolder } from "../../tools/cli/import/campaign-folder.ts";
import { memoryCampaign } from "../../tools/local/main-job/memory-campaign.ts";
import { type FauxqsBucket, startFauxqsBucket } from "../support/fauxqs-bucket.ts";
import { readCampaignFolder, rejectsOf } from "../support/read-campaign-folder.ts";
import { describeCampaignStore } from "./campaign-store.ts";

let root: string;
let s3: FauxqsBucket;
beforeAll(async () => {
  s3 = await startFauxqsBucket();
  root = await mkdtemp(join(tmpdir(), "sluice-campaigns-"));
});
afterAll(async () => {
  await s3.close();
  await rm(root, { recursive: true, force: true });
});

describeCampaignStore("memory", async () => {
  const store = memoryCampaign();
  return {
    store,
    rejects: async () => store.rejects(),
    chunks: async () =>
      store
        .chunkLines()
        .map((line) => `${line}\n`)
        .join(""),
    file: async (name) => store.file(name),
  };
});

describeCampaignStore("folder", async () => {
  const folder = join(await mkdtemp(join(root, "of-")), "spring");
  return {
    store: campaignFolder(folder),
    rejects: async () => (await readCampaignFolder(folder)).rejects,
    chunks: async () => (await readCampaignFolder(folder)).chunks,
    file: (name) => readFile(join(folder, name), "utf8").catch(() => undefined),
  };
});

describeCampaignStore("S3", async () => {
  const campaignId = randomUUID();
  return {
    store: s3CampaignStore(s3.client, { bucket: s3.bucket, campaignId }),
    rejects: async () => rejectsOf((await s3.read(outputKey(campaignId, "rejected.csv"))) ?? ""),
    chunks: async () => {
      const names = (await s3.keys(outputKey(campaignId, "chunks-"))).toSorted();
      return (await Promise.all(names.map(s3.read))).join("");
    },
    file: (name) => s3.read(outputKey(campaignId, name)),
  };
});

describe("a campaign's files in a bucket", () => {
  it("may be larger than what S3 takes at once, and appear as a whole", async () => {
    const store = s3CampaignStore(s3.client, { bucket: s3.bucket, campaignId: "large" });
    const lines = Array.from({ length: 20 }, (_, line) => Buffer.from(`${String(line).repeat(500_000)}\n`));
    await store.writeSection(1, { chunks: lines, rejects: [], tokens: new Uint8Array() });
    expect(await store.readChunks(1)).toEqual(lines.map((line) => line.toString().trimEnd()));

    const brokenOff = async function* () {
      yield "a".repeat(9_000_000);
      yield "a".repeat(9_000_000);
      throw new Error("broken off");
    };
    await expect(store.writeFile("failed.csv", brokenOff())).rejects.toThrow("broken off");
    expect(await s3.read(outputKey("large", "failed.csv"))).toBeUndefined();
  });

  it("are forgotten, and none of its owner's", async () => {
    const store = s3CampaignStore(s3.client, { bucket: s3.bucket, campaignId: "owned" });
    await upload(s3.client, { bucket: s3.bucket, key: campaignKey("owned", "rejected.csv") }, [Buffer.from("mine")]);
    await store.writeSection(1, { chunks: [], rejects: [], tokens: new Uint8Array() });
    await store.writeCheckpoint("one");
    await store.clear();
    expect(await s3.keys("campaigns/owned/")).toEqual(["campaigns/owned/rejected.csv"]);
  });
});

describe("a campaign's folder", () => {
  it("is for its owner only, and keeps what is not ours", async () => {
    const folder = join(root, "private");
    const store = campaignFolder(folder);
    await store.clear();
    await store.writeSection(1, { chunks: [], rejects: [], tokens: new Uint8Array() });
    await store.writeCheckpoint("one");
    await store.finish(1);
    await writeFile(join(folder, "notes.txt"), "mine");
    const modes = await Promise.all(
      (await readdir(folder)).map(async (name) => [name, (await stat(join(folder, name))).mode & 0o77]),
    );
    expect(modes.filter(([name, mode]) => name !== "notes.txt" && mode !== 0)).toEqual([]);
    expect((await stat(folder)).mode & 0o77).toBe(0);
    await store.clear();
    expect(await readdir(folder)).toEqual(["notes.txt"]);
  });
});
