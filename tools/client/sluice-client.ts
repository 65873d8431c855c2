import { shortHash } from "../../shared/aws/short-hash.ts";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import type { ChannelType } from "../../shared/core/request/channel-type.ts";
import { formatJson } from "../../shared/core/request/format-json.ts";
import { parseSendRequest } from "../../shared/core/request/parse-send-request.ts";
import type { Problem } from "../../shared/core/request/problem.ts";
import { MOST_RECORD_BYTES, recordBytes } from "../../shared/core/request/record-bytes.ts";
import type {
  AddressConfiguration,
  MessageConfiguration,
  OnUnknownOutcome,
} from "../../shared/core/request/send-request.ts";
import { QueueUnavailable } from "../../shared/ports.ts";

/** One address of a send request; `FCM` is taken for the API's `GCM`. */
export type Address = Omit<AddressConfiguration, "ChannelType"> & { readonly ChannelType: ChannelType | "FCM" };

/**
 * What a producer writes: whom to tell, and what. `MessageRequest` is `SendMessages`' own shape.
 *
 * @see events/send-request/schema.json
 */
export interface SendRequest {
  /** The deployment's first application where it is not given. */
  readonly ApplicationId?: string;
  readonly MessageRequest: {
    /** By device token; one or more. */
    readonly Addresses: Readonly<Record<string, Address>>;
    readonly MessageConfiguration: MessageConfiguration;
    readonly Context?: Readonly<Record<string, string>>;
    readonly TraceId?: string;
  };
  /** Makes it a request that is sent once, however often it is enqueued: 1 to 128 of `A-Z a-z 0-9 . _ : # -`. */
  readonly RequestId?: string;
  /** RFC 3339 with offset: it is not sent after this. */
  readonly ExpiresAt?: string;
  /** `retry` where it is not given; `stop` only with a `RequestId` or several addresses. */
  readonly OnUnknownOutcome?: OnUnknownOutcome;
}

export interface SluiceClientOptions {
  /** A lane's queue: the stack's output `TransactionalQueueUrl` or `CampaignQueueUrl`. */
  readonly queueUrl: string;
  /** The deployment's applications, so that another one is found before the request is sent. Not given: any may be named. */
  readonly applicationIds?: readonly string[];
  /** Where they are not given: as every AWS SDK finds them, in the environment and in the shared files. */
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: Credentials | (() => Promise<Credentials>);
}

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** What became of one request. */
export type EnqueueResult =
  | { readonly enqueued: true }
  /**
   * SQS did not take it, or did not say so. `retryable`: enqueue it again; with a `RequestId` it is then sent once, also
   * where SQS had taken it after all.
   */
  | { readonly enqueued: false; readonly reason: string; readonly retryable: boolean };

export interface SluiceClient {
  /**
   * Puts send requests on the queue, in batches of up to 10 and 1 MiB; what SQS fails to take is put twice more.
   *
   * All requests are checked first, by the rules that the functions themselves use: when one is wrong, none is put.
   * Resolves to one result for each request, in order, and never rejects because of SQS.
   *
   * @throws {InvalidSendRequests} with everything that is wrong
   */
  enqueue(requests: readonly SendRequest[]): Promise<readonly EnqueueResult[]>;
  /** Closes connections; what is under way fails. */
  close(): void;
}

/** One thing that is wrong with a request: its place in the list, the field, and what to do. It quotes no device token. */
export interface SendRequestProblem extends Problem {
  readonly index: number;
}

/** Some requests are not valid; nothing was put on the queue. */
export class InvalidSendRequests extends Error {
  override readonly name = "InvalidSendRequests";
  readonly code = "invalid_send_requests";
  readonly problems: readonly SendRequestProblem[];

  constructor(problems: readonly SendRequestProblem[]) {
    super(
      `Nothing was enqueued.\n${problems.map(({ index, path, message }) => `[${index}] ${path}: ${message}`).join("\n")}`,
    );
    this.problems = problems;
  }
}

/** A producer's side of one lane. One client serves a whole process. */
export function sluiceClient({ queueUrl, applicationIds, ...connection }: SluiceClientOptions): SluiceClient {
  const client = sqsClient(connection);
  const queue = sqsRecordQueue(client, queueUrl);
  return {
    async enqueue(requests) {
      // A caller without types may have put nothing in a place: that is a problem to name like any other.
      const bodies = requests.map((request) => formatJson(request ?? []));
      const problems = bodies.flatMap((body, index) =>
        problemsOf(body, applicationIds).map((problem) => ({ index, ...problem })),
      );
      if (problems.length > 0) throw new InvalidSendRequests(problems);
      return Promise.all(bodies.map((body) => queue.put({ body, attributes: {} }).then(() => ENQUEUED, notEnqueued)));
    },
    close: () => client.destroy(),
  };
}

const ENQUEUED: EnqueueResult = { enqueued: true };

function notEnqueued(error: unknown): EnqueueResult {
  if (!(error instanceof QueueUnavailable)) throw error;
  return { enqueued: false, reason: error.message, retryable: error.retryable };
}

function problemsOf(body: string, applicationIds: readonly string[] | undefined): readonly Problem[] {
  const bytes = recordBytes(body, {});
  if (bytes > MOST_RECORD_BYTES) {
    const message = `has ${bytes} bytes, and SQS takes ${MOST_RECORD_BYTES}; divide the request by its addresses`;
    return [{ path: "body", message }];
  }
  const { ApplicationId = "default" } = JSON.parse(body);
  const parsed = parseSendRequest(body, { applicationIds: applicationIds ?? [ApplicationId], shortHash });
  return parsed.ok ? [] : parsed.problems;
}
