import type {
  AddressCondition,
  AddressFacts,
  AddressRule,
  CallCondition,
  CallFacts,
  CallFault,
  CallRule,
  Latency,
  Script,
  ScriptedResult,
} from "./script.ts";
import { statusRow } from "./status-messages.ts";

/** A script under way: which rules still have hits to give, and its dice. */
export class ScriptRun {
  readonly script: Script;
  readonly #startMs: number;
  readonly #seed: number;
  readonly #calls: readonly CallRuleRun[];
  readonly #addresses: readonly AddressRuleRun[];
  #drawn = 0;

  constructor(script: Script, startMs: number) {
    this.script = script;
    this.#startMs = startMs;
    this.#seed = script.seed ?? 1;
    this.#calls = (script.calls ?? []).map((rule, place) => ({
      rule,
      when: rule.when ?? {},
      tokens: rule.when?.tokens && new Set(rule.when.tokens),
      salt: CALL_SALT + place,
      hits: 0,
    }));
    this.#addresses = (script.addresses ?? []).map((rule, place) => ({
      rule,
      when: rule.when ?? {},
      tokens: rule.when?.tokens && new Set(rule.when.tokens),
      salt: ADDRESS_SALT + place,
      hitsOfDevice: new Map(),
    }));
  }

  /** What goes wrong with a call. Asking is a hit of the rule that answers. */
  callFault(call: CallFacts): CallFault | undefined {
    const run = this.#calls.find(
      (one) => one.hits < (one.rule.times ?? Number.POSITIVE_INFINITY) && this.#hitsCall(one, call),
    );
    if (run !== undefined) run.hits++;
    return run?.rule.fault;
  }

  /** What becomes of an address instead of delivery. Asking is a hit of the rule that answers. */
  addressResult(address: AddressFacts): ScriptedResult | undefined {
    for (const run of this.#addresses) {
      const { rule, hitsOfDevice } = run;
      if (!this.#hitsAddress(run, address)) continue;
      if (statusRow(rule.result.kind, address.channelType, rule.result.reason) === undefined) continue;
      if (rule.timesEach !== undefined) {
        const device = `${address.applicationId} ${address.channelType} ${address.deviceHash}`;
        const hits = hitsOfDevice.get(device) ?? 0;
        if (hits >= rule.timesEach) continue;
        hitsOfDevice.set(device, hits + 1);
      }
      return rule.result;
    }
    return undefined;
  }

  /** How long the next answer takes. */
  nextLatencyMs(): number {
    const { latency } = this.script;
    return latency === undefined ? 0 : latencyMs(latency, () => this.#dice(LATENCY_SALT, this.#drawn++));
  }

  #hitsCall({ when, tokens, salt }: CallRuleRun, call: CallFacts): boolean {
    return (
      within(call.number, when.fromCall, when.untilCall) &&
      within(call.atMs - this.#startMs, when.fromMs, when.untilMs) &&
      (when.everyCall === undefined || call.number % when.everyCall === 0) &&
      (when.applicationId === undefined || when.applicationId === call.applicationId) &&
      (when.leastAddresses === undefined || call.tokens.length >= when.leastAddresses) &&
      (when.channelType === undefined || call.channelTypes.has(when.channelType)) &&
      (tokens === undefined || call.tokens.some((token) => tokens.has(token))) &&
      (when.text === undefined || call.body.includes(when.text)) &&
      (when.share === undefined || this.#dice(salt, call.number) < when.share)
    );
  }

  #hitsAddress({ when, tokens, salt }: AddressRuleRun, address: AddressFacts): boolean {
    return (
      within(address.callNumber, when.fromCall, when.untilCall) &&
      within(address.atMs - this.#startMs, when.fromMs, when.untilMs) &&
      (when.applicationId === undefined || when.applicationId === address.applicationId) &&
      (when.channelType === undefined || when.channelType === address.channelType) &&
      (when.share === undefined ||
        this.#dice(salt, Number.parseInt(address.deviceHash.slice(0, 8), 16)) < when.share) &&
      (tokens === undefined || tokens.has(address.token)) &&
      (when.text === undefined || address.messageText.includes(when.text))
    );
  }

  /** A number in [0, 1) that depends on the seed, the salt and `face` alone. */
  #dice(salt: number, face: number): number {
    return mixed(face ^ mixed(this.#seed ^ mixed(salt))) / 2 ** 32;
  }
}

interface CallRuleRun {
  readonly rule: CallRule;
  readonly when: CallCondition;
  readonly tokens: ReadonlySet<string> | undefined;
  readonly salt: number;
  hits: number;
}

interface AddressRuleRun {
  readonly rule: AddressRule;
  readonly when: AddressCondition;
  readonly tokens: ReadonlySet<string> | undefined;
  readonly salt: number;
  readonly hitsOfDevice: Map<string, number>;
}

// Each use of the dice has salts of its own, so that one share does not pick the devices of another.
const CALL_SALT = 0x10000;
const ADDRESS_SALT = 0x20000;
const LATENCY_SALT = 0x30000;

function within(value: number, from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY): boolean {
  return value >= from && value < until;
}

function latencyMs(latency: Latency, dice: () => number): number {
  if (latency.kind === "fixed") return latency.ms;
  if (latency.kind === "even") return latency.fromMs + dice() * (latency.toMs - latency.fromMs);
  // Box-Muller: two even numbers make a normal one. 1 − dice() is never 0, whose logarithm would be infinite.
  const normal = Math.sqrt(-2 * Math.log(1 - dice())) * Math.cos(2 * Math.PI * dice());
  return latency.medianMs * (latency.p99Ms / latency.medianMs) ** (normal / STANDARD_NORMAL_P99);
}

const STANDARD_NORMAL_P99 = 2.326_347_874;

/** Spreads a 32-bit number evenly over 32 bits. @see https://github.com/aappleby/smhasher (MurmurHash3, fmix32) */
function mixed(bits: number): number {
  let h = bits >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
