import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GetAppCommand } from "@aws-sdk/client-pinpoint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ChannelState } from "../../tools/cli/channel-state.ts";
import { type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import { startFakeHttpService } from "../support/fake-http-service.ts";
import { P12, P12_PASSWORD } from "../support/p12.ts";
import { pinpointClient } from "../support/pinpoint-client.ts";
import { apnsKey, serviceAccount } from "../support/push-credentials.ts";
import { type Ran, runSluice } from "../support/run-sluice.ts";

const APP = "b31c292f";

let simulator: PushSimulator;
let folder: string;
beforeAll(async () => {
  simulator = await startPushSimulator({ applications: { [APP]: [] } });
  folder = await mkdtemp(join(tmpdir(), "sluice-setup-"));
});
afterAll(async () => {
  await simulator.close();
  await rm(folder, { recursive: true });
});

/** An account that is reached by the environment, as a deployed stage's is. */
const run = (words: readonly string[], { input = "", url = simulator.url } = {}): Promise<Ran> => {
  const env = {
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_ENDPOINT_URL_PINPOINT: url,
    // Nobody: what these verbs are about needs no deployment.
    AWS_ENDPOINT_URL_CLOUDFORMATION: "http://127.0.0.1:9",
  };
  return runSluice([...words, "--stage", "prod"], { env, input });
};
const channel = (words: string, input = "") =>
  run(["channel", ...words.split(" "), "--application-id", APP], { input });
const file = async (name: string, content: string | Uint8Array) => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

describe("sluice app", () => {
  it("creates, lists and deletes, the last only for the word delete", async () => {
    const created = await run(["app", "create", "shop", "--json"]);
    const { Id } = JSON.parse(created.stdout);
    expect((await run(["app", "list"])).stdout).toMatch(new RegExp(`${Id} +shop +\\d{4}-`));

    const kept = await run(["app", "delete", Id], { input: "yes\n" });
    expect(kept).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/deletes shop[\s\S]*Nothing was changed/),
    });
    expect(await run(["app", "delete", Id])).toMatchObject({ exitCode: 2 });
    expect(await run(["app", "delete", Id], { input: "delete\n" })).toMatchObject({
      exitCode: 0,
      stdout: `Deleted shop (${Id}).\n`,
    });
    expect(await run(["app", "delete", Id], { input: "delete\n" })).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(
        `Cannot delete the application ${Id}: there is no such application .* sluice app list`,
      ),
    });
  });
});

describe("sluice channel", () => {
  it("enables each channel and never shows its secrets", async () => {
    const [key, account] = [apnsKey(), serviceAccount()];
    const ids = "--key-id ABC123DEFG --team-id DEF456GHIJ --bundle-id com.example.shop";
    const password = await file("password", P12_PASSWORD);
    const ran = await Promise.all([
      channel(`enable apns --key - ${ids}`, key),
      channel(`enable apns-sandbox --certificate ${await file("a.p12", P12.legacy)} --password-file ${password}`),
      channel(`enable apns-voip --key ${await file("a.p8", key)} ${ids} --json`),
      channel(`enable fcm --service-account ${await file("fcm.json", account)}`),
      channel(`enable adm --client-id amzn1 --client-secret-file -`, "adm-secret\n"),
      channel(`enable baidu --api-key-file ${await file("api", "baidu-key")} --secret-key-file -`, "baidu-secret\n"),
    ]);
    expect(ran.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual(
      ran.map(() => ({ exitCode: 0, stderr: "" })),
    );
    expect(ran[1]?.stdout).toContain("expires on 2126-");
    const shown = ran.map(({ stdout }) => stdout).join("");
    for (const secret of [key.split("\n")[1] ?? "", "adm-secret", "baidu-", P12_PASSWORD, "PRIVATE KEY"]) {
      expect(shown).not.toContain(secret);
    }

    const { stdout } = await channel("show --json");
    const { channels }: { channels: ChannelState[] } = JSON.parse(stdout);
    const states = channels.map(({ channel, state, authentication = "", expires = "" }) => [
      channel,
      state,
      authentication,
      expires.slice(0, 4),
    ]);
    expect(states).toEqual([
      ["apns", "enabled", "TOKEN", ""],
      ["apns-sandbox", "enabled", "CERTIFICATE", "2126"],
      ["apns-voip", "enabled", "TOKEN", ""],
      ["apns-voip-sandbox", "absent", "", ""],
      ["fcm", "enabled", "TOKEN", ""],
      ["adm", "enabled", "", ""],
      ["baidu", "enabled", "", ""],
    ]);
    expect((await channel("show apns-sandbox")).stdout).toMatch(
      /apns-sandbox +APNS_SANDBOX +enabled +CERTIFICATE +2126-/,
    );
  });

  it("disables a channel for the word delete, and forgets when its certificate ended", async () => {
    const path = await file("b.p12", P12.elliptic);
    await channel(`enable apns-voip-sandbox --certificate ${path}`);
    expect(await channel("disable apns-voip-sandbox", "disable\n")).toMatchObject({ exitCode: 2 });
    expect((await channel("disable apns-voip-sandbox", "delete\n")).stdout).toContain("Disabled apns-voip-sandbox");
    expect(JSON.parse((await channel("show apns-voip-sandbox --json")).stdout).channels).toEqual([
      { channel: "apns-voip-sandbox", channelType: "APNS_VOIP_SANDBOX", state: "absent" },
    ]);
    const { ApplicationResponse } = await pinpointClient(simulator.url).send(new GetAppCommand({ ApplicationId: APP }));
    expect(ApplicationResponse?.tags).not.toHaveProperty("sluice:apns-voip-sandbox-certificate-expires");
    expect(await channel("disable apns-voip-sandbox", "delete\n")).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("it is not enabled"),
    });
  });

  it("shows what the service says of credentials it does not take, but not where it quotes them", async () => {
    let message = "FCM returned 401 Unauthorized";
    const service = await startFakeHttpService(() => ({
      status: 400,
      headers: { "x-amzn-errortype": "BadRequestException" },
      body: JSON.stringify({ Message: message }),
    }));
    const enable = async () => {
      const words = ["channel", "enable", "adm", "--client-id", "id", "--client-secret-file", "-"];
      const ran = await run([...words, "--application-id", APP], { input: "adm-secret", url: service.url });
      return ran.stderr;
    };
    try {
      expect(await enable()).toContain("BadRequestException: FCM returned 401 Unauthorized.");
      message = "The secret adm-secret is not valid";
      expect(await enable()).toMatch(/BadRequestException: .*not shown/);
    } finally {
      await service.close();
    }
  });

  it("asks for the application where it cannot know it", async () => {
    expect(await run(["channel", "show"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("--application-id"),
    });
  });
});
