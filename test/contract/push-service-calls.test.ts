import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { PinpointClient } from "@aws-sdk/client-pinpoint";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type PinpointClientSettings,
  pinpointClient,
  pinpointPushService,
} from "../../shared/aws/pinpoint-push-service.ts";
import { systemClock } from "../../shared/aws/system-clock.ts";
import type { Call } from "../../shared/core/plan/call.ts";
import type { RateFact } from "../../shared/core/rate/rate-fact.ts";
import type { Clock, PushService } from "../../shared/ports.ts";
import { signatureOf } from "../support/aws-signature.ts";
import {
  type FakeHttpService,
  type Reply,
  type ServedRequest,
  startFakeHttpService,
} from "../support/fake-http-service.ts";
import { TLS_CERTIFICATE } from "../support/tls-certificate.ts";
import { virtualClock } from "../support/virtual-clock.ts";
import { callTo } from "./push-service.ts";

const SECRET = "a-device-token-that-nobody-may-read";
const CREDENTIALS = { accessKeyId: "local", secretAccessKey: "local" };

/** The clock of an environment that can be frozen: time passes, and no timer knows. */
function freezableClock(time: Clock = systemClock()): Clock & { freeze(ms: number): void } {
  let frozenMs = 0;
  return {
    ...time,
    nowMs: () => time.nowMs() + frozenMs,
    freeze(ms) {
      frozenMs += ms;
    },
  };
}

const clock = freezableClock();

const observe = () => undefined;

const serviceAt = (endpoint: string, settings: Partial<PinpointClientSettings> = {}): PushService =>
  pinpointPushService(
    pinpointClient(
      { maxCallsInFlight: 4, callTimeoutMs: 5_000, clock, ...settings },
      { endpoint, region: "us-east-1", credentials: CREDENTIALS },
    ),
    clock,
    observe,
  );

const slotIn = (aheadMs: number) => {
  const slotMs = clock.nowMs() + aheadMs;
  return { slotMs, lateAfterMs: slotMs + 2_000 };
};

/** What the other end of a connection in this same process has done is known after the next look at the network. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await nextTurn();
}

/** Answers as the service would that has sent to every address. */
function sentToAll({ body }: ServedRequest): Reply {
  const { Addresses }: { Addresses: object } = JSON.parse(body);
  return result(Object.fromEntries(Object.keys(Addresses).map((token) => [token, SUCCESSFUL])));
}
const SUCCESSFUL = { DeliveryStatus: "SUCCESSFUL", StatusCode: 200 };

function result(Result: object): Reply {
  return { status: 200, body: JSON.stringify({ ApplicationId: "app", Result }) };
}

function failure(status: number, name: string, Message = "no reason"): Reply {
  return { status, headers: { "x-amzn-errortype": name }, body: JSON.stringify({ Message, RequestID: "r" }) };
}

describe("SendMessages over HTTP", () => {
  let service: FakeHttpService;
  let reply: (request: ServedRequest) => Reply;
  let before = 0;
  beforeAll(async () => {
    service = await startFakeHttpService((request) => reply(request));
  });
  beforeEach(() => {
    reply = sentToAll;
    before = service.requests.length;
  });
  afterAll(() => service.close());

  const requests = () => service.requests.slice(before);
  const send = (call: Call, settings?: Partial<PinpointClientSettings>) =>
    serviceAt(service.url, settings).send(call, slotIn(0));

  describe("a request", () => {
    it("has everything that the call has, signed for its application", async () => {
      const call: Call = {
        ...callTo("one", "__proto__"),
        messageConfiguration: {
          APNSMessage: { Title: "\uD83D", TimeToLive: 0, Badge: 3, SilentPush: false, Data: { "": "é" } },
        },
        context: { order: "4711" },
        traceId: "trace",
      };
      const [first, ...others] = call.addresses;
      if (first === undefined) throw new Error("no address");
      const configuration = { ...first.configuration, TitleOverride: "Hi", Substitutions: { name: ["Ada", "B"] } };
      await send({ ...call, addresses: [{ ...first, configuration }, ...others] });
      const [request] = requests();
      expect(request?.path).toBe("/v1/apps/app/messages");
      expect(request?.headers.authorization).toMatch(/\/us-east-1\/mobiletargeting\/aws4_request/);
      expect(request?.headers["user-agent"]).toBe("sluice");
      // As text: an object with a key __proto__ looks like one without.
      expect(request?.body).toBe(
        '{"Addresses":{"one":{"ChannelType":"GCM","TitleOverride":"Hi","Substitutions":{"name":["Ada","B"]}},' +
          '"__proto__":{"ChannelType":"GCM"}},"MessageConfiguration":{"APNSMessage":{"Title":"\\ud83d","TimeToLive":0,' +
          '"Badge":3,"SilentPush":false,"Data":{"":"é"}}},"Context":{"order":"4711"},"TraceId":"trace"}',
      );
    });

    it("is signed as it came, one after the other and several at once", async () => {
      await send(callTo("one"));
      const another = serviceAt(service.url);
      await Promise.all(["two", "three"].map((token) => another.send(callTo(token), slotIn(0))));
      await another.send({ ...callTo("four"), applicationId: "another" }, slotIn(0));
      expect(requests()).toHaveLength(4);
      for (const request of requests()) {
        expect(request.headers.authorization).toContain(signatureOf(request, CREDENTIALS.secretAccessKey));
      }
    });

    it("has no context and no trace where the call has none", async () => {
      await send(callTo("one"));
      expect(Object.keys(JSON.parse(requests()[0]?.body ?? ""))).toEqual(["Addresses", "MessageConfiguration"]);
    });
  });

  describe("an answer", () => {
    it("is read to the last field", async () => {
      const full = {
        DeliveryStatus: "SUCCESSFUL",
        StatusCode: 200,
        StatusMessage: "{}",
        MessageId: "m",
        UpdatedToken: "new",
      };
      reply = () => result({ one: full });
      expect(await send(callTo("one"))).toEqual({
        kind: "answered",
        results: new Map([
          [
            "one",
            { deliveryStatus: "SUCCESSFUL", statusCode: 200, statusMessage: "{}", messageId: "m", updatedToken: "new" },
          ],
        ]),
      });
    });

    it.each<{ what: string; body: string; tokens: string[] }>([
      { what: "no results", body: "{}", tokens: [] },
      { what: "null for results", body: '{"Result":null}', tokens: [] },
      { what: "null for everything", body: "null", tokens: [] },
      { what: "null for an address", body: '{"Result":{"a":null,"b":{"DeliveryStatus":"OPT_OUT"}}}', tokens: ["b"] },
      { what: "no status for an address", body: '{"Result":{"a":{"StatusCode":200}}}', tokens: [] },
      {
        what: "fields of other types",
        body: '{"Result":{"a":{"DeliveryStatus":"OPT_OUT","StatusCode":"200","MessageId":null}}}',
        tokens: ["a"],
      },
    ])("with $what is an answer, of which what makes sense is used", async ({ body, tokens }) => {
      reply = () => ({ status: 200, body });
      const answer = await send(callTo("a", "b"));
      const results = answer.kind === "answered" ? answer.results : new Map();
      expect([...results]).toEqual(tokens.map((token) => [token, { deliveryStatus: "OPT_OUT" }]));
    });
  });

  describe("a failure", () => {
    it.each<{ what: string; reply: Reply; answer: object }>([
      { what: "400", reply: failure(400, "BadRequestException"), answer: { kind: "refused", status: 400 } },
      { what: "413", reply: failure(413, "PayloadTooLargeException"), answer: { kind: "refused", status: 413 } },
      { what: "403", reply: failure(403, "ForbiddenException"), answer: { kind: "misconfigured", status: 403 } },
      { what: "404", reply: failure(404, "NotFoundException"), answer: { kind: "misconfigured", status: 404 } },
      { what: "405", reply: failure(405, "MethodNotAllowedException"), answer: { kind: "misconfigured", status: 405 } },
      { what: "429", reply: failure(429, "TooManyRequestsException"), answer: { kind: "throttled" } },
      { what: "500", reply: failure(500, "InternalServerErrorException"), answer: { kind: "unknown" } },
      { what: "502 of a gateway", reply: { status: 502, body: "<html>" }, answer: { kind: "unknown" } },
      { what: "503 without a word", reply: { status: 503 }, answer: { kind: "unknown" } },
      { what: "504", reply: { status: 504 }, answer: { kind: "unknown" } },
      { what: "408", reply: { status: 408 }, answer: { kind: "unknown" } },
      { what: "301", reply: { status: 301 }, answer: { kind: "misconfigured", status: 301 } },
      { what: "409", reply: failure(409, "ConflictException"), answer: { kind: "misconfigured", status: 409 } },
      { what: "400 that throttles", reply: failure(400, "ThrottlingException"), answer: { kind: "throttled" } },
      {
        what: "400 for old credentials",
        reply: failure(400, "ExpiredTokenException"),
        answer: { kind: "misconfigured" },
      },
      { what: "400 with a strange name", reply: failure(400, "constructor"), answer: { kind: "refused", status: 400 } },
      { what: "400 without a name", reply: { status: 400, body: "{}" }, answer: { kind: "refused", status: 400 } },
      { what: "200 that is no JSON", reply: { status: 200, body: "<html>" }, answer: { kind: "unknown" } },
      { what: "200 without a body", reply: { status: 200 }, answer: { kind: "unknown" } },
      { what: "connection cut at once", reply: "cut", answer: { kind: "unknown" } },
      { what: "connection cut in the middle", reply: "cutMidAnswer", answer: { kind: "unknown" } },
    ])("$what: $answer.kind, after one try", async ({ reply: said, answer }) => {
      reply = () => said;
      expect(await send(callTo("one"))).toMatchObject(answer);
      expect(requests()).toHaveLength(1);
    });

    it.each<Reply>(["silence", "stallMidAnswer"])(
      "%s ends with the time-out, and so does the connection",
      async (said) => {
        reply = () => said;
        const openBefore = service.connections().open;
        expect(await send(callTo("one"), { callTimeoutMs: 100 })).toEqual({
          kind: "unknown",
          detail: "No answer from the service: none within 100 ms",
        });
        await expect.poll(() => service.connections().open).toBe(openBefore);
      },
    );

    it.each([400, 403, 404, 413, 500])("tells nothing that the service quotes with its %i", async (status) => {
      reply = ({ body }) => failure(status, "SomeException", `Bad: ${body}`);
      const call = { ...callTo(SECRET), messageConfiguration: { GCMMessage: { Title: "whisper", Body: "murmur" } } };
      const answer = await send(call);
      expect(answer).toMatchObject({ detail: expect.stringMatching(new RegExp(`^${status} SomeException`)) });
      expect(JSON.stringify(answer)).not.toMatch(/whisper|murmur|nobody-may-read/);
    });

    it("tells nothing that stands where the name of an error should", async () => {
      reply = ({ body }) => failure(400, encodeURIComponent(body));
      expect(JSON.stringify(await send(callTo(SECRET)))).not.toContain("nobody-may-read");
    });

    it("tells nothing of an answer that is not the service's", async () => {
      reply = ({ body }) => ({ status: 200, body: `<html>${body}` });
      expect(JSON.stringify(await send(callTo(SECRET)))).not.toContain("nobody-may-read");
    });

    it.each([
      {
        message: "Value of TimeToLive in GCMMessage is 'x'",
        says: "400 BadRequestException: it names TimeToLive, GCMMessage",
      },
      {
        message: "No channel of type GCM is enabled for the application b31c292f",
        says: "400 BadRequestException: No channel of type GCM is enabled",
      },
    ])("tells what is known to be safe of: $message", async ({ message, says }) => {
      reply = () => failure(400, "BadRequestException", message);
      expect(await send(callTo("one"))).toMatchObject({ detail: says });
    });
  });

  it.each([
    { when: "on time", agoMs: -30, lateMs: 0, left: true },
    { when: "late", agoMs: 15, lateMs: 15, left: true },
    { when: "too late", agoMs: 25, lateMs: 25, left: false },
  ])("tells how late a call leaves: $when", async ({ agoMs, lateMs, left }) => {
    const time = virtualClock(clock.nowMs());
    const client = pinpointClient(
      { maxCallsInFlight: 1, callTimeoutMs: 5_000, clock: time },
      { endpoint: service.url, region: "us-east-1", credentials: CREDENTIALS },
    );
    const facts: RateFact[] = [];
    const slotMs = time.nowMs() - agoMs;
    const to = pinpointPushService(client, time, (fact) => void facts.push(fact));
    const answer = to.send(callTo("one"), { slotMs, lateAfterMs: slotMs + 20 });
    await someTurns();
    await time.run(Math.max(slotMs, time.nowMs()));
    expect(await answer).toMatchObject({ kind: left ? "answered" : "late" });
    expect(facts).toEqual([{ kind: "rateDeparture", lateMs, left }]);
  });

  describe("a connection", () => {
    const opened = async (work: (to: PushService) => Promise<void>, settings?: Partial<PinpointClientSettings>) => {
      const openedBefore = service.connections().opened;
      await work(serviceAt(service.url, settings));
      return service.connections().opened - openedBefore;
    };
    const sendWell = async (to: PushService) => {
      expect(await to.send(callTo("one"), slotIn(0))).toMatchObject({ kind: "answered" });
    };

    it("serves one call after the other", async () => {
      const count = await opened(async (to) => {
        for (let i = 0; i < 5; i++) await sendWell(to);
      });
      expect(count).toBe(1);
    });

    it("serves no two calls at once, and there are no more of them than may be", async () => {
      const count = await opened(
        async (to) => {
          await Promise.all(Array.from({ length: 12 }, () => sendWell(to)));
        },
        { maxCallsInFlight: 3 },
      );
      expect(count).toBe(3);
    });

    it("is not used again when it has been idle for more than 3 s, frozen or not", async () => {
      const count = await opened(async (to) => {
        await sendWell(to);
        clock.freeze(2_900);
        await sendWell(to);
        clock.freeze(3_100);
        await sendWell(to);
      });
      expect(count).toBe(2);
    });

    it("that was closed while the environment was frozen costs no call", async () => {
      const count = await opened(async (to) => {
        await Promise.all([sendWell(to), sendWell(to), sendWell(to)]);
        service.cutConnections();
        clock.freeze(60_000);
        // Not a turn of the event loop in which the end of the connections could be noticed.
        await sendWell(to);
      });
      expect(count).toBe(4);
    });

    it("that the service has closed is not used again", async () => {
      const count = await opened(async (to) => {
        await sendWell(to);
        service.cutConnections();
        await expect.poll(() => service.connections().open, { interval: 1 }).toBe(0);
        await someTurns();
        await sendWell(to);
      });
      expect(count).toBe(2);
    });

    it("that the service says it will close is not used again", async () => {
      reply = (request) => {
        const answer = sentToAll(request);
        return typeof answer === "object" ? { ...answer, headers: { connection: "close" } } : answer;
      };
      expect(
        await opened(async (to) => {
          await sendWell(to);
          await sendWell(to);
        }),
      ).toBe(2);
    });

    it("waits ready for the slot, and is left to the next call by one that is late", async () => {
      const time = virtualClock(clock.nowMs());
      const freezable = freezableClock(time);
      const client = pinpointClient(
        { maxCallsInFlight: 1, callTimeoutMs: 5_000, clock: freezable },
        { endpoint: service.url, region: "us-east-1", credentials: CREDENTIALS },
      );
      const to = pinpointPushService(client, freezable, observe);
      const { opened: openedBefore } = service.connections();
      const slotMs = time.nowMs() + 40;
      const late = to.send(callTo("one"), { slotMs, lateAfterMs: slotMs + 20 });
      await time.run(slotMs - 1);
      await expect.poll(() => service.connections().opened, { interval: 1 }).toBe(openedBefore + 1);
      freezable.freeze(1_000);
      await time.run(slotMs);
      expect(await late).toEqual({ kind: "late" });
      expect(requests()).toEqual([]);
      await sendWell(to);
      expect(service.connections().opened).toBe(openedBefore + 1);
    });

    it("is opened shortly before the slot", async () => {
      const time = virtualClock(clock.nowMs());
      const client = pinpointClient(
        { maxCallsInFlight: 1, callTimeoutMs: 5_000, clock: time },
        { endpoint: service.url, region: "us-east-1", credentials: CREDENTIALS },
      );
      const { opened: openedBefore } = service.connections();
      const slotMs = time.nowMs() + 3_600_000;
      const answer = pinpointPushService(client, time, observe).send(callTo("one"), { slotMs, lateAfterMs: slotMs });
      await time.run(slotMs - 1_000);
      await someTurns();
      expect(service.connections().opened).toBe(openedBefore);
      await time.run(slotMs - 1);
      await expect.poll(() => service.connections().opened, { interval: 1 }).toBe(openedBefore + 1);
      expect(requests()).toEqual([]);
      await time.run(slotMs);
      expect(await answer).toMatchObject({ kind: "answered" });
    });

    it("that is closed before the slot takes no call with it", async () => {
      const time = virtualClock(clock.nowMs());
      const client = pinpointClient(
        { maxCallsInFlight: 1, callTimeoutMs: 5_000, clock: time },
        { endpoint: service.url, region: "us-east-1", credentials: CREDENTIALS },
      );
      const openBefore = service.connections().open;
      const slotMs = time.nowMs() + 3_600_000;
      const waiting = pinpointPushService(client, time, observe).send(callTo("one"), { slotMs, lateAfterMs: slotMs });
      await time.run(slotMs - 1);
      await expect.poll(() => service.connections().open, { interval: 1 }).toBe(openBefore + 1);
      service.cutConnections();
      await someTurns();
      await time.run(slotMs);
      expect(await waiting).toEqual({
        kind: "notCarriedOut",
        detail: "The service closed the connection before it was used",
      });
      expect(requests()).toEqual([]);
    });
  });
});

describe("SendMessages over TLS", () => {
  it("is sent to whom we trust, over connections that are kept", async () => {
    const service = await startFakeHttpService(sentToAll, TLS_CERTIFICATE);
    const trusted = getCACertificates("default");
    try {
      setDefaultCACertificates([...trusted, TLS_CERTIFICATE.cert]);
      const to = serviceAt(service.url);
      for (let i = 0; i < 3; i++) expect(await to.send(callTo("one"), slotIn(0))).toMatchObject({ kind: "answered" });
      expect(service.connections().opened).toBe(1);
      clock.freeze(60_000);
      expect(await to.send(callTo("one"), slotIn(0))).toMatchObject({ kind: "answered" });
      expect(service.connections().opened).toBe(2);
    } finally {
      setDefaultCACertificates(trusted);
      await service.close();
    }
  });

  it("is not sent to anybody else", async () => {
    const service = await startFakeHttpService(sentToAll, TLS_CERTIFICATE);
    try {
      expect(await serviceAt(service.url).send(callTo("one"), slotIn(0))).toEqual({
        kind: "notCarriedOut",
        detail: "No connection to the service: DEPTH_ZERO_SELF_SIGNED_CERT",
      });
      expect(service.requests).toEqual([]);
    } finally {
      await service.close();
    }
  });
});

describe("a call that cannot be made is not carried out", () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });
  /** Listens, and does this with whoever connects. */
  const listen = async (server: Server): Promise<number> => {
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };

  it("nobody listens", async () => {
    const server = createServer();
    const port = await listen(server);
    server.close();
    await once(server, "close");
    expect(await serviceAt(`http://127.0.0.1:${port}`).send(callTo("one"), slotIn(0))).toEqual({
      kind: "notCarriedOut",
      detail: "No connection to the service: ECONNREFUSED",
    });
  });

  it("the host has no address", async () => {
    const answer = await serviceAt("http://push.invalid").send(callTo("one"), slotIn(0));
    expect(answer).toMatchObject({ kind: "notCarriedOut", detail: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) });
  });

  it("somebody listens and says nothing", async () => {
    const port = await listen(createServer((socket) => socket.on("error", () => socket.destroy())));
    const to = serviceAt(`https://127.0.0.1:${port}`, { connectTimeoutMs: 100 });
    expect(await to.send(callTo("one"), slotIn(0))).toEqual({
      kind: "notCarriedOut",
      detail: "No connection to the service: none within 100 ms",
    });
  });

  it("somebody listens and hangs up", async () => {
    const port = await listen(createServer((socket) => socket.destroy()));
    const answer = await serviceAt(`https://127.0.0.1:${port}`).send(callTo("one"), slotIn(0));
    expect(answer).toEqual({ kind: "notCarriedOut", detail: "No connection to the service: ECONNRESET" });
  });

  it("there are no credentials", async () => {
    const client = pinpointClient(
      { maxCallsInFlight: 1, callTimeoutMs: 100 },
      {
        region: "us-east-1",
        credentials: () => Promise.reject(Object.assign(new Error("secret"), { name: "CredentialsProviderError" })),
      },
    );
    expect(await pinpointPushService(client, clock, observe).send(callTo("one"), slotIn(0))).toEqual({
      kind: "notCarriedOut",
      detail: "CredentialsProviderError",
    });
  });
});

it("a client with other connections is refused at the start", () => {
  expect(() => pinpointPushService(new PinpointClient({}), clock, observe)).toThrow(/made by pinpointClient/);
});
