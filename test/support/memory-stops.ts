import { onGo, onStop, type Stop } from "../../shared/core/stop/stop.ts";
import type { Stops } from "../../shared/ports.ts";

/** The stops in a variable: the laws themselves. */
export function memoryStops(): Stops {
  let stops: readonly Stop[] = [];
  const change = async (law: (stops: readonly Stop[]) => readonly Stop[]) => {
    stops = law(stops);
    return { kind: "known", stops } as const;
  };
  return {
    read: () => change((some) => some),
    stop: (stop) => change((some) => onStop(some, stop)),
    go: (scope) => change((some) => onGo(some, scope)),
  };
}
