import { canonicalText } from "./canonical-json.ts";
import type { Random } from "./entry.ts";
import { CLASS, DEFAULT_POLICY, type Policy } from "./entry-class.ts";
import type { LedgerKeys } from "./keys.ts";
import { pseudonymOf } from "./pseudonym.ts";
import type { SplitEntry, SplitPart } from "./split-entry.ts";

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
