import { expect, it } from "vitest";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import { chunkStanding } from "../../../shared/core/campaign/chunk-standing.ts";
import { type Decision, resultOf } from "../../../shared/core/ledger/result.ts";
import { putBackPart, redrivePart, retryPart } from "../../../shared/core/outcome/part.ts";

const NOW_MS = Date.UTC(2026, 10, 26, 12);
const claim = { owner: "me", leaseUntilMs: NOW_MS + 1_000, hash: "content", expiresAt: NOW_MS / 1000 + 1 };
const settled = (...decisions: Decision[]) => ({ ...claim, result: resultOf(decisions, { atMs: NOW_MS, by: "me" }) });
const SENT: Decision = { word: "sent" };
const AGAIN: Decision = { word: "retry", attempt: 1, minDelaySeconds: 1 };
const WAIT: Decision = { word: "held", because: "credential", minDelaySeconds: 1 };
const RETRIED = retryPart("0", 1, shortHash);

it.each([
  { what: "nobody has taken up", accounts: {}, isDone: false },
  { what: "is being sent", accounts: { 0: claim }, isDone: false },
  { what: "was sent", accounts: { 0: settled(SENT, SENT) }, isDone: true, words: { sent: 2 } },
  {
    what: "waits to be tried again in part",
    accounts: { 0: settled(SENT, AGAIN, AGAIN) },
    isDone: false,
    words: { sent: 1 },
    onTheirWay: 2,
  },
  {
    what: "is being tried again in part",
    accounts: { 0: settled(SENT, AGAIN), [RETRIED]: claim },
    isDone: false,
    words: { sent: 1 },
    onTheirWay: 1,
  },
  {
    what: "is being tried again in part, and waits in part",
    accounts: { 0: settled(SENT, AGAIN, WAIT), [RETRIED]: claim },
    isDone: false,
    words: { sent: 1 },
    onTheirWay: 2,
  },
  {
    what: "was forgotten, but for what had left it",
    accounts: { [RETRIED]: settled(SENT, AGAIN), [putBackPart("0", "credential", shortHash)]: claim },
    isDone: false,
    words: { sent: 1 },
    onTheirWay: 1,
  },
  {
    what: "was tried again in part",
    accounts: { 0: settled(SENT, AGAIN), [RETRIED]: settled({ word: "expired" }) },
    isDone: true,
    words: { sent: 1, expired: 1 },
  },
  {
    what: "an operator is redriving",
    accounts: { 0: settled({ word: "expired" }), [redrivePart("0", "letter", shortHash)]: claim },
    isDone: true,
    words: { expired: 1 },
  },
])("of a chunk that $what", ({ accounts, isDone, words = {}, onTheirWay = 0 }) => {
  const standing = chunkStanding(new Map(Object.entries(accounts)), NOW_MS, shortHash);
  expect({ ...standing, words: Object.fromEntries(standing.words) }).toEqual({ isDone, words, onTheirWay });
});
