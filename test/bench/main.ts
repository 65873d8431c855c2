/** `npm run bench -- <name> [flags]`: each folder here with a `bench.ts` is a bench of that name. */
import { existsSync, readdirSync } from "node:fs";

const here = new URL("./", import.meta.url);
const names = readdirSync(here).filter((name) => existsSync(new URL(`${name}/bench.ts`, here)));
const [name = "", ...flags] = process.argv.slice(2);

if (names.includes(name)) {
  const { bench } = (await import(new URL(`${name}/bench.ts`, here).href)) as {
    bench(flags: readonly string[]): Promise<void>;
  };
  await bench(flags);
} else {
  console.error(`There is ${name ? `no bench "${name}"` : "more than one bench"}; name one of: ${names.join(", ")}`);
  process.exitCode = 1;
}
