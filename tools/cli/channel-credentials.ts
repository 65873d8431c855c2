import { createPrivateKey } from "node:crypto";
import type {
  ADMChannelRequest,
  APNSChannelRequest,
  BaiduChannelRequest,
  GCMChannelRequest,
} from "@aws-sdk/client-pinpoint";
import { isJsonObject, parseJson } from "../../shared/core/request/parse-json.ts";
import { readP12 } from "./apns-certificate.ts";
import { readInputFile, textOf } from "./input-file.ts";
import { UsageError } from "./usage-error.ts";

/** What enables a channel, and what may be said of it: nothing of `request` may ever be shown. */
export interface ChannelCredentials<Request> {
  readonly request: Request;
  /** For a person: `key ABC123DEFG of team DEF456GHIJ`. */
  readonly what: string;
  /** Where they end by themselves. */
  readonly expiresAt?: Date;
}

export interface ApnsOptions {
  readonly key?: string;
  readonly keyId?: string;
  readonly teamId?: string;
  readonly bundleId?: string;
  readonly certificate?: string;
  readonly passwordFile?: string;
}

/** A `.p8` key, or a `.p12` certificate. @throws {UsageError} when neither is whole */
export async function apnsCredentials(
  options: ApnsOptions,
  now: Date,
): Promise<ChannelCredentials<APNSChannelRequest>> {
  const { key, certificate } = options;
  if (key !== undefined && certificate === undefined) return apnsKey(key, options);
  if (certificate !== undefined && key === undefined) return apnsCertificate(certificate, options, now);
  throw new UsageError(
    "APNs wants one of two: --key FILE.p8 with --key-id, --team-id and --bundle-id, or --certificate FILE.p12.",
  );
}

async function apnsKey(path: string, options: ApnsOptions): Promise<ChannelCredentials<APNSChannelRequest>> {
  const { keyId: TokenKeyId, teamId: TeamId, bundleId: BundleId } = options;
  const missing = Object.entries({ "--key-id": TokenKeyId, "--team-id": TeamId, "--bundle-id": BundleId })
    .filter(([, value]) => value === undefined)
    .map(([name]) => name);
  if (missing.length > 0) {
    throw new UsageError(
      `--key also wants ${missing.join(", ")}: the key's and the team's ids stand in Apple's developer account, the bundle id is the app's.`,
    );
  }
  for (const [name, value = ""] of Object.entries({ "--key-id": TokenKeyId, "--team-id": TeamId })) {
    if (!/^[A-Z0-9]{10}$/.test(value))
      throw new UsageError(`${name} should be 10 capital letters and digits, as Apple's developer account shows it.`);
  }
  const TokenKey = (await readSecretFile(path)).toString("utf8").trim();
  if (namedCurveOf(TokenKey) !== "prime256v1") {
    const isCertificate = TokenKey.includes("BEGIN CERTIFICATE");
    throw new UsageError(
      `${path} is not an APNs key${isCertificate ? ", but a certificate" : ""}: it should be the .p8 file as Apple gives it, once, for download.`,
    );
  }
  return {
    request: { DefaultAuthenticationMethod: "TOKEN", TokenKey, TokenKeyId, TeamId, BundleId, Enabled: true },
    what: `key ${TokenKeyId} of team ${TeamId} for ${BundleId}`,
  };
}

function namedCurveOf(pem: string): string | undefined {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve;
  } catch {
    return undefined;
  }
}

async function apnsCertificate(
  path: string,
  { passwordFile, bundleId: BundleId }: ApnsOptions,
  now: Date,
): Promise<ChannelCredentials<APNSChannelRequest>> {
  if (path === "-" && passwordFile === "-") throw onlyOneFromStandardInput("--certificate", "--password-file");
  const password = passwordFile === undefined ? "" : await readSecret(passwordFile);
  const { certificatePem, privateKeyPem, commonName, expiresAt } = readP12(await readSecretFile(path), password, path);
  if (expiresAt <= now) {
    throw new UsageError(
      `The certificate in ${path} (${commonName}) expired on ${expiresAt.toISOString()}. Make a new one in Apple's developer account, or use a .p8 key: it does not expire.`,
    );
  }
  return {
    request: {
      DefaultAuthenticationMethod: "CERTIFICATE",
      Certificate: certificatePem,
      PrivateKey: privateKeyPem,
      ...(BundleId === undefined ? {} : { BundleId }),
      Enabled: true,
    },
    what: `certificate ${commonName}`,
    expiresAt,
  };
}

/** The key of a service account, as the Firebase console gives it. @throws {UsageError} when the file is none */
export async function fcmCredentials(path: string): Promise<ChannelCredentials<GCMChannelRequest>> {
  const ServiceJson = (await readSecretFile(path)).toString("utf8").trim();
  const account = serviceAccountIn(ServiceJson);
  if ("problem" in account) {
    throw new UsageError(
      `${path} is not the key of a service account: ${account.problem}. In the Firebase console: Project settings, Service accounts, Generate new private key.`,
    );
  }
  return {
    // Said, because the API's own default is KEY: the legacy API, which Google has shut down.
    request: { DefaultAuthenticationMethod: "TOKEN", ServiceJson, Enabled: true },
    what: `service account ${account.client_email} of project ${account.project_id}`,
  };
}

const ACCOUNT_FIELDS = ["project_id", "client_email", "private_key"] as const;

type ServiceAccount = Readonly<Record<(typeof ACCOUNT_FIELDS)[number], string>>;

/** Or why it is none, without a word of it. */
function serviceAccountIn(text: string): ServiceAccount | { readonly problem: string } {
  const parsed = parseJson(text);
  if (!parsed.ok) return { problem: `it ${parsed.message}` };
  const account = isJsonObject(parsed.value) ? parsed.value : {};
  if ("project_info" in account) {
    return { problem: "it is google-services.json, the app's own configuration, which holds no key" };
  }
  if (account["type"] !== "service_account") return { problem: 'its "type" is not "service_account"' };
  const lacking = ACCOUNT_FIELDS.filter((field) => typeof account[field] !== "string" || account[field] === "");
  if (lacking.length > 0) return { problem: `it lacks ${lacking.join(", ")}` };
  const whole = account as ServiceAccount;
  return isPrivateKey(whole.private_key)
    ? whole
    : { problem: "its private_key cannot be read; was it cut or changed?" };
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).type === "private";
  } catch {
    return false;
  }
}

export interface AdmOptions {
  readonly clientId: string;
  readonly clientSecretFile: string;
}

export async function admCredentials(options: AdmOptions): Promise<ChannelCredentials<ADMChannelRequest>> {
  const ClientSecret = await readSecret(options.clientSecretFile);
  return { request: { ClientId: options.clientId, ClientSecret, Enabled: true }, what: `client ${options.clientId}` };
}

export interface BaiduOptions {
  readonly apiKeyFile: string;
  readonly secretKeyFile: string;
}

export async function baiduCredentials(options: BaiduOptions): Promise<ChannelCredentials<BaiduChannelRequest>> {
  const { apiKeyFile, secretKeyFile } = options;
  if (apiKeyFile === "-" && secretKeyFile === "-") {
    throw onlyOneFromStandardInput("--api-key-file", "--secret-key-file");
  }
  const ApiKey = await readSecret(apiKeyFile);
  const SecretKey = await readSecret(secretKeyFile);
  return { request: { ApiKey, SecretKey, Enabled: true }, what: "API key and secret key" };
}

function onlyOneFromStandardInput(one: string, other: string): UsageError {
  return new UsageError(`Only one of ${one} and ${other} can come from standard input. Put the other into a file.`);
}

/** A secret of one line, without the end of the line. */
async function readSecret(path: string): Promise<string> {
  const secret = textOf(await readSecretFile(path), path).replace(/\r?\n$/, "");
  if (secret.trim() === "" || /[\r\n]/.test(secret))
    throw new UsageError(`${path === "-" ? "Standard input" : path} should hold the secret alone, on one line.`);
  return secret;
}

/** @throws {UsageError} when it cannot be read, or would be shown while it is typed */
function readSecretFile(path: string): Promise<Buffer> {
  if (path !== "-" || !process.stdin.isTTY) return readInputFile(path);
  throw new UsageError(
    "Standard input is a terminal, which shows what is typed. Pipe the secret into it, or name a file.",
  );
}
