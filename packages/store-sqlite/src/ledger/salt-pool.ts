import { randomFillSync } from "node:crypto";

const SALT_BYTES = 32;
/** An entry has at most 255 parts, so its salts span at most two blocks. */
const BLOCK_BYTES = 256 * SALT_BYTES;

/**
 * Random bytes in blocks: one call of the generator per 256 salts. A salt is a view of its block, valid until its
 * entry is stored. Two blocks alternate: a new block per fill would survive a garbage collection together with its
 * salts.
 */
export class SaltPool {
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #other = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #used = BLOCK_BYTES;

  /** @param bytes at most 32 */
  readonly take = (bytes: number): Uint8Array => {
    if (this.#used + bytes > BLOCK_BYTES) {
      [this.#block, this.#other] = [this.#other, this.#block];
      randomFillSync(this.#block);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += bytes;
    return this.#block.subarray(from, this.#used);
  };

  /** Overwrites all drawn salts once their entries are stored. */
  wipe(): void {
    this.#other.fill(0);
    this.#block.fill(0, 0, this.#used);
  }
}
