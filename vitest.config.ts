import { defineConfig } from "vitest/config";

/** One project per kind of test, so that `vitest run --project unit` runs one kind alone. */
const kind = (name: string, testTimeout: number) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout, hookTimeout: testTimeout },
});

export default defineConfig({
  test: {
    // More than cores: many tests wait for a queue or a process. On two cores all take 174 s, and 193 s with two workers.
    maxWorkers: 4,
    projects: [kind("unit", 30_000), kind("contract", 30_000), kind("integration", 120_000), kind("fault", 240_000)],
  },
});
