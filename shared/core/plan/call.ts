import type { ChannelType } from "../request/channel-type.ts";
import type { AddressConfiguration, MessageConfiguration, SendRequest } from "../request/send-request.ts";

/** What the planner may lift from the message to the address so that unlike requests share a call. */
export type Packing = "identical" | "text" | "all";

/**
 * At most 100 addresses of one request and one channel type, in body order: the unit of accounting.
 * A slice is never divided between planned calls, and no two of its addresses are the same device token.
 */
export interface Slice {
  readonly request: SendRequest;
  /** Position of the record in its batch: how results find their way back. */
  readonly record: number;
  /** Number of the slice within its request, or what the record's `Part` attribute says. */
  readonly part: string;
  readonly channelType: ChannelType;
  readonly tokens: readonly string[];
}

/** One entry of a call's `Addresses`: the device token, what is sent for it, and the slice it belongs to. */
export interface PlannedAddress {
  readonly token: string;
  readonly configuration: AddressConfiguration;
  readonly slice: Slice;
}

/** One `SendMessages` request: one application, one channel type, 1 to 100 addresses, at most 7 MB. */
export interface Call {
  readonly applicationId: string;
  readonly channelType: ChannelType;
  readonly addresses: readonly PlannedAddress[];
  readonly messageConfiguration: MessageConfiguration;
  readonly context?: Readonly<Record<string, string>>;
  readonly traceId?: string;
}
