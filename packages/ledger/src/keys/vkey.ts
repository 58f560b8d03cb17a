import { createPublicKey, type KeyObject } from "node:crypto";
import { decodeBase64 } from "../encoding/base64.ts";
import { LedgerError } from "../ledger-error.ts";
import { sha256 } from "../merkle/merkle.ts";
import { ED25519_LENGTH, publicKeyOf, rawPublicKey } from "./ed25519.ts";

/**
 * Signature types of C2SP signed-note: 0x01 is Ed25519 over the text, 0x04 is a witness's Ed25519 over the text and a time
 * (C2SP tlog-cosignature). Lines of other types count as lines of unknown keys.
 */
export const KEY_TYPE = { signature: 0x01, cosignature: 0x04 } as const;
/** One of `KEY_TYPE`. */
export type KeyType = (typeof KEY_TYPE)[keyof typeof KEY_TYPE];

/** A verifier key (C2SP signed-note): a public key with its name. */
export interface Vkey {
  /** Name of the key. For the key of a log: its origin. */
  readonly name: string;
  /** What the key signs. */
  readonly type: KeyType;
  /** First 4 bytes of SHA-256(name || LF || type || public key), as 8 hex digits. A label, not a fingerprint. */
  readonly id: string;
  /** Ed25519 public key. */
  readonly key: KeyObject;
}

/** The keys that `vkeyOf` needs, see `LedgerKeys`. */
export interface SigningKeys {
  readonly name: string;
  readonly sign?: KeyObject | undefined;
  readonly public?: KeyObject | undefined;
}

const VKEY = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u;
const NAME = /^[^\s+\p{Cc}]+$/u;

/** True for a text that can name a key: not empty, no white space, no control character, no `+`, no lone surrogate. */
export const isKeyName = (name: string): boolean => NAME.test(name) && name.isWellFormed();

/**
 * The verifier key of an Ed25519 key, private or public (C2SP signed-note).
 * @param name name of the key. For the key of a log: its origin
 * @param type what the key signs. Default `KEY_TYPE.signature`
 * @throws {LedgerError} `BAD_VKEY`: not an Ed25519 key, or a name with spaces, control characters or `+`
 */
export function makeVkey(name: string, key: KeyObject, type: KeyType = KEY_TYPE.signature): Vkey {
  if (key.asymmetricKeyType !== "ed25519") throw new LedgerError("BAD_VKEY", `The key of ${name} is not an Ed25519 key.`);
  if (!isKeyName(name)) {
    throw new LedgerError("BAD_VKEY", `${JSON.stringify(name)} cannot name a key: no spaces, control characters or "+", and not empty.`);
  }
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return { name, type, id: idOf(name, type, rawPublicKey(publicKey)), key: publicKey };
}

/**
 * Parses `name+id+base64(type || public key)` (C2SP signed-note).
 * @throws {LedgerError} `BAD_VKEY`: malformed, a type other than 0x01 and 0x04, or an id that is not the key's
 */
export function parseVkey(text: string): Vkey {
  const [, name, id, encoded] = VKEY.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  if (name === undefined || bytes === undefined || !isKeyName(name)) {
    throw new LedgerError("BAD_VKEY", `${JSON.stringify(text)} is not of the form name+id+base64.`);
  }
  const type = bytes[0];
  if ((type !== KEY_TYPE.signature && type !== KEY_TYPE.cosignature) || bytes.length !== 1 + ED25519_LENGTH) {
    throw new LedgerError("BAD_VKEY", `The key of ${name} is of another kind than Ed25519 (types 0x01 and 0x04).`);
  }
  const raw = bytes.subarray(1);
  if (idOf(name, type, raw) !== id)
    throw new LedgerError("BAD_VKEY", `The key of ${name} has another id than ${id}; a character may be wrong.`);
  return { name, type, id, key: publicKeyOf(raw) };
}

/** Writes `name+id+base64(type || public key)`, on one line. */
export function formatVkey({ name, type, id, key }: Vkey): string {
  return `${name}+${id}+${Buffer.concat([Uint8Array.of(type), rawPublicKey(key)]).toString("base64")}`;
}

/**
 * The key id of a name and a public key (C2SP signed-note): the first 4 bytes of SHA-256(name || LF || type || public key).
 * @param publicKey 32 bytes
 * @returns 4 bytes
 */
export function keyId(name: string, type: KeyType, publicKey: Uint8Array): Buffer<ArrayBuffer> {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Uint8Array.of(type), publicKey])).subarray(0, 4);
}

/**
 * The text of a log's verifier key in one generation. Its origin is `<name>/<generation>`.
 * @param generation 1, 2, …: one more each time a log begins anew after a restore
 * @throws {LedgerError} `BAD_KEYS`: neither signing key nor public key is among the keys, or a generation that is not 1, 2, …
 */
export function vkeyOf(keys: SigningKeys, generation: number): string {
  const key = keys.public ?? keys.sign;
  if (key === undefined) throw new LedgerError("BAD_KEYS", `These keys of ${keys.name} have no public key; use those of the checkpointer.`);
  if (!Number.isSafeInteger(generation) || generation < 1)
    throw new LedgerError("BAD_KEYS", `${generation} is not a generation; the first is 1.`);
  return formatVkey(makeVkey(`${keys.name}/${generation}`, key));
}

const idOf = (name: string, type: KeyType, publicKey: Uint8Array): string => keyId(name, type, publicKey).toString("hex");
