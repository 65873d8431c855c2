/** What a look at a JSON value found. Paths lead from the value that was looked at. */
export interface Findings {
  readonly problems: string[];
  /** Fields that the shape does not have: a problem for some readers, not for others. */
  readonly unknownFields: string[];
}

export type Check = (value: unknown, path: string, found: Findings) => void;

/** A check for each field of `T`: a field that the type gains and the shape lacks fails the type check. */
export type Fields<T> = { readonly [Field in keyof Required<T>]: Check };

export function kind(name: string, is: (value: unknown) => boolean): Check {
  return (value, path, found) => {
    if (!is(value)) complain(found, path, name);
  };
}

export function oneOf(values: readonly (string | number)[]): Check {
  return kind(`one of ${values.join(", ")}`, (value) => values.some((allowed) => allowed === value));
}

/** An object with named fields. One that is null counts as absent. */
export function record<T>(fields: Fields<T>, ...required: (keyof T & string)[]): Check {
  const checks = new Map(Object.entries<Check>(fields));
  return (value, path, found) => {
    if (!isObject(value)) return complain(found, path, "an object");
    for (const [field, held] of Object.entries(value)) {
      const check = checks.get(field);
      if (check === undefined) found.unknownFields.push(`${path}.${field}`);
      else if (held !== null) check(held, `${path}.${field}`, found);
    }
    for (const field of required) {
      if ((value[field] ?? null) === null) found.problems.push(`${path}.${field} is missing`);
    }
  };
}

/** Objects of several shapes, told apart by their field `kind`. */
export function byKind(checks: Readonly<Record<string, Check>>): Check {
  const kinds = new Map(Object.entries(checks));
  return (value, path, found) => {
    if (!isObject(value)) return complain(found, path, "an object");
    const check = kinds.get(String(value["kind"]));
    if (check === undefined) complain(found, `${path}.kind`, `one of ${[...kinds.keys()].join(", ")}`);
    else check(value, path, found);
  };
}

/** An object whose keys are data; they do not show in paths. */
export function mapOf(check: Check): Check {
  return (value, path, found) => {
    if (!isObject(value)) return complain(found, path, "an object");
    const entryPath = `${path}.*`;
    for (const held of Object.values(value)) check(held, entryPath, found);
  };
}

export function listOf(check: Check): Check {
  return (value, path, found) => {
    if (!Array.isArray(value)) return complain(found, path, "a list");
    value.forEach((held, place) => {
      check(held, `${path}[${place}]`, found);
    });
  };
}

function complain(found: Findings, path: string, expected: string): void {
  found.problems.push(`${path} must be ${expected}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
