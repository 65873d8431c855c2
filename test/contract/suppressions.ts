import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Device, Suppressions } from "../../shared/ports.ts";

/** Starts whatever keeps suppressions, and another function's view of the same. */
export type StartSuppressions = () => Promise<{
  readonly suppressions: Suppressions;
  readonly again: Suppressions;
  close(): Promise<void>;
}>;

/** Everything that a keeper of suppressions owes, whatever it keeps them in. */
export function describeSuppressions(name: string, start: StartSuppressions): void {
  describe(`suppressions kept in ${name}`, () => {
    let started: Awaited<ReturnType<StartSuppressions>>;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(() => started.close());
    /** Devices of an application of the test's own. */
    const devicesOf = (applicationId: string, ...tokens: readonly string[]): Device[] =>
      tokens.map((token) => ({ applicationId, channelType: "GCM", token }));

    it("know nobody at first, and of nobody nothing", async () => {
      const { suppressions } = started;
      expect(await suppressions.find(devicesOf(randomUUID(), "a", "b"))).toEqual({ found: new Set(), undone: 0 });
      expect(await suppressions.find([])).toEqual({ found: new Set(), undone: 0 });
      expect(await suppressions.add([])).toEqual({ undone: 0 });
    });

    it("find those that another function has added, as they were asked for, and no others", async () => {
      const { suppressions, again } = started;
      const application = randomUUID();
      const asked = devicesOf(application, ...Array.from({ length: 230 }, (_, index) => `token ${index}`), "token 7");
      const dead = asked.filter((_, index) => index % 3 === 1);
      expect(await again.add(devicesOf(application, ...dead.map(({ token }) => token)))).toEqual({ undone: 0 });
      const { found, undone } = await suppressions.find(asked);
      expect(undone).toBe(0);
      expect([...found].map((device) => asked.indexOf(device)).toSorted((a, b) => a - b)).toEqual(
        asked.flatMap(({ token }, index) => (dead.some((device) => device.token === token) ? [index] : [])),
      );
    });

    it("tell applications and channel types apart, and no spellings of an APNs token", async () => {
      const { suppressions } = started;
      const device: Device = { applicationId: randomUUID(), channelType: "APNS", token: "740F4707 BEBCF74F" };
      await suppressions.add([device, { ...device, channelType: "ADM" }]);
      const same = { ...device, token: "<740f4707bebcf74f>" };
      const others: Device[] = [
        { ...same, applicationId: randomUUID() },
        { ...same, channelType: "APNS_SANDBOX" },
        { ...same, channelType: "ADM" },
      ];
      expect((await suppressions.find([...others, same])).found).toEqual(new Set([same]));
    });

    it("take the same token twice", async () => {
      const { suppressions } = started;
      const [device] = devicesOf(randomUUID(), "twice") as [Device];
      expect(await suppressions.add([device, { ...device }])).toEqual({ undone: 0 });
      expect(await suppressions.add([device])).toEqual({ undone: 0 });
      expect((await suppressions.find([device])).found).toEqual(new Set([device]));
    });
  });
}
