import {
  type ADMChannelRequest,
  type APNSChannelRequest,
  type BaiduChannelRequest,
  DeleteAdmChannelCommand,
  DeleteApnsChannelCommand,
  DeleteApnsSandboxChannelCommand,
  DeleteApnsVoipChannelCommand,
  DeleteApnsVoipSandboxChannelCommand,
  DeleteBaiduChannelCommand,
  DeleteGcmChannelCommand,
  type GCMChannelRequest,
  GetAdmChannelCommand,
  GetApnsChannelCommand,
  GetApnsSandboxChannelCommand,
  GetApnsVoipChannelCommand,
  GetApnsVoipSandboxChannelCommand,
  GetBaiduChannelCommand,
  GetGcmChannelCommand,
  type PinpointClient,
  UpdateAdmChannelCommand,
  UpdateApnsChannelCommand,
  UpdateApnsSandboxChannelCommand,
  UpdateApnsVoipChannelCommand,
  UpdateApnsVoipSandboxChannelCommand,
  UpdateBaiduChannelCommand,
  UpdateGcmChannelCommand,
} from "@aws-sdk/client-pinpoint";

/** What the API tells of a channel, whichever it is. */
export interface ChannelAnswer {
  readonly Enabled?: boolean | undefined;
  readonly DefaultAuthenticationMethod?: string | undefined;
  readonly HasTokenKey?: boolean | undefined;
  readonly HasFcmServiceCredentials?: boolean | undefined;
  readonly LastModifiedDate?: string | undefined;
}

/** The API's three operations on one channel, which it has seven times over. */
interface ChannelOperations<Request> {
  /** As the API spells it. */
  readonly channelType: string;
  get(client: PinpointClient, ApplicationId: string): Promise<ChannelAnswer | undefined>;
  update(client: PinpointClient, ApplicationId: string, request: Request): Promise<ChannelAnswer | undefined>;
  remove(client: PinpointClient, ApplicationId: string): Promise<unknown>;
}

/** The four channels of APNs, under the names that a person types. */
export const APNS_CHANNELS = {
  apns: {
    channelType: "APNS",
    get: async (client, ApplicationId) =>
      (await client.send(new GetApnsChannelCommand({ ApplicationId }))).APNSChannelResponse,
    update: async (client, ApplicationId, APNSChannelRequest) =>
      (await client.send(new UpdateApnsChannelCommand({ ApplicationId, APNSChannelRequest }))).APNSChannelResponse,
    remove: (client, ApplicationId) => client.send(new DeleteApnsChannelCommand({ ApplicationId })),
  },
  "apns-sandbox": {
    channelType: "APNS_SANDBOX",
    get: async (client, ApplicationId) =>
      (await client.send(new GetApnsSandboxChannelCommand({ ApplicationId }))).APNSSandboxChannelResponse,
    update: async (client, ApplicationId, APNSSandboxChannelRequest) =>
      (await client.send(new UpdateApnsSandboxChannelCommand({ ApplicationId, APNSSandboxChannelRequest })))
        .APNSSandboxChannelResponse,
    remove: (client, ApplicationId) => client.send(new DeleteApnsSandboxChannelCommand({ ApplicationId })),
  },
  "apns-voip": {
    channelType: "APNS_VOIP",
    get: async (client, ApplicationId) =>
      (await client.send(new GetApnsVoipChannelCommand({ ApplicationId }))).APNSVoipChannelResponse,
    update: async (client, ApplicationId, APNSVoipChannelRequest) =>
      (await client.send(new UpdateApnsVoipChannelCommand({ ApplicationId, APNSVoipChannelRequest })))
        .APNSVoipChannelResponse,
    remove: (client, ApplicationId) => client.send(new DeleteApnsVoipChannelCommand({ ApplicationId })),
  },
  "apns-voip-sandbox": {
    channelType: "APNS_VOIP_SANDBOX",
    get: async (client, ApplicationId) =>
      (await client.send(new GetApnsVoipSandboxChannelCommand({ ApplicationId }))).APNSVoipSandboxChannelResponse,
    update: async (client, ApplicationId, APNSVoipSandboxChannelRequest) =>
      (await client.send(new UpdateApnsVoipSandboxChannelCommand({ ApplicationId, APNSVoipSandboxChannelRequest })))
        .APNSVoipSandboxChannelResponse,
    remove: (client, ApplicationId) => client.send(new DeleteApnsVoipSandboxChannelCommand({ ApplicationId })),
  },
} as const satisfies Record<string, ChannelOperations<APNSChannelRequest>>;

export const FCM_CHANNEL: ChannelOperations<GCMChannelRequest> = {
  channelType: "GCM",
  get: async (client, ApplicationId) =>
    (await client.send(new GetGcmChannelCommand({ ApplicationId }))).GCMChannelResponse,
  update: async (client, ApplicationId, GCMChannelRequest) =>
    (await client.send(new UpdateGcmChannelCommand({ ApplicationId, GCMChannelRequest }))).GCMChannelResponse,
  remove: (client, ApplicationId) => client.send(new DeleteGcmChannelCommand({ ApplicationId })),
};

export const ADM_CHANNEL: ChannelOperations<ADMChannelRequest> = {
  channelType: "ADM",
  get: async (client, ApplicationId) =>
    (await client.send(new GetAdmChannelCommand({ ApplicationId }))).ADMChannelResponse,
  update: async (client, ApplicationId, ADMChannelRequest) =>
    (await client.send(new UpdateAdmChannelCommand({ ApplicationId, ADMChannelRequest }))).ADMChannelResponse,
  remove: (client, ApplicationId) => client.send(new DeleteAdmChannelCommand({ ApplicationId })),
};

export const BAIDU_CHANNEL: ChannelOperations<BaiduChannelRequest> = {
  channelType: "BAIDU",
  get: async (client, ApplicationId) =>
    (await client.send(new GetBaiduChannelCommand({ ApplicationId }))).BaiduChannelResponse,
  update: async (client, ApplicationId, BaiduChannelRequest) =>
    (await client.send(new UpdateBaiduChannelCommand({ ApplicationId, BaiduChannelRequest }))).BaiduChannelResponse,
  remove: (client, ApplicationId) => client.send(new DeleteBaiduChannelCommand({ ApplicationId })),
};

/** All that can be asked about and disabled alike, by the names that a person types. */
export const PUSH_CHANNELS = {
  ...APNS_CHANNELS,
  fcm: FCM_CHANNEL,
  adm: ADM_CHANNEL,
  baidu: BAIDU_CHANNEL,
} as const satisfies Record<string, Pick<ChannelOperations<never>, "channelType" | "get" | "remove">>;

export type PushChannelName = keyof typeof PUSH_CHANNELS;

export const PUSH_CHANNEL_NAMES = Object.keys(PUSH_CHANNELS) as PushChannelName[];
