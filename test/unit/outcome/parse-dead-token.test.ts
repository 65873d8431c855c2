import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDeadToken } from "../../../shared/core/outcome/parse-dead-token.ts";
import { deadToken, REPLACED, SUSPECT } from "../../support/dead-tokens.ts";

describe("parseDeadToken", () => {
  it("leaves out what it does not know", () => {
    const body = JSON.stringify({ ...deadToken(), Mood: "sad" });
    expect(parseDeadToken(body)).toEqual({ ok: true, deadToken: deadToken() });
  });

  it.each([
    { what: "no JSON", body: "{", problem: /^The body is not JSON: expected .+ at line 1, column 2/ },
    { what: "a list", body: "[]", problem: "The body is not a JSON object" },
    {
      what: "nothing",
      body: "{}",
      problem: /^Missing or not as it must be: ApplicationId, ChannelType, Token, Verdict,/,
    },
    {
      what: "a list in place of a word",
      body: { Verdict: ["dead"] },
      problem: "Missing or not as it must be: Verdict",
    },
    {
      what: "a day that is none",
      body: { FailedAt: "2026-02-30T00:00:00Z" },
      problem: "Missing or not as it must be: FailedAt",
    },
    { what: "a word of a live token", body: { Reason: "DeviceTokenNotForTopic" }, problem: /do not go together$/ },
    { what: "a word that is none", body: { Reason: "toString" }, problem: /do not go together$/ },
    { what: "too sure a word", body: { ...SUSPECT, Confidence: "certain" }, problem: /do not go together$/ },
    { what: "replaced by nothing", body: { ...REPLACED, ReplacedBy: undefined }, problem: /do not go together$/ },
  ])("refuses $what: $problem", ({ body, problem }) => {
    const text = typeof body === "string" ? body : JSON.stringify({ ...deadToken(), ...body });
    expect(parseDeadToken(text)).toEqual({ ok: false, problem: expect.stringMatching(problem) });
  });

  it("never quotes a value, and never throws", () => {
    const damaged = fc.record({ cutAt: fc.nat(300), field: fc.constantFrom("Verdict", "Reason", "FailedAt", "Token") });
    fc.assert(
      fc.property(damaged, ({ cutAt, field }) => {
        const secret = "secret-secret";
        const text = JSON.stringify({ ...deadToken({ Token: secret }), [field]: secret });
        for (const body of [text, text.slice(0, cutAt)]) {
          const parsed = parseDeadToken(body);
          if (!parsed.ok) expect(parsed.problem).not.toContain("secret");
        }
      }),
    );
  });
});
