import { describe, expect, it } from "vitest";
import { uuidV7 } from "../src/recording/uuid-v7.ts";

const RFC_9562 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const millisecondsOf = (id: string) => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

describe("an event id", () => {
  it("is a UUIDv7 that begins with the time", () => {
    const now = Date.now() + 1_000_000;
    const id = uuidV7(now);
    expect(id).toMatch(RFC_9562);
    expect(millisecondsOf(id)).toBe(now);
  });

  it("is unique and ascending within a millisecond", () => {
    const now = Date.now() + 2_000_000;
    const ids = Array.from({ length: 100_000 }, () => uuidV7(now));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });

  it("ascends even if the clock steps back", () => {
    const now = Date.now() + 4_000_000;
    const before = uuidV7(now);
    expect(uuidV7(now - 60_000) > before).toBe(true);
  });

  it("holds the largest times", () => {
    const id = uuidV7(2 ** 48 - 1);
    expect(id).toMatch(RFC_9562);
    expect(millisecondsOf(id)).toBe(2 ** 48 - 1);
  });
});
