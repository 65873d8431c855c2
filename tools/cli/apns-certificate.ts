import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import forge from "node-forge";
import { UsageError } from "./usage-error.ts";

/** An APNs client certificate with its key, as the API wants it. */
export interface ApnsCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Who it is for, in Apple's words: `Apple Push Services: com.example.shop`. */
  readonly commonName: string;
  readonly expiresAt: Date;
}

/**
 * Reads a `.p12` as the Keychain exports it. Not by Node's own OpenSSL, which no longer reads the ciphers that the
 * Keychain uses and gives no PEM back.
 *
 * @param where the file, for messages
 * @throws {UsageError} when it is not one, the password is wrong, or it holds no certificate with its key
 */
export function readP12(bytes: Buffer, password: string, where: string): ApnsCertificate {
  const { certificates, keys } = contentsOf(bytes, password, where);
  for (const key of keys) {
    const certificate = certificates.find((candidate) => candidate.checkPrivateKey(key));
    if (certificate === undefined) continue;
    return {
      certificatePem: certificate.toString(),
      privateKeyPem: key.export({ type: "pkcs8", format: "pem" }).toString(),
      commonName: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject,
      expiresAt: certificate.validToDate,
    };
  }
  const lacks = keys.length === 0 ? "no private key" : "no certificate that belongs to its private key";
  throw new UsageError(
    `${where} has ${lacks}. In the Keychain, export the certificate together with the key that it unfolds to.`,
  );
}

function contentsOf(bytes: Buffer, password: string, where: string) {
  try {
    const p12 = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bytes.toString("binary")), password);
    const bags = p12.safeContents.flatMap(({ safeBags }) => safeBags);
    return {
      certificates: bags
        .filter(({ type }) => type === forge.pki.oids["certBag"])
        .map((bag) => new X509Certificate(derOf(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1))),
      keys: bags
        .filter(({ type }) => type === forge.pki.oids["keyBag"] || type === forge.pki.oids["pkcs8ShroudedKeyBag"])
        .map((bag): KeyObject => {
          // A key that is not RSA is not read any further, and stays as it was.
          const asn1 = bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1;
          return createPrivateKey({ key: derOf(asn1), format: "der", type: "pkcs8" });
        }),
    };
  } catch (cause) {
    const isPassword = /password|MAC could not be verified/i.test((cause as Error).message);
    throw new UsageError(
      isPassword
        ? passwordProblem(password, where)
        : `${where} is not a .p12 (PKCS #12) that can be read. ${EXPORT_AGAIN}`,
      { cause },
    );
  }
}

function passwordProblem(password: string, where: string): string {
  return password === ""
    ? `${where} is locked by a password. Give it with --password-file.`
    : `The password does not open ${where}. In the file of --password-file should be the one that was typed when it was exported.`;
}

const EXPORT_AGAIN =
  "Export certificate and key together from the Keychain, as .p12; or use a .p8 key, with --key, which does not expire.";

function derOf(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), "binary");
}
