import type { Counts } from "../../shared/core/breaker/counts.ts";
import type { AttemptCounts, Channel } from "../../shared/ports.ts";

/** Counts in a variable. */
export function memoryAttemptCounts(): AttemptCounts {
  const channels = new Map<string, Map<number, Counts>>();
  const minutesOf = ({ applicationId, channelType }: Channel) => {
    const key = `${applicationId} ${channelType}`;
    const minutes = channels.get(key) ?? new Map<number, Counts>();
    channels.set(key, minutes);
    return minutes;
  };
  return {
    async add(channel, minute, { attempts, suspect, certain }) {
      const minutes = minutesOf(channel);
      const before = minutes.get(minute) ?? { attempts: 0, suspect: 0, certain: 0 };
      minutes.set(minute, {
        attempts: before.attempts + attempts,
        suspect: before.suspect + suspect,
        certain: before.certain + certain,
      });
      return { kind: "added" };
    },
    async read(channel, { fromMinute, toMinute }) {
      const minutes = [...minutesOf(channel)].filter(([minute]) => minute >= fromMinute && minute <= toMinute);
      return { kind: "known", minutes: new Map(minutes) };
    },
  };
}
