import { expect, it } from "vitest";
import { present } from "../../../shared/core/campaign/present.ts";

it("has what is given, and no field for what is not", () => {
  const given = { nothing: undefined, none: null, zero: 0, empty: "", no: false };
  expect(present(given)).toStrictEqual({ none: null, zero: 0, empty: "", no: false });
});
