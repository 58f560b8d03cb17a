import { randomFillSync } from "node:crypto";

const RANDOM = Buffer.alloc(8 * 512);
const DIGITS = Buffer.from("0123456789abcdef", "latin1");
/** The text of the last id. Written in place: concatenation would make two dozen strings. */
const TEXT = Buffer.from("00000000-0000-7000-8000-000000000000", "latin1");
const COUNTER_AT = 14;
const VARIANT_AT = 19;
const NODE_AT = 24;

let used = RANDOM.length;
let lastMs = 0;
let counter = 0;

/**
 * A UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, a 12-bit counter that keeps ids of one process ascending
 * (method 1 of section 6.2), 62 random bits. When the counter runs over within a millisecond, the time runs ahead by one.
 * @param now milliseconds since the Unix epoch
 */
export function uuidV7(now: number): string {
  if (used === RANDOM.length) {
    randomFillSync(RANDOM);
    used = 0;
  }
  const at = used;
  used += 8;
  if (now > lastMs) {
    writeTime(now);
    counter = RANDOM.readUInt16BE(at) & 0x7ff;
  } else if (++counter > 0xfff) {
    writeTime(lastMs + 1);
    counter = 0;
  }
  TEXT.writeUInt8(DIGITS.readUInt8(counter >>> 8), COUNTER_AT + 1);
  writeByte(COUNTER_AT + 2, counter & 0xff);
  writeByte(VARIANT_AT, 0x80 | (RANDOM.readUInt8(at) & 0x3f));
  writeByte(VARIANT_AT + 2, RANDOM.readUInt8(at + 1));
  for (let i = 0; i < 6; i++) writeByte(NODE_AT + 2 * i, RANDOM.readUInt8(at + 2 + i));
  return TEXT.toString("latin1");
}

function writeTime(ms: number): void {
  lastMs = ms;
  const high = Math.floor(ms / 0x10000);
  const low = ms % 0x10000;
  writeByte(0, (high >>> 24) & 0xff);
  writeByte(2, (high >>> 16) & 0xff);
  writeByte(4, (high >>> 8) & 0xff);
  writeByte(6, high & 0xff);
  writeByte(9, low >>> 8);
  writeByte(11, low & 0xff);
}

function writeByte(at: number, byte: number): void {
  TEXT.writeUInt8(DIGITS.readUInt8(byte >>> 4), at);
  TEXT.writeUInt8(DIGITS.readUInt8(byte & 0xf), at + 1);
}
