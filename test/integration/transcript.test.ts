import { beforeAll, expect, it } from "vitest";
import { build } from "../../tools/build.ts";
import { transcript } from "../support/transcript.ts";

beforeAll(() => build());

it("docs/transcript.md is what one sees (`vitest run test/integration/transcript.test.ts -u` writes it)", async () => {
  await expect(await transcript()).toMatchFileSnapshot("../../docs/transcript.md");
});
