/** What the bench says to its processes, and they to it. */

/** In milliseconds from the first call on. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** All processes are ready; the first call may come at `startMs`, in milliseconds since 1970. */
interface Start {
  readonly kind: "start";
  readonly startMs: number;
}

/** To a process that serves: it tells what it has seen when it is asked. */
export type ToListener = Start | { readonly kind: "report" };

/** To a process that works: it tells how it went when its time is over. */
export type ToWorker = Start;

export type FromListener =
  | { readonly kind: "listening"; readonly url: string }
  | { readonly kind: "report"; readonly report: never };

export type FromWorker = { readonly kind: "ready" } | { readonly kind: "report"; readonly report: never };
