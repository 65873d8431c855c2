import type { Estimate } from "../../../shared/core/campaign/estimate.ts";
import { type Sample, type Tally, total } from "../../../shared/core/campaign/tally.ts";
import { table } from "../print.ts";

/** What a recipients file comes to. */
export interface SplitReport {
  /** How many would be told. */
  readonly recipients: number;
  readonly resumedAfterRow: number;
  readonly unusedColumns: readonly string[];
  readonly tally: Readonly<Tally>;
  readonly estimate: Estimate;
  readonly folder: string;
  /** Path of the file of rejected rows. */
  readonly rejected: string;
}

/** The same for a person: what is sent and what is not, what it looks like, and what it takes. */
export function splitLines(report: SplitReport): string[] {
  const { tally, unusedColumns, resumedAfterRow } = report;
  const rejects = total(tally.rejects);
  return [
    ...(resumedAfterRow > 0
      ? [`Gone on after row ${resumedAfterRow}: the rows before had been split already.`, ""]
      : []),
    ...table(["channel", "recipients", "calls"], channelRows(tally)),
    "",
    ...table(["rejected", "rows"], [...Object.entries(tally.rejects), ["sum", rejects]]),
    "",
    ...samples(tally),
    ...(unusedColumns.length === 0 ? [] : [`Columns that the message does not use: ${unusedColumns.join(", ")}.`, ""]),
    ...estimateLines(report.estimate),
    "",
    `Chunks are in ${report.folder}; every rejected row, with column, code and reason, in ${report.rejected}.`,
  ];
}

function channelRows({ recipients, chunks }: Readonly<Tally>): (readonly [string, number, number])[] {
  const rows = Object.entries(recipients).map(
    ([channelType, count]) => [channelType, count, chunks[channelType as keyof typeof chunks] ?? 0] as const,
  );
  return [...rows, ["sum", total(recipients), total(chunks)]];
}

function samples({ first, longest, random }: Readonly<Tally>): string[] {
  const shown = [["first", first], ["longest", longest], ...random.map((sample) => ["random", sample])] as const;
  return shown.flatMap(([name, sample]) =>
    sample === undefined ? [] : [...sampleLines(name as string, sample as Sample), ""],
  );
}

/** Texts are written as JSON: they may hold whatever a terminal obeys. */
function sampleLines(name: string, { row, channelType, payloadBytes, title, body, rawContent }: Sample): string[] {
  const texts = Object.entries({ title, body, "raw content": rawContent }).filter(([, text]) => text !== undefined);
  return [
    `${name}: row ${row}, ${channelType}, at least ${payloadBytes} bytes`,
    ...texts.map(([text, value]) => `  ${text.padEnd(11)}  ${JSON.stringify(value)}`),
  ];
}

function estimateLines({ recipients, calls, seconds, slowest, dollars, costs }: Estimate): string[] {
  return [
    `${recipients} messages in ${calls} records, each one call: ${inWords(seconds)}, as fast as ${slowest}`,
    `allows, when nothing is tried again and nobody else sends. It costs about ${money(dollars)} at list prices (us-east-1):`,
    ...costs.map(({ what, assuming, dollars: own }) => `  ${what.padEnd(14)}${money(own).padStart(10)}  ${assuming}`),
  ];
}

function inWords(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  return seconds < 7_200 ? `${Math.ceil(seconds / 60)} minutes` : `${(seconds / 3600).toFixed(1)} hours`;
}

function money(dollars: number): string {
  return `$${dollars < 0.01 ? dollars.toFixed(5) : dollars.toFixed(2)}`;
}
