import { Command } from "commander";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import {
  type Campaign,
  identityOf,
  MOST_UNCONFIRMED,
  onCancel,
  onPause,
  onRate,
  onResume,
} from "../../shared/core/campaign/campaign.ts";
import { keptUntil } from "../../shared/core/campaign/kept.ts";
import { total } from "../../shared/core/campaign/tally.ts";
import type { KeptCampaign } from "../../shared/ports.ts";
import { askAws } from "./ask-aws.ts";
import { campaignObject } from "./campaign/campaign-object.ts";
import { iso, progressWords } from "./campaign/campaign-words.ts";
import { isToBeLookedFor, type SetAside, setAside } from "./campaign/set-aside.ts";
import { showLines } from "./campaign/show-lines.ts";
import { sluiceCommand } from "./campaign/sluice-command.ts";
import { answered, campaignsOf, knownCampaign, type StageCampaigns } from "./campaign/stage-campaigns.ts";
import { type CampaignVerb, fitOf, misfitWords, STATE_WORDS } from "./campaign/verb-fit.ts";
import { watchCampaign } from "./campaign/watch.ts";
import { confirmWord } from "./confirm-word.ts";
import { print, table } from "./print.ts";
import { stageOption } from "./stage-option.ts";
import { UsageError } from "./usage-error.ts";
import { wholeNumber } from "./whole-number.ts";

interface CampaignOptions {
  readonly stage: string;
  readonly json?: boolean;
}

/** `sluice campaign list | show | watch | pause | resume | rate | cancel`. */
export function campaign(): Command {
  return new Command("campaign")
    .description("Campaigns of a stage: what becomes of them, and who says when they go on.")
    .addCommand(
      options(new Command("list")).description("All campaigns that are not forgotten, the latest first.").action(list),
    )
    .addCommand(
      ofOne("show")
        .description(
          "What has become of a campaign's recipients, what it waits for, why it is paused, where its files are.",
        )
        .action(show),
    )
    .addCommand(
      ofOne("watch")
        .description(
          "Shows how a campaign goes on, until it ends: with 0 where it is completed. Ctrl-C leaves it running.",
        )
        .action(watch),
    )
    .addCommand(
      ofOne("pause")
        .description("Sends nothing of a campaign from two seconds on; resume takes that back.")
        .action(pause),
    )
    .addCommand(
      ofOne("resume")
        .description("Lets a campaign go on that is paused, or begin that waits for its recipients to be confirmed.")
        .option("--rate <n>", "from now on this many messages a second", wholeNumber)
        .option("--confirm <n>", "of one that waits for it: so many recipients are right", wholeNumber)
        .action(resume),
    )
    .addCommand(
      ofOne("rate")
        .description("Sets a campaign's own rate, while it is sent as well.")
        .argument("<messages-per-second>", "a whole number", wholeNumber)
        .action(setRate),
    )
    .addCommand(
      ofOne("cancel")
        .description(
          "Sends nothing more of a campaign: whoever was not told yet ends as `cancelled`. Says first what it will do.",
        )
        .option("--yes", "do not ask")
        .action(cancel),
    );
}

function options(command: Command): Command {
  return command.addOption(stageOption()).option("--json", "print one JSON object");
}

function ofOne(verb: string): Command {
  return options(new Command(verb).argument("<id>", "the campaign's id"));
}

async function list({ stage, json = false }: CampaignOptions): Promise<void> {
  const place = await campaignsOf(stage);
  const { campaigns } = answered(await place.campaigns.list(), place);
  const nowMs = Date.now();
  print(json, campaigns.length === 0 ? ["There are no campaigns."] : tableOf(campaigns), {
    campaigns: campaigns.map((one) => campaignObject(one, nowMs, place)),
  });
}

function tableOf(campaigns: readonly KeptCampaign[]): string[] {
  return table(
    ["campaign", "state", "recipients", "owed", "rate", "created", "kept until", "file"],
    campaigns.map(({ campaign: one, forgottenAtMs }) => {
      const { requested, owed } = identityOf(one);
      const counts = one.split === undefined ? ["–", "–"] : [requested, owed];
      const times = [iso(one.createdAtMs), iso(keptUntil(one, forgottenAtMs).atMs)];
      return [one.id, one.state, ...counts, one.rate ?? "–", ...times, one.fileName];
    }),
  );
}

async function show(id: string, { stage, json = false }: CampaignOptions): Promise<void> {
  const place = await campaignsOf(stage);
  const known = knownCampaign(await place.campaigns.read(id), id, place);
  const nowMs = Date.now();
  const found = isToBeLookedFor(known.campaign, nowMs) ? await lookAside(id, place) : undefined;
  print(json, showLines(known, nowMs, place, found), campaignObject(known, nowMs, place, found));
}

/** What is known of a campaign is shown also to somebody who may not look into that queue. */
function lookAside(id: string, { deployment }: StageCampaigns): Promise<SetAside | undefined> {
  const { campaignDeadLetters = "" } = deployment.queueUrls;
  const looking = setAside(sqsClient(), campaignDeadLetters, id);
  return askAws("read the dead-letter queue of the campaign lane", looking).catch((refused: UsageError) => {
    process.stderr.write(`${refused.message}\n`);
    return undefined;
  });
}

async function watch(id: string, { stage, json = false }: CampaignOptions): Promise<void> {
  await watchCampaign(id, await campaignsOf(stage), { asJson: json });
}

async function pause(id: string, given: CampaignOptions): Promise<void> {
  const place = await campaignsOf(given.stage);
  const because = { reason: "operator", words: "an operator has paused it" } as const;
  await take(id, place, given, {
    verb: "pause",
    law: (known) => onPause(known, because),
    done: (known) => [
      `Paused: ${id}. From two seconds on nothing of it is sent; calls that are under way are not called back.`,
      `So far: ${progressWords(known)}. To let it go on: ${sluiceCommand(["campaign", "resume", id], place)}`,
    ],
  });
}

interface ResumeOptions extends CampaignOptions {
  readonly rate?: number;
  readonly confirm?: number;
}

async function resume(id: string, { rate, confirm, ...given }: ResumeOptions): Promise<void> {
  const place = await campaignsOf(given.stage);
  const { campaign: before } = knownCampaign(await place.campaigns.read(id), id, place);
  if (before.state === "ready") checkConfirmed(before, confirm, place);
  if (rate !== undefined && fitOf("resume", before) === "already") return setRate(id, rate, given);
  await take(id, place, given, {
    verb: "resume",
    law: (known) => {
      const going = onResume(known, Date.now());
      return rate === undefined ? going : onRate(going, rate);
    },
    done: (known, { because }) => [
      `Going on: ${id}, within two seconds, at ${rateWords(known)}. What was put back on the queue returns within ten.`,
      ...(because === undefined || because.reason === "operator"
        ? []
        : [`It had paused itself: ${because.words}. Should that happen again, it will pause again.`]),
    ],
  });
}

/** @throws {UsageError} when so many recipients have not been confirmed */
function checkConfirmed({ id, split }: Campaign, confirm: number | undefined, place: StageCampaigns): void {
  const recipients = total(split?.recipients ?? {});
  if (confirm === recipients) return;
  const command = sluiceCommand(["campaign", "resume", id, "--confirm", String(recipients)], place);
  throw new UsageError(
    `Nothing was changed: ${id} has ${recipients} recipients, ${confirm === undefined ? `more than ${MOST_UNCONFIRMED}` : `not ${confirm}`}. If that is right: ${command}`,
  );
}

async function setRate(id: string, rate: number, given: CampaignOptions): Promise<void> {
  const place = await campaignsOf(given.stage);
  await take(id, place, given, {
    verb: "rate",
    law: (known) => onRate(known, rate),
    done: (known, before) => [
      `From now on ${id} goes at ${rateWords(known)}, before at ${rateWords(before)}. The account's rate holds all the same.`,
    ],
  });
}

async function cancel(
  id: string,
  { yes = false, ...given }: CampaignOptions & { readonly yes?: boolean },
): Promise<void> {
  const place = await campaignsOf(given.stage);
  const { campaign: known } = knownCampaign(await place.campaigns.read(id), id, place);
  if (fitOf("cancel", known) === "does") {
    const preview =
      `Cancels ${id}, of which ${progressWords(known)}. Whoever is not told within two seconds is not told any more, and ends ` +
      "as cancelled. That cannot be undone.";
    if (yes) process.stderr.write(`${preview}\n`);
    else await confirmWord("cancel", preview);
  }
  await take(id, place, given, {
    verb: "cancel",
    law: onCancel,
    done: () => [
      `Cancelled: ${id}. From two seconds on nothing of it is sent; what is on the queue is taken off and accounted for.`,
      `To see it end: ${sluiceCommand(["campaign", "watch", id], place)}`,
    ],
  });
}

/** What a verb does to a campaign, and says when it is done. */
interface Taken {
  readonly verb: CampaignVerb;
  law(known: Campaign): Campaign;
  done(known: Campaign, before: Campaign): readonly string[];
}

/** Takes a step, calls for somebody to look after it, and says what then holds. */
async function take(
  id: string,
  place: StageCampaigns,
  { json = false }: CampaignOptions,
  { verb, law, done }: Taken,
): Promise<void> {
  let before: Campaign | undefined;
  const answer = await place.campaigns.change(id, (known) => {
    before = known;
    return fitOf(verb, known) === "does" ? law(known) : known;
  });
  const kept = knownCampaign(answer, id, place);
  const { campaign: known } = kept;
  const fit = fitOf(verb, before ?? known);
  if (fit === "cannot") throw new UsageError(`Nothing was changed: ${misfitWords(verb, known, place)}`);
  const problem = await place.call(id);
  const said =
    fit === "does" ? done(known, before ?? known) : [`Nothing to do for ${id}: ${STATE_WORDS[known.state]}.`];
  const uncalled =
    problem === undefined
      ? []
      : [`But nobody could be called to go on with it: ${problem} Type the command once more.`];
  print(json, [...said, ...uncalled], {
    changed: fit === "does",
    called: problem === undefined,
    ...campaignObject(kept, Date.now(), place),
  });
  if (problem !== undefined) process.exitCode = 1;
}

function rateWords({ rate }: Campaign): string {
  return rate === undefined ? "the account's rate" : `${rate} messages a second`;
}
