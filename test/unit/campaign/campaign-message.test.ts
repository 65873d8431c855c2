import { describe, expect, it } from "vitest";
import {
  messageFor,
  parseCampaignMessage,
  requiredVariables,
  usedVariables,
} from "../../../shared/core/campaign/campaign-message.ts";

const shortHash = () => "hash";
const parse = (message: unknown) => parseCampaignMessage(JSON.stringify(message), shortHash);
const problemsOf = (message: unknown) => {
  const parsed = parse(message);
  return parsed.ok ? [] : parsed.problems.map(({ path, message: what }) => `${path}: ${what}`);
};
const parsed = (message: unknown) => {
  const result = parse(message);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.message;
};

describe("a campaign's message is refused", () => {
  it.each([
    ["a text that is not JSON", "{", "is not JSON"],
    ["a list", "[]", "should be an object"],
    ["nothing", "{}", "holds no message: it should have one of GCMMessage, APNSMessage"],
  ])("%s", (_, text, words) => {
    const problem = { path: "", message: expect.stringContaining(words) };
    expect(parseCampaignMessage(text, shortHash)).toEqual({ ok: false, problems: [problem] });
  });

  it.each([
    ["a misspelt field", { GCMMessage: { Titel: "x" } }, "GCMMessage.Titel: is an unknown field; did you mean Title?"],
    ["raw content that is none", { GCMMessage: { RawContent: "{" } }, "GCMMessage.RawContent: is not JSON"],
    ["an e-mail", { EmailMessage: {} }, "EmailMessage: is refused"],
    ["a default message", { DefaultMessage: { Body: "x" } }, "DefaultMessage: is refused: a campaign's texts stand"],
    ["substitutions", { GCMMessage: { Substitutions: { a: ["b"] } } }, "GCMMessage.Substitutions: is refused"],
    ["a variable in Data", { GCMMessage: { Data: { a: "{{b}}" } } }, "GCMMessage.Data: holds {{"],
    ["a variable in Url", { APNSMessage: { Url: "https://x/{{b}}" } }, "APNSMessage.Url: holds {{"],
    ["a variable without end", { GCMMessage: { Body: "{{a" } }, "GCMMessage.Body: has a {{ that begins no variable"],
    [
      "raw content with one from string to string",
      { GCMMessage: { RawContent: '{"a":"{{b","c":"d}}"}' } },
      "GCMMessage.RawContent: has a {{",
    ],
    ["locales that are none", { GCMMessage: { Body: "x" }, Locales: [] }, "Locales: should be an object"],
    ["an empty locale", { GCMMessage: { Body: "x" }, Locales: { de: {} } }, "Locales.de: holds no message"],
    ["a locale that is null", { GCMMessage: {}, Locales: { de: null } }, "Locales.de: must be an object, not null"],
    ["a locale whose name is none", { GCMMessage: {}, Locales: { "a b": {} } }, "Locales.[hash]: holds no message"],
    [
      "a problem of a locale",
      { GCMMessage: {}, Locales: { de: { GCMMessage: { Boddy: "" } } } },
      "Locales.de.GCMMessage.Boddy: is",
    ],
    [
      "a locale in two spellings",
      { GCMMessage: {}, Locales: { "pt-BR": { GCMMessage: {} }, pt_br: { GCMMessage: {} } } },
      "Locales.pt_br: is there twice",
    ],
  ])("%s", (_, message, problem) => {
    expect(problemsOf(message).map((found) => found.slice(0, problem.length))).toContain(problem);
  });

  it("names everything at once", () => {
    expect(problemsOf({ GCMMessage: { Titel: "x" }, Locales: { de: { GCMMessage: { Boddy: "" } } } })).toHaveLength(2);
  });
});

describe("what is sent", () => {
  const message = parsed({
    GCMMessage: { Title: "Sale", Body: "{{name}}, {{city|here}}", Data: { id: "12345" } },
    APNSMessage: { RawContent: '{"aps":{"alert":"{{name}}"}}' },
    Locales: { de: { GCMMessage: { Body: "{{vorname}}" } }, "de-AT": { GCMMessage: { Body: "Servus" } } },
  });

  it.each([
    { locale: "", body: "{{name}}" },
    { locale: "fr", body: "{{name}}" },
    { locale: "de", body: "{{vorname}}" },
    { locale: "de_CH", body: "{{vorname}}" },
    { locale: "DE-at ", body: "Servus" },
  ])("locale '$locale' reads $body", ({ locale, body }) => {
    const own = messageFor(message, "GCM", locale);
    expect(own?.plain.body ?? `{{${own?.templates.body?.variables[0]?.name}}}`).toBe(body);
  });

  it("is known by locales in lower case, whatever their spelling", () => {
    expect([...message.variants.keys()]).toEqual(["", "de", "de-at"]);
  });

  it("is the default's where a locale has none for the channel", () => {
    expect(messageFor(message, "APNS_VOIP", "de")).toBe(messageFor(message, "APNS", ""));
    expect(messageFor(message, "ADM", "de")).toBeUndefined();
  });

  it("has texts with variables for nobody, and all else as it is", () => {
    expect(messageFor(message, "GCM", "")).toMatchObject({
      plain: { title: "Sale" },
      configuration: { GCMMessage: { Title: "Sale", Body: ", here", Data: { id: "12345" } } },
      plainBytes: 11,
    });
    expect(messageFor(message, "APNS", "")?.configuration).toEqual({
      APNSMessage: { RawContent: '{"aps":{"alert":""}}' },
    });
  });

  it.each([
    ["which every recipient fills", "{{name}}", "Open the app to read it."],
    ["which every recipient fills, beside one that not all do", "{{name}} {{city|}}", "Open the app to read it."],
    ["which is empty for some", "{{city|}}", ""],
    ["which is never empty", "{{name}}!", "!"],
  ])("has no empty text in place of one %s", (_, body, forNobody) => {
    const own = messageFor(parsed({ GCMMessage: { Body: body } }), "GCM", "");
    expect(own?.configuration).toEqual({ GCMMessage: { Body: forNobody } });
  });

  it("tells its variables, and those that have no default", () => {
    expect([...usedVariables(message)]).toEqual(["name", "city", "vorname"]);
    expect([...requiredVariables(message)]).toEqual(["name", "vorname"]);
  });
});
