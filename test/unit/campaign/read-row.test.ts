import { describe, expect, it } from "vitest";
import { parseCampaignMessage } from "../../../shared/core/campaign/campaign-message.ts";
import { mapColumns } from "../../../shared/core/campaign/columns.ts";
import { rowReader } from "../../../shared/core/campaign/read-row.ts";

const MESSAGE = {
  GCMMessage: { Title: "Sale", Body: "{{name}} in {{city|town}}" },
  APNSMessage: { RawContent: '{"aps":{"alert":"{{name}}"}}' },
  ADMMessage: { Title: "{{name}}" },
  Locales: { de: { GCMMessage: { Body: "Für {{name}}" } } },
};

const readerOf = (header: string, { channel, ...message }: { channel?: "ADM"; [field: string]: unknown } = {}) => {
  const parsed = parseCampaignMessage(JSON.stringify({ ...MESSAGE, ...message }), () => "");
  if (!parsed.ok) throw new Error("not a message");
  const columns = mapColumns(header.split(","));
  const read = rowReader({ columns, message: parsed.message, ...(channel ? { channel } : {}) });
  return (row: string, number = 2) => read({ number, values: row.split(",") });
};

const HEADER = "token,channel,name,city,locale,OptOut,EndpointStatus";

describe("a row becomes a recipient", () => {
  const read = readerOf(HEADER);

  it.each([
    { row: "t,GCM,Ada,Rome", channelType: "GCM", texts: { body: "Ada in Rome" }, payloadBytes: 15 },
    { row: "t,GCM,Ada", channelType: "GCM", texts: { body: "Ada in town" }, payloadBytes: 15 },
    { row: "t,FCM,Ada,", channelType: "GCM", texts: { body: "Ada in town" }, payloadBytes: 15 },
    { row: "t,GCM,Ada,,de-AT", channelType: "GCM", texts: { body: "Für Ada" }, payloadBytes: 8 },
    {
      row: 't,APNS,"Ada",',
      channelType: "APNS",
      texts: { rawContent: '{"aps":{"alert":"\\"Ada\\""}}' },
      payloadBytes: 27,
    },
    { row: "t,ADM,Ada,,,NONE,ACTIVE", channelType: "ADM", texts: { title: "Ada" }, payloadBytes: 3 },
    { row: "t,GCM,$& $1,x", channelType: "GCM", texts: { body: "$& $1 in x" }, payloadBytes: 14 },
  ])("$row", ({ row, ...recipient }) => {
    expect(read(row)).toMatchObject({ row: 2, token: "t", identity: "t", ...recipient });
  });

  it("has a payload as large as its channel takes", () => {
    expect(read(`t,GCM,${"x".repeat(4_084)},`)).toMatchObject({ payloadBytes: 4_096 });
  });

  it("keeps the token as given, and knows the device by its identity", () => {
    expect(read("<AB CD>,APNS,Ada,")).toMatchObject({ token: "<AB CD>", identity: "abcd" });
  });

  it("takes the channel type of the whole file where the row names none, or has no column for it", () => {
    expect(readerOf("token,name", { channel: "ADM" })("t,Ada")).toMatchObject({ channelType: "ADM" });
    const fallback = readerOf(HEADER, { channel: "ADM" });
    expect(fallback("t,,Ada,")).toMatchObject({ channelType: "ADM" });
    expect(fallback("t,GCM,Ada,")).toMatchObject({ channelType: "GCM" });
  });
});

describe("a row is rejected", () => {
  const read = readerOf(HEADER);

  it.each([
    { row: ",GCM,Ada,", code: "MissingToken", column: "token", message: "no device token" },
    { row: "  ,GCM,Ada,", code: "MissingToken", column: "token", message: "no device token" },
    { row: "t,,Ada,", code: "MissingChannel", column: "channel", message: "no channel type" },
    { row: "t,SMS,Ada,", code: "UnknownChannel", column: "channel", message: "should be one of GCM, APNS, " },
    { row: "t,BAIDU,Ada,", code: "NoMessage", column: "channel", message: "the message has no BaiduMessage" },
    { row: "t,GCM,Ada,,,ALL", code: "OptedOut", column: "OptOut", message: "opted out" },
    { row: "t,GCM,Ada,,,,inactive", code: "InactiveEndpoint", column: "EndpointStatus", message: "inactive" },
    { row: "t,GCM,,Rome", code: "MissingVariable", column: "name", message: "no value for {{name}}" },
    { row: "t,GCM,{{x}},", code: "VariableInValue", column: "name", message: "{{" },
    {
      row: `t,GCM,${"x".repeat(4096)},`,
      code: "PayloadTooLarge",
      column: "",
      message: "at least 4108 bytes; GCM takes",
    },
  ])("$code", ({ row, message, ...reject }) => {
    expect(read(row, 7)).toEqual({ row: 7, ...reject, message: expect.stringContaining(message) });
  });

  it("names every variable that it lacks", () => {
    const both = readerOf(HEADER, { GCMMessage: { Title: "{{city}}", Body: "{{name}} {{city}}" } });
    expect(both("t,GCM,,")).toMatchObject({ column: "city", message: "no value for {{city}}, {{name}}" });
  });

  it("names no column where the file has none for the channel", () => {
    const none = readerOf("token,name", { channel: "ADM", ADMMessage: undefined });
    expect(none("t,Ada")).toMatchObject({ code: "NoMessage", column: "" });
  });

  it("takes over why a row is none", () => {
    const columns = mapColumns([]);
    const none = { number: 3, code: "FieldCount", message: "2 values" } as const;
    const read3 = rowReader({ columns, message: { variants: new Map() } });
    expect(read3(none)).toEqual({ row: 3, column: "", code: "FieldCount", message: "2 values" });
  });

  it("never quotes a value", () => {
    const rejects = ["secret,SMS,secret,", "secret,,secret,", "secret,GCM,,secret", "secret,GCM,{{secret}},"];
    for (const row of rejects) expect(JSON.stringify(read(row))).not.toContain("secret");
  });
});
