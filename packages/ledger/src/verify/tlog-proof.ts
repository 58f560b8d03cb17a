import { type OpenedCheckpoint, openCheckpoint, parseCheckpoint } from "../checkpoint/checkpoint.ts";
import { parseNote } from "../checkpoint/signed-note.ts";
import { openByPolicy, type TrustPolicy } from "../checkpoint/trust-policy.ts";
import { decodeBase64 } from "../encoding/base64.ts";
import { canonicalText } from "../encoding/canonical-json.ts";
import { defined } from "../encoding/defined.ts";
import { type DecodedEntry, decodeEntry, opens } from "../entry/entry.ts";
import type { Vkey } from "../keys/vkey.ts";
import { LedgerError } from "../ledger-error.ts";
import { verifyInclusion } from "../merkle/inclusion-proof.ts";
import { HASH_LENGTH, leafHash } from "../merkle/merkle.ts";

/** A part of an entry with its salt. Every reader can show it to others, even after the log has erased it. */
export interface PartOpening {
  /** Number of the part, 0 to 254; 0 is the head. */
  readonly part: number;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  /** The text that the entry commits to. */
  readonly data: string;
}

/** The content of a proof file for one entry. */
export interface EntryProof {
  /** Sequence number of the entry, zero-based. */
  readonly index: number;
  /** Inclusion proof, 32 bytes each, see `inclusionProof`. */
  readonly hashes: readonly Uint8Array[];
  /** The signed checkpoint, with its cosignatures. */
  readonly note: string;
  /** Bytes of the entry, see `encodeEntry`. */
  readonly entry: Uint8Array;
  /** The parts to show, in any order; may be empty. */
  readonly open: readonly PartOpening[];
}

/** A parsed C2SP tlog-proof, not yet checked. */
export interface TlogProof {
  /** Index of the leaf, zero-based. */
  readonly index: number;
  /** Inclusion proof, 32 bytes each. */
  readonly hashes: readonly Uint8Array[];
  /** The signed checkpoint. */
  readonly note: string;
  /** Bytes that an application adds, see `formatProof`. */
  readonly extra?: Uint8Array;
}

/** What the reader of a proof trusts: keys of logs and witnesses, or a policy that also says how many witnesses must cosign. */
export type ProofTrust = { readonly vkeys: readonly Vkey[] } | { readonly policy: TrustPolicy; readonly logs?: readonly Vkey[] };

/** The result of a proof that holds. */
export interface ProvenEntry {
  /** The checkpoint whose tree has the entry. */
  readonly checkpoint: OpenedCheckpoint;
  /** Sequence number of the entry, zero-based. */
  readonly index: number;
  /** Class and commitments of the entry. */
  readonly entry: DecodedEntry;
  /** The parts shown, each of which opens its commitment. */
  readonly open: readonly PartOpening[];
  /** Numbers of the parts not shown. A proof cannot tell whether they are withheld, erased or expired. */
  readonly notShown: readonly number[];
}

const HEADER = "c2sp.org/tlog-proof@v1";
const INDEX = /^index (0|[1-9][0-9]{0,15})$/;

/**
 * Writes a proof of one entry (C2SP tlog-proof v1). Its `extra` line holds the entry and the openings as canonical JSON,
 * `{"entry":base64,"open":[{"data":text,"part":number,"salt":base64}]}`.
 * @throws {LedgerError} `BAD_PROOF`, `BAD_NOTE`: a form that `verifyProof` refuses
 */
export function formatProof({ index, hashes, note, entry, open }: EntryProof): string {
  const extra = extraText(
    entry,
    [...open].sort((a, b) => a.part - b.part),
  );
  readExtra(Buffer.from(extra));
  parseCheckpoint(parseNote(note).text);
  if (!Number.isSafeInteger(index) || index < 0) throw refused(`${index} is not the place of an entry.`);
  if (hashes.some(({ length }) => length !== HASH_LENGTH)) throw refused(`A hash has ${HASH_LENGTH} bytes.`);
  const lines = [HEADER, `extra ${base64(Buffer.from(extra))}`, `index ${index}`, ...hashes.map(base64)];
  return `${lines.join("\n")}\n\n${note}`;
}

/**
 * Parses a proof file (C2SP tlog-proof v1) without checking the proof; `verifyProof` checks it.
 * @throws {LedgerError} `BAD_PROOF`: malformed
 */
export function parseProof(text: string): TlogProof {
  const split = text.indexOf("\n\n");
  if (split < 0) throw refused("There is no empty line before the checkpoint.");
  const [header, ...lines] = text.slice(0, split).split("\n");
  if (header !== HEADER) throw refused(`The first line is not ${HEADER}.`);
  let extra: Uint8Array | undefined;
  const [first] = lines;
  if (first?.startsWith("extra ")) {
    lines.shift();
    extra = decodeBase64(first.slice("extra ".length));
    if (extra === undefined) throw refused("The extra line is not base64.");
  }
  const [, index] = INDEX.exec(lines.shift() ?? "") ?? [];
  if (index === undefined || !Number.isSafeInteger(Number(index))) throw refused("The line with the index is missing or malformed.");
  const hashes = lines.map((line) => {
    const hash = decodeBase64(line);
    if (hash?.length !== HASH_LENGTH) throw refused(`${JSON.stringify(line)} is not a hash: ${HASH_LENGTH} bytes in base64.`);
    return hash;
  });
  return defined({ index: Number(index), hashes, note: text.slice(split + 2), extra });
}

/**
 * Verifies a proof file (C2SP tlog-proof v1): signatures, checkpoint, inclusion, entry, openings. Every result leads to a signature by a
 * trusted key.
 * @throws {LedgerError} `BAD_PROOF`: malformed, or it does not show the entry in the tree or a part in the entry; `BAD_NOTE`,
 * `UNTRUSTED_NOTE`: see `openCheckpoint` and `openByPolicy`
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { parseVkey, verifyProof } from "@daybook/ledger";
 *
 * const vkey = parseVkey(readFileSync("audit.vkey", "utf8").trim());
 * const { index, checkpoint, open } = verifyProof(readFileSync("entry.tlog-proof", "utf8"), { vkeys: [vkey] });
 * console.log(`entry ${index} of ${checkpoint.size}:`, open.map(({ data }) => data));
 * ```
 */
export function verifyProof(text: string, trust: ProofTrust): ProvenEntry {
  const { index, hashes, note, extra } = parseProof(text);
  const checkpoint = "policy" in trust ? openByPolicy(note, trust.policy, trust.logs) : openCheckpoint(note, trust.vkeys);
  if (extra === undefined) throw refused("The extra line with the entry is missing.");
  const { bytes, entry, open } = readExtra(extra);
  if (!verifyInclusion({ index, size: checkpoint.size, leaf: leafHash(bytes), root: checkpoint.root }, hashes)) {
    throw refused(`It does not lead from the entry to the root signed at size ${checkpoint.size}.`);
  }
  for (const { part, salt, data } of open) {
    if (!opens(bytes, part, salt, Buffer.from(data))) throw refused(`The text shown for part ${part} is not what the entry commits to.`);
  }
  const shown = new Set(open.map(({ part }) => part));
  return { checkpoint, index, entry, open, notShown: entry.commitments.map((_, part) => part).filter((part) => !shown.has(part)) };
}

function extraText(entry: Uint8Array, open: readonly PartOpening[]): string {
  return canonicalText({ entry: base64(entry), open: open.map(({ part, salt, data }) => ({ data, part, salt: base64(salt) })) });
}

/** Refuses any text that `extraText` would not write, so that each content has exactly one file. */
function readExtra(extra: Uint8Array): { bytes: Uint8Array; entry: DecodedEntry; open: PartOpening[] } {
  const text = Buffer.from(extra).toString();
  const malformed = (cause?: unknown) => refused("The extra line does not hold an entry with openings.", cause);
  let value: { entry: string; open: { data: string; part: number; salt: string }[] };
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed(cause);
  }
  const bytes = typeof value?.entry === "string" ? decodeBase64(value.entry) : undefined;
  const entry = bytes && decodeEntry(bytes);
  if (!bytes || !entry || !Array.isArray(value.open)) throw malformed();
  let before = -1;
  const open = value.open.map((opening) => {
    const salt = typeof opening?.salt === "string" ? decodeBase64(opening.salt) : undefined;
    if (salt === undefined || typeof opening.data !== "string" || !opening.data.isWellFormed() || !Number.isInteger(opening.part))
      throw malformed();
    if (opening.part <= before || opening.part >= entry.commitments.length)
      throw refused(`There is no part ${opening.part} to open, or it is out of order.`);
    before = opening.part;
    return { part: opening.part, salt, data: opening.data };
  });
  if (!Buffer.from(extraText(bytes, open)).equals(extra)) throw malformed();
  return { bytes, entry, open };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");

const refused = (hint: string, cause?: unknown): LedgerError => new LedgerError("BAD_PROOF", hint, defined({ cause }));
