import { createHash, createHmac, randomBytes } from "node:crypto";
import { type AuditLog, DaybookError } from "@daybook/core";
import {
  type ErasurePlan,
  type ErasureRun,
  erasureReceiptIssued,
  type ReceiptStore,
  type StoredReceipt,
  uuidV7,
} from "@daybook/core/store";
import { canonicalText, isLedgerError, openNote, parseNote, parseVkey } from "@daybook/ledger";
import type { Recipient } from "../export/privacy-information.ts";

/** First line of a receipt, so that its signature can never be taken for one over anything else. */
export const RECEIPT_FORMAT = "daybook erasure receipt v1";

/** What happened to one category of one person's data in one place. */
export interface ReceiptLine {
  readonly place: "audit trail" | "journal" | "consents";
  readonly category: string;
  readonly role?: string;
  readonly method: "erased" | "deleted" | "ended" | "kept";
  readonly before: number;
  readonly after: number;
  readonly ground?: string;
  readonly until?: string;
}

/** What a receipt says. It names nobody: `commitment` can be compared with a person by whoever holds the key of receipts, as long as it exists. */
export interface ErasureReceipt {
  readonly receipt: string;
  readonly log: string;
  readonly request?: string;
  readonly run?: number;
  readonly previous?: string;
  /** HMAC-SHA-256 under the key of receipts over `daybook/receipt/v1`, LF and the id, hexadecimal. */
  readonly commitment: string;
  /** SHA-256 of the plan that was carried out, as canonical JSON. */
  readonly planSha256: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly basis: readonly string[];
  readonly state: "proven" | "pending" | "none" | "queued";
  readonly reason?: string;
  readonly lines: readonly ReceiptLine[];
  /** Records of the trail that declare what is gone. */
  readonly manifests: readonly number[];
  readonly recipients: readonly Recipient[];
  /** After this time no backup can hold the data, if backups live as long as stated. */
  readonly backupsUntil: string;
  /** Who carried it out: `self` for the person. */
  readonly operator: string;
}

/** A receipt with its signature, where somebody could sign. */
export interface IssuedReceipt {
  readonly receipt: ErasureReceipt;
  /** The signed note (C2SP signed-note); without a signature where this process has no signing key. */
  readonly note: string;
  readonly signed: boolean;
}

/**
 * Commits to a person without naming them.
 * @param key of receipts, 32 bytes; destroying it makes every receipt unlinkable
 */
export const personCommitment = (key: Uint8Array, userId: string): string =>
  createHmac("sha256", key).update(`daybook/receipt/v1\n${userId}`, "utf8").digest("hex");

/** A key nobody keeps: a receipt made with it cannot be linked to its person by anybody. */
export const throwawayKey = (): Uint8Array => randomBytes(32);

export const planDigest = (plan: ErasurePlan): string =>
  createHash("sha256")
    .update(canonicalText(JSON.parse(JSON.stringify(plan))), "utf8")
    .digest("hex");

/** The lines a plan becomes once it has been carried out. */
export function receiptLines(plan: ErasurePlan): ReceiptLine[] {
  return [
    ...plan.items.map(({ category, role, action, parts, ground, until }) => ({
      place: "audit trail" as const,
      category,
      role,
      method: action === "erase" ? ("erased" as const) : ("kept" as const),
      before: parts,
      after: action === "erase" ? 0 : parts,
      ...(ground === undefined ? {} : { ground }),
      ...(until === undefined ? {} : { until }),
    })),
    ...(plan.journal === 0
      ? []
      : [{ place: "journal" as const, category: "journal", method: "deleted" as const, before: plan.journal, after: 0 }]),
    ...plan.consents.map((purpose) => ({ place: "consents" as const, category: purpose, method: "ended" as const, before: 1, after: 0 })),
  ];
}

/** Signs a receipt, keeps it, and records that there is one. */
export async function issueReceipt(
  audit: AuditLog,
  store: ReceiptStore,
  fields: Omit<ErasureReceipt, "receipt">,
  now: number,
): Promise<IssuedReceipt> {
  const receipt: ErasureReceipt = { receipt: uuidV7(now), ...fields };
  const text = `${RECEIPT_FORMAT}\n${canonicalText(JSON.parse(JSON.stringify(receipt)))}\n`;
  const signed = await store.signNote(text);
  const note = signed ?? `${text}\n`;
  const stored: StoredReceipt = {
    receipt: receipt.receipt,
    ...(receipt.run === undefined ? {} : { run: receipt.run }),
    commitment: receipt.commitment,
    ...(receipt.previous === undefined ? {} : { previous: receipt.previous }),
    made: receipt.finishedAt,
    note,
  };
  await store.saveReceipt(stored);
  const sha256 = createHash("sha256").update(note, "utf8").digest("hex");
  await audit.record(erasureReceiptIssued, { actor: { kind: "system" }, data: { receipt: receipt.receipt, sha256, state: receipt.state } })
    .stored;
  return { receipt, note, signed: signed !== undefined };
}

/**
 * Reads a receipt and checks its signature.
 * @param vkeys keys of the log that is trusted, in the C2SP form
 * @throws {DaybookError} `BAD_OPTION`: it is no receipt, or nobody trusted signed it
 */
export function openReceipt(note: string, vkeys: readonly string[]): ErasureReceipt {
  try {
    const parsed = parseNote(note);
    if (openNote(parsed, vkeys.map(parseVkey)).length > 0) return receiptOf(parsed.text);
  } catch (cause) {
    if (!isLedgerError(cause)) throw cause;
    throw new DaybookError("BAD_OPTION", `The receipt cannot be trusted: ${cause.hint}`, { cause });
  }
  throw new DaybookError("BAD_OPTION", "The receipt cannot be trusted: none of the given keys signed it.");
}

/** What a receipt says, without looking at who signed it. */
export function receiptOf(note: string): ErasureReceipt {
  const [format, json] = note.split("\n", 2);
  if (format !== RECEIPT_FORMAT || json === undefined) throw new DaybookError("BAD_OPTION", "This is no receipt of an erasure.");
  return JSON.parse(json) as ErasureReceipt;
}

/** Runs whose receipt still says `pending` although their bytes are gone now. */
export function provenSince(
  receipts: readonly StoredReceipt[],
  runs: readonly ErasureRun[],
): { receipt: ErasureReceipt; run: ErasureRun }[] {
  const followed = new Set(receipts.flatMap(({ previous }) => (previous === undefined ? [] : [previous])));
  return receipts
    .filter(({ receipt }) => !followed.has(receipt))
    .map(({ note }) => receiptOf(note))
    .filter(({ state }) => state === "pending")
    .flatMap((receipt) => {
      const run = runs.find((known) => known.run === receipt.run && known.state === "proven");
      return run === undefined ? [] : [{ receipt, run }];
    });
}
