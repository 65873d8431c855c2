import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprint } from "../../../shared/aws/fingerprint.ts";
import { recipientsFile } from "../../../shared/aws/recipients-file.ts";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import {
  type Campaign,
  type FinalWord,
  identityOf,
  newCampaign,
  onEnd,
} from "../../../shared/core/campaign/campaign.ts";
import type { CampaignCompleted } from "../../../shared/core/campaign/campaign-completed.ts";
import { parseCampaignMessage } from "../../../shared/core/campaign/campaign-message.ts";
import { chunkStanding } from "../../../shared/core/campaign/chunk-standing.ts";
import type { ChunkLine } from "../../../shared/core/campaign/chunks.ts";
import { csvRow } from "../../../shared/core/campaign/csv.ts";
import { END_FILES, type EndFile, FILE_OF_WORD } from "../../../shared/core/campaign/end-files.ts";
import type { Account } from "../../../shared/core/ledger/account.ts";
import { accountKey } from "../../../shared/core/ledger/account-key.ts";
import type { Word } from "../../../shared/core/ledger/result.ts";
import { finish } from "../../../shared/pipeline/import-campaign/finish.ts";
import { split } from "../../../shared/pipeline/import-campaign/split.ts";
import { FileGone } from "../../../shared/ports.ts";
import { memoryCampaign } from "../../../tools/local/main-job/memory-campaign.ts";
import { seededRandom } from "../../../tools/local/main-job/seeded-random.ts";
import { byteSource } from "../../support/byte-source.ts";
import { playChunk } from "../../support/campaign-history.ts";
import { memoryCampaignAccounts } from "../../support/memory-campaign-accounts.ts";
import { memoryCampaignEvents } from "../../support/memory-campaign-events.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const NOW_MS = Date.UTC(2026, 10, 26, 12);

const message = parseCampaignMessage(
  JSON.stringify({ GCMMessage: { Body: "{{name}}" }, APNSMessage: { Body: "{{name}}" } }),
  () => "",
);
if (!message.ok) throw new Error("not a message");
const TASK = { id: "spring", message: message.message };

interface Person {
  readonly token: string;
  readonly channel: string;
  readonly name: string;
}

const asCsv = (people: readonly Person[], newline: string) =>
  [["Address", "ChannelType", "Attributes.name"], ...people.map(({ token, channel, name }) => [token, channel, name])]
    .map((values) => csvRow(values, newline))
    .join("");

/** As Pinpoint has them, and some lines with attributes that others do not have. */
const asLines = (people: readonly Person[]) =>
  people
    .map(({ token: Address, channel: ChannelType, name }, index) =>
      JSON.stringify({
        ChannelType,
        Address,
        Attributes: { name: [name, "other"] },
        ...(index % 3 === 0 && { User: { UserId: String(index), UserAttributes: { "first name": ["nobody"] } } }),
      }),
    )
    .join("\n");

/** A campaign whose chunks have been through something. */
async function play(
  file: { readonly name: string; readonly text: string },
  { seed = 1, fedShare = 1, sectionRows = 40 } = {},
) {
  const store = memoryCampaign();
  const source = () => recipientsFile(byteSource(file.name, file.text, { blockBytes: 700 }));
  const { tally, sections } = await split(TASK, { file: source(), store, fingerprint, sectionRows });
  const { rows, recipients, rejects, chunks } = tally;
  const lines = store.chunkLines().map((line) => JSON.parse(line) as ChunkLine);
  const fedChunks = Math.floor(lines.length * fedShare);
  const random = seededRandom(seed);
  const accounts = new Map<string, Account>();
  /** What each row has come to. */
  const ends = new Map<number, Word>();
  const words: Record<string, number> = {};
  let fedRecipients = 0;
  for (const line of lines) {
    const { Chunk: chunk, Rows, Request } = line;
    const history = playChunk(line, { random, isEnded: true, nowMs: NOW_MS });
    const isFed = chunk <= fedChunks;
    for (const [index, token] of Object.keys(Request.MessageRequest.Addresses).entries()) {
      ends.set(Rows[index] ?? 0, isFed ? (history.ends.get(token)?.word ?? "held") : "cancelled");
    }
    if (!isFed) continue;
    fedRecipients += Rows.length;
    for (const [part, account] of history.accounts) {
      const { pk, sk } = accountKey({ applicationId: "app", id: "", part, campaign: { id: TASK.id, chunk } });
      accounts.set(`${pk} / ${sk}`, account);
    }
    for (const [word, count] of chunkStanding(history.accounts, NOW_MS, shortHash).words)
      words[word] = (words[word] ?? 0) + count;
  }
  const fed = { chunks: fedChunks, recipients: fedRecipients, section: sections, inSection: 0 };
  const campaign: Campaign = {
    ...newCampaign({ id: TASK.id, applicationId: "app", createdAtMs: NOW_MS - 9_000, fileName: file.name }),
    state: fedShare < 1 ? "cancelling" : "waiting",
    split: { rows, recipients, rejects, chunks, sections },
    fed,
    putting: fed,
    sendingSinceMs: NOW_MS - 5_000,
    standing: { atMs: NOW_MS, words, chunksDone: fedChunks, onTheirWay: 0, changedAtMs: NOW_MS },
  };
  const campaignEvents = memoryCampaignEvents();
  const ports = {
    store,
    source: source(),
    accounts: memoryCampaignAccounts({ accounts }),
    campaignEvents,
    clock: virtualClock(NOW_MS),
    shortHash,
  };
  return { campaign, ports, lines, ends, campaignEvents, store };
}

/** Whom chunks tell what, by row. */
const toldBy = (lines: readonly ChunkLine[]) =>
  new Map(
    lines.flatMap(({ Rows, Request }) =>
      Object.entries(Request.MessageRequest.Addresses).map((told, index) => [Rows[index] ?? 0, told] as const),
    ),
  );

const importedAgain = async (text: string) => {
  const store = memoryCampaign();
  const file = recipientsFile(byteSource("failed.csv", text));
  const { tally } = await split(TASK, { file, store, fingerprint });
  expect(tally.rejects).toEqual({});
  return toldBy(store.chunkLines().map((line) => JSON.parse(line) as ChunkLine));
};

const files = fc.record({
  people: fc.uniqueArray(
    fc.record({
      token: fc.string({ minLength: 1, maxLength: 4, unit: "grapheme" }).filter((token) => token.trim() !== ""),
      channel: fc.constantFrom("GCM", "APNS", "SMS"),
      name: fc.oneof(fc.constantFrom("Ada", 'B"o', "a,b", "two\r\nlines", " Cy "), fc.string({ maxLength: 5 })),
    }),
    { minLength: 1, maxLength: 150, size: "max", selector: ({ token }) => token.toLowerCase() },
  ),
  format: fc.constantFrom("csv", "csv of Windows", "jsonl"),
  seed: fc.nat(),
  fedShare: fc.constantFrom(1, 1, 0.5, 0),
  sectionRows: fc.integer({ min: 5, max: 60 }),
});

const fileOf = (people: readonly Person[], format: string) =>
  format === "jsonl"
    ? { name: "people.jsonl", text: asLines(people) }
    : { name: "people.csv", text: asCsv(people, format === "csv" ? "\n" : "\r\n") };

const rowsIn = (ends: ReadonlyMap<number, Word>, name: EndFile) =>
  [...ends].flatMap(([row, word]) => (FILE_OF_WORD[word as FinalWord] === name ? [row] : [])).toSorted((a, b) => a - b);

const inOrder = (told: readonly unknown[]) => told.map((each) => JSON.stringify(each)).toSorted();

const WORDS = Object.keys(FILE_OF_WORD) as FinalWord[];

describe("finish", () => {
  it("has every recipient in one place, and whom it cut from their file as they were", async () => {
    const met = new Set<Word>();
    await fc.assert(
      fc.asyncProperty(files, async ({ people, format, ...more }) => {
        const { campaign, ports, lines, ends, store } = await play(fileOf(people, format), more);
        const { event, end } = await finish(campaign, ports);

        const told = toldBy(lines);
        for (const name of ["failed.csv", "unknown.csv"] as const) {
          const rows = rowsIn(ends, name);
          const text = store.file(name);
          expect(text !== undefined).toBe(rows.length > 0);
          const again = text === undefined ? [] : [...(await importedAgain(text)).values()];
          expect(inOrder(again)).toEqual(inOrder(rows.map((row) => told.get(row))));
        }
        const dead = (store.file("dead-tokens.csv") ?? "").split("\r\n").filter((line) => line.includes(",dead,"));
        const deadRows = dead.map((line) => Number.parseInt(line, 10)).toSorted((a, b) => a - b);
        expect(deadRows).toEqual(rowsIn(ends, "dead-tokens.csv"));

        const deadTokens = (store.file("dead-tokens.csv") ?? "").split("\r\n").slice(1, -1).length;
        const sizes = {
          "failed.csv": rowsIn(ends, "failed.csv").length,
          "unknown.csv": rowsIn(ends, "unknown.csv").length,
        };
        const files = Object.entries({ ...sizes, "dead-tokens.csv": deadTokens }).filter(([, size]) => size > 0);
        expect(end).toEqual({ nowMs: NOW_MS, files: Object.fromEntries(files) });
        const ended = onEnd(campaign, end);
        const { requested, words } = identityOf(ended);
        const wordsOf = (count: (word: FinalWord) => number) =>
          Object.fromEntries(WORDS.map((word) => [`${word.charAt(0).toUpperCase()}${word.slice(1)}`, count(word)]));
        expect(event).toMatchObject({ Requested: requested, State: ended.state });
        expect(event.Words).toEqual(wordsOf((word) => words[word] ?? 0));
        expect(event.Words).toEqual(wordsOf((word) => [...ends.values()].filter((one) => one === word).length));
        for (const word of ends.values()) met.add(word);
      }),
      { numRuns: 40 },
    );
    expect([...met].toSorted()).toEqual(WORDS.toSorted());
  });

  const people = Array.from({ length: 90 }, (_, index) => ({ token: `t${index + 10}`, channel: "GCM", name: "Ada" }));

  it("tells what became of a campaign, and where the rest is", async () => {
    const { campaign, ports, store, campaignEvents } = await play(
      fileOf([...people, { token: "", channel: "GCM", name: "" }], "csv"),
      {
        fedShare: 0.5,
      },
    );
    await finish(campaign, ports);
    const { Words, DeadLetters, Files, ...event } = campaignEvents.events[0] as CampaignCompleted;
    expect(event).toEqual({
      CampaignId: "spring",
      ApplicationId: "app",
      State: "completed_with_errors",
      FileName: "people.csv",
      RejectedRows: 1,
      Requested: 90,
      StartedAt: "2026-11-26T11:59:55.000Z",
      EndedAt: "2026-11-26T12:00:00.000Z",
    });
    const { Rejected, Exhausted, Unknown } = Words;
    expect(Object.values(DeadLetters).reduce((sum, count) => sum + count, 0)).toBe(Rejected + Exhausted + Unknown);
    const linesOf = (name: EndFile) => (store.file(name) ?? "").split("\n").length - 2;
    expect(Files).toEqual([
      { Key: "campaigns/spring/out/rejected.csv", Rows: 1 },
      ...(["failed.csv", "unknown.csv", "dead-tokens.csv"] as const).map((name) => ({
        Key: `campaigns/spring/out/${name}`,
        Rows: linesOf(name),
      })),
    ]);
  });

  it("comes to the same when it is done again", async () => {
    const { campaign, ports, store, campaignEvents } = await play(fileOf(people, "jsonl"), { fedShare: 0.5 });
    const written: (string | undefined)[][] = [];
    for (const _ of ["killed", "again"]) {
      await finish(campaign, ports);
      written.push(END_FILES.map((name) => store.file(name)));
    }
    expect(written[1]).toEqual(written[0]);
    expect(campaignEvents.events[1]).toEqual(campaignEvents.events[0]);
  });

  it.each([
    {
      name: "was changed",
      source: recipientsFile(byteSource("people.csv", asCsv(people.toReversed(), "\n"), { versions: ["2"] })),
    },
    { name: "has fewer rows", source: recipientsFile(byteSource("people.csv", "token,channel\nt10,GCM\n")) },
  ])("has tokens and channels only where the recipients file $name", async ({ source }) => {
    const { campaign, ports, store } = await play(fileOf(people, "csv"), { fedShare: 0 });
    await finish(campaign, { ...ports, source });
    const rows = people.map(({ token, channel }) => csvRow([token, channel])).join("");
    expect(store.file("failed.csv")).toBe(`token,channel\r\n${rows}`);
  });

  it("has of one that was cancelled, because its chunks are gone, the ledger's words, and whom it knows in files", async () => {
    const { campaign, ports, store } = await play(fileOf(people, "csv"), { fedShare: 0.5 });
    const readChunks = async (section: number) => {
      if (section === 2) throw new FileGone("chunks of section 2");
      return store.readChunks(section);
    };
    const { event, end } = await finish(campaign, { ...ports, store: { ...store, readChunks } });
    expect(event).toMatchObject({ Requested: 90, State: "completed_with_errors" });
    const { words } = identityOf(onEnd(campaign, end));
    expect(event.Words).toMatchObject({ Sent: words.sent ?? 0, Cancelled: words.cancelled ?? 0 });
    const failed = (store.file("failed.csv") ?? "").split("\n").length - 2;
    expect(event.Files).toContainEqual({ Key: "campaigns/spring/out/failed.csv", Rows: failed });
    expect(failed).toBe(end.files["failed.csv"]);
    expect(failed).toBeLessThan((words.cancelled ?? 0) + (words.rejected ?? 0));

    const isWaiting = { ...campaign, state: "waiting" } as const;
    await expect(finish(isWaiting, { ...ports, store: { ...store, readChunks } })).rejects.toThrow(FileGone);
  });

  it("does not know what became of those whose account is forgotten", async () => {
    const { campaign, ports, store } = await play(fileOf(people, "csv"));
    const { event } = await finish(campaign, { ...ports, accounts: memoryCampaignAccounts({ accounts: new Map() }) });
    expect(event.Words.Unknown).toBe(90);
    expect(store.file("unknown.csv")).toBe(asCsv(people, "\n"));
  });
});
