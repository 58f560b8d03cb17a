import { type LedgerKeys, referenceKey, tenantReferences } from "@daybook/ledger";
import { bucketOf } from "./schema.ts";
import type { Sqlite } from "./sqlite-driver.ts";

/**
 * Recomputes the references of each closed bucket while its parts stream by. Only persons are compared where there are no keys: which
 * reference is a tenant's cannot be told then.
 */
export class ReferenceCheck {
  readonly #found: (text: string, seq: number) => void;
  readonly #keys: LedgerKeys | undefined;
  readonly #stored;
  readonly #closed: number;
  readonly #tenants = new Map<string, readonly bigint[]>();
  #bucket = 0;
  #wanted = new Map<string, boolean>();

  constructor(db: Sqlite, keys: LedgerKeys | undefined, found: (text: string, seq: number) => void) {
    this.#found = found;
    this.#keys = keys !== undefined && keys.sub.length > 0 ? keys : undefined;
    this.#closed = db.prepare<[], number | null>("SELECT max(bucket) FROM daybook_ref").pluck().get() ?? -1;
    this.#stored = db
      .prepare<[number], [bigint, bigint, bigint]>("SELECT key, seq, part FROM daybook_ref WHERE bucket = ? AND part > 0")
      .raw()
      .safeIntegers();
  }

  part(seq: number, part: number, value: unknown): void {
    if (part === 0) return;
    const bucket = bucketOf(seq);
    if (bucket > this.#closed) return;
    while (this.#bucket < bucket) this.#compare();
    const { sub, tenant } = value as { sub?: unknown; tenant?: unknown };
    if (typeof sub === "string") this.#wanted.set(`${referenceKey(sub)} ${seq} ${part}`, true);
    // Under which epoch a tenant was written is not known: one of them has to be there.
    if (typeof tenant === "string" && this.#keys !== undefined) {
      for (const key of this.#tenantKeys(tenant, this.#keys)) this.#wanted.set(`${key} ${seq} ${part}`, false);
    }
  }

  finish(): void {
    while (this.#bucket <= this.#closed) this.#compare();
  }

  #compare(): void {
    const wanted = this.#wanted;
    const bucket = this.#bucket++;
    this.#wanted = new Map();
    for (const [key, seq, part] of this.#stored.all(bucket)) {
      if (wanted.delete(`${key} ${seq} ${part}`) || this.#keys === undefined) continue;
      this.#found(`a reference points to part ${part} of entry ${seq}, which is not there or about somebody else`, Number(seq));
    }
    for (const [reference, required] of wanted) {
      if (!required) continue;
      const [, seq, part] = reference.split(" ");
      this.#found(`part ${part} of entry ${seq} is in no reference, so that its person is not found there`, Number(seq));
    }
  }

  #tenantKeys(tenant: string, keys: LedgerKeys): readonly bigint[] {
    let found = this.#tenants.get(tenant);
    if (found === undefined) {
      if (this.#tenants.size >= 10_000) this.#tenants.clear();
      found = tenantReferences(keys, tenant);
      this.#tenants.set(tenant, found);
    }
    return found;
  }
}
