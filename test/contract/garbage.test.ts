import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { heapGrowingPercent } from "../../shared/aws/garbage.ts";

const MODULE = new URL("../../shared/aws/garbage.ts", import.meta.url).href;

/** What the script prints, run in a process of its own with room for 16 MB that are young. */
function printed(script: string): unknown {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--min-semi-space-size=16", "--max-semi-space-size=16", "--input-type=module", "--eval", PRELUDE + script],
    { encoding: "utf8" },
  );
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

const PRELUDE = `
  import { getHeapSpaceStatistics } from "node:v8";
  import { collectYoungGarbage, setUpGarbageCollection } from ${JSON.stringify(MODULE)};
  const youngMb = () => getHeapSpaceStatistics().find((space) => space.space_name === "new_space").space_used_size / 2 ** 20;
  const fillUpTo = (mb) => { while (youngMb() < mb) new Array(1_000).fill({}); };
`;

it("this version of Node knows the flags", () => {
  expect(printed("setUpGarbageCollection(); console.log(true);")).toBe(true);
});

it("collects when more than a quarter of the room is taken", () => {
  expect(printed("fillUpTo(8); collectYoungGarbage(); console.log(youngMb());")).toBeLessThan(2);
});

it("does not collect when less is taken", () => {
  expect(printed("fillUpTo(3); collectYoungGarbage(); console.log(youngMb());")).toBeGreaterThanOrEqual(3);
});

it("leaves collection by hand to itself", () => {
  expect(printed("fillUpTo(8); collectYoungGarbage(); console.log(JSON.stringify(typeof globalThis.gc));")).toBe(
    "undefined",
  );
});

it.each([
  { limitMb: 1_976, percent: 1_000 },
  { limitMb: 556, percent: 300 },
])("lets a heap of at most $limitMb MB grow by $percent %", ({ limitMb, percent }) => {
  expect(heapGrowingPercent(limitMb * 2 ** 20)).toBe(percent);
});
