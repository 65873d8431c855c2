import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChunkLine } from "../../shared/core/campaign/chunks.ts";
import { readCampaignFolder } from "../support/read-campaign-folder.ts";
import { killSluice, runSluice } from "../support/run-sluice.ts";

let folder: string;
let message: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-import-"));
  const text = { Title: "Sale", Body: "{{name}}, today." };
  message = await file("message.json", JSON.stringify({ GCMMessage: text, APNSMessage: text }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const words = (path: string, ...more: string[]) => {
  const campaign = ["--message", message, "--campaign", "spring", "--dry-run"];
  return ["import", path, ...campaign, "--folder", `${path}.campaign`, ...more];
};

describe("sluice import --dry-run", () => {
  it("tells who would be sent what, who would not, how long it takes and what it costs", async () => {
    const path = await file(
      "people.csv",
      "token,channel,name,city\na,GCM,Ada,Rome\nb,APNS,Grace,\nc,GCM,,\nd,SMS,Alan,\n",
    );
    const { exitCode, stdout, stderr } = await runSluice(words(path));
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout.split("\n")).toEqual(
      expect.arrayContaining([
        "channel  recipients  calls",
        "GCM               1      1",
        "APNS              1      1",
        "sum               2      2",
        "MissingVariable     1",
        "UnknownChannel      1",
        "first: row 2, GCM, at least 15 bytes",
        '  body         "Ada, today."',
        "longest: row 3, APNS, at least 17 bytes",
        "Columns that the message does not use: city.",
        "It would start: 2 recipients. Nothing was sent.",
      ]),
    );
    expect(stdout.match(/^random: row [23],/gm)).toHaveLength(2);
    expect((await readCampaignFolder(`${path}.campaign`)).rejects).toEqual([
      { row: 4, column: "name", code: "MissingVariable", message: "no value for {{name}}" },
      { row: 5, column: "channel", code: "UnknownChannel", message: expect.stringContaining("one of GCM") },
    ]);
  });

  it("gives the same as JSON", async () => {
    const path = await file("people.jsonl", '{"token":"a","name":"Ada"}\n{"token":"A","name":"Ada"}\n');
    const { exitCode, stdout } = await runSluice(words(path, "--channel", "APNS", "--json"));
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      campaign: "spring",
      wouldStart: true,
      unusedColumns: [],
      tally: {
        rows: 2,
        recipients: { APNS: 1 },
        rejects: { DuplicateToken: 1 },
        first: { row: 1, body: "Ada, today." },
      },
      estimate: { recipients: 1, calls: 1, costs: { length: 4 } },
      rejected: join(`${path}.campaign`, "rejected.csv"),
    });
  });

  it("ends with 1 when there is nobody to send to", async () => {
    const path = await file("nobody.csv", "token,channel,name\na,GCM,\n");
    const { exitCode, stdout } = await runSluice(words(path));
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: expect.stringContaining("It would NOT start") });
  });

  it("says of a bad file the row and what to do, also as JSON", async () => {
    const path = await file("latin.csv", Buffer.from("token,channel,name\na,GCM,Ada\nb,GCM,Jürgen\n", "latin1"));
    const { exitCode, stderr } = await runSluice(words(path));
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr: `sluice: ${path}: row 3: the file is not UTF-8. Save it as UTF-8; spreadsheets call that CSV UTF-8.\n`,
    });
    const { stdout } = await runSluice(words(path, "--json"));
    expect(JSON.parse(stdout)).toMatchObject({ wouldStart: false, problem: { code: "WrongEncoding", row: 3 } });
  });

  it("refuses what it cannot use before it reads a row", async () => {
    const directory = join(folder, "folder.csv");
    await mkdir(directory);
    expect(await runSluice(words(directory))).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("directory"),
    });
    const bad = await file("bad.json", '{"GCMMessage":{"Titel":"x"}}');
    expect(await runSluice(["import", "x.csv", "--message", bad, "--campaign", "c", "--dry-run"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("GCMMessage.Titel is an unknown field; did you mean Title?"),
    });
    expect(await runSluice(["import", "x.csv", "--message", message, "--campaign", "a#b", "--dry-run"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("letters, digits"),
    });
  });

  it("keeps out of a folder that another run writes to, and minds no sign of one that was killed", async () => {
    const path = await file("twice.csv", "token,channel,name\na,GCM,Ada\n");
    const inFolder = (name: string) => join(`${path}.campaign`, name);
    const sign = (pid: number | undefined, host = hostname()) => inFolder(`in-use-by-${pid}-on-${host}`);
    const dead = spawnSync(process.execPath, ["--version"]).pid;
    await mkdir(`${path}.campaign`);
    await writeFile(sign(dead), "");
    expect(await runSluice(words(path))).toMatchObject({ exitCode: 0, stderr: "" });
    expect((await readdir(`${path}.campaign`)).filter((name) => name.startsWith("in-use"))).toEqual([]);

    for (const other of [sign(process.pid), sign(dead, "another.example")]) {
      await writeFile(other, "");
      const { exitCode, stdout, stderr } = await runSluice(words(path));
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
      expect(stderr).toMatch(
        /^sluice: Another sluice import \(process \d+ on \S+\) writes into the folder .*twice\.csv\.camp/,
      );
      expect(stderr).toContain(
        `or name another folder: --folder. Should there be no such process any more, delete ${other}.\n`,
      );
      expect((await readdir(`${path}.campaign`)).filter((name) => name.startsWith("in-use"))).toHaveLength(1);
      await rm(other);
    }
    expect(await runSluice(words(path))).toMatchObject({ exitCode: 0 });
  });

  it("killed and started again has every row once, and every reject", async () => {
    const rows = 160_000;
    const row = (number: number) => `t${number},GCM,${number % 10 === 0 ? "" : "Ada"}`;
    const text = ["token,channel,name", ...Array.from({ length: rows }, (_, index) => row(index + 2))].join("\n");
    const path = await file("many.csv.gz", gzipSync(text, { level: 1 }));
    const written = (name: string) => () => existsSync(join(`${path}.campaign`, name));
    for (const name of ["chunks-000001.jsonl", "checkpoint.json", "tokens-000002.bin", "rejected-000003.csv"]) {
      expect(await killSluice(words(path), written(name))).toBe(true);
    }
    const { stdout } = await runSluice(words(path, "--json"));
    const report = JSON.parse(stdout);
    expect(report.resumedAfterRow).toBeGreaterThanOrEqual(50_000);
    expect(report.tally).toMatchObject({ rows, recipients: { GCM: 144_000 }, rejects: { MissingVariable: 16_000 } });

    const { chunks, rejects } = await readCampaignFolder(`${path}.campaign`);
    const lines = chunks
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as ChunkLine);
    expect(lines.map(({ Chunk }) => Chunk)).toEqual(lines.map((_, index) => index + 1));
    const told = lines.flatMap(({ Rows, Request }) =>
      Object.keys(Request.MessageRequest.Addresses).map((token, index) => `${token} ${Rows[index]}`),
    );
    const expected = Array.from({ length: rows }, (_, index) => index + 2);
    const isTold = (number: number) => number % 10 !== 0;
    expect(told.join("\n")).toBe(
      expected
        .filter(isTold)
        .map((number) => `t${number} ${number}`)
        .join("\n"),
    );
    expect(rejects.map((reject) => reject.row)).toEqual(expected.filter((number) => !isTold(number)));
  });
});
