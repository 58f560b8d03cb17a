import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createAuditLog, loginFailed, noteRecorded } from "@daybook/core";
import { openSqliteStore } from "@daybook/store-sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { answerOf, daybook, startDaybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";
import { readsOf, trailWith } from "./support/trail.ts";

/** A running application with its own writer. */
async function application() {
  const path = join(temporaryFolder(), "audit.db");
  const audit = createAuditLog({ store: await openSqliteStore({ path, onNotice: () => undefined }), signals: false, spool: false });
  onTestFinished(async () => {
    await audit.close();
  });
  return { path, note: (note: string) => audit.record(noteRecorded, { data: { note } }).stored, audit };
}

const notes = (stdout: string) =>
  stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { data: { note: string } }).data.note);

describe("daybook tail", () => {
  it("prints last and new records, once, in order", async () => {
    const { path, note, audit } = await application();
    for (const n of ["one", "two", "three"]) await note(n);
    const child = startDaybook(["tail", "--db", path, "--lines", "2", "--event-type", "custom", "--format", "ndjson"]);
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => {
      seen += chunk;
    });
    const until = async (count: number) => {
      for (let waited = 0; notes(seen).length < count && waited < 20_000; waited += 20) await wait(20);
    };
    const answer = answerOf(child);
    await until(2);
    await note("four");
    await audit.record(loginFailed, {}).stored;
    await until(3);
    await Promise.all(["five", "six"].map(note));
    await until(5);
    child.kill("SIGINT");
    const { status, stderr } = await answer;
    expect(notes(seen)).toEqual(["two", "three", "four", "five", "six"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(await readsOf(path)).toEqual([{ verb: "tail", records: 5, format: "ndjson" }]);
  });

  it("begins with the next record where --lines is 0", async () => {
    const { path, note } = await application();
    await note("before");
    const child = startDaybook(["tail", "--db", path, "-n", "0", "--event-type", "custom", "--format", "ndjson"]);
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => {
      seen += chunk;
    });
    const answer = answerOf(child);
    const made: string[] = [];
    while (seen === "" && made.length < 200) {
      made.push(`after ${made.length}`);
      await note(made.at(-1)!);
      await wait(100);
    }
    child.kill("SIGTERM");
    await answer;
    const told = notes(seen);
    expect(told.length).toBeGreaterThan(0);
    expect(told).toEqual(made.slice(made.indexOf(told[0]!)).slice(0, told.length));
  });

  it("ends when its reader has gone", async () => {
    const { path, note } = await application();
    await note("one");
    const child = startDaybook(["tail", "--db", path, "--format", "ndjson"]);
    const answer = answerOf(child);
    await new Promise((resolve) => child.stdout.once("data", resolve));
    child.stdout.destroy();
    await note("two");
    expect(await answer).toMatchObject({ status: 0, stderr: "" });
  });

  it.each(["-1", "ten", "1001"])("refuses --lines %s", async (lines) => {
    const path = await trailWith(() => undefined);
    const { status, stderr } = await daybook(["tail", "--db", path, "--lines", lines]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/whole number|at most 1000/);
  });
});
