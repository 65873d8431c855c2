/** Whoever asks may be an ocean away, and three round trips go by before the question is there. */
export const ANSWER_WITHIN_MS = 2_000;
