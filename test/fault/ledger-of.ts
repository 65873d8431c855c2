import { shortHash } from "../../shared/aws/short-hash.ts";
import { contentOf, inAccountOrder } from "../../shared/core/ledger/content.ts";
import { parseOwed } from "../../shared/core/ledger/owed-text.ts";
import { LETTERS, type Word } from "../../shared/core/ledger/result.ts";
import { putBackPart, retryPart } from "../../shared/core/outcome/part.ts";
import type { Slice } from "../../shared/core/plan/call.ts";
import { slicesOf } from "../../shared/core/plan/slices.ts";
import { parseSendRequest } from "../../shared/core/request/parse-send-request.ts";
import { contentHash } from "./environment.ts";
import type { Account } from "./judge.ts";
import { APPLICATION_ID, type Order } from "./orders.ts";
import type { Played } from "./play.ts";
import type { Scene, StoredAccount } from "./stage.ts";

/** What the ledger says of the addresses of an order: for each one word, found by following what was owed. */
export async function ledgerOf(
  order: Order,
  { messageIds }: Played,
  scene: Scene,
): Promise<{ accounts: ReadonlyMap<string, Account>; problems: readonly string[] }> {
  const id = order.requestId ?? messageIds.get(order)?.[0] ?? "";
  const items = await scene.accountsOf(id);
  const accounts = new Map<string, Account>();
  const problems: string[] = [];

  const follow = (slice: Slice): void => {
    const item = items.get(slice.part);
    const name = `${order.marker} part ${slice.part}`;
    if (item === undefined) {
      problems.push(`${name} has no account`);
    } else if (item.hash !== contentHash(contentOf(slice))) {
      // Somebody else had the id: the address is rejected.
      for (const token of slice.tokens) accounts.set(token, "rejected");
    } else if (item.letters.length !== slice.tokens.length) {
      problems.push(`${name} has ${slice.tokens.length} addresses, and its result "${item.letters}"`);
    } else read(slice, item);
  };

  const read = (slice: Slice, { letters, owed }: StoredAccount): void => {
    const inOrder = inAccountOrder(slice);
    const { retries, putBacks } = parseOwed(owed);
    const goesOn = (part: string, places: readonly number[]) => {
      const some = new Set(places.map((place) => inOrder[place]));
      follow({ ...slice, part, tokens: slice.tokens.filter((token) => some.has(token)) });
    };
    for (const { attempt, places } of retries) goesOn(retryPart(slice.part, attempt, shortHash), places);
    for (const { because, places } of putBacks) goesOn(putBackPart(slice.part, because, shortHash), places);
    for (const [place, token] of inOrder.entries()) {
      const word = WORD_OF.get(letters[place] ?? "");
      if (word === undefined) problems.push(`${order.marker} ${token} has no word in "${letters}"`);
      else if (word !== "retry" && word !== "held") accounts.set(token, word);
    }
  };

  const parsed = parseSendRequest(order.body, { applicationIds: [APPLICATION_ID], shortHash, isPart: false });
  if (!parsed.ok) throw new Error(`${order.marker} is no request: ${JSON.stringify(parsed.problems)}`);
  for (const slice of slicesOf(parsed.request, { record: 0 })) follow(slice);
  return { accounts, problems };
}

const WORD_OF: ReadonlyMap<string, Word> = new Map(
  (Object.keys(LETTERS) as Word[]).map((word) => [LETTERS[word], word]),
);
