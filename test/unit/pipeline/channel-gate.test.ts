import { expect, it } from "vitest";
import type { Finding } from "../../../shared/core/hold/finding.ts";
import type { ChannelHolds } from "../../../shared/ports.ts";
import { defaultGate } from "../../support/default-gate.ts";
import { memoryChannelHolds } from "../../support/memory-channel-holds.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

const START_MS = 1_795_000_000_000;
const CHANNEL = { applicationId: "shop", channelType: "APNS" } as const;
const nothing = { judged: 0, mismatched: 0, isWhole: false };
const sent: Finding = { ...nothing, sent: 1, judged: 1, faulty: 0 };
const faulty: Finding = {
  ...nothing,
  sent: 0,
  faulty: 100,
  fault: { because: "credential", reason: "Http403", words: "APNs: HTTP 403" },
};

it("keeps a hold that was found while an older look was under way", async () => {
  const clock = virtualClock(START_MS);
  const holds = memoryChannelHolds();
  const slow: ChannelHolds = {
    ...holds,
    read: async (channel) => {
      const seen = await holds.read(channel);
      await clock.sleep(400);
      return seen;
    },
  };
  const gate = defaultGate({ clock, holds: slow });
  const at = async <Answer>(ms: number, step: () => Promise<Answer>): Promise<Answer> => {
    await clock.run(START_MS + ms);
    return step();
  };
  void gate.passage(CHANNEL);
  expect(await at(1_100, () => gate.passage(CHANNEL))).toBe("open");
  // The look of that moment has seen nothing, and says so 300 ms after the fault.
  await at(1_200, () => gate.heard(CHANNEL, faulty, clock.nowMs()));
  expect(await at(1_600, () => gate.passage(CHANNEL))).toBe("held");
});

it("takes no news from a call that had left before the channel was opened", async () => {
  const clock = virtualClock(START_MS);
  const gate = defaultGate({ clock });
  await gate.heard(CHANNEL, faulty, START_MS);
  await clock.run(START_MS + 5_000);
  const probe = await gate.probe(CHANNEL);
  await clock.run(START_MS + 5_200);
  await probe?.heard(sent);
  expect(probe?.hasOpened()).toBe(true);
  await gate.heard(CHANNEL, faulty, START_MS + 5_100);
  expect(await gate.passage(CHANNEL)).toBe("open");
  await gate.heard(CHANNEL, faulty, START_MS + 5_300);
  expect(await gate.passage(CHANNEL)).toBe("held");
});

it("counts what a probe says once", async () => {
  const clock = virtualClock(START_MS);
  const holds = memoryChannelHolds();
  const gate = defaultGate({ clock, holds });
  await gate.heard(CHANNEL, faulty, START_MS);
  await clock.run(START_MS + 5_000);
  const probe = await gate.probe(CHANNEL);
  expect(await gate.probe(CHANNEL)).toBeUndefined();
  await probe?.heard(faulty);
  await probe?.giveUp();
  await probe?.heard(sent);
  expect(probe?.hasOpened()).toBe(false);
  expect([...holds.holds.values()]).toMatchObject([{ probes: 1, words: "APNs: HTTP 403" }]);
});
