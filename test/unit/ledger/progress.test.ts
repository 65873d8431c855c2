import { expect, it } from "vitest";
import type { Account } from "../../../shared/core/ledger/account.ts";
import { progressOf } from "../../../shared/core/ledger/progress.ts";
import type { Owed, Result } from "../../../shared/core/ledger/result.ts";
import { halfPart, putBackPart, redrivePart, retryPart } from "../../../shared/core/outcome/part.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const hash = (text: string) => `h${text.length}`;
const NOTHING: Owed = { retries: [], putBacks: [], deadLetters: [], deadTokens: [] };

const claim = (leaseUntilMs = NOW_MS + 1_000): Account => ({
  owner: "me",
  leaseUntilMs,
  hash: "content",
  expiresAt: NOW_MS / 1000 + 1,
});

const settled = (letters: string, owed: Partial<Owed> = {}): Account => {
  const result: Result = { letters, owed: { ...NOTHING, ...owed }, atMs: NOW_MS - 1, by: "me" };
  return { ...claim(), result };
};

const retried = (...places: number[]): Partial<Owed> => ({ retries: [{ attempt: 1, minDelaySeconds: 1, places }] });
const held = (...places: number[]): Partial<Owed> => ({
  putBacks: [{ because: "credential", minDelaySeconds: 30, places }],
});

const totals = (accounts: Readonly<Record<string, Account>>) => {
  const { asked, redriven } = progressOf(new Map(Object.entries(accounts)), NOW_MS, hash);
  return [asked, redriven].map(({ words, ...others }) => ({ ...Object.fromEntries(words), ...others }));
};

const NONE = { onTheirWay: 0, inHand: 0, unread: 0 };
const [TRIED, WAITING] = [retryPart("0", 1, hash), putBackPart("0", "credential", hash)];

it.each([
  ["no account", {}, NONE, NONE],
  ["a claim of nobody knows how many", { 0: claim() }, { ...NONE, unread: 1 }, NONE],
  ["a result", { 0: settled("SSX"), 1: settled("SJ") }, { ...NONE, sent: 3, dead: 1, rejected: 1 }, NONE],
  ["what is on its way", { 0: settled("Srr", retried(1, 2)) }, { ...NONE, sent: 1, onTheirWay: 2 }, NONE],
  [
    "what is tried again",
    { 0: settled("Srr", retried(1, 2)), [TRIED]: claim() },
    { ...NONE, sent: 1, inHand: 2 },
    NONE,
  ],
  [
    "what was tried again",
    { 0: settled("Srr", retried(1, 2)), [TRIED]: settled("SH") },
    { ...NONE, sent: 2, exhausted: 1 },
    NONE,
  ],
  [
    "one half of what had waited for its channel, the other on its way",
    { 0: settled("hhh", held(0, 1, 2)), [halfPart(WAITING, 1, hash)]: settled("S") },
    { ...NONE, sent: 1, onTheirWay: 2 },
    NONE,
  ],
  [
    "the larger half of three, the smaller one on its way",
    { 0: settled("hhh", held(0, 1, 2)), [halfPart(WAITING, 0, hash)]: settled("SS") },
    { ...NONE, sent: 2, onTheirWay: 1 },
    NONE,
  ],
  [
    "one of two that had waited together",
    { 0: settled("hh", held(0, 1)), [halfPart(WAITING, 0, hash)]: settled("S") },
    { ...NONE, sent: 1, onTheirWay: 1 },
    NONE,
  ],
  [
    "what was redriven, and tried again after it",
    {
      0: settled("SJ"),
      [redrivePart("0", "letter", hash)]: settled("r", retried(0)),
      [retryPart(redrivePart("0", "letter", hash), 1, hash)]: settled("S"),
    },
    { ...NONE, sent: 1, rejected: 1 },
    { ...NONE, sent: 1 },
  ],
  ["what is forgotten", { 0: { ...settled("S"), expiresAt: NOW_MS / 1000 } }, NONE, NONE],
  ["a letter of another version", { 0: settled("S?") }, { ...NONE, sent: 1 }, NONE],
])("counts each address where it has got to: %s", (_, accounts, asked, redriven) => {
  expect(totals(accounts)).toEqual([asked, redriven]);
});

it("tells of each slice what is known", () => {
  const owed: Partial<Owed> = {
    deadLetters: [
      { reason: "TokenMismatch", because: ["a"], places: [1] },
      { reason: "TokenMismatch", because: ["b"], places: [2, 3] },
    ],
  };
  const accounts = { 0: settled("SJJJ", owed), 1: claim(), 2: claim(NOW_MS) };
  const { slices } = progressOf(new Map(Object.entries(accounts)), NOW_MS, hash);
  expect(slices).toEqual([
    {
      part: "0",
      state: "settled",
      atMs: NOW_MS - 1,
      words: new Map([
        ["sent", 1],
        ["rejected", 3],
      ]),
      deadLetters: new Map([["TokenMismatch", 3]]),
    },
    { part: "1", state: "claimed", atMs: NOW_MS + 1_000, words: new Map(), deadLetters: new Map() },
    { part: "2", state: "lapsed", atMs: NOW_MS, words: new Map(), deadLetters: new Map() },
  ]);
});
