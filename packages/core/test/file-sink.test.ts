import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createAuditLog, type FileSinkOptions, fileSink, memorySink } from "../src/index.ts";
import type { EntrySink } from "../src/store.ts";
import { temporaryFolder } from "./support/folders.ts";
import { codeOf } from "./support/logs.ts";
import { noteEntry } from "./support/note-entry.ts";

const DAY = 86_400_000;

const entry = (note: string) => noteEntry({ data: { note } });
const write = (sink: EntrySink, ...notes: string[]) => sink.append(notes.map(entry), { durable: true });

const notesIn = (text: string) =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line).data.note as string);

const files = (folder: string) => readdirSync(folder).toSorted();

/** Waits until no compression is at work. */
async function settled(folder: string): Promise<string[]> {
  for (let i = 0; i < 200 && files(folder).some((name) => /\.\d{4}$|\.part$/.test(name)); i++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  return files(folder);
}

function sinkWithClock(folder: string, options: Partial<FileSinkOptions> = {}) {
  const clock = { at: Date.parse("2026-11-24T12:00:00.000Z"), now: () => clock.at };
  const sink = fileSink({ path: join(folder, "trail.ndjson"), clock, ...options });
  return { sink, clock };
}

describe("a file sink", () => {
  it("writes one line per event with mode 0640", async () => {
    const folder = join(temporaryFolder(), "made", "for it");
    const { sink } = sinkWithClock(folder);
    await write(sink, "one", "two\nlines\r\u2028");
    const path = join(folder, "trail.ndjson");
    expect(notesIn(readFileSync(path, "utf8"))).toEqual(["one", "two\nlines\r\u2028"]);
    expect((statSync(path).mode & 0o777).toString(8)).toBe("640");
    await sink.close();
  });

  it("rotates each UTC day and compresses", async () => {
    const folder = temporaryFolder();
    const { sink, clock } = sinkWithClock(folder);
    await write(sink, "monday");
    clock.at += DAY;
    await write(sink, "tuesday");
    expect(await settled(folder)).toEqual(["trail.ndjson", "trail.ndjson.2026-11-24.0001.gz"]);
    expect(notesIn(gunzipSync(readFileSync(join(folder, "trail.ndjson.2026-11-24.0001.gz"))).toString())).toEqual(["monday"]);
    expect((statSync(join(folder, "trail.ndjson.2026-11-24.0001.gz")).mode & 0o777).toString(8)).toBe("640");
    expect(notesIn(readFileSync(join(folder, "trail.ndjson"), "utf8"))).toEqual(["tuesday"]);
    await sink.close();
  });

  it("rotates at a size, several times a day", async () => {
    const folder = temporaryFolder();
    const { sink } = sinkWithClock(folder, { maxBytes: 1024, gzip: false });
    for (let i = 0; i < 12; i++) await write(sink, `${i} ${"x".repeat(200)}`);
    const names = files(folder);
    expect(names.length).toBeGreaterThan(3);
    const all = [...names.filter((name) => name !== "trail.ndjson"), "trail.ndjson"].flatMap((name) =>
      notesIn(readFileSync(join(folder, name), "utf8")),
    );
    expect(all.map((note) => Number(note.split(" ")[0]))).toEqual(Array.from({ length: 12 }, (_, i) => i));
    await sink.close();
  });

  it("keeps the newest 30 files, at most 31 days", async () => {
    const folder = temporaryFolder();
    const { sink, clock } = sinkWithClock(folder, { gzip: false });
    for (let day = 0; day < 40; day++) {
      await write(sink, `day ${day}`);
      utimesSync(join(folder, "trail.ndjson"), clock.at / 1000, clock.at / 1000);
      clock.at += DAY;
    }
    const names = files(folder);
    expect(names).toHaveLength(31);
    expect(names[1]).toBe("trail.ndjson.2026-12-03.0001");
    await sink.close();
    const reopened = fileSink({ path: join(folder, "trail.ndjson"), clock: { now: () => clock.at + 60 * DAY }, gzip: false });
    expect(files(folder)).toEqual([]);
    await write(reopened, "new");
    expect(files(folder)).toEqual(["trail.ndjson"]);
    await reopened.close();
  });

  it("keeps files with similar names", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "trail.ndjson.backup"), "mine");
    writeFileSync(join(folder, "trail.ndjson.2020-01-01.txt"), "mine");
    const { sink, clock } = sinkWithClock(folder, { keep: 1, gzip: false });
    for (let i = 0; i < 4; i++) {
      await write(sink, "x");
      clock.at += DAY;
    }
    expect(files(folder)).toEqual(expect.arrayContaining(["trail.ndjson.backup", "trail.ndjson.2020-01-01.txt"]));
    await sink.close();
  });

  it("continues after a half-written line", async () => {
    const folder = temporaryFolder();
    const { sink, clock } = sinkWithClock(folder);
    await write(sink, "whole");
    await sink.close();
    appendFileSync(join(folder, "trail.ndjson"), '{"id":"half');
    // A file of another day than the sink's clock shows would be put aside.
    utimesSync(join(folder, "trail.ndjson"), clock.at / 1_000, clock.at / 1_000);
    const { sink: again } = sinkWithClock(folder);
    await write(again, "next");
    expect(notesIn(readFileSync(join(folder, "trail.ndjson"), "utf8"))).toEqual(["whole", "next"]);
    await again.close();
  });

  it("recreates its file and folder if they vanish", async () => {
    const folder = join(temporaryFolder(), "logs");
    const { sink } = sinkWithClock(folder);
    await write(sink, "one");
    rmSync(folder, { recursive: true });
    await write(sink, "two");
    expect(notesIn(readFileSync(join(folder, "trail.ndjson"), "utf8"))).toEqual(["two"]);
    await sink.close();
  });

  it("fails whole if its file cannot be recreated", async () => {
    const folder = join(temporaryFolder(), "logs");
    const { sink } = sinkWithClock(folder);
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "in the way");
    expect(await codeOf(write(sink, "one"))).toBe("SINK_FAILED");
    rmSync(folder);
    mkdirSync(folder);
    await write(sink, "two");
    expect(notesIn(readFileSync(join(folder, "trail.ndjson"), "utf8"))).toEqual(["two"]);
    await sink.close();
  });

  it("writes an interrupted append once at exit", async () => {
    const folder = temporaryFolder();
    const { sink } = sinkWithClock(folder);
    const running = write(sink, "first");
    sink.appendSync!([entry("second")], 1_000);
    await running;
    expect(notesIn(readFileSync(join(folder, "trail.ndjson"), "utf8"))).toEqual(["first", "second"]);
    await sink.close();
  });

  it.each([
    [{ keep: 0 }, "BAD_OPTION"],
    [{ keep: 1.5 }, "BAD_OPTION"],
    [{ maxBytes: 10 }, "BAD_OPTION"],
    [{ path: "/dev/null/x" }, "STORE_OPEN_FAILED"],
  ])("refuses %j", (options, code) => {
    expect(() => fileSink({ path: join(temporaryFolder(), "x"), ...options })).toThrow(expect.objectContaining({ code }));
  });
});

describe("a log with a file sink", () => {
  it("is refused if files outlive the retention period", () => {
    const path = join(temporaryFolder(), "trail.ndjson");
    const open = (keep: number, types?: readonly string[]) =>
      createAuditLog({
        sinks: [
          { sink: memorySink(), required: true },
          { sink: fileSink({ path, keep }), ...(types === undefined ? {} : { types }) },
        ],
        signals: false,
      });
    expect(() => open(200)).toThrow(
      expect.objectContaining({ code: "BAD_OPTION", hint: expect.stringMatching(/keeps records for 201 days.*may be kept for 18/) }),
    );
    expect(() => open(200, ["admin_action"])).not.toThrow();
    expect(() => open(365, ["admin_action"])).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
    expect(() => open(30)).not.toThrow();
  });
});
