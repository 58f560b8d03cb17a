import { createPublicKey, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { decodeBase64 } from "../encoding/base64.ts";
import { defined } from "../encoding/defined.ts";
import { LedgerError } from "../ledger-error.ts";
import { privateKeyOf, publicKeyOf, rawPublicKey, seedOf } from "./ed25519.ts";
import type { Random } from "./random.ts";
import { isKeyName } from "./vkey.ts";

export const KEYS_FORMAT = "daybook-keys/1";

const KEY_LENGTH = 32;

/** Pseudonym key of one key epoch. Once it is destroyed, its pseudonyms can no longer be linked to ids. */
export interface PseudonymKey {
  /** Key epoch, `[a-z0-9]{1,8}`; the first is `1`. */
  readonly kid: string;
  /** HMAC key, 32 bytes. */
  readonly key: KeyObject;
}

/** Keys derived from a root that is no longer in use. */
export interface RetiredRoot {
  /** HMAC key of its seals. */
  readonly seal: KeyObject;
  /** Sequence number of the last row it sealed. */
  readonly untilSeq: number;
  /** Ed25519 public key of the checkpoints it signed; still trusted. */
  readonly public?: KeyObject;
  /** Ed25519 private key, for the checkpointer only: it signs beside the newer key until verifiers have learned that key. */
  readonly sign?: KeyObject;
  /** End of its signing, milliseconds since the Unix epoch; present exactly if `sign` is. */
  readonly signsUntil?: number;
}

/** Keys of one log, ready for use. The role they were split for decides which are present. */
export interface LedgerKeys {
  /** Name of the log. The origin of its checkpoints is `<name>/<generation>`. */
  readonly name: string;
  /** Root secret, 32 bytes, that seal and signing key are derived from; absent once split. */
  readonly root?: KeyObject;
  /** HMAC key of the seals, for writers, the checkpointer and the owner's `verify`. */
  readonly seal?: KeyObject;
  /** Ed25519 private key of the checkpoints, for the checkpointer only. */
  readonly sign?: KeyObject;
  /** Ed25519 public key of the checkpoints. */
  readonly public?: KeyObject;
  /** Pseudonym keys, one for each live key epoch, the newest last. */
  readonly sub: readonly PseudonymKey[];
  /** HMAC key of suppression tags, see `suppressionTag`. */
  readonly suppress?: KeyObject;
  /** Earlier roots, oldest first. */
  readonly retired: readonly RetiredRoot[];
}

/** Role that keys are split for: the application, the process that signs checkpoints, or a reader that checks seals. */
export type KeysRole = "app" | "checkpointer" | "auditor";

/**
 * Makes the keys of a new log: a random root, a random pseudonym key of key epoch `1`, a random suppression key.
 * @param name name of the log, such as `example.com/daybook/audit`: 1 to 200 characters without white space, control characters and `+`
 * @param random must be cryptographically secure, such as `randomBytes` of node:crypto
 * @throws {LedgerError} `BAD_KEYS`: not such a name
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { formatKeys, newKeys, parseKeys, splitKeys } from "@daybook/ledger";
 *
 * const file = formatKeys(newKeys("example.com/audit", randomBytes));
 * const forTheApplication = splitKeys(parseKeys(file), "app");
 * console.log(forTheApplication.sign === undefined); // true
 * ```
 */
export function newKeys(name: string, random: Random): LedgerKeys {
  checkName(name);
  return {
    name,
    ...withRoot(secret(random(KEY_LENGTH))),
    sub: [{ kid: "1", key: secret(random(KEY_LENGTH)) }],
    suppress: secret(random(KEY_LENGTH)),
    retired: [],
  };
}

/**
 * Derives seal key and signing key from a root: HKDF-SHA-256 (RFC 5869) without salt, 32 bytes each, with the info `daybook/seal/v1` and
 * `daybook/sign/v1`. The second is the seed of an Ed25519 key (RFC 8032).
 * @param root 32 bytes
 */
export function deriveKeys(root: Uint8Array | KeyObject): { readonly seal: KeyObject; readonly sign: KeyObject } {
  const derive = (info: string) => Buffer.from(hkdfSync("sha256", root, new Uint8Array(0), info, KEY_LENGTH));
  return { seal: secret(derive("daybook/seal/v1")), sign: privateKeyOf(derive("daybook/sign/v1")) };
}

/**
 * The keys that a role needs and no others. A checkpointer cannot resolve pseudonyms; an application cannot sign checkpoints.
 * @throws {LedgerError} `BAD_KEYS`: the keys lack one that the role needs
 */
export function splitKeys(keys: LedgerKeys, role: KeysRole): LedgerKeys {
  const { name, seal, sign, public: publicKey, sub, suppress, retired } = keys;
  const incomplete = () =>
    new LedgerError("BAD_KEYS", `These keys are not complete enough to be split for role ${role}; use the original ones.`);
  if (seal === undefined) throw incomplete();
  const verifying = retired.map(({ sign: _, signsUntil: __, ...old }) => old);
  const common = defined({ name, seal, retired: verifying, public: publicKey });
  switch (role) {
    case "app":
      return { ...common, ...defined({ sub, suppress }) };
    case "checkpointer":
      if (sign === undefined) throw incomplete();
      return { ...common, retired, sign, sub: [] };
    case "auditor":
      return { ...common, sub: [] };
  }
}

/** When a root key is replaced. */
export interface RotateRootOptions {
  /** Sequence number of the `ledger.key` entry that names the new public key: the last row the old root seals. */
  readonly untilSeq: number;
  /** End of the time in which the old key signs checkpoints beside the new one, milliseconds since the Unix epoch. */
  readonly signsUntil: number;
}

/**
 * The keys of the same log under a new random root; the old root moves to `retired`.
 * @throws {LedgerError} `BAD_KEYS`: the root is not among these keys
 */
export function rotateRoot(keys: LedgerKeys, random: Random, { untilSeq, signsUntil }: RotateRootOptions): LedgerKeys {
  const { name, root, seal, sign, public: publicKey, sub, suppress } = keys;
  if (root === undefined || seal === undefined || sign === undefined || publicKey === undefined)
    throw new LedgerError("BAD_KEYS", "Only complete keys, with their root, can be rotated.");
  return {
    name,
    ...withRoot(secret(random(KEY_LENGTH))),
    ...defined({ sub, suppress }),
    retired: [...keys.retired, { seal, untilSeq, public: publicKey, sign, signsUntil }],
  };
}

/** The same keys with a new pseudonym key. Its `kid` is the next free number. */
export function addPseudonymKey(keys: LedgerKeys, random: Random): LedgerKeys {
  const numbers = keys.sub.map(({ kid }) => Number(kid)).filter(Number.isSafeInteger);
  return { ...keys, sub: [...keys.sub, { kid: String(Math.max(0, ...numbers) + 1), key: secret(random(KEY_LENGTH)) }] };
}

/**
 * The same keys without the pseudonym key of one key epoch: its pseudonyms can no longer be linked to ids.
 * @throws {LedgerError} `BAD_KEYS`: no such key, or the only one
 */
export function dropPseudonymKey(keys: LedgerKeys, kid: string): LedgerKeys {
  const sub = keys.sub.filter((key) => key.kid !== kid);
  if (sub.length === keys.sub.length) throw new LedgerError("BAD_KEYS", `There is no pseudonym key ${kid}.`);
  if (sub.length === 0) throw new LedgerError("BAD_KEYS", "The last pseudonym key cannot go; add a new one first.");
  return { ...keys, sub };
}

/**
 * Parses the text of a keys file: JSON with `format`, `name`, `root` (or `seal`, `sign` and `public` alone), `sub`, `suppress` and
 * `retired`; every key is base64 of 32 bytes. An entry of `retired` has `seal` and `untilSeq`, and from a rotation also
 * `sign` with `signsUntil`, an RFC 3339 time, or only `public`.
 * @throws {LedgerError} `BAD_KEYS`; the message never shows a key
 */
export function parseKeys(text: string): LedgerKeys {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // The error of JSON.parse quotes the text, which is secret.
    throw bad("it is not JSON");
  }
  if (!isRecord(file)) throw bad("it is not a JSON object");
  const { format, name, root, seal, sign, public: publicKey, sub = [], suppress, retired = [], ...rest } = file;
  if (format !== KEYS_FORMAT) throw bad(`\`format\` is not ${KEYS_FORMAT}`);
  for (const key of Object.keys(rest)) throw bad(`it has an unknown field \`${key.slice(0, 40)}\``);
  if (typeof name !== "string") throw bad("`name` is missing");
  checkName(name);
  if (root !== undefined && (seal !== undefined || sign !== undefined))
    throw bad("`root` excludes `seal` and `sign`, which are made from it");
  if (!Array.isArray(sub) || !Array.isArray(retired)) throw bad("`sub` and `retired` are lists");

  const derived =
    root !== undefined
      ? withRoot(secretOf("root", root))
      : {
          ...(seal === undefined ? {} : { seal: secretOf("seal", seal) }),
          ...(sign === undefined ? {} : withPublic(privateKeyOf(bytesOf("sign", sign)))),
        };
  const verifying = "public" in derived ? derived.public : publicKey === undefined ? undefined : publicKeyOf(bytesOf("public", publicKey));
  if (publicKey !== undefined && !publicKeyOf(bytesOf("public", publicKey)).equals(verifying!))
    throw bad("`public` does not belong to the signing key");
  return {
    name,
    ...derived,
    ...defined({ public: verifying }),
    sub: pseudonymKeys(sub),
    ...defined({ suppress: suppress === undefined ? undefined : secretOf("suppress", suppress) }),
    retired: retiredRoots(retired),
  };
}

/** Writes the text of a keys file for `parseKeys`. The text is secret. */
export function formatKeys(keys: LedgerKeys): string {
  const { name, root, seal, sign, public: publicKey, sub, suppress, retired } = keys;
  const file = {
    format: KEYS_FORMAT,
    name,
    ...(root !== undefined
      ? { root: base64(root) }
      : {
          ...defined({
            seal: seal && base64(seal),
            sign: sign && seedOf(sign).toString("base64"),
            public: publicKey && rawPublicKey(publicKey).toString("base64"),
          }),
        }),
    sub: sub.map(({ kid, key }) => ({ kid, key: base64(key) })),
    ...defined({ suppress: suppress && base64(suppress) }),
    retired: retired.map((old) => ({
      seal: base64(old.seal),
      untilSeq: old.untilSeq,
      ...(old.sign !== undefined
        ? { sign: seedOf(old.sign).toString("base64"), signsUntil: new Date(old.signsUntil!).toISOString() }
        : old.public === undefined
          ? {}
          : { public: rawPublicKey(old.public).toString("base64") }),
    })),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** The seal key of the row at `seq`; undefined if it is not among the keys. */
export function sealKeyAt({ seal, retired }: Pick<LedgerKeys, "seal" | "retired">, seq: number): KeyObject | undefined {
  for (const old of retired) if (seq <= old.untilSeq) return old.seal;
  return seal;
}

/**
 * The private keys that sign checkpoints at a time: the newest key, and retired keys until their `signsUntil`.
 * @param ms milliseconds since the Unix epoch
 */
export function signersAt({ sign, retired }: Pick<LedgerKeys, "sign" | "retired">, ms: number): KeyObject[] {
  if (sign === undefined) return [];
  return [
    sign,
    ...retired.flatMap((old) => (old.sign !== undefined && ms < (old.signsUntil ?? Number.NEGATIVE_INFINITY) ? [old.sign] : [])),
  ];
}

function pseudonymKeys(list: readonly unknown[]): PseudonymKey[] {
  const known = new Set<string>();
  return list.map((item) => {
    const kid = isRecord(item) ? item.kid : undefined;
    if (typeof kid !== "string" || !/^[a-z0-9]{1,8}$/.test(kid)) throw bad("a `kid` in `sub` is not 1 to 8 lower-case letters and digits");
    if (known.has(kid)) throw bad(`\`sub\` has two keys ${kid}`);
    known.add(kid);
    return { kid, key: secretOf(`sub ${kid}`, (item as { key?: unknown }).key) };
  });
}

function retiredRoots(list: readonly unknown[]): RetiredRoot[] {
  let last = -1;
  return list.map((item) => {
    const { seal, untilSeq, sign, signsUntil, public: publicKey } = isRecord(item) ? item : {};
    if (!Number.isSafeInteger(untilSeq) || (untilSeq as number) <= last) throw bad("`untilSeq` in `retired` is not ascending");
    last = untilSeq as number;
    const old = { seal: secretOf("retired seal", seal), untilSeq: last };
    if (sign === undefined) return publicKey === undefined ? old : { ...old, public: publicKeyOf(bytesOf("retired public", publicKey)) };
    const until = typeof signsUntil === "string" ? Date.parse(signsUntil) : Number.NaN;
    if (Number.isNaN(until)) throw bad("`signsUntil` in `retired` is no time");
    return { ...old, ...withPublic(privateKeyOf(bytesOf("retired sign", sign))), signsUntil: until };
  });
}

function withRoot(root: KeyObject) {
  const { seal, sign } = deriveKeys(root);
  return { root, seal, ...withPublic(sign) };
}

const withPublic = (sign: KeyObject) => ({ sign, public: createPublicKey(sign) });

const secret = (bytes: Uint8Array) => createSecretKey(bytes);

const secretOf = (place: string, value: unknown) => secret(bytesOf(place, value));

const base64 = (key: KeyObject) => key.export().toString("base64");

function bytesOf(place: string, value: unknown): Buffer {
  const bytes = typeof value === "string" ? decodeBase64(value) : undefined;
  if (bytes?.length !== KEY_LENGTH) throw bad(`\`${place}\` is not base64 of ${KEY_LENGTH} bytes`);
  return bytes;
}

function checkName(name: string): void {
  if (!isKeyName(name) || name.length > 200)
    throw bad("`name` has white space, control characters or `+`, or is not of 1 to 200 characters");
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const bad = (what: string) => new LedgerError("BAD_KEYS", `In the keys, ${what}.`);
