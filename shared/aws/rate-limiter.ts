import type { Clock, Observe, Random, RateLimiter } from "../ports.ts";
import { dynamodbRateTimeline, rateTimelineClient } from "./dynamodb-rate-timeline.ts";
import { type RateLimits, sharedRateLimiter } from "./shared-rate-limiter.ts";
import { staticRateLimiter } from "./static-rate-limiter.ts";

type Lane = Parameters<typeof sharedRateLimiter>[0]["lane"];

/** Where the rate is kept, and what it is. */
export interface RateSettings extends Omit<RateLimits, "margin"> {
  readonly lane: Lane;
  readonly rateMargin: number;
  readonly rateTableName: string | undefined;
  readonly rateKey: string | undefined;
}

/** The rate that all functions share where there is a table for it, otherwise this function's static share. */
export function rateLimiter(
  settings: RateSettings,
  { clock, random, observe }: { readonly clock: Clock; readonly random: Random; readonly observe: Observe },
): RateLimiter {
  const { lane, rateTableName: tableName, rateKey } = settings;
  const limits = { ...settings, margin: settings.rateMargin };
  if (tableName === undefined || rateKey === undefined) return staticRateLimiter(limits, clock);
  const timeline = dynamodbRateTimeline({ client: rateTimelineClient(), tableName, rateKey, clock });
  return sharedRateLimiter({ timeline, clock, random, observe, lane, limits });
}
