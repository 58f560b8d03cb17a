import { defined, type ErasurePlan, type ErasureRun } from "@daybook/core/store";
import type { Sqlite } from "../database/sqlite-driver.ts";
import { countedPlan } from "./erasure-plan.ts";

interface RunRow {
  readonly id: number;
  readonly manifest: number | null;
  readonly state: ErasureRun["state"];
  readonly reason: string | null;
  readonly made: string;
  readonly tried: string | null;
  readonly proven: string | null;
}

const LAST_PROVEN = 100;

/** All pending runs and the newest proven ones, newest first. */
export function erasureRuns(db: Sqlite): ErasureRun[] {
  const columns = "id, manifest, state, reason, made, tried, proven";
  return db
    .prepare<[number], RunRow>(
      `SELECT ${columns} FROM daybook_erasure WHERE state = 'pending' OR id IN
        (SELECT id FROM daybook_erasure WHERE state = 'proven' ORDER BY id DESC LIMIT ?) ORDER BY id DESC`,
    )
    .all(LAST_PROVEN)
    .map(({ id, manifest, state, reason, made, tried, proven }) => ({
      run: id,
      state,
      made,
      ...defined({
        manifest: manifest ?? undefined,
        reason: reason ?? undefined,
        tried: tried ?? undefined,
        proven: proven ?? undefined,
      }),
    }));
}

/** The plan of an erasure, read in blocks so that other work of the thread can run. */
export async function planOf(db: Sqlite, subs: readonly string[]): Promise<ErasurePlan> {
  const steps = countedPlan(db, subs);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
