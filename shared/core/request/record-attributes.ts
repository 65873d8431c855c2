import { type PartHash, partNamed } from "../outcome/part.ts";
import { formatJson } from "./format-json.ts";
import { formatRfc3339, parseRfc3339 } from "./rfc-3339.ts";

/** What a record says of itself in its message attributes; the body is the producer's, these are ours. */
export interface RecordState {
  /** `Attempt`: earlier tries at these addresses that count; 0 for a record as its producer put it. */
  readonly attempt: number;
  /** `EnqueuedAt`: when the producer put it on the queue, whatever it went through since. */
  readonly enqueuedAtMs: number;
  /** `PutBacks`: how often it was put back untried. */
  readonly putBacks: number;
  /** `Part`: which part of a divided request this is; absent on a request as its producer put it. */
  readonly part?: string;
  /** `Origin`: message id of the record that the producer put, where the request is accounted for by it. */
  readonly origin?: string;
  /** `Searched`: the API refused a call of these and other addresses, and not for the sake of all. */
  readonly searched?: boolean;
  /** `Campaign`: where in its recipients file the record comes from. */
  readonly campaign?: CampaignPosition;
}

export interface CampaignPosition {
  readonly id: string;
  readonly chunk: number;
  readonly firstRow: number;
}

/**
 * The attributes `Attempt`, `EnqueuedAt`, `PutBacks`, `Part`, `Origin`, `Searched` and `Campaign` of a record. Others are
 * ignored, and each one that makes no sense is read as if it were absent: a record must not be lost for what surrounds its body. A
 * `Part` always makes sense (`partNamed`): it says that the record is not the whole request.
 *
 * `sentAtMs`, when SQS took this very record, stands in for an `EnqueuedAt` that is absent or later than that: a record
 * can only look older than it is, never younger.
 */
export function readRecordAttributes(
  attributes: Readonly<Record<string, string | undefined>>,
  sentAtMs: number,
  hash: PartHash,
): RecordState {
  const { Attempt, EnqueuedAt, PutBacks, Part, Origin, Searched, Campaign } = attributes;
  // As its producer put it: nearly every record.
  const state: { -readonly [Field in keyof RecordState]: RecordState[Field] } = {
    attempt: 0,
    enqueuedAtMs: sentAtMs,
    putBacks: 0,
  };
  if (Attempt) state.attempt = readCount(Attempt);
  if (EnqueuedAt) state.enqueuedAtMs = Math.min(parseRfc3339(EnqueuedAt) ?? sentAtMs, sentAtMs);
  if (PutBacks) state.putBacks = readCount(PutBacks);
  if (Part) state.part = partNamed(Part, hash);
  const origin = Origin && readOrigin(Origin);
  if (origin) state.origin = origin;
  if (Searched === "1") state.searched = true;
  const campaign = Campaign ? readCampaign(Campaign) : undefined;
  if (campaign !== undefined) state.campaign = campaign;
  return state;
}

/**
 * The same as they travel: strings, counts in decimal, `EnqueuedAt` as RFC 3339 in UTC with milliseconds (a person
 * reads it in the queue's console), `Campaign` as JSON. Reading them back gives an equal state.
 */
export function writeRecordAttributes(state: RecordState): Record<string, string> {
  return {
    Attempt: String(state.attempt),
    EnqueuedAt: formatRfc3339(state.enqueuedAtMs),
    PutBacks: String(state.putBacks),
    ...(state.part === undefined ? {} : { Part: state.part }),
    ...(state.origin === undefined ? {} : { Origin: state.origin }),
    ...(state.searched ? { Searched: "1" } : {}),
    ...(state.campaign === undefined ? {} : { Campaign: writeCampaign(state.campaign) }),
  };
}

/**
 * Whose record it is on the lane's queue: its campaign's, where SQS takes the campaign's id for a group's name.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function messageGroupOf({ campaign }: Pick<RecordState, "campaign">): string | undefined {
  return /^[!-~]{1,128}$/.test(campaign?.id ?? "") ? campaign?.id : undefined;
}

function readCount(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

/** As wide as a request's own id. */
function readOrigin(text: string): string | undefined {
  return /^[A-Za-z0-9._:#-]{1,128}$/.test(text) ? text : undefined;
}

function readCampaign(text: string): CampaignPosition | undefined {
  try {
    const { Id: id, Chunk: chunk, FirstRow: firstRow }: Record<string, unknown> = JSON.parse(text);
    const makesSense = typeof id === "string" && id !== "" && isCount(chunk) && isCount(firstRow);
    return makesSense ? { id, chunk, firstRow } : undefined;
  } catch {
    return undefined;
  }
}

function writeCampaign({ id, chunk, firstRow }: CampaignPosition): string {
  return formatJson({ Id: id, Chunk: chunk, FirstRow: firstRow });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
