import { join } from "node:path";
import { defineConfig } from "vitest/config";

// Half of what a process takes to begin is compiling. What Node has compiled it keeps here, for the workers and for all
// processes that tests start, and compiles anew what has changed.
process.env["NODE_COMPILE_CACHE"] = join(import.meta.dirname, "node_modules/.cache/compiled");

/** One project per kind of test, so that `vitest run --project unit` runs one kind alone. */
const kind = (name: string, testTimeout: number, more: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout, ...more },
});

/** For tests of what is shipped. */
const BUILT = { globalSetup: "test/support/built.ts" };

/** Contract tests that look at what is packaged, which is done once for all of them. */
const PACKAGED = "test/contract/{alarms,dashboard,package,package-options}.test.ts";

export default defineConfig({
  test: {
    // More than the cores of a small machine: many tests wait for a queue or a process. Few enough for two runs at once.
    maxWorkers: 3,
    projects: [
      kind("unit", 30_000),
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
