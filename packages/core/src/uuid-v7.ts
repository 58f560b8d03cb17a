import { randomFillSync } from "node:crypto";

const POOL = Buffer.alloc(8 * 512);
let used = POOL.length;
let lastMs = 0;
let counter = 0;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * A UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, a 12-bit counter that keeps ids of one process ascending
 * (method 1 of section 6.2), 62 random bits. When the counter runs over within a millisecond, the time runs ahead by one.
 * @param now milliseconds since the Unix epoch
 */
export function uuidV7(now: number): string {
  if (used === POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  const at = used;
  used += 8;
  if (now > lastMs) {
    lastMs = now;
    counter = POOL.readUInt16BE(at) & 0x7ff;
  } else if (++counter > 0xfff) {
    lastMs++;
    counter = 0;
  }
  const high = Math.floor(lastMs / 0x10000);
  const low = lastMs % 0x10000;
  const byte = (offset: number) => HEX[POOL[at + offset]!]!;
  return (
    HEX[(high >>> 24) & 0xff]! +
    HEX[(high >>> 16) & 0xff]! +
    HEX[(high >>> 8) & 0xff]! +
    HEX[high & 0xff]! +
    "-" +
    HEX[low >>> 8]! +
    HEX[low & 0xff]! +
    "-" +
    HEX[0x70 | (counter >>> 8)]! +
    HEX[counter & 0xff]! +
    "-" +
    HEX[0x80 | (POOL[at]! & 0x3f)]! +
    byte(1) +
    "-" +
    byte(2) +
    byte(3) +
    byte(4) +
    byte(5) +
    byte(6) +
    byte(7)
  );
}
