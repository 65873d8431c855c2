import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { InvalidSendRequests, type SendRequest, sluiceClient } from "../../tools/client/sluice-client.ts";
import { type FakeHttpService, startFakeHttpService } from "../support/fake-http-service.ts";

/** The client against SQS's wire format; that what it puts is sent shows in test/integration/producers.test.ts. */

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
}

let service: FakeHttpService;
let batches: Entry[][];
/** Why an entry is not taken, by its body; nothing where it is. */
let failureOf: (body: string) => { readonly Code: string; readonly SenderFault: boolean } | undefined;

beforeAll(async () => {
  service = await startFakeHttpService(({ body }) => {
    const { Entries }: { Entries: Entry[] } = JSON.parse(body);
    batches.push(Entries);
    const Failed = Entries.flatMap(({ Id, MessageBody }) => {
      const failure = failureOf(MessageBody);
      return failure === undefined ? [] : [{ Id, ...failure }];
    });
    const failed = new Set(Failed.map(({ Id }) => Id));
    const Successful = Entries.filter(({ Id }) => !failed.has(Id)).map(({ Id }) => ({ Id, MessageId: Id }));
    return { status: 200, body: JSON.stringify({ Successful, Failed }) };
  });
});
beforeEach(() => {
  batches = [];
  failureOf = () => undefined;
});
afterAll(() => service.close());

const client = (options: { readonly applicationIds?: readonly string[] } = {}) =>
  sluiceClient({
    queueUrl: `${service.url}/000000000000/sluice-test-transactional`,
    endpoint: service.url,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    ...options,
  });

const request = (token: string, more: Partial<SendRequest> = {}): SendRequest => ({
  MessageRequest: {
    Addresses: { [token]: { ChannelType: "FCM" } },
    MessageConfiguration: { GCMMessage: { Body: "It works." } },
  },
  ...more,
});

describe("sluiceClient", () => {
  it("puts requests in batches of up to 10, and has a result for each", async () => {
    const requests = Array.from({ length: 23 }, (_, index) => request(`device-${index}`));
    const results = await client().enqueue(requests);
    expect(results).toEqual(requests.map(() => ({ enqueued: true })));
    expect(batches.map(({ length }) => length).sort()).toEqual([10, 10, 3]);
    const bodies = batches.flat().map(({ MessageBody }) => JSON.parse(MessageBody));
    expect(bodies).toEqual(expect.arrayContaining(requests));
  });

  it("never puts more than 1 MiB at once", async () => {
    const text = "x".repeat(400_000);
    const heavy = (token: string): SendRequest => ({
      MessageRequest: {
        Addresses: { [token]: { ChannelType: "GCM" } },
        MessageConfiguration: { GCMMessage: { Body: "It works." } },
        Context: { text },
      },
    });
    await client().enqueue([heavy("a"), heavy("b"), heavy("c")]);
    expect(batches.map(({ length }) => length).sort()).toEqual([1, 2]);
  });

  it("puts again what SQS failed to take, and tells which request was not taken in the end", async () => {
    let busy = 2;
    failureOf = (body) => {
      if (body.includes("late") && busy-- > 0) return { Code: "ServiceUnavailable", SenderFault: false };
      if (body.includes("never")) return { Code: "ServiceUnavailable", SenderFault: false };
      return body.includes("odd") ? { Code: "InvalidMessageContents", SenderFault: true } : undefined;
    };
    const results = await client().enqueue(["first", "late", "never", "odd"].map((token) => request(token)));
    expect(results).toMatchObject([
      { enqueued: true },
      { enqueued: true },
      { enqueued: false, retryable: true, reason: expect.stringContaining("ServiceUnavailable") },
      { enqueued: false, retryable: false, reason: expect.stringContaining("InvalidMessageContents") },
    ]);
    expect(JSON.stringify(results)).not.toMatch(/never|odd|late/);
  });

  it("puts nothing when one is not valid, and names every problem with its place", async () => {
    const misspelt = { GCMMessage: { Titel: "x", Body: "y" } };
    const bad = [
      request("a"),
      request("secret-token", { RequestId: "spaces are not allowed", ExpiresAt: "tomorrow" }),
      { MessageRequest: { Addresses: {}, MessageConfiguration: misspelt } } as SendRequest,
      undefined as unknown as SendRequest,
      request("b", { MessageRequest: { ...request("b").MessageRequest, Context: { text: "x".repeat(1_048_576) } } }),
    ];
    const error: InvalidSendRequests = await client()
      .enqueue(bad)
      .then(String, (caught) => caught);
    expect(error).toBeInstanceOf(InvalidSendRequests);
    expect(error.problems.map(({ index, path }) => [index, path])).toEqual([
      [1, "RequestId"],
      [1, "ExpiresAt"],
      [2, "MessageRequest.MessageConfiguration.GCMMessage.Titel"],
      [2, "MessageRequest.Addresses"],
      [3, "body"],
      [4, "body"],
    ]);
    expect(error.message).toContain("[2] MessageRequest.MessageConfiguration.GCMMessage.Titel: ");
    expect(error.message).not.toContain("secret-token");
    expect(batches).toEqual([]);
  });

  it("refuses other applications where it knows the deployment's", async () => {
    const own = request("a", { ApplicationId: "shop" });
    const others = request("a", { ApplicationId: "others" });
    const { enqueue } = client({ applicationIds: ["shop"] });
    expect(await enqueue([own])).toEqual([{ enqueued: true }]);
    await expect(enqueue([own, others])).rejects.toMatchObject({ problems: [{ index: 1, path: "ApplicationId" }] });
    expect(await client().enqueue([others])).toEqual([{ enqueued: true }]);
  });
});
