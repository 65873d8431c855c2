/** Attributes of a record on the held-token queue; its body is that of the dead-token queue. */
export const HELD_RECORD = {
  /** Why it is held. */
  because: "HeldBecause",
  /** When a person let it go, RFC 3339: the breaker does not judge it again. */
  released: "Released",
} as const;
