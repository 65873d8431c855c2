import type { ChannelType } from "../request/channel-type.ts";
import { formatJson } from "../request/format-json.ts";
import { utf8Bytes } from "../request/utf8-bytes.ts";
import type { DeadToken } from "./dead-token-record.ts";

/** What an event tells the owner of the device registry; `events/device-tokens-retired/` is the contract. */
export interface RetiredTokens {
  readonly ApplicationId: string;
  readonly ChannelType: ChannelType;
  /** At least one, all of that application and channel type. */
  readonly Tokens: readonly DeadToken[];
}

const MOST_TOKENS = 100;

/**
 * What an event takes in every region: since 2026 EventBridge takes 1 MB, before that 256 KB for all events of a call,
 * names and braces included. A hundred tokens have about 40 KB.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
 */
const MOST_BYTES = 240_000;

/** Divides dead tokens among events, in order, as few as there can be; what each event is `of` tells whom it settles. */
export function retiredTokens<Each extends { readonly deadToken: DeadToken }>(
  all: readonly Each[],
): { readonly event: RetiredTokens; readonly of: readonly Each[] }[] {
  const channels = Map.groupBy(
    all,
    ({ deadToken: { ApplicationId, ChannelType } }) => `${ChannelType} ${ApplicationId}`,
  );
  return [...channels.values()].flatMap(divided).map((some) => {
    const Tokens = some.map(({ deadToken }) => deadToken);
    const [{ ApplicationId, ChannelType }] = Tokens as [DeadToken, ...DeadToken[]];
    return { event: { ApplicationId, ChannelType, Tokens }, of: some };
  });
}

/** One that is larger than an event may be is alone in its event. */
function divided<Each extends { readonly deadToken: DeadToken }>(all: readonly Each[]): Each[][] {
  const parts: Each[][] = [];
  let bytes = 0;
  for (const each of all) {
    const own = utf8Bytes(formatJson(each.deadToken)) + 1;
    const part = parts.at(-1);
    if (part === undefined || part.length === MOST_TOKENS || bytes + own > MOST_BYTES) {
      parts.push([each]);
      bytes = own;
    } else {
      part.push(each);
      bytes += own;
    }
  }
  return parts;
}
