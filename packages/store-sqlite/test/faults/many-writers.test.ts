import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqliteReader } from "../../src/index.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { bundleProgram } from "./support/bundle-program.ts";
import { verifyDatabase } from "./support/database.ts";
import { runWriters } from "./support/writer-processes.ts";

const PROCESSES = 8;
const EVENTS = Number(process.env.DAYBOOK_EVENTS ?? 50_000);

const program = await bundleProgram(new URL("./support/writer-program.ts", import.meta.url).href);

describe(`${PROCESSES} processes that write ${EVENTS} events to one file`, () => {
  it("store every event once, without gaps or locks", { timeout: 600_000 }, async () => {
    const path = join(temporaryFolder(), "audit.db");
    const each = EVENTS / PROCESSES;
    const without = await runWriters(program, PROCESSES, ["none", path, String(each)]);
    const begun = performance.now();
    const answers = await runWriters(program, PROCESSES, ["sqlite", path, String(each)]);
    const seconds = (performance.now() - begun) / 1_000;
    expect(answers.flatMap((answer) => answer.problems)).toEqual([]);
    await verifyDatabase(path);
    const reader = await openSqliteReader({ path });
    let rows = 0;
    const seen = new Map<string, number>();
    for await (const event of reader.scan({}, { order: "oldest" })) {
      expect(event.seq).toBe(rows++);
      if (event.action !== "note.recorded") continue;
      const [writer, n] = (event.data!.note as string).split(".") as [string, string];
      // The events of each process are in the order of recording.
      expect(Number(n)).toBe(seen.get(writer) ?? 0);
      seen.set(writer, Number(n) + 1);
    }
    await reader.close();
    expect([...seen.values()]).toEqual(Array(PROCESSES).fill(each));
    const p99 = (list: typeof answers) => Math.max(...list.map((answer) => answer.delayP99Ms));
    const median = (list: typeof answers) => list.map((answer) => answer.delayP99Ms).toSorted((a, b) => a - b)[list.length >> 1]!;
    console.info(
      `${PROCESSES} processes, ${EVENTS} events: ${seconds.toFixed(1)} s with start and end; event-loop delay p99, median of the processes ${median(answers).toFixed(1)} ms (null sink ${median(without).toFixed(1)} ms), worst ${p99(answers).toFixed(1)} ms (null sink ${p99(without).toFixed(1)} ms)`,
    );
  });
});
