import type { LedgerRow } from "@daybook/store-sqlite";
import { csvCell } from "./csv-text.ts";
import type { LineBuffer } from "./line-buffer.ts";
import { guardFormula } from "./safe-text.ts";

/** A head, or a part, as far as an export shows it. */
type Texts = { readonly [key: string]: unknown };

/** A row whose texts need no escape in JSON or on a terminal, and whose payload is one piece of JSON. */
interface PlainRow {
  readonly seq: number;
  readonly state: "full" | "partial";
  readonly head: Texts;
  readonly person: Texts;
  /** Canonical JSON. */
  readonly details: string | undefined;
}

/** Printable ASCII without a backslash: nothing is escaped, and a quote is always the beginning or the end of a text. */
const PLAIN = /^[ -[\]-~]*$/;
/** JavaScript lists such keys first, whatever their position in the text. */
const NUMBER_KEY = /"\d+":/;
const NO_PERSON: Texts = {};

class NotPlain extends Error {}
const notPlain = new NotPlain();

/**
 * Writes the line of a row in an export from its stored texts. Returns false for an unusual row, which `eventFormat` writes. Both write
 * the same bytes.
 */
export function writePlainLine(lines: LineBuffer, row: LedgerRow, format: "csv" | "ndjson", guard: boolean): boolean {
  const plain = plainRow(row);
  if (plain === undefined) return false;
  try {
    if (format === "csv") writeCsvLine(lines, plain, guard);
    else lines.ascii(jsonLine(plain));
    return true;
  } catch (cause) {
    if (cause === notPlain) return false;
    throw cause;
  }
}

function plainRow({ seq, parts, head: headText, person: personText, others }: LedgerRow): PlainRow | undefined {
  if (headText === null || others.length > 0 || !PLAIN.test(headText)) return undefined;
  const head = JSON.parse(headText) as Texts;
  if (head.details !== undefined || head.ledger !== undefined) return undefined;
  if (personText === null) return { seq, state: parts === 1 ? "full" : "partial", head, person: NO_PERSON, details: undefined };
  if (!PLAIN.test(personText)) return undefined;
  let details: string | undefined;
  let rest = personText;
  if (personText.startsWith(DETAILS)) {
    const end = endOfObject(personText, DETAILS.length - 1);
    details = personText.slice(DETAILS.length - 1, end);
    // An empty object is never stored, and is written without quotes.
    if (details === "{}" || NUMBER_KEY.test(details) || details.includes('"__proto__"')) return undefined;
    rest = `{${personText.slice(personText[end] === "," ? end + 1 : end)}`;
  }
  const person = JSON.parse(rest) as Texts;
  if (person.about !== undefined || person.details !== undefined || (person.role !== "actor" && person.role !== "context"))
    return undefined;
  return { seq, state: parts === 2 ? "full" : "partial", head, person, details };
}

const DETAILS = '{"details":{';

/** Index after the object that begins at `start`. The text is plain, so no quote is escaped. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22:
        i = text.indexOf('"', i + 1);
        if (i < 0) return text.length;
        break;
      case 0x7b:
        depth++;
        break;
      case 0x7d:
        if (--depth === 0) return i + 1;
        break;
    }
  }
  return text.length;
}

function writeCsvLine(lines: LineBuffer, { seq, state, head, person, details }: PlainRow, guard: boolean): void {
  const cell = (value: unknown) => textCell(value, guard);
  const before = `${seq},${cell(head.ts)},${cell(head.type)},${cell(actorId(person))},${cell(head.severity)},`;
  const after =
    `,${cell(person.ip)},${cell(head.route)},${cell(head.action)},${cell(head.outcome)},` +
    `${state},${cell(head.actor_kind)},${cell(head.resource_type)},${head.resource_type === undefined ? "" : cell(resourceId(head, person))},` +
    `${cell(head.reason)},${cell(head.purpose)},${cell(head.method)},${numberCell(head.status)},${numberCell(head.duration_ms)},` +
    `${cell(person.request_id)},${cell(person.trace_id)},${cell(person.tenant)},${cell(head.error_code)},${cell(person.error_message)},\r\n`;
  lines.ascii(before);
  // A payload that is not empty has quotes.
  if (details !== undefined) lines.asciiInQuotes(details);
  lines.ascii(after);
}

/** Plain text that stays the same with and without a guard, so that most cells are checked once. */
const HARMLESS = /^[^ =+\-@|",][^",]*$/;

function textCell(value: unknown, guard: boolean): string {
  if (value === undefined) return "";
  if (typeof value !== "string") throw notPlain;
  if (HARMLESS.test(value)) return value;
  return csvCell(guard ? guardFormula(value) : value);
}

function numberCell(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value !== "number") throw notPlain;
  return String(value);
}

function jsonLine({ seq, state, head, person, details }: PlainRow): string {
  const id = actorId(person);
  const actor =
    text("kind", head.actor_kind) +
    text("id", id) +
    (person.role === "actor" ? text("sub", person.sub) : "") +
    text("sessionId", person.sid) +
    text("ip", person.ip) +
    text("userAgent", person.ua);
  const request =
    text("id", person.request_id) +
    text("traceId", person.trace_id) +
    text("spanId", person.span_id) +
    text("method", head.method) +
    text("route", head.route) +
    number("status", head.status) +
    number("durationMs", head.duration_ms);
  const resource = head.resource_type === undefined ? "" : text("type", head.resource_type) + text("id", resourceId(head, person));
  const error = text("code", head.error_code) + text("message", person.error_message);
  return (
    `{"seq":${seq},"state":"${state}"${text("id", head.id)}${text("time", head.ts)}${text("type", head.type)}${text("action", head.action)}` +
    `${text("severity", head.severity)}${text("outcome", head.outcome)}${object("actor", actor)}${object("resource", resource)}` +
    `${text("purpose", head.purpose)}${text("reason", head.reason)}${object("request", request)}${text("tenant", person.tenant)}` +
    `${details === undefined ? "" : `,"data":${details}`}${object("error", error)}${text("service", head.service)}${text("instance", head.instance)}}\n`
  );
}

const actorId = (person: Texts) => (person.role === "actor" ? (person.uid ?? person.sub) : undefined);

const resourceId = (head: Texts, person: Texts) => person.resource_id ?? head.resource_id;

function text(key: string, value: unknown): string {
  if (value === undefined) return "";
  if (typeof value !== "string") throw notPlain;
  return `,"${key}":"${value}"`;
}

function number(key: string, value: unknown): string {
  if (value === undefined) return "";
  if (typeof value !== "number") throw notPlain;
  return `,"${key}":${value}`;
}

/** @param members each with a comma before it */
const object = (key: string, members: string) => (members === "" ? "" : `,"${key}":{${members.slice(1)}}`);
