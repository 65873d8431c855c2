import { GetAppCommand, type PinpointClient } from "@aws-sdk/client-pinpoint";
import { expiryIn } from "./certificate-expiry.ts";
import { type ChannelAnswer, PUSH_CHANNELS, type PushChannelName } from "./push-channels.ts";

/** How a channel of an application stands. */
export interface ChannelState {
  readonly channel: PushChannelName;
  readonly channelType: string;
  /** `absent`: it was never enabled, or was disabled with `channel disable`. `off`: it is there, and sends nothing. */
  readonly state: "enabled" | "off" | "absent";
  /** `TOKEN`, `CERTIFICATE` or `KEY`, as the API spells it; channels that know one way only have none. */
  readonly authentication?: string;
  /** Whether it has what a `TOKEN` is made with; of other ways the API does not tell. */
  readonly credentials?: "present" | "missing";
  /** ISO 8601, where the credentials end and it was noted when. */
  readonly expires?: string;
  readonly changed?: string;
}

/** The states of an application's channels. @throws the SDK's error when the application is not there */
export async function channelStates(
  client: PinpointClient,
  applicationId: string,
  channels: readonly PushChannelName[],
): Promise<readonly ChannelState[]> {
  const { ApplicationResponse } = await client.send(new GetAppCommand({ ApplicationId: applicationId }));
  const tags = ApplicationResponse?.tags ?? {};
  return Promise.all(
    channels.map(async (channel) => {
      const { channelType } = PUSH_CHANNELS[channel];
      const answer = await answerOf(client, applicationId, channel);
      if (answer === undefined) return { channel, channelType, state: "absent" as const };
      const { DefaultAuthenticationMethod: authentication, LastModifiedDate: changed } = answer;
      const hasToken = answer.HasFcmServiceCredentials ?? answer.HasTokenKey ?? false;
      const expiresAt = authentication === "CERTIFICATE" ? expiryIn(tags, channel) : undefined;
      return {
        channel,
        channelType,
        state: answer.Enabled === true ? ("enabled" as const) : ("off" as const),
        ...(authentication === undefined ? {} : { authentication }),
        ...(authentication === "TOKEN" ? { credentials: hasToken ? ("present" as const) : ("missing" as const) } : {}),
        ...(expiresAt === undefined ? {} : { expires: expiresAt.toISOString() }),
        ...(changed === undefined ? {} : { changed }),
      };
    }),
  );
}

async function answerOf(
  client: PinpointClient,
  applicationId: string,
  channel: PushChannelName,
): Promise<ChannelAnswer | undefined> {
  try {
    return await PUSH_CHANNELS[channel].get(client, applicationId);
  } catch (error) {
    // The application is there, so it is the channel that is not.
    if ((error as Error).name === "NotFoundException") return undefined;
    throw error;
  }
}
