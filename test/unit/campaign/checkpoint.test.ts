import { expect, it } from "vitest";
import { formatCheckpoint, parseCheckpoint } from "../../../shared/core/campaign/checkpoint.ts";
import { emptyTally } from "../../../shared/core/campaign/tally.ts";

const checkpoint = {
  inputs: "i",
  version: "v",
  position: { offset: 7 },
  sections: 2,
  lastChunk: 40,
  tally: emptyTally(),
  isFinished: false,
};

it("is read back as it was written", () => {
  expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
});

it("is none where another version wrote it", () => {
  expect(parseCheckpoint(JSON.stringify({ ...checkpoint, format: 0 }))).toBeUndefined();
  expect(parseCheckpoint(JSON.stringify(checkpoint))).toBeUndefined();
});

it.each(["", "null", "[]", "7", '{"format":1,'])("is none where the text is %j", (text) => {
  expect(parseCheckpoint(text)).toBeUndefined();
});
