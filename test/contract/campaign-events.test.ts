import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventBridgeClient } from "../../shared/aws/eventbridge-bus.ts";
import { eventBridgeCampaignEvents } from "../../shared/aws/eventbridge-campaign-events.ts";
import type { CampaignCompleted } from "../../shared/core/campaign/campaign-completed.ts";
import type { CampaignEvents } from "../../shared/ports.ts";
import { eventBusAt } from "../../tools/local/event-bus/remote.ts";
import { startEventBus } from "../../tools/local/event-bus/server.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { memoryCampaignEvents } from "../support/memory-campaign-events.ts";

const sample = new URL("../../events/campaign-completed/valid/completed.json", import.meta.url);
const event = JSON.parse(readFileSync(sample, "utf8")).detail as CampaignCompleted;

interface Started {
  readonly campaignEvents: CampaignEvents;
  events(): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

/** Everything that a way to whoever wants to know of campaigns owes. */
function describeCampaignEvents(name: string, start: () => Promise<Started>): void {
  describe(`campaign events: ${name}`, () => {
    let started: Started;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(() => started.close());

    it("bring each event as it is, once", async () => {
      const events = ["spring", "summer"].map((CampaignId) => ({ ...event, CampaignId, FileName: '"\u0007 Ä 🎉' }));
      await Promise.all(events.map((one) => started.campaignEvents.publish(one)));
      expect(await started.events()).toEqual(events);
    });
  });
}

describeCampaignEvents("a variable", async () => {
  const campaignEvents = memoryCampaignEvents();
  return { campaignEvents, events: async () => [...campaignEvents.events], close: async () => undefined };
});

describeCampaignEvents("EventBridge's API (a stand-in)", async () => {
  const { url, close } = await startEventBus({ region: "us-east-1", put: async () => undefined });
  const client = eventBridgeClient({ ...LOCAL_CREDENTIALS, endpoint: url });
  return {
    campaignEvents: eventBridgeCampaignEvents(client, "company"),
    async events() {
      const taken = await eventBusAt(url).events();
      const names = taken.map((one) => `${one.source}: ${one["detail-type"]}`);
      expect(new Set(names)).toEqual(new Set(["sluice: Campaign Completed"]));
      return taken.map(({ detail }) => detail);
    },
    async close() {
      client.destroy();
      await close();
    },
  };
});
