import type { KeyObject } from "node:crypto";
import { decodeBase64 } from "../encoding/base64.ts";
import { KEY_TYPE, type Vkey } from "../keys/vkey.ts";
import { isLedgerError, LedgerError } from "../ledger-error.ts";
import { verifyConsistency } from "../merkle/consistency-proof.ts";
import { emptyRoot, HASH_LENGTH } from "../merkle/merkle.ts";
import { type Checkpoint, parseCheckpoint } from "./checkpoint.ts";
import { cosign } from "./cosignature.ts";
import { type GoodSignature, openNote } from "./open-note.ts";
import { parseNote } from "./signed-note.ts";

/** A log that a witness knows. */
export interface WitnessedLog {
  /** Keys that may sign its checkpoints; their names can differ from the origin. */
  readonly vkeys: readonly Vkey[];
  /** The checkpoint cosigned last; absent if there is none yet. */
  readonly last?: Checkpoint;
}

/** The logs a witness knows, by origin. */
export type WitnessState = ReadonlyMap<string, WitnessedLog>;

/** The name and the key a witness cosigns with. */
export interface WitnessSigner {
  /** Name of the key in signature lines. */
  readonly name: string;
  /** Private Ed25519 key, used for nothing but cosignatures of this witness. */
  readonly key: KeyObject;
}

/** The HTTP response of a witness (C2SP tlog-witness). */
export interface WitnessAnswer {
  /** HTTP status, see `answerAddCheckpoint`. */
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  /** Value of the `Content-Type` header. */
  readonly contentType: string;
  /** Status 200: signature lines. Status 409: the size of the last checkpoint. Otherwise: the reason. */
  readonly body: string;
  /**
   * Only with status 200: the checkpoint to store as `last` of its log before the response is sent. Look-up of the state and storing must
   * be one atomic step: two responses from the same state would let a log roll back.
   */
  readonly accepted?: Checkpoint;
}

/** Response of a witness, as `readAddCheckpointAnswer` reads it. */
export type WitnessReply =
  /** The witness cosigned; `lines` are signature lines, each with its LF, for `addCosignatures`. */
  | { readonly kind: "cosigned"; readonly lines: readonly string[]; readonly cosignatures: readonly GoodSignature[] }
  /** The witness has this log at another size than the request's old size: send a proof from `size`. */
  | { readonly kind: "conflict"; readonly size: number }
  /** The witness refused; `reason` is at most 200 characters without control characters. */
  | { readonly kind: "refused"; readonly status: number; readonly reason: string };

const PLAIN = "text/plain; charset=utf-8";
const SIZE_TYPE = "text/x.tlog.size";
const MAX_PROOF_LINES = 63;
const OLD_SIZE = /^old (0|[1-9][0-9]{0,15})$/;
const SIZE_BODY = /^(0|[1-9][0-9]{0,15})\n$/;

/**
 * Handles one `add-checkpoint` request (C2SP tlog-witness): cosigns a checkpoint that continues the last one of its log.
 *
 * Status 400: malformed lines, or an old size above the checkpoint's. 403: no known key has signed, or malformed signature lines.
 * 404: unknown log. 409: the old size is not that of the last checkpoint; the body is that size. 422: the consistency proof does not
 * hold, or the root differs at the same size.
 * @param body body of the request: old size, proof, empty line, signed checkpoint
 * @param now current time, milliseconds since the Unix epoch
 * @returns the response; the caller must store `accepted` before it sends a response with status 200
 */
export function answerAddCheckpoint(state: WitnessState, body: string | Uint8Array, signer: WitnessSigner, now: number): WitnessAnswer {
  const request = readRequest(body);
  if (request === undefined) return refusal(400, "malformed request");
  const { oldSize, proof, note } = request;
  const log = state.get(note.slice(0, note.indexOf("\n")));
  if (log === undefined) return refusal(404, "unknown log");
  let text: string;
  try {
    const parsed = parseNote(note);
    const own = openNote(parsed, log.vkeys).filter(({ vkey }) => vkey.type === KEY_TYPE.signature);
    if (own.length === 0) return refusal(403, "no signature by a known key of this log");
    text = parsed.text;
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    return refusal(403, `invalid signature: ${cause.hint}`);
  }
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(text, { extensions: true });
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    return refusal(400, `malformed checkpoint: ${cause.hint}`);
  }
  if (oldSize > checkpoint.size) return refusal(400, "the old size is larger than the checkpoint's");
  const { last } = log;
  const lastSize = last?.size ?? 0;
  if (oldSize !== lastSize) return { status: 409, contentType: SIZE_TYPE, body: `${lastSize}\n` };
  if (!continues(last, checkpoint, proof)) return refusal(422, "the consistency proof does not hold");
  return { status: 200, contentType: PLAIN, body: cosign(note, { ...signer, time: Math.floor(now / 1000) }), accepted: checkpoint };
}

/**
 * The body of an `add-checkpoint` request (C2SP tlog-witness).
 * @param oldSize size of the checkpoint this witness cosigned last; 0 if none or not known
 * @param proof consistency proof from `oldSize` to the new checkpoint; empty from 0
 * @param note the signed checkpoint
 */
export function addCheckpointRequest({
  oldSize,
  proof,
  note,
}: {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string;
}): string {
  return `old ${oldSize}\n${proof.map((hash) => `${Buffer.from(hash).toString("base64")}\n`).join("")}\n${note}`;
}

/**
 * Reads a witness's response to `add-checkpoint` (C2SP tlog-witness).
 * @param note the checkpoint that was sent
 * @param vkeys known keys of the witness (type 0x04); lines of other keys are dropped
 * @throws {LedgerError} `UNTRUSTED_NOTE`: a cosignature that does not hold, or none by a known key; `BAD_NOTE`: a malformed response
 */
export function readAddCheckpointAnswer(
  { status, body }: { readonly status: number; readonly body: string },
  { note, vkeys }: { readonly note: string; readonly vkeys: readonly Vkey[] },
): WitnessReply {
  if (status === 409) {
    // An earlier edition of the protocol sends 409 without a size if the roots of one size differ.
    const [, size] = SIZE_BODY.exec(body) ?? [];
    if (size !== undefined && Number.isSafeInteger(Number(size))) return { kind: "conflict", size: Number(size) };
  }
  if (status !== 200) return { kind: "refused", status, reason: reasonOf(body) };
  if (!body.endsWith("\n")) throw new LedgerError("BAD_NOTE", "The witness's response does not end with a line feed.");
  const lines = body.slice(0, -1).split("\n");
  const { text } = parseNote(note);
  const kept: string[] = [];
  const cosignatures: GoodSignature[] = [];
  for (const line of lines) {
    const response = parseNote(`${text}\n${line}\n`);
    for (const good of openNote(response, vkeys)) {
      if (good.time === undefined) continue;
      cosignatures.push(good);
      kept.push(`${line}\n`);
    }
  }
  if (kept.length === 0) throw new LedgerError("UNTRUSTED_NOTE", "The witness's response has no cosignature by its known key.");
  return { kind: "cosigned", lines: kept, cosignatures };
}

interface Request {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string;
}

function readRequest(body: string | Uint8Array): Request | undefined {
  const text = typeof body === "string" ? body : Buffer.from(body).toString();
  // Decoding replaces bytes that are not UTF-8, so it does not round-trip.
  if (typeof body !== "string" && !Buffer.from(text).equals(body)) return undefined;
  const split = text.indexOf("\n\n");
  if (split < 0) return undefined;
  const [first = "", ...rest] = text.slice(0, split).split("\n");
  const [, old] = OLD_SIZE.exec(first) ?? [];
  if (old === undefined || !Number.isSafeInteger(Number(old)) || rest.length > MAX_PROOF_LINES) return undefined;
  const proof: Uint8Array[] = [];
  for (const line of rest) {
    const hash = decodeBase64(line);
    if (hash?.length !== HASH_LENGTH) return undefined;
    proof.push(hash);
  }
  return { oldSize: Number(old), proof, note: text.slice(split + 2) };
}

function continues(last: Checkpoint | undefined, next: Checkpoint, proof: readonly Uint8Array[]): boolean {
  if (next.size === 0 && Buffer.compare(next.root, emptyRoot()) !== 0) return false;
  if (last === undefined || last.size === 0) return proof.length === 0;
  return verifyConsistency({ from: last.size, to: next.size, fromRoot: last.root, toRoot: next.root }, proof);
}

const refusal = (status: 400 | 403 | 404 | 422, reason: string): WitnessAnswer => ({ status, contentType: PLAIN, body: `${reason}\n` });

/** First line of a body that may be anything, cut to fit a message. */
function reasonOf(body: string): string {
  return (body.split("\n", 1)[0] ?? "").replace(/\p{C}/gu, "").slice(0, 200);
}
