/**
 * A text with variables: `{{name}}`, or `{{name|default}}` for recipients who have no such value. Between the variables
 * stand the literals, one more of them than variables.
 */
export interface Template {
  readonly literals: readonly string[];
  readonly variables: readonly Variable[];
}

export interface Variable {
  readonly name: string;
  /** Taken where a recipient has no value; without one, such a recipient is rejected. */
  readonly otherwise?: string;
}

const VARIABLE = /\{\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}/g;

/** A string of a JSON text. Between two strings, JSON has no `{{`. */
const JSON_STRING = /"(?:[^"\\]|\\.)*"/g;

/** `undefined` where a `{{` begins no variable: what the service makes of such a text is its own secret. */
export function parseTemplate(text: string): Template | undefined {
  const literals: string[] = [];
  const variables: Variable[] = [];
  let end = 0;
  for (const { index, 0: placeholder, 1: name = "", 2: otherwise } of text.matchAll(VARIABLE)) {
    if (name === "") return undefined;
    literals.push(text.slice(end, index));
    variables.push({ name, ...(otherwise === undefined ? {} : { otherwise }) });
    end = index + placeholder.length;
  }
  literals.push(text.slice(end));
  return literals.some((literal) => literal.includes("{{")) ? undefined : { literals, variables };
}

/**
 * The template of raw content, whose variables stand inside of JSON strings. Values have to be escaped before they are
 * inserted (`escapeInJson`); literals and defaults are JSON already. `text` is valid JSON.
 */
export function parseRawTemplate(text: string): Template | undefined {
  let literals: readonly string[] = [""];
  const variables: Variable[] = [];
  const append = (own: Template) => {
    const [first = "", ...others] = own.literals;
    literals = [...literals.slice(0, -1), `${literals.at(-1)}${first}`, ...others];
    variables.push(...own.variables);
  };
  let end = 0;
  for (const { index, 0: string } of text.matchAll(JSON_STRING)) {
    append({ literals: [text.slice(end, index)], variables: [] });
    const own = parseTemplate(string);
    if (own === undefined) return undefined;
    append(own);
    end = index + string.length;
  }
  append({ literals: [text.slice(end)], variables: [] });
  return { literals, variables };
}

/** A value as it stands inside of a JSON string. */
export function escapeInJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** The text as it is for nobody: defaults, and nothing where there is none. */
export function renderForNobody({ literals, variables }: Template): string {
  return literals.map((literal, place) => literal + (variables[place]?.otherwise ?? "")).join("");
}
