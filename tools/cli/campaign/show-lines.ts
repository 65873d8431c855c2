import { outputKey } from "../../../shared/core/campaign/bucket-keys.ts";
import { type Campaign, type Identity, identityOf } from "../../../shared/core/campaign/campaign.ts";
import { END_FILES, type EndFile, FILE_OF_WORD } from "../../../shared/core/campaign/end-files.ts";
import { FINAL_WORDS } from "../../../shared/core/campaign/final-words.ts";
import { total } from "../../../shared/core/campaign/tally.ts";
import type { KeptCampaign } from "../../../shared/ports.ts";
import { table } from "../print.ts";
import { becauseOf, cureFor, iso, keptWords, setAsideLines, waitsFor } from "./campaign-words.ts";
import type { SetAside } from "./set-aside.ts";
import type { StageName } from "./sluice-command.ts";

/** Where a stage keeps the files of campaigns. */
export interface FilesOf extends StageName {
  readonly importBucketName: string;
}

/** All that is known of a campaign, for a person. @param found of recipients that were looked for */
export function showLines(kept: KeptCampaign, nowMs: number, place: FilesOf, found?: SetAside): string[] {
  const { campaign } = kept;
  const { id, state, applicationId, fileName, rate, split, standing } = campaign;
  const because = becauseOf(campaign);
  const files = filesOf(campaign, place);
  const waiting = waitsFor(campaign, nowMs, place);
  return [
    ...rows([
      ["campaign", id],
      ["state", state],
      ["because", because && `${because.words} (${because.reason})`],
      ["cure", because && cureFor(because, id, place)],
      ["waits for", waiting],
      ...(found === undefined ? [] : setAsideLines(campaign, found, place)),
      ["application", applicationId],
      ["rate", rate === undefined ? "the account's" : `its own, ${rate} messages/s`],
      [
        "recipients",
        `${fileName}${split === undefined ? "" : `: ${split.rows} rows, ${total(split.rejects)} of them rejected`}`,
      ],
      ["created", iso(campaign.createdAtMs)],
      ["starts", state === "scheduled" || state === "splitting" ? time(campaign.startAtMs) : undefined],
      ["sending", time(campaign.sendingSinceMs)],
      ["ended", time(campaign.endedAtMs)],
      ["kept", keptWords(kept)],
      ["looked", standing === undefined ? undefined : `at the ledger: ${iso(standing.atMs)}`],
    ]),
    ...(split === undefined ? [] : ["", ...identityLines(campaign)]),
    ...(files.length === 0 ? [] : ["", ...files.map(({ uri, has }) => `${uri}  ${has}`)]),
  ];
}

/** Promise 1: what was asked for, and what it has come to, which adds up to it. */
export function identityLines(campaign: Campaign): string[] {
  const { requested, words, owed } = identityOf(campaign);
  return table(
    ["recipients", "count"],
    [
      ["requested", requested],
      ...FINAL_WORDS.map((word) => [word, words[word] ?? 0] as const),
      ["owed", owed],
      ["sum", total(words) + owed],
    ],
  );
}

/** The files that a campaign has by now, and what is in them. */
export function filesOf(
  campaign: Campaign,
  { importBucketName }: Pick<FilesOf, "importBucketName">,
): readonly { readonly uri: string; readonly has: string }[] {
  const { id, split, files = {} } = campaign;
  const { words } = identityOf(campaign);
  const of = (name: string, has: string) => ({ uri: `s3://${importBucketName}/${outputKey(id, name)}`, has });
  const rejected = total(split?.rejects ?? {});
  return [
    ...(rejected > 0 ? [of("rejected.csv", `${rejected} rows that could not be sent to`)] : []),
    ...END_FILES.flatMap((name) => {
      const rows = files[name];
      return rows === undefined ? [] : [of(name, contentWords(name, rows, words))];
    }),
  ];
}

/** What a file has: recipients by word. One that was replaced was sent; of one whose chunk is gone, nobody knows the row. */
function contentWords(name: EndFile, rows: number, words: Identity["words"]): string {
  const its = FINAL_WORDS.filter((word) => FILE_OF_WORD[word] === name && (words[word] ?? 0) > 0);
  const others = rows - its.reduce((sum, word) => sum + (words[word] ?? 0), 0);
  const said = its.map((word) => `${words[word]} ${word}`);
  if (others > 0) return [...said, `${others} replaced`].join(", ");
  return `${said.join(", ")}${others < 0 ? `; ${-others} of them are not in it, because their chunks are gone` : ""}`;
}

function rows(pairs: readonly (readonly [string, string | undefined])[]): string[] {
  return pairs.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(13)}${value}`]));
}

function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : iso(ms);
}
