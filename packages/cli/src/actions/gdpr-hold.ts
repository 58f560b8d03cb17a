import { defined, holdPlaced, holdReleased } from "@daybook/core/store";
import { textTable } from "../output/text-table.ts";
import { EXIT, type ExitStatus } from "../process/exit-status.ts";
import { onTrail, type PersonOptions, personOf } from "../trail/privacy-trail.ts";

export interface GdprHoldOptions extends PersonOptions {
  readonly category?: number;
  readonly from?: number;
  readonly to?: number;
  readonly format: "table" | "json";
}

export interface GdprHoldPlaceOptions extends GdprHoldOptions {
  readonly case: string;
  readonly ground: string;
  readonly review: string;
}

export function list({ db, format }: GdprHoldOptions): Promise<ExitStatus> {
  return onTrail(db, async ({ store }) => {
    const holds = await store.holds();
    if (format === "json") process.stdout.write(`${JSON.stringify(holds, null, 2)}\n`);
    else {
      const rows = holds.map(({ id, user, category, fromSeq, toSeq, case: reference, ground, review }) => [
        id,
        user ?? "all",
        category === undefined ? "all" : String(category),
        fromSeq === undefined && toSeq === undefined ? "all" : `${fromSeq ?? 0} to ${toSeq ?? "the end"}`,
        reference,
        ground,
        review,
      ]);
      process.stdout.write(textTable(["hold", "person", "class", "entries", "case", "ground", "review"], rows));
    }
    return holds.length > 0 ? EXIT.ok : EXIT.nothing;
  });
}

export function place({ category, from, to, case: reference, ground, review, ...options }: GdprHoldPlaceOptions): Promise<ExitStatus> {
  const userId = options.user === undefined && options.userFile === undefined ? undefined : personOf(options);
  return onTrail(options.db, async ({ store, audit }) => {
    const scope = defined({ category, fromSeq: from, toSeq: to });
    const reason = { case: reference, ground, review };
    const hold = await store.hold({ ...scope, ...defined({ user: userId }), ...reason });
    const data = { hold: hold.id, ...reason, ...scope };
    await audit.record(holdPlaced, { ...(userId === undefined ? {} : { subjects: [{ id: userId, role: "target" as const }] }), data })
      .stored;
    process.stdout.write(`${hold.id}\n`);
    return EXIT.ok;
  });
}

export function release(id: string, { db }: GdprHoldOptions): Promise<ExitStatus> {
  return onTrail(db, async ({ store, audit }) => {
    if (!(await store.release(id))) {
      process.stderr.write("daybook: there is no such hold\n");
      return EXIT.nothing;
    }
    await audit.record(holdReleased, { data: { hold: id } }).stored;
    process.stdout.write("released\n");
    return EXIT.ok;
  });
}
