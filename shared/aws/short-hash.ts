import { hash } from "node:crypto";
import type { ShortHash } from "../ports.ts";

/**
 * The first 12 hex digits of a text's SHA-256. A device token has several spellings: hash its identity
 * (`deviceTokenIdentity`), or the same device is not recognised.
 */
export const shortHash: ShortHash = (text) => hash("sha256", text, "hex").slice(0, 12);
