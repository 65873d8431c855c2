import { readFile } from "node:fs/promises";

export interface DocExample {
  /** The nearest heading over it. */
  readonly heading: string;
  readonly language: string;
  readonly text: string;
}

/** The code blocks of a page in `docs/`, in order, so that a test runs what the page shows. */
export async function docExamples(page: string): Promise<readonly DocExample[]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  const examples: DocExample[] = [];
  let heading = "";
  for (const { groups } of text.matchAll(/^#+ (?<title>.*)$|^```(?<language>\w+)\n(?<code>[\s\S]*?)^```$/gm)) {
    if (groups?.["title"] !== undefined) heading = groups["title"];
    else examples.push({ heading, language: groups?.["language"] ?? "", text: groups?.["code"] ?? "" });
  }
  return examples;
}
