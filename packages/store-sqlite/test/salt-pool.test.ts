import { describe, expect, it } from "vitest";
import { SaltPool } from "../src/ledger/salt-pool.ts";

const SALT_LENGTH = 32;
const MOST_PARTS = 255;
const textOf = (salt: Uint8Array) => Buffer.from(salt).toString("hex");
const ZEROS = "00".repeat(SALT_LENGTH);

describe("salts", () => {
  it("are never used for two parts", () => {
    const pool = new SaltPool();
    const drawn = new Set<string>();
    for (let i = 0; i < 5_000; i++) {
      drawn.add(textOf(pool.take(SALT_LENGTH)));
      if (i % 7 === 0) pool.wipe();
    }
    expect([drawn.size, drawn.has(ZEROS)]).toEqual([5_000, false]);
  });

  it("are unchanged while the longest entry draws its salts", () => {
    for (let before = 0; before <= MOST_PARTS + 1; before++) {
      const pool = new SaltPool();
      for (let i = 0; i < before; i++) pool.take(SALT_LENGTH);
      const salts = Array.from({ length: MOST_PARTS }, () => {
        const salt = pool.take(SALT_LENGTH);
        return { salt, text: textOf(salt) };
      });
      expect(salts.every(({ salt, text }) => textOf(salt) === text)).toBe(true);
    }
  });

  it("are overwritten by a wipe, unlike later ones", () => {
    const pool = new SaltPool();
    const drawn = Array.from({ length: 300 }, () => pool.take(SALT_LENGTH));
    pool.wipe();
    expect(new Set(drawn.map(textOf))).toEqual(new Set([ZEROS]));
    expect(textOf(pool.take(SALT_LENGTH))).not.toBe(ZEROS);
  });
});
