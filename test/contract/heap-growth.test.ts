import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const MODULE = new URL("../../shared/aws/heap-growth.ts", import.meta.url).href;

it("this version of Node knows the flag", () => {
  const script = `import { letHeapGrow } from ${JSON.stringify(MODULE)}; letHeapGrow();`;
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
