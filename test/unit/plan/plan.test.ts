import { describe, expect, it } from "vitest";
import type { Call, Packing } from "../../../shared/core/plan/call.ts";
import type { LiftablePart } from "../../../shared/core/plan/likeness.ts";
import { PLACEHOLDER } from "../../../shared/core/plan/merge.ts";
import type { OwnMessage } from "../../../shared/core/plan/own-message.ts";
import { plan as planSlices } from "../../../shared/core/plan/plan.ts";
import { slicesOf } from "../../../shared/core/plan/slices.ts";
import type { UnpackedBecause } from "../../../shared/core/plan/unpacked-because.ts";
import { type ChannelType, MESSAGE_FIELD } from "../../../shared/core/request/channel-type.ts";
import type {
  AddressConfiguration,
  MessageConfiguration,
  SendRequest,
} from "../../../shared/core/request/send-request.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 12);

/** What a test says about a request; the rest is a plain message to one device. */
interface Said extends Partial<Omit<SendRequest, "addresses" | "messageConfiguration">> {
  readonly channelType?: ChannelType;
  readonly tokens?: readonly string[];
  /** What each address says for itself. */
  readonly own?: Partial<AddressConfiguration>;
  readonly message?: OwnMessage | null;
  readonly otherMessages?: MessageConfiguration;
}

let device = 0;

function requestOf({ channelType = "GCM", tokens, own, message, otherMessages, ...said }: Said = {}): SendRequest {
  const addresses = tokens ?? [`device-${device++}`];
  const ownMessage = message === undefined ? { Title: "Hello", Body: "Ada" } : message;
  return {
    applicationId: "application",
    addresses: new Map(addresses.map((token) => [token, { ChannelType: channelType, ...own }])),
    messageConfiguration: {
      ...otherMessages,
      ...(ownMessage === null ? {} : { [MESSAGE_FIELD[channelType]]: ownMessage }),
    },
    onUnknownOutcome: "retry",
    ...said,
  };
}

function plan(requests: readonly SendRequest[], packing: Packing = "text") {
  const slices = requests.flatMap((request, record) => slicesOf(request, { record }));
  return planSlices(slices, { packing, nowMs: NOW_MS });
}

const devices = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

const sizesOf = (calls: readonly Call[]) => calls.map(({ addresses }) => addresses.length);

const hello = { Title: "Hello", Body: "Ada" };

describe("requests that share a call", () => {
  it.each<{ title: string; one: Said; other: Said; packing?: Packing }>([
    { title: "equal in everything but the address", one: {}, other: {}, packing: "identical" },
    {
      title: "equal, with the fields in another order",
      one: { message: { Title: "Hello", Body: "Ada", Data: { a: "1", b: "2" } } },
      other: { message: { Data: { b: "2", a: "1" }, Body: "Ada", Title: "Hello" } },
      packing: "identical",
    },
    { title: "other titles", one: {}, other: { message: { Title: "Bye", Body: "Ada" } } },
    { title: "other bodies", one: {}, other: { message: { Title: "Hello", Body: "Grace" } } },
    { title: "an override of its own", one: {}, other: { own: { TitleOverride: "Bye", BodyOverride: "Grace" } } },
    {
      title: "other variables for the same text",
      one: { message: { Body: "Hi {{name}}", Substitutions: { name: ["Ada"] } } },
      other: { message: { Body: "Hi {{name}}", Substitutions: { name: ["Grace"] } } },
    },
    { title: "other context", one: { context: { order: "1" } }, other: { context: { order: "2" } } },
    {
      title: "other context, beside the addresses' own with other keys",
      one: { context: { order: "1" }, own: { Context: { shop: "a" } } },
      other: { context: { order: "2" } },
    },
    {
      title: "context on addresses alone",
      one: { own: { Context: { a: "1" } } },
      other: { own: { Context: { a: "2" } } },
    },
    {
      title: "other variables, beside an address's own with some that are empty",
      one: {
        message: { Body: "{{name}}", Substitutions: { name: ["Ada"] } },
        own: { Substitutions: { name: ["", "A."] } },
      },
      other: { message: { Body: "{{name}}", Substitutions: { name: ["Grace"] } } },
    },
    {
      title: "a default message and no other, whenever they expire",
      one: { message: null, otherMessages: { DefaultMessage: { Body: "Hi" } }, expiresAtMs: NOW_MS + 60_000 },
      other: { message: null, otherMessages: { DefaultMessage: { Body: "Hi" } } },
    },
    {
      title: "other messages for other channel types",
      one: { otherMessages: { APNSMessage: { Title: "Ada's" } } },
      other: { otherMessages: { ADMMessage: { Title: "Grace's" } } },
    },
    {
      title: "raw content of its own on each address",
      one: { message: {}, own: { RawContent: '{"data":{"a":"1"}}' } },
      other: { message: {}, own: { RawContent: '{"data":{"a":"2"}}' } },
    },
    {
      title: "raw content, if so set",
      one: { message: { RawContent: '{"data":{"a":"1"}}' } },
      other: { message: { RawContent: '{"data":{"a":"2"}}' } },
      packing: "all",
    },
    {
      title: "raw content for APNs beside a push type, if so set",
      one: { channelType: "APNS", message: { RawContent: '{"aps":{"badge":1}}', APNSPushType: "alert" } },
      other: { channelType: "APNS", message: { RawContent: '{"aps":{"badge":2}}', APNSPushType: "alert" } },
      packing: "all",
    },
    {
      title: "times of expiry that are about the same",
      one: { expiresAtMs: NOW_MS + 3_601_000 },
      other: { expiresAtMs: NOW_MS + 3_659_000 },
    },
    {
      title: "a time of expiry and the time to live that comes to the same",
      one: { expiresAtMs: NOW_MS + 3_601_000 },
      other: { message: { ...hello, TimeToLive: 3_600 } },
    },
  ])("$title", ({ one, other, packing }) => {
    const { calls, unpackedBecause } = plan([requestOf(one), requestOf(other)], packing);
    expect(sizesOf(calls)).toEqual([2]);
    expect(unpackedBecause).toEqual(new Map());
  });
});

describe("requests that are kept apart", () => {
  it.each<{ because: UnpackedBecause; one: Said; other: Said; packing?: Packing }>([
    { because: "packingIdentical", one: {}, other: { message: { Title: "Bye", Body: "Ada" } }, packing: "identical" },
    { because: "packingIdentical", one: { context: { a: "1" } }, other: { context: { a: "2" } }, packing: "identical" },
    {
      because: "packingIdentical",
      one: { otherMessages: { APNSMessage: { Title: "Ada's" } } },
      other: {},
      packing: "identical",
    },
    {
      because: "silentPush",
      one: { message: { Body: "1", SilentPush: true } },
      other: { message: { Body: "2", SilentPush: true } },
    },
    { because: "silentPush", one: {}, other: { message: { ...hello, SilentPush: true } } },
    { because: "silentPush", one: {}, other: { message: { ...hello, SilentPush: false } } },
    {
      because: "rawContent",
      one: { message: { RawContent: '{"a":1}' } },
      other: { message: { RawContent: '{"a":2}' } },
    },
    {
      because: "rawContent",
      one: { channelType: "APNS", message: { RawContent: '{"a":1}' } },
      other: { channelType: "APNS", message: { RawContent: '{"a":2}' } },
      packing: "all",
    },
    {
      because: "rawContent",
      one: { channelType: "APNS_VOIP", message: { RawContent: '{"a":1}' } },
      other: { channelType: "APNS_VOIP", message: { RawContent: '{"a":2}' } },
      packing: "all",
    },
    {
      because: "rawContent",
      one: { message: { RawContent: "{}", Title: "1" } },
      other: { message: { RawContent: "{}", Title: "2" } },
      packing: "all",
    },
    {
      because: "rawContent",
      one: { message: { RawContent: '{"a":"{{name}}"}' } },
      other: { message: { RawContent: '{"b":"{{name}}"}' } },
      packing: "all",
    },
    {
      because: "rawContent",
      one: { message: { RawContent: '{"a":1}' }, own: { RawContent: "" } },
      other: { message: { RawContent: '{"a":2}' }, own: { RawContent: "" } },
      packing: "all",
    },
    { because: "rawContent", one: { own: { RawContent: "{}" } }, other: { message: { Title: "Bye", Body: "Ada" } } },
    {
      because: "defaultMessage",
      one: { otherMessages: { DefaultMessage: { Body: "Hi" } } },
      other: { otherMessages: { DefaultMessage: { Body: "Hi" } }, message: { Title: "Bye", Body: "Ada" } },
    },
    {
      because: "defaultMessage",
      one: { message: null, otherMessages: { DefaultPushNotificationMessage: { Title: "1" } } },
      other: { message: null, otherMessages: { DefaultPushNotificationMessage: { Title: "2" } } },
    },
    {
      because: "defaultMessage",
      one: { otherMessages: { DefaultPushNotificationMessage: { Title: "1" } } },
      other: { otherMessages: { DefaultPushNotificationMessage: { Title: "2" } } },
    },
    { because: "defaultMessage", one: { message: {} }, other: { message: null } },
    { because: "emptyText", one: {}, other: { message: { Title: "", Body: "Ada" } } },
    { because: "emptyText", one: {}, other: { message: { Title: "Hello", Body: " \n" } } },
    { because: "emptyText", one: {}, other: { own: { TitleOverride: "" } } },
    { because: "emptyText", one: {}, other: { own: { BodyOverride: "  " } } },
    { because: "variables", one: { message: { Body: "Hi {{name}}" } }, other: { message: { Body: "Bye {{name}}" } } },
    {
      because: "variables",
      one: { message: { ...hello, Substitutions: { name: ["Ada"] } } },
      other: { message: { ...hello, Substitutions: { name: ["Ada"] } }, own: { BodyOverride: "Hi {{name}}" } },
    },
    {
      because: "variables",
      one: { message: { Body: "Hi {{name}}", Substitutions: { name: ["Ada"] } } },
      other: {
        message: { Body: "Hi {{name}}", Substitutions: { name: ["Ada"] } },
        own: { Substitutions: { name: [""] } },
      },
    },
    { because: "missingPart", one: {}, other: { message: { Body: "Ada" } } },
    { because: "missingPart", one: {}, other: { message: { Title: "Hello" } } },
    { because: "missingPart", one: {}, other: { message: { ...hello, Substitutions: {} } } },
    { because: "missingPart", one: {}, other: { context: {} } },
    {
      because: "contextConflict",
      one: { context: { order: "1" } },
      other: { context: { order: "1" }, own: { Context: { order: "2" } } },
    },
    { because: "traceId", one: { traceId: "1" }, other: { traceId: "2" } },
    { because: "traceId", one: {}, other: { traceId: "2" } },
    { because: "timeToLive", one: {}, other: { expiresAtMs: NOW_MS + 60_000 } },
    {
      because: "data",
      one: { message: { Body: "1", Data: { a: "1" } } },
      other: { message: { Body: "2", Priority: "high" } },
    },
  ])("$because: $one and $other", ({ because, one, other, packing }) => {
    const { calls, unpackedBecause } = plan([requestOf(one), requestOf(other)], packing);
    expect(sizesOf(calls)).toEqual([1, 1]);
    expect(unpackedBecause).toEqual(new Map([[because, 1]]));
  });

  const fields = {
    Data: { because: "data", values: [{ a: "1" }, { a: "2" }, {}] },
    MD5: { because: "data", values: ["1B2M2Y8AsgTpgAmY7PhCfg==", ""] },
    TimeToLive: { because: "timeToLive", values: [60, 0] },
    ExpiresAfter: { because: "timeToLive", values: ["60", "61"] },
    CollapseId: { because: "collapseId", values: ["a", "b"] },
    CollapseKey: { because: "collapseId", values: ["a", "b"] },
    ConsolidationKey: { because: "collapseId", values: ["a", "b"] },
    Badge: { because: "badge", values: [0, 1] },
    Url: { because: "url", values: ["https://a.example", "https://b.example"] },
    Action: { because: "url", values: ["URL", "OPEN_APP"] },
    MediaUrl: { because: "images", values: ["a", "b"] },
    ImageUrl: { because: "images", values: ["a", "b"] },
    ImageIconUrl: { because: "images", values: ["a", "b"] },
    SmallImageIconUrl: { because: "images", values: ["a", "b"] },
    IconReference: { because: "images", values: ["a", "b"] },
    Priority: { because: "priority", values: ["5", "normal"] },
    Sound: { because: "otherFields", values: ["default", "a"] },
    Category: { because: "otherFields", values: ["a", "b"] },
    ThreadId: { because: "otherFields", values: ["a", "b"] },
    APNSPushType: { because: "otherFields", values: ["alert", "voip"] },
    PreferredAuthenticationMethod: { because: "otherFields", values: ["TOKEN", "KEY"] },
    RestrictedPackageName: { because: "otherFields", values: ["a", "b"] },
    SilentPush: { because: "silentPush", values: [true, false] },
  } as const satisfies Record<
    Exclude<keyof OwnMessage, LiftablePart>,
    { because: UnpackedBecause; values: readonly unknown[] }
  >;

  it.each(Object.entries(fields))("%s, whatever the packing, each value and none", (field, { because, values }) => {
    const without = requestOf();
    const withEach = values.map((value) => requestOf({ message: { ...hello, [field]: value } }));
    for (const packing of ["identical", "text", "all"] as const) {
      const { calls, unpackedBecause } = plan([without, ...withEach], packing);
      expect(sizesOf(calls)).toEqual([1, ...values.map(() => 1)]);
      expect(unpackedBecause).toEqual(new Map([[because, values.length]]));
    }
  });

  it.each([
    ["applications", { applicationId: "other" }],
    ["channel types", { channelType: "APNS" }],
  ] as const)("other %s, which is nobody's fault", (_, other) => {
    const { calls, unpackedBecause } = plan([requestOf({ channelType: "APNS_SANDBOX" }), requestOf(other)]);
    expect(sizesOf(calls)).toEqual([1, 1]);
    expect(unpackedBecause).toEqual(new Map());
  });
});

describe("a merged call", () => {
  const ada = requestOf({
    otherMessages: { APNSMessage: { Title: "For Ada's other phone" } },
    message: { Title: "For Ada", Body: "{{n}}", Substitutions: { n: ["1"] } },
    context: { a: "1" },
  });
  const grace = requestOf({
    message: { Title: "For Grace", Body: "{{n}}", Substitutions: { n: ["2"] } },
    context: { a: "2" },
    otherMessages: { APNSMessage: { Title: "For Grace's other phone" } },
    own: { TitleOverride: "Dear Grace", Substitutions: { m: ["3"] } },
  });

  it("has nobody's words at message level, and everybody's on their own addresses", () => {
    const { calls } = plan([ada, grace]);
    expect(calls).toHaveLength(1);
    expect(calls[0]).not.toHaveProperty("context");
    expect(calls[0]?.messageConfiguration).toEqual({ GCMMessage: { Title: PLACEHOLDER.Title, Body: "{{n}}" } });
    expect(calls[0]?.addresses.map(({ configuration }) => configuration)).toEqual([
      { ChannelType: "GCM", TitleOverride: "For Ada", Substitutions: { n: ["1"] }, Context: { a: "1" } },
      { ChannelType: "GCM", TitleOverride: "Dear Grace", Substitutions: { n: ["2"], m: ["3"] }, Context: { a: "2" } },
    ]);
  });

  it("has an empty payload at message level where raw contents differ", () => {
    const raw = ['{"data":{"a":"1"}}', '{"data":{"a":"2"}}'];
    const { calls } = plan(
      raw.map((RawContent) => requestOf({ message: { RawContent, Priority: "high" } })),
      "all",
    );
    expect(calls[0]?.messageConfiguration).toEqual({ GCMMessage: { RawContent: "{}", Priority: "high" } });
    expect(calls[0]?.addresses.map(({ configuration }) => configuration.RawContent)).toEqual(raw);
  });

  it("keeps at message level what all have in common", () => {
    const [call] = plan([requestOf(), requestOf({ message: { Title: "Hello", Body: "Grace" } })]).calls;
    expect(call?.messageConfiguration).toEqual({ GCMMessage: { Title: "Hello", Body: PLACEHOLDER.Body } });
    expect(call?.addresses[0]?.configuration).toEqual({ ChannelType: "GCM", BodyOverride: "Ada" });
  });

  it("keeps variables at message level that all have in common", () => {
    const titled = (Title: string) => requestOf({ message: { Title, Body: "{{n}}", Substitutions: { n: ["1"] } } });
    const [call] = plan([titled("For Ada"), titled("For Grace")]).calls;
    const expected = { Title: PLACEHOLDER.Title, Body: "{{n}}", Substitutions: { n: ["1"] } };
    expect(call?.messageConfiguration).toEqual({ GCMMessage: expected });
    expect(call?.addresses[1]?.configuration).toEqual({ ChannelType: "GCM", TitleOverride: "For Grace" });
  });

  it("lifts what one of several has otherwise", () => {
    const [call] = plan([requestOf(), requestOf(), requestOf({ message: { Title: "Bye", Body: "Ada" } })]).calls;
    expect(call?.messageConfiguration).toEqual({ GCMMessage: { Title: PLACEHOLDER.Title, Body: "Ada" } });
    expect(call?.addresses.map(({ configuration }) => configuration.TitleOverride)).toEqual(["Hello", "Hello", "Bye"]);
  });

  it("is the request itself where several slices of it share the call", () => {
    const request = requestOf({
      channelType: "APNS",
      tokens: [...devices("d", 101), "D-0"],
      otherMessages: { GCMMessage: { Body: "x" } },
    });
    const { calls } = plan([request]);
    expect(sizesOf(calls)).toEqual([100, 2]);
    for (const call of calls) expect(call.messageConfiguration).toEqual(request.messageConfiguration);
  });

  it("keeps the default messages of requests that are equal", () => {
    const otherMessages = { DefaultMessage: { Body: "Hi" }, DefaultPushNotificationMessage: { Title: "Hi" } };
    const [call] = plan([requestOf({ otherMessages }), requestOf({ otherMessages })]).calls;
    expect(call?.messageConfiguration).toEqual({ ...otherMessages, GCMMessage: hello });
  });

  it("is the request itself where it is alone, all its slices and messages included", () => {
    const request = requestOf({
      tokens: devices("d", 150),
      otherMessages: { APNSMessage: { Body: "x" }, DefaultMessage: { Body: "y" } },
      context: { a: "1" },
      traceId: "trace",
      own: { TitleOverride: "" },
    });
    const { calls } = plan([request]);
    expect(sizesOf(calls)).toEqual([100, 50]);
    for (const call of calls) {
      expect(call).toMatchObject({ context: { a: "1" }, traceId: "trace" });
      expect(call.messageConfiguration).toEqual(request.messageConfiguration);
      for (const { token, configuration } of call.addresses) expect(configuration).toBe(request.addresses.get(token));
    }
  });

  it("has what remains until the request expires as its time to live", () => {
    const [call] = plan([requestOf({ channelType: "ADM", expiresAtMs: NOW_MS + 125_000 })]).calls;
    expect(call?.messageConfiguration).toEqual({ ADMMessage: { ...hello, ExpiresAfter: "120" } });
  });
});

describe("the number of calls", () => {
  it.each([1, 99, 100, 101, 4_700])("%i requests for one device each, with own texts: the fewest", (count) => {
    const { calls, unpackedBecause } = plan(
      Array.from({ length: count }, (_, index) =>
        requestOf({ message: { Title: `Title ${index}`, Body: `Body ${index}` } }),
      ),
    );
    expect(calls.length).toBe(Math.ceil(count / 100));
    expect(unpackedBecause).toEqual(new Map());
  });

  it("slices of any size: never more than 1.15 times the fewest, filled up by the small ones", () => {
    const sizes = Array.from({ length: 300 }, (_, index) => 1 + ((index * 37) % 60));
    const { calls } = plan(sizes.map((size, index) => requestOf({ tokens: devices(`r${index}`, size) })));
    const addresses = sizes.reduce((sum, size) => sum + size, 0);
    expect(calls.length).toBeLessThanOrEqual(1.15 * Math.ceil(addresses / 100));
  });

  it("as many as there are messages for one device, and the others fill them", () => {
    const hot = Array.from({ length: 12 }, (_, index) =>
      requestOf({ tokens: ["hot"], message: { Title: `${index}`, Body: "x" } }),
    );
    const others = Array.from({ length: 1_188 }, () => requestOf());
    const { calls, unpackedBecause } = plan([...others, ...hot]);
    expect(sizesOf(calls)).toEqual(hot.map(() => 100));
    expect(unpackedBecause).toEqual(new Map());
  });

  it("10,000 messages for one device, however its token is spelled: 10,000 calls", () => {
    const spellings = ["ab cd", "ABCD", "<abcd>"];
    const requests = Array.from({ length: 10_000 }, (_, index) =>
      requestOf({ channelType: "APNS", tokens: [spellings[index % 3] ?? ""] }),
    );
    const { calls, unpackedBecause } = plan(requests);
    expect(calls.length).toBe(10_000);
    expect(unpackedBecause).toEqual(new Map([["sameDevice", 9_900]]));
  }, 5_000);

  it("slices that do not add up", () => {
    const { calls, unpackedBecause } = plan(
      [60, 60, 60].map((size, index) => requestOf({ tokens: devices(`r${index}`, size) })),
    );
    expect(sizesOf(calls)).toEqual([60, 60, 60]);
    expect(unpackedBecause).toEqual(new Map([["sliceSize", 60]]));
  });

  it("calls of no more than 7 MB, whatever the messages weigh", () => {
    const requests = Array.from({ length: 40 }, (_, index) =>
      requestOf({
        tokens: devices(`r${index}`, 2),
        message: { Title: "x", Body: `${"\u0001".repeat(90_000)}${index}` },
      }),
    );
    const { calls, unpackedBecause } = plan(requests);
    for (const { addresses, messageConfiguration } of calls) {
      const body = {
        Addresses: addresses.map(({ token, configuration }) => [token, configuration]),
        messageConfiguration,
      };
      expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThan(7_000_000);
    }
    expect([...unpackedBecause.keys()]).toEqual(["bytes"]);
  });

  it("calls of no more than 7 MB, whatever the part of the message weighs that is not lifted", () => {
    const large = () => requestOf({ message: { ...hello, Data: { a: "x".repeat(1_000_000) } } });
    const { calls, unpackedBecause } = plan([large(), large()]);
    expect(sizesOf(calls)).toEqual([1, 1]);
    expect(unpackedBecause).toEqual(new Map([["bytes", 1]]));
  });

  it("calls of no more than 7 MB, whatever an address says for itself", () => {
    const large = () => requestOf({ own: { BodyOverride: "x".repeat(700_000) } });
    expect(sizesOf(plan([large(), large()]).calls)).toEqual([1, 1]);
  });

  it("one for each channel type of a request", () => {
    const channelTypes: ChannelType[] = ["GCM", "ADM", "APNS"];
    const addresses = channelTypes.map((type) => [type, { ChannelType: type }] as const);
    const { calls } = plan([{ ...requestOf({ message: null }), addresses: new Map(addresses) }]);
    expect(calls.map(({ channelType }) => channelType)).toEqual(channelTypes);
  });

  it("a message that is too large to be lifted to each of its addresses is not", () => {
    const large = (text: string) =>
      requestOf({ tokens: devices(text, 40), message: { Title: text, Body: "x".repeat(40_000) } });
    const { calls, unpackedBecause } = plan([large("a"), large("b")]);
    expect(sizesOf(calls)).toEqual([40, 40]);
    expect(calls.every((call) => call.messageConfiguration.GCMMessage?.Body?.length === 40_000)).toBe(true);
    expect(unpackedBecause).toEqual(new Map([["bytes", 40]]));
  });

  it("such a message is shared all the same by requests in which it is equal", () => {
    const large = (name: string) => requestOf({ tokens: devices(name, 40), message: { Body: "x".repeat(40_000) } });
    expect(sizesOf(plan([large("a"), large("b")]).calls)).toEqual([80]);
  });

  it("as if what one slice says about itself were not said by another of the same request", () => {
    const addresses = [...devices("d", 100), "last"].map((token) => {
      const own = token === "last" ? { TitleOverride: "" } : {};
      return [token, { ChannelType: "GCM" as const, ...own }] as const;
    });
    const request: SendRequest = { ...requestOf(), addresses: new Map(addresses) };
    const { calls, unpackedBecause } = plan([request, requestOf({ message: { Title: "Bye", Body: "Ada" } })]);
    expect(sizesOf(calls)).toEqual([100, 1, 1]);
    expect(unpackedBecause).toEqual(new Map([["emptyText", 1]]));
  });
});

describe("the order of calls", () => {
  it("is that of their oldest slices, and so is the order within them", () => {
    const requests = [
      requestOf({ traceId: "b", tokens: ["1"] }),
      requestOf({ traceId: "a", tokens: ["2"] }),
      requestOf({ traceId: "b", tokens: ["3", "4"] }),
      requestOf({ traceId: "c", tokens: ["5"] }),
    ];
    const order = plan(requests).calls.map(({ addresses }) => addresses.map(({ token }) => token));
    expect(order).toEqual([["1", "3", "4"], ["2"], ["5"]]);
  });

  it("is theirs even where a younger one is larger and was packed first", () => {
    expect(sizesOf(plan([30, 100].map((size) => requestOf({ tokens: devices(`r${size}`, size) }))).calls)).toEqual([
      30, 100,
    ]);
  });
});

it.each(["first", "last"])(
  "explains by the group that has most addresses, if it comes %s, and each address once",
  (where) => {
    const many = Array.from({ length: 150 }, () => requestOf());
    const few = [
      requestOf({ message: { ...hello, Data: { a: "1" } }, tokens: ["a", "b", "c"] }),
      requestOf({ message: { ...hello, Badge: 1, Priority: "high" } }),
    ];
    const { calls, unpackedBecause } = plan(where === "first" ? [...many, ...few] : [...few, ...many]);
    expect(sizesOf(calls).toSorted((a, b) => b - a)).toEqual([100, 50, 3, 1]);
    expect(unpackedBecause).toEqual(
      new Map([
        ["data", 3],
        ["badge", 1],
      ]),
    );
  },
);

it("explains nothing where no packing could do with fewer calls", () => {
  const { calls, unpackedBecause } = plan([
    requestOf({ tokens: devices("a", 100) }),
    requestOf({ message: { ...hello, Badge: 1 }, tokens: devices("b", 50) }),
  ]);
  expect(sizesOf(calls)).toEqual([100, 50]);
  expect(unpackedBecause).toEqual(new Map());
});

it.each<{ what: string; plain: readonly number[]; withData: readonly number[]; because: object }>([
  { what: "no full call", plain: [100, 100, 50], withData: [100, 50], because: { data: 50 } },
  { what: "the smallest of those too many", plain: [50, 60, 70], withData: [], because: { sliceSize: 50 } },
  { what: "each call by one reason", plain: [100, 100], withData: [60, 60, 60], because: { sliceSize: 60, data: 120 } },
])("explains $what: $because", ({ plain, withData, because }) => {
  const sized = (sizes: readonly number[], message: OwnMessage) =>
    sizes.map((size, index) => requestOf({ message, tokens: devices(`${Object.keys(message)}-${index}`, size) }));
  const requests = [...sized(plain, hello), ...sized(withData, { ...hello, Data: { a: "1" } })];
  expect(plan(requests).unpackedBecause).toEqual(new Map(Object.entries(because)));
});

it("explains by the device where slices have one in common", () => {
  const { unpackedBecause } = plan([requestOf({ tokens: ["hot", "a"] }), requestOf({ tokens: ["hot", "b"] })]);
  expect(unpackedBecause).toEqual(new Map([["sameDevice", 2]]));
});
