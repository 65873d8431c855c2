import { dynamodbStops } from "../../shared/aws/dynamodb-stops.ts";
import { gateClient } from "../../shared/aws/gate-client.ts";
import { putBackDelaySeconds } from "../../shared/core/outcome/delay.ts";
import { PUT_BACK_REASONS } from "../../shared/core/outcome/put-back-reason.ts";
import type { Stop } from "../../shared/core/stop/stop.ts";
import type { StopState, Stops } from "../../shared/ports.ts";
import { ANSWER_WITHIN_MS } from "./answer-within.ts";
import type { Deployment } from "./deployment.ts";
import { tableProblem } from "./table-problem.ts";
import { UsageError } from "./usage-error.ts";

/** What has been put back because of a stop waits no longer than this when it is over. */
export const LONGEST_WAIT_SECONDS = putBackDelaySeconds({
  putBacks: 100,
  random: 1,
  minSeconds: PUT_BACK_REASONS.stopped.minDelaySeconds,
});

/** The stops of a stage. */
export function stopsOf({ tableNames }: Deployment): Stops {
  return dynamodbStops({ client: gateClient(), tableName: tableNames.state, answerWithinMs: ANSWER_WITHIN_MS });
}

/** @throws {UsageError} when the table did not answer */
export function knownStops(state: StopState, { tableNames }: Deployment): readonly Stop[] {
  if (state.kind === "known") return state.stops;
  throw new UsageError(`${tableProblem(tableNames.state, state.detail)} What is stopped now, says sluice status.`);
}

export function stopObject({ lane, applicationId, channelType, sinceMs }: Stop) {
  return {
    lane: lane ?? null,
    applicationId: applicationId ?? null,
    channelType: channelType ?? null,
    since: new Date(sinceMs).toISOString(),
  };
}
