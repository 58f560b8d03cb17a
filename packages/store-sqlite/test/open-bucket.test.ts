import { createHash } from "node:crypto";
import { type PreparedPart, referenceKey } from "@daybook/ledger";
import { describe, expect, it } from "vitest";
import { countsIn, countsOf, positionsOf } from "../src/buckets/bucket-summary.ts";
import type { HeadFields } from "../src/buckets/head-fields.ts";
import { OpenBucket } from "../src/buckets/open-bucket.ts";
import { BUCKET_ROWS } from "../src/database/schema.ts";

const head: PreparedPart = { salt: new Uint8Array(32), text: "{}" };
const fieldsOf = (seq: number): HeadFields => ({
  id: `id-${String(seq).padStart(8, "0")}`,
  ts: new Date(Date.UTC(2026, 0, 1) + seq * 1_000).toISOString(),
  type: seq % 3 === 0 ? "query" : "endpoint",
  action: "request.completed",
  severity: "info",
  outcome: "success",
  route: seq % 5 === 0 ? undefined : `/books/${seq % 11}`,
});
const subOf = (n: number) => `1.${createHash("sha256").update(`person ${n}`).digest("hex").slice(0, 32)}`;
const about = (n: number, text = "{}"): PreparedPart => ({ ...head, role: "actor", sub: subOf(n), text });

const fewPersons = (seq: number) => (seq % 5 === 0 ? [] : seq % 7 === 0 ? [seq % 97, (seq + 1) % 97] : [seq % 97]);
const manyPersons = (seq: number) => Array.from({ length: seq % 6 }, (_, i) => (seq + i) % 97);

function fill(bucket: OpenBucket, from: number, rows: number, personsOf = fewPersons): void {
  bucket.continueAt(from);
  for (let seq = from; seq < from + rows; seq++) bucket.add(seq, fieldsOf(seq), [head, ...personsOf(seq).map((n) => about(n))], false);
}

const keys = Array.from({ length: 97 }, (_, n) => referenceKey(subOf(n)));

const wantedOf = (bucket: number, personsOf: (seq: number) => number[]) =>
  Array.from({ length: BUCKET_ROWS }, (_, i) => bucket * BUCKET_ROWS + i)
    .flatMap((seq) => personsOf(seq).map((n, i) => ({ key: BigInt.asUintN(64, keys[n]!), position: seq % BUCKET_ROWS, part: i + 1 })))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.position - b.position || a.part - b.part));

describe("the bucket that is filling", () => {
  it("lists its references in order when full", () => {
    const bucket = new OpenBucket();
    fill(bucket, BUCKET_ROWS, BUCKET_ROWS);
    expect(bucket.complete(1)!.references).toEqual(wantedOf(1, fewPersons));
  });

  it("lists the references of several buckets in turn", () => {
    const bucket = new OpenBucket();
    for (const [number, personsOf] of [manyPersons, fewPersons, manyPersons, manyPersons].entries()) {
      fill(bucket, number * BUCKET_ROWS, BUCKET_ROWS, personsOf);
      const { references } = bucket.complete(number)!;
      expect(references).toEqual(wantedOf(number, personsOf));
      if (personsOf === manyPersons) expect(references.length).toBeGreaterThan(2 * BUCKET_ROWS);
    }
  });

  it("counts and lists its heads", () => {
    const bucket = new OpenBucket();
    fill(bucket, BUCKET_ROWS, BUCKET_ROWS);
    const { summary } = bucket.complete(1)!;
    expect(summary).toMatchObject({ heads: BUCKET_ROWS, first_id: "id-00004096", last_id: "id-00008191" });
    const counts = JSON.parse(summary.counts) as Record<string, Record<string, number>>;
    expect(counts.type).toEqual({ endpoint: 2_731, query: 1_365 });
    expect(Object.values(counts.hour!).reduce((sum, n) => sum + n, 0)).toBe(BUCKET_ROWS);
    const wanted = new Map([
      ["type", ["query"]],
      ["route", ["/books/3", "/books/4"]],
    ] as const);
    const matching = Array.from({ length: BUCKET_ROWS }, (_, position) => position).filter((position) => {
      const { type, route } = fieldsOf(BUCKET_ROWS + position);
      return type === "query" && (route === "/books/3" || route === "/books/4");
    });
    const known = countsOf(summary.counts, summary.positions.length)!;
    expect(positionsOf(known, summary.positions, wanted)).toEqual(matching);
    expect(countsIn(summary, wanted, undefined)).toEqual(new Map([[null, matching.length]]));
    const byRoute = countsIn(summary, wanted, "route")!;
    expect([...byRoute.keys()]).toEqual(["/books/3", "/books/4"]);
    expect([...byRoute.values()].reduce((sum, n) => sum + n, 0)).toBe(matching.length);
  });

  it("returns its content once, when full", () => {
    const bucket = new OpenBucket();
    fill(bucket, 0, BUCKET_ROWS - 1);
    expect(bucket.complete(0)).toBeUndefined();
    fill(bucket, BUCKET_ROWS - 1, 1);
    expect(bucket.complete(0)!.references).toHaveLength(wantedOf(0, fewPersons).length);
    expect(bucket.complete(0)).toBeUndefined();
  });

  it.each<[string, (bucket: OpenBucket) => void]>([
    ["began somewhere in the middle", (bucket) => fill(bucket, 1, BUCKET_ROWS - 1)],
    [
      "was written to by another process",
      (bucket) => {
        fill(bucket, 0, 100);
        fill(bucket, 101, BUCKET_ROWS - 101);
      },
    ],
    [
      "had a transaction rolled back",
      (bucket) => {
        fill(bucket, 0, 100);
        bucket.forget();
        fill(bucket, 100, BUCKET_ROWS - 100);
      },
    ],
    [
      "had parts removed",
      (bucket) => {
        fill(bucket, 0, 100);
        bucket.add(100, fieldsOf(100), [head], true);
        fill(bucket, 101, BUCKET_ROWS - 101);
      },
    ],
    [
      "names a tenant",
      (bucket) => {
        fill(bucket, 0, 100);
        bucket.add(100, fieldsOf(100), [head, about(1, '{"role":"actor","tenant":"north"}')], false);
        fill(bucket, 101, BUCKET_ROWS - 101);
      },
    ],
  ])("is read from its rows where it %s", (_, happened) => {
    const bucket = new OpenBucket();
    happened(bucket);
    expect(bucket.complete(0)).toBeUndefined();
    const at = 2 * BUCKET_ROWS;
    fill(bucket, at, BUCKET_ROWS);
    expect(bucket.complete(2)).toBeDefined();
  });
});
