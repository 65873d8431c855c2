import { MOST_ADDRESSES } from "../plan/slices.ts";
import { escapeNonCharacters } from "../request/format-json.ts";
import type { AddressConfiguration } from "../request/send-request.ts";
import { utf8Bytes } from "../request/utf8-bytes.ts";
import type { ChannelMessage } from "./campaign-message.ts";
import type { Recipient } from "./read-row.ts";

/** What all requests of a campaign have in common. */
export interface CampaignRequest {
  /** The campaign's id. */
  readonly id: string;
  /** Without one, the deployment's first is meant. */
  readonly applicationId?: string;
  /** RFC 3339 with offset. */
  readonly expiresAt?: string;
}

/** A send request of the campaign: recipients of one channel and one message, which share one call. */
export interface Chunk {
  /** From 1. */
  readonly number: number;
  readonly recipients: readonly Recipient[];
}

/** An SQS record takes 1 MiB, with the message and its attributes. */
const MOST_BYTES = 900_000;

/** A hundred recipients of no more than this are no record too large, whatever their texts are made of. */
const SHORT_CHARACTERS = 1_400;

/** What an address has besides its token and texts. */
const ADDRESS_BYTES = 120;

/** Collects recipients into chunks, which are numbered as they are finished. */
export interface Chunks {
  /** The chunk that this recipient has filled, or that it found no more room in. */
  add(recipient: Recipient): Chunk | undefined;
  /** What is left, as chunks that are not full. */
  rest(): readonly Chunk[];
  /** The number of the chunk that was finished last. */
  readonly last: number;
}

export function collectChunks(last: number): Chunks {
  const open = new Map<string, Map<ChannelMessage, OpenChunk>>();
  let finished = last;
  const finish = ({ recipients }: OpenChunk): Chunk => {
    finished += 1;
    return { number: finished, recipients };
  };
  return {
    get last() {
      return finished;
    },
    add(recipient) {
      const { channelType, message } = recipient;
      const ofChannel = open.get(channelType) ?? new Map<ChannelMessage, OpenChunk>();
      open.set(channelType, ofChannel);
      const own = ofChannel.get(message) ?? { recipients: [], bytes: 0 };
      const bytes = mostBytesOf(recipient);
      if (own.bytes + bytes > MOST_BYTES && own.recipients.length > 0) {
        ofChannel.set(message, { recipients: [recipient], bytes });
        return finish(own);
      }
      own.recipients.push(recipient);
      own.bytes += bytes;
      if (own.recipients.length < MOST_ADDRESSES) {
        ofChannel.set(message, own);
        return undefined;
      }
      ofChannel.delete(message);
      return finish(own);
    },
    rest() {
      const left = [...open.values()].flatMap((ofChannel) => [...ofChannel.values()]);
      open.clear();
      return left.map(finish);
    },
  };
}

interface OpenChunk {
  readonly recipients: Recipient[];
  bytes: number;
}

/** No fewer bytes than the recipient takes as JSON; exactly counted only where that decides anything. */
function mostBytesOf({ token, texts }: Recipient): number {
  const { title = "", body = "", rawContent = "" } = texts;
  const characters = token.length + title.length + body.length + rawContent.length;
  return ADDRESS_BYTES + (characters <= SHORT_CHARACTERS ? 6 * characters : utf8Bytes(JSON.stringify([token, texts])));
}

/** A line of a chunk file. */
export interface ChunkLine {
  readonly Chunk: number;
  /** The row of each address, in the order in which the request has them. */
  readonly Rows: readonly number[];
  /** The send request, as it goes on the campaign queue. */
  readonly Request: ChunkRequest;
}

export interface ChunkRequest {
  readonly ApplicationId?: string;
  readonly MessageRequest: {
    readonly Addresses: Readonly<Record<string, AddressConfiguration>>;
    readonly MessageConfiguration: ChannelMessage["configuration"];
  };
  readonly RequestId: string;
  readonly ExpiresAt?: string;
}

/**
 * A chunk as a line of JSON, which is a `ChunkLine`, without its end. Written by hand: an object of a hundred tokens takes
 * three times as long to be made as to be written.
 */
export function formatChunk({ number, recipients }: Chunk, campaign: CampaignRequest): string {
  const { id, applicationId, expiresAt } = campaign;
  const configuration = JSON.stringify(recipients[0]?.message.configuration ?? {});
  let addresses = "";
  for (const recipient of recipients) addresses += (addresses === "" ? "" : ",") + addressEntry(recipient);
  const request =
    `{${applicationId === undefined ? "" : `"ApplicationId":${JSON.stringify(applicationId)},`}` +
    `"MessageRequest":{"Addresses":{${addresses}},"MessageConfiguration":${configuration}},` +
    `"RequestId":${JSON.stringify(`${id}#${number}`)}` +
    `${expiresAt === undefined ? "" : `,"ExpiresAt":${JSON.stringify(expiresAt)}`}}`;
  return escapeNonCharacters(`{"Chunk":${number},"Rows":[${rowsInOrder(recipients).join()}],"Request":${request}}`);
}

/** Texts that are empty for this recipient are empty in the message as well. */
function addressEntry({ token, channelType, texts: { title, body, rawContent } }: Recipient): string {
  return (
    `${JSON.stringify(token)}:{"ChannelType":"${channelType}"` +
    `${title ? `,"TitleOverride":${JSON.stringify(title)}` : ""}` +
    `${body ? `,"BodyOverride":${JSON.stringify(body)}` : ""}` +
    `${rawContent ? `,"RawContent":${JSON.stringify(rawContent)}` : ""}}`
  );
}

const LIKE_AN_INDEX = /^\d{1,10}$/;

/** An object has the names that look like array indices first, whatever the order in which they were written. */
function rowsInOrder(recipients: readonly Recipient[]): readonly number[] {
  if (!recipients.some(({ token }) => LIKE_AN_INDEX.test(token))) return recipients.map(({ row }) => row);
  return Object.values(Object.fromEntries(recipients.map(({ token, row }) => [token, row])));
}
