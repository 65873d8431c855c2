import type { EndFile } from "../../../shared/core/campaign/end-files.ts";
import type { Reject } from "../../../shared/core/campaign/reject.ts";
import { type CampaignSection, type CampaignStore, FileGone } from "../../../shared/ports.ts";

/** A campaign that is split for this process only. */
export function memoryCampaign(): CampaignStore & {
  chunkLines(): readonly string[];
  rejects(): readonly Reject[];
  file(name: EndFile): string | undefined;
} {
  let checkpoint: string | undefined;
  let finished = 0;
  const sections = new Map<number, CampaignSection>();
  const files = new Map<EndFile, string>();
  const all = () => Array.from({ length: finished }, (_, index) => section(index + 1));
  const section = (number: number) => {
    const found = sections.get(number);
    if (found === undefined) throw new FileGone(`section ${number}`);
    return found;
  };
  return {
    readCheckpoint: async () => checkpoint,
    async writeCheckpoint(text) {
      checkpoint = text;
    },
    async writeSection(number, written) {
      sections.set(number, written);
    },
    readTokens: async (number) => section(number).tokens,
    readChunks: async (number) => linesOf(section(number)),
    async clear() {
      checkpoint = undefined;
      finished = 0;
      sections.clear();
      files.clear();
    },
    async finish(count) {
      finished = count;
    },
    async writeFile(name, text) {
      files.set(name, (await Array.fromAsync(text)).join(""));
    },
    file: (name) => files.get(name),
    chunkLines: () => all().flatMap(linesOf),
    rejects: () => all().flatMap(({ rejects }) => rejects),
  };
}

function linesOf({ chunks }: CampaignSection): readonly string[] {
  return chunks.map((line) => Buffer.from(line).toString().trimEnd());
}
