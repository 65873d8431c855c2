import type { SQSClient } from "@aws-sdk/client-sqs";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import { type Campaign, identityOf } from "../../../shared/core/campaign/campaign.ts";
import { readRecordAttributes } from "../../../shared/core/request/record-attributes.ts";
import { type DeadLetter, isSettled, readDeadLetter } from "../dead-letters/dead-letter.ts";
import { sampleQueue } from "../queue-records.ts";

/** What a look into the campaign lane's dead-letter queue has found of a campaign's recipients who have no word yet. */
export interface SetAside {
  readonly reasons: readonly SetAsideBecause[];
  /** Of about so many records it has looked at so many. */
  readonly sampled: number;
  readonly about: number;
}

/** Dead letters of one reason. */
export interface SetAsideBecause {
  readonly reason: string;
  readonly records: number;
  readonly recipients: number;
}

/** Nothing that goes its way is silent for so long as a rule. */
const QUIET_MS = 60_000;

const MOST_LOOKED_AT = 1_000;

/** Whether it is time to ask where the rest is of a campaign that does not come to its end. */
export function isToBeLookedFor(campaign: Campaign, nowMs: number): boolean {
  const { state, standing } = campaign;
  const isNearItsEnd = state === "waiting" || state === "cancelling";
  return isNearItsEnd && identityOf(campaign).owed > 0 && nowMs - (standing?.changedAtMs ?? nowMs) > QUIET_MS;
}

/**
 * Looks for recipients of a campaign among the dead letters that nothing is written down of: SQS has moved their record, or
 * it could not be read. As a whole such a look receives up to a thousand records, and gives them back.
 */
export async function setAside(client: SQSClient, deadLetterQueueUrl: string, campaignId: string): Promise<SetAside> {
  const { records, about } = await sampleQueue(client, deadLetterQueueUrl, MOST_LOOKED_AT);
  const letters = records
    .filter(({ attributes }) => readRecordAttributes(attributes, 0, shortHash).campaign?.id === campaignId)
    .map(readDeadLetter)
    .filter((letter) => !isSettled(letter));
  const reasons = Array.from(
    Map.groupBy(letters, ({ reason }) => reason),
    ([reason, some]) => ({ reason, records: some.length, recipients: recipientsIn(some) }),
  );
  return { reasons, sampled: records.length, about };
}

function recipientsIn(letters: readonly DeadLetter[]): number {
  return letters.reduce((sum, { devices }) => sum + (devices?.length ?? 0), 0);
}
