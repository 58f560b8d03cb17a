import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Something that must not be in a file. */
export interface Needle {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Searches every byte of every file of a folder for needles of at least 8 bytes, whole and in pieces: a piece is any
 * run of `piece` bytes of a needle. It reads files as they are, whatever their format.
 * @returns the found needles with file and position
 */
export function scanFolder(folder: string, needles: readonly Needle[], piece: number): string[] {
  // Every run of 8 bytes in the files is looked up, so one run of each piece is enough: those at multiples of its rest.
  const step = Math.max(1, piece - 8 + 1);
  const runs = new Map<bigint, { readonly needle: Needle; readonly at: number }[]>();
  for (const needle of needles) {
    const { buffer, byteOffset, byteLength } = needle.bytes;
    const view = new DataView(buffer, byteOffset, byteLength);
    for (let at = 0; at + 8 <= byteLength; at += step) {
      const run = view.getBigUint64(at);
      const same = runs.get(run);
      if (same === undefined) runs.set(run, [{ needle, at }]);
      else same.push({ needle, at });
    }
  }
  const firsts = new Uint8Array(1 << 24);
  for (const run of runs.keys()) firsts[Number(run >> 40n)] = 1;
  const found: string[] = [];
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    const content = readFileSync(path);
    for (let i = 0; i + 8 <= content.length; i++) {
      if (firsts[(content[i]! << 16) | (content[i + 1]! << 8) | content[i + 2]!] === 0) continue;
      for (const { needle, at } of runs.get(content.readBigUInt64BE(i)) ?? []) {
        const length = commonLength(content, i, needle.bytes, at);
        if (length >= Math.min(piece, needle.bytes.length)) found.push(`${length} bytes of ${needle.name} in ${file.name} at ${i}`);
      }
    }
  }
  return found;
}

/** Length of the longest common run around two places. */
function commonLength(content: Uint8Array, place: number, needle: Uint8Array, at: number): number {
  let before = 0;
  while (before < at && before < place && content[place - before - 1] === needle[at - before - 1]) before++;
  let after = 0;
  while (at + after < needle.length && content[place + after] === needle[at + after]) after++;
  return before + after;
}
