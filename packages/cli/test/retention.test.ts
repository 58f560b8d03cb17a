import { join } from "node:path";
import { noteRecorded } from "@daybook/core";
import { appendEntries, DAY_MS, uuidV7 } from "@daybook/core/store";
import { openSqliteStore } from "@daybook/store-sqlite";
import { describe, expect, it } from "vitest";
import { daybook } from "./support/run-daybook.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

/** A trail with three notes that were stored 400 days ago, and one of today. */
async function oldTrail(): Promise<string> {
  const path = join(temporaryFolder(), "audit.db");
  let now = Date.now() - 400 * DAY_MS;
  const store = await openSqliteStore({ path, worker: false, retention: "manual", clock: { now: () => now }, onNotice: () => undefined });
  const note = (user: string) => ({
    definition: noteRecorded,
    event: {
      id: uuidV7(now),
      time: new Date(now).toISOString(),
      type: "custom",
      action: "note.recorded",
      severity: "info",
      outcome: "success",
      actor: { kind: "user", id: user },
      data: { note: "hello" },
    } as const,
  });
  for (const user of ["ada", "bob", "carol"]) await appendEntries(store, [note(user)], { durable: true });
  now += 400 * DAY_MS;
  await appendEntries(store, [note("dora")], { durable: true });
  await store.close();
  return path;
}

describe("daybook retention", () => {
  it("says what is due and changes nothing", async () => {
    const db = await oldTrail();
    const planned = await daybook(["retention", "--db", db]);
    expect(planned).toMatchObject({ status: 0, stdout: "class   parts due  heads due  held\nsystem  3          3          0\n" });
    expect(planned.stderr).toContain("--confirm");
    expect(await daybook(["retention", "run", "--db", db])).toMatchObject({ status: 0, stdout: planned.stdout });
    expect((await daybook(["report", "--db", db, "--user", "ada", "--format", "ndjson"])).stdout).toContain("ada");
  });

  it("removes it with --confirm, and the log verifies", async () => {
    const db = await oldTrail();
    expect(await daybook(["retention", "run", "--db", db, "--confirm"])).toMatchObject({
      status: 0,
      stdout: "class   parts removed  heads removed  held\nsystem  3              3              0\ndeclared in entry #5\n",
    });
    expect(await daybook(["retention", "--db", db])).toMatchObject({ status: 3, stdout: "nothing is due\n" });
    expect(await daybook(["verify", "--db", db])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("0 parts erased, 6 expired"),
    });
    expect((await daybook(["report", "--db", db, "--user", "ada", "--format", "ndjson"])).status).toBe(3);
    expect((await daybook(["report", "--db", db, "--user", "dora", "--format", "ndjson"])).status).toBe(0);
  });

  it("needs a trail", async () => {
    expect(await daybook(["retention", "--db", join(temporaryFolder(), "none.db")])).toMatchObject({ status: 2 });
  });
});
