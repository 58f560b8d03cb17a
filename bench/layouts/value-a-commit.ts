/** Layout C: one row for each commit, which holds all its events as one JSON array and their bytes as blobs. */
import type { PreparedEntry } from "../../packages/ledger/src/index.ts";
import { type CollectedRow, fieldsOf } from "./bucket-collector.ts";
import { BucketedLayout } from "./bucketed.ts";
import type { LayoutEvent } from "./events.ts";
import type { PageRow, Slot, StoredPart, StoredRow } from "./layout.ts";

const SCHEMA: readonly string[] = [
  // What is not personal comes first, so that personal data begins in overflow pages if a commit is large enough.
  `CREATE TABLE daybook_commit (
  seq INTEGER PRIMARY KEY CHECK (seq >= 0),
  n INTEGER NOT NULL CHECK (n > 0),
  seals BLOB NOT NULL CHECK (length(seals) = 16 * n),
  entries BLOB NOT NULL,
  ends BLOB NOT NULL,
  salts BLOB NOT NULL CHECK (length(salts) = 8 * length(ends)),
  events TEXT NOT NULL
) STRICT`,
  // LIMIT and WHERE keep SQLite from merging the two selects: `value` would be written as text again for each of its uses.
  `CREATE VIEW audit_log AS SELECT
  id,
  v ->> '$[0].ts' AS timestamp,
  v ->> '$[0].type' AS event_type,
  coalesce(v ->> '$[1].uid', v ->> '$[1].sub') AS user_id,
  v ->> '$[0].severity' AS severity,
  coalesce(v ->> '$[1].details',
    (SELECT p.value ->> '$.details' FROM json_each(v) p WHERE p.key > 0 AND p.value ->> '$.details' IS NOT NULL ORDER BY p.key LIMIT 1),
    v ->> '$[0].details') AS details,
  v ->> '$[1].ip' AS ip_address,
  v ->> '$[0].route' AS endpoint,
  v ->> '$[0].action' AS action,
  v ->> '$[0].outcome' AS outcome,
  CASE
    WHEN json_type(v, '$[0]') = 'null' THEN 'empty'
    WHEN json_type(v, '$[1]') = 'null' THEN 'partial'
    WHEN json_type(v, '$[2]') IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(v) p WHERE p.type = 'null') THEN 'partial'
    ELSE 'full'
  END AS state
FROM (SELECT c.seq + e.key AS id, e.value AS v FROM daybook_commit c, json_each(c.events) e LIMIT -1) WHERE v IS NOT NULL`,
  `CREATE TRIGGER daybook_commit_keep BEFORE DELETE ON daybook_commit
BEGIN SELECT raise(ABORT, 'entries of an audit log are never deleted'); END`,
  `CREATE TRIGGER daybook_commit_blank BEFORE UPDATE ON daybook_commit
WHEN NOT (new.seq IS old.seq AND new.n IS old.n AND new.entries IS old.entries AND new.seals IS old.seals AND new.ends IS old.ends)
BEGIN SELECT raise(ABORT, 'entries of an audit log are never changed'); END`,
];

interface Commit {
  readonly seq: number;
  readonly n: number;
  readonly seals: Buffer;
  readonly entries: Buffer;
  readonly ends: Buffer;
  readonly salts: Buffer;
  readonly text: Buffer;
}
interface Place {
  readonly seq: number;
  readonly entry: Buffer;
  readonly seal: Buffer;
  /** Slot number of the head in the commit. */
  readonly slot: number;
  readonly parts: number;
}

function* places({ seq, n, entries, seals }: Commit): Generator<Place> {
  let at = 0;
  let slot = 0;
  for (let i = 0; i < n; i++) {
    const parts = entries[at + 5]!;
    const length = 6 + 32 * parts;
    yield { seq: seq + i, entry: entries.subarray(at, at + length), seal: seals.subarray(16 * i, 16 * i + 16), slot, parts };
    at += length;
    slot += parts;
  }
}

/** Text between `[`, `,` or `],[` and the end. The first part begins after two brackets. */
function textOf({ ends, text }: Commit, place: Place, part: number): Buffer {
  const slot = place.slot + part;
  const from = slot === 0 ? 2 : ends.readUInt32LE(4 * slot - 4) + (part === 0 ? 3 : 1);
  return text.subarray(from, ends.readUInt32LE(4 * slot));
}

/** The slot at a byte of the text: the first that ends behind it. */
function slotAt({ ends }: Commit, at: number): number {
  let low = 0;
  let high = ends.length / 4 - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends.readUInt32LE(4 * middle) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

const isErased = (text: Buffer) => text[0] === 0x6e;
function blank(commit: Commit, place: Place, part: number): void {
  const text = textOf(commit, place, part);
  text.fill(" ");
  text.write("null");
  const at = 32 * (place.slot + part);
  commit.salts.fill(0, at, at + 32);
}

const COLUMNS = "seq, n, seals, entries, ends, salts, CAST(events AS BLOB) AS text";

export class ValueACommit extends BucketedLayout {
  readonly name = "C value-a-commit";
  readonly #last;
  readonly #insert;
  readonly #rewrite;
  readonly #at;
  readonly #backwards;
  /** Ids of the commit that is being made, which no query finds yet. */
  #pending: string[] = [];
  #first = -1;
  #n = 0;
  #slots = 0;
  #used = { seals: 0, entries: 0, text: 0 };
  #seals = Buffer.alloc(16 * 1_024);
  #entries = Buffer.alloc(128 * 1_024);
  #ends = Buffer.alloc(4 * 4_096);
  #salts = Buffer.alloc(32 * 4_096);
  #text = Buffer.alloc(2 << 20);

  constructor(path: string) {
    super(path, SCHEMA);
    const { db } = this;
    this.#last = db.prepare<[], { seq: number; seal: Buffer }>(
      "SELECT seq + n - 1 AS seq, substr(seals, -16) AS seal FROM daybook_commit c ORDER BY c.seq DESC LIMIT 1",
    );
    this.#insert = db.prepare("INSERT INTO daybook_commit VALUES (?, ?, ?, ?, ?, ?, CAST(? AS TEXT))");
    this.#rewrite = db.prepare("UPDATE daybook_commit SET salts = ?, events = CAST(? AS TEXT) WHERE seq = ?");
    this.#at = db.prepare<[number], Commit>(`SELECT ${COLUMNS} FROM daybook_commit WHERE seq <= ? ORDER BY seq DESC LIMIT 1`);
    this.#backwards = db.prepare<[number], Commit>(`SELECT ${COLUMNS} FROM daybook_commit WHERE seq + n > ? ORDER BY seq DESC`);
  }

  last = () => this.#last.get();
  override known(id: string): boolean {
    return super.known(id) || (this.#n > 0 && id <= this.collector.newest && this.#pending.includes(id));
  }

  put(seq: number, { entry, parts }: PreparedEntry, seal: Uint8Array, { id, time, fields }: LayoutEvent): void {
    if (this.#n === 0) {
      this.#first = seq;
      this.#pending = [];
      this.#slots = 0;
      this.#used = { seals: 0, entries: 0, text: 0 };
    }
    const used = this.#used;
    if (used.text > this.#text.length - (128 << 10)) throw new Error("a commit is too large for this experiment");
    this.#seals.set(seal, used.seals);
    used.seals += 16;
    this.#entries.set(entry, used.entries);
    used.entries += entry.length;
    this.#text[used.text++] = this.#n === 0 ? 0x5b : 0x2c;
    for (let part = 0; part < parts.length; part++) {
      this.#text[used.text++] = part === 0 ? 0x5b : 0x2c;
      used.text += this.#text.write(parts[part]!.text, used.text, "utf8");
      this.#salts.set(parts[part]!.salt, 32 * this.#slots);
      this.#ends.writeUInt32LE(used.text, 4 * this.#slots++);
    }
    this.#text[used.text++] = 0x5d;
    this.#n++;
    this.#pending.push(id);
    this.collector.add({ seq, id, time, fields, subs: parts.map(({ sub }) => sub) });
  }

  flush(): void {
    if (this.#n === 0) return;
    const { seals, entries, text } = this.#used;
    this.#text[text] = 0x5d;
    this.#insert.run(
      this.#first,
      this.#n,
      this.#seals.subarray(0, seals),
      this.#entries.subarray(0, entries),
      this.#ends.subarray(0, 4 * this.#slots),
      this.#salts.subarray(0, 32 * this.#slots),
      this.#text.subarray(0, text + 1),
    );
    this.#salts.fill(0, 0, 32 * this.#slots);
    this.#n = 0;
  }

  override rolledBack(): void {
    super.rolledBack();
    this.#n = 0;
  }

  *#commits(from: number, to: number): Generator<Commit> {
    const begin = this.#at.get(from)?.seq ?? from;
    const commits = this.db.prepare<[number, number], Commit>(
      `SELECT ${COLUMNS} FROM daybook_commit WHERE seq >= ? AND seq < ? ORDER BY seq`,
    );
    yield* commits.iterate(begin, to);
  }

  protected *collected(from: number, to: number): Generator<CollectedRow> {
    for (const commit of this.#commits(from, to)) {
      for (const place of places(commit)) {
        if (place.seq < from || place.seq >= to) continue;
        const texts = Array.from({ length: place.parts }, (_, part) => textOf(commit, place, part).toString());
        const values = JSON.parse(texts[0]!) as { id: string; ts: string };
        const subs = texts.map((text, part) => (part === 0 ? undefined : (JSON.parse(text) as { sub?: string } | null)?.sub));
        yield { seq: place.seq, id: values.id, time: values.ts, fields: fieldsOf(values), subs };
      }
    }
  }

  #place(seq: number): { commit: Commit; place: Place } {
    const commit = this.#at.get(seq);
    if (commit !== undefined) for (const place of places(commit)) if (place.seq === seq) return { commit, place };
    throw new Error(`no row ${seq}`);
  }

  protected idAt(seq: number): string | undefined {
    const { commit, place } = this.#place(seq);
    return idOf(textOf(commit, place, 0));
  }

  protected scanForId = (from: number, to: number, id: string): number | undefined => {
    for (const commit of this.#commits(from, to)) {
      const slot = this.#slotsWith(commit, `"id":"${id}"`).find(({ part }) => part === 0);
      if (slot !== undefined) return slot.seq;
    }
    return undefined;
  };

  /** Slots of a commit whose text contains these bytes. */
  #slotsWith(commit: Commit, text: string): Slot[] {
    const found = new Set<number>();
    for (let at = commit.text.indexOf(text); at >= 0; at = commit.text.indexOf(text, at + 1)) found.add(slotAt(commit, at));
    if (found.size === 0) return [];
    const slots: Slot[] = [];
    for (const { seq, slot, parts } of places(commit)) {
      for (let part = 0; part < parts; part++) if (found.has(slot + part)) slots.push({ seq, part });
    }
    return slots;
  }

  bySeq(seq: number): PageRow {
    const { commit, place } = this.#place(seq);
    return page(commit, place);
  }

  newest(limit: number): PageRow[] {
    const found: PageRow[] = [];
    for (const commit of this.#backwards.iterate(0)) {
      const rows = [...places(commit)].reverse().slice(0, limit - found.length);
      found.push(...rows.map((place) => page(commit, place)));
      if (found.length >= limit) break;
    }
    return found;
  }

  protected openOfType(from: number, type: string, limit: number): number[] {
    const seqs: number[] = [];
    for (const commit of this.#open(from)) {
      const slots = this.#slotsWith(commit, `"type":"${type}"`).filter(({ seq, part }) => part === 0 && seq >= from);
      seqs.push(...slots.map(({ seq }) => seq).reverse());
      if (seqs.length >= limit) break;
    }
    return seqs;
  }

  protected openOfPerson(from: number, sub: string, limit: number): Slot[] {
    const slots: Slot[] = [];
    for (const commit of this.#open(from)) {
      const found = this.#slotsWith(commit, `"sub":"${sub}"`).filter(({ seq, part }) => part > 0 && seq >= from);
      slots.push(...found.reverse());
      if (slots.length >= limit) break;
    }
    return slots;
  }

  /** Commits with rows from `from` on, the newest first. */
  *#open(from: number): Generator<Commit> {
    for (const commit of this.#backwards.iterate(from)) {
      yield commit;
      if (commit.seq <= from) return;
    }
  }

  *rows(): Generator<StoredRow> {
    for (const commit of this.db.prepare<[], Commit>(`SELECT ${COLUMNS} FROM daybook_commit ORDER BY seq`).iterate()) {
      for (const place of places(commit)) {
        const parts: (StoredPart | undefined)[] = [];
        for (let part = 0; part < place.parts; part++) {
          const text = textOf(commit, place, part);
          const at = 32 * (place.slot + part);
          parts.push(isErased(text) ? undefined : { salt: commit.salts.subarray(at, at + 32), text });
        }
        yield { seq: place.seq, entry: place.entry, seal: place.seal, parts };
      }
    }
  }

  erase(sub: string): Slot[] {
    return this.transaction(() => {
      const slots = this.slotsOf(sub, Number.POSITIVE_INFINITY);
      const erased: Slot[] = [];
      const parts = new Map<number, number[]>();
      for (const { seq, part } of slots) parts.set(seq, [...(parts.get(seq) ?? []), part]);
      // The newest first: each commit is read and written once.
      for (let i = 0; i < slots.length; ) {
        const commit = this.#at.get(slots[i]!.seq)!;
        for (const place of places(commit)) {
          for (const part of parts.get(place.seq) ?? []) {
            if (!textOf(commit, place, part).includes(`"sub":"${sub}"`)) continue;
            blank(commit, place, part);
            erased.push({ seq: place.seq, part });
          }
        }
        this.#rewrite.run(commit.salts, commit.text, commit.seq);
        while (i < slots.length && slots[i]!.seq >= commit.seq) i++;
      }
      this.eraseReferences(slots, sub);
      return erased;
    });
  }

  expire(from: number, to: number): void {
    this.transaction(() => {
      for (const commit of [...this.#commits(from, to)]) {
        for (const place of places(commit)) {
          if (place.seq < from || place.seq >= to) continue;
          for (let part = 1; part < place.parts; part++) blank(commit, place, part);
        }
        this.#rewrite.run(commit.salts, commit.text, commit.seq);
      }
      this.expireReferences(from, to);
    });
  }
}

const idOf = (head: Buffer): string | undefined => /"id":"([^"]+)"/.exec(head.toString("latin1"))?.[1];

function page(commit: Commit, place: Place): PageRow {
  const texts = Array.from({ length: place.parts }, (_, part) => {
    const text = textOf(commit, place, part);
    return isErased(text) ? null : text.toString();
  });
  return { seq: place.seq, texts };
}
