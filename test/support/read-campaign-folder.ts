import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import Papa from "papaparse";
import type { Reject } from "../../shared/core/campaign/reject.ts";

/** What a split has left in a folder, read as anybody would. */
export async function readCampaignFolder(folder: string): Promise<{ rejects: Reject[]; chunks: string }> {
  const names = (await readdir(folder)).toSorted();
  const texts = await Promise.all(
    names.filter((name) => name.startsWith("chunks-")).map((name) => readFile(join(folder, name), "utf8")),
  );
  const rejected = await readFile(join(folder, "rejected.csv"), "utf8");
  return { rejects: rejectsOf(rejected), chunks: texts.join("") };
}

/** The rows of a file of rejects. */
export function rejectsOf(text: string): Reject[] {
  const { data } = Papa.parse<Record<string, string>>(text, { header: true, skipEmptyLines: true });
  return data.map((fields) => ({ ...fields, row: Number(fields["row"]) }) as unknown as Reject);
}
