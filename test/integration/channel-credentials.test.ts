import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ApnsOptions,
  admCredentials,
  apnsCredentials,
  baiduCredentials,
  fcmCredentials,
} from "../../tools/cli/channel-credentials.ts";
import { P12, P12_PASSWORD } from "../support/p12.ts";
import { apnsKey, serviceAccount } from "../support/push-credentials.ts";

const NOW = new Date("2026-11-26T12:00:00Z");
const IDS = { keyId: "ABC123DEFG", teamId: "DEF456GHIJ", bundleId: "com.example.shop" };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-credentials-"));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
const file = async (content: string | Uint8Array) => {
  const path = join(folder, `file-${++files}`);
  await writeFile(path, content);
  return path;
};
const problemOf = (credentials: Promise<unknown>) => credentials.then(String, (error: Error) => error.message);

describe("APNs by a key", () => {
  it("is TOKEN, with the key as it stands in the file", async () => {
    const key = apnsKey();
    const { request, what, expiresAt } = await apnsCredentials({ key: await file(key), ...IDS }, NOW);
    expect(request).toEqual({
      DefaultAuthenticationMethod: "TOKEN",
      TokenKey: key.trim(),
      TokenKeyId: "ABC123DEFG",
      TeamId: "DEF456GHIJ",
      BundleId: "com.example.shop",
      Enabled: true,
    });
    expect({ what, expiresAt }).toEqual({
      what: "key ABC123DEFG of team DEF456GHIJ for com.example.shop",
      expiresAt: undefined,
    });
  });

  it.each<[string, ApnsOptions, RegExp]>([
    ["neither key nor certificate", {}, /--key FILE.p8 .* or --certificate FILE.p12/],
    ["both", { key: "a", certificate: "b" }, /one of two/],
    ["a key alone", { key: "a" }, /--key-id, --team-id, --bundle-id/],
    [
      "a file that is not there",
      { key: "/nowhere/key.p8", ...IDS },
      /\/nowhere\/key.p8: there is no such file .*ENOENT/,
    ],
  ])("wants one thing whole: %s", async (_, options, problem) => {
    expect(await problemOf(apnsCredentials(options, NOW))).toMatch(problem);
  });

  it.each([
    ["a service account", serviceAccount()],
    ["a certificate", Buffer.from(P12.modern)],
    ["something cut off", apnsKey().slice(0, 60)],
  ])("is not taken from %s, which is not quoted", async (_, content) => {
    const path = await file(content);
    const problem = await problemOf(apnsCredentials({ key: path, ...IDS }, NOW));
    expect(problem).toContain(`${path} is not an APNs key`);
    expect(problem).not.toContain(String(content).slice(10, 40));
  });
});

describe("APNs by a certificate", () => {
  it.each(["legacy", "modern", "elliptic"] as const)("reads a .p12 with %s ciphers", async (kind) => {
    const certificate = await file(P12[kind]);
    const passwordFile = await file(`${P12_PASSWORD}\n`);
    const options = kind === "elliptic" ? { certificate } : { certificate, passwordFile };
    const { request, what, expiresAt } = await apnsCredentials(options, NOW);
    const parsed = new X509Certificate(request.Certificate ?? "");
    expect(parsed.checkPrivateKey(createPrivateKey(request.PrivateKey ?? ""))).toBe(true);
    expect(request).toMatchObject({ DefaultAuthenticationMethod: "CERTIFICATE", Enabled: true });
    expect(what).toBe(kind === "elliptic" ? "certificate EC" : "certificate Apple Push Services: com.example.shop");
    expect(expiresAt).toEqual(parsed.validToDate);
  });

  it.each([
    ["a wrong password", { password: "open" }, "The password does not open"],
    ["no password", {}, "--password-file"],
    ["a password of two lines", { password: "a\nb" }, "on one line"],
    ["a file of another kind", { content: apnsKey() }, "is not a .p12"],
    ["an empty file", { content: "" }, "is empty"],
  ])("says of %s what is wrong", async (_, given: { password?: string; content?: string }, problem) => {
    const certificate = await file(given.content ?? P12.legacy);
    const passwordFile = given.password === undefined ? undefined : await file(given.password);
    const options = { certificate, ...(passwordFile === undefined ? {} : { passwordFile }) };
    expect(await problemOf(apnsCredentials(options, NOW))).toContain(problem);
  });

  it("refuses one that has expired", async () => {
    const options = { certificate: await file(P12.elliptic) };
    const problem = await problemOf(apnsCredentials(options, new Date("2200-01-01")));
    expect(problem).toMatch(/expired on 2126-.* \.p8 key/);
  });
});

describe("the other channels", () => {
  it("enables FCM by TOKEN", async () => {
    const account = serviceAccount();
    const { request, what } = await fcmCredentials(await file(account));
    expect(request).toEqual({ DefaultAuthenticationMethod: "TOKEN", ServiceJson: account, Enabled: true });
    expect(what).toBe("service account push@example-shop.iam.gserviceaccount.com of project example-shop");
  });

  it.each([
    ["a client's configuration", JSON.stringify({ project_info: {}, client: [] })],
    ["an account without its key", serviceAccount({ private_key: "" })],
    ["an account of another type", serviceAccount({ type: "authorized_user" })],
    ["no JSON", "AAAA-server-key"],
  ])("does not take for a service account %s", async (_, content) => {
    const problem = await problemOf(fcmCredentials(await file(content)));
    expect(problem).toContain("Generate new private key");
    expect(problem).not.toContain(content);
  });

  it("reads ADM's and Baidu's secrets without the end of the line", async () => {
    const adm = await admCredentials({ clientId: "amzn1", clientSecretFile: await file("adm-secret\r\n") });
    expect(adm.request).toEqual({ ClientId: "amzn1", ClientSecret: "adm-secret", Enabled: true });
    const files = { apiKeyFile: await file("key\n"), secretKeyFile: await file("baidu-secret") };
    expect((await baiduCredentials(files)).request).toEqual({
      ApiKey: "key",
      SecretKey: "baidu-secret",
      Enabled: true,
    });
    expect(await problemOf(baiduCredentials({ apiKeyFile: "-", secretKeyFile: "-" }))).toContain("Only one");
  });
});

describe("on a terminal", () => {
  const { isTTY } = process.stdin;
  beforeAll(() => {
    process.stdin.isTTY = true;
  });
  afterAll(() => {
    process.stdin.isTTY = isTTY;
  });

  it.each<[string, () => Promise<unknown>]>([
    ["a .p8 key", () => apnsCredentials({ key: "-", ...IDS }, NOW)],
    ["a .p12 certificate", () => apnsCredentials({ certificate: "-" }, NOW)],
    ["the password of one", () => apnsCredentials({ certificate: "/nowhere.p12", passwordFile: "-" }, NOW)],
    ["a service account", () => fcmCredentials("-")],
    ["a client secret", () => admCredentials({ clientId: "a", clientSecretFile: "-" })],
    ["a secret key", () => baiduCredentials({ apiKeyFile: "-", secretKeyFile: "/nowhere" })],
  ])("does not let %s be typed, where everybody would see it", async (_, credentials) => {
    expect(await problemOf(credentials())).toBe(
      "Standard input is a terminal, which shows what is typed. Pipe the secret into it, or name a file.",
    );
  });
});
