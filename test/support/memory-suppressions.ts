import { deviceTokenIdentity } from "../../shared/core/request/device-token.ts";
import type { Device, Suppressions } from "../../shared/ports.ts";

/** Suppressed tokens in a variable, for as long as it lives. */
export function memorySuppressions(): Suppressions & { readonly known: ReadonlySet<string> } {
  const known = new Set<string>();
  const keyOf = ({ applicationId, channelType, token }: Device) =>
    `${applicationId} ${channelType} ${deviceTokenIdentity(channelType, token)}`;
  return {
    known,
    find: async (devices) => ({ found: new Set(devices.filter((device) => known.has(keyOf(device)))), undone: 0 }),
    async add(devices) {
      for (const device of devices) known.add(keyOf(device));
      return { undone: 0 };
    },
  };
}
