/**
 * What keeps two slices of one application and channel type from sharing a call. Where several hold, the first is told.
 * The names are a dimension of the metric `UnpackedBecause`, and what `sluice plan` prints.
 */
export const DIFFERENCES = [
  /** `PACKING=identical` merges equal messages only, and these differ in a text, variables or context. */
  "packingIdentical",
  /** Of a silent push nothing is lifted: a text might make it one that shows something. */
  "silentPush",
  /**
   * Raw content, the message's or an address's. `PACKING=all` lifts the message's; for APNs only beside an
   * `APNSPushType`, which is otherwise read from it.
   */
  "rawContent",
  /** There is a default message, or no message of the channel's own. */
  "defaultMessage",
  /** Lifted to each of its addresses, the message would make a call too large. */
  "bytes",
  /** An empty title or body, of the message or of an address: it might count as none. */
  "emptyText",
  /** A text with `{{variables}}`, or values for them that are empty: nobody says how overrides are filled. */
  "variables",
  /** `Context` of the message and of an address have a key in common. */
  "contextConflict",
  /** One has a title, a body, raw content, variables or context, the other has none. */
  "missingPart",
  "data",
  "traceId",
  "timeToLive",
  "collapseId",
  "badge",
  "url",
  "images",
  "priority",
  "otherFields",
] as const;

export type Difference = (typeof DIFFERENCES)[number];

/** Why addresses are in a call that is not full. */
export const UNPACKED_BECAUSE = [
  ...DIFFERENCES,
  /** Alike, but for the same device. */
  "sameDevice",
  /** Alike, but slices are not divided, and these do not add up to full calls; or they are too large to. */
  "sliceSize",
] as const;

export type UnpackedBecause = (typeof UNPACKED_BECAUSE)[number];
