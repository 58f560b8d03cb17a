import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";

/** Length of a public key and of the seed of a private one, in bytes. */
export const ED25519_LENGTH = 32;

// The bytes before the 32 bytes of the key in PKCS #8 and in SubjectPublicKeyInfo (RFC 8410, sections 4 and 7).
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

export const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });

export const publicKeyOf = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });

/** The 32 bytes of a private key. */
export const seedOf = (key: KeyObject): Buffer => key.export({ type: "pkcs8", format: "der" }).subarray(-ED25519_LENGTH);

/** The 32 bytes of a public key. */
export const rawPublicKey = (key: KeyObject): Buffer => key.export({ type: "spki", format: "der" }).subarray(-ED25519_LENGTH);
