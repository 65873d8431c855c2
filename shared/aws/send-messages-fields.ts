/**
 * The fields that the core knows and those of the installed SDK are the same: this page does not compile otherwise.
 *
 * The SDK drops fields it does not know without a word, and the core refuses fields that the SDK would send; both are
 * silent losses that only show on a phone. When an SDK release fails here, the error names the field: add it to the
 * tables in `shared/core/request/send-request-fields.ts` (and to the schema in `events/send-request`), or to the
 * fields that are refused on purpose.
 */
import type * as Sdk from "@aws-sdk/client-pinpoint";
import type { CHANNEL_TYPES } from "../core/request/channel-type.ts";
import type {
  ACTIONS,
  ADDRESS_FIELDS,
  MESSAGE_CONFIGURATION_FIELDS,
  MESSAGE_FIELDS,
  MESSAGE_REQUEST_FIELDS,
  REFUSED_CHANNEL_TYPES,
  REFUSED_MESSAGE_CONFIGURATION_FIELDS,
  REFUSED_MESSAGE_REQUEST_FIELDS,
  SEND_REQUEST_FIELDS,
} from "../core/request/send-request-fields.ts";

/** The names on which the core and the SDK differ; `never` while they agree. */
export type SendMessagesDrift =
  | Agreed<Drift<typeof SEND_REQUEST_FIELDS, Sdk.SendMessagesRequest & OurOwnFields>>
  | Agreed<Drift<typeof MESSAGE_REQUEST_FIELDS & typeof REFUSED_MESSAGE_REQUEST_FIELDS, Sdk.MessageRequest>>
  | Agreed<
      Drift<
        typeof MESSAGE_CONFIGURATION_FIELDS & typeof REFUSED_MESSAGE_CONFIGURATION_FIELDS,
        Sdk.DirectMessageConfiguration
      >
    >
  | Agreed<Drift<typeof ADDRESS_FIELDS, Sdk.AddressConfiguration>>
  | Agreed<Drift<Messages["APNSMessage"], Sdk.APNSMessage>>
  | Agreed<Drift<Messages["GCMMessage"], Sdk.GCMMessage>>
  | Agreed<Drift<Messages["ADMMessage"], Sdk.ADMMessage>>
  | Agreed<Drift<Messages["BaiduMessage"], Sdk.BaiduMessage>>
  | Agreed<Drift<Messages["DefaultPushNotificationMessage"], Sdk.DefaultPushNotificationMessage>>
  | Agreed<Drift<Messages["DefaultMessage"], Sdk.DefaultMessage>>
  | Agreed<Difference<ChannelTypes, Sdk.ChannelType>>
  | Agreed<Difference<(typeof ACTIONS)[number], Sdk.Action>>;

type Messages = typeof MESSAGE_FIELDS;

type ChannelTypes = (typeof CHANNEL_TYPES)[number] | (typeof REFUSED_CHANNEL_TYPES)[number];

/** The fields of a send request that are not the API's. */
interface OurOwnFields {
  readonly RequestId: unknown;
  readonly ExpiresAt: unknown;
  readonly OnUnknownOutcome: unknown;
}

/** Does not compile for anything but `never`; the compiler's error names what is left over. */
type Agreed<Names extends never> = Names;

/** Fields that one side lacks, and fields whose values are of another type there. */
type Drift<Ours, Theirs> = Difference<keyof Ours, keyof Theirs> | OtherType<Ours, Theirs>;

type Difference<A, B> = Exclude<A, B> | Exclude<B, A>;

type OtherType<Ours, Theirs> = {
  [Name in keyof Ours & keyof Theirs]: Ours[Name] extends keyof TypeOf
    ? Difference<TypeOf[Ours[Name]], NonNullable<Theirs[Name]>> extends never
      ? never
      : Name
    : never;
}[keyof Ours & keyof Theirs];

/** The SDK's type for each kind of field that leaves for `SendMessages`. */
interface TypeOf {
  readonly string: string;
  readonly boolean: boolean;
  readonly integer: number;
  readonly action: Sdk.Action;
  readonly strings: Record<string, string>;
  readonly substitutions: Record<string, string[]>;
  readonly rawContent: string;
  readonly channelType: Sdk.ChannelType;
}
