import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { answerOf, daybook, startDaybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const note = (text: string) => JSON.stringify({ type: "custom", action: "note.recorded", data: { note: text } });

const stored = async (path: string) => {
  const { stdout } = await daybook(["report", "--db", path, "--event-type", "custom", "--oldest-first", "--format", "ndjson"]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { data: { note?: string }; actor?: { id?: string } });
};

describe("daybook record", () => {
  it("stores one event per line, in order", async () => {
    const path = join(temporaryFolder(), "audit.db");
    const actor = { kind: "service", id: "backup" };
    const input = `${note("first")}\r\n\n${JSON.stringify({ type: "custom", action: "note.recorded", actor, severity: "warning", data: { note: "second" } })}\n${note("third")}`;
    const { status, stdout, stderr } = await daybook(["record", "--db", path], { input });
    expect([status, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/daybook: 3 stored, 0 refused\n$/);
    const events = await stored(path);
    expect(events.map((event) => event.data.note)).toEqual(["first", "second", "third"]);
    expect(events[1]).toMatchObject({ severity: "warning", actor: { kind: "service", id: "backup" } });
  });

  it("stores valid lines, names the others, exits with 4", async () => {
    const path = join(temporaryFolder(), "audit.db");
    const input = [
      note("right"),
      "{",
      "[]",
      '{"type":"custom"}',
      '{"type":"custom","action":"note.unheard"}',
      '{"type":"custom","action":"note.recorded","data":{"note":7}}',
      '{"type":"custom","action":"note.recorded","colour":"red"}',
      '{"type":"custom","action":"note.recorded","outcome":"splendid","data":{"note":"x"}}',
      `{"type":"custom","action":"note.recorded","data":{"note":"${"x".repeat(1_000_001)}"}}`,
      note("also right"),
    ].join("\n");
    const { status, stderr } = await daybook(["record", "--db", path], { input });
    expect(status).toBe(4);
    const told = stderr.split("\n").filter((line) => line.startsWith("daybook: line"));
    expect(told.map((line) => Number(/line (\d+)/.exec(line)![1])).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(stderr).toContain("line 5: custom/note.unheard is in no catalogue; add its definition to daybook.config");
    expect(stderr).toContain("line 7: unknown field colour; known are actor, subjects,");
    expect(stderr).toMatch(/2 stored, 8 refused\n$/);
    expect((await stored(path)).map((event) => event.data.note)).toEqual(["right", "also right"]);
  });

  it("ends with status 1 where nothing could be stored", async () => {
    expect((await daybook(["record", "--db", join(temporaryFolder(), "audit.db")], { input: "nonsense\n" })).status).toBe(1);
  });

  it("knows the application's own events through its configuration", async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, "daybook.config.mjs"),
      `const data = { "~standard": { version: 1, vendor: "test", validate: (value) => "lamp" in value ? { value } : { issues: [{ message: "lamp is missing" }] } } };
export default { db: "lamps.db", catalogue: [{ type: "custom", action: "lamp.lit", severity: "info", outcome: "success", schema: data, delivery: "background", personal: [], resourceId: "personal" }] };\n`,
    );
    const lit = (data: object) => JSON.stringify({ type: "custom", action: "lamp.lit", data });
    const { status, stderr } = await daybook(["record"], { cwd: folder, input: `${lit({ lamp: "north gate" })}\n${lit({})}\n` });
    expect([status, stderr]).toEqual([4, expect.stringContaining("lamp is missing")]);
    expect((await stored(join(folder, "lamps.db"))).map((event) => event.data)).toEqual([{ lamp: "north gate" }]);
  });

  it("takes a stream of any length", async () => {
    const path = join(temporaryFolder(), "audit.db");
    const input = Array.from({ length: 5_000 }, (_, i) => note(`number ${i}`)).join("\n");
    expect((await daybook(["record", "--db", path], { input })).stderr).toMatch(/5000 stored, 0 refused\n$/);
    const events = await stored(path);
    expect(events.map((event) => event.data.note)).toEqual(Array.from({ length: 5_000 }, (_, i) => `number ${i}`));
  });

  it("keeps what it was given before Ctrl+C", async () => {
    const path = join(temporaryFolder(), "audit.db");
    const child = startDaybook(["record", "--db", path]);
    const answer = answerOf(child);
    child.stdin.write(`${note("before")}\n`);
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      if ((await stored(path).catch(() => [])).length > 0) break;
    }
    child.kill("SIGINT");
    expect(await answer).toMatchObject({ signal: "SIGINT", stderr: expect.stringMatching(/1 stored, 0 refused\n$/) });
    expect((await stored(path)).map((event) => event.data.note)).toEqual(["before"]);
  });

  it("says why a trail cannot be opened", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "audit.db"));
    const { status, stderr } = await daybook(["record", "--db", join(folder, "audit.db")], { input: note("x") });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^daybook: [A-Z_]+: /)]);
  });
});
