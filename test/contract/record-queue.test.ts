import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sqsClient } from "../../shared/aws/sqs-client.ts";
import { sqsRecordQueue } from "../../shared/aws/sqs-record-queue.ts";
import { type FakeHttpService, type Reply, startFakeHttpService } from "../support/fake-http-service.ts";
import { startFauxqsQueues } from "../support/fauxqs-queues.ts";
import { memoryRecordQueue } from "../support/memory-record-queue.ts";
import { describeRecordQueue } from "./record-queue.ts";

describeRecordQueue("a variable", async () => ({
  async fresh() {
    const queue = memoryRecordQueue();
    return {
      queue,
      taken: async () =>
        queue.records.map(({ delaySeconds = 0, ...record }) => ({ ...record, delayed: delaySeconds > 0 })),
    };
  },
  close: async () => undefined,
}));

describeRecordQueue(
  "SQS's API (fauxqs)",
  async () => {
    const { client, create, close } = await startFauxqsQueues();
    return {
      async fresh() {
        const { queueUrl, taken } = create();
        return { queue: sqsRecordQueue(client, queueUrl), taken: async () => taken() };
      },
      close,
    };
  },
  { charactersOverFFFF: "fauxqs 2.4.1 refuses them; SQS takes them, and the adapter sends them as they are" },
);

/** A batch as SQS gets it. */
interface Batch {
  readonly Entries: readonly {
    readonly Id: string;
    readonly MessageBody: string;
    readonly DelaySeconds?: number;
    readonly MessageGroupId?: string;
  }[];
}

type Failure = { readonly Code: string; readonly SenderFault: boolean };

describe("SQS in trouble", () => {
  let service: FakeHttpService;
  /** What SQS says of the batches to come, one after the other; it takes whatever it has not been told of. */
  let replies: ((batch: Batch) => Reply)[];
  let first = 0;

  beforeAll(async () => {
    service = await startFakeHttpService(({ body }) => {
      const batch: Batch = JSON.parse(body);
      return (replies.shift() ?? take())(batch);
    });
  });
  beforeEach(() => {
    replies = [];
    first = service.requests.length;
  });
  afterAll(() => service.close());

  const queue = () => {
    const client = sqsClient({
      endpoint: service.url,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
    return sqsRecordQueue(client, `${service.url}/000000000000/requests`);
  };
  const batches = () => service.requests.slice(first).map(({ body }): Batch => JSON.parse(body));
  const bodies = () => batches().map(({ Entries }) => Entries.map(({ MessageBody }) => MessageBody));

  /** Takes the entries of a batch, but not those whose body has a failure. */
  const take =
    (failures: Readonly<Record<string, Failure>> = {}) =>
    ({ Entries }: Batch): Reply => ({
      status: 200,
      body: JSON.stringify({
        Successful: Entries.filter(({ MessageBody }) => !failures[MessageBody]).map(({ Id }) => ({
          Id,
          MessageId: Id,
        })),
        Failed: Entries.filter(({ MessageBody }) => failures[MessageBody]).map(({ Id, MessageBody }) => ({
          Id,
          ...failures[MessageBody],
          Message: `about ${MessageBody}`,
        })),
      }),
    });
  const fail = (status: number, type: string, query?: string) => (): Reply => ({
    status,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      ...(query && { "x-amzn-query-error": `${query};Sender` }),
    },
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: `${type} of a secret` }),
  });

  const putAll = (names: readonly string[]) => {
    const to = queue();
    return Promise.allSettled(names.map((body) => to.put({ body, attributes: {} })));
  };
  const outcomes = (results: readonly PromiseSettledResult<void>[]) =>
    results.map((result) => (result.status === "fulfilled" ? "taken" : result.reason));

  it("sends bodies, delays and groups as they are, and no delay where there is none", async () => {
    const to = queue();
    await Promise.all([
      to.put({ body: "\u{1F44B}", attributes: {}, delaySeconds: 7, messageGroupId: "tenant" }),
      to.put({ body: "plain", attributes: {} }),
    ]);
    expect(batches()).toMatchObject([
      { Entries: [{ MessageBody: "\u{1F44B}", DelaySeconds: 7, MessageGroupId: "tenant" }, { MessageBody: "plain" }] },
    ]);
    expect(Object.keys(batches()[0]?.Entries[1] ?? {})).not.toContain("DelaySeconds");
  });

  it("tries an entry again that SQS failed, and nobody notices", async () => {
    replies = [take({ b: { Code: "InternalError", SenderFault: false } })];
    expect(outcomes(await putAll(["a", "b", "c"]))).toEqual(["taken", "taken", "taken"]);
    expect(bodies()).toEqual([["a", "b", "c"], ["b"]]);
  });

  it("gives an entry up after its third failure, and says that another time may help", async () => {
    const failing = take({ b: { Code: "InternalError", SenderFault: false } });
    replies = [failing, failing, failing];
    expect(outcomes(await putAll(["a", "b"]))).toEqual([
      "taken",
      expect.objectContaining({
        name: "QueueUnavailable",
        retryable: true,
        message: "The queue requests did not take a record: InternalError",
      }),
    ]);
    expect(bodies()).toEqual([["a", "b"], ["b"], ["b"]]);
  });

  it.each([
    { Code: "InvalidMessageContents", retryable: false, sent: 1 },
    { Code: "RequestThrottled", retryable: true, sent: 3 },
    { Code: "KmsDisabled", retryable: true, sent: 3 },
  ])(
    "an entry that SQS blames on the sender with $Code: retryable is $retryable",
    async ({ Code, retryable, sent }) => {
      const failing = take({ b: { Code, SenderFault: true } });
      replies = [failing, failing, failing];
      const [a, b] = outcomes(await putAll(["a", "b"]));
      expect(a).toBe("taken");
      expect(b).toMatchObject({ name: "QueueUnavailable", retryable });
      expect(batches()).toHaveLength(sent);
    },
  );

  it("tries an entry again of which nothing was said", async () => {
    replies = [() => ({ status: 200, body: JSON.stringify({ Successful: [{ Id: "0" }] }) })];
    expect(outcomes(await putAll(["a", "b"]))).toEqual(["taken", "taken"]);
    expect(bodies()).toEqual([["a", "b"], ["b"]]);
  });

  it.each<{ what: string; reply: () => Reply }>([
    { what: "fails", reply: fail(500, "InternalFailure") },
    { what: "throttles", reply: fail(400, "RequestThrottled") },
    { what: "cuts the connection", reply: () => "cut" },
    { what: "answers what is no answer", reply: () => ({ status: 502, body: "<html>" }) },
  ])("a call that $what is made again, up to three times in all", async ({ reply }) => {
    replies = [reply, reply];
    expect(outcomes(await putAll(["a", "b"]))).toEqual(["taken", "taken"]);
    expect(bodies()).toEqual([
      ["a", "b"],
      ["a", "b"],
      ["a", "b"],
    ]);
    replies = [reply, reply, reply];
    const retryable = expect.objectContaining({ name: "QueueUnavailable", retryable: true });
    expect(outcomes(await putAll(["a", "b"]))).toEqual([retryable, retryable]);
    expect(batches()).toHaveLength(6);
  });

  it("does not wait for an answer for more than two seconds", async () => {
    replies = [() => "silence"];
    expect(outcomes(await putAll(["a", "b"]))).toEqual(["taken", "taken"]);
    expect(bodies()).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it.each([
    { type: "BatchRequestTooLong", query: "AWS.SimpleQueueService.BatchRequestTooLong" },
    { type: "InvalidMessageContents", query: "InvalidMessageContents" },
    { type: "InvalidParameterValueException", query: "InvalidParameterValue" },
  ])(
    "a batch that is refused whole with $query goes entry by entry, and one entry alone is at fault",
    async ({ type, query }) => {
      const refuse = fail(400, type, query);
      const unlessBad = (batch: Batch): Reply => (batch.Entries[0]?.MessageBody === "bad" ? refuse() : take()(batch));
      replies = [refuse, unlessBad, unlessBad, unlessBad];
      const results = outcomes(await putAll(["a", "bad", "c"]));
      expect(results).toEqual([
        "taken",
        expect.objectContaining({ name: "QueueUnavailable", retryable: false }),
        "taken",
      ]);
      expect(bodies()).toEqual([["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
    },
  );

  it.each([
    { type: "QueueDoesNotExist", query: "AWS.SimpleQueueService.NonExistentQueue" },
    { type: "AccessDeniedException", query: "AccessDenied" },
    { type: "KmsAccessDenied", query: "KMS.AccessDeniedException" },
  ])("$type is no record's fault: nothing is sent twice, and another time may help", async ({ type, query }) => {
    replies = [fail(400, type, query)];
    const retryable = expect.objectContaining({ name: "QueueUnavailable", retryable: true });
    expect(outcomes(await putAll(["a", "b"]))).toEqual([retryable, retryable]);
    expect(batches()).toHaveLength(1);
  });

  it("tells of a failure by its name only: what SQS says may quote the record", async () => {
    const failing = take({ secret: { Code: "InvalidMessageContents", SenderFault: true } });
    replies = [failing, fail(400, "InvalidMessageContents")];
    const [one] = await putAll(["secret"]);
    const [two] = await putAll(["secret"]);
    for (const result of [one, two]) expect(String((result as PromiseRejectedResult).reason)).not.toContain("secret");
  });
});
