import { defineConfig } from "vitest/config";

/** What Stryker runs for each mutant: the tests of the core, without projects, which it cannot tell apart. */
export default defineConfig({
  test: {
    testTimeout: 120_000,
    include: ["test/unit/**/*.test.ts"],
    exclude: ["test/unit/house/**"],
    setupFiles: ["test/support/fixed-seed.ts"],
  },
});
