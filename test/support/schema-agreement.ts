import fc from "fast-check";
import { expect } from "vitest";
import type { Problem } from "../../shared/core/request/problem.ts";
import { type Json, mutate, mutation } from "./json-mutations.ts";

/** A JSON Schema and a parser of ours that say of the same bodies whether they are valid. */
export interface Agreement {
  readonly valid: readonly { readonly content: Json }[];
  readonly schemaAccepts: (body: Json) => boolean;
  /** Of the parser, for a body as text. */
  readonly problemsOf: (text: string) => readonly Problem[];
  /** The parser's rules that a schema cannot express, as they begin in its problems. */
  readonly notInTheSchema: readonly string[];
}

/**
 * Expects that both take or both refuse whatever a valid sample is turned into.
 *
 * @returns how many bodies were refused: with none the law has said nothing
 */
export function expectAgreement(
  { valid, schemaAccepts, problemsOf, notInTheSchema }: Agreement,
  { numRuns }: { readonly numRuns: number },
): number {
  let refused = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...valid),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      ({ content }, mutations) => {
        const mutated = mutations.reduce(mutate, content);
        const problems = problemsOf(JSON.stringify(mutated));
        if (schemaAccepts(mutated)) {
          const isUnexpressed = (message: string) => notInTheSchema.some((rule) => message.startsWith(rule));
          expect(problems.filter(({ message }) => !isUnexpressed(message))).toEqual([]);
        } else {
          refused += 1;
          expect(problems).not.toEqual([]);
        }
      },
    ),
    { numRuns },
  );
  return refused;
}
