import { generateKeyPairSync } from "node:crypto";

/** Credentials as the push services hand them out, made anew: secrets of nothing. */

/** The text of a `.p8`. */
export function apnsKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** The text of a service account's JSON. */
export function serviceAccount(overrides: Readonly<Record<string, unknown>> = {}): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return JSON.stringify({
    type: "service_account",
    project_id: "example-shop",
    private_key_id: "0123456789abcdef",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    client_email: "push@example-shop.iam.gserviceaccount.com",
    client_id: "1",
    ...overrides,
  });
}
