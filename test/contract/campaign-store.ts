import { describe, expect, it } from "vitest";
import type { EndFile } from "../../shared/core/campaign/end-files.ts";
import type { Reject } from "../../shared/core/campaign/reject.ts";
import { type CampaignStore, FileGone } from "../../shared/ports.ts";

/** What a store keeps, as whoever comes after the split reads it. */
export interface StoredCampaign {
  readonly store: CampaignStore;
  rejects(): Promise<readonly Reject[]>;
  chunks(): Promise<string>;
  /** `undefined` where there is none. */
  file(name: EndFile): Promise<string | undefined>;
}

const reject = (row: number): Reject => ({ row, column: "name", code: "MissingVariable", message: "no value, none" });
const section = (number: number) => ({
  chunks: [Buffer.from(`{"Chunk":${number}}\n`)],
  rejects: [reject(number)],
  tokens: Uint8Array.of(number, 0, 255),
});

const rowOf = (_: unknown, row: number) => `${row}-${"x".repeat(100)}\n`;

async function* texts(...parts: readonly (string | Error)[]) {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

/** What every campaign store does. */
export function describeCampaignStore(name: string, open: () => Promise<StoredCampaign>): void {
  describe(`campaign store: ${name}`, () => {
    it("has no checkpoint before one is written, and then the last one", async () => {
      const { store } = await open();
      await store.clear();
      expect(await store.readCheckpoint()).toBeUndefined();
      await store.writeCheckpoint("one");
      await store.writeCheckpoint("two");
      expect(await store.readCheckpoint()).toBe("two");
    });

    it("gives the tokens of each section back, also of one that was written over", async () => {
      const { store } = await open();
      await store.clear();
      for (const number of [1, 2]) await store.writeSection(number, section(number));
      await store.writeSection(2, section(9));
      expect([...(await store.readTokens(1))]).toEqual([1, 0, 255]);
      expect([...(await store.readTokens(2))]).toEqual([9, 0, 255]);
    });

    it("gives the lines of a section's chunks back", async () => {
      const { store } = await open();
      await store.clear();
      const chunks = ['{"Chunk":1,"Title":"Zoë 😀"}\n', '{"Chunk":2}\n'].map((line) => Buffer.from(line));
      await store.writeSection(1, { ...section(1), chunks });
      await store.writeSection(2, { ...section(2), chunks: [] });
      expect(await store.readChunks(1)).toEqual(['{"Chunk":1,"Title":"Zoë 😀"}', '{"Chunk":2}']);
      expect(await store.readChunks(2)).toEqual([]);
      await expect(store.readChunks(3)).rejects.toThrow(FileGone);
      await expect(store.readChunks(3)).rejects.toMatchObject({ file: expect.stringContaining("3") });
    });

    it("puts together what so many sections have, and not what is written beyond", async () => {
      const stored = await open();
      await stored.store.clear();
      for (const number of [1, 2, 3]) await stored.store.writeSection(number, section(number));
      await stored.store.finish(2);
      expect(await stored.rejects()).toEqual([reject(1), reject(2)]);
      expect(await stored.chunks()).toContain('{"Chunk":1}\n{"Chunk":2}\n');
    });

    it("keeps a file of the campaign's end, the one that was written last as a whole", async () => {
      const stored = await open();
      await stored.store.clear();
      expect(await stored.file("failed.csv")).toBeUndefined();
      await stored.store.writeFile("failed.csv", texts("token,name\n", "a,Zoë\n"));
      await stored.store.writeFile("unknown.csv", texts("token\n", ...Array.from({ length: 3_000 }, rowOf)));
      const brokenOff = stored.store.writeFile("failed.csv", texts("token\n", new Error("broken off")));
      await expect(brokenOff).rejects.toThrow("broken off");
      expect(await stored.file("failed.csv")).toBe("token,name\na,Zoë\n");
      expect(await stored.file("unknown.csv")).toBe(`token\n${Array.from({ length: 3_000 }, rowOf).join("")}`);
      await stored.store.clear();
      expect(await stored.file("failed.csv")).toBeUndefined();
    });

    it("forgets everything", async () => {
      const stored = await open();
      await stored.store.clear();
      await stored.store.writeSection(1, section(1));
      await stored.store.writeCheckpoint("one");
      await stored.store.clear();
      expect(await stored.store.readCheckpoint()).toBeUndefined();
      await expect(stored.store.readTokens(1)).rejects.toThrow(FileGone);
    });
  });
}
