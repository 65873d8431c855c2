/**
 * What AWS asks for in us-east-1, in dollars, without its free tiers. docs/costs.md names the sources and how sure they
 * are.
 */
export const PRICES = {
  message: 1 / 1e6,
  sqsRequest: 0.4 / 1e6,
  lambdaRequest: 0.2 / 1e6,
  /** arm64. */
  lambdaGigabyteSecond: 0.0000133334,
  dynamodbWrite: 0.625 / 1e6,
  dynamodbRead: 0.125 / 1e6,
  logGigabyte: 0.5,
} as const;
