import type { Clock } from "../../ports.ts";

/** What is known is looked at again when it is this old; */
const LOOK_EVERY_MS = 1_000;

/** and nobody goes by it when it is this old. */
const MOST_AGE_MS = 1_500;

/**
 * Looks at something once a second at most, and only when somebody wants to know.
 *
 * @param look never rejects
 * @returns what to wait for before going by what was seen: mostly nothing, because the next look goes on beside the work
 */
export function lookout(clock: Clock, look: () => Promise<void>): () => Promise<void> | undefined {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  const lookAgain = async (): Promise<void> => {
    const atMs = clock.nowMs();
    await look();
    lookedAtMs = atMs;
    looking = undefined;
  };

  return () => {
    const ageMs = clock.nowMs() - lookedAtMs;
    // A clock that was set back says nothing of the age.
    const isYounger = (ms: number) => ageMs >= 0 && ageMs < ms;
    if (!isYounger(LOOK_EVERY_MS)) looking ??= lookAgain();
    return isYounger(MOST_AGE_MS) ? undefined : looking;
  };
}
