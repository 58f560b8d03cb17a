import { isPlainObject } from "../encoding/canonical-json.ts";
import { defined } from "../encoding/defined.ts";
import { CLASS, type ClassPolicy, isEventClass, type Policy } from "../entry/entry-class.ts";
import { isLedgerError, LedgerError } from "../ledger-error.ts";
import { SlotSet } from "./slot-set.ts";

/** Reasons for an erasure, several of which can apply at once (GDPR, Art. 17(1)). `expired`: the retention period has ended. */
export const ERASURE_BASES = ["request", "withdrawal", "objection", "unlawful", "child", "law", "expired"] as const;
/** One of `ERASURE_BASES`. */
export type ErasureBasis = (typeof ERASURE_BASES)[number];

/** The generation of a log that a `ledger.continues` entry continues. */
export interface Continued {
  /** Origin of that generation, `<name>/<generation>`. */
  readonly origin: string;
  /** Its verifier key, see `vkeyOf`. */
  readonly vkey: string;
  /** Size of its newest known checkpoint. */
  readonly size: number;
  /** Root of that checkpoint, base64 of 32 bytes. */
  readonly root: string;
}

/** The content of an entry of class 8, in which the log records something about itself. */
export type Manifest =
  | {
      readonly action: "ledger.created";
      readonly format: string;
      readonly origin: string;
      readonly vkey: string;
      readonly kid: string;
      readonly policy: Policy;
    }
  | { readonly action: "ledger.policy"; readonly policy: Policy }
  | {
      readonly action: "ledger.erasure";
      /** Number of slots named. */
      readonly n: number;
      readonly basis: readonly ErasureBasis[];
      /** Earlier entries whose lists this one takes over, by sequence number. */
      readonly merges: readonly number[];
      /** The slots named; undefined if the list itself is gone, because a later entry took it over. */
      readonly gone: SlotSet | undefined;
    }
  | {
      readonly action: "ledger.retention";
      readonly class: number;
      /** All detachable parts of the class below this sequence number are gone. */
      readonly persons: number;
      /** All heads of the class below this sequence number are gone. */
      readonly heads: number;
      /** Exempted slots. */
      readonly keep: SlotSet;
    }
  | { readonly action: "ledger.continues"; readonly from: Continued; readonly reason: "restore" | "key_lost" }
  | { readonly action: "ledger.key"; readonly vkey: string }
  | { readonly action: "ledger.key"; readonly kid: string; readonly change: "added" | "destroyed" }
  | { readonly action: "ledger.proven"; readonly of: readonly number[]; readonly scan: "clean" | "skipped" }
  | {
      readonly action: "ledger.incident";
      /** Forged rows, as slots of part 0. */
      readonly rows: SlotSet;
      readonly note: string;
    };

/** The texts of an entry of class 8. */
export interface ManifestText {
  /** Sequence number of the entry. */
  readonly seq: number;
  /** Text of part 0. */
  readonly head: string;
  /** Texts of the detachable parts that are present. */
  readonly parts: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const KID = /^[a-z0-9]{1,8}$/;
const CODE = /^[a-z][a-z0-9_.]{0,63}$/;

/**
 * Parses an entry of class 8 and checks the rules for a single entry. The caller must have checked that the parts open their commitments.
 * @throws {LedgerError} `BAD_MANIFEST`, naming the entry
 */
export function readManifest({ seq, head: headText, parts }: ManifestText): Manifest {
  try {
    const head = object(parse(headText), "the head");
    const ledger = object(head.ledger, "`ledger`");
    const context = parts.map(parse).find((part): part is Json => isPlainObject(part) && part.role === "context") ?? {};
    if (head.type !== "compliance") throw bad("its type is not compliance");
    return read(seq, head.action, ledger, context);
  } catch (cause) {
    if (isLedgerError(cause)) throw new LedgerError("BAD_MANIFEST", `Entry ${seq}: ${cause.hint}`, { cause });
    throw cause;
  }
}

function read(seq: number, action: unknown, ledger: Json, context: Json): Manifest {
  switch (action) {
    case "ledger.created":
      return {
        action,
        format: text(ledger.format, "format"),
        origin: text(ledger.origin, "origin"),
        vkey: text(ledger.vkey, "vkey"),
        kid: matching(ledger.kid, "kid", KID),
        policy: readPolicy(ledger.policy),
      };
    case "ledger.policy":
      return { action, policy: readPolicy(ledger.policy) };
    case "ledger.erasure":
      return readErasure(seq, ledger, context);
    case "ledger.retention":
      return readRetention(seq, ledger, context);
    case "ledger.continues": {
      const from = object(ledger.from, "`from`");
      return {
        action,
        from: {
          origin: text(from.origin, "from.origin"),
          vkey: text(from.vkey, "from.vkey"),
          size: count(from.size, "from.size"),
          root: text(from.root, "from.root"),
        },
        reason: oneOf(ledger.reason, "reason", ["restore", "key_lost"]),
      };
    }
    case "ledger.key":
      if (ledger.vkey !== undefined) return { action, vkey: text(ledger.vkey, "vkey") };
      return { action, kid: matching(ledger.kid, "kid", KID), change: oneOf(ledger.change, "change", ["added", "destroyed"]) };
    case "ledger.proven":
      return { action, of: seqs(ledger.of, "of", seq), scan: oneOf(ledger.scan, "scan", ["clean", "skipped"]) };
    case "ledger.incident":
      return { action, rows: SlotSet.fromJson({ 0: ledger.rows }, seq), note: matching(ledger.note, "note", CODE) };
    default:
      throw bad(`${JSON.stringify(action)} is no action of the ledger`);
  }
}

function readErasure(seq: number, ledger: Json, context: Json): Manifest {
  const n = count(ledger.n, "n");
  const basis = list(ledger.basis, "basis").map((value) => oneOf(value, "basis", ERASURE_BASES));
  if (n === 0 || basis.length === 0 || new Set(basis).size < basis.length) throw bad("`n` is 0, or `basis` is empty or repeats itself");
  const gone = context.gone === undefined ? undefined : SlotSet.fromJson(context.gone, seq);
  if (gone !== undefined && gone.size !== n) throw bad(`\`n\` is ${n}, but ${gone.size} slots are named`);
  return { action: "ledger.erasure", n, basis, merges: ledger.merges === undefined ? [] : seqs(ledger.merges, "merges", seq), gone };
}

function readRetention(seq: number, ledger: Json, context: Json): Manifest {
  const entryClass = count(ledger.class, "class");
  const persons = count(ledger.persons, "persons");
  const heads = count(ledger.heads, "heads");
  // Consents end one by one, and class 8 explains every absence: neither has a watermark.
  if (!isEventClass(entryClass) || entryClass === CLASS.consent) throw bad(`class ${entryClass} has no retention by watermark`);
  if (heads > persons || persons > seq) throw bad("watermarks must satisfy heads ≤ persons ≤ own sequence number");
  return { action: "ledger.retention", class: entryClass, persons, heads, keep: SlotSet.fromJson(context.keep ?? {}, seq) };
}

/** Checks a policy as an entry records it. @throws {LedgerError} `BAD_MANIFEST` */
export function readPolicy(value: unknown): Policy {
  const policy: Record<string, ClassPolicy> = {};
  for (const [name, rules] of Object.entries(object(value, "`policy`"))) {
    if (!/^[1-9]\d{0,2}$/.test(name) || Number(name) > 255) throw bad(`${JSON.stringify(name)} in \`policy\` is not a class`);
    const { persons_days, heads_days, actor, others, ground } = object(rules, `class ${name} of \`policy\``);
    const days = count(persons_days, "persons_days");
    if (heads_days !== undefined && count(heads_days, "heads_days") < days)
      throw bad(`in class ${name}, heads are kept shorter than persons`);
    policy[name] = defined({
      persons_days: days,
      heads_days: heads_days as number | undefined,
      actor: oneOf(actor, "actor", ["erase", "keep"]),
      others: oneOf(others, "others", ["erase", "keep"]),
      ground: ground === undefined ? undefined : text(ground, "ground"),
    });
  }
  return policy;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new LedgerError("BAD_MANIFEST", "it is not JSON.", { cause });
  }
}

function object(value: unknown, name: string): Json {
  if (!isPlainObject(value)) throw bad(`${name} is not an object`);
  return value;
}

function list(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(`\`${name}\` is not a list`);
  return value;
}

function text(value: unknown, name: string): string {
  if (typeof value !== "string" || value === "") throw bad(`\`${name}\` is not text`);
  return value;
}

function matching(value: unknown, name: string, pattern: RegExp): string {
  if (typeof value !== "string" || !pattern.test(value)) throw bad(`\`${name}\` does not have the form it must have`);
  return value;
}

function oneOf<const T extends string>(value: unknown, name: string, known: readonly T[]): T {
  if (!known.includes(value as T)) throw bad(`\`${name}\` is not one of ${known.join(", ")}`);
  return value as T;
}

function count(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw bad(`\`${name}\` is not a number of 0 or more`);
  return value as number;
}

function seqs(value: unknown, name: string, below: number): number[] {
  let last = -1;
  return list(value, name).map((item) => {
    const seq = count(item, name);
    if (seq <= last || seq >= below) throw bad(`\`${name}\` does not list earlier entries in ascending order`);
    last = seq;
    return seq;
  });
}

const bad = (what: string) => new LedgerError("BAD_MANIFEST", `${what}.`);
