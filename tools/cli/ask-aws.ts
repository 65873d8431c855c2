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

/** Why a call to AWS failed, and the cure where there is one that does not depend on the call. */
export function awsProblem(cause: unknown): string {
  const { name = "Error", message = "" } = cause as Error;
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const text = message.replace(/\.$/, "");
  if (name === "CredentialsProviderError") {
    return "there are no AWS credentials. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
  }
  if (/Region is missing/.test(message)) return "no region is set. Set AWS_REGION.";
  if (/ExpiredToken|TokenRefreshRequired/.test(name))
    return "the AWS credentials have expired. Renew them, and try again.";
  if (/UnrecognizedClient|InvalidClientTokenId|SignatureDoesNotMatch|InvalidSignature/.test(name)) {
    return `AWS does not accept the credentials (${name}). Are they of the right account, and is the machine's clock right?`;
  }
  if (/AccessDenied|NotAuthorized|Forbidden/.test(name))
    return `${name}: ${text}. The credentials need that permission.`;
  if (/^E[A-Z_]+$/.test(code)) return `no connection (${code}). Are network, region and AWS_ENDPOINT_URL_… right?`;
  return text === "" ? `${name}.` : `${name}: ${text}.`;
}
