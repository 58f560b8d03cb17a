import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { Publisher } from "../../src/checkpoints/publisher.ts";

describe("a publication while the database is locked", () => {
  it("reports the problem and repeats with the next checkpoint", async () => {
    const published: number[] = [];
    const problems: string[] = [];
    const kept: number[] = [];
    let locked = true;
    const publisher = new Publisher({
      anchors: [{ name: "own", publish: async (note) => void published.push(Number(note)) }],
      db: new Database(":memory:"),
      published: async (size) => {
        if (locked) throw new Error("database is locked");
        kept.push(size);
      },
      problem: (code, hint) => problems.push(`${code}: ${hint}`),
    });
    publisher.made({ size: 1, note: "1", made: true }, true);
    await publisher.flush();
    expect(problems).toEqual(["ANCHOR_FAILED: a checkpoint was not published: database is locked"]);
    locked = false;
    await publisher.flush();
    publisher.made({ size: 2, note: "2", made: true }, true);
    await publisher.flush();
    publisher.stop();
    expect(published.at(-1)).toBe(2);
    expect(kept.at(-1)).toBe(2);
    expect(problems).toHaveLength(1);
  });
});
