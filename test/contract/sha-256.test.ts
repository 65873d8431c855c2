import { expect, it } from "vitest";
import { Sha256 } from "../../shared/aws/sha-256.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const hex = (digest: Uint8Array) => Buffer.from(digest).toString("hex");
const key = bytes("key");

it.each([
  // @see https://csrc.nist.gov/csrc/media/projects/cryptographic-standards-and-guidelines/documents/examples/sha256.pdf
  { data: "abc", hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
  { data: bytes("abc"), hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
  { data: bytes("abc").buffer, hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
  { data: bytes("xabcx").subarray(1, 4), hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
  { data: "", hash: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
])("SHA-256 of $data is $hash", async ({ data, hash }) => {
  const sha256 = new Sha256();
  sha256.update(data);
  expect(hex(await sha256.digest())).toBe(hash);
});

it.each([
  { what: "a text", secret: "key" },
  { what: "bytes", secret: key },
  { what: "the same bytes again", secret: key },
  { what: "a part of a buffer", secret: bytes("a key!").subarray(2, 5) },
])("HMAC by $what is that of RFC 2104", async ({ secret }) => {
  const sha256 = new Sha256(secret);
  sha256.update("The quick brown fox ");
  sha256.update(bytes("jumps over the lazy dog"));
  expect(hex(await sha256.digest())).toBe("f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
});
