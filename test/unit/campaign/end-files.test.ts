import { expect, it } from "vitest";
import { csvRow } from "../../../shared/core/campaign/csv.ts";
import { DEAD_TOKENS_HEADER, formatDeadToken, UNSOURCED_HEADER } from "../../../shared/core/campaign/end-files.ts";

it.each([
  { values: ["a", "b c", ""], row: "a,b c," },
  { values: ["1,5"], row: '"1,5"' },
  { values: ['say "hi"'], row: '"say ""hi"""' },
  { values: ["two\nlines", "two\rlines"], row: '"two\nlines","two\rlines"' },
])("$values are the row $row", ({ values, row }) => {
  expect(csvRow(values)).toBe(`${row}\r\n`);
  expect(csvRow(values, "\n")).toBe(`${row}\n`);
});

const dead = { Verdict: "dead", Confidence: "suspect", Reason: "BadDeviceToken", StatusCode: 400 } as const;

it.each([
  { deadToken: dead, line: "7,a-token,APNS,dead,suspect,BadDeviceToken,\r\n" },
  {
    deadToken: {
      ...dead,
      Verdict: "replaced",
      Confidence: "certain",
      Reason: "UpdatedToken",
      ReplacedBy: "new",
    } as const,
    line: "7,a-token,APNS,replaced,certain,UpdatedToken,new\r\n",
  },
])("a token that is $deadToken.Verdict is the line $line", ({ deadToken, line }) => {
  expect(formatDeadToken({ row: 7, token: "a-token", channelType: "APNS", deadToken })).toBe(line);
});

it("has a header over each column", () => {
  expect(DEAD_TOKENS_HEADER).toBe("row,token,channel,verdict,confidence,reason,replaced_by\r\n");
  expect(UNSOURCED_HEADER).toBe("token,channel\r\n");
});
