import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeadToken } from "../../shared/core/outcome/dead-token-record.ts";
import { parseDeadToken } from "../../shared/core/outcome/parse-dead-token.ts";
import { retiredTokens } from "../../shared/core/outcome/retired-tokens.ts";
import { CHANNEL_TYPES } from "../../shared/core/request/channel-type.ts";
import { deadToken } from "../support/dead-tokens.ts";

const events = new URL("../../events/", import.meta.url);
const json = (path: string) => JSON.parse(readFileSync(new URL(path, events), "utf8"));
const samples = (contract: string, kind: "valid" | "invalid") =>
  readdirSync(new URL(`${contract}/${kind}/`, events)).map((name) => ({
    name,
    content: json(`${contract}/${kind}/${name}`),
  }));

const ajv = new Ajv2020({ strictTypes: false, formats: { "date-time": fullFormats["date-time"] } });
const isDeadToken = ajv.compile(json("dead-token/schema.json"));
const accepts = ajv.compile(json("device-tokens-retired/schema.json"));

describe("events/device-tokens-retired", () => {
  it.each(samples("device-tokens-retired", "valid"))("valid/$name is taken", ({ content }) => {
    accepts(content);
    expect(accepts.errors).toBeNull();
  });

  it.each(samples("device-tokens-retired", "invalid"))("invalid/$name is refused: $content.why", ({ content }) => {
    expect(accepts(content.event)).toBe(false);
  });
});

describe("what is retired", () => {
  it.each(samples("dead-token", "valid"))("is read as it is: $name", ({ content }) => {
    expect(parseDeadToken(JSON.stringify(content))).toEqual({ ok: true, deadToken: content });
  });

  it.each(samples("dead-token", "invalid"))("is nothing that its schema refuses: $name", ({ content }) => {
    expect(isDeadToken(content.record)).toBe(false);
    expect(parseDeadToken(JSON.stringify(content.record)).ok).toBe(false);
  });

  const anyDeadToken = fc
    .record({
      ApplicationId: fc.constantFrom("first", "second"),
      ChannelType: fc.constantFrom(...CHANNEL_TYPES),
      Token: fc.string({ minLength: 1 }),
      bytes: fc.oneof({ weight: 9, arbitrary: fc.nat(200) }, fc.nat(300_000)),
    })
    .map(({ bytes, Token, ...over }): DeadToken => deadToken({ ...over, Token: Token + "x".repeat(bytes) }));

  it("is in events that are valid, of one channel each, and small enough, each token once", () => {
    fc.assert(
      fc.property(fc.array(anyDeadToken, { maxLength: 300, size: "max" }), (deadTokens) => {
        const divided = retiredTokens(deadTokens.map((each) => ({ deadToken: each })));
        for (const { event, of } of divided) {
          expect(accepts({ source: "sluice", "detail-type": "Device Tokens Retired", detail: event })).toBe(true);
          expect(event.Tokens).toEqual(of.map((each) => each.deadToken));
          expect(event.Tokens.every(({ ApplicationId }) => ApplicationId === event.ApplicationId)).toBe(true);
          expect(event.Tokens.every(({ ChannelType }) => ChannelType === event.ChannelType)).toBe(true);
          if (of.length > 1) expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(256_000);
        }
        const told = divided.flatMap(({ event }) => event.Tokens);
        expect(told).toHaveLength(deadTokens.length);
        expect(new Set(told)).toEqual(new Set(deadTokens));
      }),
      { numRuns: 30 },
    );
  });
});
