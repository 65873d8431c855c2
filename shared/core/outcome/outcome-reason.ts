import type { DeliveryStatus } from "./delivery-result.ts";
import { DELIVERY_STATUSES } from "./delivery-result.ts";
import type { PushService } from "./verdicts.ts";
import { GOOGLE_STATUSES, HTTP_VERDICTS, PHRASES, VERDICTS } from "./verdicts.ts";

/** Where neither the push service nor the API says anything that we know. */
const OTHER_REASONS = [
  /** A delivery status that the API did not have when this was written. */
  "UnknownStatus",
  /** The answer does not mention the address. */
  "MissingResult",
] as const;

/** What a whole call came to where no address has a result of its own. */
const CALL_REASONS = [
  /** HTTP 429: nothing of the call was carried out. */
  "TooManyRequests",
  /** The call was certainly not carried out. */
  "NotCarriedOut",
  /** HTTP 403, 404, 405. */
  "CallForbidden",
  /** HTTP 400, 413, down to a single address. */
  "CallRefused",
  /** The call may or may not have been carried out. */
  "UnknownOutcome",
] as const;

type ProviderWord = { [Service in PushService]: keyof (typeof VERDICTS)[Service] }[PushService];

/** Why an outcome is what it is. Closed, and so fit for a dimension of a metric. */
export type OutcomeReason =
  | DeliveryStatus
  | (typeof OTHER_REASONS)[number]
  | (typeof CALL_REASONS)[number]
  | ProviderWord
  | keyof typeof GOOGLE_STATUSES
  | keyof typeof PHRASES
  | keyof typeof HTTP_VERDICTS;

export const OUTCOME_REASONS: ReadonlySet<string> = new Set<string>([
  ...DELIVERY_STATUSES,
  ...OTHER_REASONS,
  ...CALL_REASONS,
  ...Object.values(VERDICTS).flatMap((words) => Object.keys(words)),
  ...Object.keys(GOOGLE_STATUSES),
  ...Object.keys(PHRASES),
  ...Object.keys(HTTP_VERDICTS),
]);
