/** Of the SDK's clients, what this page changes. */
interface Client {
  readonly middlewareStack: { remove(name: string): boolean };
}

type Next<Args, Output> = (args: Args) => Promise<Output>;

/**
 * Settings of a client whose requests are tried once and are many. The SDK would count attempts and put each request's
 * chain of middlewares together anew; without that, a request takes half of the processor time.
 *
 * The chain is kept from the first request on: middlewares are added before it, and what belongs to one request alone
 * travels in its input.
 */
export const ONE_ATTEMPT = {
  maxAttempts: 1,
  retryStrategy: { retry: <Args, Output>(next: Next<Args, Output>, args: Args) => next(args) },
  cacheMiddleware: true,
} as const;

/** The SDK would copy the input and the output of each request for a log, though nobody keeps one. */
export function withoutLog<Kind extends Client>(client: Kind): Kind {
  client.middlewareStack.remove("loggerMiddleware");
  return client;
}
