import type { DeliveryResult } from "../outcome/delivery-result.ts";
import type { Outcome } from "../outcome/outcome.ts";
import type { ChannelType } from "../request/channel-type.ts";
import type { Fault, ProbeEnd } from "./hold.ts";
import { wordsOf } from "./words.ts";

/** What the answer to one call says of its channel. */
export interface Finding {
  /** Addresses that were sent to. */
  readonly sent: number;
  /** Addresses about which the push service has decided, one way or the other. */
  readonly judged: number;
  /** Of these, live tokens of another application, topic or project. */
  readonly mismatched: number;
  /** Addresses that failed because of the channel. */
  readonly faulty: number;
  /** The call failed as a whole (403, 404): none of its addresses can be an odd one. */
  readonly isWhole: boolean;
  /** What the first of either kind was told. */
  readonly fault?: Fault;
  readonly mismatch?: Fault;
}

/** An address of a call that was answered, and what was said of it. */
export interface Answered {
  readonly token: string;
  readonly outcome: Outcome;
  readonly result?: DeliveryResult | undefined;
}

/** What a call that was answered says: address by address. */
export function findingOf(channelType: ChannelType, answers: Iterable<Answered>): Finding {
  const counts = { sent: 0, judged: 0, mismatched: 0, faulty: 0, isWhole: false };
  let fault: Fault | undefined;
  let mismatch: Fault | undefined;
  for (const answer of answers) {
    const { outcome } = answer;
    if (outcome.kind === "retry" || outcome.kind === "unknown") continue;
    if (outcome.kind === "held") {
      counts.faulty += 1;
      fault ??= faultOf(channelType, answer, outcome.because);
      continue;
    }
    counts.judged += 1;
    if (outcome.kind === "sent") counts.sent += 1;
    if (outcome.kind === "rejected" && outcome.because === "mismatch") {
      counts.mismatched += 1;
      mismatch ??= faultOf(channelType, answer, "mismatch");
    }
  }
  return { ...counts, ...(fault && { fault }), ...(mismatch && { mismatch }) };
}

/** What a call has found out as a probe of a channel that was held for `because`. */
export function probeEndOf({ sent, fault, mismatch }: Finding, because: Fault["because"] | undefined): ProbeEnd {
  if (sent > 0) return { kind: "sent" };
  const found = fault ?? (because === "mismatch" ? mismatch : undefined);
  return found === undefined ? { kind: "undecided" } : { kind: "failed", fault: found };
}

function faultOf(channelType: ChannelType, answer: Answered, because: Fault["because"]): Fault {
  const { token, outcome, result } = answer;
  const { reason } = outcome;
  return { because, reason, words: wordsOf(channelType, { token, reason, statusMessage: result?.statusMessage }) };
}
