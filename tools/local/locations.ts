const FROM_SOURCE = import.meta.url.endsWith(".ts");

/** The entry of a process of the local stack: beside this file in a checkout, beside the bundled command in `dist/cli`. */
export function processEntry(name: string): URL {
  return new URL(`./${name}${FROM_SOURCE ? ".ts" : ".mjs"}`, import.meta.url);
}

/** The folder of a built function, `dist/<name>/`. */
export function builtFunction(name: string): URL {
  return new URL(`${FROM_SOURCE ? "../../dist" : ".."}/${name}/`, import.meta.url);
}
