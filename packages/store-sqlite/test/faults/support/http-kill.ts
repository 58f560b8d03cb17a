import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openSqliteReader } from "../../../src/index.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { bundleProgram } from "./bundle-program.ts";
import { verifyDatabase } from "./database.ts";
import { type Framework, type HttpProcess, startHttp } from "./http-process.ts";

/** 50 in a run of all tests; DAYBOOK_KILLS=200 or 1000 on demand. */
const KILLS = Number(process.env.DAYBOOK_KILLS ?? 50);
const CONNECTIONS = 16;

interface Answered {
  readonly grants: string[];
  readonly pages: string[];
}

/** Sends requests over several connections, half of them with a durable record, until the application ends. */
function load(
  app: HttpProcess,
  round: number,
): { readonly answered: Answered; readonly over: Promise<unknown>; readonly first: Promise<void> } {
  const answered: Answered = { grants: [], pages: [] };
  let n = 0;
  let begin: () => void;
  const first = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const connection = async (i: number) => {
    for (;;) {
      const name = `${round}.${n++}`;
      const [method, path, list] =
        i % 2 === 0 ? (["POST", "grants", answered.grants] as const) : (["GET", "pages", answered.pages] as const);
      const { status } = await app.ask(method, `/${path}/${name}`);
      if (status === undefined) return;
      expect(status).toBe(200);
      list.push(name);
      begin();
    }
  };
  return { answered, over: Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => connection(i))), first };
}

/** Kills an application repeatedly and checks the content of its trail. */
export async function describeKills(framework: Framework): Promise<void> {
  const program = await bundleProgram(new URL("./http-program.ts", import.meta.url).href);
  describe(`an application on ${framework}, killed at random moments under load`, () => {
    it(`keeps every confirmed durable event after ${KILLS} kills`, { timeout: 60_000 + KILLS * 15_000 }, async () => {
      const place = temporaryFolder();
      const path = join(place, "audit.db");
      const grants: string[] = [];
      const pages: string[] = [];
      for (let round = 0; round < KILLS; round++) {
        const app = await startHttp(program, framework, place);
        const { answered, over, first } = load(app, round);
        await first;
        await pause(Math.random() * 120);
        await app.kill();
        await over;
        grants.push(...answered.grants);
        pages.push(...answered.pages);
        await verifyDatabase(path);
      }
      const reader = await openSqliteReader({ path });
      const stored = { grants: new Set<string>(), pages: new Set<string>(), opened: 0, gaps: 0 };
      let rows = 0;
      for await (const event of reader.scan({}, { order: "oldest" })) {
        expect(event.seq).toBe(rows++);
        if (event.action === "access.changed") stored.grants.add((event.data!.granted as string[])[0]!);
        else if (event.action === "note.recorded") stored.pages.add(event.data!.note as string);
        else if (event.action === "trail.opened") stored.opened++;
        else if (event.action === "trail.gap") stored.gaps++;
      }
      await reader.close();
      const missing = { grants: grants.filter((name) => !stored.grants.has(name)), pages: pages.filter((name) => !stored.pages.has(name)) };
      console.info(
        `${framework}: ${KILLS} kills; durable: ${grants.length} answered, ${missing.grants.length} missing; background: ${pages.length} answered, ${missing.pages.length} missing (${(missing.pages.length / KILLS).toFixed(1)} a kill); ${rows} rows`,
      );
      expect(missing.grants).toEqual([]);
      // Background events may be lost in the queue or during a write: two batches at most, of 1,000 events each.
      expect(missing.pages.length).toBeLessThanOrEqual(KILLS * 2_000);
      expect(grants.length).toBeGreaterThan(KILLS);
      // Every run that lived long enough to record its start also records that the run before was not closed. The
      // first run had none before it.
      expect(stored.opened).toBeGreaterThan(KILLS / 2);
      expect(stored.gaps).toBe(stored.opened - 1);
    });
  });
}
