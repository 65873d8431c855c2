import type { RetiredTokens } from "../../shared/core/outcome/retired-tokens.ts";
import type { QueueUnavailable, Retirements } from "../../shared/ports.ts";

export interface MemoryRetirements extends Retirements {
  /** What was taken, in order. */
  readonly events: readonly RetiredTokens[];
}

/** An event bus in a variable. It refuses what it is told to. */
export function memoryRetirements(
  refusal: (event: RetiredTokens) => QueueUnavailable | undefined = () => undefined,
): MemoryRetirements {
  const events: RetiredTokens[] = [];
  return {
    events,
    async publish(event) {
      const refused = refusal(event);
      if (refused) throw refused;
      events.push(event);
    },
  };
}
