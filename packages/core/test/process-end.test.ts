import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runChild } from "./support/child.ts";
import { temporaryFolder } from "./support/folders.ts";

const OPEN = `
  const sink = core.fileSink({ path: folder + "/trail.ndjson", keep: 30 });
  const audit = core.createAuditLog({ sinks: [{ sink, required: true }] });
  const record = (n: number) => audit.record(core.noteRecorded, { data: { note: String(n) } });
`;

function recorded(folder: string): { readonly notes: string[]; readonly actions: string[] } {
  const path = join(folder, "trail.ndjson");
  const events = existsSync(path)
    ? readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as { action: string; data?: { note?: string } })
    : [];
  return {
    notes: events.filter((event) => event.action === "note.recorded").map((event) => event.data!.note!),
    actions: events.map((event) => event.action),
  };
}

const thousand = Array.from({ length: 1_000 }, (_, i) => String(i));

describe("a process that ends", () => {
  it.each([
    ["at its natural end", "", 0],
    ["by process.exit", "process.exit(3);", 3],
    ["by an uncaught throw", "throw new Error('boom');", 1],
    ["by an unhandled rejection", "void Promise.reject(new Error('boom'));", 1],
    ["by process.exit in a timer, while a batch is being written", "setTimeout(() => process.exit(4), 3);", 4],
  ])("%s loses no recorded event", async (_name, end, code) => {
    const folder = temporaryFolder();
    const child = runChild(folder, `${OPEN} for (let i = 0; i < 1000; i++) record(i); ${end}`);
    expect((await child.ended).code).toBe(code);
    const { notes } = recorded(folder);
    // A file keeps what was in flight twice when it is written again; none is missing, and the order holds.
    expect([...new Set(notes)]).toEqual(thousand);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("by %s loses no event and ends by that signal", async (signal) => {
    const folder = temporaryFolder();
    const child = runChild(folder, `${OPEN} for (let i = 0; i < 1000; i++) record(i); setInterval(() => {}, 1000); say("ready");`);
    await child.said("ready");
    child.process.kill(signal);
    expect(await child.ended).toMatchObject({ code: null, signal });
    expect(recorded(folder).notes).toEqual(thousand);
  });

  it("by SIGTERM flushes and leaves a handled signal alone", async () => {
    const folder = temporaryFolder();
    const child = runChild(
      folder,
      `${OPEN} process.on("SIGTERM", () => setTimeout(() => { record(1000); process.exit(7); }, 50));
       for (let i = 0; i < 1000; i++) record(i); setInterval(() => {}, 1000); say("ready");`,
    );
    await child.said("ready");
    child.process.kill("SIGTERM");
    expect(await child.ended).toMatchObject({ code: 7, signal: null });
    expect(recorded(folder).notes).toEqual([...thousand, "1000"]);
  });

  it("by process.exit during close() loses no event", async () => {
    const folder = temporaryFolder();
    const child = runChild(folder, `${OPEN} for (let i = 0; i < 1000; i++) record(i); void audit.close(); process.exit(0);`);
    expect((await child.ended).code).toBe(0);
    expect([...new Set(recorded(folder).notes)]).toEqual(thousand);
  });

  it("is not kept alive by a failing sink", async () => {
    const folder = temporaryFolder();
    const child = runChild(
      folder,
      `const failing = { name: "failing", supports: { erasure: "none", durable: true, idempotent: true } as const,
         append: async () => { throw new Error("down"); }, close: async () => {} };
       const audit = core.createAuditLog({ sinks: [{ sink: failing, required: true }], spool: { path: folder + "/s.spool" }, lifecycle: false, onProblem: () => {} });
       for (let i = 0; i < 10; i++) audit.record(core.noteRecorded, { data: { note: String(i) } });`,
    );
    expect((await child.ended).code).toBe(0);
    const spools = readdirSync(folder).filter((name) => name.startsWith("s.spool"));
    expect(spools).toHaveLength(1);
    expect(readFileSync(join(folder, spools[0]!), "utf8").match(/"note":"\d"/g)).toHaveLength(10);
  });

  it("by SIGKILL keeps every event with a settled receipt", async () => {
    const folder = temporaryFolder();
    const child = runChild(
      folder,
      `${OPEN}
       for (let i = 0; ; i++) { await record(i).stored; say("stored " + i + "."); if (i % 50 === 0) await new Promise((r) => setTimeout(r, 1)); }`,
    );
    await child.said("stored 200.");
    child.process.kill("SIGKILL");
    const { output, signal } = await child.ended;
    expect(signal).toBe("SIGKILL");
    const acknowledged = [...output.matchAll(/stored (\d+)\./g)].map(([, n]) => n!);
    const notes = new Set(recorded(folder).notes);
    expect(acknowledged.filter((n) => !notes.has(n))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(200);
  });
});
