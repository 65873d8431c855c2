// recipients file --> (split) --> chunk files, rejects, counts --> feed
import { BadFile } from "../../core/campaign/bad-file.ts";
import type { CampaignMessage } from "../../core/campaign/campaign-message.ts";
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from "../../core/campaign/checkpoint.ts";
import type { CampaignRequest } from "../../core/campaign/chunks.ts";
import { checkHeader, checkNames, mapColumns } from "../../core/campaign/columns.ts";
import { type Row, rowReader } from "../../core/campaign/read-row.ts";
import type { Reject } from "../../core/campaign/reject.ts";
import { countRecipient, countReject, emptyTally, type Tally } from "../../core/campaign/tally.ts";
import { tokenSet } from "../../core/campaign/token-set.ts";
import type { ChannelType } from "../../core/request/channel-type.ts";
import type { CampaignStore, Fingerprint, RecipientsFile, RowPosition } from "../../ports.ts";
import { openSection, SECTION_ROWS } from "./section.ts";

export interface SplitTask extends CampaignRequest {
  readonly message: CampaignMessage;
  /** For rows that name no channel type. */
  readonly channel?: ChannelType;
}

export interface SplitPorts {
  readonly file: RecipientsFile;
  readonly store: CampaignStore;
  readonly fingerprint: Fingerprint;
  /** Told after every batch of rows. */
  readonly onProgress?: (tally: Readonly<Tally>) => void;
  /** After so many rows, at the end of what was read with them, a section ends. */
  readonly sectionRows?: number;
  /** Asked at the end of every section: whether to leave the rest to somebody else. */
  readonly isToStop?: () => boolean;
}

export interface Split {
  /** Whether nothing is left to read. */
  readonly isFinished: boolean;
  readonly tally: Readonly<Tally>;
  readonly columns: readonly string[];
  /** Files of chunks, numbered from 1. */
  readonly sections: number;
  /** Row after which an earlier split was gone on with; 0 where it began anew. */
  readonly resumedAfterRow: number;
}

/**
 * Reads a recipients file once, from where an earlier split of the same file was stopped: every row becomes part of one
 * chunk or one reject. What a section has made is written before the checkpoint that counts it, so that whoever goes on
 * writes over whatever was written since.
 *
 * @throws {BadFile} when the file cannot be used; what was split so far stays where it is
 */
export async function split(task: SplitTask, ports: SplitPorts): Promise<Split> {
  const { file, store, fingerprint, onProgress, sectionRows = SECTION_ROWS, isToStop = () => false } = ports;
  const inputs = inputsOf(task);
  const version = await file.version();
  const before = await checkpointBefore(store, { inputs, version });
  const resumedAfterRow = before?.position.row ?? 0;
  if (before?.isFinished) return { ...before, columns: before.position.columns, resumedAfterRow };
  if (before === undefined) await store.clear();

  const tally = before?.tally ?? emptyTally();
  const known = tokenSet();
  let sections = before?.sections ?? 0;
  for (let section = 1; section <= sections; section += 1) known.addTaken(await store.readTokens(section));

  const open = openSection(task, { tally, lastChunk: before?.lastChunk ?? 0, sectionRows });
  const endSection = async (position: RowPosition, isFinished: boolean) => {
    sections += 1;
    await store.writeSection(sections, { ...open.take(), tokens: known.takeAdded() });
    if (isFinished) await store.finish(sections);
    const { lastChunk } = open;
    await store.writeCheckpoint(
      formatCheckpoint({ inputs, version, position, sections, lastChunk, tally, isFinished }),
    );
  };
  const reject = (rejected: Reject) => {
    countReject(tally, rejected);
    open.reject(rejected);
  };

  let position = before?.position;
  let columns = mapColumns([]);
  let read = rowReader({ ...task, columns });
  const take = (row: Row) => {
    const result = read(row);
    if ("code" in result) return reject(result);
    const key = fingerprint(`${result.channelType} ${result.identity}`);
    if (!known.add(key))
      return reject({ ...DUPLICATE, row: result.row, column: columns.names[columns.token ?? 0] ?? "" });
    countRecipient(tally, result, lotOf(key));
    return open.send(result);
  };
  for await (const batch of file.read(position)) {
    if (batch.columns !== columns.names) {
      columns = mapColumns(batch.columns);
      if (file.hasHeader && batch.columns.length > 0) checkHeader(columns, task);
      else checkNames(columns, task.message);
      read = rowReader({ ...task, columns });
    }
    for (const row of batch.rows) take(row);
    ({ position } = batch);
    onProgress?.(tally);
    if (!open.isFull) continue;
    await endSection(position, false);
    if (isToStop()) return { tally, columns: position.columns, sections, resumedAfterRow, isFinished: false };
  }
  if (position === undefined || tally.rows === 0) throw new BadFile("Empty", NO_ROWS);
  if ((await file.version()) !== version) throw new BadFile("Changed", WAS_CHANGED);
  await endSection(position, true);
  return { tally, columns: position.columns, sections, resumedAfterRow, isFinished: true };
}

const DUPLICATE = { code: "DuplicateToken", message: "the same device token stands in an earlier row" } as const;
const NO_ROWS = { what: "the file has no rows", cure: "Export it again, with a row for each recipient." };
const WAS_CHANGED = {
  what: "the file was changed while it was read",
  cure: "Import it again when nobody writes to it any more.",
};

/** Whatever decides what a split writes, besides the file. */
function inputsOf({ message: { variants }, ...task }: SplitTask): string {
  return JSON.stringify([task, Array.from(variants, ([locale, messages]) => [locale, ...messages])]);
}

async function checkpointBefore(
  store: CampaignStore,
  { inputs, version }: { readonly inputs: string; readonly version: string },
): Promise<Checkpoint<RowPosition> | undefined> {
  const text = await store.readCheckpoint();
  const checkpoint = text === undefined ? undefined : parseCheckpoint<RowPosition>(text);
  return checkpoint?.inputs === inputs && checkpoint.version === version ? checkpoint : undefined;
}

/** The end of a key, which `tokenSet` does not look at. */
function lotOf(key: string): number {
  return (
    key.charCodeAt(key.length - 1) * 65_536 + key.charCodeAt(key.length - 2) * 256 + key.charCodeAt(key.length - 3)
  );
}
