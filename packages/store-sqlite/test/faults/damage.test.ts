import { copyFileSync, cpSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createAuditLog, isDaybookError, noteRecorded } from "@daybook/core";
import { describe, expect, it } from "vitest";
import { openSqliteReader, openSqliteStore } from "../../src/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const FLIPS = Number(process.env.DAYBOOK_FLIPS ?? 25);
const EVENTS = 300;

type Outcome = "refused with a code" | "found by verify" | "nothing missing, nothing changed" | "silent";

/**
 * The files of a trail whose newest checkpoint covers every record. While it is open, the newest pages are in the
 * write-ahead log; after it was closed, all pages are in the database.
 */
async function trailFiles(when: "open" | "closed"): Promise<{ readonly folder: string; readonly notes: readonly string[] }> {
  const folder = temporaryFolder();
  const store = await openSqliteStore({ path: join(folder, "audit.db"), onNotice: () => undefined });
  const audit = createAuditLog({ store, signals: false, spool: false });
  const notes = Array.from({ length: EVENTS }, (_, i) => `note ${i} of a reader`);
  for (const note of notes) audit.record(noteRecorded, { data: { note }, actor: { kind: "user", id: `user-${note.length}` } });
  await audit.flush();
  await store.publishCheckpoint();
  const copy = temporaryFolder();
  if (when === "closed") await audit.close();
  cpSync(folder, copy, { recursive: true });
  await audit.close();
  return { folder: copy, notes };
}

async function notesIn(path: string): Promise<string[]> {
  const reader = await openSqliteReader({ path });
  try {
    const notes: string[] = [];
    for await (const event of reader.scan({ action: noteRecorded.action }, { order: "oldest" })) notes.push(String(event.data?.note));
    return notes;
  } finally {
    await reader.close();
  }
}

/** The outcome that an operator sees: of reading and verifying, then of starting the application. */
async function outcomeOf(folder: string, notes: readonly string[]): Promise<Outcome> {
  const path = join(folder, "audit.db");
  try {
    const reader = await openSqliteReader({ path });
    try {
      const { verdict } = await reader.verify();
      if (verdict === "tampered") return "found by verify";
    } finally {
      await reader.close();
    }
    const store = await openSqliteStore({ path, onNotice: () => undefined });
    await store.close();
    return JSON.stringify(await notesIn(path)) === JSON.stringify(notes) ? "nothing missing, nothing changed" : "silent";
  } catch (cause) {
    if (isDaybookError(cause) && cause.hint.length > 10) return "refused with a code";
    throw cause;
  }
}

describe.each([
  ["audit.db", "closed"],
  ["audit.db-wal", "open"],
] as const)("a byte that changes in %s", (file, when) => {
  it(`is reported and never ends the process: ${FLIPS} places`, { timeout: 60_000 + FLIPS * 5_000 }, async () => {
    const { folder, notes } = await trailFiles(when);
    expect(existsSync(join(folder, file))).toBe(true);
    const size = statSync(join(folder, file)).size;
    expect(size).toBeGreaterThan(8_192);
    const outcomes = new Map<Outcome, number>();
    for (let i = 0; i < FLIPS; i++) {
      const damaged = temporaryFolder();
      cpSync(folder, damaged, { recursive: true });
      const bytes = readFileSync(join(damaged, file));
      const at = Math.floor(((i + Math.random()) / FLIPS) * size);
      bytes[at] = bytes[at]! ^ (1 << Math.floor(Math.random() * 8));
      writeFileSync(join(damaged, file), bytes);
      const outcome = await outcomeOf(damaged, notes);
      if (outcome === "silent") copyFileSync(join(damaged, file), join(folder, `silent-${i}`));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    console.info(`${file}: ${JSON.stringify(Object.fromEntries(outcomes))}`);
    expect(outcomes.get("silent")).toBeUndefined();
  });
});

describe("rows of a damaged file", () => {
  it("end with a coded error and a hint", async () => {
    const { folder } = await trailFiles("closed");
    const path = join(folder, "audit.db");
    const bytes = readFileSync(path);
    const at = bytes.indexOf("note 150 of a reader");
    expect(at).toBeGreaterThan(0);
    // The whole page: its header is no longer valid.
    bytes.fill(0xff, at - (at % 8_192), at - (at % 8_192) + 8_192);
    writeFileSync(path, bytes);
    const reader = await openSqliteReader({ path });
    const seqs: number[] = [];
    const read = async () => {
      for await (const block of reader.rows()) for (const { seq } of block) seqs.push(seq);
    };
    await expect(read()).rejects.toSatisfy((cause) => isDaybookError(cause) && cause.hint.length > 10);
    expect(seqs.length).toBeGreaterThan(0);
    await reader.close();
  });
});
