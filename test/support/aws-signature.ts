import { createHash, createHmac } from "node:crypto";
import type { ServedRequest } from "./fake-http-service.ts";

/**
 * The signature that AWS would compute of a POST as it came, to be compared with the one that it brought. Emulators look at
 * none, so nothing else here would notice a request that is changed after it was signed.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signatureOf({ path, headers, body }: ServedRequest, secretAccessKey: string): string {
  const { authorization = "" } = headers;
  const [, scope = "", signedHeaders = ""] = /Credential=[^/]+\/(\S+), SignedHeaders=(\S+),/.exec(authorization) ?? [];
  const canonicalHeaders = signedHeaders.split(";").map((name) => `${name}:${String(headers[name]).trim()}\n`);
  const canonical = ["POST", path, "", canonicalHeaders.join(""), signedHeaders, sha256(body)].join("\n");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha256(canonical)].join("\n");
  const key = scope.split("/").reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${secretAccessKey}`);
  return hmac(key, text).toString("hex");
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
