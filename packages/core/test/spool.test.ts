import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { Catalogue } from "../src/events/catalogue.ts";
import { type DaybookError, defineEvent, noteRecorded } from "../src/index.ts";
import { PlainCodec } from "../src/spool/plain-codec.ts";
import { Spool, type SpoolBatch } from "../src/spool/spool.ts";
import * as formatOfSpool from "../src/spool/spool-file.ts";
import type { EventCodec, SinkEntry } from "../src/store.ts";
import { temporaryFolder } from "./support/folders.ts";
import { codeOf } from "./support/logs.ts";
import { noteEntry } from "./support/note-entry.ts";

const codec = new PlainCodec(new Catalogue([noteRecorded]));
let problems: DaybookError[] = [];
let runs = 0;

beforeEach(() => {
  problems = [];
});

const runName = () => `${process.pid}-${(++runs).toString(16).padStart(12, "0")}`;

const openSpool = (folder: string, options: { maxBytes?: number; codec?: EventCodec; idempotent?: boolean; run?: string } = {}) =>
  Spool.open({
    path: join(folder, "audit.db.spool"),
    maxBytes: 1_000_000,
    codec,
    run: runName(),
    idempotent: true,
    now: Date.now,
    problem: (error) => problems.push(error),
    ...options,
  });

const entries = (...notes: string[]): SinkEntry[] =>
  notes.map((note) => noteEntry({ actor: { kind: "user", id: "ada", ip: "203.0.113.0" }, data: { note } }));

const encode = (entry: SinkEntry) => ({ id: entry.event.id, type: entry.event.type, text: codec.encode(entry) });
const encoded = (...notes: string[]) => entries(...notes).map(encode);

const notesOf = (batch: SpoolBatch | undefined) => batch?.events.map(({ text }) => JSON.parse(text).event.data.note);
const many = (from: number, count: number) => Array.from({ length: count }, (_, i) => `note ${from + i}`);
const files = (folder: string) => readdirSync(folder).toSorted();

async function drain(spool: Spool): Promise<{ notes: string[]; lost: number }> {
  const notes: string[] = [];
  let lost = 0;
  for (let batch = await spool.next(); batch !== undefined; batch = await spool.next()) {
    notes.push(...notesOf(batch)!);
    lost += batch.lost;
    await spool.confirm(batch);
  }
  return { notes, lost };
}

/** Changes one byte of the file at the place of a text. */
function damage(path: string, text: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
}

/** Leaves the file of a process that was killed. */
function orphan(folder: string, write: (path: string) => void = () => undefined): string {
  const [name] = files(folder).filter((file) => /spool\.\d+-[0-9a-f]{12}$/.test(file));
  const from = join(folder, name!);
  const to = join(folder, "audit.db.spool.999999-00000000dead");
  const lines = readFileSync(from, "utf8").split("\n");
  renameSync(from, to);
  expect(lines[0]).toContain(`"pid":${process.pid}`);
  write(to);
  return to;
}

describe("a spool", () => {
  it("returns its events in order and is empty afterwards", async () => {
    const folder = temporaryFolder();
    const spool = openSpool(folder);
    await spool.append(encoded(...many(0, 700)));
    await spool.append(encoded(...many(700, 3)));
    expect(spool.pending).toBe(703);
    expect(await drain(spool)).toEqual({ notes: many(0, 703), lost: 0 });
    const empty = spool.bytes;
    expect(spool.pending).toBe(0);
    await spool.append(encoded("again"));
    expect(spool.bytes).toBeGreaterThan(empty);
    expect(await drain(spool)).toEqual({ notes: ["again"], lost: 0 });
    await spool.close();
    expect(files(folder)).toEqual([]);
  });

  it("is readable by its owner only", async () => {
    const folder = temporaryFolder();
    const spool = openSpool(folder);
    expect(files(folder).map((file) => (statSync(join(folder, file)).mode & 0o777).toString(8))).toEqual(["600"]);
    await spool.close();
  });

  it("keeps events that were read but not confirmed", async () => {
    const spool = openSpool(temporaryFolder());
    await spool.append(encoded("one", "two"));
    const batch = await spool.next();
    expect(notesOf(await spool.next())).toEqual(["one", "two"]);
    await spool.append(encoded("three"));
    await spool.confirm(batch!);
    expect(notesOf(await spool.next())).toEqual(["three"]);
    await spool.close();
  });

  it("keeps line breaks, all of Unicode and a megabyte", async () => {
    const spool = openSpool(temporaryFolder(), { maxBytes: 10_000_000 });
    const hard = ["a\nb\r\n\u2028c", "🦊 \u0000 \u001b[31m", "x".repeat(1_000_000), "end"];
    await spool.append(encoded(...hard));
    expect((await drain(spool)).notes).toEqual(hard);
    await spool.close();
  });

  it("refuses events above its bound until it is empty", async () => {
    const spool = openSpool(temporaryFolder(), { maxBytes: 70_000 });
    await spool.append(encoded(...many(0, 100)));
    expect(await codeOf(spool.append(encoded(...many(100, 200))))).toBe("SPOOL_FULL");
    expect(spool.pending).toBe(100);
    expect((await drain(spool)).notes).toEqual(many(0, 100));
    await spool.append(encoded("room"));
    expect((await drain(spool)).notes).toEqual(["room"]);
    await spool.close();
  });

  it("finishes an interrupted append at exit", async () => {
    const spool = openSpool(temporaryFolder());
    const running = spool.append(encoded(...many(0, 300)));
    await Promise.resolve();
    await Promise.resolve();
    spool.appendSync(encoded(...many(300, 2)));
    await running;
    expect((await drain(spool)).notes).toEqual(many(0, 302));
    await spool.close();
  });

  it.each([
    ["its file is removed", (folder: string) => files(folder).forEach((file) => void rmSync(join(folder, file)))],
    [
      "its folder is replaced",
      (folder: string) => {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
      },
    ],
  ])("keeps its events when %s", async (_name, harm) => {
    const folder = temporaryFolder();
    const spool = openSpool(folder);
    await spool.append(encoded("one"));
    harm(folder);
    await spool.append(encoded("two"));
    expect(files(folder)).toHaveLength(1);
    expect(readFileSync(join(folder, files(folder)[0]!), "utf8")).toContain("two");
    expect((await drain(spool)).notes).toEqual(["one", "two"]);
    await spool.close();
  });

  it("reports a lost folder and loses no event", async () => {
    const folder = join(temporaryFolder(), "data");
    const spool = openSpool(folder);
    await spool.append(encoded("one"));
    rmSync(folder, { recursive: true });
    expect(await codeOf(spool.append(encoded("two")))).toBe("SPOOL_FAILED");
    expect((await drain(spool)).notes).toEqual(["one"]);
  });

  it("refuses to open if it cannot write", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "file"), "");
    expect(() => openSpool(join(folder, "file"))).toThrow(expect.objectContaining({ code: "SPOOL_FAILED" }));
  });
});

describe("a spool file with damaged bytes", () => {
  it("loses only the damaged event and is kept aside", async () => {
    const folder = temporaryFolder();
    const spool = openSpool(folder);
    await spool.append(encoded("one", "two", "three"));
    const path = join(folder, files(folder)[0]!);
    damage(path, "two");
    expect(await drain(spool)).toEqual({ notes: ["one", "three"], lost: 1 });
    expect(problems.map((problem) => problem.code)).toEqual(["SPOOL_DAMAGED"]);
    expect(files(folder)).toHaveLength(2);
    expect(existsSync(`${path}.damaged`)).toBe(true);
    await spool.append(encoded("four"));
    expect(await drain(spool)).toEqual({ notes: ["four"], lost: 0 });
    await spool.close();
  });

  it.each([
    ["the last line", "three", { notes: ["one", "two"], lost: 1 }],
    ["the first line", "daybook-spool", { notes: ["one", "two", "three"], lost: 0 }],
  ])("counts the loss of %s", async (_name, text, expected) => {
    const folder = temporaryFolder();
    const spool = openSpool(folder);
    await spool.append(encoded("one", "two", "three"));
    damage(join(folder, files(folder)[0]!), text);
    expect(await drain(spool)).toEqual(expected);
    await spool.close();
  });

  it("counts every loss wherever a byte changes", async () => {
    const folder = temporaryFolder();
    const spool = openSpool(folder);
    const notes = many(0, 5);
    for (let round = 0; round < 60; round++) {
      await spool.append(encoded(...notes));
      const [name] = files(folder).filter((file) => !file.endsWith(".damaged"));
      const path = join(folder, name!);
      const bytes = readFileSync(path);
      const at = (round * 7919) % bytes.length;
      bytes[at] = bytes[at]! ^ (1 << (round % 8));
      writeFileSync(path, bytes);
      const { notes: read, lost } = await drain(spool);
      expect(read.filter((note) => !notes.includes(note))).toEqual([]);
      expect({ round, sum: read.length + lost }).toEqual({ round, sum: 5 });
    }
    await spool.close();
  });

  it("is read to its end if zeros replace line breaks", async () => {
    const folder = temporaryFolder();
    const spool = openSpool(folder);
    await spool.append(encoded(...many(0, 10)));
    const path = join(folder, files(folder)[0]!);
    const bytes = readFileSync(path);
    bytes.fill(0, Math.floor(bytes.length / 3), Math.floor(bytes.length / 2));
    writeFileSync(path, bytes);
    const { notes, lost } = await drain(spool);
    expect(notes.length + lost).toBe(10);
    expect(notes.length).toBeGreaterThan(3);
    await spool.close();
  });
});

describe("the file of an earlier run", () => {
  it("is taken over before new events", async () => {
    const folder = temporaryFolder();
    const killed = openSpool(folder);
    await killed.append(encoded("one", "two"));
    orphan(folder, (path) => markDead(path));
    const spool = openSpool(folder);
    expect(spool.hasOrphans()).toBe(true);
    const left = await spool.adopt();
    await spool.append(encoded("three"));
    expect(left).toEqual([{ run: "999999-00000000dead", clean: false, alive: expect.any(Number), events: 2, lost: 0, torn: false }]);
    expect(spool.hasOrphans()).toBe(false);
    expect((await drain(spool)).notes).toEqual(["one", "two", "three"]);
    await spool.close();
    expect(files(folder)).toEqual([]);
  });

  it("is left alone while its process lives", async () => {
    const folder = temporaryFolder();
    const first = openSpool(folder);
    const second = openSpool(folder);
    expect([first.hasOrphans(), second.hasOrphans()]).toEqual([false, false]);
    await first.close();
    await second.close();
  });

  it("of another machine is left for a minute of silence", async () => {
    const folder = temporaryFolder();
    const killed = openSpool(folder);
    await killed.append(encoded("one"));
    const path = orphan(folder, (file) => rewriteOwner(file, (owner) => ({ ...owner, host: "elsewhere" })));
    const spool = openSpool(folder);
    expect(spool.hasOrphans()).toBe(false);
    const longAgo = Date.now() / 1000 - 61;
    utimesSync(path, longAgo, longAgo);
    expect(spool.hasOrphans()).toBe(true);
    expect(await spool.adopt()).toMatchObject([{ events: 1 }]);
    await spool.close();
  });

  it("with a torn last line keeps the rest", async () => {
    const folder = temporaryFolder();
    const killed = openSpool(folder);
    await killed.append(encoded("one", "two", "three"));
    orphan(folder, (path) => {
      markDead(path);
      truncateSync(path, statSync(path).size - 20);
    });
    const spool = openSpool(folder);
    expect(await spool.adopt()).toMatchObject([{ events: 2, lost: 0, torn: true }]);
    expect((await drain(spool)).notes).toEqual(["one", "two"]);
    await spool.close();
  });

  it("with damaged lines keeps the rest, counted", async () => {
    const folder = temporaryFolder();
    const killed = openSpool(folder);
    await killed.append(encoded("one", "two", "three"));
    const path = orphan(folder, (file) => {
      markDead(file);
      damage(file, "one");
    });
    const spool = openSpool(folder);
    expect(await spool.adopt()).toMatchObject([{ events: 2, lost: 1, torn: false }]);
    expect(existsSync(`${path}.damaged`)).toBe(true);
    expect(spool.hasOrphans()).toBe(false);
    expect((await drain(spool)).notes).toEqual(["two", "three"]);
    await spool.close();
  });

  it.each(["", "garbage", "\0".repeat(5_000), `${"x".repeat(9_000)}\n`])("that is no spool is kept aside: %#", async (content) => {
    const folder = temporaryFolder();
    const path = join(folder, "audit.db.spool.999999-00000000dead");
    writeFileSync(path, content);
    const longAgo = Date.now() / 1000 - 61;
    utimesSync(path, longAgo, longAgo);
    const spool = openSpool(folder);
    const left = await spool.adopt();
    expect(left).toMatchObject([{ events: 0, clean: false }]);
    expect(spool.hasOrphans()).toBe(false);
    await spool.close();
  });

  it("of an orderly close is known as such", async () => {
    const folder = temporaryFolder();
    const earlier = openSpool(folder);
    await earlier.append(encoded("one"));
    await earlier.close();
    orphan(folder, (path) => markDead(path));
    const spool = openSpool(folder);
    expect(await spool.adopt()).toMatchObject([{ clean: true, events: 1 }]);
    await spool.close();
  });

  it("is not replayed twice into a store without ids", async () => {
    const folder = temporaryFolder();
    const killed = openSpool(folder, { idempotent: false });
    await killed.append(encoded(...many(0, 600)));
    await killed.confirm((await killed.next())!);
    orphan(folder, (path) => markDead(path));
    const spool = openSpool(folder, { idempotent: false });
    expect(await spool.adopt()).toMatchObject([{ events: 88 }]);
    expect((await drain(spool)).notes).toEqual(many(512, 88));
    await spool.close();
  });

  it("is taken over once by several starting processes", async () => {
    const folder = temporaryFolder();
    const killed = openSpool(folder);
    await killed.append(encoded("one", "two"));
    orphan(folder, (path) => markDead(path));
    const spools = [1, 2, 3, 4].map(() => openSpool(folder));
    const left = await Promise.all(spools.map((spool) => spool.adopt()));
    expect(left.flatMap((runs) => runs ?? []).reduce((sum, run) => sum + run.events, 0)).toBe(2);
    expect(files(folder).filter((file) => file.endsWith(".lock"))).toEqual([]);
    for (const spool of spools) {
      await drain(spool);
      await spool.close();
    }
  });

  it("is taken over despite the lock of a killed process", async () => {
    const folder = temporaryFolder();
    const killed = openSpool(folder);
    await killed.append(encoded("one"));
    orphan(folder, (path) => markDead(path));
    writeFileSync(join(folder, "audit.db.spool.lock"), JSON.stringify({ ...ownerOf(folder), pid: 2 ** 22 + 1 }));
    const spool = openSpool(folder);
    expect(await spool.adopt()).toMatchObject([{ events: 1 }]);
    await spool.close();
  });
});

describe("forgetting a person", () => {
  it("removes only the values of that person", async () => {
    const folder = temporaryFolder();
    const spool = openSpool(folder);
    const given = entries("hers", "his");
    const [hers, his] = given.map(({ event }) => event);
    await spool.append([
      encode(given[0]!),
      encode({ ...given[1]!, event: { ...his!, actor: { kind: "user", id: "bob" }, subjects: [{ id: "eve", role: "target" }] } }),
    ]);
    expect(await spool.forget(["ada"])).toBe(1);
    const text = readFileSync(join(folder, files(folder)[0]!), "utf8");
    expect([
      text.includes('"ada"'),
      text.includes("hers"),
      text.includes("203.0.113.0"),
      text.includes(hers!.id),
      text.includes('"bob"'),
    ]).toEqual([false, false, false, true, true]);
    expect(await spool.forget(["eve"])).toBe(1);
    const batch = await spool.next();
    expect(batch!.events.map(({ text: line }) => JSON.parse(line).event)).toEqual(
      [
        { ...hers, actor: { kind: "user" }, data: undefined },
        { ...his, actor: { kind: "user", id: "bob" }, subjects: undefined, data: undefined },
      ].map((event) => JSON.parse(JSON.stringify(event))),
    );
    await spool.close();
    expect(files(folder)).toHaveLength(1);
  });

  it("keeps fields declared impersonal", () => {
    const lent = defineEvent({ type: "loan", action: "book.lent", personal: ["reader"], resourceId: "impersonal" });
    const [entry] = entries("x");
    const event = {
      ...entry!.event,
      data: { title: "Dune", reader: "Ada L." },
      resource: { type: "book", id: "dune" },
      request: { id: "r-1", route: "/loans", status: 201 },
    };
    const rest = JSON.parse(codec.forget(codec.encode({ event, definition: lent }), ["ada"]));
    expect(rest.event).toMatchObject({
      data: { title: "Dune" },
      resource: { type: "book", id: "dune" },
      request: { route: "/loans", status: 201 },
      actor: { kind: "user" },
    });
    expect(JSON.stringify(rest)).not.toMatch(/ada|Ada|r-1/);
  });
});

describe("the plain codec", () => {
  it("restores events of definitions that are gone", () => {
    const gone = defineEvent({ type: "loan", action: "book.lent", personal: ["reader"], retention: 64 });
    const restoring = new PlainCodec(new Catalogue([noteRecorded]));
    const [entry] = entries("x");
    const text = restoring.encode({ event: { ...entry!.event, type: "loan", action: "book.lent" }, definition: gone });
    const { id } = entry!.event;
    const [first, second] = restoring.decode([
      { id, type: "loan", text },
      { id, type: "loan", text },
    ]);
    expect(first!.definition).toMatchObject({ type: "loan", personal: ["reader"], retention: 64, resourceId: "personal" });
    expect(second!.definition).toBe(first!.definition);
  });
});

/** Rewrites the first line so that its process is one that does not exist. */
function markDead(path: string): void {
  rewriteOwner(path, (owner) => ({ ...owner, pid: 2 ** 22 + 1, run: "999999-00000000dead" }));
}

function rewriteOwner(path: string, change: (owner: Record<string, unknown>) => object): void {
  const { spoolLine, SPOOL_FORMAT } = formatOfSpool;
  const text = readFileSync(path, "utf8");
  const end = text.indexOf("\n");
  const owner = JSON.parse(text.slice(text.indexOf("{"), end)) as Record<string, unknown>;
  writeFileSync(path, spoolLine(`${SPOOL_FORMAT} ${JSON.stringify(change(owner))}`) + text.slice(end + 1));
}

function ownerOf(folder: string): object {
  const spool = openSpool(folder);
  const name = files(folder).find((file) => file.includes(process.pid.toString()))!;
  const text = readFileSync(join(folder, name), "utf8");
  void spool.close();
  return JSON.parse(text.slice(text.indexOf("{"), text.indexOf("\n")));
}
