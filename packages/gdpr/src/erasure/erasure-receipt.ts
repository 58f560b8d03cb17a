import { createHash, createHmac, randomBytes } from "node:crypto";
import { type AuditLog, DaybookError } from "@daybook/core";
import {
  defined,
  type ErasurePlan,
  type ErasureRun,
  erasureReceiptIssued,
  type ReceiptStore,
  type StoredReceipt,
  uuidV7,
} from "@daybook/core/store";
import { canonicalText, isLedgerError, openNote, parseNote, parseVkey } from "@daybook/ledger";
import type { Recipient } from "../export/privacy-information.ts";

/** First line of a receipt, so that its signature is never valid for another document. */
export const RECEIPT_FORMAT = "daybook erasure receipt v1";

/** What happened to one kind of a person's data in one place. */
export interface ReceiptLine {
  /** The place that was searched. */
  readonly place: "audit trail" | "journal" | "consents";
  /** Name of the retention class, or the purpose. */
  readonly category: string;
  /** Role of the person, in the audit trail. */
  readonly role?: string;
  /** What was done. */
  readonly method: "erased" | "deleted" | "ended" | "kept";
  /** Number before the erasure. */
  readonly before: number;
  /** Number after it. */
  readonly after: number;
  /** Why kept: article and sentence, such as `17(3)(e)`. */
  readonly ground?: string;
  /** ISO date on which retention removes it. */
  readonly until?: string;
}

/** The content of a receipt. It names no person. With the key of receipts, `commitment` can be compared with a person. */
export interface ErasureReceipt {
  /** Id of the receipt, UUIDv7. */
  readonly receipt: string;
  /** Name of the log. */
  readonly log: string;
  /** Request of the register that the erasure fulfils. */
  readonly request?: string;
  /** Number of the run; absent if nothing had to be removed. */
  readonly run?: number;
  /** The pending receipt that this one follows. */
  readonly previous?: string;
  /** HMAC-SHA-256 under the key of receipts over `daybook/receipt/v1`, LF and the id, hexadecimal. */
  readonly commitment: string;
  /** SHA-256 of the plan that was carried out, as canonical JSON. */
  readonly planSha256: string;
  /** ISO time. */
  readonly startedAt: string;
  /** ISO time. */
  readonly finishedAt: string;
  /** Why the data was erased, see `ERASURE_BASES` of `@daybook/core/store`. */
  readonly basis: readonly string[];
  /** `proven`: no removed byte is left in the files. */
  readonly state: "proven" | "pending" | "none" | "queued";
  /** Why it is pending. */
  readonly reason?: string;
  /** One line for each kind of data. */
  readonly lines: readonly ReceiptLine[];
  /** Sequence numbers of the entries that declare the removed slots. */
  readonly manifests: readonly number[];
  /** Other receivers of the data (Art. 19). */
  readonly recipients: readonly Recipient[];
  /** ISO time after which no backup contains the data, if backups live as long as stated. */
  readonly backupsUntil: string;
  /** Actor who erased: `self` for the person. */
  readonly operator: string;
}

/** A receipt with its signature, if this process has a signing key. */
export interface IssuedReceipt {
  /** The content. */
  readonly receipt: ErasureReceipt;
  /** The signed note (C2SP signed-note); without a signature if this process has no signing key. */
  readonly note: string;
  /** True if the note has a signature. */
  readonly signed: boolean;
}

/**
 * Commits to a person without the id.
 * @param key of receipts, 32 bytes; without it, no receipt can be linked to a person
 */
export const personCommitment = (key: Uint8Array, userId: string): string =>
  createHmac("sha256", key).update(`daybook/receipt/v1\n${userId}`, "utf8").digest("hex");

/** A key that is not kept: no holder of a receipt made with it can link the receipt to its person. */
export const throwawayKey = (): Uint8Array => randomBytes(32);

export const planDigest = (plan: ErasurePlan): string =>
  createHash("sha256")
    .update(canonicalText(JSON.parse(JSON.stringify(plan))), "utf8")
    .digest("hex");

/** The lines of a plan that was carried out. */
export function receiptLines(plan: ErasurePlan): ReceiptLine[] {
  return [
    ...plan.items.map(({ category, role, action, parts, ground, until }) => ({
      place: "audit trail" as const,
      category,
      role,
      method: action === "erase" ? ("erased" as const) : ("kept" as const),
      before: parts,
      after: action === "erase" ? 0 : parts,
      ...defined({ ground, until }),
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
    commitment: receipt.commitment,
    ...defined({ run: receipt.run, previous: receipt.previous }),
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
 * @throws {DaybookError} `BAD_OPTION`: it is not a receipt, or no trusted key signed it
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

/** The content of a receipt, without a check of its signature. @throws {DaybookError} `BAD_OPTION` */
export function receiptOf(note: string): ErasureReceipt {
  const [format, json] = note.split("\n", 2);
  if (format !== RECEIPT_FORMAT || json === undefined) throw new DaybookError("BAD_OPTION", "This is not a receipt of an erasure.");
  return JSON.parse(json) as ErasureReceipt;
}

/** Proven runs whose receipt still says `pending`. */
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
