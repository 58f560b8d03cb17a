import { canonicalText } from "../encoding/canonical-json.ts";
import { CLASS, DEFAULT_POLICY, type Policy } from "../entry/entry-class.ts";
import type { SplitEntry, SplitPart } from "../entry/split-entry.ts";
import type { LedgerKeys } from "../keys/keys.ts";
import { pseudonymOf } from "../keys/pseudonym.ts";
import type { Random } from "../keys/random.ts";
import { LedgerError } from "../ledger-error.ts";
import { type Continued, ERASURE_BASES, type ErasureBasis } from "./read-manifest.ts";
import type { SlotItem, SlotSet } from "./slot-set.ts";

/** Version of the byte formats: the first four bytes of every entry, in ASCII. */
export const LEDGER_FORMAT = "dbk1";

/** Options of every entry of class 8, which the ledger writes about itself. */
export interface LedgerEntryOptions {
  /** Time of the entry, UTC, `YYYY-MM-DDTHH:mm:ss.sssZ`. */
  readonly time: string;
  /** Source of the random bits of the id. */
  readonly random: Random;
  /** Id of the event. Default: a UUIDv7 (RFC 9562) of `time`. */
  readonly id?: string;
  /** Component that wrote the entry. Default: not recorded. */
  readonly service?: string;
  /** Process of the component. Default: not recorded. */
  readonly instance?: string;
  /** The person that gave the order. Default: not recorded. */
  readonly operator?: Operator;
}

/** The person that gave an order to the ledger, recorded in a part of its own. */
export interface Operator {
  /** Id of the person, 1 to 512 bytes. */
  readonly id: string;
  /** Keys for the pseudonym. */
  readonly keys: LedgerKeys;
  /** `readable` stores the id as given, `pseudonymous` only the pseudonym. Default `readable`. */
  readonly userIds?: "readable" | "pseudonymous";
}

/** Content of entry 0. */
export interface CreatedEntryOptions extends LedgerEntryOptions {
  /** Origin of the log, `<name>/<generation>`. */
  readonly origin: string;
  /** Verifier key of the origin, see `vkeyOf`. */
  readonly vkey: string;
  /** Key epoch of the first pseudonyms. */
  readonly kid: string;
  /** Rules of retention and erasure. Default `DEFAULT_POLICY`. */
  readonly policy?: Policy;
}

/** Entry 0 of a new log (`ledger.created`): its format, its key, its first policy. */
export function createdEntry({ origin, vkey, kid, policy = DEFAULT_POLICY, ...options }: CreatedEntryOptions): SplitEntry {
  return ledgerEntry("ledger.created", { format: LEDGER_FORMAT, origin, vkey, kid, policy }, undefined, options);
}

/** A new policy (`ledger.policy`). It is complete: it replaces the former policy. */
export function policyEntry({ policy, ...options }: LedgerEntryOptions & { readonly policy: Policy }): SplitEntry {
  return ledgerEntry("ledger.policy", { policy }, undefined, options);
}

/** Content of an entry that declares an erasure. */
export interface ErasureEntryOptions extends LedgerEntryOptions {
  /** The slots that are removed in the same transaction. If they are too many for one entry, see `spreadSlots`. */
  readonly gone: SlotSet;
  /** At least one reason, GDPR Art. 17(1). */
  readonly basis: readonly ErasureBasis[];
  /** Earlier erasures whose lists this one takes over, by sequence number. `gone` must name their slots and the slots of the lists. */
  readonly merges?: readonly number[];
}

/**
 * Declares slots gone (`ledger.erasure`). It names no person, no request and no counts by class, which could link the slots to a person.
 * @throws {LedgerError} `BAD_MANIFEST`: no slot, or no basis
 * @example
 * ```ts
 * import { randomBytes } from "node:crypto";
 * import { erasureEntry, prepareEntry, SlotSet } from "@daybook/ledger";
 *
 * const gone = new SlotSet();
 * gone.add(1, 10, 12); // part 1 of the entries 10 to 12
 * const split = erasureEntry({ gone, basis: ["request"], time: "2026-01-01T00:00:00.000Z", random: randomBytes });
 * console.log(prepareEntry(split, randomBytes).class); // 8
 * ```
 */
export function erasureEntry({ gone, basis, merges, ...options }: ErasureEntryOptions): SplitEntry {
  const bases = ERASURE_BASES.filter((known) => basis.includes(known));
  if (gone.size === 0 || bases.length === 0) throw new LedgerError("BAD_MANIFEST", "An erasure names at least one slot and one basis.");
  return ledgerEntry("ledger.erasure", { n: gone.size, basis: bases, merges }, { gone: gone.toJson() }, options);
}

/** Content of an entry that raises the watermarks of a class. */
export interface RetentionEntryOptions extends LedgerEntryOptions {
  /** Retention class, neither 4 nor 8. */
  readonly class: number;
  /** All detachable parts of the class with a lower sequence number are gone; never lower than in an earlier entry. */
  readonly persons: number;
  /** All heads of the class with a lower sequence number are gone; at most `persons`. */
  readonly heads: number;
  /** All exempted slots below the watermarks: the list of a class's newest entry replaces earlier ones. Default: none. */
  readonly keep?: SlotSet;
}

/**
 * Declares gone what retention removed of a class, by two watermarks (`ledger.retention`).
 * @throws {LedgerError} `BAD_MANIFEST`: `heads` above `persons`
 */
export function retentionEntry({ class: entryClass, persons, heads, keep, ...options }: RetentionEntryOptions): SplitEntry {
  if (heads > persons) throw new LedgerError("BAD_MANIFEST", "Heads cannot go before the persons of the same entries.");
  const context = keep === undefined || keep.size === 0 ? undefined : { keep: keep.toJson() };
  return ledgerEntry("ledger.retention", { class: entryClass, persons, heads }, context, options);
}

/** Content of the first entry of a new generation. */
export interface ContinuesEntryOptions extends LedgerEntryOptions {
  /** The newest outside checkpoint of the generation before. */
  readonly from: Continued;
  /** A backup was restored, or the keys were lost. */
  readonly reason: "restore" | "key_lost";
}

/** The first entry of a new generation (`ledger.continues`). */
export function continuesEntry({ from, reason, ...options }: ContinuesEntryOptions): SplitEntry {
  return ledgerEntry("ledger.continues", { from, reason }, undefined, options);
}

/** A new public key, whose seals begin with the next entry, or a pseudonym key added or destroyed (`ledger.key`). */
export function keyEntry(
  options: LedgerEntryOptions & ({ readonly vkey: string } | { readonly kid: string; readonly change: "added" | "destroyed" }),
): SplitEntry {
  const said = "vkey" in options ? { vkey: options.vkey } : { kid: options.kid, change: options.change };
  return ledgerEntry("ledger.key", said, undefined, options);
}

/** States that the bytes of erasures are gone from the file (`ledger.proven`); `of` lists the erasures, `scan` the search for bytes. */
export function provenEntry({
  of,
  scan,
  ...options
}: LedgerEntryOptions & { readonly of: readonly number[]; readonly scan: "clean" | "skipped" }): SplitEntry {
  return ledgerEntry("ledger.proven", { of, scan }, undefined, options);
}

/** Declares rows forged after an investigation (`ledger.incident`); `note` is a code, `[a-z][a-z0-9_.]{0,63}`. */
export function incidentEntry({
  rows,
  note,
  ...options
}: LedgerEntryOptions & { readonly rows: readonly SlotItem[]; readonly note: string }): SplitEntry {
  return ledgerEntry("ledger.incident", { rows, note }, undefined, options);
}

/** Parts: the head with the parameters, the operator if known, the lists, which a later merge can remove. */
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
  bytes[6] = 0x70 | (bytes.readUInt8(6) & 0x0f);
  bytes[8] = 0x80 | (bytes.readUInt8(8) & 0x3f);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
