/** Which records of a batch are received again: some by name, or all because the answer cannot be trusted. */
export type BatchVerdict =
  | { readonly kind: "partial"; readonly failed: ReadonlySet<string> }
  | { readonly kind: "allFailed"; readonly because: string };

/**
 * Reads what a function with `ReportBatchItemFailures` has answered, as Lambda does: nothing said is all good, and an
 * answer with one bad entry is all failed.
 *
 * Lambda's documentation is silent on answers of other shapes, such as `{ "statusCode": 200 }`. Here they are all
 * failed: a function that means something else than it says is better noticed than lost.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export function readBatchResponse(payload: string, messageIds: ReadonlySet<string>): BatchVerdict {
  const response = parse(payload);
  if (response === null) return { kind: "partial", failed: new Set() };
  if (!isObject(response)) return allFailed("the response is not a JSON object");

  const { batchItemFailures } = response;
  if (batchItemFailures === undefined && Object.keys(response).length > 0) return allFailed("no batchItemFailures");
  const failures = batchItemFailures ?? [];
  if (!Array.isArray(failures)) return allFailed("batchItemFailures is not a list");

  const failed = new Set<string>();
  for (const failure of failures) {
    const identifier = isObject(failure) ? failure["itemIdentifier"] : undefined;
    if (typeof identifier !== "string" || identifier === "") return allFailed("an item has no itemIdentifier");
    if (!messageIds.has(identifier)) return allFailed("an itemIdentifier is of no record in the batch");
    failed.add(identifier);
  }
  return { kind: "partial", failed };
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function allFailed(because: string): BatchVerdict {
  return { kind: "allFailed", because };
}
