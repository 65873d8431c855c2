import { RateWitness } from "../../../tools/local/push-simulator/quota-window.ts";

/** A call, or part of one, that has come somewhere. */
export interface Counted {
  readonly atMs: number;
  readonly messages: number;
}

/** The most messages in any sliding second. */
export function worstSecond(all: readonly Counted[]): number {
  const witness = new RateWitness();
  for (const { atMs, messages } of all.toSorted((a, b) => a.atMs - b.atMs)) witness.observe(atMs, messages);
  return witness.report().worstSecond;
}

/** Messages per second between two times. */
export function perSecond(all: readonly Counted[], fromMs: number, toMs: number): number {
  const within = all.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return (total(within) * 1_000) / (toMs - fromMs);
}

export function total(all: readonly { readonly messages: number }[]): number {
  return all.reduce((sum, { messages }) => sum + messages, 0);
}

/** The smallest value that so large a part of all values does not exceed; `NaN` of none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

/** 1 when all have got the same, 1 / n when one has got everything. */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((all, value) => all + value, 0);
  const squares = values.reduce((all, value) => all + value * value, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}
