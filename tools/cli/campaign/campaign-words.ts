import {
  type Because,
  type Campaign,
  type FailReason,
  givesUpAtMs,
  hasEnded,
  identityOf,
  type PauseReason,
} from "../../../shared/core/campaign/campaign.ts";
import { type KeptUntil, keptUntil } from "../../../shared/core/campaign/kept.ts";
import { total } from "../../../shared/core/campaign/tally.ts";
import type { KeptCampaign } from "../../../shared/ports.ts";
import { reasonEntry } from "../dead-letters/reasons.ts";
import type { SetAside } from "./set-aside.ts";
import { type StageName, sluiceCommand } from "./sluice-command.ts";

/** Whoever looks after a campaign says so at least this often; the lease of one that has died may run out first. */
const QUIET_MS = 15_000;

/** On the queue nothing waits longer than 900 s at once; what was received by somebody who died comes back before that. */
const LONGEST_WAIT_MS = 1_200_000;

/** What keeps a campaign from its end, for a person; nothing where it has ended. */
export function waitsFor(campaign: Campaign, nowMs: number, stage: StageName): string | undefined {
  const { id, state, startAtMs = 0, split, rate, standing } = campaign;
  const say = (...words: readonly string[]) => sluiceCommand(["campaign", ...words], stage);
  switch (state) {
    case "ready": {
      const recipients = total(split?.recipients ?? {});
      return `somebody to confirm its ${recipients} recipients: ${say("resume", id, "--confirm", String(recipients))}`;
    }
    case "scheduled":
      return `its time, ${iso(startAtMs)}`;
    case "paused":
      return `somebody to let it go on: ${say("resume", id)}`;
    case "splitting":
      return isLookedAfter(campaign, nowMs) ? "its recipients file to be read" : UNATTENDED;
    case "sending": {
      if (!isLookedAfter(campaign, nowMs)) return UNATTENDED;
      if (standing !== undefined && nowMs - Math.max(standing.changedAtMs, campaign.resumedAtMs ?? 0) > QUIET_MS)
        return `what is on the queue, of which nothing has been sent for ${seconds(nowMs - standing.changedAtMs)}: ${sluiceCommand(["status"], stage)} says what is held or stopped`;
      return rate === undefined ? "the account's rate" : `its own rate, ${rate} messages/s`;
    }
    case "waiting":
    case "cancelling": {
      const onTheirWay = standing?.onTheirWay ?? 0;
      const left = identityOf(campaign).owed;
      const again = onTheirWay > 0 ? `, ${onTheirWay} of them not for the first time` : "";
      const quietMs = standing === undefined ? 0 : nowMs - standing.changedAtMs;
      if (left > 0 && quietMs > LONGEST_WAIT_MS)
        return `${left} recipients, of whom nothing was heard for ${seconds(quietMs)}: ${say("show", id)} says where they are`;
      return left > 0 ? `${left} recipients on the queue${again}` : "its files to be written";
    }
    default:
      return undefined;
  }
}

const UNATTENDED = "the function import-campaign to take it up";

function isLookedAfter({ feeder }: Campaign, nowMs: number): boolean {
  return feeder !== undefined && nowMs < feeder.untilMs + QUIET_MS;
}

/** Why it is as it is; why it once was paused is no news. */
export function becauseOf({ state, because }: Campaign): Because | undefined {
  return state === "paused" || state === "failed" ? because : undefined;
}

/** What to do about why a campaign is paused or has failed. */
const CURES = {
  operator: ({ resume }) => `To let it go on: ${resume}`,
  credential: ({ resume, status }) =>
    `Renew the channel's credential (sluice channel enable …; docs/runbook/held-channels.md). When ${status} shows it held no more: ${resume}`,
  configuration: ({ resume, status }) =>
    `Set the channel up (sluice channel show; docs/runbook/held-channels.md). When ${status} shows it held no more: ${resume}`,
  mismatch: ({ resume, status }) =>
    `Tokens belong to another sender than the channel's: look at its credential, bundle id and environment (docs/runbook/held-channels.md). When ${status} shows it held no more: ${resume}`,
  breaker_certain: ({ resume, deadTokens }) =>
    `Is the recipients file an old one? The tokens are held (${deadTokens}; docs/runbook/held-tokens.md). If it is right all the same: ${resume}`,
  breaker_suspect: ({ resume, deadTokens }) =>
    `A wrong key, bundle id or environment is likelier (docs/runbook/dead-token-share.md); the tokens are held (${deadTokens}). When that is mended: ${resume}`,
  files_gone: ({ resume, cancel }) =>
    `Bring it back (docs/runbook/paused-campaigns.md), then: ${resume}. Or end it, and whoever was not told counts as cancelled: ${cancel}`,
  BadFile: () => "Mend the recipients file, and import it again under the same id. Nothing was sent.",
  BadMessage: () => "Mend campaign.json, and put it into the bucket again. Nothing was sent.",
  NoRecipients: () => "rejected.csv says of every row why. Mend the file, and import it again under the same id.",
} as const satisfies Record<PauseReason | FailReason, (commands: Commands) => string>;

interface Commands {
  readonly resume: string;
  readonly cancel: string;
  readonly status: string;
  readonly deadTokens: string;
}

export function cureFor({ reason }: Because, id: string, stage: StageName): string {
  return CURES[reason]({
    resume: sluiceCommand(["campaign", "resume", id], stage),
    cancel: sluiceCommand(["campaign", "cancel", id], stage),
    status: sluiceCommand(["status"], stage),
    deadTokens: sluiceCommand(["dead-tokens", "list"], stage),
  });
}

/** Where recipients are of whom nothing is heard, and what to do: lines of a name and words. */
export function setAsideLines(campaign: Campaign, found: SetAside, stage: StageName): [string, string][] {
  const { reasons, sampled, about } = found;
  const lines = reasons.flatMap(({ reason, records, recipients }): [string, string][] => {
    const { meaning, with: first } = reasonEntry(reason);
    const redrive = ["dead-letters", "redrive", "--lane", "campaign", "--reason", reason];
    return [
      ["set aside", `${recipients} recipients, ${records} dead letters (${reason}). ${meaning}`],
      ["cure", `${first} To bring them back: ${sluiceCommand(redrive, stage)}`],
    ];
  });
  const none: [string, string] = [
    "set aside",
    `none of them, by ${sampled} of about ${about} dead letters of the lane`,
  ];
  const atMs = givesUpAtMs(campaign);
  return [
    ...(lines.length > 0 ? lines : [none]),
    ["given up", `${iso(atMs)}, should nothing be heard by then: the campaign ends, and they count as unknown`],
  ];
}

/** Until when a campaign is kept, and what is then. */
export function keptWords({ campaign, forgottenAtMs }: KeptCampaign): string {
  const { atMs, because } = keptUntil(campaign, forgottenAtMs);
  return `until ${iso(atMs)}: then ${THEN[because]}`;
}

const THEN = {
  campaign: "the stage forgets it, unless it changes before (LEDGER_DAYS)",
  accounts: "the ledger forgets what became of its first recipients (LEDGER_DAYS): they end as unknown",
  files: "the import bucket forgets its chunks, and what is not sent by then cannot be sent any more",
} as const satisfies Record<KeptUntil["because"], string>;

/** How far a campaign has come: what of its recipients is decided. */
export function progressWords(campaign: Campaign): string {
  const { requested, owed } = identityOf(campaign);
  if (campaign.split === undefined) return "its recipients are not counted yet";
  const done = requested - owed;
  return hasEnded(campaign)
    ? `${done} recipients`
    : `${done} of ${requested} recipients have come to something, ${owed} have not`;
}

/** A length of time, to be read at a glance: `45 s`, `3 min`, `2.5 h`. */
export function seconds(ms: number): string {
  const whole = Math.max(0, Math.round(ms / 1000));
  if (whole < 120) return `${whole} s`;
  return whole < 7_200 ? `${Math.round(whole / 60)} min` : `${(whole / 3600).toFixed(1)} h`;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
