import { describe, expect, it, onTestFinished } from "vitest";
import { eventBridgeClient } from "../../shared/aws/eventbridge-bus.ts";
import { eventBridgeRetirements } from "../../shared/aws/eventbridge-retirements.ts";
import type { RetiredTokens } from "../../shared/core/outcome/retired-tokens.ts";
import { eventBusAt } from "../../tools/local/event-bus/remote.ts";
import { startEventBus } from "../../tools/local/event-bus/server.ts";
import { deadToken } from "../support/dead-tokens.ts";
import { startFakeHttpService } from "../support/fake-http-service.ts";
import { LOCAL_CREDENTIALS } from "../support/local-credentials.ts";
import { memoryRetirements } from "../support/memory-retirements.ts";
import { describeRetirements } from "./retirements.ts";

describeRetirements("a variable", async () => {
  const retirements = memoryRetirements();
  return { retirements, events: async () => [...retirements.events], close: async () => undefined };
});

describeRetirements("EventBridge's API (a stand-in)", async () => {
  const { url, close } = await startEventBus({ region: "us-east-1", put: async () => undefined });
  const client = eventBridgeClient({ ...LOCAL_CREDENTIALS, endpoint: url });
  return {
    retirements: eventBridgeRetirements(client, "registry"),
    events: async () => (await eventBusAt(url).events()).map(({ detail }) => detail),
    async close() {
      client.destroy();
      await close();
    },
  };
});

const eventOf = (Token: string): RetiredTokens => ({
  ApplicationId: "app",
  ChannelType: "GCM",
  Tokens: [deadToken({ Token })],
});

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}

/** A bus that says of each entry what it is told to: `undefined` is taken. */
async function busThatSays(say: (token: string, tries: number) => string | undefined) {
  const calls: Entry[][] = [];
  const tries = new Map<string, number>();
  const service = await startFakeHttpService(({ body }) => {
    const { Entries }: { readonly Entries: readonly Entry[] } = JSON.parse(body);
    calls.push([...Entries]);
    const results = Entries.map(({ Detail }, place) => {
      const [{ Token }] = (JSON.parse(Detail) as { Tokens: [{ Token: string }] }).Tokens;
      tries.set(Token, (tries.get(Token) ?? 0) + 1);
      const ErrorCode = say(Token, tries.get(Token) ?? 0);
      return ErrorCode === undefined ? { EventId: `event-${place}` } : { ErrorCode, ErrorMessage: "no" };
    });
    const FailedEntryCount = results.filter((result) => "ErrorCode" in result).length;
    return { status: 200, body: JSON.stringify({ FailedEntryCount, Entries: results }) };
  });
  const client = eventBridgeClient({ ...LOCAL_CREDENTIALS, endpoint: service.url });
  onTestFinished(async () => {
    client.destroy();
    await service.close();
  });
  return { retirements: eventBridgeRetirements(client, "registry"), calls, tries };
}

describe("EventBridge", () => {
  it("is given ten events a call, under the names by which rules find them", async () => {
    const { retirements, calls } = await busThatSays(() => undefined);
    await Promise.all(Array.from({ length: 12 }, (_, index) => retirements.publish(eventOf(`token-${index}`))));
    expect(calls.map(({ length }) => length).toSorted()).toEqual([10, 2]);
    expect(calls[0]?.[0]).toEqual({
      EventBusName: "registry",
      Source: "sluice",
      DetailType: "Device Tokens Retired",
      Detail: JSON.stringify(eventOf("token-0")),
    });
  });

  it("is given no more than 256 KB a call", async () => {
    const { retirements, calls } = await busThatSays(() => undefined);
    await Promise.all(
      Array.from({ length: 4 }, (_, index) => retirements.publish(eventOf(`${index}`.repeat(100_000)))),
    );
    expect(calls.map(({ length }) => length)).toEqual([2, 2]);
  });

  it("is given again what it did not take, and nothing else", async () => {
    const { retirements, tries } = await busThatSays((token, nth) =>
      token === "second" && nth === 1 ? "InternalFailure" : undefined,
    );
    await Promise.all(["first", "second", "third"].map((token) => retirements.publish(eventOf(token))));
    expect(Object.fromEntries(tries)).toEqual({ first: 1, second: 2, third: 1 });
  });

  it.each([
    { code: "InternalFailure", tried: 3, retryable: true },
    { code: "ThrottlingException", tried: 3, retryable: true },
    { code: "MalformedDetail", tried: 1, retryable: false },
  ])("$code to the end is an event that was not taken", async ({ code, tried, retryable }) => {
    const { retirements, tries } = await busThatSays((token) => (token === "bad" ? code : undefined));
    const [good, bad] = await Promise.allSettled(["good", "bad"].map((token) => retirements.publish(eventOf(token))));
    expect(good?.status).toBe("fulfilled");
    expect(bad).toMatchObject({ status: "rejected", reason: { name: "QueueUnavailable", retryable } });
    expect(String((bad as PromiseRejectedResult).reason.message)).toContain(`The event bus registry did not take`);
    expect(tries.get("bad")).toBe(tried);
  });

  it("that is away is told, without what was to be said", async () => {
    const client = eventBridgeClient({ ...LOCAL_CREDENTIALS, endpoint: "http://127.0.0.1:9", maxAttempts: 1 });
    onTestFinished(() => client.destroy());
    const published = eventBridgeRetirements(client, "registry").publish(eventOf("secret-token"));
    await expect(published).rejects.toMatchObject({ name: "QueueUnavailable", retryable: true });
    await expect(published).rejects.not.toMatchObject({ message: expect.stringContaining("secret-token") });
  });
});
