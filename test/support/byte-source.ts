import type { ByteSource } from "../../shared/aws/recipients-file.ts";

/** A recipients file in memory, given out in blocks of so many bytes. `versions`: one for each time that it is asked. */
export function byteSource(
  name: string,
  content: string | Uint8Array,
  {
    blockBytes = 65_536,
    versions = ["1"],
  }: { readonly blockBytes?: number; readonly versions?: readonly string[] } = {},
): ByteSource {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  let asked = 0;
  return {
    name,
    async version() {
      asked += 1;
      return versions[Math.min(asked, versions.length) - 1] ?? "";
    },
    async *bytes() {
      for (let from = 0; from < bytes.length; from += blockBytes) yield bytes.subarray(from, from + blockBytes);
    },
  };
}
