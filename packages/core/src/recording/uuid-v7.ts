import { randomFillSync } from "node:crypto";

const BYTES_EACH = 10;
const RANDOM = Buffer.alloc(400 * BYTES_EACH);
const COUNTERS = Array.from({ length: 0x1000 }, (_, n) => n.toString(16).padStart(3, "0"));

/** The same bytes as hexadecimal digits. */
let digits = "";
let used = 0;
let lastMs = 0;
/** Time and version of the ids of that millisecond. */
let prefix = "";
let counter = 0;

/**
 * A UUIDv7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, a 12-bit counter that keeps ids of one process ascending
 * (method 1 of section 6.2), 62 random bits. When the counter runs over within a millisecond, the time runs ahead by one.
 * @param now milliseconds since the Unix epoch
 */
export function uuidV7(now: number): string {
  if (used === RANDOM.length || digits === "") {
    randomFillSync(RANDOM);
    digits = RANDOM.toString("hex");
    used = 0;
  }
  const at = used;
  used += BYTES_EACH;
  if (now > lastMs) {
    begin(now);
    counter = RANDOM.readUInt16BE(at) & 0x7ff;
  } else if (++counter > 0xfff) {
    begin(lastMs + 1);
    counter = 0;
  }
  const variant = "89ab".charAt(RANDOM.readUInt8(at + 2) >>> 6);
  const from = 2 * at + 5;
  return `${prefix}${COUNTERS[counter]}-${variant}${digits.slice(from, from + 3)}-${digits.slice(from + 3, from + 15)}`;
}

function begin(ms: number): void {
  lastMs = ms;
  const time = ms.toString(16).padStart(12, "0");
  prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
}
