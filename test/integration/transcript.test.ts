import { expect, it } from "vitest";
import { transcript } from "../support/transcript.ts";

it("docs/transcript.md is what one sees (`vitest run test/integration/transcript.test.ts -u` writes it)", async () => {
  await expect(await transcript()).toMatchFileSnapshot("../../docs/transcript.md");
});
