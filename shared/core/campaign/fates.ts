import type { Account } from "../ledger/account.ts";
import { known } from "../ledger/account.ts";
import { inAccountOrder } from "../ledger/content.ts";
import { follow } from "../ledger/follow.ts";
import { LETTERS, type Result } from "../ledger/result.ts";
import type { DeadLetterReason } from "../outcome/dead-letter-reason.ts";
import type { TokenVerdict } from "../outcome/dead-token-record.ts";
import type { PartHash } from "../outcome/part.ts";
import type { ChannelType } from "../request/channel-type.ts";
import type { FinalWord } from "./campaign.ts";
import type { ChunkLine } from "./chunks.ts";
import { FINAL_WORDS } from "./final-words.ts";

/** What has become of one recipient. */
export interface Fate {
  readonly row: number;
  /** As the row has it. */
  readonly token: string;
  readonly channelType: ChannelType;
  /** `undefined` where the ledger has no last word of it. */
  readonly word: FinalWord | undefined;
  /** Of a dead device token, or of one that was replaced. */
  readonly deadToken?: TokenVerdict | undefined;
  /** Why it went to the dead-letter queue. */
  readonly deadLetter?: DeadLetterReason | undefined;
}

/** A chunk has recipients of one channel, each once, and no more than a call takes. */
const ONLY_SLICE = "0";

/**
 * What has become of each recipient of a chunk, in the order of its account. What an operator has redriven since then
 * changes nothing of it: as in `progressOf`, whose words these are, one by one.
 *
 * @param accounts of the chunk's request, by part
 * @param hash with which the parts were named
 */
export function fatesOf(
  { Rows, Request }: ChunkLine,
  accounts: ReadonlyMap<string, Account>,
  nowMs: number,
  hash: PartHash,
): readonly Fate[] {
  const { Addresses } = Request.MessageRequest;
  const tokens = Object.keys(Addresses);
  const rowOf = new Map(tokens.map((token, index) => [token, Rows[index] ?? 0]));
  const [{ ChannelType: channelType } = { ChannelType: "GCM" as const }] = Object.values(Addresses);
  const fates = inAccountOrder({ channelType, tokens }).map(
    (token): Fate => ({ row: rowOf.get(token) ?? 0, token, channelType, word: undefined }),
  );
  const present = new Map([...accounts].filter(([, account]) => known(account, nowMs) !== undefined));
  for (const { account, places } of follow(ONLY_SLICE, [...fates.keys()], present, hash)) {
    for (const { place, ...ended } of endsIn(account?.result)) {
      const own = places[place] ?? -1;
      const fate = fates[own];
      if (fate !== undefined) fates[own] = { ...fate, ...ended };
    }
  }
  return fates;
}

/** How many recipients a chunk has that were all sent, with nothing else to be said of any of them: most chunks. */
export function allSent(accounts: ReadonlyMap<string, Account>, nowMs: number): number | undefined {
  const result = known(accounts.get(ONLY_SLICE), nowMs)?.result;
  return result !== undefined && result.owed.deadTokens.length === 0 && /^S+$/.test(result.letters)
    ? result.letters.length
    : undefined;
}

const FINAL_WORD_OF: ReadonlyMap<string, FinalWord> = new Map(FINAL_WORDS.map((word) => [LETTERS[word], word]));

/** What each place of a slice has come to for good, if it has. */
function* endsIn(result: Result | undefined) {
  if (result === undefined) return;
  const { deadLetters, deadTokens } = result.owed;
  for (const [place, letter] of [...result.letters].entries()) {
    const word = FINAL_WORD_OF.get(letter);
    const { place: _, ...deadToken } = deadTokens.find((one) => one.place === place) ?? {};
    const deadLetter = deadLetters.find(({ places }) => places.includes(place))?.reason;
    yield { place, word, ...("Verdict" in deadToken && { deadToken }), ...(deadLetter && { deadLetter }) };
  }
}
