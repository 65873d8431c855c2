import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprint } from "../../../shared/aws/fingerprint.ts";
import { recipientsFile } from "../../../shared/aws/recipients-file.ts";
import { parseCampaignMessage } from "../../../shared/core/campaign/campaign-message.ts";
import type { ChunkLine } from "../../../shared/core/campaign/chunks.ts";
import { total } from "../../../shared/core/campaign/tally.ts";
import { type Split, type SplitTask, split } from "../../../shared/pipeline/import-campaign/split.ts";
import type { CampaignStore } from "../../../shared/ports.ts";
import { memoryCampaign } from "../../../tools/local/main-job/memory-campaign.ts";
import { byteSource } from "../../support/byte-source.ts";

const taskOf = (message: unknown, more: Partial<SplitTask> = {}): SplitTask => {
  const parsed = parseCampaignMessage(JSON.stringify(message), () => "");
  if (!parsed.ok) throw new Error("not a message");
  return { id: "spring", message: parsed.message, ...more };
};

const TEXT = { Body: "{{name}}" };
const TASK = taskOf({ GCMMessage: TEXT, APNSMessage: TEXT });

type Store = ReturnType<typeof memoryCampaign>;

/** Whom the chunks tell what, by row. */
const toldBy = (store: Store) =>
  store.chunkLines().flatMap((line) => {
    const { Rows, Request } = JSON.parse(line) as ChunkLine;
    return Object.entries(Request.MessageRequest.Addresses).map(([token, address], index) => ({
      row: Rows[index] ?? 0,
      token,
      ...address,
    }));
  });

const splitText = (text: string, { task = TASK, store = memoryCampaign(), name = "x.csv" } = {}) =>
  split(task, { file: recipientsFile(byteSource(name, text)), store, fingerprint });

describe("split", () => {
  it("makes of each row a part of one chunk, or a reject", async () => {
    const store = memoryCampaign();
    const text = "token,channel,name\na,GCM,Ada\nb,SMS,Bob\nc,APNS,Cy\nd,GCM,\nA,GCM,Al\nC,APNS,Di\na,APNS,Ed\n";
    const { tally } = await splitText(text, { store });
    expect(toldBy(store)).toEqual([
      { row: 2, token: "a", ChannelType: "GCM", BodyOverride: "Ada" },
      { row: 6, token: "A", ChannelType: "GCM", BodyOverride: "Al" },
      { row: 4, token: "c", ChannelType: "APNS", BodyOverride: "Cy" },
      { row: 8, token: "a", ChannelType: "APNS", BodyOverride: "Ed" },
    ]);
    expect(store.rejects()).toMatchObject([
      { row: 3, code: "UnknownChannel" },
      { row: 5, code: "MissingVariable" },
      { row: 7, code: "DuplicateToken", column: "token" },
    ]);
    expect(tally).toMatchObject({
      rows: 7,
      recipients: { GCM: 2, APNS: 2 },
      rejects: { UnknownChannel: 1, MissingVariable: 1, DuplicateToken: 1 },
      chunks: { GCM: 1, APNS: 1 },
    });
  });

  it("counts a token as known only once it is sent", async () => {
    const { tally } = await splitText("token,channel,name\na,GCM,\na,GCM,Ada\n");
    expect(tally).toMatchObject({ recipients: { GCM: 1 }, rejects: { MissingVariable: 1 } });
  });

  it("reads JSON lines whose columns come one after the other", async () => {
    const store = memoryCampaign();
    const lines = ['{"token":"a","channel":"GCM"}', '{"channel":"GCM","name":"Bob","token":"b"}', '{"name":"Cy"}'];
    await splitText(lines.join("\n"), { store, name: "x.jsonl" });
    expect(toldBy(store)).toMatchObject([{ row: 2, token: "b", BodyOverride: "Bob" }]);
    expect(store.rejects().map(({ code }) => code)).toEqual(["MissingVariable", "MissingToken"]);
  });

  it.each([
    { name: "nothing", text: "", code: "Empty" },
    { name: "only a header", text: "token,channel,name\n", code: "Empty" },
    { name: "no header", text: "abc,GCM,Ada\ndef,GCM,Bob\n", code: "NoHeader" },
    { name: "no column for a variable", text: "token,channel\na,GCM\n", code: "MissingColumn" },
  ])("refuses a file with $name", async ({ text, code }) => {
    await expect(splitText(text)).rejects.toMatchObject({ name: "BadFile", code });
  });

  it("refuses JSON lines in which nobody can say which name is meant, wherever it comes", async () => {
    const lines = ['{"token":"a","channel":"GCM","name":"Ada"}', '{"Address":"b","channel":"GCM","name":"Bob"}'];
    const splitting = splitText(lines.join("\n"), { name: "x.jsonl" });
    await expect(splitting).rejects.toMatchObject({ name: "BadFile", code: "BadHeader" });
    await expect(splitting).rejects.toThrow("the columns token and Address hold the same");
  });

  it("refuses a file that was changed while it was read, and then begins anew", async () => {
    const store = memoryCampaign();
    const text = "token,channel,name\na,GCM,Ada\n";
    const changing = recipientsFile(byteSource("x.csv", text, { versions: ["1", "2"] }));
    const splitting = split(TASK, { file: changing, store, fingerprint, sectionRows: 1 });
    await expect(splitting).rejects.toMatchObject({ code: "Changed" });
    const again = recipientsFile(byteSource("x.csv", `${text}b,GCM,Bob\n`, { versions: ["2"] }));
    const { tally, resumedAfterRow } = await split(TASK, { file: again, store, fingerprint });
    expect({ recipients: total(tally.recipients), resumedAfterRow }).toEqual({ recipients: 2, resumedAfterRow: 0 });
    expect(toldBy(store).map(({ row }) => row)).toEqual([2, 3]);
  });

  it("begins anew for another message, and reads nothing again for the same", async () => {
    const store = memoryCampaign();
    const text = "token,channel,name\na,GCM,Ada\n";
    await splitText(text, { store });
    expect(await splitText(text, { store })).toMatchObject({ resumedAfterRow: 2, tally: { rows: 1 } });
    const other = await splitText(text, { store, task: taskOf({ GCMMessage: { Body: "Hi {{name}}" } }) });
    expect(other).toMatchObject({ resumedAfterRow: 0, tally: { rows: 1 } });
    expect(toldBy(store)).toMatchObject([{ BodyOverride: "Hi Ada" }]);
  });
});

describe("killed and started again", () => {
  class Killed extends Error {
    override readonly name = "Killed";
  }

  /** Dies at the nth step of its store: before it, after it, or in the middle of it. */
  const dyingStore = (store: CampaignStore, step: number, moment: "before" | "midway" | "after"): CampaignStore => {
    let left = step;
    const dies = () => {
      left -= 1;
      return left === 0;
    };
    return {
      ...store,
      async writeSection(number, section) {
        const isLast = dies();
        if (isLast && moment === "before") throw new Killed();
        await store.writeSection(
          number,
          isLast && moment === "midway" ? { ...section, rejects: [], chunks: [Uint8Array.of(0x7b)] } : section,
        );
        if (isLast) throw new Killed();
      },
      async writeCheckpoint(checkpoint) {
        const isLast = dies();
        if (!isLast || moment === "after") await store.writeCheckpoint(checkpoint);
        if (isLast) throw new Killed();
      },
      async finish(sections) {
        const isLast = dies();
        if (isLast && moment === "before") throw new Killed();
        await store.finish(sections);
        if (isLast) throw new Killed();
      },
    };
  };

  const files = fc.record({
    rows: fc.array(
      fc.record({
        token: fc.nat({ max: 250 }).map((number) => `t${number}`),
        channel: fc.constantFrom("GCM", "APNS", "SMS"),
        name: fc.constantFrom("Ada", "Bob", ""),
      }),
      { minLength: 60, maxLength: 300 },
    ),
    format: fc.constantFrom("csv", "csv.gz", "jsonl", "jsonl.gz"),
    blockBytes: fc.integer({ min: 20, max: 400 }),
    sectionRows: fc.integer({ min: 1, max: 20 }),
    kills: fc.array(
      fc.record({ step: fc.integer({ min: 1, max: 5 }), moment: fc.constantFrom("before", "midway", "after") }),
      { minLength: 2, maxLength: 6 },
    ),
  });

  it("tells every row once or rejects it once, as if nothing had happened", async () => {
    let killed = 0;
    await fc.assert(
      fc.asyncProperty(files, async ({ rows, format, blockBytes, sectionRows, kills }) => {
        const text = format.startsWith("csv")
          ? ["token,channel,name", ...rows.map(({ token, channel, name }) => `${token},${channel},${name}`)].join("\n")
          : rows.map((row) => JSON.stringify(row)).join("\n");
        const bytes = format.endsWith("gz") ? gzipSync(text) : Buffer.from(text);
        const file = () => recipientsFile(byteSource(`x.${format}`, bytes, { blockBytes }));
        const whole = memoryCampaign();
        const undisturbed = await split(TASK, { file: file(), store: whole, fingerprint });

        const store = memoryCampaign();
        for (const { step, moment } of kills) {
          const dying = dyingStore(store, step, moment);
          await split(TASK, { file: file(), store: dying, fingerprint, sectionRows }).catch((error: unknown) => {
            if (!(error instanceof Killed)) throw error;
            killed += 1;
          });
        }
        const { tally }: Split = await split(TASK, { file: file(), store, fingerprint, sectionRows });

        const byRow = (a: { row: number }, b: { row: number }) => a.row - b.row;
        expect(toldBy(store).toSorted(byRow)).toEqual(toldBy(whole).toSorted(byRow));
        expect(store.rejects()).toEqual(whole.rejects());
        const { chunks: _, chunkBytes: __, ...counts } = tally;
        expect(undisturbed.tally).toMatchObject(counts);
        const ids = store.chunkLines().map((line) => (JSON.parse(line) as ChunkLine).Request.RequestId);
        expect(ids).toEqual(ids.map((____, index) => `spring#${index + 1}`));
      }),
      { numRuns: 40 },
    );
    expect(killed).toBeGreaterThan(20);
  });
});
