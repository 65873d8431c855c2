import { beforeAll, expect, it } from "vitest";
import { METRICS, type MetricName } from "../../shared/telemetry.ts";
import { type Package, packageOf } from "../support/package-of.ts";
import { ofType } from "../support/serverless-package.ts";

/** The dashboard that packaging produced: what it charts is what functions emit. */

interface Widget {
  readonly type: "alarm" | "text" | "metric";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
  };
}

interface Charted {
  readonly name: string;
  readonly dimensions: readonly string[];
  readonly stat: string;
}

let packaged: Package;
let text: string;
let widgets: readonly Widget[];

beforeAll(async () => {
  packaged = await packageOf("plain");
  const dashboards = ofType<{ DashboardBody: { "Fn::Sub": string } }>(packaged.template, "AWS::CloudWatch::Dashboard");
  text = dashboards["Dashboard"]?.DashboardBody["Fn::Sub"] ?? "";
  widgets = JSON.parse(text).widgets;
});

const SEARCH = /^SEARCH\('\{Sluice,(?<dimensions>[\w,]+)\} MetricName="(?<name>\w+)" Stage="dev"', '(?<stat>\w+)'\)$/;

/** What the charts show of our own namespace, by name or by a search. */
function charted(): Charted[] {
  const lines = widgets.flatMap(({ properties }) => properties.metrics ?? []);
  return lines.flatMap((line): Charted[] => {
    const { expression = "", stat = "" } = line.at(-1) as { expression?: string; stat?: string };
    const search = SEARCH.exec(expression)?.groups;
    if (search) {
      const { dimensions = "", name = "", stat = "" } = search;
      return [{ name, dimensions: dimensions.split(","), stat }];
    }
    const [namespace, name, ...pairs] = line.slice(0, -1) as string[];
    if (namespace !== "Sluice" || name === undefined) return [];
    return [{ name, dimensions: pairs.filter((_, index) => index % 2 === 0), stat }];
  });
}

it("charts every metric that there is, and none that there is not", () => {
  expect(new Set(charted().map(({ name }) => name))).toEqual(new Set(Object.keys(METRICS)));
});

it("charts metrics by the dimensions that they are emitted with, and as they are kept", () => {
  for (const { name, dimensions, stat } of charted()) {
    const metric = METRICS[name as MetricName];
    const common = ["Stage", "service", ...("by" in metric ? [] : ["Lane"])];
    expect([common, [...common, ...metric.dimensions]], name).toContainEqual(dimensions);
    if (stat !== "Sum") expect(metric, `${name} ${stat}`).toHaveProperty("distribution");
  }
});

it("knows every form of a line", () => {
  const searches = text.match(/SEARCH/g) ?? [];
  const ofSearches = charted().filter(
    ({ name, dimensions }) => dimensions.length > 3 || "by" in METRICS[name as MetricName],
  );
  expect(ofSearches).toHaveLength(searches.length);
});

it("answers from top to bottom what an operator asks", () => {
  expect(widgets[0]).toMatchObject({ type: "alarm", y: 0 });
  const alarms = Object.keys(ofType(packaged.template, "AWS::CloudWatch::Alarm"));
  expect(widgets[0]?.properties.alarms).toEqual(alarms.map((id) => `\${${id}.Arn}`));
  const headings = widgets.filter(({ type }) => type === "text");
  expect(headings.map(({ properties }) => properties.markdown)).toEqual([
    "## Are we sending?",
    "## At what share of the quota?",
    "## How late?",
    "## What fails, and why?",
    "## How do campaigns go on?",
    "## How well does it pack?",
    "## What does it cost?",
  ]);
});

it("lays no chart over another", () => {
  const overlap = (a: Widget, b: Widget) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  expect(widgets.flatMap((a, index) => widgets.slice(index + 1).filter((b) => overlap(a, b)))).toEqual([]);
  expect(widgets.filter(({ x, width }) => x + width > 24)).toEqual([]);
});

it("refers to nothing that the stack does not have", () => {
  const names = [...text.matchAll(/\$\{(?!!|AWS::)(\w+)(?:\.\w+)?\}/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !(name in packaged.template.Resources))).toEqual([]);
});
