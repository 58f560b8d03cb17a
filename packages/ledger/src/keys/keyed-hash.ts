import { hash, type KeyObject } from "node:crypto";

const BLOCK = 64;
const LONGEST_MESSAGE = 4_096;

/** The padded key, followed by room for the message. */
interface Pads {
  readonly inner: Buffer;
  readonly outer: Buffer;
}

const known = new WeakMap<KeyObject, Pads>();

/**
 * HMAC-SHA-256 (RFC 2104) of a short text as UTF-8, made of two one-shot hashes. For short messages `createHmac` costs more than twice as
 * much, because it makes an object outside the JavaScript heap.
 * @param key a secret key
 * @returns the digest in `encoding`
 */
export function keyedHashOfText(key: KeyObject, text: string, encoding: "hex" | "binary"): string {
  const pads = padsOf(key);
  const longest = 3 * text.length;
  if (longest <= LONGEST_MESSAGE) return finish(pads, pads.inner.subarray(0, BLOCK + pads.inner.write(text, BLOCK, "utf8")), encoding);
  return finish(pads, Buffer.concat([pads.inner.subarray(0, BLOCK), Buffer.from(text, "utf8")]), encoding);
}

/** HMAC-SHA-256 of at most 4,096 bytes, see `keyedHashOfText`. */
export function keyedHashOfBytes(key: KeyObject, message: Uint8Array, encoding: "hex" | "binary"): string {
  const pads = padsOf(key);
  pads.inner.set(message, BLOCK);
  return finish(pads, pads.inner.subarray(0, BLOCK + message.length), encoding);
}

function finish({ outer }: Pads, inner: Uint8Array, encoding: "hex" | "binary"): string {
  outer.write(hash("sha256", inner, "binary"), BLOCK, "latin1");
  return hash("sha256", outer, encoding);
}

function padsOf(key: KeyObject): Pads {
  let pads = known.get(key);
  if (pads === undefined) {
    let secret: Buffer = key.export();
    if (secret.length > BLOCK) secret = Buffer.from(hash("sha256", secret, "hex"), "hex");
    const inner = Buffer.alloc(BLOCK + LONGEST_MESSAGE, 0x36);
    const outer = Buffer.alloc(BLOCK + 32, 0x5c);
    for (let i = 0; i < secret.length; i++) {
      inner[i]! ^= secret[i]!;
      outer[i]! ^= secret[i]!;
    }
    secret.fill(0);
    pads = { inner, outer };
    known.set(key, pads);
  }
  return pads;
}
