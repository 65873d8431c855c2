import { isJsonObject, type JsonObject, parseJson } from "../request/parse-json.ts";
import { campaignOfOrder, isCampaignId } from "./bucket-keys.ts";

/** What a record on the imports queue says. */
export type ImportRecord =
  /** S3 tells of files that start campaigns; of none where it only tries out whether it may tell. */
  | { readonly kind: "orders"; readonly orders: readonly OrderedCampaign[] }
  /** Somebody is to look after a campaign. */
  | Wake
  /** Nobody can tell: `problem` says what is wrong, as the end of a sentence that begins with the record. */
  | { readonly kind: "unreadable"; readonly problem: string };

export interface OrderedCampaign {
  readonly campaignId: string;
  /** Of its `campaign.json`. */
  readonly key: string;
  /** The version that the event is about; none from a bucket without versions. */
  readonly versionId?: string;
}

export interface Wake {
  readonly kind: "wake";
  readonly campaignId: string;
  /** Also when one with this id has been there before. */
  readonly again: boolean;
}

/** Reads the body of a record on the imports queue. Never throws. */
export function parseImportRecord(body: string): ImportRecord {
  const json = parseJson(body);
  if (!json.ok) return unreadable(json.message);
  const { value } = json;
  if (!isJsonObject(value)) return unreadable("is not an object");
  if (value["Event"] === "s3:TestEvent") return { kind: "orders", orders: [] };
  if ("CampaignId" in value) return wakeOf(value);
  const { Records: events } = value;
  if (!Array.isArray(events)) return unreadable("is neither a notification of S3 nor a wake record");
  const orders: OrderedCampaign[] = [];
  for (const [index, event] of events.entries()) {
    const order = orderOf(event, index);
    if (typeof order === "string") return unreadable(order);
    orders.push(order);
  }
  return { kind: "orders", orders };
}

/** The body of a record that calls for somebody to look after a campaign. */
export function formatWake({ campaignId, again }: Pick<Wake, "campaignId"> & Partial<Pick<Wake, "again">>): string {
  return JSON.stringify({ CampaignId: campaignId, ...(again && { Again: true }) });
}

function wakeOf({ CampaignId: campaignId, Again: again = false, ...others }: JsonObject): ImportRecord {
  if (typeof campaignId !== "string" || !isCampaignId(campaignId)) return unreadable("has a CampaignId that is none");
  if (typeof again !== "boolean") return unreadable("has an Again that is neither true nor false");
  const unknown = Object.keys(others).length;
  return unknown > 0 ? unreadable(`has ${unknown} unknown fields`) : { kind: "wake", campaignId, again };
}

/**
 * One event of a notification, or what is wrong with it.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
function orderOf(event: unknown, index: number): OrderedCampaign | string {
  const s3 = isJsonObject(event) ? event["s3"] : undefined;
  const object = isJsonObject(s3) ? s3["object"] : undefined;
  if (!isJsonObject(object)) return `has no Records[${index}].s3.object`;
  const key = typeof object["key"] === "string" ? decodedKey(object["key"]) : undefined;
  if (key === undefined) return `has a Records[${index}].s3.object.key that is none`;
  const campaignId = campaignOfOrder(key);
  if (campaignId === undefined) {
    return `is about a file that starts no campaign (Records[${index}].s3.object.key): it should be campaigns/<id>/campaign.json, the id of up to 100 letters, digits and . _ : - after a letter or digit`;
  }
  const versionId = object["versionId"];
  return { campaignId, key, ...(typeof versionId === "string" && { versionId }) };
}

/** S3 encodes keys as a form does: a space is `+`, and what is not ASCII its UTF-8 bytes in hex. */
function decodedKey(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

function unreadable(problem: string): ImportRecord {
  return { kind: "unreadable", problem };
}
