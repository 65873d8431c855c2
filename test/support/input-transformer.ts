/** EventBridge's `InputTransformer`. */
export interface InputTransformer {
  readonly InputPathsMap: Readonly<Record<string, string>>;
  readonly InputTemplate: string;
}

/**
 * What EventBridge makes of an event: a variable inside a string is inserted as it is, any other as JSON. Of JSON paths
 * only dots are known here.
 *
 * @throws {Error} where EventBridge takes no such transformer, and where what comes out is not JSON
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_InputTransformer.html
 */
export function transformInput({ InputPathsMap, InputTemplate }: InputTransformer, event: object): string {
  if (InputTemplate.length > 8_192) throw new Error("InputTemplate has more than 8,192 characters");
  if (/"[^"\\]*<[\w-]+>[^"\\]*"\s*:/.test(InputTemplate))
    throw new Error("A placeholder cannot be used as an object key");
  const extracted = (name: string): unknown => {
    const path = InputPathsMap[name];
    if (path === undefined) throw new Error(`InputPathsMap has no ${name}`);
    const value = path
      .split(".")
      .slice(1)
      .reduce<unknown>((held, key) => (held as Record<string, unknown> | undefined)?.[key], event);
    if (value === undefined) throw new Error(`The event has nothing at ${path}`);
    return value;
  };
  const transformed = InputTemplate.replace(/"(?:[^"\\]|\\.)*"|<([\w-]+)>/g, (part, bare: string | undefined) =>
    bare === undefined
      ? part.replace(/<([\w-]+)>/g, (_, name: string) => String(extracted(name)))
      : JSON.stringify(extracted(bare)),
  );
  JSON.parse(transformed);
  return transformed;
}
