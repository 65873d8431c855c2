import { type ChannelType, MESSAGE_FIELD } from "../request/channel-type.ts";
import type {
  ADMMessage,
  APNSMessage,
  BaiduMessage,
  GCMMessage,
  MessageConfiguration,
} from "../request/send-request.ts";

/** A channel's own message, with every field that some channel has. */
export type OwnMessage = APNSMessage & GCMMessage & ADMMessage & BaiduMessage;

/** The message that a configuration has for the channel type itself; absent where a default message must do. */
export function ownMessage(configuration: MessageConfiguration, channelType: ChannelType): OwnMessage | undefined {
  return configuration[MESSAGE_FIELD[channelType]];
}
