import { deviceTokenIdentity } from "../../../shared/core/request/device-token.ts";
import type { DeviceAddress } from "../push-simulator/device-log.ts";

/** One device token, whatever its spelling. */
export function accountKey({ applicationId, channelType, token }: DeviceAddress): string {
  return `${applicationId} ${channelType} ${deviceTokenIdentity(channelType, token)}`;
}
