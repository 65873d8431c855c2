import { MESSAGE_FIELD } from "../request/channel-type.ts";
import type { Packing, Slice } from "./call.ts";
import { canonicalJson } from "./canonical-json.ts";
import { mostJsonBytes } from "./most-json-bytes.ts";
import type { OwnMessage } from "./own-message.ts";
import type { Difference } from "./unpacked-because.ts";

/** The parts of a message that an address can carry instead, so that they may differ within a call. */
export const LIFTABLE_PARTS = ["Title", "Body", "RawContent", "Substitutions", "Context"] as const;

export type LiftablePart = (typeof LIFTABLE_PARTS)[number];

/** What slices must have in common to share a call. */
export interface Likeness {
  /**
   * Slices with equal keys may share a call, devices and sizes permitting. The application and the channel type, and a
   * line for each further thing: what to call it if two slices differ in it, and what it is. JSON has no line breaks.
   */
  readonly key: string;
  /** The most bytes of all that is not an address. */
  readonly messageBytes: number;
  /** The most bytes that the parts which may be lifted add to each address. */
  readonly liftedBytes: number;
}

/** What the addresses of a slice say that makes it uncertain what would follow from lifting a part to them. */
export type Obstacle =
  | "emptyTitle"
  | "emptyBody"
  | "variablesInOverride"
  | "emptyVariable"
  | "rawContent"
  | "emptyRawContent"
  | "contextConflict"
  /** For whoever adds up the bytes: lifted, the call would be too large. */
  | "bytes";

/**
 * Divides a message into what may be lifted and what must be the same for the whole call.
 *
 * A part is lifted only where it is certain what a device receives then; otherwise it is in the key, under the reason.
 * That a part is there, or is not, is always in the key. `message` is the channel's own, its time to live included.
 */
export function likenessOf(
  { request, channelType }: Slice,
  message: OwnMessage | undefined,
  { packing, obstacles }: { readonly packing: Packing; readonly obstacles: ReadonlySet<Obstacle> },
): Likeness {
  const { applicationId, messageConfiguration, context, traceId } = request;
  const { DefaultPushNotificationMessage, DefaultMessage } = messageConfiguration;
  const hasDefault = DefaultPushNotificationMessage !== undefined || DefaultMessage !== undefined;
  const isApns = channelType.startsWith("APNS");
  const whyKept = whyKeptOf(message, { packing, obstacles, hasDefault, isApns });
  const draft: Draft = { key: `${channelType} ${applicationId}`, messageBytes: 0, liftedBytes: 0 };

  // Of thousands of messages few have more than two fields, and to look for one that is not there takes long.
  const given = message === undefined ? NO_NAMES : Object.keys(message);
  let left = given.length;
  for (const [field, difference] of FIELDS) {
    if (left === 0) break;
    if (!given.includes(field)) continue;
    left -= 1;
    const value = message?.[field];
    if (value === undefined) continue;
    if (isLiftable(difference)) addLiftable(draft, difference, value, whyKept[difference]);
    else add(draft, difference, field, value);
  }
  if (context !== undefined) addLiftable(draft, "Context", context, whyKept.Context);
  if (traceId !== undefined) add(draft, "traceId", "TraceId", traceId);
  if (message === undefined) add(draft, "defaultMessage", "hasOwn", false);
  if (hasDefault) {
    add(draft, "defaultMessage", "Default", { DefaultPushNotificationMessage, DefaultMessage });
  }
  if (packing === "identical") {
    const others = { ...messageConfiguration, [MESSAGE_FIELD[channelType]]: undefined };
    add(draft, "packingIdentical", "others", others);
  }
  return draft;
}

/** What the key is made of besides the application and the channel type. */
export function differencesOf({ key }: Likeness): ReadonlyMap<string, string> {
  const differences = new Map<string, string>();
  for (const line of key.split("\n").slice(1)) {
    const name = line.slice(0, line.indexOf(" "));
    differences.set(name, `${differences.get(name) ?? ""}${line}`);
  }
  return differences;
}

/** A likeness that is being put together. */
type Draft = { -readonly [Part in keyof Likeness]: Likeness[Part] };

function add(draft: Draft, difference: Difference, name: string, value: unknown): void {
  draft.key += `\n${difference} ${name}:${canonicalJson(value)}`;
  draft.messageBytes += NAME_BYTES + mostJsonBytes(value);
}

/** @param why it is kept; undefined where it may be lifted: then only that it is there is part of the likeness */
function addLiftable(draft: Draft, part: LiftablePart, value: unknown, why: Difference | undefined): void {
  if (why !== undefined) {
    add(draft, why, part, value);
    return;
  }
  draft.key += `\nmissingPart ${part}`;
  const bytes = NAME_BYTES + mostJsonBytes(value);
  draft.messageBytes += bytes;
  draft.liftedBytes += bytes;
}

/** More than the name of any field takes, with its quotes, colon and comma. */
const NAME_BYTES = 64;

/** The obstacles in the addresses of a slice; `message` is the channel's own. */
export function obstaclesOf({ request, tokens }: Slice, message: OwnMessage | undefined): ReadonlySet<Obstacle> {
  let obstacles: Set<Obstacle> | undefined;
  const found = (obstacle: Obstacle) => {
    obstacles ??= new Set();
    obstacles.add(obstacle);
  };
  for (const token of tokens) {
    const { TitleOverride, BodyOverride, RawContent, Substitutions, Context } = request.addresses.get(token) ?? {};
    if (isEmpty(TitleOverride)) found("emptyTitle");
    if (isEmpty(BodyOverride)) found("emptyBody");
    if (hasVariables(TitleOverride) || hasVariables(BodyOverride)) found("variablesInOverride");
    if (RawContent !== undefined) found("rawContent");
    if (isEmpty(RawContent)) found("emptyRawContent");
    const variables = namesOnBothLevels(message?.Substitutions, Substitutions);
    if (variables.some((name) => Substitutions?.[name]?.every(isEmpty))) found("emptyVariable");
    if (namesOnBothLevels(request.context, Context).length > 0) found("contextConflict");
  }
  return obstacles ?? NO_OBSTACLES;
}

/** Of most slices; what is found for thousands of them should cost nothing. */
const NO_OBSTACLES: ReadonlySet<Obstacle> = new Set();

type WhyKept = Readonly<Record<LiftablePart, Difference | undefined>>;

/** Why each part is not lifted; undefined for those that are. */
function whyKeptOf(
  message: OwnMessage | undefined,
  {
    packing,
    obstacles,
    hasDefault,
    isApns,
  }: {
    readonly packing: Packing;
    readonly obstacles: ReadonlySet<Obstacle>;
    readonly hasDefault: boolean;
    readonly isApns: boolean;
  },
): WhyKept {
  if (packing === "identical") return allKept("packingIdentical");
  if (message === undefined || hasDefault) return allKept("defaultMessage");
  if (message.SilentPush === true) return allKept("silentPush");
  if (obstacles.has("bytes")) return allKept("bytes");
  if (message.RawContent !== undefined || obstacles.has("rawContent")) {
    // Texts, variables and context stay: nobody says which of them still count beside raw content. Where an APNs push
    // type is not given, it is read from "the message's" raw content, and nobody says whether that includes an address's.
    const isCertain =
      !isEmpty(message.RawContent) &&
      !hasVariables(message.RawContent) &&
      !obstacles.has("emptyRawContent") &&
      (!isApns || message.APNSPushType !== undefined);
    return { ...allKept("rawContent"), RawContent: packing === "all" && isCertain ? undefined : "rawContent" };
  }
  const isFillingUncertain = obstacles.has("variablesInOverride") || obstacles.has("emptyVariable");
  return {
    Title: whyTextKept(message.Title, obstacles.has("emptyTitle")),
    Body: whyTextKept(message.Body, obstacles.has("emptyBody")),
    RawContent: undefined,
    Substitutions: isFillingUncertain ? "variables" : undefined,
    Context: obstacles.has("contextConflict") ? "contextConflict" : undefined,
  };
}

function allKept(why: Difference): WhyKept {
  return { Title: why, Body: why, RawContent: why, Substitutions: why, Context: why };
}

/** An empty override may count as none, and then the message's own text would be missed. */
function whyTextKept(text: string | undefined, hasEmptyOverride: boolean): Difference | undefined {
  if (hasEmptyOverride || isEmpty(text)) return "emptyText";
  return hasVariables(text) ? "variables" : undefined;
}

function isEmpty(text: string | undefined): boolean {
  return text?.trim() === "";
}

function hasVariables(text: string | undefined): boolean {
  return text?.includes("{{") === true;
}

function namesOnBothLevels(message: object | undefined, address: object | undefined): readonly string[] {
  if (message === undefined || address === undefined) return NO_NAMES;
  return Object.keys(address).filter((name) => Object.hasOwn(message, name));
}

const NO_NAMES: readonly string[] = [];

function isLiftable(difference: Difference | LiftablePart): difference is LiftablePart {
  return LIFTABLE.has(difference);
}

const LIFTABLE: ReadonlySet<string> = new Set(LIFTABLE_PARTS);

/** What two messages differ in when they differ in this field, or which part it is that can be lifted. */
const DIFFERENCE_OF_FIELD = {
  Title: "Title",
  Body: "Body",
  RawContent: "RawContent",
  Substitutions: "Substitutions",
  SilentPush: "silentPush",
  Data: "data",
  MD5: "data",
  TimeToLive: "timeToLive",
  ExpiresAfter: "timeToLive",
  CollapseId: "collapseId",
  CollapseKey: "collapseId",
  ConsolidationKey: "collapseId",
  Badge: "badge",
  Action: "url",
  Url: "url",
  MediaUrl: "images",
  ImageUrl: "images",
  ImageIconUrl: "images",
  SmallImageIconUrl: "images",
  IconReference: "images",
  Priority: "priority",
  APNSPushType: "otherFields",
  Category: "otherFields",
  PreferredAuthenticationMethod: "otherFields",
  RestrictedPackageName: "otherFields",
  Sound: "otherFields",
  ThreadId: "otherFields",
} as const satisfies Record<keyof OwnMessage, Difference | LiftablePart>;

/** In an order that no producer has a say in. */
const FIELDS = Object.entries(DIFFERENCE_OF_FIELD) as readonly (readonly [
  keyof OwnMessage,
  Difference | LiftablePart,
])[];
