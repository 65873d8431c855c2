import { BadFile } from "../../core/campaign/bad-file.ts";
import { parseCheckpoint } from "../../core/campaign/checkpoint.ts";
import { csvRow } from "../../core/campaign/csv.ts";
import type { RowSet } from "../../core/campaign/row-set.ts";
import type { CampaignStore, RecipientsFile, RowPosition } from "../../ports.ts";

/**
 * Some rows of the recipients file that was split, under its header, so that they can be imported again as they are. Of JSON
 * lines they are CSV whose header has all names, with dots.
 *
 * @throws {BadFile} while iterating, where the file is not there any more, or is another one
 */
export async function* cutRows(
  rows: RowSet,
  { source, store }: { readonly source: RecipientsFile; readonly store: CampaignStore },
): AsyncGenerator<string> {
  const checkpoint = parseCheckpoint<RowPosition>((await store.readCheckpoint()) ?? "{}");
  if (checkpoint === undefined || checkpoint.version !== (await source.version())) throw isAnother();
  const { columns, newline } = checkpoint.position;
  const cut = (values: readonly (string | undefined)[]) =>
    csvRow(
      columns.map((_, index) => values[index] ?? ""),
      newline,
    );
  yield cut(columns);
  let left = rows.size;
  for await (const batch of source.read()) {
    const found = batch.rows
      .filter((row) => rows.has(row.number))
      .map((row) => ("values" in row ? cut(row.values) : ""));
    left -= found.length;
    if (found.length > 0) yield found.join("");
    if (left === 0) return;
  }
  throw isAnother();
}

function isAnother(): BadFile {
  const what = "it is not the file that was split";
  return new BadFile("Changed", { what, cure: "Cut the rows from a copy of that file by their numbers." });
}
