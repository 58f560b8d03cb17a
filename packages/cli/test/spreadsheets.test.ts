import { readdirSync, readFileSync } from "node:fs";
import { contentIngested } from "@daybook/core";
import Papa from "papaparse";
import { describe, expect, it } from "vitest";
import { daybook } from "./support/run-daybook.ts";
import { missingSharedData, sharedData } from "./support/shared-data.ts";
import { textNoted, trailWith } from "./support/trail.ts";

type Row = Readonly<Record<string, string>>;

/** Reads CSV with a reader that is not of the family of our writer. */
function rowsOf(csv: string): Row[] {
  const { data, errors } = Papa.parse<Row>(csv, { header: true, newline: "\r\n", skipEmptyLines: true });
  expect(errors).toEqual([]);
  return data;
}

/** A trail that holds every text once as a person's id, where an id can be that text, and once in its details. */
const trailOf = (texts: readonly string[]) =>
  trailWith(async (audit) => {
    const as = (text: string) => ({ kind: "user" as const, id: text });
    for (const text of texts) {
      await audit.record(textNoted, { data: { text }, ...(fitsId(text) ? { actor: as(text) } : {}) }).stored;
    }
  });

const fitsId = (text: string) => text !== "" && Buffer.byteLength(text) <= 512 && text.isWellFormed();

interface Told {
  readonly seq: number;
  readonly actor: { readonly id?: string };
  readonly data: { readonly text: string };
}

/** What the trail holds, told by JSON and by CSV. */
async function toldBy(path: string, ...csvOptions: string[]): Promise<{ events: Told[]; rows: Row[] }> {
  const asked = ["report", "--db", path, "--event-type", "custom", "--oldest-first"];
  const json = await daybook([...asked, "--format", "json"]);
  const csv = await daybook([...asked, "--format", "csv", ...csvOptions]);
  expect([json.status, csv.status]).toEqual([0, 0]);
  return { events: JSON.parse(json.stdout) as Told[], rows: rowsOf(csv.stdout) };
}

async function roundTrip(texts: readonly string[]): Promise<void> {
  const path = await trailOf(texts);
  const { events, rows } = await toldBy(path, "--no-formula-guard");
  expect(events).toHaveLength(texts.length);
  expect(rows.map((row) => row.user_id)).toEqual(events.map((event) => event.actor.id ?? ""));
  expect(rows.map((row) => JSON.parse(row.details!))).toEqual(events.map((event) => event.data));
  expect(events.map((event) => event.actor.id).filter((id) => id !== undefined)).toEqual(texts.filter(fitsId));
}

/** What a spreadsheet takes for the beginning of a formula, or skips on its way to one. */
const RUNS = /^[\s\u00a0]*[=+\-@|\uff1d\uff0b\uff0d\uff20]/;

const missingPayloads = missingSharedData("csv/injection");
const missingSpectrum = missingSharedData("csv/csv-spectrum");
const missingStrings = missingSharedData("strings");

const lines = (name: string) =>
  readFileSync(sharedData(name), "utf8")
    .split("\n")
    .filter((line) => line !== "");
const naughtyStrings = () => JSON.parse(readFileSync(sharedData("strings/blns/blns.json"), "utf8")) as string[];

const textsIn = (value: unknown): string[] =>
  typeof value === "object" && value !== null ? Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)]) : [String(value)];

const spectrum = () =>
  readdirSync(sharedData("csv/csv-spectrum/json")).flatMap((file) =>
    textsIn(JSON.parse(readFileSync(sharedData(`csv/csv-spectrum/json/${file}`), "utf8"))),
  );

describe("a CSV report that a spreadsheet opens", () => {
  it.skipIf(missingPayloads !== undefined)("has no cell that published payloads can run", async () => {
    const payloads = lines("csv/injection/payloadbox-csv-payload.txt");
    const disguised = payloads.flatMap((payload) => [payload, ` ${payload}`, `\u00a0${payload}`, payload.replace("=", "\uff1d")]);
    const { rows } = await toldBy(await trailOf(disguised));
    expect(rows).toHaveLength(disguised.length);
    expect(rows.flatMap((row) => Object.values(row)).filter((cell) => RUNS.test(cell))).toEqual([]);
    const ids = rows.map((row) => row.user_id);
    expect(ids).toContain("'=10+20+cmd|' /C calc'!A0");
    expect(ids).toContain("' =10+20+cmd|' /C calc'!A0");
  });

  it.skipIf(missingStrings !== undefined)("has no formula, command or escape for any input", async () => {
    const { rows } = await toldBy(await trailOf(naughtyStrings()));
    const cells = rows.flatMap((row) => Object.values(row));
    expect(cells.filter((cell) => RUNS.test(cell))).toEqual([]);
    expect(cells.filter((cell) => /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202e]/.test(cell))).toEqual([]);
  });

  it("keeps numbers numbers", async () => {
    const path = await trailWith((audit) => {
      audit.record(contentIngested, { data: { source: "shelf", status: "added", count: 3 } });
    });
    const { stdout } = await daybook(["report", "--db", path, "--event-type", "ingestion", "--format", "csv"]);
    expect(stdout.split("\r\n")[1]).toMatch(/^1,2\d{3}-/);
  });
});

describe("a CSV report with --no-formula-guard", () => {
  it.skipIf(missingSpectrum !== undefined)("gives back what csv-spectrum holds, to another reader", () => roundTrip(spectrum()));
  it.skipIf(missingStrings !== undefined)("gives back the naughty strings", () => roundTrip(naughtyStrings()));
  it.skipIf(missingStrings !== undefined)("gives back injection payloads", () =>
    roundTrip([
      ...lines("strings/payloads/crlfinjection.txt"),
      ...lines("strings/payloads/sqli_auth_bypass.txt"),
      ...lines("csv/injection/payloadbox-csv-payload.txt"),
    ]),
  );
});
