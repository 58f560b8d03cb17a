import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { runAs } from "@daybook/core";
import Database from "better-sqlite3";
import { describe, expect, it, onTestFinished } from "vitest";
import { erasePerson, exportPerson, privacyInformation } from "../src/index.ts";
import { bookLent, type House, openHouse, TICK, verified } from "./support/house.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const CONFIRMED = { confirm: true, verification: { method: "operator", confirmed: true } } as const;

/** Another process holds the write lock of the database, so that the store takes nothing. */
function lock({ path }: House): { release(): void } {
  const db = new Database(path);
  db.exec("BEGIN IMMEDIATE");
  const release = () => void (db.open && db.exec("ROLLBACK") && db.close());
  onTestFinished(release);
  return { release };
}

function spoolOf({ path }: House): string {
  const files = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.spool`));
  return files.map((name) => readFileSync(join(dirname(path), name), "utf8")).join("");
}

const bytesOf = ({ path }: House): string =>
  readdirSync(dirname(path))
    .filter((name) => !name.endsWith(".keys"))
    .map((name) => join(dirname(path), name))
    .filter((name) => statSync(name).isFile())
    .map((name) => readFileSync(name, "latin1"))
    .join("");

async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 20_000; !condition(); ) {
    if (performance.now() > end) throw new Error("It did not happen within 20 s.");
    await wait(10);
  }
}

/** Events of a reader with a long id and a neighbour, which a store that does not answer left in the spool file. */
async function planted(house: House): Promise<{ release(): void }> {
  const { audit, consent, journal } = house;
  await consent.give("reader-zz81", "personal_diary", TICK);
  await journal.record("reader-zz81", "note", { query: "before the outage" });
  const held = lock(house);
  for (let i = 0; i < 5; i++) {
    runAs({ kind: "user", id: "reader-zz81" }, () => audit.record(bookLent, { data: { title: `Planted in the spool ${i}` } }));
    runAs({ kind: "user", id: "the neighbour" }, () => audit.record(bookLent, { data: { title: `Of the neighbour ${i}` } }));
  }
  await until(() => audit.stats().spooled === 10);
  expect(spoolOf(house)).toContain("Planted in the spool 4");
  return held;
}

const openImpatient = () => openHouse({ deadlineMs: 200 });

describe("spooled records while the store is locked", () => {
  it("are in the export, which waits for them", async () => {
    const house = await openImpatient();
    const { release } = await planted(house);
    setTimeout(release, 100);
    const folder = join(temporaryFolder(), "package");
    const information = privacyInformation({
      definitions: house.audit.catalogue.all(),
      purposes: await house.store.purposes(),
      periods: await house.store.retentionPeriods(),
    });
    await exportPerson("reader-zz81", { ...house, folder, information, verification: CONFIRMED.verification });
    const { records, places } = JSON.parse(readFileSync(join(folder, "export.json"), "utf8"));
    const titles = records.flatMap(({ data }: { data?: { title?: string } }) => (data?.title === undefined ? [] : [data.title]));
    expect(titles).toEqual(Array.from({ length: 5 }, (_, i) => `Planted in the spool ${i}`));
    expect(places).toContainEqual({ place: "records waiting for the store", searched: true, note: "written before the search" });
  });

  it("lose that person only, while the store is down", async () => {
    const house = await openImpatient();
    const { release } = await planted(house);
    expect(await house.audit.forgetSpooled(["reader-zz81"])).toBe(5);
    const [, sub] = await house.store.namesOf("reader-zz81");
    const spool = spoolOf(house);
    for (const gone of ["reader-zz81", sub!, "Planted in the spool"]) expect([gone, spool.includes(gone)]).toEqual([gone, false]);
    expect(spool).toContain("Of the neighbour 4");
    release();
    await until(() => house.audit.stats().spooled === 0 && house.audit.stats().queued === 0);
    expect(await house.store.count({ user: "the neighbour", type: "custom" })).toBe(5);
    expect((await verified(house.path)).verdict).toBe("intact");
  });

  it("are erased from the spool and the trail", async () => {
    const house = await openImpatient();
    const { release } = await planted(house);
    setTimeout(release, 300);
    const { result } = await erasePerson("reader-zz81", { ...house, ...CONFIRMED });
    expect(result.state).toBe("proven");
    await until(() => house.audit.stats().spooled === 0 && house.audit.stats().queued === 0);
    const bytes = bytesOf(house);
    expect(bytes).toContain("Of the neighbour 4");
    for (const gone of ["Planted in the spool", "before the outage"]) expect([gone, bytes.includes(gone)]).toEqual([gone, false]);
    expect((await verified(house.path)).verdict).toBe("intact");
  });
});

describe("journal entries while the store is locked", () => {
  it("are never spooled, and a withdrawal drops them", async () => {
    const house = await openImpatient();
    const { release } = await planted(house);
    const noted = (text: string) => [1, 2, 3].map((n) => house.journal.record("reader-zz81", "note", { query: `${text} entry ${n}` }));
    const inFlight = noted("handed over");
    await wait(300);
    const waiting = noted("waiting");
    expect(bytesOf(house)).not.toMatch(/waiting entry|handed over entry/);
    setTimeout(release, 100);
    await house.consent.withdraw("reader-zz81", "personal_diary", { method: "ui" });
    expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ outcome: "rejected", reason: "withdrawn_in_flight" })));
    // The writer had these before the withdrawal, so they went in, and then went with the journal.
    expect(await Promise.all(inFlight)).toEqual(inFlight.map(() => ({ outcome: "stored" })));
    await house.journal.flush();
    const bytes = bytesOf(house);
    for (const gone of ["waiting entry", "handed over entry", "before the outage"])
      expect([gone, bytes.includes(gone)]).toEqual([gone, false]);
    expect(await house.journal.count("reader-zz81")).toBe(0);
  });
});
