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

/** A log a witness knows. */
export interface WitnessedLog {
  /** Keys its checkpoints may be signed with; their names need not be the origin. */
  readonly vkeys: readonly Vkey[];
  /** The last checkpoint cosigned; none yet where it is missing. */
  readonly last?: Checkpoint;
}

/** All a witness knows, by origin. */
export type WitnessState = ReadonlyMap<string, WitnessedLog>;

/** Who cosigns. */
export interface WitnessSigner {
  readonly name: string;
  /** Private Ed25519 key, used for nothing but cosignatures of this witness. */
  readonly key: KeyObject;
}

/** An HTTP answer. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly contentType: string;
  readonly body: string;
  /**
   * Only with status 200: what must be stored as `last` of its log before the answer goes out, in one step with the look-up of the
   * state that was given. Two requests answered from one state would let a log roll back.
   */
  readonly accepted?: Checkpoint;
}

/** What a witness said, read by `readAddCheckpointAnswer`. */
export type WitnessReply =
  | { readonly kind: "cosigned"; readonly lines: readonly string[]; readonly cosignatures: readonly GoodSignature[] }
  /** The witness has seen this log at another size than the request's old size: send a proof from there. */
  | { readonly kind: "conflict"; readonly size: number }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string };

const PLAIN = "text/plain; charset=utf-8";
const SIZE_TYPE = "text/x.tlog.size";
const MAX_PROOF_LINES = 63;
const OLD_SIZE = /^old (0|[1-9][0-9]{0,15})$/;
const SIZE_BODY = /^(0|[1-9][0-9]{0,15})\n$/;

/**
 * Answers one `add-checkpoint` request (C2SP tlog-witness): cosigns a checkpoint that continues the last one of its log.
 *
 * 400: malformed lines, or an old size above the checkpoint's. 404: a log not known. 403: no known key has signed, or the signature
 * lines are malformed. 409: the old size is not that of the last checkpoint; the body is that size. 422: the proof does not hold, or
 * the size is the same and the root another.
 * @param body of the request: old size, proof, empty line, signed checkpoint
 * @param now milliseconds since the Unix epoch
 */
export function answerAddCheckpoint(state: WitnessState, body: string | Uint8Array, signer: WitnessSigner, now: number): WitnessAnswer {
  const request = readRequest(body);
  if (request === undefined) return answer(400, "malformed request");
  const { oldSize, proof, note } = request;
  const log = state.get(note.slice(0, note.indexOf("\n")));
  if (log === undefined) return answer(404, "unknown log");
  let text: string;
  try {
    const parsed = parseNote(note);
    const own = openNote(parsed, log.vkeys).filter(({ vkey }) => vkey.type === KEY_TYPE.signature);
    if (own.length === 0) return answer(403, "no signature by a known key of this log");
    text = parsed.text;
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    return answer(403, `invalid signature: ${cause.hint}`);
  }
  let checkpoint: Checkpoint;
  try {
    checkpoint = parseCheckpoint(text, { extensions: true });
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    return answer(400, `malformed checkpoint: ${cause.hint}`);
  }
  if (oldSize > checkpoint.size) return answer(400, "the old size is larger than the checkpoint's");
  const { last } = log;
  const lastSize = last?.size ?? 0;
  if (oldSize !== lastSize) return { status: 409, contentType: SIZE_TYPE, body: `${lastSize}\n` };
  if (!continues(last, checkpoint, proof)) return answer(422, "the consistency proof does not hold");
  return { status: 200, contentType: PLAIN, body: cosign(note, { ...signer, time: Math.floor(now / 1000) }), accepted: checkpoint };
}

/**
 * The body of an `add-checkpoint` request.
 * @param oldSize size of the checkpoint this witness cosigned last, 0 if none or not known
 * @param proof consistency proof from there to the new checkpoint; empty from 0
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
 * Reads a witness's answer to `add-checkpoint`.
 * @param note the checkpoint that was sent
 * @param vkeys known keys of the witness (type 0x04); lines of others are dropped
 * @throws {LedgerError} `UNTRUSTED_NOTE`: a cosignature that does not hold, or none by a known key; `BAD_NOTE`: a malformed answer
 */
export function readAddCheckpointAnswer(
  { status, body }: { readonly status: number; readonly body: string },
  { note, vkeys }: { readonly note: string; readonly vkeys: readonly Vkey[] },
): WitnessReply {
  if (status === 409) {
    // A witness of an earlier edition of the protocol answers 409 without a size where the roots of one size differ.
    const [, size] = SIZE_BODY.exec(body) ?? [];
    if (size !== undefined && Number.isSafeInteger(Number(size))) return { kind: "conflict", size: Number(size) };
  }
  if (status !== 200) return { kind: "refused", status, reason: reasonOf(body) };
  if (!body.endsWith("\n")) throw new LedgerError("BAD_NOTE", "The witness's answer does not end with a line feed.");
  const lines = body.slice(0, -1).split("\n");
  const { text } = parseNote(note);
  const kept: string[] = [];
  const cosignatures: GoodSignature[] = [];
  for (const line of lines) {
    const answered = parseNote(`${text}\n${line}\n`);
    for (const good of openNote(answered, vkeys)) {
      if (good.time === undefined) continue;
      cosignatures.push(good);
      kept.push(`${line}\n`);
    }
  }
  if (kept.length === 0) throw new LedgerError("UNTRUSTED_NOTE", "The witness's answer holds no cosignature by its known key.");
  return { kind: "cosigned", lines: kept, cosignatures };
}

interface Request {
  readonly oldSize: number;
  readonly proof: readonly Uint8Array[];
  readonly note: string;
}

function readRequest(body: string | Uint8Array): Request | undefined {
  const text = typeof body === "string" ? body : Buffer.from(body).toString();
  // Bytes that are no UTF-8 would come back as others.
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

const answer = (status: 400 | 403 | 404 | 422, reason: string): WitnessAnswer => ({ status, contentType: PLAIN, body: `${reason}\n` });

/** First line of what may be anything, cut to what fits a message. */
function reasonOf(body: string): string {
  return (body.split("\n", 1)[0] ?? "").replace(/\p{C}/gu, "").slice(0, 200);
}
