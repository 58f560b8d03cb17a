import type { StoredEvent } from "@daybook/core";
import { type LedgerRow, storedEvent } from "@daybook/store-sqlite";
import type { Format } from "../choices/format-names.ts";
import { csvText } from "./csv-text.ts";
import type { LineBuffer } from "./line-buffer.ts";
import { writePlainLine } from "./plain-row.ts";
import { EVENT_COLUMNS, eventCells } from "./rows.ts";
import { guardFormula, safeCell, safeJson, safeText } from "./safe-text.ts";

export interface FormatOptions {
  /** CSV only: make cells harmless for spreadsheets and terminals. */
  readonly guard: boolean;
}

/** Turns events into text, a block at a time, so that memory does not grow with a report. */
export interface EventFormat {
  readonly begin: string;
  block(events: readonly StoredEvent[]): string;
  end(): string;
}

export function eventFormat(format: Format, { guard }: FormatOptions): EventFormat {
  switch (format) {
    case "table":
      return new TableFormat();
    case "json":
      return new JsonFormat();
    case "ndjson":
      return { begin: "", block: (events) => events.map((event) => `${safeJson(event)}\n`).join(""), end: () => "" };
    case "csv":
      return { begin: csvText([EVENT_COLUMNS]), block: (events) => csvText(events.map((event) => cells(event, guard))), end: () => "" };
  }
}

/** Writes stored rows, with the same bytes as `block` of their events. @returns the number of rows */
export function writeRows(
  lines: LineBuffer,
  rows: Iterable<LedgerRow>,
  name: Format,
  format: EventFormat,
  { guard }: FormatOptions,
): number {
  if (name !== "csv" && name !== "ndjson") {
    const events = Array.from(rows, storedEvent);
    lines.text(format.block(events));
    return events.length;
  }
  let count = 0;
  for (const row of rows) {
    count++;
    if (!writePlainLine(lines, row, name, guard)) lines.text(format.block([storedEvent(row)]));
  }
  return count;
}

const cells = (event: StoredEvent, guard: boolean) =>
  eventCells(event).map((cell) => {
    if (cell === undefined) return "";
    if (typeof cell === "number") return String(cell);
    return guard ? guardFormula(safeCell(cell)) : cell;
  });

class JsonFormat implements EventFormat {
  readonly begin = "[";
  #first = true;

  block(events: readonly StoredEvent[]): string {
    const text = events.map((event, i) => `${this.#first && i === 0 ? "\n" : ",\n"}${safeJson(event)}`).join("");
    if (events.length > 0) this.#first = false;
    return text;
  }

  end(): string {
    return this.#first ? "]\n" : "\n]\n";
  }
}

const TABLE = ["id", "timestamp", "type", "action", "outcome", "user", "endpoint", "state"] as const;
const WIDEST = 40;

class TableFormat implements EventFormat {
  readonly begin = "";
  #widths: number[] | undefined;

  block(events: readonly StoredEvent[]): string {
    const rows = events.map((event) =>
      [event.seq, event.time, event.type, event.action, event.outcome, event.actor?.id, event.request?.route, event.state].map((cell) =>
        cell === undefined ? "–" : safeText(String(cell)),
      ),
    );
    let text = "";
    if (this.#widths === undefined && rows.length > 0) {
      this.#widths = TABLE.map((title, i) => Math.min(WIDEST, Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0))));
      text = this.#line([...TABLE]);
    }
    return text + rows.map((row) => this.#line(row)).join("");
  }

  end(): string {
    return "";
  }

  #line(row: readonly string[]): string {
    return `${row
      .map((cell, i) => (i === 0 ? cell.padStart(this.#widths?.[0] ?? 0) : cell.padEnd(this.#widths?.[i] ?? 0)))
      .join("  ")
      .trimEnd()}\n`;
  }
}
