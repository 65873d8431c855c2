import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCampaignMessage } from "../../../shared/core/campaign/campaign-message.ts";
import { type Chunk, type ChunkLine, collectChunks, formatChunk } from "../../../shared/core/campaign/chunks.ts";
import { mapColumns } from "../../../shared/core/campaign/columns.ts";
import { type Recipient, rowReader } from "../../../shared/core/campaign/read-row.ts";
import { parseSendRequest } from "../../../shared/core/request/parse-send-request.ts";

const TEXT = { Title: "Sale", Body: "{{name}}" };
const parsed = parseCampaignMessage(
  JSON.stringify({ GCMMessage: TEXT, APNSMessage: TEXT, Locales: { de: { GCMMessage: { Body: "Für {{name}}" } } } }),
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

  it("goes on counting where it was told", () => {
    expect(collect(tokens(201), 41).map(({ number }) => number)).toEqual([42, 43, 44]);
  });

  it("has each recipient once, of one channel and message, 100 at most, whatever comes in which order", () => {
    const any = fc.record({
      channel: fc.constantFrom("GCM", "APNS", "APNS_VOIP"),
      locale: fc.constantFrom("", "de"),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 900 }), (many) => {
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
      { numRuns: 50 },
    );
  });

  it("makes no record that SQS does not take, however its texts are written", () => {
    const chunks = collect(tokens(300, { name: "\u0001".repeat(4_000) }));
    const bytes = chunks.map((chunk) => Buffer.byteLength(formatChunk(chunk, { id: "c" })));
    expect(Math.max(...bytes)).toBeLessThan(1_000_000);
    expect(Math.min(...bytes.slice(0, -1))).toBeGreaterThan(800_000);
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
    const request = parseSendRequest(body, { applicationIds: ["app"], shortHash: () => "" });
    expect(request).toMatchObject({
      ok: true,
      request: {
        applicationId: "app",
        requestId: "spring#7",
        expiresAtMs: Date.parse(more.expiresAt),
        messageConfiguration: { GCMMessage: { Title: "Sale", Body: "" } },
        addresses: new Map([
          ["a", { ChannelType: "GCM", BodyOverride: "Ada" }],
          ["b", { ChannelType: "GCM", BodyOverride: 'B "C"' }],
        ]),
      },
    });
  });

  it.each([[["b", "7", "a", "3"]], [["__proto__", "constructor"]], [["01", "4294967296", "12345678901"]]])(
    "has the row of each address in the order in which the request has them: %j",
    (given) => {
      const recipients = given.map((token) => recipient(token));
      const { Rows, Request } = line(recipients);
      const rowOf = new Map(recipients.map((each) => [each.token, each.row]));
      expect(Rows).toEqual(Object.keys(Request.MessageRequest.Addresses).map((token) => rowOf.get(token)));
    },
  );

  it("is text that SQS takes", () => {
    const any = fc.string({ unit: "binary", minLength: 1 }).filter((name) => !name.includes("{{"));
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
