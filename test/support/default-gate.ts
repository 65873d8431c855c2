import { randomUUID } from "node:crypto";
import {
  type ChannelGate,
  type ChannelGateParts,
  channelGate,
} from "../../shared/pipeline/send-messages/channel-gate.ts";

/** A gate by the settings' defaults. Alone where not told otherwise: holds are its own, and nothing is stopped. */
export function defaultGate(parts: Pick<ChannelGateParts, "clock"> & Partial<ChannelGateParts>): ChannelGate {
  return channelGate({
    lane: "transactional",
    observe: () => undefined,
    newOwner: randomUUID,
    settings: { callTimeoutMs: 10_000, breakerSuspectShare: 0.2, breakerMinAttempts: 200, breakerWindowSeconds: 300 },
    ...parts,
  });
}
