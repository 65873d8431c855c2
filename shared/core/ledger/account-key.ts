import type { CampaignPosition } from "../request/record-attributes.ts";

/** Where an account is kept: both keys of the state table. */
export interface AccountKey {
  readonly pk: string;
  readonly sk: string;
}

/** Over so many partitions the slices of one campaign are spread: a partition takes 1,000 writes a second. */
export const CAMPAIGN_LOTS = 16;

/** Wide enough for 10,000,000,000 recipients, so that a campaign's chunks are listed in order. */
const CHUNK_DIGITS = 8;

/**
 * The accounts of one request lie beside each other, by part; those of a campaign by chunk and part.
 *
 * @param slice.id the request's `RequestId`; where it has none, the message id of the record that its producer put
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 */
export function accountKey(slice: {
  readonly applicationId: string;
  readonly id: string;
  readonly part: string;
  readonly campaign?: Pick<CampaignPosition, "id" | "chunk"> | undefined;
}): AccountKey {
  const { applicationId, id, part, campaign } = slice;
  if (campaign === undefined) return { pk: `ledger#${applicationId}#${id}`, sk: part };
  return {
    pk: lotKey(campaign.id, campaign.chunk % CAMPAIGN_LOTS),
    sk: `${firstOfChunk(campaign.chunk)}#${part}`,
  };
}

/** Where all accounts of one lot of a campaign's chunks lie. */
export function lotKey(campaignId: string, lot: number): string {
  return `campaign#${campaignId}#${lot}`;
}

/** Accounts of a chunk, and of those after it, come after this. */
export function firstOfChunk(chunk: number): string {
  return String(chunk).padStart(CHUNK_DIGITS, "0");
}

/** The chunk and the part of an account of a campaign. */
export function chunkAndPart(sk: string): { readonly chunk: number; readonly part: string } {
  const at = sk.indexOf("#");
  return { chunk: Number(sk.slice(0, at)), part: sk.slice(at + 1) };
}
