import { readFileSync, statSync } from "node:fs";

export interface Needle {
  readonly bytes: Buffer;
  /** Four bytes of it that few other needles have there. */
  readonly anchorAt: number;
}

export const saltNeedle = (salt: Uint8Array): Needle => ({ bytes: Buffer.from(salt), anchorAt: 0 });

/** A request id differs for each event; a part without one is found by its last bytes. */
export function textNeedle(text: Uint8Array): Needle {
  const bytes = Buffer.from(text);
  const id = bytes.indexOf('"request_id":"req-');
  return { bytes, anchorAt: id < 0 ? bytes.length - 8 : id + 20 };
}

/** Number of needles that a database file or its write-ahead log still contains, whole. */
export function residue(path: string, needles: readonly Needle[]): number {
  const byAnchor = new Map<number, number[]>();
  const filter = new Uint8Array(1 << 16);
  needles.forEach(({ bytes, anchorAt }, i) => {
    const anchor = bytes.readInt32LE(anchorAt);
    filter[anchor & 0xffff] = 1;
    byAnchor.set(anchor, [...(byAnchor.get(anchor) ?? []), i]);
  });
  const found = new Set<number>();
  for (const file of [path, `${path}-wal`]) {
    if (statSync(file, { throwIfNoEntry: false }) === undefined) continue;
    const all = readFileSync(file);
    for (let at = 0; at + 4 <= all.length; at++) {
      if (filter[all[at]! | (all[at + 1]! << 8)] === 0) continue;
      for (const i of byAnchor.get(all.readInt32LE(at)) ?? []) {
        const { bytes, anchorAt } = needles[i]!;
        if (at >= anchorAt && all.compare(bytes, 0, bytes.length, at - anchorAt, at - anchorAt + bytes.length) === 0) found.add(i);
      }
    }
  }
  return found.size;
}
