/**
 * Mutation testing of the core: `npm run mutants`. Coverage tells that a test runs the code, a killed mutant that a
 * test would notice if the code were wrong. A second run tries only what changed (reports/mutants.json).
 */
export default {
  mutate: ["shared/core/**/*.ts"],
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutants.config.ts" },
  // Below this `npm run mutants` fails.
  thresholds: { high: 95, low: 90, break: 85 },
  incremental: true,
  incrementalFile: "reports/mutants.json",
  reporters: ["clear-text", "progress", "html"],
  htmlReporter: { fileName: "reports/mutants.html" },
  // Each mutant that survives is listed with its line; which tests passed it is in the HTML report.
  clearTextReporter: { logTests: false, reportTests: false, allowColor: false, reportScoreTable: true },
  // Not needed in the sandbox; and with TypeScript 7 Stryker 10 cannot read a tsconfig.json, which is not needed either.
  ignorePatterns: ["dist", "docs", "reports", "tsconfig.json"],
};
