import { type Campaign, onFeederAsk } from "../../core/campaign/campaign.ts";
import type { Campaigns, Clock } from "../../ports.ts";

/** The right to see to a campaign: one function's at a time, as long as it says so again and again. */
export interface Lease {
  readonly owner: string;
  /** Whether it is somebody else's by now, or may be. */
  isLost(): boolean;
  /** The campaign as it was when the right was prolonged last. */
  latest(): Campaign;
  /** Stops prolonging it; it ends by itself. */
  stop(): void;
}

interface LeaseParts {
  readonly campaigns: Campaigns;
  readonly clock: Clock;
  readonly leaseMs: number;
}

/** It is prolonged so often within its time that one answer may fail to come. */
const TIMES = 3;

/** Prolongs a right that `campaign.feeder` says is `owner`'s, beside whatever else goes on. */
export function keepLease(campaign: Campaign, owner: string, { campaigns, clock, leaseMs }: LeaseParts): Lease {
  const stopped = new AbortController();
  let latest = campaign;
  let untilMs = campaign.feeder?.untilMs ?? 0;
  const prolong = async () => {
    for (;;) {
      await clock.sleep(leaseMs / TIMES, stopped.signal);
      if (stopped.signal.aborted) return;
      const nowMs = clock.nowMs();
      const answer = await campaigns.change(campaign.id, (known) =>
        onFeederAsk(known, { owner, nowMs, untilMs: nowMs + leaseMs }),
      );
      if (answer.kind === "away") continue;
      const { campaign: known } = answer;
      if (known?.feeder?.owner !== owner) {
        untilMs = 0;
        return;
      }
      latest = known;
      untilMs = known.feeder.untilMs;
    }
  };
  void prolong();
  return {
    owner,
    isLost: () => clock.nowMs() >= untilMs,
    latest: () => latest,
    stop: () => stopped.abort(),
  };
}
