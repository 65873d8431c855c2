import fc from "fast-check";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Mutation {
  /** Which place, counted through the whole body. */
  readonly place: number;
  readonly name: string;
  readonly value: Json;
  readonly kind: "replace" | "remove" | "rename" | "add";
}

/** Something else in one of the places of a body. */
export const mutation: fc.Arbitrary<Mutation> = fc.record({
  place: fc.nat(),
  kind: fc.constantFrom("replace", "remove", "rename", "add"),
  name: fc.constantFrom(
    "",
    "< >",
    "__proto__",
    "constructor",
    "toString",
    "Title",
    "RawContent",
    "Badge",
    "RequestId",
    "x",
  ),
  value: fc.constantFrom<Json>(
    ...[null, true, false, 0, -1, 1.5, 2_147_483_647, 2_147_483_648, 1e300],
    ...["", "x", "stop", "retry", "FCM", "APNS", "SMS", "URL", "{}", "[]", "a b", "a".repeat(128), "a".repeat(129)],
    ...["2024-02-29T23:59:59Z", "2025-02-29T23:59:59Z", "2026-04-31T00:00:00Z", "2026-11-23T24:00:00Z"],
    ...["2026-11-23T23:59:60Z", "2026-11-23t12:00:00z", "2026-11-23T12:00:00+24:00"],
    ...["1969-12-31T23:59:59Z", "2026-11-23T12:00:00.1234567890Z", "2026-11-23T12:00:00+0100", "2026-13-01T00:00:00Z"],
    ...[[], {}, ["x"], [1], { x: "y" }, { x: 1 }, { x: ["y"] }, { x: [1] }, { x: { ChannelType: "GCM" } }],
  ),
});

/** The body as it is then. */
export function mutate(body: Json, { place, ...change }: Mutation): Json {
  const places = placesOf(body);
  return changedAt(body, places[place % places.length] ?? [], change);
}

function placesOf(value: Json): readonly (readonly string[])[] {
  const inner = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [[], ...inner.flatMap(([name, item]) => placesOf(item).map((place) => [name, ...place]))];
}

/** Rebuilt from entries, because an assignment to `__proto__` would get lost. */
function changedAt(value: Json, [name, ...rest]: readonly string[], change: Omit<Mutation, "place">): Json {
  if (typeof value !== "object" || value === null || name === undefined) {
    return change.kind === "add" && typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries([...Object.entries(value), [change.name, change.value]])
      : change.value;
  }
  const entries = Object.entries(value as Record<string, Json>).flatMap(([key, item]): [string, Json][] => {
    if (key !== name) {
      return [[key, item]];
    }
    if (rest.length > 0 || change.kind === "replace" || change.kind === "add") {
      return [[key, changedAt(item, rest, change)]];
    }
    return change.kind === "rename" ? [[change.name, item]] : [];
  });
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}
