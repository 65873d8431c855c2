import type { ChannelType } from "./core/request/channel-type.ts";

/** Something that happened, told by the pipeline; telemetry decides what becomes a log line or a metric. */
export type Fact = { readonly kind: string; readonly channelType?: ChannelType };
