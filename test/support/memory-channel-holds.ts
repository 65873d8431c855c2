import { type Hold, onFault, onProbeAsk, onProbeEnd } from "../../shared/core/hold/hold.ts";
import type { Channel, ChannelHolds, HoldState } from "../../shared/ports.ts";

/** The holds in a variable: the laws themselves. `holds` is what it holds, by channel type and application. */
export function memoryChannelHolds(): ChannelHolds & { readonly holds: ReadonlyMap<string, Hold> } {
  const holds = new Map<string, Hold>();
  const change = async (
    { applicationId, channelType }: Channel,
    law: (hold: Hold | undefined) => Hold | undefined,
  ): Promise<HoldState> => {
    const key = `${channelType} ${applicationId}`;
    const hold = law(holds.get(key));
    if (hold === undefined) holds.delete(key);
    else holds.set(key, hold);
    return { kind: "known", hold };
  };
  return {
    holds,
    read: (channel) => change(channel, (hold) => hold),
    hold: (channel, { fault, nowMs }) => change(channel, (hold) => onFault(hold, fault, nowMs)),
    askToProbe: (channel, ask) => change(channel, (hold) => onProbeAsk(hold, ask)),
    endProbe: (channel, report) => change(channel, (hold) => onProbeEnd(hold, report)),
  };
}
