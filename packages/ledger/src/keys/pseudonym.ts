import type { KeyObject } from "node:crypto";
import { LedgerError } from "../ledger-error.ts";
import { keyedHashOfText } from "./keyed-hash.ts";
import type { LedgerKeys, PseudonymKey } from "./keys.ts";

const LONGEST_ID = 512;
const REMEMBERED = 8_192;

/**
 * The pseudonym of a person under the newest key epoch: `kid "." hex` of the first 16 bytes of HMAC-SHA-256 over `daybook/sub/v1`, LF
 * and the id as UTF-8.
 * @param userId id of the person in the application, 1 to 512 bytes; neither case-folded nor trimmed
 * @returns `kid`, a dot and 32 hexadecimal digits
 * @throws {LedgerError} `BAD_EVENT`: not such an id; `BAD_KEYS`: no pseudonym key among the keys
 */
export const pseudonymOf = (keys: LedgerKeys, userId: string): string => recent("sub", newest(keys), userId);

/** The pseudonyms of a person under all live key epochs; a look-up must try each. @throws {LedgerError} `BAD_EVENT` */
export const pseudonymsOf = (keys: LedgerKeys, userId: string): string[] => keys.sub.map((key) => recent("sub", key, userId));

/**
 * Digest that is stored instead of a session id, which is a credential: like `pseudonymOf`, under `daybook/sid/v1`.
 * @throws {LedgerError} `BAD_EVENT`, `BAD_KEYS`
 */
export const sessionDigest = (keys: LedgerKeys, sessionId: string): string => recent("sid", newest(keys), sessionId);

/** First 16 bytes of HMAC-SHA-256 over `daybook/<what>/v1`, LF and the text, as 32 lower-case hexadecimal digits. */
export function keyedDigest(key: KeyObject, what: "sub" | "sid" | "tenant" | "suppress", text: string): string {
  return keyedHashOfText(key, `daybook/${what}/v1\n${text}`, "hex").slice(0, 32);
}

/** @throws {LedgerError} `BAD_KEYS` */
export function newest(keys: LedgerKeys): PseudonymKey {
  const key = keys.sub.at(-1);
  if (key === undefined) throw new LedgerError("BAD_KEYS", "These keys have no pseudonym key; use those of a writer.");
  return key;
}

interface Recent {
  young: Map<string, string>;
  old: Map<string, string>;
}

const remembered = new WeakMap<KeyObject, { sub: Recent; sid: Recent }>();

// One person makes many events in a row. Two generations of the cache bound its memory: an id unused for a whole generation is dropped.
function recent(what: "sub" | "sid", { kid, key }: PseudonymKey, text: string): string {
  let both = remembered.get(key);
  if (both === undefined) {
    both = { sub: { young: new Map(), old: new Map() }, sid: { young: new Map(), old: new Map() } };
    remembered.set(key, both);
  }
  const cache = both[what];
  const known = cache.young.get(text);
  if (known !== undefined) return known;
  let digest = cache.old.get(text);
  if (digest === undefined) {
    checkId(what, text);
    digest = `${kid}.${keyedDigest(key, what, text)}`;
  }
  if (cache.young.size >= REMEMBERED) {
    cache.old = cache.young;
    cache.young = new Map();
  }
  cache.young.set(text, digest);
  return digest;
}

function checkId(what: "sub" | "sid", text: string): void {
  if (
    typeof text !== "string" ||
    text === "" ||
    !text.isWellFormed() ||
    (text.length > LONGEST_ID / 3 && Buffer.byteLength(text) > LONGEST_ID)
  ) {
    const name = what === "sub" ? "The id of a person" : "A session id";
    throw new LedgerError("BAD_EVENT", `${name} is well-formed text of 1 to ${LONGEST_ID} bytes; turn numbers into text.`);
  }
}
