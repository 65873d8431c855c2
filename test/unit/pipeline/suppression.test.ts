import { describe, expect, it } from "vitest";
import type { Suppressions } from "../../../shared/ports.ts";
import { memoryLedger } from "../../support/memory-ledger.ts";
import { memorySuppressions } from "../../support/memory-suppressions.ts";
import { APPLICATION_ID, devices, type RigOptions, record, requestTo, rig } from "./rig.ts";

const channel = { applicationId: APPLICATION_ID, channelType: "GCM" } as const;

async function suppressing(tokens: readonly string[], options: RigOptions = {}) {
  const suppressions = memorySuppressions();
  await suppressions.add(tokens.map((token) => ({ ...channel, token })));
  return rig({ ...options, ports: { suppressions, ...options.ports } });
}

describe("an address whose token is suppressed", () => {
  it("is not sent to, and booked as suppressed; the others of its request are sent to", async () => {
    const { batch, called, told, requestQueue, deadLetterQueue, deadTokenQueue } = await suppressing(["b", "d"]);
    expect(await batch([record({ body: requestTo(["a", "b", "c", "d"]) })])).toEqual([]);
    expect(called()).toEqual([["a", "c"]]);
    expect(told("outcome")).toEqual([
      { kind: "outcome", ...channel, outcome: "suppressed", reason: "Suppressed", addresses: 2 },
      { kind: "outcome", ...channel, outcome: "sent", reason: "SUCCESSFUL", addresses: 2 },
    ]);
    for (const { records } of [requestQueue, deadLetterQueue, deadTokenQueue]) expect(records).toEqual([]);
  });

  it("makes no call where it is alone, and its record is done", async () => {
    const { batch, called, told } = await suppressing(["a"]);
    expect(await batch([record({ body: requestTo(["a"]) }), record({ id: "2", body: requestTo(["b"]) })])).toEqual([]);
    expect(called()).toEqual([["b"]]);
    expect(
      told("outcome")
        .map(({ outcome }) => outcome)
        .toSorted(),
    ).toEqual(["sent", "suppressed"]);
  });

  it("has its word in the ledger, and a repeat is not sent", async () => {
    const ledger = memoryLedger({ nowMs: () => 0 });
    let owners = 0;
    const accounts = { ledger, contentHash: (text: string) => text, newOwner: () => `owner-${owners++}` };
    const { batch, called, told } = await suppressing(["b"], { ports: { accounts } });
    const tokens = [record({ id: "1", body: requestTo(["a", "b"], { RequestId: "order" }) })];
    const alone = [record({ id: "2", body: requestTo(["b"], { RequestId: "alone" }) })];
    for (const records of [tokens, alone, tokens, alone]) expect(await batch(records)).toEqual([]);
    expect(Array.from(ledger.accounts.values(), ({ result }) => result?.letters)).toEqual(["SP", "P"]);
    expect(called()).toEqual([["a"]]);
    expect(told("repeated")).toHaveLength(2);
  });

  it("says nothing of a channel: it is no answer", async () => {
    const attempts: number[] = [];
    const { batch } = await suppressing(devices(50), {
      ports: {
        attemptCounts: {
          add: async (_, __, counts) => {
            attempts.push(counts.attempts);
            return { kind: "added" };
          },
          read: async () => ({ kind: "known", minutes: new Map() }),
        },
      },
    });
    await batch([record({ body: requestTo([...devices(50), "live"]) })]);
    expect(attempts).toEqual([1]);
  });
});

describe("who cannot be looked up", () => {
  it("is sent to, and counted", async () => {
    const away: Suppressions = {
      find: async (asked) => ({ found: new Set(), undone: asked.length, detail: "TimeoutError" }),
      add: async () => ({ undone: 0 }),
    };
    const { batch, called, told } = await suppressing([], { ports: { suppressions: away } });
    expect(await batch([record({ body: requestTo(["a", "b"]) })])).toEqual([]);
    expect(called()).toEqual([["a", "b"]]);
    expect(told("suppressionUnread")).toEqual([{ kind: "suppressionUnread", addresses: 2, detail: "TimeoutError" }]);
  });
});

it("all addresses of a batch are looked up at once, each by its application and channel", async () => {
  const asked: (readonly unknown[])[] = [];
  const none: Suppressions = {
    find: async (some) => {
      asked.push(some);
      return { found: new Set(), undone: 0 };
    },
    add: async () => ({ undone: 0 }),
  };
  const { batch } = await suppressing([], { ports: { suppressions: none } });
  await batch([
    record({ id: "1", body: requestTo(devices(250)) }),
    record({ id: "2", body: requestTo(["a"], { channelType: "APNS" }) }),
    record({ id: "3", body: "no request" }),
  ]);
  expect(asked).toEqual([
    [
      ...devices(250).map((token) => ({ ...channel, token })),
      { applicationId: APPLICATION_ID, channelType: "APNS", token: "a" },
    ],
  ]);
});
