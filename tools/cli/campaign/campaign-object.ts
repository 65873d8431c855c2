import { identityOf } from "../../../shared/core/campaign/campaign.ts";
import { FINAL_WORDS } from "../../../shared/core/campaign/final-words.ts";
import { keptUntil } from "../../../shared/core/campaign/kept.ts";
import type { KeptCampaign } from "../../../shared/ports.ts";
import { becauseOf, iso, waitsFor } from "./campaign-words.ts";
import type { SetAside } from "./set-aside.ts";
import { type FilesOf, filesOf } from "./show-lines.ts";

/** A campaign, for a program: every name is always there. */
export function campaignObject(
  { campaign, forgottenAtMs }: KeptCampaign,
  nowMs: number,
  place: FilesOf,
  found?: SetAside,
) {
  const { id, state, applicationId, fileName, fileHash, split, fed, standing, pausedFrom } = campaign;
  const because = becauseOf(campaign);
  const { requested, words, owed } = identityOf(campaign);
  const kept = keptUntil(campaign, forgottenAtMs);
  return {
    campaign: id,
    state,
    because: because === undefined ? null : { ...because, pausedFrom: pausedFrom ?? null },
    waitsFor: waitsFor(campaign, nowMs, place) ?? null,
    applicationId,
    rate: campaign.rate ?? null,
    confirmed: campaign.confirmed ?? null,
    file: { name: fileName, hash: fileHash ?? null },
    created: iso(campaign.createdAtMs),
    startAt: time(campaign.startAtMs),
    sendingSince: time(campaign.sendingSinceMs),
    ended: time(campaign.endedAtMs),
    kept: { until: iso(kept.atMs), because: kept.because },
    rows: split?.rows ?? null,
    recipients: split?.recipients ?? null,
    rejected: split?.rejects ?? null,
    fed: { chunks: fed.chunks, recipients: fed.recipients },
    requested,
    ...Object.fromEntries(FINAL_WORDS.map((word) => [word, words[word] ?? 0])),
    owed,
    onTheirWay: standing?.onTheirWay ?? 0,
    setAside: found?.reasons ?? null,
    lookedAt: time(standing?.atMs),
    files: filesOf(campaign, place).map(({ uri }) => uri),
  };
}

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : iso(ms);
}
