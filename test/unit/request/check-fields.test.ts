import { describe, expect, it } from "vitest";
import { checkFields, fieldTable } from "../../../shared/core/request/check-fields.ts";
import { startFindings } from "../../../shared/core/request/problem.ts";

const problemsOf = (Rate: unknown) => {
  const findings = startFindings(() => "hash");
  checkFields({ Rate }, fieldTable({ Rate: "count" }), () => "order", findings);
  return findings.problems;
};

/** What no send request has, and an order for a campaign does; the other kinds are tried with whole requests. */
describe("a field that is a count", () => {
  it.each([1, 25_000, Number.MAX_SAFE_INTEGER])("may be %d", (value) => {
    expect(problemsOf(value)).toEqual([]);
  });

  it.each([
    [0, "must be a whole number over 0"],
    [-1, "must be a whole number over 0"],
    [1.5, "must be a whole number over 0"],
    [2 ** 53, "must be a whole number over 0"],
    ["7", "must be a whole number over 0, not a string"],
    [null, "must be a whole number over 0, not null"],
  ])("may not be %j", (value, message) => {
    expect(problemsOf(value)).toEqual([{ path: "order.Rate", message }]);
  });
});
