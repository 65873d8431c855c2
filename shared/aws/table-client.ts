import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { NoAnswer } from "./no-answer.ts";
import { ONE_ATTEMPT, withoutCeremony } from "./one-attempt.ts";
import { type Departure, departWhen, SlotHandler } from "./slot-handler.ts";
import { systemClock } from "./system-clock.ts";

/** An input of the SDK with the departure of its request, which the SDK hands on unseen. */
export interface Departing {
  readonly departure: Departure;
}

/** A connection that has been idle for longer may be closed at the other end without our knowing. */
const IDLE_SOCKET_MS = 3_000;

/**
 * A DynamoDB client for requests that are many and are tried once: whether one is worth another try is not the SDK's to
 * know. What belongs to one request alone, how long it is waited for, travels in its input: see `within`.
 *
 * @param limits `mostRequests` at once, the others wait; `timeoutMs` for a connection, and again for an answer
 */
export function tableClient(
  limits: { readonly mostRequests: number; readonly timeoutMs: number },
  overrides: DynamoDBClientConfig,
): DynamoDBClient {
  const requestHandler = new SlotHandler({
    maxCallsInFlight: limits.mostRequests,
    callTimeoutMs: limits.timeoutMs,
    connectTimeoutMs: limits.timeoutMs,
    idleSocketMs: IDLE_SOCKET_MS,
    clock: systemClock(),
  });
  const client = new DynamoDBClient({ ...ONE_ATTEMPT, ...overrides, requestHandler });
  client.middlewareStack.add(
    (next) => (args) => {
      departWhen(args.request, (args.input as Departing).departure);
      return next(args);
    },
    { step: "deserialize", priority: "low", name: "departWhenWanted" },
  );
  return withoutCeremony(client);
}

/**
 * Waits so long and no longer: an answer that comes later finds nobody, and a request that has found no connection until
 * then is not sent any more.
 *
 * @throws {NoAnswer} when the time is over
 */
export async function within<Answer>(
  timeoutMs: number,
  ask: (departing: Departing) => Promise<Answer>,
): Promise<Answer> {
  let isWanted = true;
  const givenUp = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    isWanted = false;
    givenUp.reject(new NoAnswer(`No answer within ${timeoutMs} ms`, { kind: "unknown" }));
  }, timeoutMs);
  try {
    return await Promise.race([ask({ departure: async () => isWanted }), givenUp.promise]);
  } finally {
    clearTimeout(timer);
  }
}
