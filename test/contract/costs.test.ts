import { readFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";
import { estimate } from "../../shared/core/campaign/estimate.ts";
import { emptyTally } from "../../shared/core/campaign/tally.ts";
import { alarms } from "../../tools/deploy/alarms.ts";
import { PRICES } from "../../tools/deploy/prices.ts";
import type { Alarm } from "../support/alarm-evaluator.ts";
import { evaluated } from "../support/metric-expression.ts";

/** docs/costs.md adds up. */

let page: string;
beforeAll(async () => {
  page = await readFile(new URL("../../docs/costs.md", import.meta.url), "utf8");
});

const number = (text: string) => Number(text.replaceAll(",", ""));

/** Of the rows of a table, by its heading, what stands in backquotes first, and the other cells. */
function rowsBelow(heading: string): readonly (readonly [name: string, ...cells: string[]])[] {
  const section = page.split(`\n${heading}\n`)[1]?.split(/\n#/)[0] ?? "";
  return [...section.matchAll(/^\| `(\w+)` \| (.*) \|$/gm)].map(([, name = "", cells = ""]) => [
    name,
    ...cells.split(" | "),
  ]);
}

/** In dollars, by its name. */
const prices = () =>
  Object.fromEntries(rowsBelow("## Prices").map(([name, , dollars = ""]) => [name, number(dollars)]));

/** `1,000 * sqs` = 400, beside each other in a row or with a sign between. */
const SUM = /`(?<arithmetic>[a-z\d., */+()]+)`(?: \| | = )(?<result>[\d.,]+)/g;

it("each line comes to what its arithmetic does with the prices that it names", () => {
  const sums = [...page.matchAll(SUM)].map(({ groups }) => groups ?? {});
  expect(sums.length).toBeGreaterThan(25);
  for (const { arithmetic = "", result = "" } of sums) {
    const decimals = result.split(".")[1]?.length ?? 0;
    expect(evaluated(arithmetic.replaceAll(",", ""), prices())?.toFixed(decimals), arithmetic).toBe(
      result.replaceAll(",", ""),
    );
  }
  const named = new Set(sums.flatMap(({ arithmetic = "" }) => arithmetic.match(/[a-z]+/g) ?? []));
  expect([...named].toSorted()).toEqual(Object.keys(prices()).toSorted());
});

it("each sum of dollars names its price", () => {
  const tables = page.split("| line | arithmetic | dollars |\n|---|---|--:|\n").slice(1);
  const lines = tables.flatMap((table) => table.split("\n\n")[0]?.split("\n") ?? []);
  expect(lines.length).toBeGreaterThan(25);
  for (const line of lines) expect(line).toMatch(/ \| `[^`]*[a-z][^`]*` \| [\d.]+ \|$/);
});

it("lists each price that is to be checked, with why", () => {
  const toCheck = rowsBelow("## Prices").filter(([, , , sure]) => sure === "check");
  expect(rowsBelow("### Prices to check").map(([name]) => name)).toEqual(toCheck.map(([name]) => name));
});

it("has the prices by which the dashboard adds up", () => {
  const { message = 0, sqs = 0, invocation = 0, compute, write = 0, read = 0, log } = prices();
  expect({
    message: message / 1e6,
    sqsRequest: sqs / 1e6,
    lambdaRequest: invocation / 1e6,
    lambdaGigabyteSecond: compute,
    dynamodbWrite: write / 1e6,
    dynamodbRead: read / 1e6,
    logGigabyte: log,
  }).toEqual(PRICES);
});

it("has the prices that a campaign's estimate assumes", () => {
  const { costs } = estimate(
    { ...emptyTally(), recipients: { GCM: 1_000 }, chunks: { GCM: 10 } },
    { messagesPerSecond: 25_000, callsPerSecond: 4_000, margin: 0.97, channels: {} },
  );
  const { message, sqs, write, compute } = prices();
  expect(costs.map(({ assuming }) => Number(/^\$([\d.]+) per/.exec(assuming)?.[1]))).toEqual([
    message,
    sqs,
    write,
    compute,
  ]);
});

it("counts as many alarms, and metrics that they watch, as there are", () => {
  const maximumConcurrency = { transactional: 20, campaign: 8 };
  const all = Object.values(alarms({ stage: "dev", topicArn: undefined, runbookUrl: "", maximumConcurrency }));
  const watched = all.flatMap(({ Properties }) => (Properties as unknown as Alarm).Metrics);
  const metrics = watched.filter(({ MetricStat }) => MetricStat !== undefined);
  expect(page).toContain(`| ${metrics.length} metrics that ${all.length} alarms watch |`);
});
