/** Where a campaign's files are in the import bucket. */
const ROOT = "campaigns/";

/** The file that starts a campaign, put there when all the others are. */
const ORDER = "campaign.json";

/** By how the key of such a file begins and ends, a bucket knows whom to tell of it. */
export const ORDER_KEYS = { prefix: ROOT, suffix: `/${ORDER}` } as const;

/** A `RequestId` is the campaign's id, `#` and the number of a chunk, and has no more than 128 characters. */
export function isCampaignId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/.test(text);
}

/** Of a file that its owner puts there, such as the recipients file. */
export function campaignKey(campaignId: string, fileName: string): string {
  return `${ROOT}${campaignId}/${fileName}`;
}

export function orderKey(campaignId: string): string {
  return campaignKey(campaignId, ORDER);
}

/** What the campaign itself writes has a folder of its own, so that no name is taken for its owner's files. */
export function outputKey(campaignId: string, fileName: string): string {
  return campaignKey(campaignId, `out/${fileName}`);
}

/** The campaign that an order's key belongs to; `undefined` for the key of anything else. */
export function campaignOfOrder(key: string): string | undefined {
  const [root, id = "", name, ...deeper] = key.split("/");
  const isOrder = `${root}/` === ROOT && name === ORDER && deeper.length === 0;
  return isOrder && isCampaignId(id) ? id : undefined;
}

/** Whether a key is one of some campaign's files; no function may read others. */
export function isCampaignFile(key: string): boolean {
  const [root, id = "", ...names] = key.split("/");
  return `${root}/` === ROOT && isCampaignId(id) && names.length > 0 && names.every((name) => name !== "");
}
