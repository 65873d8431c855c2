import { DeliveryStatus } from "@aws-sdk/client-pinpoint";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { classify } from "../../../shared/core/outcome/classify.ts";
import { DELIVERY_STATUSES } from "../../../shared/core/outcome/delivery-result.ts";
import { OUTCOME_REASONS } from "../../../shared/core/outcome/outcome-reason.ts";
import {
  GOOGLE_STATUSES,
  HTTP_VERDICTS,
  PHRASES,
  PUSH_SERVICE,
  type PushService,
  SENTENCES,
  VERDICTS,
} from "../../../shared/core/outcome/verdicts.ts";
import { CHANNEL_TYPES } from "../../../shared/core/request/channel-type.ts";
import { PINPOINT_CASES } from "./pinpoint-cases.ts";

const permanent = (statusMessage: unknown) => ({
  deliveryStatus: "PERMANENT_FAILURE",
  statusCode: 410,
  statusMessage: typeof statusMessage === "string" ? statusMessage : JSON.stringify(statusMessage),
});

describe("classify, on events/pinpoint", () => {
  it.each(PINPOINT_CASES)("$file: $name ($channelType)", ({ channelType, result, outcome }) => {
    expect(classify(channelType, result)).toEqual(outcome);
  });

  it("names where each case comes from", () => {
    for (const { name, source } of PINPOINT_CASES) {
      expect(source.title, name).not.toBe("");
      expect(new URL(source.url).protocol, name).toBe("https:");
      expect(["verbatim", "derived"], name).toContain(source.evidence);
    }
  });

  const rows = [
    ...(Object.keys(VERDICTS) as PushService[]).flatMap((service) =>
      Object.keys(VERDICTS[service]).map((reason) => ({ service, reason })),
    ),
    ...Object.keys(GOOGLE_STATUSES).map((reason) => ({ service: "FCM", reason })),
    ...[...Object.keys(PHRASES), ...Object.keys(HTTP_VERDICTS)].map((reason) => ({ service: undefined, reason })),
  ];
  it.each(rows)("has a case for $service $reason", ({ service, reason }) => {
    const cases = PINPOINT_CASES.filter(
      ({ channelType, outcome }) =>
        outcome.reason === reason && (service === undefined || PUSH_SERVICE[channelType] === service),
    );
    expect(cases).not.toEqual([]);
  });

  it.each([...Object.keys(SENTENCES.FCM), ...Object.keys(SENTENCES.Baidu)])(
    "has a case for the sentence %s",
    (sentence) => {
      const cases = PINPOINT_CASES.filter(({ result }) =>
        result?.statusMessage?.includes(`"pushProviderError":"${sentence}"`),
      );
      expect(cases).not.toEqual([]);
    },
  );

  it.each([...DELIVERY_STATUSES, "UnknownStatus", "MissingResult"])("has a case whose reason is %s", (reason) => {
    expect(PINPOINT_CASES.filter(({ outcome }) => outcome.reason === reason)).not.toEqual([]);
  });

  it.each(CHANNEL_TYPES)("has a dead token of %s", (channelType) => {
    const dead = PINPOINT_CASES.filter((each) => each.channelType === channelType && each.outcome.kind === "dead");
    expect(dead).not.toEqual([]);
  });

  it("knows the delivery statuses of the installed SDK, and no others", () => {
    expect([...DELIVERY_STATUSES].sort()).toEqual(Object.values(DeliveryStatus).sort());
  });
});

describe("classify, where the words and the HTTP status disagree", () => {
  it.each([
    { httpStatus: 401, kind: "held" },
    { httpStatus: 403, kind: "held" },
    { httpStatus: 413, kind: "rejected" },
    { httpStatus: 429, kind: "retry" },
    { httpStatus: 499, kind: "dead" },
    { httpStatus: 500, kind: "retry" },
    { httpStatus: 599, kind: "retry" },
    { httpStatus: 600, kind: "dead" },
    { httpStatus: "503", kind: "retry" },
    { httpStatus: "5xx", kind: "dead" },
    { httpStatus: null, kind: "dead" },
    { httpStatus: 200, kind: "dead" },
    { httpStatus: 400, kind: "dead" },
    { httpStatus: 404, kind: "dead" },
  ])("a dead token's word with HTTP $httpStatus: $kind", ({ httpStatus, kind }) => {
    const message = { pushProviderStatusCode: httpStatus, pushProviderError: "NotRegistered" };
    expect(classify("GCM", permanent(message)).kind).toBe(kind);
  });

  it.each([
    { word: "DeviceTokenNotForTopic", httpStatus: 503, kind: "rejected", reason: "DeviceTokenNotForTopic" },
    { word: "PayloadTooLarge", httpStatus: 429, kind: "rejected", reason: "PayloadTooLarge" },
    { word: "BadCertificate", httpStatus: 500, kind: "held", reason: "BadCertificate" },
    { word: "BadTopic", httpStatus: 500, kind: "held", reason: "BadTopic" },
    { word: "Shutdown", httpStatus: 403, kind: "retry", reason: "Shutdown" },
    { word: "TooManyRequests", httpStatus: 403, kind: "retry", reason: "TooManyRequests" },
    { word: "Invalid Credentials", httpStatus: 500, kind: "held", reason: "InvalidCredentials" },
  ])("$word with HTTP $httpStatus stands", ({ word, httpStatus, kind, reason }) => {
    const message = { pushProviderStatusCode: httpStatus, pushProviderError: word };
    expect(classify("APNS", permanent(message))).toMatchObject({ kind, reason });
  });

  it("a word that decides nothing yields", () => {
    const message = { pushProviderStatusCode: 503, pushProviderError: "UNSPECIFIED_ERROR" };
    expect(classify("GCM", permanent(message))).toEqual({ kind: "retry", reason: "Http5xx", because: "temporary" });
  });
});

describe("classify, on HTTP 410 of APNs", () => {
  it.each([
    { name: "alone", message: '{"pushProviderStatusCode":"410"}', kind: "dead" },
    { name: "with a blank word", message: '{"pushProviderStatusCode":"410","pushProviderError":" "}', kind: "dead" },
    { name: "with a new word", message: '{"pushProviderStatusCode":"410","pushProviderError":"New"}', kind: "unknown" },
    {
      name: "with half a word",
      message: '{"pushProviderStatusCode":"410","pushProviderError":"Unreg"}',
      kind: "unknown",
    },
    {
      name: "with another word",
      message: '{"pushProviderStatusCode":"410","pushProviderError":"BadTopic"}',
      kind: "held",
    },
    { name: "cut off", message: '{"pushProviderStatusCode":"410","pushProviderErr', kind: "unknown" },
    {
      name: "with an error cut off",
      message: '{"pushProviderStatusCode":410,"pushProviderError":"{"}',
      kind: "unknown",
    },
    {
      name: "with an answer cut off",
      message: '{"pushProviderStatusCode":410,"pushProviderResponse":"{"}',
      kind: "unknown",
    },
  ])("$name: $kind", ({ message, kind }) => {
    expect(classify("APNS", permanent(message)).kind).toBe(kind);
  });
});

describe("classify, where words disagree", () => {
  it.each([
    { channelType: "APNS", words: ["Unregistered", "DeviceTokenNotForTopic"] },
    { channelType: "APNS", words: ["DeviceTokenNotForTopic", "Unregistered"] },
    { channelType: "APNS", words: ["Unregistered", "BadDeviceToken"] },
    { channelType: "GCM", words: ["NotRegistered", "SENDER_ID_MISMATCH"] },
    { channelType: "GCM", words: ["INVALID_ARGUMENT", "NOT_FOUND"] },
  ] as const)("$channelType $words.0 and $words.1 decide nothing", ({ channelType, words: [error, code] }) => {
    const answer = channelType === "APNS" ? { reason: code } : { status: code };
    const message = { pushProviderError: error, pushProviderResponse: answer };
    expect(classify(channelType, permanent(message))).toEqual({ kind: "unknown", reason: error, retryable: false });
  });

  it.each([
    { words: ["NotRegistered", "NOT_FOUND"], reason: "NotRegistered" },
    { words: ["INVALID_ARGUMENT", "UNREGISTERED"], reason: "UNREGISTERED" },
    { words: ["NotRegistered", "UNREGISTERED"], reason: "NotRegistered" },
    { words: ["Something new", "UNREGISTERED"], reason: "UNREGISTERED" },
  ])("FCM's own word counts: $words.0, $words.1", ({ words: [error, code], reason }) => {
    const message = { pushProviderError: error, pushProviderResponse: { status: code } };
    expect(classify("GCM", permanent(message))).toEqual({ kind: "dead", reason, confidence: "certain" });
  });
});

describe("classify, where a word is not said of this address", () => {
  it("a message about another channel, though both push services have the word", () => {
    const message = { channelType: "ADM", pushProviderError: "Unregistered" };
    expect(classify("APNS", permanent(message)).kind).toBe("unknown");
    expect(classify("ADM", permanent(message)).kind).toBe("dead");
  });

  it.each(["APNS_SANDBOX", "FCM", "", 7])("channelType %o is no other channel's", (channelType) => {
    expect(classify("APNS", permanent({ channelType, pushProviderError: "Unregistered" })).kind).toBe("dead");
  });

  it("an answer with the results of several tokens", () => {
    const ours = { error: "NotRegistered" };
    const resultsOf = (results: unknown) => ({ pushProviderResponse: { multicast_id: 1, results } });
    expect(classify("GCM", permanent(resultsOf([ours]))).kind).toBe("dead");
    expect(classify("GCM", permanent(resultsOf([ours, ours]))).kind).toBe("unknown");
    expect(classify("GCM", permanent(resultsOf([{ message_id: "1:2" }, ours]))).kind).toBe("unknown");
    expect(classify("GCM", permanent(resultsOf([]))).kind).toBe("unknown");
    expect(classify("GCM", permanent(resultsOf(["NotRegistered"]))).kind).toBe("unknown");
  });
});

describe("classify, whatever it is told", () => {
  /** Texts that nobody would call a push service's word, built of the pieces that the classifier looks for. */
  const anything = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.string(),
      fc.double(),
      fc.constantFrom(null, true, "Unregistered", "UNREGISTERED", "NotRegistered", "30608", 30608, 410, "410"),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          "pushProviderError",
          "pushProviderResponse",
          "reason",
          "error",
          "details",
          "results",
          "__proto__",
        ),
        tie("value"),
        { maxKeys: 3 },
      ),
      tie("value").map((value) => JSON.stringify(value)),
    ),
  })).value;
  const statuses = fc.oneof(fc.constantFrom(...DELIVERY_STATUSES), fc.string());

  it("has every reason of its cases in a closed list", () => {
    for (const { outcome } of PINPOINT_CASES) expect(OUTCOME_REASONS).toContain(outcome.reason);
  });

  it("answers with a reason of the closed list, and never throws", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CHANNEL_TYPES), statuses, anything, (channelType, deliveryStatus, message) => {
        const statusMessage = typeof message === "string" ? message : JSON.stringify(message);
        const outcome = classify(channelType, { deliveryStatus, statusMessage });
        expect(OUTCOME_REASONS).toContain(outcome.reason);
      }),
      { numRuns: 2_000 },
    );
  });

  it("calls nothing dead but a permanent failure", () => {
    const others = statuses.filter((status) => status !== "PERMANENT_FAILURE");
    fc.assert(
      fc.property(fc.constantFrom(...PINPOINT_CASES), others, ({ channelType, result }, deliveryStatus) => {
        expect(classify(channelType, { ...result, deliveryStatus }).kind).not.toBe("dead");
      }),
      { numRuns: 1_000 },
    );
  });

  it("does not look at the status code", () => {
    fc.assert(
      fc.property(fc.constantFrom(...PINPOINT_CASES), fc.integer(), ({ channelType, result, outcome }, statusCode) => {
        fc.pre(result !== undefined);
        expect(classify(channelType, { ...result, statusCode })).toEqual(outcome);
      }),
    );
  });
});

describe("classify, on what keeps a token", () => {
  const kept = PINPOINT_CASES.flatMap(({ channelType, result, outcome }) =>
    result?.deliveryStatus === "PERMANENT_FAILURE" && outcome.kind !== "dead" && result.statusMessage
      ? [{ channelType, statusMessage: result.statusMessage }]
      : [],
  );

  /** A damage that a message can suffer on its way, by what decides where and how much. */
  type Damage = (text: string, chance: number) => string;
  const at = (text: string, chance: number) => Math.floor(chance * (text.length + 1));
  const DAMAGES: Record<string, Damage> = {
    "cut off": (text, chance) => text.slice(0, at(text, chance)),
    "without its beginning": (text, chance) => text.slice(at(text, chance)),
    "with text before": (text) => `SendMessages failed: ${text}`,
    "with text behind": (text) => `${text} (request 4711)`,
    "with a hole": (text, chance) => text.slice(0, at(text, chance / 2)) + text.slice(at(text, chance)),
    "in capitals": (text) => text.toUpperCase(),
    "in small letters": (text) => text.toLowerCase(),
    "with words in other cases": (text, chance) =>
      text.replace(/[A-Za-z]+/g, (word, offset: number) => (offset % 7 < chance * 7 ? word.toLowerCase() : word)),
    "with its fields in another order": (text, chance) => reordered(text, chance),
    "without one of its fields": (text, chance) => withoutField(text, chance),
    "as JSON in JSON": (text) => JSON.stringify(text),
    "as a list of one": (text) => `[${isJson(text) ? text : JSON.stringify(text)}]`,
    "inside another object": (text) => JSON.stringify({ statusMessage: isJson(text) ? JSON.parse(text) : text }),
    twice: (text) => text + text,
    "with its answer as an object": (text, chance) => unquoted(text, chance),
  };

  it.each(Object.keys(DAMAGES))("keeps it when the message is %s", (name) => {
    const damage = DAMAGES[name] as Damage;
    fc.assert(
      fc.property(
        fc.constantFrom(...kept),
        fc.double({ min: 0, max: 1, noNaN: true }),
        ({ channelType, statusMessage }, chance) => {
          const damaged = damage(statusMessage, chance);
          expect(classify(channelType, permanent(damaged)).kind, damaged).not.toBe("dead");
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("keeps it after several damages", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...kept),
        fc.array(fc.tuple(fc.constantFrom(...Object.values(DAMAGES)), fc.double({ min: 0, max: 1, noNaN: true })), {
          minLength: 2,
          maxLength: 4,
        }),
        ({ channelType, statusMessage }, damages) => {
          const damaged = damages.reduce((text, [damage, chance]) => damage(text, chance), statusMessage);
          expect(classify(channelType, permanent(damaged)).kind, damaged).not.toBe("dead");
        },
      ),
      { numRuns: 5_000 },
    );
  });

  const dead = PINPOINT_CASES.filter(({ outcome }) => outcome.kind === "dead" && outcome.reason !== "Http410");
  it.each(dead)("keeps it when $outcome.reason of $channelType is said on another push service's channel", (each) => {
    const spokenOf = each.result?.statusMessage?.replace(/"channelType":"[A-Z_]+",/, "") ?? "";
    for (const other of CHANNEL_TYPES) {
      const service = PUSH_SERVICE[other];
      if (service === PUSH_SERVICE[each.channelType] || Object.hasOwn(VERDICTS[service], each.outcome.reason)) continue;
      expect(classify(other, permanent(spokenOf)).kind, other).not.toBe("dead");
    }
  });

  const isJson = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const fieldsOf = (text: string): [string, unknown][] => {
    const value: unknown = isJson(text) ? JSON.parse(text) : undefined;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
  };
  const textOf = (fields: [string, unknown][], otherwise: string) =>
    fields.length === 0 ? otherwise : JSON.stringify(Object.fromEntries(fields));
  const reordered: Damage = (text, chance) => {
    const fields = fieldsOf(text);
    const turn = at("x".repeat(fields.length), chance);
    return textOf([...fields.slice(turn), ...fields.slice(0, turn)].reverse(), text);
  };
  const withoutField: Damage = (text, chance) => {
    const fields = fieldsOf(text);
    return textOf(fields.toSpliced(Math.floor(chance * fields.length), 1), text);
  };
  const unquoted: Damage = (text) =>
    textOf(
      fieldsOf(text).map(([name, value]) => [
        name,
        typeof value === "string" && isJson(value) ? JSON.parse(value) : value,
      ]),
      text,
    );
});
