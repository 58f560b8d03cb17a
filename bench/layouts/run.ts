/**
 * Compares three layouts of the audit ledger in SQLite: `node bench/layouts/run.ts [--short]`. Prints a Markdown table.
 * `@daybook/core` has to be built before (`pnpm --filter @daybook/core run build`), because the sample events use it.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import Database from "better-sqlite3";
import { eventsFrom, type LayoutEvent, RARE_TYPE, STEADY, subOf } from "./events.ts";
import { BUCKET_ROWS, checkAll, cpuSince, type Layout, ProofOnly } from "./layout.ts";
import { type LayoutKey, openLayout } from "./layouts.ts";
import { residue, saltNeedle, textNeedle } from "./residue.ts";

const { values } = parseArgs({ options: { short: { type: "boolean", default: false }, only: { type: "string" } } });
const SIZES = values.short
  ? { blocks: 3, rows: 2 * BUCKET_ROWS + 8_192, persons: 50, before: 20_000, two: 9_000 }
  : { blocks: 7, rows: 12 * BUCKET_ROWS + 8_192, persons: 1_000, before: 60_000, two: 20_000 };
const MAIN: readonly LayoutKey[] = ["A", "B", "C"];
const folder = mkdtempSync(join(tmpdir(), "layouts-"));
const begun = performance.now();
const say = (text: string) => process.stderr.write(`${((performance.now() - begun) / 1_000).toFixed(0).padStart(5)} s  ${text}\n`);
const table: string[][] = [];
const row = (what: string, cells: Partial<Record<LayoutKey, string>>) => {
  table.push([what, ...(["A", "A0", "B", "B2", "C"] as const).map((key) => cells[key] ?? "")]);
  say(
    `${what}: ${Object.entries(cells)
      .map(([key, cell]) => `${key} ${cell}`)
      .join(", ")}`,
  );
};
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
const us = (number: number) => number.toFixed(number < 10 ? 2 : 1);
const expect = (what: string, found: unknown, wanted: unknown) => {
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
};
const walSize = (path: string) => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;

function cpuOf(action: () => void): number {
  const before = process.cpuUsage();
  action();
  return cpuSince(before);
}
function inCommits(side: { append(events: readonly LayoutEvent[]): void }, events: readonly LayoutEvent[], perCommit: number): void {
  for (let i = 0; i < events.length; i += perCommit) side.append(events.slice(i, i + perCommit));
}

function inserts(perCommit: number): void {
  const keys: LayoutKey[] = ["A", "A0", "B", "C"];
  const paths = keys.map((key) => join(folder, `insert-${perCommit}-${key}.db`));
  const layouts = keys.map((key, i) => openLayout(key, paths[i]!));
  const proof = new ProofOnly();
  const size = Math.ceil(BUCKET_ROWS / perCommit) * perCommit;
  const costs: number[][] = keys.map(() => []);
  const proofs: number[] = [];
  for (let block = 0; block < SIZES.blocks; block++) {
    const events = eventsFrom(block * size, size);
    proofs.push(cpuOf(() => inCommits(proof, events, perCommit)) / size);
    for (let turn = 0; turn < keys.length; turn++) {
      const i = (turn + block) % keys.length;
      costs[i]!.push(cpuOf(() => inCommits(layouts[i]!, events, perCommit)) / size);
    }
  }
  const proofUs = median(proofs.slice(1));
  // The first block warms up.
  const all = costs.map((list) => median(list.slice(1)));
  const cells = (text: (i: number) => string) => Object.fromEntries(keys.map((key, i) => [key, text(i)]));
  row(
    `insert, ${perCommit} a commit, CPU us/event (proof work alone ${us(proofUs)})`,
    cells((i) => us(all[i]!)),
  );
  row(
    `  without proof work`,
    cells((i) => us(all[i]! - proofUs)),
  );
  row(
    `  of it end of buckets, us/event (longest ms)`,
    cells((i) => {
      const { cpuUs, buckets, longestMs } = layouts[i]!.closing;
      return `${us(cpuUs / buckets / BUCKET_ROWS)} (${longestMs.toFixed(0)})`;
    }),
  );
  const events = eventsFrom(SIZES.blocks * size, size);
  const wal = layouts.map((layout, i) => {
    layout.settle();
    layout.copiesWal = false;
    const reader = new Database(paths[i]!, { readonly: true });
    reader.exec("BEGIN");
    reader.prepare("SELECT count(*) FROM sqlite_schema").get();
    inCommits(layout, events, perCommit);
    const bytes = walSize(paths[i]!) / size;
    reader.exec("COMMIT");
    reader.close();
    return bytes;
  });
  row(
    `  WAL bytes/event`,
    cells((i) => wal[i]!.toFixed(0)),
  );
  row(
    `  stored bytes/event`,
    cells((i) => {
      const layout = layouts[i]!;
      layout.settle();
      const { rows, absent } = checkAll(layout);
      expect(`${layout.name}: rows`, rows, size * (SIZES.blocks + 1));
      expect(`${layout.name}: absent parts`, absent, 0);
      layout.close();
      return (statSync(paths[i]!).size / rows).toFixed(0);
    }),
  );
  for (const path of paths) rmSync(path, { force: true });
}

function best(action: () => void, tries = 15): string {
  action();
  const times: number[] = [];
  for (let i = 0; i < tries; i++) {
    const before = performance.now();
    action();
    times.push(performance.now() - before);
  }
  const ms = median(times);
  return ms < 1 ? `${(ms * 1_000).toFixed(0)} us` : `${ms.toFixed(1)} ms`;
}

function cpuOfShell(path: string): { wallMs: number; cpuMs: number; lines: number } {
  const script = `TIMEFORMAT="%3R %3U %3S"; time sqlite3 -csv "$1" "SELECT * FROM audit_log" | wc -l`;
  const { stdout, stderr, status } = spawnSync("bash", ["-c", script, "bash", path], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const [wall, user, system] = stderr.trim().split(" ").map(Number);
  return { wallMs: wall! * 1_000, cpuMs: (user! + system!) * 1_000, lines: Number(stdout) };
}

function reading(perCommit: number): void {
  const keys: LayoutKey[] = ["A", "B", "B2", "C"];
  const path = (key: LayoutKey) => join(folder, `read-${key}.db`);
  const layouts = new Map(keys.map((key) => [key, openLayout(key, path(key))]));
  const each = (what: string, keysOf: readonly LayoutKey[], cell: (layout: Layout, key: LayoutKey) => string) =>
    row(what, Object.fromEntries(keysOf.map((key) => [key, cell(layouts.get(key)!, key)])));
  const ids: string[] = [];
  let early: LayoutEvent | undefined;
  for (let from = 0; from < SIZES.rows; from += BUCKET_ROWS / 2) {
    const events = eventsFrom(from, BUCKET_ROWS / 2);
    early ??= events[17];
    for (const { id } of events) ids.push(id);
    for (const layout of layouts.values()) inCommits(layout, events, perCommit);
    if (from + BUCKET_ROWS / 2 >= SIZES.rows)
      // Ids of the newest bucket and of the oldest are known; nothing is stored twice.
      for (const layout of layouts.values()) layout.append([events[5]!, early!, events[5]!]);
  }
  for (const layout of layouts.values()) {
    layout.settle();
    expect(`${layout.name}: rows`, checkAll(layout).rows, SIZES.rows);
  }
  const title = `${SIZES.rows.toLocaleString("en")} events, ${perCommit} a commit`;
  let n = 0;
  const some = () => (n = (n + 7_919 * 13) % SIZES.rows);
  each(`${title}: look-up by seq`, MAIN, (layout) => best(() => expect("seq", layout.bySeq(some()).texts.length > 1, true), 201));
  each(`look-up by id`, MAIN, (layout) =>
    best(() => {
      const seq = some();
      expect("id", layout.byId(ids[seq]!), seq);
    }, 51),
  );
  each(`look-up of an unknown id`, MAIN, (layout) =>
    best(() => expect("id", layout.byId(ids[some()]!.replace(/.{4}$/, "zzzz")), undefined), 7),
  );
  each(`page of 100 newest`, MAIN, (layout) => best(() => expect("page", layout.newest(100)[99]!.seq, SIZES.rows - 100)));
  const pages = new Map<string, string>();
  const same = (what: string, rows: readonly { seq: number }[]) => {
    const text = rows.map(({ seq }) => seq).join();
    expect(what, text, pages.get(what) ?? text);
    pages.set(what, text);
    if (!values.short) expect(what, rows.length, 100);
  };
  each(`page of 100 newest of a rare type (1 in 2,003)`, MAIN, (layout) => best(() => same("rare", layout.newestOfType(RARE_TYPE, 100))));
  each(`page of 100 newest of one person (1 in 400)`, MAIN, (layout) => best(() => same("person", layout.newestOf(subOf(STEADY[0]), 100))));
  each(`full scan of the view by sqlite3 -csv, us/event wall (CPU)`, MAIN, (layout, key) => {
    layout.settle();
    const runs = [1, 2, 3].map(() => cpuOfShell(path(key)));
    for (const { lines } of runs) expect("lines", lines, SIZES.rows);
    const per = (of: "wallMs" | "cpuMs") => us((median(runs.map((run) => run[of])) * 1_000) / SIZES.rows);
    return `${per("wallMs")} (${per("cpuMs")})`;
  });
  each(`verification-like reading, CPU us/event`, MAIN, (layout) => {
    const runs = [1, 2, 3].map(() => cpuOf(() => void checkAll(layout)));
    return us(median(runs) / SIZES.rows);
  });
  each(`erasing a person of ${SIZES.rows / 400} parts: CPU ms, WAL MB`, keys, (layout, key) => {
    layout.copiesWal = false;
    let all = 0;
    const runs = STEADY.map((person) => {
      layout.settle();
      let erased = 0;
      const cpu = cpuOf(() => {
        erased = layout.erase(subOf(person)).length;
      });
      expect("erased", Math.abs(erased - SIZES.rows / 400) < 1, true);
      all += erased;
      const wal = walSize(path(key));
      expect("left", layout.slotsOf(subOf(person), 10).length, 0);
      return { cpu, wal };
    });
    expect("absent", checkAll(layout).absent, all);
    return `${us(median(runs.map(({ cpu }) => cpu)) / 1_000)} ms, ${(median(runs.map(({ wal }) => wal)) / 1e6).toFixed(2)} MB`;
  });
  each(`expiring the persons' parts of 1/5: CPU us/event (longest step of 4,096 rows, CPU ms; WAL bytes/event)`, keys, (layout, key) => {
    const rows = Math.floor(SIZES.rows / 5);
    let longest = 0;
    let wal = 0;
    const cpu = cpuOf(() => {
      for (let from = 0; from < rows; from += 4_096) {
        layout.settle();
        const step = cpuOf(() => layout.expire(from, Math.min(rows, from + 4_096)));
        longest = Math.max(longest, step / 1_000);
        wal += walSize(path(key));
      }
    });
    layout.settle();
    const { absent } = checkAll(layout);
    expect("expired", absent > rows && absent < 1.4 * rows + 3_000, true);
    return `${us(cpu / rows)} (${longest.toFixed(0)}; ${(wal / rows).toFixed(0)})`;
  });
  each(`file after it, bytes/event`, keys, (layout, key) => {
    const lines = cpuOfShell(path(key)).lines;
    expect("lines after", lines, SIZES.rows);
    layout.close();
    return (statSync(path(key)).size / SIZES.rows).toFixed(0);
  });
  for (const key of keys) rmSync(path(key), { force: true });
}

/** Erases persons one by one, with inserts between, and counts what the files still contain. */
function residues(perCommit: number): void {
  const cells: Partial<Record<LayoutKey, string>> = {};
  for (const key of ["A", "B", "B2", "C"] as const) {
    const path = join(folder, `residue-${key}.db`);
    const layout = openLayout(key, path);
    inCommits(layout, eventsFrom(0, SIZES.before, "old-"), perCommit);
    const texts = new Map<string, { salt: Buffer; text: Buffer }>();
    for (const { seq, parts } of layout.rows()) {
      for (const [k, part] of parts.entries()) {
        if (part && k > 0) texts.set(`${seq}.${k}`, { salt: Buffer.from(part.salt), text: Buffer.from(part.text) });
      }
    }
    const salts = [];
    const needles = [];
    const control: Buffer[] = [...texts.values()].slice(0, 50).map(({ salt }) => salt);
    expect("control", residue(path, control.map(saltNeedle)), 50);
    let at = SIZES.before;
    for (let i = 0; i < SIZES.persons; i++) {
      // Every seventh is a person whose parts lie beside the rows.
      const person = i % 7 === 0 ? `old-subject-${3 + (20 * i) / 7}` : `old-reader-${i}`;
      for (const { seq, part } of layout.erase(subOf(person))) {
        const { salt, text } = texts.get(`${seq}.${part}`)!;
        salts.push(saltNeedle(salt));
        needles.push(textNeedle(text));
      }
      const events = eventsFrom(at, 24, "new-");
      at += events.length;
      layout.append(events);
    }
    layout.settle();
    const { rows, absent } = checkAll(layout);
    expect("rows", rows, at);
    expect("absent", absent, salts.length);
    cells[key] = `${residue(path, salts)} salts, ${residue(path, needles)} texts of ${salts.length}`;
    layout.close();
    rmSync(path, { force: true });
  }
  row(`residue after ${SIZES.persons} erasures with inserts between, ${perCommit} a commit`, cells);
}

async function started(
  key: LayoutKey,
  path: string,
  first: number,
  count: number,
  perCommit: number,
): Promise<{ child: ChildProcess; said: () => string; ended: Promise<number | null> }> {
  const file = join(import.meta.dirname, "child.ts");
  const child = spawn(process.execPath, [file, key, path, String(first), String(count), String(perCommit)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on("data", (data) => {
      text += data;
      resolve();
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error("the process ended early")));
  });
  return { child, said: () => text, ended };
}

async function killed(): Promise<void> {
  const cells: Partial<Record<LayoutKey, string>> = {};
  for (const key of MAIN) {
    const results: string[] = [];
    for (const afterMs of [150, 400, 700]) {
      const path = join(folder, `killed-${key}-${afterMs}.db`);
      const { child, said, ended } = await started(key, path, 0, 100_000, 64);
      child.stdin!.write("go\n");
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      child.kill("SIGKILL");
      await ended;
      const acknowledged = Number(said().trim().split("\n").slice(1).at(-1) ?? 0);
      const layout = openLayout(key, path);
      const { rows } = checkAll(layout);
      expect("acknowledged rows are there", rows >= acknowledged && rows % 64 === 0, true);
      inCommits(layout, eventsFrom(200_000, BUCKET_ROWS), 64);
      expect("rows after it", checkAll(layout).rows, rows + BUCKET_ROWS);
      results.push(`${acknowledged}/${rows}`);
      layout.close();
      rmSync(path, { force: true });
    }
    cells[key] = `dense (${results.join(", ")})`;
  }
  row("kill -9 while inserting: acknowledged/found, all seals right, goes on", cells);
}

async function two(perCommit: number): Promise<void> {
  const rates = new Map<LayoutKey, number[]>();
  const cpus = new Map<LayoutKey, number[]>();
  for (let turn = 0; turn < 3; turn++) {
    for (const key of MAIN) {
      const path = join(folder, `two-${key}-${turn}.db`);
      openLayout(key, path).close();
      const pair = await Promise.all([0, 1].map(() => started(key, path, 0, SIZES.two, perCommit)));
      const before = performance.now();
      for (const { child } of pair) child.stdin!.write("go\n");
      for (const { ended } of pair) expect("exit code", await ended, 0);
      rates.set(key, [...(rates.get(key) ?? []), (2 * SIZES.two * 1_000) / (performance.now() - before)]);
      const cpu = pair.reduce((sum, { said }) => sum + Number(/cpu (\d+)/.exec(said())![1]), 0);
      cpus.set(key, [...(cpus.get(key) ?? []), cpu / (2 * SIZES.two)]);
      const layout = openLayout(key, path);
      expect("rows of both", checkAll(layout).rows, 2 * SIZES.two);
      // Every reference is found: what the summaries say is what the rows have.
      let found = 0;
      for (const { parts } of layout.rows()) if (parts.some((part) => part && Buffer.from(part.text).includes(subOf(STEADY[1])))) found++;
      expect("references of a person", layout.slotsOf(subOf(STEADY[1]), 1e9).length, found);
      layout.close();
      rmSync(path, { force: true });
    }
  }
  const cells = MAIN.map((key) => [key, `${Math.round(median(rates.get(key)!)).toLocaleString("en")}/s, ${us(median(cpus.get(key)!))} us`]);
  row(`two processes, one file, ${perCommit} a commit: rows/s together, CPU us/event; dense`, Object.fromEntries(cells));
}

const wanted = (name: string) => values.only === undefined || values.only.split(",").includes(name);
try {
  if (wanted("insert")) for (const perCommit of [640, 150, 64, 20]) inserts(perCommit);
  if (wanted("read")) for (const perCommit of values.short ? [64] : [640, 64]) reading(perCommit);
  if (wanted("residue")) for (const perCommit of [640, 20]) residues(perCommit);
  if (wanted("kill")) await killed();
  if (wanted("two")) await two(64);
} finally {
  const head = ["", "A rows-today", "A without its 3 indexes", "B plain-rows", "B, blanks at same length", "C value-a-commit"];
  for (const cells of [head, head.map(() => "---"), ...table]) process.stdout.write(`| ${cells.join(" | ")} |\n`);
  rmSync(folder, { recursive: true, force: true });
}
