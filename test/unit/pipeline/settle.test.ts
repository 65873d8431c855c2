import { expect, it } from "vitest";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import type { Fact } from "../../../shared/facts.ts";
import { readEntry } from "../../../shared/pipeline/send-messages/entry.ts";
import { settlement } from "../../../shared/pipeline/send-messages/settle.ts";
import { memoryDeadTokenQueue } from "../../support/memory-dead-token-queue.ts";
import { memoryRecordQueue } from "../../support/memory-record-queue.ts";
import { virtualClock } from "../../support/virtual-clock.ts";
import { APPLICATION_ID, devices, record, requestTo, START_MS } from "./rig.ts";

it("a record for one device that is delivered a second time is counted once", () => {
  const facts: Fact[] = [];
  const ports = {
    requestQueue: memoryRecordQueue(() => undefined),
    deadLetterQueue: memoryRecordQueue(() => undefined),
    deadTokenQueue: memoryDeadTokenQueue(),
    clock: virtualClock(START_MS),
    random: () => 0.5,
    shortHash,
    observe: (fact: Fact) => facts.push(fact),
  };
  const tokens = devices(1);
  const arrival = {
    record: record({ body: requestTo(tokens) }),
    state: { attempt: 0, enqueuedAtMs: START_MS, putBacks: 0 },
  };
  const reading = { applicationIds: [APPLICATION_ID], maxAgeSeconds: 60, shortHash, hasLedger: false };
  const read = readEntry(arrival, 0, reading);
  if (!read.ok) throw new Error("The request is not valid");
  const settings = { lane: "campaign", maxAttempts: 5, retryBaseSeconds: 2, applicationIds: [APPLICATION_ID] } as const;
  const settling = settlement([arrival.record], ports, settings, { lastMs: START_MS, leaseUntilMs: START_MS });
  settling.expect([read.entry]);
  const delivered = read.entry.slices.flatMap((slice) =>
    tokens.map((token) => ({
      address: { token, slice, configuration: { ChannelType: "GCM" } as const },
      delivery: { kind: "expired" } as const,
    })),
  );
  settling.deliver(delivered);
  settling.deliver(delivered);
  expect(facts).toMatchObject([{ kind: "outcome", outcome: "expired", addresses: 1 }]);
});
