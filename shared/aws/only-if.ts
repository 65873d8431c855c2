import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/**
 * A write's condition; where it is refused, the refusal brings the item along.
 *
 * @param names placeholders for attribute names, because some names are DynamoDB's own words. Those that nothing uses are
 * left out: DynamoDB refuses them.
 * @param change the update's own expression, where there is one
 */
export function onlyIf(
  names: Readonly<Record<string, string>>,
  condition: string,
  values: Readonly<Record<string, AttributeValue>>,
  change = "",
) {
  const used = Object.entries(names).filter(([name]) => `${condition} ${change}`.includes(name));
  return {
    ConditionExpression: condition,
    ExpressionAttributeNames: Object.fromEntries(used),
    ExpressionAttributeValues: values,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  } as const;
}
