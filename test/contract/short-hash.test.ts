import { expect, it } from "vitest";
import { shortHash } from "../../shared/aws/short-hash.ts";

it.each([
  // @see https://csrc.nist.gov/csrc/media/projects/cryptographic-standards-and-guidelines/documents/examples/sha256.pdf
  { text: "abc", hash: "ba7816bf8f01" },
  { text: "", hash: "e3b0c44298fc" },
  // As UTF-8: the bytes c3 a9.
  { text: "é", hash: "4a99557e4033" },
])("the short hash of '$text' is $hash", ({ text, hash }) => {
  expect(shortHash(text)).toBe(hash);
});
