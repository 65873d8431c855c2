import { describe, expect, it } from "vitest";
import { parseCampaignMessage } from "../../../shared/core/campaign/campaign-message.ts";
import { checkHeader, mapColumns, unusedColumns } from "../../../shared/core/campaign/columns.ts";

const campaignMessage = (body: string) => {
  const parsed = parseCampaignMessage(JSON.stringify({ GCMMessage: { Body: body } }), () => "");
  if (!parsed.ok) throw new Error("not a message");
  return parsed.message;
};

describe("mapColumns", () => {
  it.each([
    ["token", "token"],
    ["Address", "token"],
    ["address", "token"],
    ["device_token", "token"],
    ["channel", "channel"],
    ["ChannelType", "channel"],
    ["locale", "locale"],
    ["Demographic.Locale", "locale"],
    ["OptOut", "optOut"],
    ["EndpointStatus", "endpointStatus"],
  ])("%s is the column %s", (name, role) => {
    expect(mapColumns(["other", name])).toMatchObject({ [role]: 1 });
  });

  it.each(["recipient_id", "User.UserId"])("%s is a variable, and missed by nobody where no message has it", (name) => {
    const columns = mapColumns(["token", "channel", name]);
    expect(columns).toEqual({
      names: ["token", "channel", name],
      token: 0,
      channel: 1,
      variables: new Map([
        ["token", 0],
        ["channel", 1],
        [name, 2],
      ]),
    });
    expect(unusedColumns(columns, campaignMessage("Hello"))).toEqual([]);
    const asked = { message: campaignMessage(`{{${name}}}`) };
    expect(() => checkHeader(columns, asked)).not.toThrow();
  });

  it("has whose device it is once", () => {
    const twice = mapColumns(["token", "channel", "User.UserId", "recipient_id"]);
    expect(() => checkHeader(twice, { message: campaignMessage("Hello") })).toThrow(
      "the columns User.UserId and recipient_id hold the same",
    );
  });

  it.each([
    ["name", "name"],
    ["Attributes.name", "name"],
    ["User.UserAttributes.name", "name"],
    ["Location.Country", "Location.Country"],
    ["Attributes.", "Attributes."],
    ["My.Attributes.name", "My.Attributes.name"],
    ["Attributes.name", "Attributes.name"],
    ["User.UserAttributes.name", "User.UserAttributes.name"],
    ["token", "token"],
  ])("%s is the variable %s", (name, variable) => {
    expect(mapColumns(["other", name]).variables.get(variable)).toBe(1);
  });
});

it("has the first of several columns, and none for a name that is empty", () => {
  const names = ["Address", "", "name", "Attributes.name", "token"];
  const variables = new Map([
    ["Address", 0],
    ["name", 2],
    ["Attributes.name", 3],
    ["token", 4],
  ]);
  expect(mapColumns(names)).toEqual({ names, token: 0, variables });
});

it("has a short name for nothing but an attribute", () => {
  expect(mapColumns(["My.Attributes.name"]).variables).toEqual(new Map([["My.Attributes.name", 0]]));
});

it("takes a variable for the column of that very name, and an attribute's short name for the first of them", () => {
  const { variables } = mapColumns(["Attributes.a", "a", "User.UserAttributes.b", "User.UserAttributes.b"]);
  expect(Object.fromEntries(variables)).toEqual({
    a: 1,
    "Attributes.a": 0,
    b: 2,
    "User.UserAttributes.b": 2,
  });
});

describe("checkHeader", () => {
  const check = (header: string, { body = "Hi", channel }: { body?: string; channel?: "GCM" } = {}) =>
    checkHeader(mapColumns(header.split(",")), { message: campaignMessage(body), ...(channel ? { channel } : {}) });

  it.each([
    { header: "token,channel", body: "Hi" },
    { header: "Address,ChannelType,Attributes.name,User.UserId,OptOut", body: "{{name}}" },
    { header: "token,channel,name,city", body: "{{name}}" },
    { header: "token,channel,,", body: "{{name|you}}" },
    { header: "token", body: "Hi", channel: "GCM" as const },
    { header: "token,channel,locale", body: "{{locale}} {{token}}" },
    { header: "token,channel,name,Attributes.name", body: "{{name}}" },
    { header: "token,channel,Attributes.name,User.UserAttributes.name", body: "{{User.UserAttributes.name}}" },
    { header: "token,channel,Attributes.ride,Attributes.ride", body: "{{ride}}" },
  ])("takes $header", ({ header, ...options }) => {
    expect(() => check(header, options)).not.toThrow();
  });

  it.each([
    {
      header: "dGVzdC1:APA91b,GCM,Ada",
      code: "NoHeader",
      words: "row 1: no column holds device tokens",
      cure: "The first row has to be a header",
    },
    {
      header: "tokn,channel",
      code: "MissingColumn",
      words: "no column holds device tokens: it is called token, Address, address, device_token",
      cure: "Rename the column tokn to token.",
    },
    ...["recipient", "a;b,GCM", "tok en,channel"].map((header) => ({
      header,
      code: "NoHeader",
      words: "no column holds device tokens",
      cure: "The first row has to be a header",
    })),
    { header: "token|channel", code: "NoHeader", words: "separated by |", cure: "comma-separated" },
    { header: "token;channel;name", code: "NoHeader", words: "separated by ;", cure: "comma-separated" },
    { header: "token\tchannel", code: "NoHeader", words: "separated by tabs", cure: "comma-separated" },
    {
      header: "token,chanel",
      code: "MissingColumn",
      words: "no column says the channel type: it is called channel or ChannelType",
      cure: "Rename the column chanel to channel.",
    },
    { header: "token,name", code: "MissingColumn", words: "no column says the channel type", cure: "--channel" },
    {
      header: "token,channel,Address",
      code: "BadHeader",
      words: "row 1: the columns token and Address hold",
      cure: "Rename",
    },
    {
      header: "token,channel,name,name",
      code: "BadHeader",
      words: "the columns 3 and 4 hold the same",
      cure: "Rename",
    },
    {
      header: "token,channel,Attributes.name,User.UserAttributes.name",
      body: "{{name}}",
      code: "BadHeader",
      words: "{{name}} can be any of 2 columns",
      cure: "which one is meant: {{Attributes.name}} or {{User.UserAttributes.name}}.",
    },
    {
      header: "token,channel,nmae",
      body: "{{name}}",
      code: "MissingColumn",
      words: "no column for {{name}} (is it the column nmae?)",
      cure: "{{name|default}}",
    },
    {
      header: "token,channel,na me",
      body: "{{name}}, {{city}}",
      code: "MissingColumn",
      words: "no column for {{name}}, {{city}} of the message",
      cure: "Add the column",
    },
  ])("refuses $header: $words", ({ header, code, words, cure, ...options }) => {
    expect(() => check(header, options)).toThrow(expect.objectContaining({ code, row: 1 }));
    expect(() => check(header, options)).toThrow(words);
    expect(() => check(header, options)).toThrow(cure);
  });

  it("never quotes what may be a device token", () => {
    expect(() => check("dGVzdC1:APA91b,GCM,Ada")).not.toThrow("APA91b");
  });
});

it("tells which columns no message uses", () => {
  const columns = mapColumns(["token", "channel", "Attributes.name", "city", "User.UserId"]);
  expect(unusedColumns(columns, campaignMessage("{{city}}"))).toEqual(["name"]);
  expect(unusedColumns(columns, campaignMessage("{{city}} {{name}}"))).toEqual([]);
  expect(unusedColumns(columns, campaignMessage("{{city}} {{Attributes.name}}"))).toEqual([]);
  const whole = mapColumns(["token", "name", "channel"]);
  expect(unusedColumns(whole, campaignMessage("{{nobody|you}}"))).toEqual(["name"]);
  const repeated = mapColumns(["token", "channel", "Attributes.ride", "Attributes.ride", "", ""]);
  expect(unusedColumns(repeated, campaignMessage("{{ride}}"))).toEqual([]);
});
