import { describe, expect, it } from "vitest";
import { nearestName } from "../../../shared/core/request/nearest-name.ts";

const NAMES = ["Title", "TimeToLive", "Body", "Data", "Url", "ImageUrl", "MD5"];

describe("nearestName", () => {
  it.each([
    { name: "Titel", nearest: "Title" },
    { name: "title", nearest: "Title" },
    { name: "Titles", nearest: "Title" },
    { name: "Tile", nearest: "Title" },
    { name: "Timetolive", nearest: "TimeToLive" },
    { name: "TTimeToLivee", nearest: "TimeToLive" },
    { name: "URL", nearest: "Url" },
    { name: "Date", nearest: "Data" },
    { name: "md5", nearest: "MD5" },
    { name: "ImageURI", nearest: "ImageUrl" },
    { name: "Titanic", nearest: undefined },
    { name: "Priority", nearest: undefined },
    { name: "TimeToLiveee", nearest: "TimeToLive" },
    { name: "TimeToLiveeee", nearest: undefined },
    { name: "xyBoda", nearest: undefined },
    { name: "x", nearest: undefined },
    { name: "ab", nearest: undefined },
    { name: "", nearest: undefined },
  ])("$name: $nearest", ({ name, nearest }) => {
    expect(nearestName(name, NAMES)).toBe(nearest);
  });

  it.each([
    { name: "Badge1", names: ["Budges", "Badge"], nearest: "Badge" },
    { name: "Badge1", names: ["Badge", "Budges"], nearest: "Badge" },
    { name: "Datas", names: ["Dates", "Data"], nearest: "Dates" },
    { name: "ab", names: ["cd"], nearest: undefined },
  ])("$name among $names: $nearest", ({ name, names, nearest }) => {
    expect(nearestName(name, names)).toBe(nearest);
  });
});
