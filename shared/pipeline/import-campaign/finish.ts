// chunk files, accounts of the ledger, recipients file --> (finish) --> files of the end, event
import { BadFile } from "../../core/campaign/bad-file.ts";
import { type Campaign, type FinalWord, identityOf, onEnd } from "../../core/campaign/campaign.ts";
import { type CampaignCompleted, campaignCompleted } from "../../core/campaign/campaign-completed.ts";
import { csvRow } from "../../core/campaign/csv.ts";
import {
  DEAD_TOKENS_HEADER,
  type EndFile,
  FILE_OF_WORD,
  formatDeadToken,
  UNSOURCED_HEADER,
} from "../../core/campaign/end-files.ts";
import { rowSet } from "../../core/campaign/row-set.ts";
import type { DeadLetterReason } from "../../core/outcome/dead-letter-reason.ts";
import type { CampaignEvents, CampaignStore, RecipientsFile } from "../../ports.ts";
import { type ChunkEnd, type ChunkEndPorts, chunkEnds } from "./chunk-ends.ts";
import { cutRows } from "./cut-rows.ts";

export interface FinishPorts extends ChunkEndPorts {
  readonly store: CampaignStore;
  /** The recipients file, in the version that was split. */
  readonly source: RecipientsFile;
  readonly campaignEvents: CampaignEvents;
}

/**
 * Ends a campaign that is accounted for: writes the files of those who were not told, and tells that it is completed. Every
 * recipient is looked up in the ledger once more, so that what is told has been counted one by one. Of one that was cancelled
 * because its chunks are gone, the words are those that the ledger adds up to, and the files have whom the other chunks name.
 *
 * It may be done again and then comes to the same: that the campaign has ended is to be written down after it (`onEnd`). It
 * holds the accounts of one section and two bits for each row.
 */
export async function finish(campaign: Campaign, ports: FinishPorts): Promise<Finished> {
  const { store, campaignEvents, clock } = ports;
  const nowMs = clock.nowMs();
  const ends = () => chunkEnds(campaign, nowMs, ports);
  const counts = emptyCounts();
  await writeIfAny(store, "dead-tokens.csv", DEAD_TOKENS_HEADER, counted(ends(), counts));
  for (const name of ["failed.csv", "unknown.csv"] as const) {
    const rows = counts.rows[name];
    if (rows.size === 0) continue;
    await store.writeFile(name, cutRows(rows, ports)).catch((error: unknown) => {
      // What is left of the file's rows are the device tokens of the chunks.
      if (!(error instanceof BadFile)) throw error;
      return store.writeFile(name, unsourced(name, ends()));
    });
  }
  const { words, deadLetters, files, isGone } = endOf(counts);
  const end = { nowMs, files };
  const ended = onEnd(campaign, end);
  const event = campaignCompleted(ended, { words: isGone ? identityOf(ended).words : words, deadLetters, files });
  await campaignEvents.publish(event);
  return { event, end };
}

/** What was told, and what of it is to be written down. */
export interface Finished {
  readonly event: CampaignCompleted;
  readonly end: Parameters<typeof onEnd>[1];
}

interface Counts {
  readonly words: Partial<Record<FinalWord, number>>;
  readonly deadLetters: Partial<Record<DeadLetterReason, number>>;
  readonly rows: Readonly<Record<CutFile, ReturnType<typeof rowSet>>>;
  deadTokens: number;
  /** Whether chunks are missing. */
  isGone: boolean;
}

type CutFile = Exclude<EndFile, "dead-tokens.csv">;

function emptyCounts(): Counts {
  const rows = { "failed.csv": rowSet(), "unknown.csv": rowSet() };
  return { words: {}, deadLetters: {}, rows, deadTokens: 0, isGone: false };
}

function endOf({ words, deadLetters, rows, deadTokens, isGone }: Counts) {
  const rowsOf = [
    ["failed.csv", rows["failed.csv"].size],
    ["unknown.csv", rows["unknown.csv"].size],
    ["dead-tokens.csv", deadTokens],
  ] as const satisfies readonly (readonly [EndFile, number])[];
  const files: Partial<Record<EndFile, number>> = Object.fromEntries(rowsOf.filter(([, size]) => size > 0));
  return { words, deadLetters, files, isGone };
}

/** Counts every recipient, and has a line for each device token that is dead or was replaced. */
async function* counted(ends: AsyncIterable<ChunkEnd>, counts: Counts): AsyncGenerator<string> {
  const { words, deadLetters, rows } = counts;
  for await (const { sent, fates, isGone } of ends) {
    counts.isGone ||= isGone === true;
    words.sent = (words.sent ?? 0) + sent;
    for (const fate of fates) {
      const { row, word, deadLetter, deadToken } = fate;
      words[word] = (words[word] ?? 0) + 1;
      if (deadLetter !== undefined) deadLetters[deadLetter] = (deadLetters[deadLetter] ?? 0) + 1;
      const file = FILE_OF_WORD[word];
      if (file === "failed.csv" || file === "unknown.csv") rows[file].add(row);
      if (deadToken === undefined) continue;
      counts.deadTokens += 1;
      yield formatDeadToken({ ...fate, deadToken });
    }
  }
}

/** The recipients of a file with what their chunks know of them. */
async function* unsourced(name: CutFile, ends: AsyncIterable<ChunkEnd>): AsyncGenerator<string> {
  yield UNSOURCED_HEADER;
  for await (const { fates } of ends) {
    for (const { word, token, channelType } of fates)
      if (FILE_OF_WORD[word] === name) yield csvRow([token, channelType]);
  }
}

/** A file without lines is none. */
async function writeIfAny(store: CampaignStore, name: EndFile, header: string, lines: AsyncGenerator<string>) {
  const first = await lines.next();
  if (first.done) return;
  const whole = async function* () {
    yield header;
    yield first.value;
    yield* lines;
  };
  await store.writeFile(name, whole());
}
