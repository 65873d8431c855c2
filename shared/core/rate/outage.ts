/** What a function knows of the timeline's keeper. */
export type Link =
  /** `failures` in a row so far, the last one at `failedAtMs`: one lost answer is no outage. */
  | { readonly kind: "up"; readonly failures: number; readonly failedAtMs: number }
  /** Nothing is sent before `shareFromMs`; the keeper is asked again from `probeAtMs` on. */
  | {
      readonly kind: "away";
      readonly sinceMs: number;
      readonly failedAtMs: number;
      readonly shareFromMs: number;
      readonly probeAtMs: number;
    };

export const LINK_UP: Link = { kind: "up", failures: 0, failedAtMs: 0 };

const FAILURES_TO_BE_AWAY = 2;
/** Silence after the second failure, while the slots that others still hold pass. */
const SILENCE_MS = 200;
/** From the beginning of one probe to the next. */
const PROBE_EVERY_MS = 300;

/**
 * Whoever finds the keeper back begins the timeline this far ahead. Everybody else that was cut off has then left its
 * static share before the first new slot: its probe may just have failed (150 ms), the next begins 300 ms after that
 * one did and is answered 150 ms later, and a slot of the static share is handed out at most `SHARE_AHEAD_MS` ahead.
 */
export const RESTART_AHEAD_MS = 600;
export const SHARE_AHEAD_MS = 50;

/**
 * A question that was asked at `askedAtMs` has failed at `nowMs`. Those that were under way together fail together: they
 * are one accident.
 */
export function afterFailure(link: Link, askedAtMs: number, nowMs: number): Link {
  const probeAtMs = askedAtMs + PROBE_EVERY_MS;
  if (link.kind === "away") return { ...link, failedAtMs: nowMs, probeAtMs };
  if (askedAtMs < link.failedAtMs) return link;
  const failures = link.failures + 1;
  if (failures < FAILURES_TO_BE_AWAY) return { kind: "up", failures, failedAtMs: nowMs };
  return { kind: "away", sinceMs: nowMs, failedAtMs: nowMs, shareFromMs: nowMs + SILENCE_MS, probeAtMs };
}
