import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { campaignFolder } from "../../tools/cli/import/campaign-folder.ts";
import { memoryCampaign } from "../../tools/local/main-job/memory-campaign.ts";
import { readCampaignFolder } from "../support/read-campaign-folder.ts";
import { describeCampaignStore } from "./campaign-store.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sluice-campaigns-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

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
