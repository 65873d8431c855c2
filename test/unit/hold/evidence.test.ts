import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Evidence, type MismatchLimit, NO_EVIDENCE, weigh } from "../../../shared/core/hold/evidence.ts";
import type { Finding } from "../../../shared/core/hold/finding.ts";
import type { Fault } from "../../../shared/core/hold/hold.ts";

const T0_MS = 1_795_000_000_000;
const LIMIT: MismatchLimit = { share: 0.2, leastJudged: 200, windowMs: 300_000 };
const fault: Fault = { because: "credential", reason: "Http403", words: "FCM: HTTP 403" };
const mismatch: Fault = { because: "mismatch", reason: "SENDER_ID_MISMATCH", words: "FCM: SENDER_ID_MISMATCH" };

const finding = (over: Partial<Finding>): Finding => ({
  sent: 0,
  judged: over.sent ?? 0,
  mismatched: 0,
  faulty: 0,
  isWhole: false,
  ...over,
});
const sent = (addresses = 1) => finding({ sent: addresses });
const faulty = (addresses = 1) => finding({ faulty: addresses, fault });
const forbidden = () => finding({ faulty: 1, isWhole: true, fault });
const mixed = (all: number, wrong: number) => finding({ sent: all - wrong, judged: all, mismatched: wrong, mismatch });

/** What the channel is held for after each call, `atMs` of them. */
function play(calls: readonly (readonly [atMs: number, call: Finding])[]): (string | undefined)[] {
  let evidence: Evidence = NO_EVIDENCE;
  return calls.map(([atMs, call]) => {
    const weighed = weigh(evidence, call, T0_MS + atMs, LIMIT);
    evidence = weighed.evidence;
    return weighed.fault?.because;
  });
}

describe("a channel whose calls fail", () => {
  it.each<{ what: string; calls: [number, Finding][]; heldFor: (string | undefined)[] }>([
    { what: "at once where nothing was sent before", calls: [[0, faulty()]], heldFor: ["credential"] },
    {
      what: "at once where a whole call does after it had worked",
      calls: [
        [0, sent(100)],
        [10, faulty(100)],
      ],
      heldFor: [undefined, "credential"],
    },
    {
      what: "not for two odd addresses among others that are sent to",
      calls: [
        [0, sent()],
        [10, faulty()],
        [20, faulty()],
        [30, sent()],
        [40, faulty()],
        [50, faulty()],
      ],
      heldFor: [undefined, undefined, undefined, undefined, undefined, undefined],
    },
    {
      what: "from the third in a row on",
      calls: [
        [0, sent()],
        [10, faulty()],
        [20, faulty()],
        [30, faulty()],
      ],
      heldFor: [undefined, undefined, undefined, "credential"],
    },
    {
      what: "at once where it has worked a minute ago",
      calls: [
        [0, sent()],
        [60_000, faulty()],
      ],
      heldFor: [undefined, "credential"],
    },
    {
      what: "at once for 403 and 404 of a call",
      calls: [
        [0, sent()],
        [1, forbidden()],
      ],
      heldFor: [undefined, "credential"],
    },
    {
      what: "not for a call in which others were sent to",
      calls: [[0, finding({ sent: 1, judged: 1, faulty: 99, fault })]],
      heldFor: [undefined],
    },
  ])("is held $what", ({ calls, heldFor }) => {
    expect(play(calls)).toEqual(heldFor);
  });
});

describe("mismatch", () => {
  it.each<{ what: string; calls: [number, Finding][]; isHeld: boolean }>([
    { what: "a fifth of 200", calls: [[0, mixed(200, 40)]], isHeld: true },
    { what: "less than a fifth", calls: [[0, mixed(200, 39)]], isHeld: false },
    { what: "all of 199", calls: [[0, mixed(199, 199)]], isHeld: false },
    { what: "all of 200, with nothing sent before", calls: [[0, mixed(200, 200)]], isHeld: true },
    {
      what: "a fifth of two calls of one millisecond",
      calls: [
        [0, mixed(100, 40)],
        [0, mixed(100, 1)],
      ],
      isHeld: true,
    },
    {
      what: "a fifth of calls within five minutes",
      calls: [
        [0, mixed(100, 40)],
        [299_000, mixed(100, 1)],
      ],
      isHeld: true,
    },
    {
      what: "a fifth of what is longer ago",
      calls: [
        [0, mixed(100, 90)],
        [300_000, mixed(150, 1)],
      ],
      isHeld: false,
    },
    {
      what: "none in the call that is weighed",
      calls: [
        [0, mixed(150, 100)],
        [10, sent(100)],
      ],
      isHeld: false,
    },
  ])("is the channel's fault: $what, $isHeld", ({ calls, isHeld }) => {
    expect(play(calls).at(-1)).toBe(isHeld ? "mismatch" : undefined);
  });

  it("is weighed over the window to a tenth of it, in a few counts", () => {
    const anyCalls = fc.array(fc.tuple(fc.nat(40_000), fc.nat(120), fc.nat(120)), { maxLength: 60, size: "max" });
    fc.assert(
      fc.property(anyCalls, (calls) => {
        let evidence: Evidence = NO_EVIDENCE;
        let nowMs = T0_MS;
        const seen: { readonly atMs: number; readonly judged: number; readonly mismatched: number }[] = [];
        for (const [waitMs, judged, some] of calls) {
          nowMs += waitMs;
          const mismatched = Math.min(judged, some);
          seen.push({ atMs: nowMs, judged, mismatched });
          evidence = weigh(evidence, finding({ sent: judged - mismatched, judged, mismatched }), nowMs, LIMIT).evidence;
          const sumOf = (among: readonly { judged: number; mismatched: number }[], which: "judged" | "mismatched") =>
            among.reduce((sum, one) => sum + one[which], 0);
          const within = (ms: number) => seen.filter(({ atMs }) => atMs > nowMs - ms);
          for (const which of ["judged", "mismatched"] as const) {
            expect(sumOf(evidence.spans, which)).toBeGreaterThanOrEqual(sumOf(within(LIMIT.windowMs * 0.9), which));
            expect(sumOf(evidence.spans, which)).toBeLessThanOrEqual(sumOf(within(LIMIT.windowMs * 1.1), which));
          }
          expect(evidence.spans.length).toBeLessThanOrEqual(11);
        }
      }),
    );
  });

  it("forgets what a clock says that was set back", () => {
    expect(
      play([
        [900_000, mixed(150, 100)],
        [0, mixed(100, 20)],
      ]),
    ).toEqual([undefined, undefined]);
  });
});
