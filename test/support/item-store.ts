import { createServer, type IncomingMessage, type Server } from "node:http";
import { text } from "node:stream/consumers";

/**
 * DynamoDB's API as far as items with keys `pk` and `sk`, strings and numbers need it one by one, at a tenth of an emulator's processor time: for
 * benches, where the table has the machine to itself in truth. Single paths, `SET` with sums and `if_not_exists`, `ADD`,
 * conditions; anything else is a `ValidationException`. A refused write brings the item along, as AWS's does.
 *
 * @param hears whether a request is answered at all
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
 */
export function itemStore(hears: (operation: string) => boolean = () => true): Server {
  const items = new Map<string, Item>();
  return createServer(async (request, response) => {
    const operation = operationOf(request);
    if (!hears(operation)) return;
    const body = await text(request);
    const { status, answer } = answerTo(operation, JSON.parse(body) as Input, items);
    const json = JSON.stringify(answer);
    response.writeHead(status, {
      "content-type": "application/x-amz-json-1.0",
      "content-length": Buffer.byteLength(json),
    });
    response.end(json);
  });
}

type Value = { readonly N: string } | { readonly S: string };
type Item = Readonly<Record<string, Value>>;

interface Input {
  readonly TableName: string;
  readonly Key: Item;
  /** In the place of `Key`, where it is put. */
  readonly Item?: Item;
  readonly UpdateExpression: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}

interface Answer {
  readonly status: 200 | 400;
  readonly answer: object;
}

function operationOf({ headers }: IncomingMessage): string {
  return String(headers["x-amz-target"]).split(".")[1] ?? "";
}

function answerTo(operation: string, input: Input, items: Map<string, Item>): Answer {
  const { pk, sk } = input.Item ?? input.Key;
  const key = JSON.stringify([input.TableName, pk, sk]);
  const item = items.get(key);
  try {
    if (operation === "GetItem") return { status: 200, answer: item ? { Item: item } : {} };
    if (!WRITES.has(operation)) throw new SyntaxError(`${operation} is none of this store's operations`);
    const scope: Scope = {
      item: item ?? {},
      names: input.ExpressionAttributeNames ?? {},
      values: input.ExpressionAttributeValues ?? {},
    };
    const condition = input.ConditionExpression;
    if (condition !== undefined && !parsed(condition, parseCondition)(scope)) {
      const Item = input.ReturnValuesOnConditionCheckFailure === "ALL_OLD" ? item : undefined;
      return refusal("ConditionalCheckFailedException", "The conditional request failed", { Item });
    }
    if (operation === "DeleteItem") items.delete(key);
    if (input.Item !== undefined) items.set(key, input.Item);
    if (operation !== "UpdateItem") return { status: 200, answer: {} };
    const updated = { ...input.Key, ...item, ...parsed(input.UpdateExpression, parseUpdate)(scope) };
    items.set(key, updated);
    return { status: 200, answer: { Attributes: updated } };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refusal("ValidationException", error.message);
  }
}

const WRITES: ReadonlySet<string> = new Set(["PutItem", "UpdateItem", "DeleteItem"]);

function refusal(name: string, message: string, more: object = {}): Answer {
  return { status: 400, answer: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message, ...more } };
}

/** What an expression is evaluated in; it sees the item as it was. */
interface Scope {
  readonly item: Item;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Item;
}

type Operand = (scope: Scope) => Value | undefined;
type Condition = (scope: Scope) => boolean;
type Update = (scope: Scope) => Item;

/** Expressions come again and again with other values, so each text is parsed once. */
const known = new Map<string, unknown>();

function parsed<Meaning>(expression: string, parse: (words: Words) => Meaning): Meaning {
  const before = known.get(expression) as Meaning | undefined;
  if (before !== undefined) return before;
  const words = wordsOf(expression);
  const meaning = parse(words);
  if (words.next !== undefined) throw new SyntaxError(`${words.next} is one word too many`);
  known.set(expression, meaning);
  return meaning;
}

interface Words {
  readonly next: string | undefined;
  /** Takes the next word if it is this one, or any of a kind. */
  take(word: string | RegExp): string | undefined;
  /** @throws {SyntaxError} when it is not */
  need(word: string | RegExp): string;
}

function wordsOf(expression: string): Words {
  const words = expression.match(/[#:]?\w+|<>|<=|>=|\S/g) ?? [];
  let at = 0;
  const take = (word: string | RegExp) => {
    const next = words[at];
    const is = next !== undefined && (typeof word === "string" ? next === word : word.test(next));
    return is ? words[at++] : undefined;
  };
  return {
    get next() {
      return words[at];
    },
    take,
    need(word) {
      const taken = take(word);
      if (taken === undefined) throw new SyntaxError(`${words[at] ?? "The end"} stands in the place of ${word}`);
      return taken;
    },
  };
}

function parseUpdate(words: Words): Update {
  const changes: ((scope: Scope) => readonly [string, Value])[] = [];
  const each = (parse: () => (scope: Scope) => readonly [string, Value]) => {
    do changes.push(parse());
    while (words.take(","));
  };
  if (words.take("SET")) each(() => parseSet(words));
  if (words.take("ADD")) each(() => parseAdd(words));
  return (scope) => Object.fromEntries(changes.map((change) => change(scope)));
}

function parseSet(words: Words) {
  const path = parsePath(words);
  words.need("=");
  const first = parseOperand(words);
  const second = words.take("+") ? parseOperand(words) : undefined;
  return (scope: Scope) => {
    const value = first(scope);
    if (value === undefined) throw new SyntaxError("An attribute of the update does not exist");
    return [path(scope), second ? sum(value, second(scope)) : value] as const;
  };
}

function parseAdd(words: Words) {
  const path = parsePath(words);
  const more = parseOperand(words);
  return (scope: Scope) => [path(scope), sum(scope.item[path(scope)] ?? { N: "0" }, more(scope))] as const;
}

function parseCondition(words: Words): Condition {
  const either = [parseAll(words)];
  while (words.take("OR")) either.push(parseAll(words));
  return (scope) => either.some((condition) => condition(scope));
}

function parseAll(words: Words): Condition {
  const all = [parseOne(words)];
  while (words.take("AND")) all.push(parseOne(words));
  return (scope) => all.every((condition) => condition(scope));
}

function parseOne(words: Words): Condition {
  if (words.take("(")) {
    const condition = parseCondition(words);
    words.need(")");
    return condition;
  }
  const exists = words.take("attribute_exists") !== undefined;
  if (exists || words.take("attribute_not_exists")) {
    words.need("(");
    const path = parsePath(words);
    words.need(")");
    return (scope) => path(scope) in scope.item === exists;
  }
  const left = parseOperand(words);
  const comparison = COMPARISONS[words.need(/^(=|<>|<|<=|>|>=)$/) as keyof typeof COMPARISONS];
  const right = parseOperand(words);
  return (scope) => {
    const [a, b] = [left(scope), right(scope)];
    if (a === undefined || b === undefined) return false;
    return "N" in a && "N" in b ? comparison(Number(a.N), Number(b.N)) : comparison(textOf(a), textOf(b));
  };
}

type Compare = <Kind extends string | number>(a: Kind, b: Kind) => boolean;

const COMPARISONS = {
  "=": (a, b) => a === b,
  "<>": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
} as const satisfies Record<string, Compare>;

function parseOperand(words: Words): Operand {
  const placeholder = words.take(/^:/);
  if (placeholder) return ({ values }) => values[placeholder];
  if (!words.take("if_not_exists")) {
    const path = parsePath(words);
    return (scope) => scope.item[path(scope)];
  }
  words.need("(");
  const path = parsePath(words);
  words.need(",");
  const otherwise = parseOperand(words);
  words.need(")");
  return (scope) => scope.item[path(scope)] ?? otherwise(scope);
}

function parsePath(words: Words): (scope: Scope) => string {
  const word = words.need(/^#?\w+$/);
  return ({ names }) => names[word] ?? word;
}

function sum(a: Value, b: Value | undefined): Value {
  if (b === undefined || !("N" in a && "N" in b)) throw new SyntaxError("Only numbers can be added");
  return { N: String(Number(a.N) + Number(b.N)) };
}

function textOf(value: Value): string {
  return JSON.stringify(value);
}
