import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCampaignMessage } from "../../../shared/core/campaign/campaign-message.ts";
import { type Chunk, type ChunkLine, collectChunks, formatChunk } from "../../../shared/core/campaign/chunks.ts";
import { mapColumns } from "../../../shared/core/campaign/columns.ts";
import { type Recipient, rowReader } from "../../../shared/core/campaign/read-row.ts";
import { parseSendRequest } from "../../../shared/core/request/parse-send-request.ts";
import { anyText } from "../request/any-text.ts";

const TEXT = { Title: "Sale", Body: "{{name}}" };
const parsed = parseCampaignMessage(
  JSON.stringify({
    GCMMessage: TEXT,
    APNSMessage: TEXT,
    BaiduMessage: { Title: "{{name}}" },
    ADMMessage: { RawContent: '{"data":{"a":"{{name}}"}}' },
    Locales: { de: { GCMMessage: { Body: "Für {{name}}" } } },
  }),
  () => "",
);
if (!parsed.ok) throw new Error("not a message");
const read = rowReader({ columns: mapColumns(["token", "channel", "name", "locale"]), message: parsed.message });

let row = 0;
const recipient = (token: string, { channel = "GCM", name = "Ada", locale = "" } = {}): Recipient => {
  row += 1;
  const result = read({ number: row, values: [token, channel, name, locale] });
  if ("code" in result) throw new Error(result.message);
  return result;
};

const collect = (recipients: readonly Recipient[], last = 0): Chunk[] => {
  const chunks = collectChunks(last);
  return [...recipients.flatMap((each) => chunks.add(each) ?? []), ...chunks.rest()];
};

const tokens = (count: number, more = {}) => Array.from({ length: count }, (_, index) => recipient(`t${index}`, more));

describe("collectChunks", () => {
  it.each([
    { count: 1, sizes: [1] },
    { count: 100, sizes: [100] },
    { count: 101, sizes: [100, 1] },
  ])("$count recipients: $sizes", ({ count, sizes }) => {
    expect(collect(tokens(count)).map(({ recipients }) => recipients.length)).toEqual(sizes);
  });

  it("goes on counting where it was told, and has nothing left after the rest", () => {
    const chunks = collectChunks(41);
    for (const each of tokens(201)) chunks.add(each);
    expect(chunks.last).toBe(43);
    expect(chunks.rest().map(({ number }) => number)).toEqual([44]);
    expect(chunks.last).toBe(44);
    expect(chunks.rest()).toEqual([]);
  });

  it("has each recipient once, of one channel and message, 100 at most, whatever comes in which order", () => {
    const any = fc.record({
      channel: fc.constantFrom("GCM", "APNS", "APNS_VOIP"),
      locale: fc.constantFrom("", "de"),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 900, size: "max" }), (many) => {
        const recipients = many.map((each, index) => recipient(`t${index}`, each));
        const chunks = collect(recipients);
        expect(new Set(chunks.flatMap((chunk) => chunk.recipients))).toEqual(new Set(recipients));
        expect(chunks.flatMap((chunk) => chunk.recipients)).toHaveLength(recipients.length);
        expect(chunks.map(({ number }) => number)).toEqual(chunks.map((_, index) => index + 1));
        for (const chunk of chunks) {
          expect(chunk.recipients.length).toBeLessThanOrEqual(100);
          expect(new Set(chunk.recipients.map(({ channelType }) => channelType)).size).toBe(1);
          expect(new Set(chunk.recipients.map(({ message }) => message)).size).toBe(1);
        }
      }),
      { numRuns: 20 },
    );
  });

  const long = "\u0001".repeat(4_000);
  it.each([
    { what: "bodies", recipients: () => tokens(300, { name: long }) },
    { what: "titles", recipients: () => tokens(300, { name: long, channel: "BAIDU" }) },
    { what: "raw contents", recipients: () => tokens(300, { name: '"'.repeat(3_000), channel: "ADM" }) },
    {
      what: "long texts and short ones",
      recipients: () => [...tokens(37, { name: long }), ...tokens(200, { name: long.slice(0, 1_300) })],
    },
  ])("makes no record that SQS does not take of $what, however they are written", ({ recipients }) => {
    const chunks = collect(recipients());
    const bytes = chunks.map((chunk) => Buffer.byteLength(formatChunk(chunk, { id: "c" })));
    expect(Math.max(...bytes)).toBeLessThan(1_000_000);
    expect(Math.min(...bytes.slice(0, -1))).toBeGreaterThan(750_000);
  });

  it.each([
    {
      what: "a hundred long texts of plain letters",
      recipients: () => tokens(100, { name: "x".repeat(4_000) }),
      sizes: [100],
    },
    {
      what: "three tokens of 400,000 letters",
      recipients: () => ["a", "b", "c"].map((a) => recipient(a.repeat(400_000))),
      sizes: [2, 1],
    },
    { what: "a token that no record holds", recipients: () => [recipient("t".repeat(1_000_000))], sizes: [1] },
  ])("divides $what into $sizes", ({ recipients, sizes }) => {
    expect(collect(recipients()).map((chunk) => chunk.recipients.length)).toEqual(sizes);
  });
});

describe("formatChunk", () => {
  const line = (recipients: readonly Recipient[], more = {}) =>
    JSON.parse(formatChunk({ number: 7, recipients }, { id: "spring", ...more })) as ChunkLine;

  it("writes a request that send-messages takes", () => {
    const two = [recipient("a"), recipient("b", { name: 'B "C"' })];
    const more = { applicationId: "app", expiresAt: "2026-12-24T18:00:00Z" };
    const { Chunk: number, Rows, Request } = line(two, more);
    expect({ number, Rows }).toEqual({ number: 7, Rows: two.map((each) => each.row) });
    const body = JSON.stringify(Request);
    const request = parseSendRequest(body, { applicationIds: ["first", "app"], shortHash: () => "" });
    expect(request).toMatchObject({
      ok: true,
      request: {
        applicationId: "app",
        requestId: "spring#7",
        expiresAtMs: Date.parse(more.expiresAt),
        messageConfiguration: { GCMMessage: { Title: "Sale", Body: "Open the app to read it." } },
        addresses: new Map([
          ["a", { ChannelType: "GCM", BodyOverride: "Ada" }],
          ["b", { ChannelType: "GCM", BodyOverride: 'B "C"' }],
        ]),
      },
    });
  });

  it.each([
    { channel: "BAIDU", name: "Ada", address: { TitleOverride: "Ada" } },
    { channel: "ADM", name: 'A"', address: { RawContent: '{"data":{"a":"A\\""}}' } },
  ])("says $address of an address of $channel", ({ channel, name, address }) => {
    const { Request } = line([recipient("t", { channel, name })]);
    expect(Request.MessageRequest.Addresses).toEqual({ t: { ChannelType: channel, ...address } });
  });

  it.each([
    [["b", "7", "a", "3"]],
    [["12345678901", "17"]],
    [["__proto__", "constructor"]],
    [["01", "4294967296", "12345678901"]],
  ])("has the row of each address in the order in which the request has them: %j", (given) => {
    const recipients = given.map((token) => recipient(token));
    const { Rows, Request } = line(recipients);
    const rowOf = new Map(recipients.map((each) => [each.token, each.row]));
    expect(Rows).toEqual(Object.keys(Request.MessageRequest.Addresses).map((token) => rowOf.get(token)));
  });

  it("is text that SQS takes", () => {
    const any = anyText({ minLength: 1 }).filter((name) => !name.includes("{{"));
    fc.assert(
      fc.property(any, (name) => {
        const text = formatChunk({ number: 1, recipients: [recipient("t", { name })] }, { id: "c" });
        expect(text).not.toMatch(/[\uFFFE\uFFFF\n]/);
        expect(line([recipient("t", { name })]).Request.MessageRequest.Addresses["t"]?.BodyOverride).toBe(name);
      }),
      { numRuns: 100 },
    );
  });
});
