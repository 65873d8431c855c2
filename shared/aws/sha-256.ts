import { createHash, createHmac, createSecretKey, type KeyObject } from "node:crypto";

type Data = string | ArrayBuffer | ArrayBufferView;

/**
 * SHA-256, and with a secret HMAC of it, as the SDK wants it for its signatures. The SDK's own makes a key object anew for
 * each signature, which takes longer than all hashing for it; the key of a day is the same object for all of them.
 */
export class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(secret?: Data) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", keyOf(secret));
  }

  update(data: Data): void {
    this.#hash.update(typeof data === "string" ? data : bytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

const keys = new WeakMap<object, KeyObject>();

function keyOf(secret: Data): string | KeyObject {
  if (typeof secret === "string") return secret;
  const known = keys.get(secret) ?? createSecretKey(bytes(secret));
  keys.set(secret, known);
  return known;
}

function bytes(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
