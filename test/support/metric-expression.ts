/** The value of a metric in one period; undefined where it has none. */
export type Value = number | undefined;

const TOKEN = /\s*(?:(?<number>\d+(?:\.\d+)?)|(?<name>[A-Za-z]\w*)|(?<sign>>=|<=|==|[-+*/()<>,]))\s*/y;

/** From the loosest to the tightest. A comparison is 1 or 0. */
const LEVELS: readonly Readonly<Record<string, (a: number, b: number) => number>>[] = [
  {
    ">=": (a, b) => Number(a >= b),
    "<=": (a, b) => Number(a <= b),
    ">": (a, b) => Number(a > b),
    "<": (a, b) => Number(a < b),
  },
  { "+": (a, b) => a + b, "-": (a, b) => a - b },
  { "*": (a, b) => a * b, "/": (a, b) => a / b },
];

const FUNCTIONS: Readonly<Record<string, (...read: Value[]) => Value>> = {
  FILL: (value, other) => value ?? other,
  IF: (condition, yes, no) => {
    if (condition === undefined) return undefined;
    return condition === 0 ? no : yes;
  },
};

/**
 * The value of a CloudWatch metric math expression in one period, as far as alarms use the language: what is made of
 * something missing is missing, but for `FILL`.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 * @throws {Error} at what it does not know
 */
export function evaluated(expression: string, values: Readonly<Record<string, Value>>): Value {
  const tokens = tokensOf(expression);
  let at = 0;
  const next = () => tokens[at]?.text;
  const take = (wanted?: string) => {
    const token = tokens[at++];
    if (token === undefined || (wanted !== undefined && token.text !== wanted))
      throw new Error(`${expression}: ${wanted ?? "more"} expected, not ${token?.text ?? "the end"}`);
    return token;
  };

  function level(depth: number): Value {
    const operators = LEVELS[depth];
    if (operators === undefined) return operand();
    let left = level(depth + 1);
    for (let operate = operators[next() ?? ""]; operate; operate = operators[next() ?? ""]) {
      take();
      const right = level(depth + 1);
      left = left === undefined || right === undefined ? undefined : operate(left, right);
    }
    return left;
  }

  function operand(): Value {
    const { kind, text } = take();
    if (kind === "number") return Number(text);
    if (text === "(") {
      const inner = level(0);
      take(")");
      return inner;
    }
    if (kind !== "name") throw new Error(`${expression}: a value expected, not ${text}`);
    if (next() === "(") return called(text);
    if (!(text in values)) throw new Error(`${expression}: there is no metric ${text}`);
    return values[text];
  }

  function called(name: string): Value {
    const apply = FUNCTIONS[name];
    if (apply === undefined) throw new Error(`${expression}: ${name} is not known here`);
    const read: Value[] = [];
    take("(");
    for (;;) {
      read.push(level(0));
      if (take().text === ")") return apply(...read);
    }
  }

  const value = level(0);
  if (at < tokens.length) throw new Error(`${expression}: the end expected, not ${next()}`);
  return value;
}

function tokensOf(expression: string) {
  const tokens: { readonly kind: string; readonly text: string }[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < expression.length) {
    const from = pattern.lastIndex;
    const found = pattern.exec(expression);
    if (found === null) throw new Error(`${expression}: what stands at ${from} is not known here`);
    for (const [kind, text] of Object.entries(found.groups ?? {})) if (text !== undefined) tokens.push({ kind, text });
  }
  return tokens;
}
