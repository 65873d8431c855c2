import { readFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";
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

/** `1,000 * 9` = 9,000, beside each other in a row or with a sign between. */
const SUM = /`(?<arithmetic>[\d., */+()]+)`(?: \| | = )(?<result>[\d.,]+)/g;

it("each line comes to what its arithmetic does", () => {
  const sums = [...page.matchAll(SUM)].map(({ groups }) => groups ?? {});
  expect(sums.length).toBeGreaterThan(25);
  for (const { arithmetic = "", result = "" } of sums) {
    const decimals = result.split(".")[1]?.length ?? 0;
    expect(evaluated(arithmetic.replaceAll(",", ""), {})?.toFixed(decimals), arithmetic).toBe(
      result.replaceAll(",", ""),
    );
  }
});

it("names the prices by which the dashboard adds up", () => {
  const row = (what: string) => number(new RegExp(`^\\| ${what}[^|]*\\| ([\\d.,]+) \\|`, "m").exec(page)?.[1] ?? "");
  expect({
    message: row("a million messages") / 1e6,
    sqsRequest: row("a million requests to SQS") / 1e6,
    lambdaRequest: row("a million invocations") / 1e6,
    lambdaGigabyteSecond: row("a GB-second"),
    dynamodbWrite: row("a million writes") / 1e6,
    dynamodbRead: row("a million reads") / 1e6,
    logGigabyte: row("a GB of logs"),
  }).toEqual(PRICES);
});

it("counts as many alarms, and metrics that they watch, as there are", () => {
  const maximumConcurrency = { transactional: 20, campaign: 8 };
  const all = Object.values(alarms({ stage: "dev", topicArn: undefined, runbookUrl: "", maximumConcurrency }));
  const watched = all.flatMap(({ Properties }) => (Properties as unknown as Alarm).Metrics);
  const metrics = watched.filter(({ MetricStat }) => MetricStat !== undefined);
  expect(page).toContain(`| ${metrics.length} metrics that ${all.length} alarms watch |`);
});
