import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type BatchResult, batchedPuts } from "../../shared/aws/batched-puts.ts";

const LIMITS = { mostItems: 10, mostBytes: 1_000, mostBatchesInFlight: 2 };
/** Whoever waits on it waits for a turn of the event loop. */
const clock = { sleep: async () => nextTurn() };

/** Batches that stay under way until they are told what became of them. */
function heldBatches(bytesOf: (item: string) => number = () => 1) {
  const batches: { readonly items: readonly string[]; end(result?: BatchResult): Promise<void> }[] = [];
  const put = batchedPuts<string>({
    ...LIMITS,
    name: "The queue",
    clock,
    bytesOf,
    send: (items) =>
      new Promise((resolve) => {
        const taken = items.map(() => "taken" as const);
        batches.push({
          items,
          async end(result = taken) {
            resolve(result);
            await nextTurn();
            await nextTurn();
          },
        });
      }),
  });
  return { put, batches, items: () => batches.map(({ items }) => items.join("")) };
}

describe("puts that travel together", () => {
  it("leave at the end of the turn in which they were put", async () => {
    const { put, items } = heldBatches();
    const first = put("a");
    await Promise.resolve();
    const second = put("b");
    expect(items()).toEqual([]);
    await nextTurn();
    expect(items()).toEqual(["ab"]);
    void first;
    void second;
  });

  it("are at most ten to a batch, and fill up while as many batches as may be are under way", async () => {
    const { put, batches, items } = heldBatches();
    const puts = [..."abcdefghijklmnopqrstuvw"].map(put);
    await nextTurn();
    expect(items()).toEqual(["abcdefghij", "klmnopqrst"]);
    puts.push(put("x"));
    await nextTurn();
    expect(items()).toHaveLength(2);
    await batches[1]?.end();
    expect(items()).toEqual(["abcdefghij", "klmnopqrst", "uvwx"]);
    await batches[0]?.end();
    await batches[2]?.end();
    await Promise.all(puts);
  });

  it("are no more bytes to a batch than it holds, first come first served", async () => {
    const { put, batches, items } = heldBatches((item) => Number(item) * 100);
    const puts = [..."3619"].map(put);
    await nextTurn();
    expect(items()).toEqual(["361", "9"]);
    await Promise.all(batches.map(({ end }) => end()));
    await Promise.all(puts);
  });

  it("do not wait for a batch that is under way while another may be", async () => {
    const { put, batches, items } = heldBatches();
    const slow = put("a");
    await nextTurn();
    const quick = put("b");
    await nextTurn();
    expect(items()).toEqual(["a", "b"]);
    await batches[1]?.end();
    await quick;
    await batches[0]?.end();
    await slow;
  });

  it("have each its own end, whatever becomes of its companions", async () => {
    /** `poison`: SQS refuses the whole batch because of it. */
    const fate = fc.constantFrom("taken", "taken", "taken", "refused", "poison", "failsOnce", "failsAlways");
    const item = fc.record({ fate, bytes: fc.integer({ min: 1, max: 600 }), turn: fc.integer({ min: 0, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 40 }), async (plan) => {
        const tries = new Map<number, number>();
        const taken: number[] = [];
        let inFlight = 0;
        const put = batchedPuts<number>({
          ...LIMITS,
          name: "The queue",
          clock,
          bytesOf: (index) => plan[index]?.bytes ?? 0,
          async send(items) {
            inFlight += 1;
            expect(inFlight).toBeLessThanOrEqual(LIMITS.mostBatchesInFlight);
            expect(items.length).toBeLessThanOrEqual(LIMITS.mostItems);
            expect(items.reduce((sum, index) => sum + (plan[index]?.bytes ?? 0), 0)).toBeLessThanOrEqual(
              LIMITS.mostBytes,
            );
            await nextTurn();
            inFlight -= 1;
            if (items.some((index) => plan[index]?.fate === "poison")) return { kind: "refused", reason: "poison" };
            return items.map((index) => {
              const count = (tries.get(index) ?? 0) + 1;
              tries.set(index, count);
              const { fate } = plan[index] ?? {};
              if (fate === "refused") return { kind: "refused", reason: "refused" };
              if (fate === "failsAlways" || (fate === "failsOnce" && count === 1)) {
                return { kind: "failed", reason: "failed" };
              }
              taken.push(index);
              return "taken";
            });
          },
        });
        const ends = await Promise.allSettled(
          plan.map(async ({ turn }, index) => {
            for (let i = 0; i < turn; i++) await nextTurn();
            await put(index);
          }),
        );
        const isTaken = (fate: string) => fate === "taken" || fate === "failsOnce";
        expect(ends.map((end) => (end.status === "fulfilled" ? "taken" : end.reason.retryable))).toEqual(
          plan.map(({ fate }) => (isTaken(fate) ? "taken" : fate === "failsAlways")),
        );
        expect(taken.toSorted((a, b) => a - b)).toEqual(
          plan.flatMap(({ fate }, index) => (isTaken(fate) ? index : [])),
        );
      }),
    );
  });
});
