import { describe, expect, it } from "vitest";
import {
  groupsOf,
  type HeldTokenChoice,
  isChosen,
  readHeldToken,
  released,
} from "../../tools/cli/dead-tokens/held-token.ts";
import { deadToken, SUSPECT } from "../support/dead-tokens.ts";
import { record } from "./pipeline/rig.ts";

const heldRecord = (over: Parameters<typeof deadToken>[0] = {}, because = "certain") =>
  record({ body: JSON.stringify(deadToken(over)), attributes: { HeldBecause: because } });

const held = (...given: Parameters<typeof heldRecord>) => {
  const read = readHeldToken(heldRecord(...given));
  if (read === undefined) throw new Error("not a held token");
  return read;
};

it("reads a record of the held-token queue, and no other", () => {
  expect(readHeldToken(heldRecord(SUSPECT, "suspect"))).toEqual({ deadToken: deadToken(SUSPECT), because: "suspect" });
  expect(readHeldToken(record({ body: "not ours", attributes: {} }))).toBeUndefined();
});

describe("a held token is chosen", () => {
  it.each<{ choice: HeldTokenChoice; chosen: boolean }>([
    { choice: {}, chosen: true },
    { choice: { applicationId: "app", channel: "APNS", because: "suspect" }, chosen: true },
    { choice: { applicationId: "another", channel: "APNS", because: "suspect" }, chosen: false },
    { choice: { channel: "APNS_SANDBOX" }, chosen: false },
    { choice: { because: "certain" }, chosen: false },
  ])("by $choice: $chosen", ({ choice, chosen }) => {
    expect(isChosen(held({ ...SUSPECT, ApplicationId: "app" }, "suspect"), choice)).toBe(chosen);
  });
});

it("a released record is what it was, with the time, and is not delayed", () => {
  const { body, attributes } = heldRecord(SUSPECT, "suspect");
  expect(released({ ...heldRecord(SUSPECT, "suspect"), attributes: { ...attributes, gone: undefined } }, 0)).toEqual({
    body,
    attributes: { HeldBecause: "suspect", Released: "1970-01-01T00:00:00.000Z" },
    delaySeconds: 0,
  });
});

it("groupsOf puts together what died alike, the most frequent first", () => {
  const at = (second: number) => ({ FailedAt: `2026-11-23T12:00:0${second}.000Z` });
  const tokens = [
    held(at(5)),
    held({ ...SUSPECT, ...at(3) }, "suspect"),
    held({ ...SUSPECT, ...at(1) }, "suspect"),
    held({ ...SUSPECT, ...at(2) }, "certain"),
    held({ ...SUSPECT, ...at(4) }, "suspect"),
  ];
  const { ApplicationId: applicationId } = deadToken();
  expect(groupsOf(tokens)).toEqual([
    {
      applicationId,
      channelType: "APNS",
      because: "suspect",
      reason: "BadDeviceToken",
      tokens: 3,
      first: at(1).FailedAt,
      last: at(4).FailedAt,
    },
    expect.objectContaining({ because: "certain", reason: "UNREGISTERED", tokens: 1 }),
    expect.objectContaining({ because: "certain", tokens: 1 }),
  ]);
});
