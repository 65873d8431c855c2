import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Stop } from "../../shared/core/stop/stop.ts";
import type { Stops } from "../../shared/ports.ts";

export type StartStops = () => Promise<{
  readonly stops: Stops;
  /** Another operator's, or a function's, view of the same stops. */
  readonly again: Stops;
  close(): Promise<void>;
}>;

const ALL: Stop = { sinceMs: 1_000 };
const CAMPAIGN: Stop = { lane: "campaign", sinceMs: 2_000 };
const SHOP: Stop = { applicationId: "shop", sinceMs: 3_000 };
const SHOP_CAMPAIGN_FCM: Stop = { lane: "campaign", applicationId: "shop", channelType: "GCM", sinceMs: 4_000 };

/** Everything that a keeper of stops owes, whatever it keeps them in. */
export function describeStops(name: string, start: StartStops): void {
  describe(`stops kept in ${name}`, () => {
    let started: Awaited<ReturnType<StartStops>>;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(() => started.close());

    const known = (...stops: readonly Stop[]) => ({ kind: "known", stops });

    it("are none, then those that were put, oldest first, for everybody, until they are taken back", async () => {
      const { stops, again } = started;
      expect(await stops.read()).toEqual(known());
      expect(await stops.go({})).toEqual(known());
      expect(await stops.stop(ALL)).toEqual(known(ALL));
      expect(await again.stop(CAMPAIGN)).toEqual(known(ALL, CAMPAIGN));
      // The same once more is as old as it was.
      expect(await again.stop({ ...ALL, sinceMs: 9_000 })).toEqual(known(ALL, CAMPAIGN));
      expect(await stops.stop(SHOP)).toEqual(known(ALL, CAMPAIGN, SHOP));
      expect(await stops.stop(SHOP_CAMPAIGN_FCM)).toEqual(known(ALL, CAMPAIGN, SHOP, SHOP_CAMPAIGN_FCM));
      expect(await again.read()).toEqual(known(ALL, CAMPAIGN, SHOP, SHOP_CAMPAIGN_FCM));

      // What is wider than the scope stays.
      expect(await again.go({ lane: "campaign" })).toEqual(known(ALL, SHOP));
      expect(await stops.go({ applicationId: "shop", channelType: "GCM" })).toEqual(known(ALL, SHOP));
      expect(await stops.go({ applicationId: "shop" })).toEqual(known(ALL));
      expect(await stops.go({})).toEqual(known());
      expect(await again.read()).toEqual(known());
    });

    it("of two operators at once are both in force", async () => {
      const { stops, again } = started;
      await Promise.all([stops.stop(CAMPAIGN), again.stop(SHOP)]);
      expect(await stops.read()).toEqual(known(CAMPAIGN, SHOP));
      await Promise.all([stops.go({ lane: "campaign" }), again.go({ applicationId: "shop" })]);
      expect(await stops.read()).toEqual(known());
    });
  });
}
