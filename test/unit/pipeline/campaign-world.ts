import { fingerprint } from "../../../shared/aws/fingerprint.ts";
import { recipientsFile } from "../../../shared/aws/recipients-file.ts";
import { shortHash } from "../../../shared/aws/short-hash.ts";
import { type Campaign, passageOf } from "../../../shared/core/campaign/campaign.ts";
import { formatWake } from "../../../shared/core/campaign/import-record.ts";
import { accountKey } from "../../../shared/core/ledger/account-key.ts";
import { LETTERS } from "../../../shared/core/ledger/result.ts";
import { readRecordAttributes } from "../../../shared/core/request/record-attributes.ts";
import type { Fact } from "../../../shared/facts.ts";
import { type ImportPorts, type ImportSettings, importCampaign } from "../../../shared/pipeline/import-campaign/run.ts";
import { type ChunkQueue, FileGone, type IncomingRecord } from "../../../shared/ports.ts";
import { memoryCampaign } from "../../../tools/local/main-job/memory-campaign.ts";
import { byteSource } from "../../support/byte-source.ts";
import { memoryAttemptCounts } from "../../support/memory-attempt-counts.ts";
import { memoryCampaignAccounts } from "../../support/memory-campaign-accounts.ts";
import { memoryCampaignEvents } from "../../support/memory-campaign-events.ts";
import { memoryCampaigns } from "../../support/memory-campaigns.ts";
import { memoryChannelHolds } from "../../support/memory-channel-holds.ts";
import { memoryLedger } from "../../support/memory-ledger.ts";
import { type VirtualClock, virtualClock } from "../../support/virtual-clock.ts";

export const START_MS = Date.UTC(2026, 10, 26, 12);
export const APPLICATION_ID = "84b2f1c0d3e54a6f9b7c8d1e2f3a4b5c";

/** How long an invocation may take here, and how long a lease lasts. */
const TIME_OUT_MS = 900_000;
const LEASE_MS = 15_000;
/** When the record of an invocation that ended without a word comes back. */
const COMES_BACK_MS = 20_000;
/** From the queue to the account. */
const SENDER_TAKES_MS = 1_200;

/** How long the queue takes to say how many records wait: an operator may change something in the meantime. */
const ANSWER_MS = 100;
/** What is paused is looked at again so much later. */
const PUT_BACK_MS = 5_000;

export interface WorldOptions {
  readonly recipients: number;
  /** Rows that are rejected. */
  readonly badRows?: number;
  /** Of the recipients; `people.csv` by default. */
  readonly fileName?: string;
  /** `Options` of `campaign.json`. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Whether the sender takes what is on the queue. */
  readonly isSending?: () => boolean;
  /** Asked around each thing that is done outside: true ends the invocation there. */
  readonly isKilled?: () => boolean;
  /** Whether nobody hears of a chunk any more: its record is set aside. */
  readonly isLost?: (chunk: number) => boolean;
  /** Whether chunks are not in the bucket any more. */
  readonly isGone?: () => boolean;
  readonly settings?: Partial<ImportSettings>;
}

/** What was put on the campaign queue, and when. */
export interface PutChunk {
  readonly chunk: number;
  readonly recipients: number;
  readonly atMs: number;
}

export interface World {
  readonly clock: VirtualClock;
  readonly facts: readonly Fact[];
  readonly puts: readonly PutChunk[];
  /** When each row was sent to. */
  readonly sentAtMs: ReadonlyMap<number, readonly number[]>;
  readonly cancelled: ReadonlySet<number>;
  readonly events: ReturnType<typeof memoryCampaignEvents>["events"];
  readonly store: ReturnType<typeof memoryCampaign>;
  readonly holds: ReturnType<typeof memoryChannelHolds>;
  readonly counts: ReturnType<typeof memoryAttemptCounts>;
  invocations(): number;
  campaign(): Promise<Campaign>;
  /** Takes an operator's step and calls for somebody to see to it, as the command does. */
  change(law: (campaign: Campaign) => Campaign): Promise<void>;
  /** Puts a record on the imports queue; without a body, the one that says that the campaign was dropped. */
  put(body?: string, delayMs?: number): void;
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
}

/**
 * Everything around the function on a clock that does not wait: the imports queue, which runs it again when it is killed,
 * and a sender that takes chunks off the campaign queue, minds what the campaign's state says, and keeps the ledger.
 */
export function campaignWorld(options: WorldOptions): World {
  const { recipients, badRows = 0, fileName = "people.csv", isSending = () => true } = options;
  const clock = virtualClock(START_MS);
  const ledger = memoryLedger(clock);
  const campaigns = memoryCampaigns(clock);
  const holds = memoryChannelHolds();
  const counts = memoryAttemptCounts();
  const store = memoryCampaign();
  const facts: Fact[] = [];
  const puts: PutChunk[] = [];
  const sentAtMs = new Map<number, number[]>();
  const cancelled = new Set<number>();
  const campaignEvents = memoryCampaignEvents();
  let waiting = 0;
  let invocations = 0;
  const rows = [
    ...Array.from({ length: recipients }, (_, index) => `token-${index + 2},GCM`),
    ...Array.from({ length: badRows }, (_, index) => `bad-${index},SMS`),
  ];
  const order = JSON.stringify({
    Recipients: { Key: `campaigns/${ID}/${fileName}` },
    Message: { GCMMessage: { Body: "Hello" } },
    Options: { Confirm: Math.max(1, recipients), ...options.options },
  });
  const settings: ImportSettings = {
    applicationIds: [APPLICATION_ID],
    keptDays: 15,
    messagesPerSecond: 10_000,
    suspectShare: 0.2,
    certainShare: 0.5,
    minAttempts: 200,
    windowSeconds: 300,
    leaseMs: LEASE_MS,
    ...options.settings,
  };

  const readChunks = async (section: number): Promise<readonly string[]> => {
    if (options.isGone?.()) throw new FileGone(`campaigns/${ID}/out/chunks-00000${section}.jsonl`);
    return store.readChunks(section);
  };

  const known = async (): Promise<Campaign> => {
    const answer = await campaigns.read(ID);
    if (answer.kind === "away" || answer.campaign === undefined) throw new Error("There is no campaign.");
    return answer.campaign;
  };

  /** The sender: minds the state, and the ledger. */
  const send = async ({ body, attributes }: Parameters<ChunkQueue["put"]>[0]): Promise<void> => {
    await clock.sleep(SENDER_TAKES_MS);
    while (!isSending() || passageOf(await known()) === "paused") await clock.sleep(PUT_BACK_MS);
    waiting -= 1;
    const { campaign } = readRecordAttributes(attributes, clock.nowMs(), shortHash);
    while (options.isLost?.(campaign?.chunk ?? 0)) await clock.sleep(PUT_BACK_MS);
    const key = accountKey({ applicationId: APPLICATION_ID, id: "", part: "0", campaign });
    const owner = String(clock.nowMs());
    const claim = { owner, leaseUntilMs: clock.nowMs() + 60_000, hash: body };
    if ((await ledger.claim(key, claim)).kind !== "go") return;
    const word = passageOf(await known()) === "cancelled" ? "cancelled" : "sent";
    const tokens = Object.keys(JSON.parse(body).MessageRequest.Addresses);
    for (const row of tokens.map((token) => Number(token.slice("token-".length)))) {
      if (word === "cancelled") cancelled.add(row);
      else sentAtMs.set(row, [...(sentAtMs.get(row) ?? []), clock.nowMs()]);
    }
    const owed = { retries: [], putBacks: [], deadLetters: [], deadTokens: [] };
    const letters = LETTERS[word].repeat(tokens.length);
    await ledger.settle(key, { owner, result: { letters, owed, atMs: clock.nowMs(), by: owner } });
  };

  const portsOf = (mortal: <Part extends object>(part: Part) => Part): ImportPorts => ({
    campaigns: mortal(campaigns),
    accounts: mortal(memoryCampaignAccounts(ledger)),
    channelHolds: mortal(holds),
    attemptCounts: mortal(counts),
    chunkQueue: mortal({
      async put(record) {
        const { campaign } = readRecordAttributes(record.attributes, clock.nowMs(), shortHash);
        const addresses = Object.keys(JSON.parse(record.body).MessageRequest.Addresses).length;
        puts.push({ chunk: campaign?.chunk ?? 0, recipients: addresses, atMs: clock.nowMs() });
        waiting += 1;
        void send(record);
      },
      async waiting() {
        await clock.sleep(ANSWER_MS);
        return waiting;
      },
    }),
    wakeups: mortal({
      wake: async ({ atMs, ...call }) =>
        put(formatWake({ campaignId: call.campaignId, again: call.again ?? false }), atMs - clock.nowMs()),
    }),
    bucket: {
      readOrder: async () => order,
      recipients: () =>
        recipientsFile(byteSource(fileName, `token,channel\n${rows.join("\n")}\n`, { blockBytes: 4_000 })),
      store: () => mortal({ ...store, readChunks }),
    },
    campaignEvents: mortal(campaignEvents),
    keepAway: () => () => undefined,
    newOwner: () => `invocation-${invocations}`,
    clock: mortal(clock),
    fingerprint,
    shortHash,
    observe: (fact) => facts.push(fact),
  });

  /** Runs the function as often as it takes for the record to be done with. */
  const receive = async (record: IncomingRecord): Promise<void> => {
    for (;;) {
      invocations += 1;
      const { mortal, death } = mortality(options.isKilled);
      const done = importCampaign(record, portsOf(mortal), settings, clock.nowMs() + TIME_OUT_MS);
      if (await Promise.race([done, death.then(() => false)])) return;
      await clock.sleep(COMES_BACK_MS);
    }
  };

  const put = (body = dropped(), delayMs = 0): void => {
    const record = { id: "r", receiptHandle: "h", body, attributes: {}, sentAtMs: START_MS, receiveCount: 1 };
    void clock.sleep(delayMs).then(() => receive(record));
  };

  return {
    clock,
    facts,
    puts,
    sentAtMs,
    cancelled,
    events: campaignEvents.events,
    store,
    holds,
    counts,
    invocations: () => invocations,
    campaign: known,
    async change(law) {
      await campaigns.change(ID, law);
      put(formatWake({ campaignId: ID }));
    },
    put,
    pass: (ms) => clock.run(clock.nowMs() + ms),
  };
}

const ID = "sale";

function dropped(): string {
  return JSON.stringify({ Records: [{ s3: { object: { key: `campaigns/${ID}/campaign.json`, versionId: "1" } } }] });
}

/** Things that an invocation does outside, until it is killed: from then on nobody answers it. */
function mortality(isKilled: () => boolean = () => false) {
  const { promise: death, resolve: die } = Promise.withResolvers<void>();
  let isDead = false;
  const breathe = async (): Promise<void> => {
    if (!isDead && isKilled()) {
      isDead = true;
      die();
    }
    if (isDead) await new Promise(() => undefined);
  };
  const mortal = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== "function" || name === "nowMs") return value;
        return async (...given: readonly unknown[]) => {
          await breathe();
          const answer = await Reflect.apply(value, target, given);
          await breathe();
          return answer;
        };
      },
    });
  return { mortal, death };
}
