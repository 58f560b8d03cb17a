import { appendFileSync, chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCheckpoint } from "@daybook/ledger";
import { describe, expect, it } from "vitest";
import { dirAnchor } from "../../src/checkpoints/anchors/dir-anchor.ts";
import { GrowingLog } from "../support/growing-log.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const inFolder = () => {
  const folder = join(temporaryFolder(), "anchors");
  return { folder, anchor: dirAnchor(folder), file: (name: string) => join(folder, name) };
};

describe("a folder as anchor", () => {
  it("is created with mode 0700 by the first publication", async () => {
    const { folder, anchor, file } = inFolder();
    const log = new GrowingLog();
    expect(await anchor.newest()).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
    const [first, second] = [log.grow(1), log.grow(5)];
    await anchor.publish(first, log.context);
    await anchor.publish(second, log.context);
    expect(readFileSync(file("checkpoint"), "utf8")).toBe(second);
    expect(await anchor.newest()).toBe(second);
    expect(await anchor.notes()).toEqual([first, second]);
    expect(openCheckpoint(second, [log.vkey]).size).toBe(6);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).map((name) => [name, statSync(file(name)).mode & 0o777])).toEqual([
      ["checkpoint", 0o600],
      ["notes.ndjson", 0o600],
    ]);
  });

  it("keeps the newer note when an older one follows", async () => {
    const { anchor, file } = inFolder();
    const log = new GrowingLog();
    const [older, newer] = [log.grow(3), log.grow(3)];
    await anchor.publish(newer, log.context);
    await anchor.publish(older, log.context);
    expect(readFileSync(file("checkpoint"), "utf8")).toBe(newer);
    expect(await anchor.newest()).toBe(newer);
  });

  it("prefers a shorter note of a newer generation", async () => {
    const { anchor } = inFolder();
    const [before, after] = [new GrowingLog(), new GrowingLog("example.com/daybook/audit", 2)];
    const note = after.grow(4);
    await anchor.publish(before.grow(9), before.context);
    await anchor.publish(note, after.context);
    expect(await anchor.newest()).toBe(note);
  });

  it("accepts the same note with added cosignatures", async () => {
    const { anchor } = inFolder();
    const log = new GrowingLog();
    const note = log.grow(2);
    await anchor.publish(note, log.context);
    await anchor.publish(note, log.context);
    expect(await anchor.newest()).toBe(note);
  });

  it("finds the newest note after an interrupted publication", async () => {
    const { anchor, file } = inFolder();
    const log = new GrowingLog();
    const [older, newer] = [log.grow(3), log.grow(3)];
    await anchor.publish(older, log.context);
    appendFileSync(file("notes.ndjson"), `${JSON.stringify({ at: "2026-11-22T09:00:00.000Z", note: newer })}\n`);
    expect(await anchor.newest()).toBe(newer);
  });

  it("returns a changed checkpoint so that checks see it", async () => {
    const { anchor, file } = inFolder();
    const log = new GrowingLog();
    await anchor.publish(log.grow(3), log.context);
    writeFileSync(file("checkpoint"), "nothing\n");
    expect(await anchor.newest()).toBe("nothing\n");
  });

  it("ignores an unfinished line and cuts it off", async () => {
    const { anchor, file } = inFolder();
    const log = new GrowingLog();
    const [first, second] = [log.grow(1), log.grow(1)];
    await anchor.publish(first, log.context);
    appendFileSync(file("notes.ndjson"), `{"at":"2026-11-22T09:00:00.000Z","no${"x".repeat(9000)}`);
    expect(await anchor.notes()).toEqual([first]);
    await anchor.publish(second, log.context);
    expect(await anchor.notes()).toEqual([first, second]);
  });

  it("stores each manifest once, without personal data", async () => {
    const { anchor, file } = inFolder();
    const log = new GrowingLog();
    const erasure = { seq: 4, action: "ledger.erasure", ledger: { basis: ["request"], n: 2 }, gone: { 1: [1, 2] } } as const;
    const retention = { seq: 7, action: "ledger.retention", ledger: { class: 6, persons: 5, heads: 0 } } as const;
    log.manifests.push(erasure);
    await anchor.publish(log.grow(6), log.context);
    log.manifests.push(retention);
    await anchor.publish(log.grow(6), log.context);
    await anchor.publish(log.grow(6), log.context);
    expect(await anchor.manifests()).toEqual([erasure, retention].map((manifest) => ({ origin: log.origin, ...manifest })));
    const restored = new GrowingLog("example.com/daybook/audit", 2);
    restored.manifests.push({ ...erasure, seq: 5 });
    await anchor.publish(restored.grow(8), restored.context);
    expect((await anchor.manifests()).map(({ origin, seq }) => `${origin} ${seq}`)).toEqual([
      `${log.origin} 4`,
      `${log.origin} 7`,
      `${restored.origin} 5`,
    ]);
    expect(readFileSync(file("manifests.ndjson"), "utf8").trim().split("\n")).toHaveLength(3);
  });

  it("stores suppressions until they end", async () => {
    const { anchor } = inFolder();
    const log = new GrowingLog();
    const record = (tag: string, before: string, until: string) => ({ tag, scope: "all", before, until });
    const long = record("aa", "2026-11-01T00:00:00.000Z", "2026-12-06T00:00:00.000Z");
    log.suppressions.push(long, record("bb", "2026-11-01T00:00:00.000Z", "2026-11-23T00:00:00.000Z"));
    await anchor.publish(log.grow(1), log.context);
    expect((await anchor.suppressions()).map(({ tag }) => tag)).toEqual(["aa", "bb"]);
    log.suppressions.length = 0;
    const later = { ...long, before: "2026-11-24T00:00:00.000Z" };
    log.suppressions.push(later);
    log.now = Date.parse("2026-11-24T00:00:00.000Z");
    await anchor.publish(log.grow(1), log.context);
    expect(await anchor.suppressions()).toEqual([later]);
    log.suppressions.length = 0;
    await anchor.publish(log.grow(1), log.context);
    expect(await anchor.suppressions()).toEqual([later]);
  });

  it("thins its list when it is large", async () => {
    const { anchor, file } = inFolder();
    const log = new GrowingLog();
    await anchor.publish(log.grow(1), log.context);
    const old = (minutes: number) => new Date(log.now - 30 * 86_400_000 + minutes * 60_000).toISOString();
    const filler = Array.from({ length: 6000 }, (_, i) => `${JSON.stringify({ at: old(i), note: `${"x".repeat(700)}${i}` })}\n`).join("");
    writeFileSync(file("notes.ndjson"), filler);
    const newest = log.grow(1);
    await anchor.publish(newest, log.context);
    const notes = await anchor.notes();
    expect([notes.length, notes.at(-1)]).toEqual([101, newest]);
  });

  it("accepts publishers that run in parallel", async () => {
    const { folder } = inFolder();
    const log = new GrowingLog();
    const notes = Array.from({ length: 8 }, () => ({ note: log.grow(1), context: log.context }));
    await dirAnchor(folder).publish(notes[0]!.note, notes[0]!.context);
    await Promise.all(notes.slice(1).map(({ note, context }) => dirAnchor(folder).publish(note, context)));
    expect(await dirAnchor(folder).newest()).toBe(notes.at(-1)!.note);
    expect((await dirAnchor(folder).notes()).toSorted()).toEqual(notes.map(({ note }) => note).toSorted());
    expect(readdirSync(folder).sort()).toEqual(["checkpoint", "notes.ndjson"]);
  });

  it("names the cause of a read or write failure", async () => {
    const { folder, anchor, file } = inFolder();
    const log = new GrowingLog();
    const note = log.grow(1);
    await expect(dirAnchor(join(folder, "a", "b")).publish(note, log.context)).rejects.toMatchObject({
      code: "ANCHOR_FAILED",
      hint: expect.stringContaining("ENOENT"),
    });
    await anchor.publish(note, log.context);
    appendFileSync(file("notes.ndjson"), "not JSON\n");
    await expect(anchor.notes()).rejects.toMatchObject({ code: "ANCHOR_FAILED", hint: expect.stringContaining(folder) });
  });

  it.skipIf(process.getuid?.() === 0)("reports missing write permission (skipped for root)", async () => {
    const { folder, anchor } = inFolder();
    const log = new GrowingLog();
    await anchor.publish(log.grow(1), log.context);
    chmodSync(folder, 0o500);
    await expect(anchor.publish(log.grow(1), log.context)).rejects.toMatchObject({ code: "ANCHOR_FAILED" });
  });

  it("refuses a text that is no checkpoint", async () => {
    const { anchor } = inFolder();
    await expect(anchor.publish("text\n", new GrowingLog().context)).rejects.toMatchObject({ code: "BAD_NOTE" });
  });
});
