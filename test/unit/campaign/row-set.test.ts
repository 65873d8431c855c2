import fc from "fast-check";
import { expect, it } from "vitest";
import { rowSet } from "../../../shared/core/campaign/row-set.ts";

it("has the rows that were added, each once, and no others", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(20), fc.nat(1_000_000)), { maxLength: 60, size: "max" }), (rows) => {
      const set = rowSet();
      for (const row of rows) set.add(row);
      expect(set.size).toBe(new Set(rows).size);
      expect(rows.filter((row) => !set.has(row))).toEqual([]);
      const others = rows.flatMap((row) => [row + 1, row + 8, 2 * row]).filter((row) => !rows.includes(row));
      expect(others.filter((row) => set.has(row))).toEqual([]);
    }),
  );
});
