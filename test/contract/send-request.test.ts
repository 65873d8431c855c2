import { deepStrictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { SendMessagesDrift } from "../../shared/aws/send-messages-fields.ts";
import { formatSendRequest } from "../../shared/core/request/format-send-request.ts";
import { type ParsedSendRequest, parseSendRequest } from "../../shared/core/request/parse-send-request.ts";
import type { Problem } from "../../shared/core/request/problem.ts";
import type { SendRequest } from "../../shared/core/request/send-request.ts";
import {
  ADDRESS_FIELDS,
  MESSAGE_CONFIGURATION_FIELDS,
  MESSAGE_FIELDS,
  MESSAGE_REQUEST_FIELDS,
  REFUSED_MESSAGE_CONFIGURATION_FIELDS,
  REFUSED_MESSAGE_REQUEST_FIELDS,
  SEND_REQUEST_FIELDS,
} from "../../shared/core/request/send-request-fields.ts";
import type { Json } from "../support/json-mutations.ts";
import { expectAgreement } from "../support/schema-agreement.ts";

const EVENTS = new URL("../../events/", import.meta.url);
const APPLICATION_ID = "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c";

interface InvalidSample {
  readonly why: string;
  readonly body: Json;
  readonly problems: readonly string[];
  readonly schemaAccepts?: string;
}

/**
 * The parser's rules that a schema cannot express, as they begin in its problems; that a time may leave the years 1970
 * to 9999 by its offset is one more, which the mutations below leave alone.
 */
const NOT_IN_THE_SCHEMA = [
  "must be one of this deployment's APPLICATION_IDS",
  "is not JSON",
  "must hold a JSON object",
  "comes to at least",
  "is an empty device token",
];

const schema = JSON.parse(read("send-request/schema.json"));
const schemaAccepts = new Ajv2020({ strictTypes: false, formats: { "date-time": fullFormats["date-time"] } }).compile(
  schema,
);

const valid = samples<Json>("send-request/valid/");
const invalid = samples<InvalidSample>("send-request/invalid/");

describe("valid samples", () => {
  it.each(valid)("$name is taken by schema and parser", ({ content }) => {
    schemaAccepts(content);
    expect(schemaAccepts.errors).toBeNull();
    expect(problemsOf(parse(JSON.stringify(content)))).toEqual([]);
  });

  it.each(valid)("$name arrives unchanged, and formatted it is still the same request", ({ name, content }) => {
    const body = formatSendRequest(taken(parse(JSON.stringify(content))));
    const formatted = JSON.parse(body);

    expect(schemaAccepts(formatted)).toBe(true);
    deepStrictEqual(taken(parse(body)), taken(parse(JSON.stringify(content))));
    if (name !== "fcm-spelt-fcm.json") {
      deepStrictEqual(formatted.MessageRequest, (content as { MessageRequest: Json }).MessageRequest);
    }
  });

  it.each(valid)("$name is in the table of sources", ({ name }) => {
    expect(read("send-request/README.md")).toContain(`| \`${name}\` |`);
  });

  it("every field of the contract occurs in one of them", () => {
    const bodies = valid.map(({ content }) => JSON.stringify(content)).join();
    const fields = [
      SEND_REQUEST_FIELDS,
      MESSAGE_REQUEST_FIELDS,
      MESSAGE_CONFIGURATION_FIELDS,
      ADDRESS_FIELDS,
      ...Object.values(MESSAGE_FIELDS),
    ].flatMap((table) => Object.keys(table));
    expect(fields.filter((field) => !bodies.includes(`"${field}":`))).toEqual([]);
  });
});

describe("invalid samples", () => {
  it.each(invalid)("$name: the parser names $content.problems", ({ content }) => {
    const body = typeof content.body === "string" ? content.body : JSON.stringify(content.body);
    expect(problemsOf(parse(body)).map(({ path }) => path)).toEqual(content.problems);
  });

  it.each(invalid)("$name: the schema refuses it, or says why not", ({ content }) => {
    const isRefused = !schemaAccepts(content.body);
    expect(isRefused || content.schemaAccepts !== undefined).toBe(true);
  });

  it.each(invalid.filter(({ content }) => content.schemaAccepts !== undefined && typeof content.body !== "string"))(
    "$name: the schema takes it, as the sample says",
    ({ content }) => {
      schemaAccepts(content.body);
      expect(schemaAccepts.errors).toBeNull();
    },
  );
});

describe("the schema", () => {
  const { $defs: definitions } = schema;

  it.each([
    { level: "send request", properties: schema.properties, fields: SEND_REQUEST_FIELDS },
    {
      level: "MessageRequest",
      properties: definitions.messageRequest.properties,
      fields: { ...MESSAGE_REQUEST_FIELDS, ...REFUSED_MESSAGE_REQUEST_FIELDS },
    },
    {
      level: "MessageConfiguration",
      properties: definitions.messageConfiguration.properties,
      fields: { ...MESSAGE_CONFIGURATION_FIELDS, ...REFUSED_MESSAGE_CONFIGURATION_FIELDS },
    },
    { level: "address", properties: definitions.address.properties, fields: ADDRESS_FIELDS },
    ...Object.entries(MESSAGE_FIELDS).map(([level, fields]) => ({
      level,
      properties: definitions[level].properties,
      fields,
    })),
  ])("has the parser's fields of $level, each described", ({ properties, fields }) => {
    expect(Object.keys(properties).sort()).toEqual(Object.keys(fields).sort());
    for (const property of Object.values<{ description?: string; $ref?: string }>(properties)) {
      const described = property.description ?? definitions[property.$ref?.split("/").at(-1) ?? ""]?.description;
      expect(described).toMatch(/\S.*\.$/);
    }
  });

  it("agrees with the parser on whatever a valid sample is turned into", () => {
    const agreement = {
      valid,
      schemaAccepts,
      problemsOf: (text: string) => problemsOf(parse(text)),
      notInTheSchema: NOT_IN_THE_SCHEMA,
    };
    expect(expectAgreement(agreement, { numRuns: 3_000 })).toBeGreaterThan(500);
  });
});

describe("envelopes", () => {
  const bare = valid.find(({ name }) => name === "fcm-fields.json");

  it.each(samples<Json>("envelopes/"))("$name holds the request of fcm-fields.json", ({ content }) => {
    expect(taken(parse(JSON.stringify(content)))).toEqual(taken(parse(JSON.stringify(bare?.content))));
  });
});

describe("the installed SDK", () => {
  it("has the fields that the parser knows: checked by the compiler", () => {
    expectTypeOf<SendMessagesDrift>().toBeNever();
  });
});

// --- Reading

function samples<Content>(folder: string): { readonly name: string; readonly content: Content }[] {
  return readdirSync(new URL(folder, EVENTS))
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ name, content: JSON.parse(read(folder + name)) }));
}

function read(path: string): string {
  return readFileSync(new URL(path, EVENTS), "utf8");
}

function parse(body: string): ParsedSendRequest {
  return parseSendRequest(body, {
    applicationIds: [APPLICATION_ID],
    shortHash: (text) => createHash("sha256").update(text).digest("hex").slice(0, 12),
  });
}

function problemsOf(parsed: ParsedSendRequest): readonly Problem[] {
  return parsed.ok ? [] : parsed.problems;
}

function taken(parsed: ParsedSendRequest): SendRequest {
  if (!parsed.ok) {
    throw new Error(`refused: ${JSON.stringify(parsed.problems)}`);
  }
  return parsed.request;
}
