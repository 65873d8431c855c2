import { describe, expect, it } from "vitest";
import { deviceMessage } from "../../../tools/local/push-simulator/device-message.ts";
import type { PushChannelType, PushRequest } from "../../../tools/local/push-simulator/wire.ts";

/** A request to one device, `token`. */
function received(
  own: object,
  messages: PushRequest["MessageConfiguration"],
  { channelType = "GCM", ...rest }: { channelType?: PushChannelType } & Partial<PushRequest> = {},
) {
  const request = {
    Addresses: { token: { ChannelType: channelType, ...own } },
    MessageConfiguration: messages,
    ...rest,
  };
  return deviceMessage(request, "token");
}

const shown = { channelType: "GCM", fields: {}, variables: {}, context: {} };

describe("deviceMessage", () => {
  it.each([
    {
      rule: "the channel's own message, not another's",
      message: received({}, { GCMMessage: { Title: "T", Body: "B", Sound: "S" }, APNSMessage: { Title: "X" } }),
      expected: { ...shown, title: "T", body: "B", fields: { Sound: "S" } },
    },
    {
      rule: "APNs' message for each of its channel types",
      message: received({}, { APNSMessage: { Title: "T" } }, { channelType: "APNS_VOIP_SANDBOX" }),
      expected: { ...shown, channelType: "APNS_VOIP_SANDBOX", title: "T" },
    },
    {
      rule: "the address's texts rather than the message's",
      message: received({ TitleOverride: "T2", BodyOverride: "B2" }, { GCMMessage: { Title: "T", Body: "B" } }),
      expected: { ...shown, title: "T2", body: "B2" },
    },
    {
      rule: "variables filled in, the address's rather than the message's",
      message: received(
        { Substitutions: { a: ["A2"] } },
        { GCMMessage: { Body: "{{a}} {{ b }} {{c}}", Substitutions: { a: ["A"], b: ["B"] } } },
      ),
      expected: { ...shown, body: "A2 B {{c}}", variables: { a: ["A2"], b: ["B"] } },
    },
    {
      rule: "context of both levels, and the trace id",
      message: received({ Context: { a: "1" } }, { GCMMessage: { Body: "B" } }, { Context: { b: "2" }, TraceId: "t" }),
      expected: { ...shown, body: "B", context: { a: "1", b: "2" }, traceId: "t" },
    },
    {
      rule: "the address's raw content, the message's time to live",
      message: received({ RawContent: "{2}" }, { GCMMessage: { RawContent: "{1}", TimeToLive: 5 } }),
      expected: { ...shown, rawContent: "{2}", fields: { TimeToLive: 5 }, doubts: { beside: expect.anything() } },
    },
    {
      rule: "nothing to see of a silent push",
      message: received({}, { GCMMessage: { Title: "T", SilentPush: true, Data: { a: "1" } } }),
      expected: { ...shown, fields: { SilentPush: true, Data: { a: "1" } }, doubts: { beside: expect.anything() } },
    },
    {
      rule: "a default message where the channel has none",
      message: received({}, { DefaultPushNotificationMessage: { Title: "P" }, DefaultMessage: { Body: "D" } }),
      expected: { ...shown, title: "P", doubts: expect.anything() },
    },
    {
      rule: "the last default where there is no other",
      message: received({}, { DefaultMessage: { Body: "D" } }),
      expected: { ...shown, body: "D", doubts: expect.anything() },
    },
  ])("$rule", ({ message, expected }) => {
    expect(message).toEqual(expected);
  });

  const hello = { Title: "T", Body: "B" };
  const name = { name: ["Ada"] };

  it.each([
    {
      doubt: "whether an empty override counts",
      one: received({ TitleOverride: "" }, { GCMMessage: { Title: "1" } }),
      other: received({ TitleOverride: "" }, { GCMMessage: { Title: "2" } }),
    },
    {
      doubt: "whether an override of nothing counts",
      one: received({ TitleOverride: "T" }, { GCMMessage: {} }),
      other: received({ TitleOverride: "T" }, { GCMMessage: { Title: "" } }),
    },
    {
      doubt: "how variables of an override are filled",
      one: received({ BodyOverride: "{{name}}" }, { GCMMessage: { ...hello, Substitutions: name } }),
      other: received({ BodyOverride: "{{name}}", Substitutions: name }, { GCMMessage: hello }),
    },
    {
      doubt: "whether variables without a value count",
      one: received({ Substitutions: { name: [] } }, { GCMMessage: { ...hello, Substitutions: name } }),
      other: received({ Substitutions: { name: [] } }, { GCMMessage: hello }),
    },
    {
      doubt: "which context counts",
      one: received({ Context: { a: "1" } }, { GCMMessage: hello }, { Context: { a: "2" } }),
      other: received({ Context: { a: "1" } }, { GCMMessage: hello }),
    },
    {
      doubt: "what counts beside raw content",
      one: received({ RawContent: "{}" }, { GCMMessage: { ...hello, Title: "1" } }),
      other: received({ RawContent: "{}" }, { GCMMessage: { ...hello, Title: "2" } }),
    },
    {
      doubt: "whether raw content without words counts",
      one: received({ RawContent: "" }, { GCMMessage: { RawContent: "{1}" } }),
      other: received({ RawContent: "" }, { GCMMessage: { RawContent: "{2}" } }),
    },
    {
      doubt: "from which raw content the push type is read",
      one: received({ RawContent: "{}" }, { APNSMessage: { RawContent: "{1}" } }, { channelType: "APNS" }),
      other: received({ RawContent: "{}" }, { APNSMessage: { RawContent: "{2}" } }, { channelType: "APNS" }),
    },
    {
      doubt: "whether overrides show something of a silent push",
      one: received({ TitleOverride: "T" }, { GCMMessage: { SilentPush: true } }),
      other: received({}, { GCMMessage: { SilentPush: true, Title: "T" } }),
    },
    {
      doubt: "what defaults add to the channel's own message",
      one: received({}, { GCMMessage: hello, DefaultMessage: { Body: "1" } }),
      other: received({}, { GCMMessage: hello, DefaultMessage: { Body: "2" } }),
    },
    {
      doubt: "which of two default titles an override stands in for",
      one: received({ TitleOverride: "T" }, { GCMMessage: { Title: "1" }, DefaultMessage: { Body: "1" } }),
      other: received({}, { GCMMessage: { Title: "T" }, DefaultMessage: { Body: "1" } }),
    },
  ])("counts as a difference: $doubt", ({ one, other }) => {
    expect(one).not.toEqual(other);
  });

  it("does not know what an address receives that the request does not name", () => {
    const request = { Addresses: {}, MessageConfiguration: {} };
    expect(() => deviceMessage(request, "toString")).toThrow(RangeError);
  });
});
