import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Call } from "../../shared/core/plan/call.ts";
import type { CallAnswer, Clock, PushService, Slot } from "../../shared/ports.ts";

/** What the other side is to do with the calls to come. */
export type Play =
  /** Sends to every address, but says this of those that are named. */
  | { readonly kind: "answers"; readonly others?: ReadonlyMap<string, OtherResult> }
  /** 400. */
  | { readonly kind: "refuses" }
  /** 403. */
  | { readonly kind: "forbids" }
  /** 429. */
  | { readonly kind: "throttles" }
  /** 500. */
  | { readonly kind: "fails" }
  /** The connection is cut when the call has been carried out. */
  | { readonly kind: "cuts" };

export type OtherResult =
  | { readonly deliveryStatus: string; readonly statusCode?: number; readonly statusMessage?: string }
  | "missing";

export interface PushServiceUnderTest {
  readonly service: PushService;
  readonly clock: Clock;
  play(play: Play): void;
  /** The device tokens of each call that reached the other side, in order, and when it came. */
  received(): readonly { readonly tokens: readonly string[]; readonly atMs: number }[];
  close(): Promise<void>;
}

/** Two clocks of one machine, one in whole milliseconds, may differ by this much. */
const CLOCKS_MS = 2;

/** A call of application `app` to GCM devices. */
export function callTo(...tokens: string[]): Call {
  const slice = { record: 0, part: "0", channelType: "GCM" as const, tokens };
  const configuration = { ChannelType: "GCM" as const };
  const messageConfiguration = { GCMMessage: { Title: "Hello", Body: "world" } };
  const request = {
    applicationId: "app",
    addresses: new Map(tokens.map((token) => [token, configuration])),
    messageConfiguration,
    onUnknownOutcome: "retry" as const,
  };
  return {
    applicationId: "app",
    channelType: "GCM",
    addresses: tokens.map((token) => ({ token, configuration, slice: { ...slice, request } })),
    messageConfiguration,
  };
}

/** Everything that a push service owes. */
export function describePushService(name: string, start: () => Promise<PushServiceUnderTest>): void {
  describe(`a push service: ${name}`, () => {
    let side: PushServiceUnderTest;
    let before = 0;
    beforeAll(async () => {
      side = await start();
    });
    beforeEach(() => {
      side.play({ kind: "answers" });
      before = side.received().length;
    });
    afterAll(() => side.close());

    const received = () => side.received().slice(before);
    /** A slot with time to get ready for it, and to be late. */
    const slotIn = (aheadMs: number): Slot => {
      const slotMs = side.clock.nowMs() + aheadMs;
      return { slotMs, lateAfterMs: slotMs + 5_000 };
    };
    const resultsOf = (answer: CallAnswer) => {
      if (answer.kind !== "answered") throw new Error(`not answered: ${JSON.stringify(answer)}`);
      return answer.results;
    };

    it("answers for every address, whatever its device token is", async () => {
      const tokens = ["__proto__", "constructor", "a token", "7", "Ä\u{1F44B}", '"', "toString"];
      const results = resultsOf(await side.service.send(callTo(...tokens), slotIn(0)));
      expect([...results.keys()].toSorted()).toEqual(tokens.toSorted());
      for (const result of results.values()) expect(result).toMatchObject({ deliveryStatus: "SUCCESSFUL" });
      expect(received().map((call) => call.tokens.toSorted())).toEqual([tokens.toSorted()]);
    });

    it("answers for a hundred addresses", async () => {
      const tokens = Array.from({ length: 100 }, (_, i) => `token-${i}`);
      expect(resultsOf(await side.service.send(callTo(...tokens), slotIn(0))).size).toBe(100);
    });

    it("hands on what is said of an address as it is, known or not, and leaves out whom nothing was said of", async () => {
      const gone = { deliveryStatus: "PERMANENT_FAILURE", statusCode: 410, statusMessage: '{"errorMessage":"Unre' };
      const strange = { deliveryStatus: "NOT_SEEN_BEFORE", statusCode: 299, statusMessage: "plain" };
      side.play({
        kind: "answers",
        others: new Map<string, OtherResult>([
          ["gone", gone],
          ["strange", strange],
          ["missing", "missing"],
        ]),
      });
      const results = resultsOf(await side.service.send(callTo("gone", "fine", "strange", "missing"), slotIn(0)));
      expect(results.get("gone")).toMatchObject(gone);
      expect(results.get("strange")).toMatchObject(strange);
      expect([...results.keys()].toSorted()).toEqual(["fine", "gone", "strange"]);
    });

    it("makes each call at its slot and not before, in the order of the slots", async () => {
      const aheadMs = [90, 10, 50, 0, 70, 30];
      const slots = aheadMs.map(slotIn);
      const answers = await Promise.all(slots.map((slot, i) => side.service.send(callTo(`slot-${i}`), slot)));
      expect(answers.map(({ kind }) => kind)).toEqual(aheadMs.map(() => "answered"));
      expect(received()).toHaveLength(aheadMs.length);
      for (const { tokens, atMs } of received()) {
        const slot = slots[Number(tokens[0]?.slice("slot-".length))];
        expect(atMs).toBeGreaterThan((slot?.slotMs ?? Number.POSITIVE_INFINITY) - CLOCKS_MS);
      }
    });

    it("does not make a call whose slot has passed", async () => {
      const slotMs = side.clock.nowMs() - 30;
      expect(await side.service.send(callTo("late"), { slotMs, lateAfterMs: slotMs + 20 })).toEqual({ kind: "late" });
      expect(received()).toEqual([]);
    });

    it.each<{ play: Play; answer: object }>([
      { play: { kind: "refuses" }, answer: { kind: "refused", status: 400 } },
      { play: { kind: "forbids" }, answer: { kind: "misconfigured", status: 403 } },
      { play: { kind: "throttles" }, answer: { kind: "throttled" } },
      { play: { kind: "fails" }, answer: { kind: "unknown" } },
      { play: { kind: "cuts" }, answer: { kind: "unknown" } },
    ])("the other side $play.kind: $answer.kind, and the next call is none the worse", async ({ play, answer }) => {
      side.play(play);
      const token = "a-device-token-that-nobody-may-read";
      const failed = await side.service.send(callTo(token), slotIn(0));
      expect(failed).toMatchObject(answer);
      expect(JSON.stringify(failed)).not.toContain(token);
      side.play({ kind: "answers" });
      expect(await side.service.send(callTo(token), slotIn(0))).toMatchObject({ kind: "answered" });
    });
  });
}
