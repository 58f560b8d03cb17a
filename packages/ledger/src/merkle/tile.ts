import { LedgerError } from "../ledger-error.ts";
import { HASH_LENGTH, leafHash, nodeHash } from "./merkle.ts";
import type { HashReader } from "./merkle-range.ts";

/** A file of a log in C2SP tlog-tiles: a tile of its tree, or a bundle of its entries. */
export interface TileFile {
  /** Relative to the log's folder or URL, such as `tile/0/x001/234` or `tile/entries/000.p/17`. */
  readonly path: string;
  /** A tile: 32 bytes per hash. A bundle: each entry after its length as two bytes, big-endian. */
  readonly bytes: Uint8Array;
}

/** Hashes in a full tile, entries in a full bundle. */
export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
const MAX_ENTRY_BYTES = 0xffff;

/**
 * Path of a hash tile (C2SP tlog-tiles).
 * @param level 0 holds leaf hashes, each higher level the roots of 256 full tiles below
 * @param index index of the tile within its level, zero-based
 * @param width number of hashes; a partial tile, below 256, has a path of its own. Default 256
 */
export const tilePath = (level: number, index: number, width: number = TILE_WIDTH): string => `tile/${level}/${numberPath(index, width)}`;

/** Path of an entry bundle (C2SP tlog-tiles), see `tilePath`. `width` is 256 by default. */
export const entriesPath = (index: number, width: number = TILE_WIDTH): string => `tile/entries/${numberPath(index, width)}`;

/** Makes the files of a log in C2SP tlog-tiles from its entries, one by one. It keeps one tile per level in memory. */
export interface TileWriter {
  /**
   * Takes the next entry.
   * @returns the files that this entry completes, mostly none
   * @throws {LedgerError} `TOO_LARGE`: an entry of more than 65 535 bytes
   */
  push(entry: Uint8Array): TileFile[];
  /** The partial files at the right edge of the tree so far. More entries can follow. */
  partial(): TileFile[];
}

/** A writer for a log from its first entry on. */
export function createTileWriter(): TileWriter {
  const levels: { full: number; hashes: Uint8Array[] }[] = [];
  let bundle: Uint8Array[] = [];
  let bundles = 0;

  function addHash(level: number, hash: Uint8Array): TileFile[] {
    levels[level] ??= { full: 0, hashes: [] };
    const tile = levels[level];
    tile.hashes.push(hash);
    if (tile.hashes.length < TILE_WIDTH) return [];
    const { hashes } = tile;
    const file = { path: tilePath(level, tile.full), bytes: Buffer.concat(hashes) };
    tile.hashes = [];
    tile.full++;
    return [file, ...addHash(level + 1, perfectRoot(hashes))];
  }

  return {
    push(entry) {
      if (entry.length > MAX_ENTRY_BYTES)
        throw new LedgerError("TOO_LARGE", `An entry bundle holds entries of up to ${MAX_ENTRY_BYTES} bytes.`);
      bundle.push(Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry.slice());
      const files: TileFile[] = [];
      if (bundle.length === 2 * TILE_WIDTH) {
        files.push({ path: entriesPath(bundles++), bytes: Buffer.concat(bundle) });
        bundle = [];
      }
      files.push(...addHash(0, leafHash(entry)));
      return files;
    },
    partial() {
      const files: TileFile[] = [];
      if (bundle.length > 0) files.push({ path: entriesPath(bundles, bundle.length / 2), bytes: Buffer.concat(bundle) });
      for (const [level, { full, hashes }] of levels.entries()) {
        if (hashes.length > 0) files.push({ path: tilePath(level, full, hashes.length), bytes: Buffer.concat(hashes) });
      }
      return files;
    },
  };
}

/**
 * Yields the entries of a bundle (C2SP tlog-tiles), as views of its bytes.
 * @throws {LedgerError} `BAD_ENTRY`: the bundle ends within an entry
 */
export function* readBundle(bytes: Uint8Array): Generator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; ) {
    const [high, low] = bytes.subarray(at, at + 2);
    const end = high === undefined || low === undefined ? Number.POSITIVE_INFINITY : at + 2 + ((high << 8) | low);
    if (end > bytes.length) throw new LedgerError("BAD_ENTRY", "The bundle of entries ends in the middle of one.");
    yield bytes.subarray(at + 2, end);
    at = end;
  }
}

/**
 * Reads the hashes of a tree from its tiles (C2SP tlog-tiles), for making proofs. It does not check the hashes, because a proof made of
 * wrong tiles does not verify.
 * @param size size of the tree whose tiles are stored; it decides which tiles are partial
 * @param readTile returns the bytes of a hash tile by its path; called several times for the same path
 * @returns a reader, which throws `LedgerError` `BAD_PROOF` for a tile of another length than its path says
 */
export function tileHashReader(size: number, readTile: (path: string) => Uint8Array | Promise<Uint8Array>): HashReader {
  return async (level, index) => {
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const hashesEach = 2 ** (level % TILE_HEIGHT);
    const first = index * hashesEach;
    const tileIndex = Math.floor(first / TILE_WIDTH);
    const width = Math.min(TILE_WIDTH, Math.floor(size / TILE_WIDTH ** tileLevel) - tileIndex * TILE_WIDTH);
    const path = tilePath(tileLevel, tileIndex, width);
    const tile = await readTile(path);
    if (tile.length !== width * HASH_LENGTH)
      throw new LedgerError("BAD_PROOF", `${path} has ${tile.length} bytes, not ${width * HASH_LENGTH}.`);
    const start = first % TILE_WIDTH;
    return perfectRoot(
      Array.from({ length: hashesEach }, (_, i) => tile.subarray((start + i) * HASH_LENGTH, (start + i + 1) * HASH_LENGTH)),
    );
  };
}

/** Three digits per path element, all but the last marked with an x, and the width of a partial tile. */
function numberPath(index: number, width: number): string {
  const elements = [String(index % 1000).padStart(3, "0")];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    elements.unshift(`x${String(rest % 1000).padStart(3, "0")}`);
  return elements.join("/") + (width < TILE_WIDTH ? `.p/${width}` : "");
}

/** Root over a power of two of hashes. */
function perfectRoot(hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) row = Array.from({ length: row.length / 2 }, (_, i) => nodeHash(row[2 * i]!, row[2 * i + 1]!));
  return row[0]!;
}
