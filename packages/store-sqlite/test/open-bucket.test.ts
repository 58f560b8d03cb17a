import { createHash } from "node:crypto";
import { type PreparedPart, referenceKey } from "@daybook/ledger";
import { describe, expect, it } from "vitest";
import { BUCKET_ROWS } from "../src/database/schema.ts";
import { OpenBucket } from "../src/ledger/open-bucket.ts";

const head: PreparedPart = { salt: new Uint8Array(32), text: "{}" };
const subOf = (n: number) => `1.${createHash("sha256").update(`person ${n}`).digest("hex").slice(0, 32)}`;
const about = (n: number, text = "{}"): PreparedPart => ({ ...head, role: "actor", sub: subOf(n), text });

const fewPersons = (seq: number) => (seq % 5 === 0 ? [] : seq % 7 === 0 ? [seq % 97, (seq + 1) % 97] : [seq % 97]);
const manyPersons = (seq: number) => Array.from({ length: seq % 6 }, (_, i) => (seq + i) % 97);

function fill(bucket: OpenBucket, from: number, rows: number, personsOf = fewPersons): void {
  bucket.continueAt(from);
  for (let seq = from; seq < from + rows; seq++) bucket.add(seq, [head, ...personsOf(seq).map((n) => about(n))], false);
}

const keys = Array.from({ length: 97 }, (_, n) => referenceKey(subOf(n)));

const wantedOf = (bucket: number, personsOf: (seq: number) => number[]) =>
  Array.from({ length: BUCKET_ROWS }, (_, i) => bucket * BUCKET_ROWS + i)
    .flatMap((seq) => personsOf(seq).map((n, i) => ({ key: keys[n]!, seq, part: i + 1 })))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.seq - b.seq || a.part - b.part));

describe("the bucket that is filling", () => {
  it("lists its references in index order when full", () => {
    const bucket = new OpenBucket();
    fill(bucket, BUCKET_ROWS, BUCKET_ROWS + 10);
    const wanted = wantedOf(1, fewPersons);
    expect([...bucket.complete(1)!]).toEqual(wanted);
    expect(wanted.some(({ key }) => key < 0n)).toBe(true);
  });

  it("lists the references of several buckets in turn", () => {
    const bucket = new OpenBucket();
    fill(bucket, 0, BUCKET_ROWS, manyPersons);
    for (const [number, personsOf, next] of [
      [0, manyPersons, fewPersons],
      [1, fewPersons, manyPersons],
      [2, manyPersons, manyPersons],
      [3, manyPersons, fewPersons],
    ] as const) {
      fill(bucket, (number + 1) * BUCKET_ROWS, 5, next);
      const references = bucket.complete(number)!;
      fill(bucket, (number + 1) * BUCKET_ROWS + 5, BUCKET_ROWS - 5, next);
      const wanted = wantedOf(number, personsOf);
      expect([...references]).toEqual(wanted);
      if (personsOf === manyPersons) expect(wanted.length).toBeGreaterThan(2 * BUCKET_ROWS);
    }
  });

  it("returns its references once, when full", () => {
    const bucket = new OpenBucket();
    fill(bucket, 0, BUCKET_ROWS);
    expect(bucket.complete(0)).toBeUndefined();
    fill(bucket, BUCKET_ROWS, 1);
    expect([...bucket.complete(0)!]).toHaveLength(wantedOf(0, fewPersons).length);
    expect(bucket.complete(0)).toBeUndefined();
  });

  it.each<[string, (bucket: OpenBucket) => void]>([
    ["began somewhere in the middle", (bucket) => fill(bucket, 1, BUCKET_ROWS)],
    [
      "was written to by another process",
      (bucket) => {
        fill(bucket, 0, 100);
        fill(bucket, 101, BUCKET_ROWS);
      },
    ],
    [
      "had a transaction rolled back",
      (bucket) => {
        fill(bucket, 0, 100);
        bucket.forget();
        fill(bucket, 100, BUCKET_ROWS);
      },
    ],
    [
      "had parts removed",
      (bucket) => {
        fill(bucket, 0, 100);
        bucket.add(100, [head], true);
        fill(bucket, 101, BUCKET_ROWS);
      },
    ],
    [
      "had parts removed by the entry after it",
      (bucket) => {
        fill(bucket, 0, BUCKET_ROWS);
        bucket.add(BUCKET_ROWS, [head], true);
      },
    ],
    [
      "names a tenant",
      (bucket) => {
        fill(bucket, 0, 100);
        bucket.add(100, [head, about(1, '{"role":"actor","tenant":"north"}')], false);
        fill(bucket, 101, BUCKET_ROWS);
      },
    ],
  ])("is read from its rows where it %s", (_, happened) => {
    const bucket = new OpenBucket();
    happened(bucket);
    expect(bucket.complete(0)).toBeUndefined();
    const at = 2 * BUCKET_ROWS;
    fill(bucket, at, BUCKET_ROWS + 1);
    expect(bucket.complete(2)).toBeDefined();
  });
});
