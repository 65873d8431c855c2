import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { PUSH_CHANNEL_TYPES, type PushChannelType } from "./wire.ts";

/** A channel as the service tells of it: never what it authenticates itself with. */
export interface Channel {
  readonly Platform: PushChannelType;
  readonly ApplicationId: string;
  readonly Enabled: boolean;
  readonly CreationDate: string;
  readonly LastModifiedDate: string;
  readonly Version: number;
  readonly Id: string;
  readonly IsArchived: false;
  readonly HasCredential: true;
  readonly DefaultAuthenticationMethod?: string;
  readonly HasTokenKey?: boolean;
  readonly HasFcmServiceCredentials?: boolean;
  /** Baidu's API key, which the service shows as it is. */
  readonly Credential?: string;
}

/** What an update of a channel says: the fields of `GCMChannelRequest`, `APNSChannelRequest` and their like. */
export type ChannelUpdate = Readonly<Record<string, unknown>>;

/** What the credentials of a channel amount to, or what is wrong with them. */
type Credentials =
  | Pick<Channel, "DefaultAuthenticationMethod" | "HasTokenKey" | "HasFcmServiceCredentials" | "Credential">
  | { readonly problem: string };

/** The applications of an account and the channels of each. */
export class Applications {
  readonly #applications = new Map<string, Application>();
  readonly #onChange: (ids: readonly string[]) => void;

  /** `onChange`: told which there are when one is created or removed. */
  constructor(
    enabled: Readonly<Record<string, readonly PushChannelType[]>>,
    onChange: (ids: readonly string[]) => void = () => undefined,
  ) {
    this.#onChange = onChange;
    for (const [id, channelTypes] of Object.entries(enabled)) {
      const application = new Application({ id, name: id });
      for (const channelType of channelTypes) application.put(channelType, GOOD_CREDENTIALS[channelType], true);
      this.#applications.set(id, application);
    }
  }

  create(name: string, tags: Readonly<Record<string, string>>): Application {
    const application = new Application({ id: randomBytes(16).toString("hex"), name, tags });
    this.#applications.set(application.id, application);
    this.#onChange([...this.#applications.keys()]);
    return application;
  }

  get(id: string): Application | undefined {
    return this.#applications.get(id);
  }

  all(): Application[] {
    return [...this.#applications.values()];
  }

  remove(id: string): void {
    this.#applications.delete(id);
    this.#onChange([...this.#applications.keys()]);
  }
}

export class Application {
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly createdAt = new Date().toISOString();
  readonly tags: Map<string, string>;
  readonly #channels = new Map<PushChannelType, Channel>();
  #enabled: ReadonlySet<PushChannelType> = new Set();

  constructor(facts: { readonly id: string; readonly name: string; readonly tags?: Readonly<Record<string, string>> }) {
    this.id = facts.id;
    this.name = facts.name;
    this.arn = `arn:aws:mobiletargeting:us-east-1:000000000000:apps/${facts.id}`;
    this.tags = new Map(Object.entries(facts.tags ?? {}));
  }

  /** The channels that messages can be sent through now. */
  get enabled(): ReadonlySet<PushChannelType> {
    return this.#enabled;
  }

  get channels(): ReadonlyMap<PushChannelType, Channel> {
    return this.#channels;
  }

  /** "Enables the channel for an application or updates the status and settings." What it lacks, the channel keeps. */
  update(channelType: PushChannelType, update: ChannelUpdate): Channel | { readonly problem: string } {
    const before = this.#channels.get(channelType);
    const credentials = credentialsOf(channelType, update, before);
    if ("problem" in credentials) return credentials;
    return this.put(channelType, credentials, update["Enabled"] !== false);
  }

  put(channelType: PushChannelType, credentials: Credentials, Enabled: boolean): Channel {
    const now = new Date().toISOString();
    const before = this.#channels.get(channelType);
    const channel: Channel = {
      Platform: channelType,
      ApplicationId: this.id,
      Id: channelType.toLowerCase(),
      Enabled,
      CreationDate: before?.CreationDate ?? now,
      LastModifiedDate: now,
      Version: (before?.Version ?? 0) + 1,
      IsArchived: false,
      HasCredential: true,
      ...credentials,
    };
    this.#channels.set(channelType, channel);
    this.#noteEnabled();
    return channel;
  }

  /** "Disables the channel for an application and deletes any existing settings for the channel." */
  remove(channelType: PushChannelType): Channel | undefined {
    const channel = this.#channels.get(channelType);
    this.#channels.delete(channelType);
    this.#noteEnabled();
    return channel && { ...channel, Enabled: false };
  }

  #noteEnabled(): void {
    this.#enabled = new Set(PUSH_CHANNEL_TYPES.filter((channelType) => this.#channels.get(channelType)?.Enabled));
  }
}

const APNS = { DefaultAuthenticationMethod: "TOKEN", HasTokenKey: true } as const;

/** Of an application that is there from the beginning. */
const GOOD_CREDENTIALS = {
  GCM: { DefaultAuthenticationMethod: "TOKEN", HasFcmServiceCredentials: true },
  APNS,
  APNS_SANDBOX: APNS,
  APNS_VOIP: APNS,
  APNS_VOIP_SANDBOX: APNS,
  ADM: {},
  BAIDU: { Credential: "baidu-api-key" },
} as const satisfies Record<PushChannelType, Credentials>;

function credentialsOf(channelType: PushChannelType, update: ChannelUpdate, before: Channel | undefined): Credentials {
  switch (channelType) {
    case "GCM":
      return gcmCredentials(update, before);
    case "ADM":
      return missing(update, "ClientId", "ClientSecret") ?? {};
    case "BAIDU":
      return missing(update, "ApiKey", "SecretKey") ?? { Credential: String(update["ApiKey"]) };
    default:
      return apnsCredentials(update, before);
  }
}

/** "The default authentication method used for GCM. Values are either TOKEN or KEY. Defaults to KEY." */
function gcmCredentials(update: ChannelUpdate, before: Channel | undefined): Credentials {
  const method = update["DefaultAuthenticationMethod"] ?? "KEY";
  if (method === "KEY") {
    return missing(update, "ApiKey") ?? { DefaultAuthenticationMethod: "KEY", HasFcmServiceCredentials: false };
  }
  if (method !== "TOKEN") return { problem: "DefaultAuthenticationMethod must be KEY or TOKEN" };
  if (isAbsent(update["ServiceJson"]) && before?.HasFcmServiceCredentials === true) return GOOD_CREDENTIALS.GCM;
  const lacks = missing(update, "ServiceJson");
  if (lacks !== undefined) return lacks;
  return isServiceAccount(update["ServiceJson"])
    ? GOOD_CREDENTIALS.GCM
    : { problem: "ServiceJson is not the key of a service account" };
}

/** The default where none is named is what the update brings. */
function apnsCredentials(update: ChannelUpdate, before: Channel | undefined): Credentials {
  const isToken = !isAbsent(update["TokenKey"]);
  const isCertificate = !isAbsent(update["Certificate"]);
  const method = update["DefaultAuthenticationMethod"] ?? (isToken ? "TOKEN" : "CERTIFICATE");
  if (method !== "TOKEN" && method !== "CERTIFICATE") {
    return { problem: "DefaultAuthenticationMethod must be CERTIFICATE or TOKEN" };
  }
  if (!isToken && !isCertificate && before !== undefined) {
    return { DefaultAuthenticationMethod: method, HasTokenKey: before.HasTokenKey ?? false };
  }
  const lacks =
    method === "TOKEN"
      ? missing(update, "TokenKey", "TokenKeyId", "TeamId", "BundleId")
      : missing(update, "Certificate", "PrivateKey");
  if (lacks !== undefined) return lacks;
  const isGood =
    method === "TOKEN"
      ? isTokenKey(update["TokenKey"])
      : isCertificateWithKey(update["Certificate"], update["PrivateKey"]);
  if (!isGood) {
    return {
      problem: method === "TOKEN" ? "The provided token key is not valid" : "The provided certificate is not valid",
    };
  }
  return { DefaultAuthenticationMethod: method, HasTokenKey: isToken };
}

function missing(update: ChannelUpdate, ...fields: readonly string[]): { readonly problem: string } | undefined {
  const lacking = fields.filter((field) => isAbsent(update[field]));
  return lacking.length === 0 ? undefined : { problem: `Missing credentials: ${lacking.join(", ")}` };
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function isServiceAccount(text: unknown): boolean {
  try {
    const account = JSON.parse(String(text));
    return typeof account.client_email === "string" && createPrivateKey(account.private_key) !== undefined;
  } catch {
    return false;
  }
}

/** APNs signs its tokens with ES256. */
function isTokenKey(text: unknown): boolean {
  try {
    return createPrivateKey(String(text)).asymmetricKeyDetails?.namedCurve === "prime256v1";
  } catch {
    return false;
  }
}

function isCertificateWithKey(certificateText: unknown, keyText: unknown): boolean {
  try {
    const certificate = new X509Certificate(String(certificateText));
    return certificate.checkPrivateKey(createPrivateKey(String(keyText))) && certificate.validToDate > new Date();
  } catch {
    return false;
  }
}
