import {
  BadRequestException,
  CreateAppCommand,
  DeleteAppCommand,
  DeleteGcmChannelCommand,
  GetAppCommand,
  GetAppsCommand,
  GetChannelsCommand,
  GetGcmChannelCommand,
  NotFoundException,
  type PinpointClient,
  SendMessagesCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAdmChannelCommand,
  UpdateApnsChannelCommand,
  UpdateApnsVoipSandboxChannelCommand,
  UpdateBaiduChannelCommand,
  UpdateGcmChannelCommand,
} from "@aws-sdk/client-pinpoint";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type PushSimulator, startPushSimulator } from "../../tools/local/push-simulator/server.ts";
import { pinpointClient } from "../support/pinpoint-client.ts";
import { apnsKey, serviceAccount } from "../support/push-credentials.ts";
import { TLS_CERTIFICATE } from "../support/tls-certificate.ts";

let simulator: PushSimulator;
let client: PinpointClient;
let ApplicationId: string;

beforeAll(async () => {
  simulator = await startPushSimulator({ applications: { b31c292f: ["GCM"] } });
  client = pinpointClient(simulator.url);
});
beforeEach(async () => {
  const { ApplicationResponse } = await client.send(
    new CreateAppCommand({ CreateApplicationRequest: { Name: "shop", tags: { team: "web" } } }),
  );
  ApplicationId = ApplicationResponse?.Id ?? "";
});
afterAll(() => simulator.close());

const sent = async (ChannelType: "GCM" | "ADM") => {
  const { MessageResponse } = await client.send(
    new SendMessagesCommand({
      ApplicationId,
      MessageRequest: {
        Addresses: { token: { ChannelType } },
        MessageConfiguration: { GCMMessage: { Body: "It works." }, ADMMessage: { Body: "It works." } },
      },
    }),
  );
  return MessageResponse?.Result?.["token"];
};

const enableGcm = (more = {}) =>
  client.send(
    new UpdateGcmChannelCommand({
      ApplicationId,
      GCMChannelRequest: {
        ServiceJson: serviceAccount(),
        DefaultAuthenticationMethod: "TOKEN",
        Enabled: true,
        ...more,
      },
    }),
  );

describe("applications", () => {
  it("are made, found, listed page by page and deleted", async () => {
    const { ApplicationResponse } = await client.send(new GetAppCommand({ ApplicationId }));
    expect(ApplicationResponse).toEqual({
      Id: ApplicationId,
      Name: "shop",
      Arn: `arn:aws:mobiletargeting:us-east-1:000000000000:apps/${ApplicationId}`,
      CreationDate: expect.stringMatching(/^\d{4}-/),
      tags: { team: "web" },
    });

    const first = await client.send(new GetAppsCommand({ PageSize: "1" }));
    expect(first.ApplicationsResponse?.Item).toMatchObject([{ Id: "b31c292f" }]);
    const next = await client.send(new GetAppsCommand({ Token: first.ApplicationsResponse?.NextToken }));
    expect(next.ApplicationsResponse?.Item?.map(({ Id }) => Id)).toContain(ApplicationId);
    expect(next.ApplicationsResponse?.NextToken).toBeUndefined();

    await client.send(new DeleteAppCommand({ ApplicationId }));
    await expect(client.send(new GetAppCommand({ ApplicationId }))).rejects.toBeInstanceOf(NotFoundException);
    await expect(sent("GCM")).rejects.toBeInstanceOf(NotFoundException);
  });

  it("carry tags", async () => {
    const ResourceArn = `arn:aws:mobiletargeting:us-east-1:000000000000:apps/${ApplicationId}`;
    await client.send(new TagResourceCommand({ ResourceArn, TagsModel: { tags: { "a:b": "1", c: "2" } } }));
    await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["team", "c"] }));
    const { ApplicationResponse } = await client.send(new GetAppCommand({ ApplicationId }));
    expect(ApplicationResponse?.tags).toEqual({ "a:b": "1" });
  });
});

describe("channels", () => {
  it("decide what SendMessages answers", async () => {
    const none = {
      DeliveryStatus: "PERMANENT_FAILURE",
      StatusMessage: `No channel of type GCM is enabled for the application ${ApplicationId}`,
    };
    expect(await sent("GCM")).toMatchObject(none);

    const { GCMChannelResponse } = await enableGcm();
    expect(GCMChannelResponse).toMatchObject({
      ApplicationId,
      Platform: "GCM",
      Enabled: true,
      DefaultAuthenticationMethod: "TOKEN",
      HasFcmServiceCredentials: true,
      Version: 1,
    });
    expect(await sent("GCM")).toMatchObject({ DeliveryStatus: "SUCCESSFUL" });
    expect(await sent("ADM")).toMatchObject({ DeliveryStatus: "PERMANENT_FAILURE" });

    await enableGcm({ Enabled: false, ServiceJson: undefined });
    expect(await sent("GCM")).toMatchObject(none);
    const { ChannelsResponse } = await client.send(new GetChannelsCommand({ ApplicationId }));
    expect(ChannelsResponse?.Channels).toMatchObject({ GCM: { Enabled: false, Version: 2 } });

    await enableGcm({ ServiceJson: undefined });
    expect(await sent("GCM")).toMatchObject({ DeliveryStatus: "SUCCESSFUL" });

    await client.send(new DeleteGcmChannelCommand({ ApplicationId }));
    expect(await sent("GCM")).toMatchObject(none);
    await expect(client.send(new GetGcmChannelCommand({ ApplicationId }))).rejects.toBeInstanceOf(NotFoundException);
  });

  it("default to the legacy server key, as the API does", async () => {
    const { GCMChannelResponse } = await enableGcm({ DefaultAuthenticationMethod: undefined, ApiKey: "AAAA" });
    expect(GCMChannelResponse).toMatchObject({ DefaultAuthenticationMethod: "KEY", HasFcmServiceCredentials: false });
  });

  const APNS_TOKEN = { TokenKey: apnsKey(), TokenKeyId: "ABC123DEFG", TeamId: "DEF456GHIJ", BundleId: "com.example" };

  it("take what APNs, ADM and Baidu want, and never give it back", async () => {
    const APNSVoipSandboxChannelRequest = { ...APNS_TOKEN, Enabled: true };
    const voip = await client.send(
      new UpdateApnsVoipSandboxChannelCommand({ ApplicationId, APNSVoipSandboxChannelRequest }),
    );
    expect(voip.APNSVoipSandboxChannelResponse).toMatchObject({
      Platform: "APNS_VOIP_SANDBOX",
      DefaultAuthenticationMethod: "TOKEN",
      HasTokenKey: true,
    });
    const APNSChannelRequest = { Certificate: TLS_CERTIFICATE.cert, PrivateKey: TLS_CERTIFICATE.key, Enabled: true };
    const apns = await client.send(new UpdateApnsChannelCommand({ ApplicationId, APNSChannelRequest }));
    expect(apns.APNSChannelResponse).toMatchObject({ DefaultAuthenticationMethod: "CERTIFICATE", HasTokenKey: false });
    const ADMChannelRequest = { ClientId: "id", ClientSecret: "secret", Enabled: true };
    await client.send(new UpdateAdmChannelCommand({ ApplicationId, ADMChannelRequest }));
    const BaiduChannelRequest = { ApiKey: "key", SecretKey: "secret", Enabled: true };
    await client.send(new UpdateBaiduChannelCommand({ ApplicationId, BaiduChannelRequest }));

    const { ChannelsResponse } = await client.send(new GetChannelsCommand({ ApplicationId }));
    const channels = ChannelsResponse?.Channels ?? {};
    expect(Object.keys(channels).sort()).toEqual(["ADM", "APNS", "APNS_VOIP_SANDBOX", "BAIDU"]);
    expect(JSON.stringify(channels)).not.toMatch(/PRIVATE KEY|secret/);
  });

  it.each([
    ["APNs without a team", { ...APNS_TOKEN, TeamId: undefined }],
    ["a key that is none", { ...APNS_TOKEN, TokenKey: "-----BEGIN PRIVATE KEY-----" }],
    ["a certificate without its key", { Certificate: TLS_CERTIFICATE.cert }],
    ["a certificate with another's key", { Certificate: TLS_CERTIFICATE.cert, PrivateKey: apnsKey() }],
    ["nothing", {}],
  ])("refuse %s", async (_, APNSChannelRequest) => {
    await expect(
      client.send(new UpdateApnsChannelCommand({ ApplicationId, APNSChannelRequest })),
    ).rejects.toBeInstanceOf(BadRequestException);
  });
});
