import { defineConfig } from "vitest/config";

/**
 * What Stryker runs for each mutant: the tests of the core, without projects, which it cannot tell apart, and without the
 * tests of the pipeline: the core has to be held by its own.
 */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    include: ["test/unit/**/*.test.ts"],
    exclude: ["test/unit/house/**", "test/unit/pipeline/**", "test/unit/*.test.ts"],
    setupFiles: ["test/support/fixed-seed.ts"],
  },
});
