import type { ChannelType } from "../request/channel-type.ts";
import type { OutcomeReason } from "./outcome-reason.ts";
import type { ProviderAnswer } from "./status-message.ts";
import { readStatusMessage } from "./status-message.ts";
import type { PushService, Verdict } from "./verdicts.ts";
import { GOOGLE_STATUSES, HTTP_VERDICTS, PHRASES, PUSH_SERVICE, SENTENCES, VERDICTS } from "./verdicts.ts";

export interface Judgement {
  readonly verdict: Verdict;
  readonly reason: OutcomeReason;
}

/**
 * What the push service means by a `StatusMessage`; undefined where it says nothing that we know. Its words come first,
 * but one that gives the token up, or that decides nothing, yields to an HTTP status that puts the blame elsewhere.
 */
export function judge(channelType: ChannelType, statusMessage = ""): Judgement | undefined {
  const service = PUSH_SERVICE[channelType];
  const answer = readStatusMessage(statusMessage, service);
  if (isOfAnother(service, answer.channelType)) return undefined;
  const byWords = judgeWords(service, answer.words) ?? judgePhrases(answer);
  const byHttpStatus = judgeHttpStatus(service, answer);
  return byWords && STANDS[byWords.verdict] ? byWords : (byHttpStatus ?? byWords);
}

/** Whether a word stands against the HTTP status beside it. */
const STANDS = {
  deadCertain: false,
  deadSuspect: false,
  mismatch: true,
  payload: true,
  credential: true,
  configuration: true,
  quota: true,
  temporary: true,
  undecided: false,
} as const satisfies Record<Verdict, boolean>;

/** A message about another channel holds no word of this one's push service. */
function isOfAnother(service: PushService, channelType: unknown): boolean {
  const other = SERVICE_OF.get(channelType);
  return other !== undefined && other !== service;
}

const SERVICE_OF: ReadonlyMap<unknown, PushService> = new Map(Object.entries(PUSH_SERVICE));

/** Words that disagree decide nothing. */
function judgeWords(service: PushService, words: readonly string[]): Judgement | undefined {
  for (const dictionary of DICTIONARIES[service]) {
    const [first, ...others] = words.flatMap((word) => dictionary.get(word) ?? []);
    if (first === undefined) continue;
    return others.every(({ verdict }) => verdict === first.verdict) ? first : { ...first, verdict: "undecided" };
  }
  return undefined;
}

/** A sentence whose word stands in another dictionary has nothing here. */
type Dictionary = ReadonlyMap<string, Judgement | undefined>;

function dictionary<Reason extends OutcomeReason>(
  verdicts: Readonly<Record<Reason, Verdict>>,
  sentences: Readonly<Record<string, string>> = {},
): Dictionary {
  const words = new Map<string, Judgement | undefined>();
  for (const reason of Object.keys(verdicts) as Reason[]) words.set(reason, { reason, verdict: verdicts[reason] });
  for (const [sentence, word] of Object.entries(sentences)) words.set(sentence, words.get(word));
  return words;
}

/** In the order in which they are asked: what the second says counts where the first knows none of the words. */
const DICTIONARIES: Readonly<Record<PushService, readonly Dictionary[]>> = {
  APNs: [dictionary(VERDICTS.APNs)],
  FCM: [dictionary(VERDICTS.FCM, SENTENCES.FCM), dictionary(GOOGLE_STATUSES, SENTENCES.FCM)],
  ADM: [dictionary(VERDICTS.ADM)],
  Baidu: [dictionary(VERDICTS.Baidu, SENTENCES.Baidu)],
};

function judgePhrases({ words, plainText }: ProviderAnswer): Judgement | undefined {
  const said = plainText === undefined ? words : [plainText];
  for (const reason of Object.keys(PHRASES) as (keyof typeof PHRASES)[]) {
    const { pattern, verdict } = PHRASES[reason];
    if (said.some((text) => pattern.test(text))) return { reason, verdict };
  }
  return undefined;
}

function judgeHttpStatus(service: PushService, answer: ProviderAnswer): Judgement | undefined {
  const reason = httpReason(service, answer);
  return reason && { reason, verdict: HTTP_VERDICTS[reason] };
}

function httpReason(service: PushService, { httpStatus, words, isCutOff }: ProviderAnswer) {
  switch (httpStatus) {
    case 401:
      return "Http401";
    case 403:
      return "Http403";
    case 410:
      // A word that we do not know may mean something else, and so may one that was cut off.
      return service === "APNs" && words.length === 0 && !isCutOff ? "Http410" : undefined;
    case 413:
      return "Http413";
    case 429:
      return "Http429";
    default:
      return httpStatus >= 500 && httpStatus <= 599 ? "Http5xx" : undefined;
  }
}
