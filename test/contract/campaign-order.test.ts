import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { describe, expect, it } from "vitest";
import { shortHash } from "../../shared/aws/short-hash.ts";
import {
  OPTION_FIELDS,
  ORDER_FIELDS,
  parseCampaignOrder,
  RECIPIENTS_FIELDS,
} from "../../shared/core/campaign/parse-campaign-order.ts";
import type { Json } from "../support/json-mutations.ts";
import { expectAgreement } from "../support/schema-agreement.ts";

const EVENTS = new URL("../../events/", import.meta.url);
const APPLICATION_ID = "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c";

/** The parser's rules that a schema cannot express, as they begin in its problems. */
const NOT_IN_THE_SCHEMA = [
  "must be one of this deployment's APPLICATION_IDS",
  "must be later than StartAt",
  "has a {{ that begins no variable",
  "holds {{",
  "is not JSON",
  "must hold a JSON object",
  "is there twice, in two spellings",
];

const json = (path: string) => JSON.parse(readFileSync(new URL(path, EVENTS), "utf8"));
const samples = <Content>(folder: string): { readonly name: string; readonly content: Content }[] =>
  readdirSync(new URL(folder, EVENTS)).map((name) => ({ name, content: json(folder + name) }));

const schema = json("campaign/schema.json");
const ajv = new Ajv2020({ strictTypes: false, formats: { "date-time": fullFormats["date-time"] } });
const schemaAccepts = ajv.addSchema(json("send-request/schema.json")).compile(schema);

const valid = samples<Json>("campaign/valid/");
const invalid = samples<{
  readonly why: string;
  readonly body: Json;
  readonly problems: readonly string[];
  readonly schemaAccepts?: string;
}>("campaign/invalid/");

const parse = (text: string) => parseCampaignOrder(text, { applicationIds: [APPLICATION_ID, "other"], shortHash });
const problemsOf = (body: Json) => {
  const parsed = parse(typeof body === "string" ? body : JSON.stringify(body));
  return parsed.ok ? [] : parsed.problems;
};

describe("a campaign.json", () => {
  it.each(valid)("valid/$name is taken by schema and parser", ({ content }) => {
    schemaAccepts(content);
    expect(schemaAccepts.errors).toBeNull();
    expect(problemsOf(content)).toEqual([]);
  });

  it.each(invalid)("invalid/$name: the parser names $content.problems", ({ content }) => {
    expect(problemsOf(content.body).map(({ path }) => path)).toEqual(content.problems);
  });

  it.each(invalid)("invalid/$name: the schema refuses it, or the sample says why not", ({ content }) => {
    expect(schemaAccepts(content.body)).toBe(content.schemaAccepts !== undefined);
  });

  it.each([
    { level: "campaign.json", properties: schema.properties, fields: ORDER_FIELDS },
    { level: "Recipients", properties: schema.properties.Recipients.properties, fields: RECIPIENTS_FIELDS },
    { level: "Options", properties: schema.properties.Options.properties, fields: OPTION_FIELDS },
  ])("has the parser's fields of $level in its schema, each described and in a sample", ({ properties, fields }) => {
    expect(Object.keys(properties).sort()).toEqual(Object.keys(fields).sort());
    for (const { description } of Object.values<{ description: string }>(properties))
      expect(description).toMatch(/\.$/);
    const bodies = JSON.stringify(valid);
    expect(Object.keys(fields).filter((field) => !bodies.includes(`"${field}":`))).toEqual([]);
  });

  it("is taken or refused by the schema as by the parser, whatever a valid sample is turned into", () => {
    const agreement = { valid, schemaAccepts, problemsOf, notInTheSchema: NOT_IN_THE_SCHEMA };
    expect(expectAgreement(agreement, { numRuns: 1_000 })).toBeGreaterThan(200);
  });
});

describe("an order", () => {
  it("is what the file says, times as milliseconds and FCM as GCM", () => {
    const parsed = parse(JSON.stringify(json("campaign/valid/every-field.json")));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { message, ...order } = parsed.order;
    expect([...message.variants.keys()]).toEqual(["", "de", "pt-br"]);
    expect(order).toEqual({
      recipients: {
        key: "campaigns/spring-sale/all of them/people 2026.csv.gz",
        versionId: "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
        hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      },
      applicationId: APPLICATION_ID,
      channel: "GCM",
      expiresAt: "2026-12-24T18:00:00Z",
      startAtMs: Date.parse("2026-12-24T08:00:00Z"),
      rate: 10_000,
      confirmed: 2_000_000,
    });
    expect(parse(JSON.stringify(json("campaign/valid/fcm-spelt-fcm.json")))).toMatchObject({
      ok: true,
      order: { channel: "GCM", applicationId: APPLICATION_ID },
    });
  });

  it.each([
    { days: 25, problems: [] },
    { days: 26, problems: [expect.objectContaining({ path: "Options.StartAt" })] },
  ])("may start $days days after it was dropped: $problems", ({ days, problems }) => {
    const nowMs = Date.parse("2026-11-26T12:00:00Z");
    const StartAt = new Date(nowMs + days * 86_400_000).toISOString();
    const order = { ...json("campaign/valid/least.json"), Options: { StartAt } };
    const parsed = parseCampaignOrder(JSON.stringify(order), { applicationIds: [""], shortHash, nowMs });
    expect(parsed.ok ? [] : parsed.problems).toEqual(problems);
  });

  it("may have a byte order mark before it", () => {
    expect(parse(`\uFEFF${JSON.stringify(json("campaign/valid/least.json"))}`).ok).toBe(true);
  });
});
