import { fingerprint } from "../../../shared/aws/fingerprint.ts";
import type { ChunkLine } from "../../../shared/core/campaign/chunks.ts";
import type { Reject } from "../../../shared/core/campaign/reject.ts";
import { split } from "../../../shared/pipeline/import-campaign/split.ts";
import { readCampaignMessage } from "../../cli/import/campaign-message-file.ts";
import { localFile } from "../../cli/import/local-file.ts";
import type { PushRequest } from "../push-simulator/wire.ts";
import { memoryCampaign } from "./memory-campaign.ts";
import type { Order } from "./order.ts";

/** What a recipients file and a message file ask for. */
export interface RecipientsInput {
  readonly orders: readonly Order[];
  /** Rows that are not sent. */
  readonly rejects: readonly Reject[];
}

/**
 * The send requests of a recipients file and a message file, split as a campaign is.
 *
 * @throws {BadFile} when the recipients file cannot be used
 * @throws {UsageError} when the message file cannot be used
 */
export async function recipientsInput({
  recipientsPath,
  messagePath,
  applicationId,
}: {
  readonly recipientsPath: string;
  readonly messagePath: string;
  readonly applicationId: string;
}): Promise<RecipientsInput> {
  const { message } = await readCampaignMessage(messagePath);
  const store = memoryCampaign();
  const task = { id: "recipients", applicationId, message };
  await split(task, { file: localFile(recipientsPath), store, fingerprint });
  const orders = store.chunkLines().map((line): Order => {
    const { Request } = JSON.parse(line) as ChunkLine;
    const { MessageRequest } = Request;
    const request = MessageRequest as PushRequest;
    return { lane: "campaign", applicationId, body: JSON.stringify(Request), request, fate: "sendable" };
  });
  return { orders, rejects: store.rejects() };
}
