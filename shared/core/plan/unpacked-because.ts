/**
 * Why addresses do not share a call with others of their application and channel type: the first of these that holds.
 * The names are values of a metric's dimension and of `sluice plan`.
 */
export const UNPACKED_BECAUSE = [
  /** Another request in the batch is for the same device. */
  "sameDevice",
  /** The call would become larger than the API takes. */
  "bytes",
  /** Slices are not divided, and these do not add up to full calls. */
  "sliceSize",
  /** `PACKING=identical` merges equal messages only. */
  "packingIdentical",
  "silentPush",
  "defaultMessage",
  "rawContent",
  /** An empty title or body, of the message or of an address. */
  "emptyText",
  /** A title or a body is there in one and absent in the other. */
  "missingText",
  /** The message and an address have a key of `Context` in common. */
  "contextConflict",
  "traceId",
  "timeToLive",
  "data",
  "url",
  "otherFields",
] as const;

export type UnpackedBecause = (typeof UNPACKED_BECAUSE)[number];

/** What two messages that may both carry their texts differ in. */
export function differenceOf(one: Comparable, other: Comparable): UnpackedBecause {
  if (one.traceId !== other.traceId) return "traceId";
  const names = new Set([...Object.keys(one.message ?? {}), ...Object.keys(other.message ?? {})]);
  const differing = [...names].filter(
    (name) => JSON.stringify(one.message?.[name]) !== JSON.stringify(other.message?.[name]),
  );
  return FIELD_REASONS.find(([, fields]) => differing.some((name) => fields.includes(name)))?.[0] ?? "otherFields";
}

interface Comparable {
  readonly message: Readonly<Record<string, unknown>> | undefined;
  readonly traceId: string | undefined;
}

const FIELD_REASONS: readonly (readonly [UnpackedBecause, readonly string[]])[] = [
  ["missingText", ["Title", "Body", "Substitutions"]],
  ["rawContent", ["RawContent"]],
  ["timeToLive", ["TimeToLive", "ExpiresAfter"]],
  ["data", ["Data"]],
  ["url", ["Url", "Action"]],
];
