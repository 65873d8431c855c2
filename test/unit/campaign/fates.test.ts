import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import type { ChunkLine } from "../../../shared/core/campaign/chunks.ts";
import { allSent, fatesOf } from "../../../shared/core/campaign/fates.ts";
import { progressOf } from "../../../shared/core/ledger/progress.ts";
import { type Decision, resultOf } from "../../../shared/core/ledger/result.ts";
import { retryPart } from "../../../shared/core/outcome/part.ts";
import type { ChannelType } from "../../../shared/core/request/channel-type.ts";
import { seededRandom } from "../../../tools/local/main-job/seeded-random.ts";
import { playChunk } from "../../support/campaign-history.ts";

const NOW_MS = Date.UTC(2026, 10, 26, 12);

/** Rows from 2, in the order of the tokens. */
const line = (tokens: readonly string[], ChannelType: ChannelType = "GCM"): ChunkLine => ({
  Chunk: 1,
  Rows: tokens.map((_, index) => index + 2),
  Request: {
    MessageRequest: {
      Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType }])),
      MessageConfiguration: {},
    },
    RequestId: "spring#1",
  },
});

const settled = (decisions: readonly Decision[]) => ({
  owner: "me",
  leaseUntilMs: NOW_MS,
  hash: "content",
  expiresAt: NOW_MS / 1000 + 1,
  result: resultOf(decisions, { atMs: NOW_MS - 1, by: "me" }),
});

const wordsOf = (fates: ReturnType<typeof fatesOf>) => Object.fromEntries(fates.map(({ row, word }) => [row, word]));

describe("fatesOf", () => {
  it("has letters in the order of the account, whatever the order of the body", () => {
    const accounts = new Map([["0", settled([{ word: "sent" }, { word: "expired" }, { word: "duplicate" }])]]);
    expect(wordsOf(fatesOf(line(["c", "a", "b"]), accounts, NOW_MS, shortHash))).toEqual({
      3: "sent",
      4: "expired",
      2: "duplicate",
    });
    const apns = line(["<0C>", "0b", "0A"], "APNS");
    expect(wordsOf(fatesOf(apns, accounts, NOW_MS, shortHash))).toEqual({ 4: "sent", 3: "expired", 2: "duplicate" });
  });

  it("has an address where it got to last", () => {
    const again: Decision = { word: "retry", attempt: 1, minDelaySeconds: 1 };
    const accounts = new Map([
      ["0", settled([again, { word: "sent" }, again])],
      [retryPart("0", 1, shortHash), settled([{ word: "optedOut" }, { word: "suppressed" }])],
    ]);
    expect(wordsOf(fatesOf(line(["c", "a", "b"]), accounts, NOW_MS, shortHash))).toEqual({
      3: "optedOut",
      4: "sent",
      2: "suppressed",
    });
  });

  it("has no word where there is no account, or none any more", () => {
    const forgotten = { ...settled([{ word: "sent" }]), expiresAt: NOW_MS / 1000 };
    for (const accounts of [new Map(), new Map([["0", forgotten]])]) {
      expect(wordsOf(fatesOf(line(["a"]), accounts, NOW_MS, shortHash))).toEqual({ 2: undefined });
      expect(allSent(accounts, NOW_MS)).toBeUndefined();
    }
  });

  it("is not all that is to be said where a token was replaced that was sent to", () => {
    const deadToken = { Verdict: "replaced", Confidence: "certain", Reason: "UpdatedToken", StatusCode: 200 } as const;
    const accounts = (...decisions: Decision[]) => new Map([["0", settled(decisions)]]);
    expect(allSent(accounts({ word: "sent" }, { word: "sent" }), NOW_MS)).toBe(2);
    expect(allSent(accounts({ word: "sent" }, { word: "sent", deadToken }), NOW_MS)).toBeUndefined();
    expect(allSent(accounts({ word: "sent" }, { word: "expired" }), NOW_MS)).toBeUndefined();
  });

  const histories = fc.record({
    tokens: fc.uniqueArray(fc.stringMatching(/^[0-9a-c]{1,3}$/), { minLength: 1, maxLength: 100, size: "max" }),
    channelType: fc.constantFrom<ChannelType[]>("GCM", "APNS"),
    seed: fc.nat(),
    isEnded: fc.boolean(),
  });

  it("has for each row what its token came to, in sum what progressOf counts", () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(histories, ({ tokens, channelType, seed, isEnded }) => {
        const chunk = line(tokens, channelType);
        const order = Object.keys(chunk.Request.MessageRequest.Addresses);
        const { accounts, ends } = playChunk(chunk, { random: seededRandom(seed), isEnded, nowMs: NOW_MS });
        for (const part of accounts.keys()) met.add(part.replace(/\d/, ""));

        const fates = fatesOf(chunk, accounts, NOW_MS, shortHash);
        expect(fates.map(({ row }) => row).toSorted((a, b) => a - b)).toEqual(chunk.Rows);
        for (const { row, token, word, deadToken, deadLetter } of fates) {
          expect(order[chunk.Rows.indexOf(row)]).toBe(token);
          const end = ends.get(token);
          expect(word).toBe(end?.word);
          expect(deadToken).toEqual(end !== undefined && "deadToken" in end ? end.deadToken : undefined);
          expect(deadLetter).toBe(end !== undefined && "deadLetter" in end ? end.deadLetter : undefined);
        }
        const counted = Map.groupBy(fates, ({ word }) => word);
        const { words, onTheirWay, inHand, unread } = progressOf(accounts, NOW_MS, shortHash).asked;
        const known = [...words].map(([word, count]) => [word, counted.get(word as "sent")?.length === count]);
        expect(known.filter(([, isEqual]) => !isEqual)).toEqual([]);
        if (unread === 0 && accounts.size > 0) {
          expect(counted.get(undefined)?.length ?? 0).toBe(onTheirWay + inHand);
        }
        const all = fates.every(({ word, deadToken }) => word === "sent" && deadToken === undefined);
        expect(allSent(accounts, NOW_MS)).toBe(all && accounts.size === 1 ? fates.length : undefined);
      }),
      { numRuns: 150 },
    );
    expect(met.size).toBeGreaterThan(50);
  });
});
