export interface JsonError {
  /**
   * Of the first character that no JSON text has there; the length of a text that only ends too early. Where a number or
   * a word is not finished (`-`, `1.`, `tru`): of what cannot be read as one.
   */
  readonly offset: number;
  readonly expected: string;
}

/**
 * Where a text stops being JSON; `undefined` for a JSON text. Reads it once and without recursion, so that length and
 * depth do not matter. `JSON.parse` gives no position for some errors, and quotes the text in its messages.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
export function findJsonError(text: string): JsonError | undefined {
  const open: string[] = [];
  let state: State = "value";
  let offset = 0;
  for (;;) {
    offset = endOf(WHITESPACE, text, offset);
    const character = text.charAt(offset);
    const next: State | "close" | undefined = AFTER_MARK[state][character];
    if (next === "close") {
      open.pop();
      state = afterValue(open);
      offset += 1;
    } else if (next !== undefined) {
      if (character === "{" || character === "[") {
        open.push(character);
      }
      state = next;
      offset += 1;
    } else if (character === '"' && TAKES_STRING.has(state)) {
      const string = readString(text, offset);
      if (!string.isClosed) {
        return { offset: string.end, expected: "the rest of a string and its closing quote" };
      }
      state = state === "value" || state === "firstItem" ? afterValue(open) : "colon";
      offset = string.end;
    } else {
      const end = state === "value" || state === "firstItem" ? endOf(NUMBER_OR_WORD, text, offset) : offset;
      if (end === offset) {
        return state === "end" && offset === text.length ? undefined : { offset, expected: EXPECTED[state] };
      }
      state = afterValue(open);
      offset = end;
    }
  }
}

/** What the reader waits for. */
type State = "value" | "firstItem" | "firstName" | "name" | "colon" | "afterItem" | "afterMember" | "end";

const EXPECTED = {
  value: "a value",
  firstItem: "a value or ]",
  firstName: "a name in double quotes or }",
  name: "a name in double quotes",
  colon: "a colon",
  afterItem: "a comma or ]",
  afterMember: "a comma or }",
  end: "nothing more",
} as const satisfies Record<State, string>;

/** Which mark may come, and what then. */
const AFTER_MARK: Record<State, Readonly<Record<string, State | "close">>> = {
  value: { "{": "firstName", "[": "firstItem" },
  firstItem: { "{": "firstName", "[": "firstItem", "]": "close" },
  firstName: { "}": "close" },
  name: {},
  colon: { ":": "value" },
  afterItem: { ",": "value", "]": "close" },
  afterMember: { ",": "name", "}": "close" },
  end: {},
};

const TAKES_STRING: ReadonlySet<State> = new Set(["value", "firstItem", "firstName", "name"]);

const WHITESPACE = /[ \t\n\r]*/y;
const NUMBER_OR_WORD = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** Everything from the space on; what comes before it is a control character and has to be escaped. */
const PLAIN_CHARACTERS = /[ !#-[\]-\uffff]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})/y;

function afterValue(open: readonly string[]): State {
  const innermost = open.at(-1);
  if (innermost === undefined) {
    return "end";
  }
  return innermost === "{" ? "afterMember" : "afterItem";
}

/** The string that opens at `start`: where it ends, or where it goes wrong. */
function readString(text: string, start: number): { readonly end: number; readonly isClosed: boolean } {
  let offset = start + 1;
  for (;;) {
    offset = endOf(PLAIN_CHARACTERS, text, offset);
    if (text.charAt(offset) === '"') {
      return { end: offset + 1, isClosed: true };
    }
    const end = endOf(ESCAPE, text, offset);
    if (end === offset) {
      return { end, isClosed: false };
    }
    offset = end;
  }
}

/** Where the match of a sticky pattern at `offset` ends; `offset` where there is none. */
function endOf(pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : offset;
}
