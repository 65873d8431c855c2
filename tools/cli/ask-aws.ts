import { UsageError } from "./usage-error.ts";

/**
 * What a call to AWS resolves to.
 *
 * @param what what it was to do, as the end of "Cannot …"
 * @throws {UsageError} that says why it was not done, and what to do about it
 */
export async function askAws<Answer>(what: string, call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (cause) {
    throw new UsageError(`Cannot ${what}: ${awsProblem(cause)}`, { cause });
  }
}

/**
 * Why a call to AWS failed, and the cure where there is one that does not depend on the call.
 *
 * @param profile `AWS_PROFILE`
 */
export function awsProblem(cause: unknown, profile = process.env["AWS_PROFILE"]): string {
  const { name = "Error", message = "" } = cause as Error;
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const text = message.replace(/\.$/, "");
  if (/CredentialsProviderError|TokenProviderError/.test(name)) return credentialsProblem(text, profile);
  if (/Region is missing/.test(message)) return "no region is set. Set AWS_REGION.";
  if (/Region not accepted/.test(message)) return "AWS_REGION is not a region. Set it to one, such as eu-west-1.";
  if (/ExpiredToken|TokenRefreshRequired/.test(name))
    return "the AWS credentials have expired. Renew them, and try again.";
  if (/UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|InvalidSignature/.test(name)) {
    return `AWS does not accept the credentials (${name}). Are they of the right account, and is the machine's clock right?`;
  }
  if (/AccessDenied|NotAuthorized|Forbidden/.test(name))
    return `${name}: ${text}. The credentials need that permission.`;
  // Of the APIs that are called from here, only Pinpoint's has an error of this name, and all that it may miss is the application.
  if (name === "NotFoundException") {
    return `there is no such application in this account and region (${name}). Those that there are: sluice app list, with the same --stage.`;
  }
  if (/ResourceNotFound|NonExistentQueue|QueueDoesNotExist|NoSuchBucket/.test(name))
    return `it is not there any more (${name}). What to do, says sluice doctor, with the same --stage.`;
  if (/Deserialization error/.test(message)) {
    return "what answers there is not AWS. Is AWS_ENDPOINT_URL_… right, and is a proxy in between?";
  }
  if (/^E[A-Z_]+$/.test(code)) return `no connection (${code}). Are network, region and AWS_ENDPOINT_URL_… right?`;
  return text === "" ? `${name}.` : `${name}: ${text}.`;
}

function credentialsProblem(text: string, profile: string | undefined): string {
  if (/sso/i.test(text)) return `${text}. Log in again, with aws sso login.`;
  const where = profile === undefined ? "" : ` in the profile ${profile}`;
  return `there are no AWS credentials${where}. Set AWS_PROFILE to one that has some, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.`;
}
