import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AuditLog, AuditLogOptions, AuditLogStats, StoredEvent } from "@daybook/core";
import { type AuditStore, defined } from "@daybook/core/store";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FaultyProcess, startProcess } from "./faulty-process.ts";
import { present } from "./present.ts";

/** Exports of the module of a store under faults, which other processes import. */
export interface FaultModule {
  /**
   * An audit log over a store in the folder `place`, which is made if it is empty, as an application would open it.
   * @param options to be passed to `createAuditLog`
   */
  openTrail(place: string, options: Partial<AuditLogOptions>): AuditLog | Promise<AuditLog>;
}

/** A durable store, and the means of causing faults. A fault without means is skipped, with the reason. */
export interface StoreUnderFaults {
  /** File URL of an ES module that exports `FaultModule`. */
  readonly module: string;
  /** Arguments of Node for the processes that import it. */
  readonly execArgv?: readonly string[];
  /** Opens the store to look at it. */
  readonly open: (place: string) => Promise<AuditStore>;
  /** The store's own verification; rejects if it fails. */
  readonly verify?: (place: string) => Promise<void>;
  /** Keeps others from writing, as another process would, until the returned function is called. */
  readonly lock?: (place: string) => Promise<() => Promise<void>>;
  /** The store keeps its data in files below `place`: the suite may limit, protect and remove them. */
  readonly files?: boolean;
}

/** Options of `describeStoreFaults`. */
export interface FaultSuiteOptions {
  /** How often a process is killed at a random moment. Default 10, or `DAYBOOK_KILLS`. */
  readonly kills?: number;
  /** Writing processes. Default 4. */
  readonly writers?: number;
  /** Events of each of them. Default 2,000. */
  readonly eventsPerWriter?: number;
}

const DEADLINE_MS = 500;
/** Above the deadline: timers and a busy machine. */
const SLACK_MS = 1_000;
const SETTINGS = { deadlineMs: DEADLINE_MS, closeDeadlineMs: 2_000 };
/** User id without rights. */
const UNPRIVILEGED = 65_534;

/**
 * Runs the promises of a durable store and its log under faults, as tests with real kills, full files and locks.
 */
export function describeStoreFaults(name: string, subject: StoreUnderFaults, options: FaultSuiteOptions = {}): void {
  const { kills = Number(process.env.DAYBOOK_KILLS ?? 10), writers = 4, eventsPerWriter = 2_000 } = options;
  const start = (place: string, more: { readonly settings?: object; readonly uid?: number } = {}) =>
    startProcess({
      module: subject.module,
      place,
      execArgv: subject.execArgv ?? [],
      settings: { ...SETTINGS, ...more.settings },
      ...defined({ uid: more.uid }),
    });

  /** Everything in the store, which has to be in order. */
  const examine = async (place: string): Promise<Examined> => {
    await subject.verify?.(place);
    const store = await subject.open(place);
    const events: StoredEvent[] = [];
    for await (const event of store.scan({}, { order: "oldest" })) events.push(event);
    await store.close();
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i));
    const ids = events.flatMap((event) => event.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    return new Examined(events);
  };

  describe(`store under faults: ${name}`, () => {
    it(`killed ${kills} times: has every acknowledged event once`, {
      timeout: 60_000 + kills * 10_000,
    }, async () => {
      const place = folder();
      const acknowledged: string[] = [];
      const recorded: string[] = [];
      for (let round = 0; round < kills; round++) {
        const writer = await start(place);
        writer.tell("load", { prefix: `${round}.`, lanes: 8, everyMs: 3, background: 5 });
        await writer.hears((line) => line.stored !== undefined, { ever: true });
        await pause(Math.random() * 150);
        await writer.kill();
        acknowledged.push(...writer.said.flatMap((line) => line.stored ?? []));
        recorded.push(...writer.said.flatMap((line) => line.recorded ?? []));
      }
      const last = await start(place);
      await last.close();
      const trail = await examine(place);
      const missing = acknowledged.filter((grant) => !trail.grants.has(grant));
      const late = recorded.filter((note) => !trail.notes.has(note));
      console.info(
        `${name}: ${kills} kills, ${acknowledged.length} acknowledged durable events, ${missing.length} missing; ${recorded.length} background events, ${late.length} missing`,
      );
      expect(missing).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(kills);
      if ((await spooling(subject, place)) === undefined) return;
      const gaps = trail.of("trail.gap").filter((event) => event.data?.cause === "unclean_stop");
      expect(gaps).toHaveLength(kills);
    });

    it("with several writers: has every event once", { timeout: 300_000 }, async () => {
      const place = folder();
      await (await start(place)).close();
      const processes = await Promise.all(
        Array.from({ length: writers }, () =>
          start(place, { settings: { closeDeadlineMs: 120_000, deadlineMs: 60_000, queue: { maxEvents: 100_000 } } }),
        ),
      );
      for (const [i, each] of processes.entries()) each.tell("background", { name: `w${i}.`, count: eventsPerWriter });
      const closed = await Promise.all(processes.map((each) => each.close()));
      expect(closed.map((line) => line.closed)).toEqual(Array(writers).fill(0));
      const trail = await examine(place);
      expect(trail.notes.size).toBe(writers * eventsPerWriter);
      for (let i = 0; i < writers; i++) {
        const own = trail.noteOrder.filter((note) => note.startsWith(`w${i}.`));
        expect(own).toEqual(Array.from({ length: eventsPerWriter }, (_, n) => `w${i}.${n}`));
      }
      expect(processes.flatMap((each) => each.said).filter((line) => line.problem !== undefined)).toEqual([]);
    });

    describe("locked by another process", () => {
      it("spools at the deadline, and stores all later", { timeout: 60_000 }, async ({ skip }) => {
        if (subject.lock === undefined) skip("nothing is known that locks it");
        const place = folder();
        const writer = await start(place);
        await recordDurable(writer, "before");
        const spool = await spooling(subject, place);
        const unlock = await subject.lock!(place);
        const begun = Date.now();
        writer.tell("background", { name: "n", count: 200 });
        const answers = await Promise.all(Array.from({ length: 5 }, (_, i) => recordDurable(writer, `during ${i}`)));
        expect(answers.filter((line) => line.stored !== undefined)).toEqual([]);
        for (const line of answers) expect(line.waited).toBeLessThan(DEADLINE_MS + SLACK_MS);
        if (spool !== undefined) await until(async () => (await writer.stats()).spooled >= 200);
        expectBalance(await writer.stats());
        const ended = Date.now();
        await unlock();
        await until(async () => idle(await writer.stats()));
        expect((await recordDurable(writer, "after")).stored).toBe("after");
        const { stats } = await writer.close();
        expectBalance(present(stats));
        const trail = await examine(place);
        expect(trail.noteOrder).toEqual(Array.from({ length: 200 }, (_, i) => `n${i}`));
        const gaps = trail.of("trail.gap");
        expect(gaps.map((event) => event.data?.cause)).toEqual(["store_failed"]);
        expect(Date.parse(present(present(gaps[0]).data).start as string)).toBeGreaterThanOrEqual(begun - 100);
        expect(Date.parse(present(present(gaps[0]).data).end as string)).toBeGreaterThanOrEqual(ended - 100);
      });

      it("repeatedly: loses no acknowledged event, keeps the order", { timeout: 60_000 }, async ({ skip }) => {
        if (subject.lock === undefined) skip("nothing is known that locks it");
        const place = folder();
        const writer = await start(place);
        writer.tell("load", { prefix: "x", lanes: 4, everyMs: 5, background: 5 });
        for (let i = 0; i < 6; i++) {
          await pause(100);
          const unlock = await subject.lock!(place);
          await pause(i % 2 === 0 ? 100 : DEADLINE_MS + 200);
          await unlock();
        }
        writer.tell("rest");
        await until(async () => idle(await writer.stats()));
        const { stats } = await writer.close();
        expectBalance(present(stats));
        const trail = await examine(place);
        expect(writer.said.flatMap((line) => line.stored ?? []).filter((grant) => !trail.grants.has(grant))).toEqual([]);
        const recorded = writer.said.flatMap((line) => line.recorded ?? []);
        expect(trail.noteOrder).toEqual(recorded);
      });

      it("until killed: the next process replays the spool", { timeout: 60_000 }, async ({ skip }) => {
        if (subject.lock === undefined) skip("nothing is known that locks it");
        const place = folder();
        const writer = await start(place);
        await recordDurable(writer, "before");
        const spool = await spooling(subject, place);
        if (spool === undefined) skip("it has no place for a spool");
        const unlock = await subject.lock!(place);
        writer.tell("background", { name: "n", count: 100 });
        await until(async () => (await writer.stats()).spooled >= 100);
        await writer.kill();
        const [file] = spoolFiles(present(spool));
        truncateSync(present(file), statSync(present(file)).size - 30);
        await unlock();
        const next = await start(place);
        await until(async () => idle(await next.stats()));
        await next.close();
        const trail = await examine(place);
        expect(trail.noteOrder).toEqual(Array.from({ length: 99 }, (_, i) => `n${i}`));
        expect(trail.of("trail.gap").map((event) => event.data?.cause)).toEqual(expect.arrayContaining(["unclean_stop", "spool_torn"]));
        expect(spoolFiles(present(spool))).toEqual([]);
      });
    });

    it("with a full disk: acknowledges no loss, and recovers", { timeout: 60_000 }, async ({ skip }) => {
      if (!subject.files) skip("its data is not in files here");
      if (!canLimit()) skip("prlimit(1) is not there to limit the size of files");
      const place = folder();
      const writer = await start(place, { settings: { queue: { maxEvents: 300 } } });
      await recordDurable(writer, "before");
      limitFileSize(present(writer.child.pid), Math.max(...sizesBelow(place)) + 16_384);
      let failed = 0;
      for (let i = 0; i < 200 && failed < 3; i++) {
        writer.tell("background", { name: `f${i}.`, count: 20 });
        const line = await recordDurable(writer, `full ${i}`);
        if (line.failed !== undefined) {
          failed++;
          expect(line.waited).toBeLessThan(DEADLINE_MS + SLACK_MS);
        }
      }
      expect(failed).toBe(3);
      expectBalance(await writer.stats());
      limitFileSize(present(writer.child.pid), undefined);
      await until(async () => idle(await writer.stats()));
      expect((await recordDurable(writer, "after")).stored).toBe("after");
      await until(async () => (await writer.stats()).queued === 0);
      await pause(1_200);
      const { stats } = await writer.close();
      expectBalance(present(stats));
      const trail = await examine(place);
      expect(writer.said.flatMap((line) => line.stored ?? []).filter((grant) => !trail.grants.has(grant))).toEqual([]);
      const gap = trail.of("trail.gap").find((event) => event.data?.cause === "store_failed");
      const given = writer.said.reduce((sum, line) => sum + (line.given ?? 0), 0);
      const durable = writer.said.filter((line) => line.failed !== undefined).length;
      expect(gap?.data?.lost).toBe(given - trail.notes.size + durable);
    });

    it("with read-only files: is refused at start", { timeout: 60_000 }, async ({ skip }) => {
      if (!subject.files) skip("its data is not in files here");
      const place = folder();
      await (await start(place)).close();
      const root = process.getuid?.() === 0;
      for (const path of below(place)) {
        if (root) chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
        chmodSync(path, statSync(path).isDirectory() ? 0o500 : 0o400);
      }
      onTestFinished(() => {
        for (const path of below(place)) chmodSync(path, 0o700);
      });
      const writer = await start(place, root ? { uid: UNPRIVILEGED } : {});
      expect(writer.said.at(-1)).toMatchObject({
        refused: expect.stringMatching(/^[A-Z_]+$/),
        message: expect.stringMatching(/^[A-Z_]+: .{20}/),
      });
      expect((await writer.ended).code).toBe(3);
    });

    it("whose folder is removed: acknowledges nothing that is gone", { timeout: 60_000 }, async ({ skip }) => {
      if (!subject.files) skip("its data is not in files here");
      const place = folder();
      const writer = await start(place);
      await recordDurable(writer, "before");
      rmSync(place, { recursive: true });
      const begun = performance.now();
      const line = await recordDurable(writer, "gone");
      expect(performance.now() - begun).toBeLessThan(DEADLINE_MS + SLACK_MS);
      if (line.stored !== undefined) expect((await examine(place)).grants.has("gone")).toBe(true);
      writer.tell("background", { name: "n", count: 10 });
      await pause(50);
      expectBalance(await writer.stats());
    });
  });
}

/** What a store held when it was looked at. */
class Examined {
  readonly grants: ReadonlySet<string>;
  /** Notes in the order of the trail. */
  readonly noteOrder: readonly string[];
  readonly notes: ReadonlySet<string>;
  readonly #events: readonly StoredEvent[];

  constructor(events: readonly StoredEvent[]) {
    this.#events = events;
    this.grants = new Set(this.of("access.changed").map((event) => (present(event.data).granted as readonly string[])[0]!));
    this.noteOrder = this.of("note.recorded").map((event) => present(event.data).note as string);
    this.notes = new Set(this.noteOrder);
  }

  of(action: string): readonly StoredEvent[] {
    return this.#events.filter((event) => event.action === action);
  }
}

/** The result of one durable event: a line with `stored`, or with `failed`. */
async function recordDurable(process: FaultyProcess, name: string) {
  const answer = process.hears((line) => line.stored === name || line.failed === name);
  process.tell("durable", { name });
  return answer;
}

function expectBalance({ accepted, written, spooled, queued, dropped }: AuditLogStats): void {
  expect(written + spooled + queued + Object.values(dropped).reduce((a, b) => a + b, 0)).toBe(accepted);
}

/** Everything is in the store, the record of the start included. */
const idle = ({ written, queued, spooled }: AuditLogStats) => written > 0 && queued === 0 && spooled === 0;

/** Prefix of the spool files of a store; undefined if it has none. */
async function spooling(subject: StoreUnderFaults, place: string): Promise<string | undefined> {
  const store = await subject.open(place);
  await store.close();
  return store.spoolPath;
}

const spoolFiles = (path: string) => {
  const folder = join(path, "..");
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((file) => file.startsWith(path));
};

function folder(): string {
  const place = mkdtempSync(join(tmpdir(), "daybook-faults-"));
  chmodSync(place, 0o755);
  onTestFinished(() => rmSync(place, { recursive: true, force: true }));
  return place;
}

const below = (place: string): string[] => [
  place,
  ...readdirSync(place, { recursive: true, encoding: "utf8" }).map((name) => join(place, name)),
];

const sizesBelow = (place: string) => below(place).map((path) => (statSync(path).isFile() ? statSync(path).size : 0));

const canLimit = () => existsSync("/usr/bin/prlimit");

/** The soft limit of the size of files (setrlimit(2), RLIMIT_FSIZE) of a running process: beyond it writing fails as on a full disk. */
function limitFileSize(pid: number, bytes: number | undefined): void {
  execFileSync("/usr/bin/prlimit", ["--pid", String(pid), `--fsize=${bytes ?? "unlimited"}:unlimited`]);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`did not come true within 30 s: ${holds}`);
    await pause(20);
  }
}
