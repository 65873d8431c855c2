import type { Schedule } from "./schedule.ts";

/**
 * The smallest schedule that still fails: faults, then orders, then repeats of orders are left out one by one, again and
 * again, as long as it does without them.
 */
export async function shrink(schedule: Schedule, fails: (smaller: Schedule) => Promise<boolean>): Promise<Schedule> {
  let smallest = schedule;
  for (let hasShrunk = true; hasShrunk; ) {
    hasShrunk = false;
    for (const smaller of smallerOnes(smallest)) {
      if (!(await fails(smaller))) continue;
      smallest = smaller;
      hasShrunk = true;
      break;
    }
  }
  return smallest;
}

function* smallerOnes(schedule: Schedule): Generator<Schedule> {
  const { faults, orders, pauses, sharesRate } = schedule;
  for (const index of faults.keys()) yield { ...schedule, faults: faults.toSpliced(index, 1) };
  if (pauses > 0) yield { ...schedule, pauses: 0 };
  if (sharesRate) yield { ...schedule, sharesRate: false };
  for (const index of orders.keys()) yield { ...schedule, orders: orders.toSpliced(index, 1) };
  for (const [index, order] of orders.entries())
    if (order.putsAtMs.length > 1)
      yield { ...schedule, orders: orders.with(index, { ...order, putsAtMs: order.putsAtMs.slice(0, 1) }) };
}
