import { describe, expect, it } from "vitest";
import type { Account } from "../../../shared/core/ledger/account.ts";
import { follow, heirsIn } from "../../../shared/core/ledger/follow.ts";
import type { Owed } from "../../../shared/core/ledger/result.ts";
import { halfPart, putBackPart, retryPart } from "../../../shared/core/outcome/part.ts";

const hash = (text: string) => `h${text.length}`;
const CLAIM: Account = { owner: "me", leaseUntilMs: 1, hash: "content", expiresAt: 1 };

/** An account under which these places are tried again, and those wait. */
const left = (letters: string, { again = [], waiting = [] }: { again?: number[]; waiting?: number[] }): Account => {
  const owed: Owed = {
    retries: again.length > 0 ? [{ attempt: 1, minDelaySeconds: 1, places: again }] : [],
    putBacks: waiting.length > 0 ? [{ because: "credential", minDelaySeconds: 1, places: waiting }] : [],
    deadLetters: [],
    deadTokens: [],
  };
  return { ...CLAIM, result: { letters, owed, atMs: 0, by: "me" } };
};
const settled = (letters: string) => left(letters, {});

const AGAIN = retryPart("0", 1, hash);
const WAITING = putBackPart("0", "credential", hash);
const half = (part: string, ...halves: (0 | 1)[]) => halves.reduce((name, which) => halfPart(name, which, hash), part);

describe("addresses are found where they are, and in every part that they have left", () => {
  it.each<{ what: string; accounts: Record<string, Account>; found: Record<string, number[]>; absent?: string[] }>([
    { what: "before anybody takes them up", accounts: {}, found: { 0: [4, 5, 6, 7] }, absent: ["0"] },
    { what: "while they are sent", accounts: { 0: CLAIM }, found: { 0: [4, 5, 6, 7] } },
    { what: "when they were sent", accounts: { 0: settled("SSSS") }, found: { 0: [4, 5, 6, 7] } },
    {
      what: "on two ways",
      accounts: { 0: left("rShr", { again: [0, 3], waiting: [2] }) },
      found: { 0: [4, 5, 6, 7], [AGAIN]: [4, 7], [WAITING]: [6] },
      absent: [AGAIN, WAITING],
    },
    {
      what: "by the places of each part",
      accounts: {
        0: left("Srrr", { again: [1, 2, 3] }),
        [AGAIN]: left("hSh", { waiting: [0, 2] }),
        [putBackPart(AGAIN, "credential", hash)]: settled("SS"),
      },
      found: { 0: [4, 5, 6, 7], [AGAIN]: [5, 6, 7], [putBackPart(AGAIN, "credential", hash)]: [5, 7] },
    },
    {
      what: "whole, where there is an account of the whole, whatever else there is",
      accounts: { 0: left("rrrr", { again: [0, 1, 2, 3] }), [AGAIN]: CLAIM, [half(AGAIN, 0)]: CLAIM },
      found: { 0: [4, 5, 6, 7], [AGAIN]: [4, 5, 6, 7] },
    },
    {
      what: "in halves, the first one larger",
      accounts: {
        0: left("rrrS", { again: [0, 1, 2] }),
        [half(AGAIN, 0)]: settled("SS"),
        [half(AGAIN, 1)]: settled("S"),
      },
      found: { 0: [4, 5, 6, 7], [half(AGAIN, 0)]: [4, 5], [half(AGAIN, 1)]: [6] },
    },
    {
      what: "in halves of halves, of which one is known",
      accounts: { 0: left("hhhh", { waiting: [0, 1, 2, 3] }), [half(WAITING, 1, 0)]: settled("S") },
      found: { 0: [4, 5, 6, 7], [half(WAITING, 0)]: [4, 5], [half(WAITING, 1, 0)]: [6], [half(WAITING, 1, 1)]: [7] },
      absent: [half(WAITING, 0), half(WAITING, 1, 1)],
    },
    {
      what: "in halves of two",
      accounts: { 0: left("rrSS", { again: [0, 1] }), [half(AGAIN, 1)]: CLAIM },
      found: { 0: [4, 5, 6, 7], [half(AGAIN, 0)]: [4], [half(AGAIN, 1)]: [5] },
      absent: [half(AGAIN, 0)],
    },
    {
      what: "and not in halves of one",
      accounts: { 0: left("rSSS", { again: [0] }), [half(AGAIN, 0)]: CLAIM },
      found: { 0: [4, 5, 6, 7], [AGAIN]: [4] },
      absent: [AGAIN],
    },
  ])("$what", ({ accounts, found, absent = [] }) => {
    const parts = new Map(Object.entries(accounts));
    const where = [...follow("0", [4, 5, 6, 7], parts, hash)];
    expect(Object.fromEntries(where.map(({ part, places }) => [part, places]))).toEqual(found);
    expect(where.filter(({ account }) => account === undefined).map(({ part }) => part)).toEqual(absent);
    for (const { part, account } of where) expect(account).toBe(accounts[part]);
    // Each part but the first is what others have become.
    expect([...heirsIn(parts, hash)].toSorted()).toEqual(
      where
        .map(({ part }) => part)
        .filter((part) => part !== "0")
        .toSorted(),
    );
  });
});
