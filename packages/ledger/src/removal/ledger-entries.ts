import { canonicalText } from "../encoding/canonical-json.ts";
import { CLASS, DEFAULT_POLICY, type Policy } from "../entry/entry-class.ts";
import type { SplitEntry, SplitPart } from "../entry/split-entry.ts";
import type { LedgerKeys } from "../keys/keys.ts";
import { pseudonymOf } from "../keys/pseudonym.ts";
import type { Random } from "../keys/random.ts";
import { LedgerError } from "../ledger-error.ts";
import { type Continued, ERASURE_BASES, type ErasureBasis } from "./read-manifest.ts";
import type { SlotItem, SlotSet } from "./slot-set.ts";

/** Version of the byte formats, the first bytes of every entry. */
export const LEDGER_FORMAT = "dbk1";

/** What every entry of the ledger about itself has. */
export interface LedgerEntryOptions {
  /** UTC, `YYYY-MM-DDTHH:mm:ss.sssZ`. */
  readonly time: string;
  /** For the entry's id. */
  readonly random: Random;
  /** Default: a UUIDv7 of `time`. */
  readonly id?: string;
  readonly service?: string;
  readonly instance?: string;
  /** Who gave the order, where it is known. */
  readonly operator?: Operator;
}

export interface Operator {
  readonly id: string;
  readonly keys: LedgerKeys;
  /** `pseudonymous` leaves the id as given out. Default `readable`. */
  readonly userIds?: "readable" | "pseudonymous";
}

export interface CreatedEntryOptions extends LedgerEntryOptions {
  /** `<name>/<generation>` */
  readonly origin: string;
  /** Public key of the origin. */
  readonly vkey: string;
  /** Epoch of the first pseudonyms. */
  readonly kid: string;
  /** Default `DEFAULT_POLICY`. */
  readonly policy?: Policy;
}

/** Entry 0 of a new log: its format, its key, and the rules of retention and erasure it starts with. */
export function createdEntry({ origin, vkey, kid, policy = DEFAULT_POLICY, ...options }: CreatedEntryOptions): SplitEntry {
  return ledgerEntry("ledger.created", { format: LEDGER_FORMAT, origin, vkey, kid, policy }, undefined, options);
}

/** The rules of retention and erasure from now on, complete: they replace all former ones. */
export function policyEntry({ policy, ...options }: LedgerEntryOptions & { readonly policy: Policy }): SplitEntry {
  return ledgerEntry("ledger.policy", { policy }, undefined, options);
}

export interface ErasureEntryOptions extends LedgerEntryOptions {
  /** The slots that are removed in the same transaction. Too many for one entry: see `spreadSlots`. */
  readonly gone: SlotSet;
  readonly basis: readonly ErasureBasis[];
  /** Earlier erasures whose lists this one takes over. Their slots, and those of the lists themselves, must be in `gone`. */
  readonly merges?: readonly number[];
}

/**
 * Declares slots gone. It names no person, no request and no numbers by class: each would let a reader tie the slots to somebody.
 * @throws {LedgerError} `BAD_MANIFEST`: no slot, or no basis
 */
export function erasureEntry({ gone, basis, merges, ...options }: ErasureEntryOptions): SplitEntry {
  const bases = ERASURE_BASES.filter((known) => basis.includes(known));
  if (gone.size === 0 || bases.length === 0) throw new LedgerError("BAD_MANIFEST", "An erasure names at least one slot and one basis.");
  return ledgerEntry("ledger.erasure", { n: gone.size, basis: bases, merges }, { gone: gone.toJson() }, options);
}

export interface RetentionEntryOptions extends LedgerEntryOptions {
  /** Not 4 and not 8. */
  readonly class: number;
  /** All detachable parts of the class with a lower sequence number are gone; never lower than in an earlier entry. */
  readonly persons: number;
  /** The same for heads, at most `persons`. */
  readonly heads: number;
  /** Slots below the watermarks that are exempted, all of them: the list of the newest entry of a class replaces earlier ones. */
  readonly keep?: SlotSet;
}

/** Declares everything of a class below two watermarks gone. */
export function retentionEntry({ class: entryClass, persons, heads, keep, ...options }: RetentionEntryOptions): SplitEntry {
  if (heads > persons) throw new LedgerError("BAD_MANIFEST", "Heads cannot go before the persons of the same entries.");
  const context = keep === undefined || keep.size === 0 ? undefined : { keep: keep.toJson() };
  return ledgerEntry("ledger.retention", { class: entryClass, persons, heads }, context, options);
}

export interface ContinuesEntryOptions extends LedgerEntryOptions {
  /** The newest outside checkpoint of the generation before. */
  readonly from: Continued;
  readonly reason: "restore" | "key_lost";
}

/** The first entry of a new generation. */
export function continuesEntry({ from, reason, ...options }: ContinuesEntryOptions): SplitEntry {
  return ledgerEntry("ledger.continues", { from, reason }, undefined, options);
}

/** A new root key, whose seals begin with the next entry; or an epoch of pseudonyms added or destroyed. */
export function keyEntry(
  options: LedgerEntryOptions & ({ readonly vkey: string } | { readonly kid: string; readonly change: "added" | "destroyed" }),
): SplitEntry {
  const said = "vkey" in options ? { vkey: options.vkey } : { kid: options.kid, change: options.change };
  return ledgerEntry("ledger.key", said, undefined, options);
}

/** The bytes of these erasures are gone from the file; `scan` says whether it was searched for them. */
export function provenEntry({
  of,
  scan,
  ...options
}: LedgerEntryOptions & { readonly of: readonly number[]; readonly scan: "clean" | "skipped" }): SplitEntry {
  return ledgerEntry("ledger.proven", { of, scan }, undefined, options);
}

/** Rows that were not written by this log, after somebody has looked into it. */
export function incidentEntry({
  rows,
  note,
  ...options
}: LedgerEntryOptions & { readonly rows: readonly SlotItem[]; readonly note: string }): SplitEntry {
  return ledgerEntry("ledger.incident", { rows, note }, undefined, options);
}

/** Head with the parameters, then the operator if known, then the lists, which a later merge can remove. */
function ledgerEntry(action: string, ledger: object, context: object | undefined, options: LedgerEntryOptions): SplitEntry {
  const { time, random, id = uuidV7(time, random), service, instance, operator } = options;
  const head = {
    action,
    actor_kind: operator === undefined ? undefined : "user",
    id,
    instance,
    ledger,
    outcome: "success",
    service,
    severity: "info",
    ts: time,
    type: "compliance",
  };
  const parts: SplitPart[] = [{ text: canonicalText(head) }];
  if (operator !== undefined) {
    const sub = pseudonymOf(operator.keys, operator.id);
    const uid = operator.userIds === "pseudonymous" ? undefined : operator.id;
    parts.push({ role: "actor", sub, text: canonicalText({ role: "actor", sub, uid }) });
  }
  if (context !== undefined) parts.push({ role: "context", text: canonicalText({ ...context, role: "context" }) });
  return { class: CLASS.ledger, parts };
}

/** UUIDv7 (RFC 9562, section 5.7) of a time, its other 74 bits random. */
function uuidV7(time: string, random: Random): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Date.parse(time), 0, 6);
  bytes.set(random(10), 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
