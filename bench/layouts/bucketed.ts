/** Ids, summaries and references by bucket: what layouts B and C share. */
import { BUCKET_SCHEMA, BucketCollector, ClosedBuckets, type CollectedRow } from "./bucket-collector.ts";
import { BUCKET_ROWS, bucketOf, Layout, type PageRow, type Slot } from "./layout.ts";

export abstract class BucketedLayout extends Layout {
  protected readonly closed: ClosedBuckets;
  protected readonly collector = new BucketCollector();

  constructor(path: string, schema: readonly string[]) {
    super(path, [...schema, ...BUCKET_SCHEMA]);
    this.closed = new ClosedBuckets(this.db);
  }

  /** Rows of another process, or before this one began. */
  protected abstract collected(from: number, to: number): Iterable<CollectedRow>;
  protected abstract idAt(seq: number): string | undefined;
  /** Searches rows one by one. */
  protected abstract scanForId: (from: number, to: number, id: string) => number | undefined;
  protected abstract openOfType(from: number, type: string, limit: number): number[];
  protected abstract openOfPerson(from: number, sub: string, limit: number): Slot[];

  follow(first: number): void {
    const { collector } = this;
    if (collector.next === first) return;
    let from = collector.next;
    if (from < 0 || from > first || bucketOf(from) < bucketOf(first) - 1) {
      const bucket = bucketOf(first);
      from = bucket * BUCKET_ROWS;
      collector.begin(bucket);
      collector.clearIds();
      collector.oldest = this.closed.newestIdBelow(bucket - 1);
      collector.newest = this.closed.newestIdBelow(bucket);
      for (const { id } of this.collected(Math.max(0, from - BUCKET_ROWS), from)) collector.addOldId(id);
    }
    for (const row of this.collected(from, first)) collector.add(row);
    // Closed by the process that crossed the boundary.
    collector.full = [];
    collector.next = first;
  }

  known(id: string): boolean {
    // Ids ascend nearly always: one above all others is new without a look-up.
    if (id > this.collector.newest) return false;
    return (id <= this.collector.oldest || this.collector.has(id)) && this.byId(id) !== undefined;
  }

  rolledBack(): void {
    this.collector.forget();
  }

  closeBuckets(open: number): void {
    this.closed.write(this.collector.full, open);
    this.spentBefore = this.collector.spent;
    this.collector.full = [];
  }

  byId(id: string): number | undefined {
    const end = (this.last()?.seq ?? -1) + 1;
    const ranges = [...this.closed.holding(id), this.#open()].map((bucket) => {
      const from = bucket * BUCKET_ROWS;
      return [from, Math.min(end, from + BUCKET_ROWS)] as const;
    });
    // Ids ascend nearly always, so halving finds most; only then the rest is searched row by row.
    for (const search of [this.#halve, this.scanForId]) {
      for (const [from, to] of ranges) {
        const found = search(from, to, id);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #open = () => (this.closed.last() ?? -1) + 1;

  #halve = (from: number, to: number, id: string): number | undefined => {
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const found = this.idAt(middle);
      if (found === undefined) break;
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle;
    }
    return undefined;
  };

  newestOfType(type: string, limit: number): PageRow[] {
    const open = this.#open();
    const seqs = this.openOfType(open * BUCKET_ROWS, type, limit);
    for (let bucket = open - 1; bucket >= 0 && seqs.length < limit; bucket--) seqs.push(...this.closed.withValue(bucket, "type", type));
    return seqs.slice(0, limit).map((seq) => this.bySeq(seq));
  }

  slotsOf(sub: string, limit: number): Slot[] {
    const open = this.#open();
    const slots = this.openOfPerson(open * BUCKET_ROWS, sub, limit);
    for (let bucket = open - 1; bucket >= 0 && slots.length < limit; bucket--) slots.push(...this.closed.slotsOf(bucket, sub).reverse());
    return slots.slice(0, limit);
  }

  protected eraseReferences(slots: readonly Slot[], sub: string): void {
    for (const bucket of new Set(slots.map(({ seq }) => bucketOf(seq)))) this.closed.erase(bucket, sub);
    this.collector.drop(sub);
  }

  protected expireReferences(from: number, to: number): void {
    for (let bucket = bucketOf(from); bucket <= bucketOf(to - 1); bucket++) {
      const end = Math.min(to - bucket * BUCKET_ROWS, BUCKET_ROWS);
      this.closed.expire(bucket, end);
    }
  }
}
