import {
  BadRequestException,
  type DirectMessageConfiguration,
  ForbiddenException,
  type MessageRequest,
  NotFoundException,
  PayloadTooLargeException,
  type PinpointClient,
  SendMessagesCommand,
} from "@aws-sdk/client-pinpoint";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import { pinpointClient } from "../support/pinpoint-client.ts";

const APP = "b31c292f";
const MESSAGE: DirectMessageConfiguration = { GCMMessage: { Title: "Order #4711", Body: "On its way" } };
const SIGNED =
  "AWS4-HMAC-SHA256 Credential=a/20261124/us-east-1/mobiletargeting/aws4_request, SignedHeaders=host, Signature=0";

let simulator: PushSimulator;
let client: PinpointClient;

beforeAll(async () => {
  simulator = await startPushSimulator({ applications: { [APP]: ["GCM", "APNS"] } });
  client = pinpointClient(simulator.url);
});
beforeEach(() => {
  simulator.play({});
  simulator.reset();
});
afterAll(() => simulator.close());

const send = (request: Partial<MessageRequest>, applicationId = APP) =>
  client.send(
    new SendMessagesCommand({
      ApplicationId: applicationId,
      MessageRequest: { MessageConfiguration: MESSAGE, ...request },
    }),
  );

const gcm = (...tokens: string[]): Partial<MessageRequest> => ({
  Addresses: Object.fromEntries(tokens.map((token) => [token, { ChannelType: "GCM" }])),
});

const post = (body: string, init: RequestInit = {}) =>
  fetch(`${simulator.url}/v1/apps/${APP}/messages`, {
    method: "POST",
    body,
    headers: { authorization: SIGNED },
    ...init,
  });

describe("SendMessages", () => {
  it("answers every address, and each device has its message", async () => {
    const { MessageResponse, $metadata } = await send(gcm("token-a", "token-b"));

    expect($metadata.httpStatusCode).toBe(200);
    expect(MessageResponse?.ApplicationId).toBe(APP);
    expect(MessageResponse?.RequestId).toBe($metadata.requestId);
    const results = Object.values(MessageResponse?.Result ?? {});
    expect(results.map((result) => [result.DeliveryStatus, result.StatusCode, result.StatusMessage])).toEqual([
      ["SUCCESSFUL", 200, ""],
      ["SUCCESSFUL", 200, ""],
    ]);
    expect(new Set(results.map((result) => result.MessageId)).size).toBe(2);

    expect(simulator.ledger()).toMatchObject({
      calls: { total: 1, byReply: { "200": 1 } },
      addresses: { total: 2, carriedOut: 2, mostInACall: 2 },
      answers: [{ channelType: "GCM", deliveryStatus: "SUCCESSFUL", settlement: "received", count: 2 }],
      devices: { known: 2, received: 2, byMessagesReceived: { "1": 2 } },
    });
    expect(simulator.answersOf({ applicationId: APP, channelType: "GCM", token: "token-a" })).toMatchObject([
      { callNumber: 1, settlement: "received", marker: "4711", answered: true },
    ]);
  });

  it("takes 100 addresses", async () => {
    await send(gcm(...Array.from({ length: 100 }, (_, i) => `token-${i}`)));
    expect(simulator.ledger().devices.received).toBe(100);
  });

  it.each([
    {
      what: "101 addresses",
      request: gcm(...Array.from({ length: 101 }, (_, i) => `token-${i}`)),
      is: BadRequestException,
    },
    { what: "no address", request: { Addresses: {} }, is: BadRequestException },
    { what: "no message", request: { ...gcm("t"), MessageConfiguration: undefined }, is: BadRequestException },
    {
      what: "a channel type that the API lacks",
      request: { Addresses: { t: { ChannelType: "FCM" as "GCM" } } },
      is: BadRequestException,
    },
    { what: "an address without a channel type", request: { Addresses: { t: {} } }, is: BadRequestException },
    {
      what: "a channel that is not push",
      request: { Addresses: { t: { ChannelType: "SMS" as const } } },
      is: BadRequestException,
    },
    { what: "endpoints", request: { ...gcm("t"), Endpoints: { endpoint: {} } }, is: ForbiddenException },
    {
      what: "a template",
      request: { ...gcm("t"), TemplateConfiguration: { PushTemplate: { Name: "n" } } },
      is: ForbiddenException,
    },
    {
      what: "more than 7 MB",
      request: { ...gcm("t"), Context: { text: "x".repeat(7_000_000) } },
      is: PayloadTooLargeException,
    },
  ])("refuses $what", async ({ request, is }) => {
    const error = await send(request).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(is);
    expect(error).toMatchObject({ message: expect.stringMatching(/./), RequestID: expect.any(String) });
    expect(simulator.ledger().devices.known).toBe(0);
  });

  it("does not find an application that is not there", async () => {
    await expect(send(gcm("t"), "another")).rejects.toThrow(NotFoundException);
  });

  it("fails the addresses of a channel that the application lacks, in plain text", async () => {
    const { MessageResponse } = await send({ Addresses: { t: { ChannelType: "ADM" }, u: { ChannelType: "GCM" } } });
    expect(MessageResponse?.Result?.["t"]).toMatchObject({
      DeliveryStatus: "PERMANENT_FAILURE",
      StatusCode: 400,
      StatusMessage: `No channel of type ADM is enabled for the application ${APP}`,
    });
    expect(MessageResponse?.Result?.["u"]?.DeliveryStatus).toBe("SUCCESSFUL");
  });

  it("fails the whole call for such a channel where the script says so", async () => {
    simulator.play({ missingChannel: "failsCall" });
    await expect(send({ Addresses: { t: { ChannelType: "ADM" } } })).rejects.toThrow(NotFoundException);
    expect(simulator.ledger().devices.known).toBe(0);
  });

  it("answers under the very keys that it was asked with", async () => {
    const tokens = ["__proto__", "constructor", 'quote"back\\slash', "émoji 🎈", "2", "1", ""];
    const addresses = tokens.map((token) => `${JSON.stringify(token)}:{"ChannelType":"GCM"}`).join(",");
    const response = await post(`{"Addresses":{${addresses}},"MessageConfiguration":{"GCMMessage":{"Body":"b"}}}`);
    const { Result } = JSON.parse(await response.text());
    expect(new Set(Object.keys(Result))).toEqual(new Set(tokens));
    for (const token of tokens) {
      expect(simulator.answersOf({ applicationId: APP, channelType: "GCM", token })).toHaveLength(1);
    }
  });
});

describe("what the SDK would never send", () => {
  it.each([
    { what: "no signature", init: { headers: {} }, status: 403, error: "ForbiddenException" },
    {
      what: "another service's signature",
      init: { headers: { authorization: SIGNED.replace("mobiletargeting", "sqs") } },
      status: 403,
      error: "ForbiddenException",
    },
    { what: "another method", init: { method: "PUT" }, status: 405, error: "MethodNotAllowedException" },
    { what: "a body that is not JSON", body: "{", init: {}, status: 400, error: "BadRequestException" },
    { what: "a body that is no object", body: "[]", init: {}, status: 400, error: "BadRequestException" },
    { what: "a field of the wrong type", body: `{"TraceId":1}`, init: {}, status: 400, error: "BadRequestException" },
    {
      what: "a null address",
      body: `{"Addresses":{"t":null},"MessageConfiguration":{}}`,
      init: {},
      status: 400,
      error: "BadRequestException",
    },
  ])("$what is answered $status $error", async ({ body = "{}", init, status, error }) => {
    const response = await post(body, init);
    expect([response.status, response.headers.get("x-amzn-errortype")]).toEqual([status, error]);
    expect(await response.json()).toEqual({ Message: expect.any(String), RequestID: expect.any(String) });
  });

  it("a path that is not there is answered 404", async () => {
    expect((await fetch(`${simulator.url}/v1/apps/${APP}/endpoints`)).status).toBe(404);
  });

  it("fields that the API lacks are ignored, and counted", async () => {
    const address = `{"ChannelType":"GCM","Title":"?"}`;
    const body = `{"Addresses":{"t":${address},"u":${address}},"MessageConfiguration":{"GCMMessage":{"Titel":"?"}},"Ttl":1}`;
    expect((await post(body)).status).toBe(200);
    expect(simulator.ledger().unknownFields).toEqual({
      "MessageRequest.Addresses.*.Title": 2,
      "MessageRequest.MessageConfiguration.GCMMessage.Titel": 1,
      "MessageRequest.Ttl": 1,
    });
  });
});
