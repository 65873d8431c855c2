// Who may send: asked before each call, by what is known of its channel
import { type Evidence, type MismatchLimit, NO_EVIDENCE, weigh } from "../../core/hold/evidence.ts";
import { type Finding, probeEndOf } from "../../core/hold/finding.ts";
import { channelState, type Hold, onFault, onProbeAsk, onProbeEnd, type ProbeEnd } from "../../core/hold/hold.ts";
import type { Lane } from "../../core/rate/lane.ts";
import { isStopped, type Stop } from "../../core/stop/stop.ts";
import type { GateStep } from "../../facts.ts";
import type { Channel, ChannelHolds, Clock, HoldState, Observe, StateAway, Stops } from "../../ports.ts";
import { lookout } from "./lookout.ts";

/** Whether calls of a channel may leave. */
type Passage = "open" | "stopped" | "held";

/** The right to send one call of one address through a channel that is held. Whoever has it tells what comes of it. */
export interface Probe {
  heard(finding: Finding): Promise<void>;
  /** Nothing has come of it, unless it was heard of before. */
  giveUp(): Promise<void>;
  /** Whether it was sent, so that the channel is open. */
  hasOpened(): boolean;
}

/** What stands before the rate: an operator's stops, and channels that are held. One for each environment. */
export interface ChannelGate {
  /** As it was known within the last one and a half seconds. */
  passage(channel: Channel): Promise<Passage>;
  /** The right to probe, where the channel is held, not stopped, and it is time to: one for all functions. */
  probe(channel: Channel): Promise<Probe | undefined>;
  /**
   * Weighs what a call has found out about its channel. One that is at fault is held from the moment that this is called;
   * it resolves when that is written down.
   *
   * @param leftAtMs when the call left: what was found before the channel was opened is no news
   */
  heard(channel: Channel, finding: Finding, leftAtMs: number): Promise<void>;
  /** Whether a mismatch is not the address's fault, but its channel's. */
  isMismatched(channel: Channel): boolean;
}

export interface ChannelGateParts {
  readonly lane: Lane;
  /** Where there are none, each environment holds its channels for itself. */
  readonly holds?: ChannelHolds | undefined;
  /** Where there are none, nothing can be stopped. */
  readonly stops?: Stops | undefined;
  readonly clock: Clock;
  readonly observe: Observe;
  /** Different each time, wherever it is asked for. */
  readonly newOwner: () => string;
  readonly settings: {
    readonly callTimeoutMs: number;
    readonly breakerSuspectShare: number;
    readonly breakerMinAttempts: number;
    readonly breakerWindowSeconds: number;
  };
}

/** What an environment knows of a channel. */
interface Known {
  readonly channel: Channel;
  /** What to wait for before going by it. */
  readonly look: () => Promise<void> | undefined;
  hold: Hold | undefined;
  /** A look that began before a change has seen what was before it. */
  changes: number;
  openedAtMs: number;
  isProbing: boolean;
  evidence: Evidence;
}

/** For so long a probe may wait for its slot, beside the time that its call may take; then another one may begin. */
const PROBE_WAIT_MS = 5_000;

/**
 * Calls ask nobody: what they go by was looked up in the last second, beside the work. Where the state table is away, what
 * was known last goes on, and each environment keeps the same laws for itself.
 */
export function channelGate(parts: ChannelGateParts): ChannelGate {
  const { lane, holds, stops, clock, observe, newOwner, settings } = parts;
  const limit: MismatchLimit = {
    share: settings.breakerSuspectShare,
    leastJudged: settings.breakerMinAttempts,
    windowMs: settings.breakerWindowSeconds * 1000,
  };
  const channels = new Map<string, Known>();
  let inForce: readonly Stop[] = [];

  const failed = (step: GateStep, { detail }: StateAway) => observe({ kind: "gateFailed", step, detail });

  const lookAtStops = lookout(clock, async () => {
    const state = await stops?.read();
    if (state?.kind === "known") inForce = state.stops;
    else if (state !== undefined) failed("stops", state);
  });

  const lookAtHold = async (known: Known): Promise<void> => {
    const { changes, hold: before, channel } = known;
    const state = await holds?.read(channel);
    if (state?.kind === "away") failed("holds", state);
    if (state?.kind === "known" && known.changes === changes) become(known, state.hold);
    const isHeld = isHeldNow(known);
    if (isHeld || before !== undefined) observe({ kind: "channelSeen", ...channel, isHeld });
  };

  const knownOf = ({ applicationId, channelType }: Channel): Known => {
    const key = `${channelType} ${applicationId}`;
    const found = channels.get(key);
    if (found !== undefined) return found;
    const known: Known = {
      channel: { applicationId, channelType },
      look: lookout(clock, () => lookAtHold(known)),
      hold: undefined,
      changes: 0,
      openedAtMs: Number.NEGATIVE_INFINITY,
      isProbing: false,
      evidence: NO_EVIDENCE,
    };
    channels.set(key, known);
    return known;
  };

  const become = (known: Known, hold: Hold | undefined) => {
    if (known.hold !== undefined && hold === undefined) known.openedAtMs = clock.nowMs();
    known.hold = hold;
  };

  const isHeldNow = ({ hold }: Known) => channelState(hold, clock.nowMs()) !== "open";

  const isStoppedNow = ({ channel }: Known) => isStopped(inForce, { lane, ...channel });

  /** Waits until what is known may be gone by: mostly for nothing. */
  const look = async (channel: Channel): Promise<Known> => {
    const known = knownOf(channel);
    const looks = [lookAtStops(), known.look()];
    if (looks.some((looking) => looking !== undefined)) await Promise.all(looks);
    return known;
  };

  /** Takes a step here and now, and then for everybody. */
  const take = async (
    known: Known,
    step: Exclude<GateStep, "stops" | "campaigns" | "holds">,
    law: (hold: Hold | undefined) => Hold | undefined,
    keep: (holds: ChannelHolds) => Promise<HoldState>,
  ): Promise<void> => {
    known.changes += 1;
    become(known, law(known.hold));
    if (holds === undefined) return;
    const state = await keep(holds);
    known.changes += 1;
    if (state.kind === "known") become(known, state.hold);
    else failed(step, state);
  };

  const probeBy = (known: Known, owner: string): Probe => {
    const { channel } = known;
    let ended: Promise<void> | undefined;
    let hasOpened = false;
    const end = async (found: ProbeEnd): Promise<void> => {
      const report = { owner, nowMs: clock.nowMs(), end: found };
      const sinceMs = known.hold?.sinceMs ?? report.nowMs;
      observe({ kind: "channelProbed", ...channel, found: found.kind });
      await take(
        known,
        "endProbe",
        (hold) => onProbeEnd(hold, report),
        (keeper) => keeper.endProbe(channel, report),
      );
      known.isProbing = false;
      hasOpened = found.kind === "sent" && !isHeldNow(known);
      if (hasOpened) observe({ kind: "channelOpened", ...channel, heldMs: report.nowMs - sinceMs });
    };
    return {
      heard: (finding) => {
        ended ??= end(probeEndOf(finding, known.hold?.because));
        return ended;
      },
      giveUp: () => {
        ended ??= end({ kind: "undecided" });
        return ended;
      },
      hasOpened: () => hasOpened,
    };
  };

  return {
    async passage(channel) {
      const known = await look(channel);
      if (isStoppedNow(known)) return "stopped";
      return isHeldNow(known) ? "held" : "open";
    },
    async probe(channel) {
      const known = await look(channel);
      const nowMs = clock.nowMs();
      if (isStoppedNow(known) || known.isProbing || channelState(known.hold, nowMs) !== "due") return undefined;
      known.isProbing = true;
      const ask = { owner: newOwner(), nowMs, untilMs: nowMs + settings.callTimeoutMs + PROBE_WAIT_MS };
      await take(
        known,
        "askToProbe",
        (hold) => onProbeAsk(hold, ask),
        (keeper) => keeper.askToProbe(known.channel, ask),
      );
      if (known.hold?.prober === ask.owner) return probeBy(known, ask.owner);
      known.isProbing = false;
      return undefined;
    },
    async heard(channel, finding, leftAtMs) {
      const known = knownOf(channel);
      if (isHeldNow(known) || leftAtMs < known.openedAtMs) return;
      const nowMs = clock.nowMs();
      const { evidence, fault } = weigh(known.evidence, finding, nowMs, limit);
      known.evidence = fault === undefined ? evidence : NO_EVIDENCE;
      if (fault === undefined) return;
      await take(
        known,
        "hold",
        (hold) => onFault(hold, fault, nowMs),
        (keeper) => keeper.hold(known.channel, { fault, nowMs }),
      );
      // Where somebody else was faster, they have told.
      const { because, reason, words } = fault;
      if (known.hold?.sinceMs === nowMs) observe({ kind: "channelHeld", ...known.channel, because, reason, words });
    },
    isMismatched(channel) {
      const known = knownOf(channel);
      return isHeldNow(known) && known.hold?.because === "mismatch";
    },
  };
}
