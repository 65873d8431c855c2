import { describe, expect, it } from "vitest";
import { parseCampaignOrder } from "../../../shared/core/campaign/parse-campaign-order.ts";

const NOW_MS = Date.UTC(2026, 10, 26, 12);
const DAY_MS = 86_400_000;
const KEY = "campaigns/spring/people.csv";
const APPLICATIONS = { applicationIds: ["first", "second"], shortHash: (text: string) => `h${text.length}` };
const LEAST = { Recipients: { Key: KEY }, Message: { GCMMessage: { Body: "Hello" } } };

const parse = (order: unknown, nowMs?: number) =>
  parseCampaignOrder(typeof order === "string" ? order : JSON.stringify(order), {
    ...APPLICATIONS,
    ...(nowMs !== undefined && { nowMs }),
  });

const problemsOf = (order: unknown, nowMs?: number) => {
  const parsed = parse(order, nowMs);
  return parsed.ok ? {} : Object.fromEntries(parsed.problems.map(({ path, message }) => [path, message]));
};

describe("an order that is taken", () => {
  it.each([
    { what: "the least", order: LEAST, read: {} },
    { what: "the least behind a byte order mark", order: `\uFEFF${JSON.stringify(LEAST)}`, read: {} },
    {
      what: "a byte order mark that is no first letter",
      order: { ...LEAST, Recipients: { Key: KEY, Hash: "a\uFEFFb" } },
      read: { recipients: { key: KEY, hash: "a\uFEFFb" } },
    },
    { what: "no options", order: { ...LEAST, Options: {} }, read: {} },
    {
      what: "everything",
      order: {
        ...LEAST,
        Recipients: { Key: KEY, VersionId: "v", Hash: "h" },
        Options: {
          ApplicationId: "second",
          Channel: "APNS",
          ExpiresAt: "2026-12-01T09:00:01+01:00",
          StartAt: "2026-12-01T08:00:00Z",
          Rate: 10,
          Confirm: 20,
        },
      },
      read: {
        recipients: { key: KEY, versionId: "v", hash: "h" },
        applicationId: "second",
        channel: "APNS",
        expiresAt: "2026-12-01T09:00:01+01:00",
        startAtMs: Date.UTC(2026, 11, 1, 8),
        rate: 10,
        confirmed: 20,
      },
    },
    { what: "FCM for GCM", order: { ...LEAST, Options: { Channel: "FCM" } }, read: { channel: "GCM" } },
  ])("is what it says: $what", ({ order, read }) => {
    const parsed = parse(order);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { message, ...others } = parsed.order;
    expect([...message.variants.keys()]).toEqual([""]);
    expect(others).toStrictEqual({ recipients: { key: KEY }, applicationId: "first", ...read });
  });
});

describe("an order that is refused", () => {
  const NOT_A_KEY = "must be a key of the import bucket below a campaign's folder, such as campaigns/spring/people.csv";
  const options = (Options: unknown) => ({ ...LEAST, Options });

  it.each<{ what: string; order: unknown; problems: Record<string, unknown> }>([
    { what: "no JSON", order: "{", problems: { body: expect.stringContaining("is not JSON") } },
    { what: "no object", order: "[]", problems: { body: "must be an object, not a list" } },
    { what: "nothing in it", order: {}, problems: { Recipients: "is missing", Message: "is missing" } },
    {
      what: "a field too many",
      order: { ...LEAST, Option: 1 },
      problems: { Option: expect.stringContaining("unknown") },
    },
    {
      what: "a recipients file without a name",
      order: { ...LEAST, Recipients: {} },
      problems: { "Recipients.Key": "is missing: it names the recipients file" },
    },
    {
      what: "a recipients file whose name is none",
      order: { ...LEAST, Recipients: { Key: 1, Hash: 2 } },
      problems: {
        "Recipients.Key": "must be a string, not a number",
        "Recipients.Hash": "must be a string, not a number",
      },
    },
    {
      what: "a recipients file elsewhere",
      order: { ...LEAST, Recipients: { Key: "people.csv" } },
      problems: { "Recipients.Key": NOT_A_KEY },
    },
    {
      what: "empty fields",
      order: { ...LEAST, Recipients: { Key: "", VersionId: "", Hash: "" } },
      problems: {
        "Recipients.Key": NOT_A_KEY,
        "Recipients.VersionId": "is empty; leave it out where there is none",
        "Recipients.Hash": "is empty; leave it out where there is none",
      },
    },
    {
      what: "a message that is none, at its place",
      order: { ...LEAST, Message: { GCMMessage: { Titel: "x" } } },
      problems: { "Message.GCMMessage.Titel": expect.stringContaining("did you mean Title?") },
    },
    {
      what: "a message of no channel, as a whole",
      order: { ...LEAST, Message: {} },
      problems: { Message: expect.any(String) },
    },
    { what: "options that are none", order: options(1), problems: { Options: "must be an object, not a number" } },
    {
      what: "an application of others",
      order: options({ ApplicationId: "third" }),
      problems: { "Options.ApplicationId": "must be one of this deployment's APPLICATION_IDS: first, second" },
    },
    {
      what: "an application that is none",
      order: options({ ApplicationId: 1 }),
      problems: { "Options.ApplicationId": "must be a string, not a number" },
    },
    {
      what: "an end at its start",
      order: options({ StartAt: "2026-12-01T08:00:00Z", ExpiresAt: "2026-12-01T09:00:00+01:00" }),
      problems: { "Options.ExpiresAt": "must be later than StartAt: nothing would be sent" },
    },
    {
      what: "times that are none",
      order: options({ StartAt: "tomorrow", ExpiresAt: "2026-12-01" }),
      problems: { "Options.StartAt": expect.any(String), "Options.ExpiresAt": expect.any(String) },
    },
    {
      what: "counts that are none, and everything else at once",
      order: { Recipients: { Key: "x" }, Message: {}, Options: { Rate: 0, Confirm: 1.5, Channel: "SMS" } },
      problems: {
        "Recipients.Key": NOT_A_KEY,
        Message: expect.any(String),
        "Options.Rate": "must be a whole number over 0",
        "Options.Confirm": "must be a whole number over 0",
        "Options.Channel": expect.stringContaining("SMS is refused"),
      },
    },
  ])("for $what", ({ order, problems }) => {
    expect(problemsOf(order)).toEqual(problems);
  });

  it("shows a short hash in place of a name that may be a token", () => {
    const token = "0123456789abcdef".repeat(4);
    expect(problemsOf({ ...LEAST, Message: { GCMMessage: { Body: "x", [token]: "y" } } })).toEqual({
      "Message.GCMMessage[h64]": expect.stringContaining("unknown"),
    });
  });
});

describe("the bucket forgets what was split after thirty days", () => {
  const TOO_LATE = "must be within 25 days: the import bucket forgets what was split after 30";

  it.each([
    { what: "25 days", startMs: NOW_MS + 25 * DAY_MS, nowMs: NOW_MS, problems: {} },
    {
      what: "a moment more",
      startMs: NOW_MS + 25 * DAY_MS + 1,
      nowMs: NOW_MS,
      problems: { "Options.StartAt": TOO_LATE },
    },
    { what: "whenever, where nobody asks", startMs: NOW_MS + 99 * DAY_MS, nowMs: undefined, problems: {} },
  ])("so it may start within $what", ({ startMs, nowMs, problems }) => {
    const order = { ...LEAST, Options: { StartAt: new Date(startMs).toISOString() } };
    expect(problemsOf(order, nowMs)).toEqual(problems);
  });
});
