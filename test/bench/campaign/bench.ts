import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  type Campaign,
  identityOf,
  onCancel,
  onPause,
  onRate,
  onResume,
} from "../../../shared/core/campaign/campaign.ts";
import { seededRandom } from "../../../tools/local/main-job/seeded-random.ts";
import { type Stack, startStack } from "../../../tools/local/stack.ts";
import { LOCAL_APPLICATION_ID, LOCAL_RATE } from "../../../tools/local/stage.ts";
import { watchLoad } from "../rate/machine-load.ts";
import { type Row, table } from "../rate/table.ts";
import { type CampaignRun, dropCampaign } from "./campaign-run.ts";
import { processorTimes } from "./processor-times.ts";
import { expectationsOfRows, rejectsOf } from "./recipients.ts";

const OPTIONS = {
  only: { type: "string" },
  recipients: { type: "string", default: "1000000" },
  rate: { type: "string", default: "10000" },
  seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
} as const;

interface Task {
  readonly recipients: number;
  readonly rate: number;
  readonly seed: number;
}

/** What one part has shown, and what of it is not as promised. */
interface Shown {
  readonly row: Row;
  readonly problems: readonly string[];
}

const PARTS: Readonly<Record<string, (stack: Stack, task: Task) => Promise<Shown>>> = {
  sent,
  unthrottled,
  killed,
  controlled,
};

/**
 * `npm run bench -- campaign`: campaigns from the import bucket to the devices, through the whole local stack. `sent` at a rate,
 * `unthrottled` as fast as it goes, `killed` at 20 random moments and started again, `controlled` by an operator; `--only` one
 * of them.
 *
 * Prints a table and, to the error output, whatever is not as promised; the exit code is then 1.
 */
export async function bench(flags: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...flags], options: OPTIONS });
  const task = { recipients: Number(values.recipients), rate: Number(values.rate), seed: Number(values.seed) };
  console.log(`Seed ${task.seed}`);
  for (const [name, part] of Object.entries(PARTS)) {
    if (values.only !== undefined && values.only !== name) continue;
    const stack = await startStack({ rate: LOCAL_RATE });
    const load = watchLoad([]);
    try {
      const { row, problems } = await part(stack, task);
      console.log(`\n${name}\n${table([row])}`);
      for (const problem of problems) console.error(`${name}: ${problem}`);
      if (problems.length > 0) process.exitCode = 1;
    } finally {
      const machine = load();
      if (machine)
        console.log(`${(machine.ownCores + machine.foreignCores).toFixed(1)} of ${machine.cores} cores busy.`);
      await stack.close();
    }
  }
}

/** From the first chunk to the last device, in seconds, for a million recipients at 10,000 a second. */
const MOST_TIMES = 1.05;

async function sent(stack: Stack, { recipients: rows, rate }: Task): Promise<Shown> {
  const { row, problems, seconds, run } = await sendAll(stack, { rows, rate });
  const most = (run.recipients / rate) * MOST_TIMES;
  return { row, problems: seconds > most ? [...problems, `${seconds.toFixed(1)} s are more than ${most}`] : problems };
}

async function unthrottled(stack: Stack, { recipients: rows }: Task): Promise<Shown> {
  const before = processorTimes();
  const shown = await sendAll(stack, { rows });
  const times = Array.from(processorTimes(), ([name, seconds]) => [name, seconds - (before.get(name) ?? 0)] as const);
  const most = times.toSorted(([, a], [, b]) => b - a).map(([name, seconds]) => `${name} ${seconds.toFixed(0)} s`);
  console.log(`\nProcessor time, the split included: ${most.join(", ")}`);
  return shown;
}

async function sendAll(stack: Stack, { rows, rate }: { readonly rows: number; readonly rate?: number }) {
  const droppedMs = Date.now();
  const run = await dropCampaign(stack, { id: "all", rows, ...(rate !== undefined && { rate }) });
  const { sendingSinceMs = 0 } = await run.until(({ state }) => state === "sending" || state === "waiting");
  await run.until((_, received) => received >= run.recipients);
  const seconds = (Date.now() - sendingSinceMs) / 1000;
  const campaign = await run.ended();
  const { problems, row } = await judge(stack, run, { rows, campaign });
  const figures = {
    recipients: run.recipients,
    "split, s": ((sendingSinceMs - droppedMs) / 1000).toFixed(1),
    "sending to last device, s": seconds.toFixed(1),
    "a second": Math.round(run.recipients / seconds),
    "told after, s": ((campaign.endedAtMs ?? 0) / 1000 - sendingSinceMs / 1000 - seconds).toFixed(1),
  };
  return { row: { ...figures, ...row }, problems, seconds, run };
}

const KILLS = 20;
const KILLED_ROWS = 200_000;

/** Most kills meet an invocation that has just gone on where the one before it was killed. */
async function killed(stack: Stack, { rate, seed }: Task): Promise<Shown> {
  const random = seededRandom(seed);
  const dropping = dropCampaign(stack, { id: "killed", rows: KILLED_ROWS, rate });
  let kills = 0;
  const moments: string[] = [];
  const run = await dropping;
  while (kills < KILLS) {
    await sleep(random() * 4_000);
    const busy = stack.importEnvironments().find(({ state }) => state === "busy");
    if (busy === undefined || !(await stack.kill(busy.id))) continue;
    kills += 1;
    moments.push((await run.now()).state);
  }
  const campaign = await run.ended();
  const { problems, row } = await judge(stack, run, { rows: KILLED_ROWS, campaign });
  const inSplit = moments.filter((state) => state === "splitting").length;
  return { row: { recipients: run.recipients, kills, "of them in the split": inSplit, ...row }, problems };
}

const CONTROLLED_ROWS = 200_000;

async function controlled(stack: Stack, { rate }: Task): Promise<Shown> {
  const run = await dropCampaign(stack, { id: "controlled", rows: CONTROLLED_ROWS, rate: rate / 2 });
  const problems: string[] = [];
  await run.until((_, received) => received >= 0.4 * run.recipients);
  await run.change((campaign) => onPause(campaign, { reason: "operator", words: "at 40 %" }));
  await sleep(2_000);
  const atPause = await run.received();
  await sleep(5_000);
  const afterPause = await run.received();
  if (afterPause > atPause) problems.push(`${afterPause - atPause} were sent from two seconds after the pause on`);

  await run.change((campaign) => onRate(campaign, rate));
  const resumedMs = Date.now();
  await run.change((campaign) => onResume(campaign, resumedMs));
  await run.until((_, received) => received > afterPause);
  const resumedIn = (Date.now() - resumedMs) / 1000;
  if (resumedIn > 2) problems.push(`It took ${resumedIn} s to go on`);

  await run.until((_, received) => received >= 0.8 * run.recipients);
  await run.change(onCancel);
  const campaign = await run.ended();
  const { words } = identityOf(campaign);
  const received = await run.received();
  const judged = await judge(stack, run, { rows: CONTROLLED_ROWS, campaign, isCut: true });
  if (words.sent !== received) problems.push(`${received} were received, and ${words.sent} are accounted for`);
  const figures = {
    recipients: run.recipients,
    "went on in, s": resumedIn.toFixed(1),
    cancelled: words.cancelled ?? 0,
  };
  return { row: { ...figures, ...judged.row }, problems: [...problems, ...judged.problems] };
}

/** The campaign's own accounts against what devices received. */
async function judge(
  stack: Stack,
  run: CampaignRun,
  { rows, campaign, isCut = false }: { readonly rows: number; readonly campaign: Campaign; readonly isCut?: boolean },
) {
  const { words, requested, owed } = identityOf(campaign);
  const comparison = await stack.simulator.compare(expectationsOfRows(rows, LOCAL_APPLICATION_ID));
  const { rate } = await stack.simulator.ledger();
  const { lost, twice, wrongText, unasked, arrived } = comparison;
  const secondsOver = (rate.messages.secondsOver ?? 0) + (rate.calls.secondsOver ?? 0);
  const rejects = Object.values(campaign.split?.rejects ?? {}).reduce((sum, count) => sum + count, 0);
  const missing = isCut ? lost - (words.cancelled ?? 0) : lost;
  const faults = { missing, twice, "wrong text": wrongText, unasked, "seconds over": secondsOver, owed };
  const wrong = Object.entries(faults).filter(([, count]) => count !== 0);
  const problems = wrong.map(([fault, count]) => `${fault}: ${count}`);
  if (arrived !== words.sent) problems.push(`${arrived} arrived, and ${words.sent} are accounted for as sent`);
  if (requested !== run.recipients) problems.push(`${requested} of ${run.recipients} recipients are known`);
  if (rejects !== rejectsOf(rows)) problems.push(`${rejects} of ${rejectsOf(rows)} rejects are known`);
  const row = { sent: words.sent ?? 0, rejected: rejects, ...faults, "worst second": rate.messages.worstSecond };
  return { row, problems };
}
