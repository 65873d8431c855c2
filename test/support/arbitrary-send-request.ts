import fc from "fast-check";
import { CHANNEL_TYPES, type ChannelType } from "../../shared/core/request/channel-type.ts";
import type {
  ADMMessage,
  AddressConfiguration,
  APNSMessage,
  BaiduMessage,
  DefaultMessage,
  DefaultPushNotificationMessage,
  GCMMessage,
  MessageConfiguration,
  SendRequest,
} from "../../shared/core/request/send-request.ts";

/** The moment at which arbitrary requests are sent: those that expire do so later. */
export const NOW_MS = Date.UTC(2026, 10, 23, 12);

/**
 * Send requests for whoever merges them. Most are plain and differ in their texts; what is special is so rare that many
 * are still alike. Devices repeat, APNs tokens in several spellings. `rawPercent`: how many messages are raw content.
 */
export function arbitrarySendRequest({
  rawPercent = 5,
  mainChannelType = "GCM",
}: Readonly<{ rawPercent?: number; mainChannelType?: ChannelType }> = {}): fc.Arbitrary<SendRequest> {
  return fc
    .record({
      applicationId: fc.oneof({ weight: 5, arbitrary: fc.constant("first") }, fc.constant("second")),
      channelType: fc.oneof({ weight: 5, arbitrary: fc.constant(mainChannelType) }, fc.constantFrom(...CHANNEL_TYPES)),
      addresses: fc.oneof(
        { weight: 20, arbitrary: fc.array(address, { minLength: 1, maxLength: 3 }) },
        fc.array(address, { minLength: 30, maxLength: 130 }),
      ),
      messageConfiguration: messageConfiguration(rawPercent),
      optional: sparse<Pick<SendRequest, "context" | "traceId" | "expiresAtMs">>({
        context: inPercent(25, context),
        traceId: inPercent(4, fc.constantFrom("trace 1", "trace 2")),
        expiresAtMs: inPercent(
          15,
          fc.constantFrom(0.4, 30, 59, 125, 129, 601, 3_601, 3_659, 700_000, 3_000_000).map((s) => NOW_MS + s * 1000),
        ),
      }),
    })
    .map(({ applicationId, channelType, addresses, messageConfiguration, optional }) => ({
      applicationId,
      addresses: new Map(addresses.map((each) => addressEntry(each, channelType))),
      messageConfiguration,
      onUnknownOutcome: "retry",
      ...optional,
    }));
}

/**
 * Requests that arrive together, mostly on one channel. Most are made after one of the first few: the same message but
 * for some of its words.
 */
export function arbitraryBatch({ rawPercent = 5 } = {}): fc.Arbitrary<SendRequest[]> {
  const drawn = (mainChannelType: ChannelType) =>
    fc.record({
      request: arbitrarySendRequest({ rawPercent, mainChannelType }),
      model: inPercent(75, fc.nat(2)),
      words: fc.oneof(fc.constant(WORDS), fc.subarray(WORDS)),
    });
  return fc
    .constantFrom(...CHANNEL_TYPES)
    .chain((mainChannelType) => fc.array(drawn(mainChannelType), { minLength: 1, maxLength: 20, size: "max" }))
    .map((batch) =>
      batch.map(({ request, model, words }) => {
        const after = model === undefined ? undefined : batch[model]?.request;
        return after === undefined ? request : inOtherWords(after, request, words);
      }),
    );
}

const WORDS = ["Title", "Body", "RawContent", "Substitutions", "Context"];

/** `request` with the message of `model`, in its own `words` where both have some. */
function inOtherWords(model: SendRequest, request: SendRequest, words: readonly string[]): SendRequest {
  const { context: ownContext, traceId: _, ...own } = request;
  const { applicationId, context: modelContext, traceId } = model;
  const ownMessages = new Map<string, object>(Object.entries(request.messageConfiguration));
  const messages = Object.entries(model.messageConfiguration).map(([field, message]: [string, object]) => {
    const ownWords = Object.entries(ownMessages.get(field) ?? {}).filter(
      ([part]) => words.includes(part) && Object.hasOwn(message, part),
    );
    return [field, { ...message, ...Object.fromEntries(ownWords) }];
  });
  const context = words.includes("Context") ? (ownContext ?? modelContext) : modelContext;
  return {
    ...own,
    applicationId,
    messageConfiguration: Object.fromEntries(messages),
    ...(context === undefined || modelContext === undefined ? {} : { context }),
    ...(traceId === undefined ? {} : { traceId }),
  };
}

function inPercent<T>(percent: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: percent, arbitrary }, { weight: 100 - percent, arbitrary: fc.constant(undefined) });
}

/** An object whose fields are absent where they are undefined. */
function sparse<T extends object>(
  fields: {
    readonly [Field in keyof T]-?: fc.Arbitrary<T[Field] | undefined>;
  },
): fc.Arbitrary<T> {
  return fc
    .record(fields as Record<string, fc.Arbitrary<unknown>>)
    .map((drawn) => Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined)) as T);
}

const text = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("Ada", "Grace", "Edsger", "Barbara", 'say "hi"', "\u0000\ud800 日本語") },
  { weight: 4, arbitrary: fc.string({ minLength: 1 }) },
  { weight: 2, arbitrary: fc.constant("Hi {{name}}, {{ other }}") },
  fc.constantFrom("", " "),
);

const values = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(["Ada"], ["Grace"], ["Ada", "Grace"]) },
  fc.constantFrom<string[]>([], [""]),
);
const substitutions = fc.dictionary(fc.constantFrom("name", "other", "__proto__"), values, { maxKeys: 2 });
const context = fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), text, { maxKeys: 2 });
const data = fc.dictionary(fc.constantFrom("key", "other"), text, { maxKeys: 2 });
const rawContent = fc.oneof(
  {
    weight: 10,
    arbitrary: text.map((alert) => JSON.stringify({ aps: { alert }, notification: { title: alert }, data: {} })),
  },
  fc.constantFrom("", "{}", '{"aps":{"alert":"Hi {{name}}"}}'),
);

const pushText = {
  Title: inPercent(93, text),
  Body: inPercent(93, text),
  Substitutions: inPercent(40, substitutions),
  SilentPush: inPercent(6, fc.boolean()),
  Data: inPercent(6, data),
  Url: inPercent(3, fc.constantFrom("https://a.example", "https://b.example")),
  Action: inPercent(3, fc.constantFrom("URL", "OPEN_APP")),
};

const images = {
  ImageUrl: inPercent(2, text),
  ImageIconUrl: inPercent(1, text),
  SmallImageIconUrl: inPercent(1, text),
  IconReference: inPercent(1, text),
};

const seconds = inPercent(8, fc.constantFrom(0, 30, 3_600));
const rarely = inPercent(2, fc.constantFrom("some", "other"));

const messageConfiguration = (rawPercent: number) =>
  sparse<MessageConfiguration>({
    GCMMessage: inPercent(
      96,
      sparse<GCMMessage>({
        ...pushText,
        ...images,
        RawContent: inPercent(rawPercent, rawContent),
        Sound: rarely,
        TimeToLive: seconds,
        Priority: inPercent(3, fc.constantFrom("high", "normal")),
        PreferredAuthenticationMethod: inPercent(2, fc.constant("TOKEN")),
        CollapseKey: rarely,
        RestrictedPackageName: rarely,
      }),
    ),
    APNSMessage: inPercent(
      96,
      sparse<APNSMessage>({
        ...pushText,
        RawContent: inPercent(rawPercent, rawContent),
        Sound: rarely,
        TimeToLive: seconds,
        Priority: inPercent(3, fc.constantFrom("5", "10")),
        PreferredAuthenticationMethod: inPercent(2, fc.constant("TOKEN")),
        CollapseId: rarely,
        MediaUrl: rarely,
        APNSPushType: inPercent(30, fc.constant("alert")),
        Badge: inPercent(4, fc.integer({ min: 0, max: 3 })),
        Category: rarely,
        ThreadId: rarely,
      }),
    ),
    ADMMessage: inPercent(
      96,
      sparse<ADMMessage>({
        ...pushText,
        ...images,
        RawContent: inPercent(rawPercent, rawContent),
        Sound: rarely,
        ConsolidationKey: rarely,
        MD5: inPercent(2, fc.constant("1B2M2Y8AsgTpgAmY7PhCfg==")),
        ExpiresAfter: inPercent(8, fc.constantFrom("30", "3600", "soon")),
      }),
    ),
    BaiduMessage: inPercent(
      96,
      sparse<BaiduMessage>({
        ...pushText,
        ...images,
        RawContent: inPercent(rawPercent, rawContent),
        Sound: rarely,
        TimeToLive: seconds,
      }),
    ),
    DefaultPushNotificationMessage: inPercent(4, sparse<DefaultPushNotificationMessage>(pushText)),
    DefaultMessage: inPercent(
      4,
      sparse<DefaultMessage>({ Body: inPercent(90, text), Substitutions: inPercent(25, substitutions) }),
    ),
  });

const address = fc.record({
  /** Few enough that batches have several messages for one device. */
  device: fc.oneof(fc.nat(20), { weight: 4, arbitrary: fc.nat(100_000) }),
  spelling: fc.nat(2),
  otherChannelType: inPercent(5, fc.constantFrom(...CHANNEL_TYPES)),
  own: sparse<Omit<AddressConfiguration, "ChannelType">>({
    TitleOverride: inPercent(8, text),
    BodyOverride: inPercent(8, text),
    RawContent: inPercent(2, rawContent),
    Substitutions: inPercent(10, substitutions),
    Context: inPercent(6, context),
  }),
});

type Address = typeof address extends fc.Arbitrary<infer Drawn> ? Drawn : never;

function addressEntry(
  { device, spelling, otherChannelType, own }: Address,
  channelType: ChannelType,
): [string, AddressConfiguration] {
  const ofAddress = otherChannelType ?? channelType;
  return [deviceToken(ofAddress, device, spelling), { ChannelType: ofAddress, ...own }];
}

function deviceToken(channelType: ChannelType, device: number, spelling: number): string {
  if (!channelType.startsWith("APNS")) return device === 0 ? "__proto__" : `${channelType}:device-${device}`;
  const hexadecimal = `740f4707bebcf74f${device.toString(16).padStart(8, "0")}`;
  const spellings = [hexadecimal, hexadecimal.toUpperCase(), `<${hexadecimal.replace(/.{8}/g, "$& ").trim()}>`];
  return spellings[spelling] ?? hexadecimal;
}
