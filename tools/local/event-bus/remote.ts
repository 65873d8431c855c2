import type { BusEvent, BusRule } from "./event.ts";

/** The stand-in for EventBridge, in another process. */
export interface RemoteEventBus {
  readonly url: string;
  /** All that it has taken, in order. */
  events(): Promise<readonly BusEvent[]>;
  /** From now on, events that match go to the queue as well. */
  addRule(rule: BusRule): Promise<void>;
}

export function eventBusAt(url: string): RemoteEventBus {
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await fetch(new URL(`/_event-bus/${path}`, url), init);
    if (!response.ok) throw new Error(`The event bus answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  return {
    url,
    events: async () => (await ask("events")) as readonly BusEvent[],
    addRule: async (rule) => {
      await ask("rules", { method: "POST", body: JSON.stringify(rule) });
    },
  };
}
