import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RetiredTokens } from "../../shared/core/outcome/retired-tokens.ts";
import type { Retirements } from "../../shared/ports.ts";
import { deadToken } from "../support/dead-tokens.ts";

/** Starts a way to the owner of the registry, and tells what has arrived there. */
export type StartRetirements = () => Promise<{
  readonly retirements: Retirements;
  events(): Promise<readonly unknown[]>;
  close(): Promise<void>;
}>;

const event = (...tokens: readonly string[]): RetiredTokens => ({
  ApplicationId: "app",
  ChannelType: "GCM",
  Tokens: tokens.map((Token) => deadToken({ ApplicationId: "app", Token })),
});

/** Everything that a way to the owner of the registry owes. */
export function describeRetirements(name: string, start: StartRetirements): void {
  describe(`retirements: ${name}`, () => {
    let started: Awaited<ReturnType<StartRetirements>>;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(() => started.close());

    it("bring an event as it is, whatever its tokens look like", async () => {
      const odd = event('__proto__ "\\ \u0000\u0007\n Ä \uFFFF', "\uD83D", "🎉");
      await started.retirements.publish(odd);
      expect(await started.events()).toEqual([odd]);
    });

    it("bring each of 25 that are published at once, once", async () => {
      const before = await started.events();
      const events = Array.from({ length: 25 }, (_, index) => event(`token ${index}`));
      await Promise.all(events.map((one) => started.retirements.publish(one)));
      const arrived = (await started.events()).slice(before.length) as RetiredTokens[];
      const tokensOf = (some: readonly RetiredTokens[]) => some.map(({ Tokens: [first] }) => first?.Token).toSorted();
      expect(tokensOf(arrived)).toEqual(tokensOf(events));
    });
  });
}
