import { readFileSync } from "node:fs";
import type { AuditEvent } from "@daybook/core";
import { type LedgerKeys, newKeys, splitEvent } from "@daybook/ledger";
import { type LedgerRow, storedEvent } from "@daybook/store-sqlite";
import { stringify } from "csv-stringify/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvText } from "../src/output/csv-text.ts";
import { eventFormat, writeRows } from "../src/output/formats.ts";
import { LineBuffer } from "../src/output/line-buffer.ts";
import { writePlainLine } from "../src/output/plain-row.ts";
import { missingSharedData, sharedData } from "./support/shared-data.ts";

const keys: LedgerKeys = newKeys("test.example/audit", (length) => Buffer.alloc(length, 7));

const FORMATS = [
  ["csv", true],
  ["csv", false],
  ["ndjson", true],
] as const;

/** Both ways of writing a row give the same bytes. */
function expectSame(row: LedgerRow): void {
  for (const [name, guard] of FORMATS) {
    const format = eventFormat(name, { guard });
    const lines = new LineBuffer();
    writeRows(lines, [row], name, format, { guard });
    expect(lines.bytes.toString()).toBe(format.block([storedEvent(row)]));
  }
}

function rowOf(event: AuditEvent, headKeys: readonly string[] = []): LedgerRow {
  const { parts } = splitEvent(event, { keys, headKeys });
  const [head, first, ...more] = parts;
  const inRow = first !== undefined && (first.role === "actor" || first.role === "context");
  const others = (inRow ? more : parts.slice(1)).map(({ text }) => text);
  return { seq: 41, parts: parts.length, head: head!.text, person: inRow ? first.text : null, others };
}

const ordinary: AuditEvent = {
  id: "01a20d5a-25e5-7275-9687-f709cb4bec41",
  time: "2026-11-24T11:39:01.477Z",
  type: "endpoint",
  action: "book.opened",
  severity: "info",
  outcome: "success",
  actor: { kind: "user", id: "ada", ip: "203.0.113.0", userAgent: "Firefox 131", sessionId: "s-1" },
  request: { id: "r-1", traceId: "t-1", spanId: "s-2", method: "GET", route: "/books/:id", status: 200, durationMs: 4 },
  resource: { type: "book", id: "emma" },
  data: { title: "Emma", pages: [1, 2], nested: { a: "}", b: "},{" } },
  tenant: "north",
  purpose: "reading",
  reason: "asked",
  error: { code: "E_1", message: "none, really" },
  service: "web",
  instance: "web-1",
};

const withText = (text: string): AuditEvent => ({
  ...ordinary,
  actor: { ...ordinary.actor, id: text, ip: text.slice(0, 64).toWellFormed() },
  request: { ...ordinary.request!, id: text.slice(0, 128).toWellFormed() },
  resource: { type: "book", id: text },
  error: { message: text },
  data: { [text]: text, list: [text, { "7": text }] },
});

const missing = missingSharedData("strings");
const naughty: string[] = missing ? [] : JSON.parse(readFileSync(sharedData("strings/blns/blns.json"), "utf8"));
const fits = (text: string) => text !== "" && Buffer.byteLength(text) <= 512 && text.isWellFormed();

describe("a row of an export", () => {
  it("is written from its texts where they are plain", () => {
    for (const [name, guard] of FORMATS) expect(writePlainLine(new LineBuffer(), rowOf(ordinary), name, guard as boolean)).toBe(true);
    expectSame(rowOf(ordinary));
  });

  it("is the same with parts missing", () => {
    expectSame({ ...rowOf(ordinary), person: null });
    expectSame({ ...rowOf(ordinary), head: null });
    expectSame({ ...rowOf(ordinary), head: null, person: null });
    expectSame(rowOf({ ...ordinary, actor: { kind: "system" }, request: undefined as never, tenant: undefined as never }));
    expectSame(rowOf({ ...ordinary, subjects: [{ id: "bob", role: "target" }] }));
    expectSame(rowOf(ordinary, ["title"]));
    expectSame(rowOf(ordinary, Object.keys(ordinary.data!)));
    expectSame(rowOf({ ...ordinary, actor: { ...ordinary.actor, about: { role: "reader" } } }));
  });

  it.skipIf(missing)("is the same for strings known to cause trouble", () => {
    const strings = naughty.filter(fits);
    expect(strings.length).toBeGreaterThan(400);
    for (const text of strings) expectSame(rowOf(withText(text)));
  });

  it("is the same for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 60 }).filter(fits), (text) => expectSame(rowOf(withText(text)))),
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...' ="{}[],:-+@|a1\t'), minLength: 1, maxLength: 20 }), (text) =>
        expectSame(rowOf(withText(text))),
      ),
    );
  });

  it("is the same for any payload", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 3 })), (data) =>
        expectSame(rowOf({ ...ordinary, data: data as never })),
      ),
    );
  });

  it("is the same for altered values in the file", () => {
    const value = fc.oneof(fc.constantFrom(null, 1, true, "=1+1", "a,b"), fc.jsonValue({ maxDepth: 2 }));
    const head = JSON.parse(rowOf(ordinary).head!);
    const person = JSON.parse(rowOf(ordinary).person!);
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(head)), fc.constantFrom(...Object.keys(person)), value, (h, p, changed) => {
        for (const row of [
          { ...rowOf(ordinary), head: JSON.stringify({ ...head, [h]: changed }) },
          { ...rowOf(ordinary), person: JSON.stringify({ ...person, [p]: changed }) },
        ]) {
          let wanted: string | undefined;
          for (const [name, guard] of FORMATS) {
            const format = eventFormat(name, { guard });
            try {
              wanted = format.block([storedEvent(row)]);
            } catch {
              // Neither way can write it.
              expect(() => writeRows(new LineBuffer(), [row], name, format, { guard })).toThrow();
              continue;
            }
            const lines = new LineBuffer();
            writeRows(lines, [row], name, format, { guard });
            expect(lines.bytes.toString()).toBe(wanted);
          }
        }
      }),
      { examples: [["action", "details", {}]] },
    );
  });
});

describe("a CSV file", () => {
  const byLibrary = (cells: readonly string[]) => stringify([cells as string[]], { record_delimiter: "windows" });

  it("is written as the usual library writes it", () => {
    const cell = fc.string({ unit: "binary", maxLength: 30 }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(cell, { minLength: 2, maxLength: 6 }), (cells) => {
        expect(csvText([cells])).toBe(byLibrary(cells));
      }),
    );
  });

  it.each(["a\n=1+1", "a\r=1+1", "a\r\n=1+1"])("quotes a cell with a line break: %j", (text) => {
    expect(csvText([["x", text]])).toBe(`x,"${text}"\r\n`);
  });
});
