import {
  type AddressConfiguration,
  type MessageRequest,
  PinpointClient,
  SendMessagesCommand,
} from "@aws-sdk/client-pinpoint";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import { type ChannelType, MESSAGE_FIELD } from "../../../shared/core/request/channel-type.ts";
import { askAws } from "../ask-aws.ts";

export interface Probe {
  readonly applicationId: string;
  readonly channelType: ChannelType;
  readonly deviceToken: string;
}

/** What one call was answered, and what the device then shows if `SendMessages` does what packing relies on. */
export interface ProbeResult {
  readonly packing: "text" | "all";
  readonly device: string;
  readonly delivered: boolean;
  /** The service's own answer. */
  readonly answer: string;
  readonly shouldShow: string;
  readonly mustNotShow: string;
}

interface Text {
  readonly title: string;
  readonly body: string;
}

/** Of the message that an override is to replace. */
const PLACEHOLDER: Text = { title: "Sluice probe", body: "PLACEHOLDER: the override was ignored" };

const TEXT_OVERRIDE: Text = { title: "Sluice probe 1 of 2", body: "Title and body of this address" };
const RAW_OVERRIDE: Text = { title: "Sluice probe 2 of 2", body: "Raw content of this address" };

/**
 * Sends two pushes to one device: one whose address has its own title and body, and one whose address has its own raw
 * content, each over a message that has others, as packed calls are. What the device shows, only a person can see.
 */
export async function probe({ applicationId, channelType, deviceToken }: Probe): Promise<readonly ProbeResult[]> {
  const client = new PinpointClient({ maxAttempts: 1 });
  const send = async (message: OwnMessage, own: Omit<AddressConfiguration, "ChannelType">) => {
    const request: MessageRequest = {
      Addresses: { [deviceToken]: { ChannelType: channelType, ...own } },
      MessageConfiguration: { [MESSAGE_FIELD[channelType]]: { ...message, ...pushTypeOf(channelType) } },
    };
    const { MessageResponse } = await askAws(
      `send the probe for the application ${applicationId}`,
      client.send(new SendMessagesCommand({ ApplicationId: applicationId, MessageRequest: request })),
    );
    const { DeliveryStatus = "no answer", StatusMessage } = MessageResponse?.Result?.[deviceToken] ?? {};
    return {
      device: shortHash(deviceToken),
      delivered: DeliveryStatus === "SUCCESSFUL",
      answer: [DeliveryStatus, StatusMessage?.replaceAll(deviceToken, "…")].filter(Boolean).join(": "),
      mustNotShow: PLACEHOLDER.body,
    };
  };
  const text = await send(
    { Title: PLACEHOLDER.title, Body: PLACEHOLDER.body },
    { TitleOverride: TEXT_OVERRIDE.title, BodyOverride: TEXT_OVERRIDE.body },
  );
  const raw = await send(
    { RawContent: rawContent(channelType, PLACEHOLDER) },
    { RawContent: rawContent(channelType, RAW_OVERRIDE) },
  );
  return [
    { packing: "text", shouldShow: `${TEXT_OVERRIDE.title}: ${TEXT_OVERRIDE.body}`, ...text },
    { packing: "all", shouldShow: `${RAW_OVERRIDE.title}: ${RAW_OVERRIDE.body}`, ...raw },
  ];
}

/** Said, because otherwise it is guessed from the content, and which content is what the probe is to find out. */
function pushTypeOf(channelType: ChannelType): { readonly APNSPushType?: string } {
  if (!channelType.startsWith("APNS")) return {};
  return { APNSPushType: channelType.startsWith("APNS_VOIP") ? "voip" : "alert" };
}

interface OwnMessage {
  readonly Title?: string;
  readonly Body?: string;
  readonly RawContent?: string;
}

/** A notification in the push service's own words. */
function rawContent(channelType: ChannelType, { title, body }: Text): string {
  switch (channelType) {
    case "GCM":
      return JSON.stringify({ fcmV1Message: { message: { notification: { title, body } } } });
    case "ADM":
      return JSON.stringify({ data: { title, message: body } });
    case "BAIDU":
      return JSON.stringify({ title, description: body });
    default:
      return JSON.stringify({ aps: { alert: { title, body } } });
  }
}
