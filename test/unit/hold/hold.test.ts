import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  channelState,
  type Fault,
  type Hold,
  onFault,
  onProbeAsk,
  onProbeEnd,
  type ProbeEnd,
} from "../../../shared/core/hold/hold.ts";

const NOW_MS = 1_795_000_000_000;
const expired: Fault = { because: "credential", reason: "ExpiredProviderToken", words: "APNs: ExpiredProviderToken" };
const absent: Fault = { because: "configuration", reason: "ChannelNotEnabled", words: "No channel of type APNS" };

const held: Hold = {
  ...expired,
  sinceMs: NOW_MS - 60_000,
  probeAtMs: NOW_MS + 3_000,
  probes: 2,
  expiresAt: NOW_MS / 1000 + 60,
};
const due: Hold = { ...held, probeAtMs: NOW_MS };
const probing: Hold = { ...held, prober: "a" };
const lapsed: Hold = { ...due, prober: "a" };
const forgotten: Hold = { ...held, expiresAt: NOW_MS / 1000 };

describe("channelState", () => {
  it.each<{ state: string; hold: Hold | undefined }>([
    { state: "open", hold: undefined },
    { state: "open", hold: forgotten },
    { state: "held", hold: held },
    { state: "due", hold: due },
    { state: "probing", hold: probing },
    // Whoever had the right has ended.
    { state: "due", hold: lapsed },
  ])("$state", ({ state, hold }) => {
    expect(channelState(hold, NOW_MS)).toBe(state);
  });
});

describe("onFault", () => {
  it("holds an open channel for what was said, with a first probe five seconds later", () => {
    const hold = onFault(undefined, expired, NOW_MS);
    expect(hold).toEqual({
      ...expired,
      sinceMs: NOW_MS,
      probeAtMs: NOW_MS + 5_000,
      probes: 0,
      expiresAt: NOW_MS / 1000 + 4 * 86_400,
    });
    expect(channelState(hold, NOW_MS)).toBe("held");
  });

  it.each([held, due, probing, lapsed])("leaves a hold as it is", (hold) => {
    expect(onFault(hold, absent, NOW_MS)).toEqual(hold);
  });

  it("begins a hold anew that was forgotten", () => {
    expect(onFault(forgotten, absent, NOW_MS)).toMatchObject({ ...absent, sinceMs: NOW_MS, probes: 0 });
  });
});

describe("onProbeAsk", () => {
  const ask = { owner: "b", nowMs: NOW_MS, untilMs: NOW_MS + 15_000 };
  it.each([due, lapsed])("gives the right until it ends by itself", (hold) => {
    expect(onProbeAsk(hold, ask)).toEqual({ ...hold, prober: "b", probeAtMs: NOW_MS + 15_000 });
  });
  it.each([held, probing])("refuses before it is time", (hold) => {
    expect(onProbeAsk(hold, ask)).toEqual(hold);
  });
  it.each([undefined, forgotten])("gives no right to an open channel", (hold) => {
    expect(onProbeAsk(hold, ask)).toBeUndefined();
  });
});

describe("onProbeEnd", () => {
  const report = (end: ProbeEnd, owner = "a") => ({ owner, nowMs: NOW_MS, end });
  const again = { probes: 3, probeAtMs: NOW_MS + 5_000, probedAtMs: NOW_MS, expiresAt: NOW_MS / 1000 + 4 * 86_400 };

  it.each([probing, lapsed])("opens the channel when it was sent", (hold) => {
    expect(onProbeEnd(hold, report({ kind: "sent" }))).toBeUndefined();
  });
  it("says why the channel is held from now on, and since when it was", () => {
    const { prober: _, ...rest } = probing;
    expect(onProbeEnd(probing, report({ kind: "failed", fault: absent }))).toEqual({ ...rest, ...absent, ...again });
  });
  it("leaves why it is held where it has decided nothing", () => {
    const { prober: _, ...rest } = probing;
    expect(onProbeEnd(probing, report({ kind: "undecided" }))).toEqual({ ...rest, ...again });
  });
  it.each<ProbeEnd>([{ kind: "sent" }, { kind: "failed", fault: absent }, { kind: "undecided" }])(
    "changes nothing when the right is somebody else's: $kind",
    (end) => {
      expect(onProbeEnd(probing, report(end, "b"))).toEqual(probing);
      expect(onProbeEnd(held, report(end, "b"))).toEqual(held);
      expect(onProbeEnd(undefined, report(end, "b"))).toBeUndefined();
    },
  );
});

describe("the probes of many functions", () => {
  type Step =
    | { readonly do: "fault" | "ask" | "crash" }
    | { readonly do: "end"; readonly found: "sent" | "failed" | "undecided" }
    | { readonly do: "wait"; readonly ms: number };
  const anySteps: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof(
      fc.record({ do: fc.constantFrom("fault" as const, "ask" as const, "ask" as const, "crash" as const) }),
      fc.record({ do: fc.constant("end" as const), found: fc.constantFrom("sent", "failed", "undecided") }),
      fc.record({ do: fc.constant("wait" as const), ms: fc.constantFrom(1, 2_000, 5_000, 15_000) }),
    ),
    { maxLength: 40, size: "max" },
  );

  it("are one at a time, as often as every five seconds, and end by themselves", () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        let hold: Hold | undefined;
        let nowMs = NOW_MS;
        let owners = 0;
        /** Those who believe that the right is theirs. */
        let probers: { readonly owner: string; readonly untilMs: number }[] = [];
        let endedAtMs = Number.NEGATIVE_INFINITY;
        for (const step of steps) {
          if (step.do === "wait") nowMs += step.ms;
          else if (step.do === "fault") hold = onFault(hold, expired, nowMs);
          else if (step.do === "ask") {
            const ask = { owner: `owner ${++owners}`, nowMs, untilMs: nowMs + 15_000 };
            hold = onProbeAsk(hold, ask);
            if (hold?.prober !== ask.owner) continue;
            expect(probers.filter(({ untilMs }) => untilMs > nowMs)).toEqual([]);
            expect(nowMs - endedAtMs).toBeGreaterThanOrEqual(5_000);
            probers = [ask];
          } else if (step.do === "crash") {
            probers = probers.slice(1);
          } else if (step.do === "end") {
            const [prober] = probers;
            if (prober === undefined) continue;
            const end: ProbeEnd = step.found === "failed" ? { kind: "failed", fault: absent } : { kind: step.found };
            hold = onProbeEnd(hold, { owner: prober.owner, nowMs, end });
            if (step.found === "sent") expect(hold).toBeUndefined();
            endedAtMs = hold === undefined ? Number.NEGATIVE_INFINITY : nowMs;
            probers = [];
          }
        }
        // Nobody has to end anything for the channel to be tried again.
        if (hold !== undefined) expect(channelState(hold, nowMs + 15_000)).toBe("due");
      }),
    );
  });
});
