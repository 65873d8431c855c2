/**
 * An event as EventBridge hands it to a rule's target.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
 */
export interface BusEvent {
  readonly version: "0";
  readonly id: string;
  readonly "detail-type": string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Events that match go to a queue. */
export interface BusRule {
  /** Values by field: of the event, or of an object in it; a list of the values that match. */
  readonly pattern: Readonly<Record<string, unknown>>;
  readonly queueUrl: string;
  /** Where events go that the queue does not take. */
  readonly deadLetterQueueUrl?: string;
}

/**
 * Whether an event matches, as far as patterns of exact values go.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function matches(pattern: BusRule["pattern"], event: object): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    const value = (event as Readonly<Record<string, unknown>>)[name];
    if (Array.isArray(wanted)) return [value].flat().some((one) => wanted.includes(one));
    return typeof value === "object" && value !== null && matches(wanted as BusRule["pattern"], value);
  });
}
