import { basename } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The tests of the changed file first, then the rest of its folder, then the others; each time those that take seconds
 * last. A mutant's run ends with the first test that fails, so most mutants never come to the slow ones.
 */
class NearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const changed = this.ctx.config.related?.[0] ?? "";
    const [, folder, name] = /\/core\/(.+)\/([^/]+)\.ts$/.exec(changed) ?? [];
    const distance = ({ moduleId }: TestSpecification): number => {
      const slow = /\/(?:law|fleet|bound|most-json-bytes)\.test\.ts$/.test(moduleId) ? 1 : 0;
      if (!moduleId.includes(`/unit/${folder}/`)) return 4 + slow;
      return basename(moduleId) === `${name}.test.ts` ? 0 : 2 + slow;
    };
    return files.toSorted((a, b) => distance(a) - distance(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

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
    sequence: { sequencer: NearestFirst },
  },
});
