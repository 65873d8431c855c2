import { PinpointClient } from "@aws-sdk/client-pinpoint";
import { type ChannelState, channelStates } from "../channel-state.ts";
import { PUSH_CHANNEL_NAMES } from "../push-channels.ts";
import { type Finding, faultIf, judged, lookAt } from "./finding.ts";

/** How long before a certificate ends it is time for another one. */
const WARN_DAYS = 30;
const DAY_MS = 86_400_000;

export interface ChannelsExamined {
  readonly stage: string;
  readonly applicationIds: readonly string[];
  readonly now: Date;
}

/** Whether each application is there, and each of its channels can authenticate itself. */
export async function examineChannels(examined: ChannelsExamined): Promise<readonly Finding[]> {
  const client = new PinpointClient({});
  const findings = await Promise.all(
    examined.applicationIds.map((applicationId) =>
      lookAt(
        `application ${applicationId}`,
        async () => {
          const states = await channelStates(client, applicationId, PUSH_CHANNEL_NAMES);
          return [
            ...applicationFindings(applicationId, states, examined.stage),
            ...states.flatMap((state) => channelFindings(state, { ...examined, applicationId })),
          ];
        },
        `See: sluice app list --stage ${examined.stage}. Then deploy with --param='applicationIds=…'.`,
      ),
    ),
  );
  return findings.flat();
}

function applicationFindings(applicationId: string, states: readonly ChannelState[], stage: string) {
  const enabled = states.filter(({ state }) => state === "enabled");
  return judged(
    `application ${applicationId}`,
    faultIf(
      enabled.length === 0,
      "has no enabled channel",
      `sluice channel enable fcm --stage ${stage} --application-id ${applicationId} --service-account FILE`,
    ),
    `sends through ${enabled.map(({ channel }) => channel).join(", ")}`,
  );
}

function channelFindings(
  { channel, state, authentication, credentials, expires }: ChannelState,
  { stage, applicationId, now }: ChannelsExamined & { readonly applicationId: string },
): readonly Finding[] {
  const subject = `channel ${channel} of ${applicationId}`;
  const enable = `sluice channel enable ${channel} --stage ${stage} --application-id ${applicationId}`;
  const withKey = `${enable} --key FILE.p8 … (a .p8 key does not expire)`;
  if (state === "absent") return [];
  if (state === "off") {
    return [{ subject, verdict: "unchecked", message: "is switched off: what is sent through it fails", cure: enable }];
  }
  if (authentication === "CERTIFICATE" && expires === undefined) {
    const message = "authenticates itself by a certificate, and nobody noted when it expires";
    return [{ subject, verdict: "unchecked", message, cure: `${withKey}, or --certificate FILE.p12` }];
  }
  const daysLeft = expires === undefined ? undefined : Math.floor((Date.parse(expires) - now.getTime()) / DAY_MS);
  return judged(
    subject,
    [
      ...faultIf(
        channel === "fcm" && authentication === "KEY",
        "authenticates itself by a server key (KEY): that is the legacy API, which Google has shut down",
        `${enable} --service-account FILE`,
      ),
      ...faultIf(
        authentication === "TOKEN" && credentials === "missing",
        "is to authenticate itself by TOKEN, and has no key for it",
        channel === "fcm" ? `${enable} --service-account FILE` : withKey,
      ),
      ...faultIf(daysLeft !== undefined && daysLeft < 0, `has a certificate that expired on ${expires}`, withKey),
      ...faultIf(
        daysLeft !== undefined && daysLeft >= 0 && daysLeft < WARN_DAYS,
        `has a certificate that expires in ${daysLeft} days, on ${expires}`,
        withKey,
      ),
    ],
    [authentication ?? "enabled", ...(expires === undefined ? [] : [`expires on ${expires}`])].join(", "),
  );
}
