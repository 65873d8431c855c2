import { GetAppCommand, type PinpointClient, TagResourceCommand, UntagResourceCommand } from "@aws-sdk/client-pinpoint";
import type { PushChannelName } from "./push-channels.ts";

/** Of a certificate, a tag of its application says when it ends: the API itself never tells. */
function tagKey(channel: PushChannelName): string {
  return `sluice:${channel}-certificate-expires`;
}

/** Notes when a channel's certificate ends, or that it has none. */
export async function noteExpiry(
  client: PinpointClient,
  {
    applicationId,
    channel,
    expiresAt,
  }: { applicationId: string; channel: PushChannelName; expiresAt?: Date | undefined },
): Promise<void> {
  const { ApplicationResponse } = await client.send(new GetAppCommand({ ApplicationId: applicationId }));
  const ResourceArn = ApplicationResponse?.Arn ?? "";
  const key = tagKey(channel);
  if (expiresAt !== undefined) {
    const tags = { [key]: expiresAt.toISOString() };
    await client.send(new TagResourceCommand({ ResourceArn, TagsModel: { tags } }));
  } else if (ApplicationResponse?.tags?.[key] !== undefined) {
    await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: [key] }));
  }
}

/** When a channel's certificate ends, by the tags of its application; nothing where nobody noted it. */
export function expiryIn(tags: Readonly<Record<string, string>>, channel: PushChannelName): Date | undefined {
  const date = new Date(tags[tagKey(channel)] ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
