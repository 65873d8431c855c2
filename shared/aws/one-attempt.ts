import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import toFastProperties from "to-fast-properties";
import { Sha256 } from "./sha-256.ts";

type Next<Args, Output> = (args: Args) => Promise<Output>;

/**
 * Settings of a client whose requests are tried once and are many. The SDK would count attempts and put each request's
 * chain of middlewares together anew.
 *
 * The chain is kept from the first request on: middlewares are added before it, and what belongs to one request alone
 * travels in its input.
 */
export const ONE_ATTEMPT = {
  maxAttempts: 1,
  retryStrategy: { retry: <Args, Output>(next: Next<Args, Output>, args: Args) => next(args) },
  cacheMiddleware: true,
  sha256: Sha256,
} as const;

/** Of the SDK's clients, which are all alike in this, what `withoutCeremony` changes. */
interface Client {
  readonly middlewareStack: { remove(name: string): boolean };
  readonly config: Pick<DynamoDBClient["config"], "signer">;
}

/**
 * For each request the SDK would copy input and output for a log that nobody keeps, ask the machine for the name of its
 * kernel (`SlotHandler` names us instead), and make a signer. Together with `ONE_ATTEMPT` that is half of a request's
 * processor time. It also copies the whole configuration three times, which V8 keeps as a dictionary, since so much was
 * added to it one by one: laid out as an object it is copied in a fifth of the time.
 */
export function withoutCeremony<Kind extends Client>(client: Kind): Kind {
  client.middlewareStack.remove("loggerMiddleware");
  client.middlewareStack.remove("getUserAgentMiddleware");
  const makeSigner = client.config.signer;
  let signer: ReturnType<typeof makeSigner> | undefined;
  client.config.signer = (scheme) => {
    signer ??= makeSigner(scheme);
    return signer;
  };
  toFastProperties(client.config);
  return client;
}
