import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { describe, expect, expectTypeOf, it } from "vitest";
import { classify } from "../../shared/core/outcome/classify.ts";
import { type DeadToken, deadTokenRecord, tokenVerdict } from "../../shared/core/outcome/dead-token-record.ts";
import { HTTP_VERDICTS, VERDICTS } from "../../shared/core/outcome/verdicts.ts";
import { CHANNEL_TYPES } from "../../shared/core/request/channel-type.ts";
import type { DeadTokenRecord } from "../../shared/ports.ts";
import { PINPOINT_CASES } from "../unit/outcome/pinpoint-cases.ts";

const folder = new URL("../../events/dead-token/", import.meta.url);
const json = (path: string) => JSON.parse(readFileSync(new URL(path, folder), "utf8"));
const samples = (kind: "valid" | "invalid") =>
  readdirSync(new URL(`${kind}/`, folder)).map((name) => ({ name, content: json(`${kind}/${name}`) }));

const schema = json("schema.json");
const accepts = new Ajv2020({ strictTypes: false, formats: { "date-time": fullFormats["date-time"] } }).compile(schema);

const base = {
  applicationId: "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c",
  channelType: "APNS",
  token: "740F4707 BEBCF74F",
  result: { deliveryStatus: "PERMANENT_FAILURE", statusCode: 410 },
  failedAtMs: Date.parse("2026-11-23T12:00:00Z"),
} as const;

describe("events/dead-token", () => {
  it.each(samples("valid"))("valid/$name is taken", ({ content }) => {
    accepts(content);
    expect(accepts.errors).toBeNull();
  });

  it.each(samples("invalid"))("invalid/$name is refused: $content.why", ({ content }) => {
    expect(accepts(content.record)).toBe(false);
  });

  it("names the words by which a token is given up, and no others", () => {
    const said = Object.entries({
      ...HTTP_VERDICTS,
      ...VERDICTS.APNs,
      ...VERDICTS.FCM,
      ...VERDICTS.ADM,
      ...VERDICTS.Baidu,
    });
    const wordsOf = (verdict: string) => said.flatMap(([word, each]) => (each === verdict ? [word] : [])).sort();
    const [certain, suspect] = schema.oneOf.map(
      (shape: { properties: { Reason: { enum?: string[] } } }) => shape.properties.Reason.enum,
    );
    expect(certain.toSorted()).toEqual(wordsOf("deadCertain"));
    expect(suspect.toSorted()).toEqual(wordsOf("deadSuspect"));
    expect(schema.properties.ChannelType.enum).toEqual(CHANNEL_TYPES);
  });

  it("has the fields of the port's record", () => {
    expectTypeOf<DeadToken>().toEqualTypeOf<DeadTokenRecord>();
    const every: Required<DeadTokenRecord> = {
      ApplicationId: "",
      ChannelType: "GCM",
      Token: "",
      Verdict: "dead",
      Confidence: "certain",
      Reason: "",
      StatusCode: 0,
      ReplacedBy: "",
      MessageId: "",
      RequestId: "",
      CampaignId: "",
      FailedAt: "",
    };
    expect(Object.keys(schema.properties)).toEqual(Object.keys(every));
  });
});

describe("deadTokenRecord", () => {
  it("is there exactly where a token is dead or replaced, and fits the schema", () => {
    for (const { name, channelType, result, outcome } of PINPOINT_CASES) {
      const verdict = tokenVerdict(classify(channelType, result), result);
      const record = verdict && deadTokenRecord(verdict, { ...base, channelType });
      const isDue = outcome.kind === "dead" || (outcome.kind === "sent" && outcome.replacedBy !== undefined);
      expect(record !== undefined, name).toBe(isDue);
      if (record === undefined) continue;
      accepts(record);
      expect(accepts.errors, name).toBeNull();
    }
  });
});
