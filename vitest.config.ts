import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

// Half of what a process takes to begin is compiling. What Node has compiled it keeps here, for the workers and for all
// processes that tests start, and compiles anew what has changed.
process.env["NODE_COMPILE_CACHE"] = join(import.meta.dirname, "node_modules/.cache/compiled");

/** One project per kind of test, so that `vitest run --project unit` runs one kind alone. */
const kind = (name: string, testTimeout: number, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, ...more },
});

/**
 * Integration tests mostly wait, and the other kinds compute: evenly mixed they keep the processors busy. Unit tests come
 * last and all together: they share workers, and a worker is only kept for a file of its own kind.
 */
class EvenlyMixed extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const kinds = Map.groupBy(await super.sort(files), ({ project }) => project.name);
    const { integration = [], unit = [], fault = [], ...others } = Object.fromEntries(kinds);
    const places = [integration, [...fault, ...Object.values(others).flat()]].flatMap((mixed) =>
      mixed.map((file, index) => ({ file, place: index / mixed.length })),
    );
    return [...places.toSorted((a, b) => a.place - b.place).map(({ file }) => file), ...unit];
  }
}

/** For tests of what is shipped. */
const BUILT = { globalSetup: "test/support/built.ts" };

/** Contract tests that look at what is packaged, which is done once for all of them. */
const PACKAGED = "test/contract/{alarms,dashboard,package,package-options}.test.ts";

export default defineConfig({
  test: {
    // More than the cores of a small machine: many tests wait for a queue or a process. Few enough for two runs at once.
    maxWorkers: 3,
    sequence: { sequencer: EvenlyMixed },
    projects: [
      // To load what a file needs takes longer than most of them, and what they need is made to have no state.
      kind("unit", 30_000, { isolate: false }),
      kind("contract", 30_000, { ...BUILT, exclude: [PACKAGED] }),
      kind("package", 30_000, {
        include: [PACKAGED],
        globalSetup: ["test/support/built.ts", "test/support/packaged.ts"],
      }),
      kind("integration", 120_000, BUILT),
      kind("fault", 240_000),
    ],
  },
});
