import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeadToken } from "../../../shared/core/outcome/dead-token-record.ts";
import { parseDeadToken } from "../../../shared/core/outcome/parse-dead-token.ts";
import { deadToken, REPLACED, SUSPECT } from "../../support/dead-tokens.ts";

describe("parseDeadToken", () => {
  it("leaves out what it does not know", () => {
    const body = JSON.stringify({ ...deadToken(), Mood: "sad" });
    expect(parseDeadToken(body)).toEqual({ ok: true, deadToken: deadToken() });
  });

  const whole = { MessageId: "m", RequestId: "order-1", CampaignId: "news" };

  it.each<{ what: string; over: Partial<DeadToken> }>([
    { what: "a certain death", over: {} },
    { what: "with all fields", over: whole },
    { what: "with an empty message id, and no status", over: { MessageId: "", StatusCode: 0 } },
    { what: "a suspect death", over: SUSPECT },
    { what: "a replaced token", over: { ...REPLACED, ...whole } },
  ])("reads $what as it is, and nothing that is not there", ({ over }) => {
    const record = deadToken(over);
    const parsed = parseDeadToken(JSON.stringify(record));
    expect(parsed).toEqual({ ok: true, deadToken: record });
    expect(parsed.ok && Object.keys(parsed.deadToken).toSorted()).toEqual(Object.keys(record).toSorted());
  });

  it.each<[keyof DeadToken, readonly unknown[]]>([
    ["ApplicationId", [undefined, null, "", 1]],
    ["ChannelType", [undefined, "FCM", "SMS", ["GCM"]]],
    ["Token", [undefined, "", 1, {}]],
    ["Verdict", [undefined, "", "alive", ["dead"]]],
    ["Confidence", [undefined, "", "sure", ["certain"]]],
    ["Reason", [undefined, "", 410]],
    ["StatusCode", [undefined, "410", 410.5, -1, null]],
    ["ReplacedBy", [null, "", 1]],
    ["MessageId", [null, 1]],
    ["RequestId", [null, "", 1]],
    ["CampaignId", [null, "", 1]],
    [
      "FailedAt",
      [undefined, 1, "2026-11-23", "2026-11-23T12:00:00+00:00", "2026-02-30T00:00:00Z", ["2026-11-23T12:00:00Z"]],
    ],
  ])("refuses another %s than it must be", (field, values) => {
    for (const value of values) {
      const body = JSON.stringify({ ...deadToken(), [field]: value });
      expect(parseDeadToken(body), String(value)).toEqual({
        ok: false,
        problem: `Missing or not as it must be: ${field}`,
      });
    }
  });

  it.each([
    { what: "no JSON", body: "{", problem: /^The body is not JSON: expected .+ at line 1, column 2/ },
    { what: "a list", body: "[]", problem: "The body is not a JSON object" },
    {
      what: "nothing",
      body: "{}",
      problem: /^Missing or not as it must be: ApplicationId, ChannelType, Token, Verdict,/,
    },
    { what: "a word of a live token", body: { Reason: "DeviceTokenNotForTopic" }, problem: /do not go together$/ },
    { what: "a word that is none", body: { Reason: "toString" }, problem: /do not go together$/ },
    { what: "too sure a word", body: { ...SUSPECT, Confidence: "certain" }, problem: /do not go together$/ },
    { what: "too unsure a word", body: { Confidence: "suspect" }, problem: /do not go together$/ },
    { what: "a death with a replacement", body: { ReplacedBy: "other" }, problem: /do not go together$/ },
    { what: "replaced, perhaps", body: { ...REPLACED, Confidence: "suspect" }, problem: /do not go together$/ },
    {
      what: "replaced by a word of death",
      body: { ...REPLACED, Reason: "UNREGISTERED" },
      problem: /do not go together$/,
    },
    { what: "dead by the word of a replaced one", body: { Reason: "UpdatedToken" }, problem: /do not go together$/ },
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
