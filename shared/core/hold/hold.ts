import type { OutcomeReason } from "../outcome/outcome-reason.ts";

/** What is at fault with a channel of an application, whatever the address. */
export interface Fault {
  /** `mismatch`: so many live tokens belong elsewhere that the sender does. */
  readonly because: "credential" | "configuration" | "mismatch";
  readonly reason: OutcomeReason;
  /** What the push service or the API said; nothing of what was sent. */
  readonly words: string;
}

/**
 * The hold of one channel of one application: nothing is sent through it but probes, until one of these is.
 *
 * A credential that has expired and a channel that is not set up fail every address alike, and end when a person has
 * done something about it. So they are a state of the channel:
 *
 * ```text
 *          a fault              the time for a probe has come, and one function takes it
 *   open ───────────▶ held ─────────────────────────────────────────────────▶ probing
 *     ▲                 ▲                                                        │ │
 *     │                 └── it failed, or decided nothing, or nobody heard of it ┘ │
 *     └──────────────────── it was sent ───────────────────────────────────────────┘
 * ```
 *
 * | state   | what is known                                       | a call of the channel                    |
 * |---------|-----------------------------------------------------|------------------------------------------|
 * | open    | nothing against it                                  | is made                                  |
 * | held    | it fails; `probeAtMs` is when to try the next time  | waits, before `probeAtMs`                |
 * | due     | the same, from `probeAtMs` on                       | may become a probe: one address of it    |
 * | probing | `prober` tries, and nobody else before `probeAtMs`  | waits                                    |
 *
 * The right to probe is a lease: it is one function's at a time, and ends by itself should the function end. Only a probe
 * opens the channel: a call that had left before the fault may be answered after it, and says nothing.
 */
export interface Hold extends Fault {
  readonly sinceMs: number;
  /** Nobody probes before this; while somebody does, until when nobody else may. */
  readonly probeAtMs: number;
  /** Who has the right to probe. */
  readonly prober?: string;
  /** How many probes have ended, and when the last one did. */
  readonly probes: number;
  readonly probedAtMs?: number;
  /** Seconds since 1970; from then on the channel is open, whether or not the hold is still there. */
  readonly expiresAt: number;
}

/** Often enough that nobody waits for it after the repair, and 12 messages a minute that nobody minds. */
const PROBE_EVERY_MS = 5_000;

/** A hold that nobody has probed for so long is of no use: a lane keeps no record longer than this. */
const KEPT_SECONDS = 4 * 86_400;

/** What is known of a channel whose hold, if any, is `hold`. */
export function channelState(hold: Hold | undefined, nowMs: number): "open" | "held" | "due" | "probing" {
  const known = unlessForgotten(hold, nowMs);
  if (known === undefined) return "open";
  if (nowMs >= known.probeAtMs) return "due";
  return known.prober === undefined ? "held" : "probing";
}

/** The hold after a fault: the one there is, or a new one. */
export function onFault(existing: Hold | undefined, fault: Fault, nowMs: number): Hold {
  return (
    unlessForgotten(existing, nowMs) ?? {
      because: fault.because,
      reason: fault.reason,
      words: fault.words,
      sinceMs: nowMs,
      probeAtMs: nowMs + PROBE_EVERY_MS,
      probes: 0,
      expiresAt: keptUntil(nowMs),
    }
  );
}

export interface ProbeAsk {
  /** Different for each probe. */
  readonly owner: string;
  readonly nowMs: number;
  /** When the right ends by itself. */
  readonly untilMs: number;
}

/** The hold after `owner` has asked for the right to probe: it has got it where it is `prober` now. */
export function onProbeAsk(existing: Hold | undefined, { owner, nowMs, untilMs }: ProbeAsk): Hold | undefined {
  const hold = unlessForgotten(existing, nowMs);
  if (hold === undefined || nowMs < hold.probeAtMs) return hold;
  return { ...hold, prober: owner, probeAtMs: untilMs };
}

/** What a probe found out. */
export type ProbeEnd =
  | { readonly kind: "sent" }
  | { readonly kind: "failed"; readonly fault: Fault }
  /** It was not made, or its answer says nothing about the channel: a dead token, a throttled call. */
  | { readonly kind: "undecided" };

export interface ProbeReport {
  readonly owner: string;
  readonly nowMs: number;
  readonly end: ProbeEnd;
}

/** The hold after a probe. One whose right has gone to somebody else changes nothing. */
export function onProbeEnd(existing: Hold | undefined, { owner, nowMs, end }: ProbeReport): Hold | undefined {
  const hold = unlessForgotten(existing, nowMs);
  if (hold?.prober !== owner) return hold;
  if (end.kind === "sent") return undefined;
  const { prober: _, ...held } = hold;
  return { ...held, ...(end.kind === "failed" && end.fault), probes: hold.probes + 1, ...afterProbe(nowMs) };
}

/** The times of a hold after a probe that has not opened the channel. */
export function afterProbe(nowMs: number): Required<Pick<Hold, "probeAtMs" | "probedAtMs" | "expiresAt">> {
  return { probeAtMs: nowMs + PROBE_EVERY_MS, probedAtMs: nowMs, expiresAt: keptUntil(nowMs) };
}

export function unlessForgotten(hold: Hold | undefined, nowMs: number): Hold | undefined {
  return hold !== undefined && hold.expiresAt * 1000 > nowMs ? hold : undefined;
}

function keptUntil(nowMs: number): number {
  return Math.floor(nowMs / 1000) + KEPT_SECONDS;
}
