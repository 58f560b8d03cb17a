import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import type * as Core from "../src/index.ts";
import { bundleCore } from "./support/bundle.ts";
import { runChild } from "./support/child.ts";
import { temporaryFolder } from "./support/folders.ts";

const ESM = bundleCore("esm");
const CJS = bundleCore("cjs");

let esm: typeof Core;
let cjs: typeof Core;

beforeAll(async () => {
  esm = (await import(ESM)) as typeof Core;
  cjs = createRequire(import.meta.url)(CJS) as typeof Core;
});

describe("an application that has loaded the ESM and the CommonJS build", () => {
  it("has two copies of everything", () => {
    expect(esm.DaybookError).not.toBe(cjs.DaybookError);
    expect(Object.keys(cjs).toSorted()).toEqual(Object.keys(esm).toSorted());
  });

  it("shares one context", async () => {
    const sink = cjs.memorySink();
    const audit = cjs.createAuditLog({ sinks: [{ sink, required: true }], signals: false });
    await esm.runAs({ kind: "service", id: "import" }, async () => {
      await audit.record(esm.noteRecorded, { data: { note: "hello" } }).stored;
    });
    expect(sink.events).toMatchObject([{ actor: { kind: "service", id: "import" }, data: { note: "hello" } }]);
    await audit.close();
  });

  it("keeps concurrent contexts apart", async () => {
    const sink = esm.memorySink();
    const logs = [esm, cjs].map((copy) => copy.createAuditLog({ sinks: [{ sink, required: true }], signals: false, lifecycle: false }));
    const job = (n: number) =>
      [esm, cjs][n % 2]!.runAs({ kind: "user", id: `user-${n}` }, async () => {
        for (let turn = 0; turn < 5; turn++) {
          await new Promise((resolve) => setTimeout(resolve, (n * 7 + turn) % 4));
          logs[(n + turn) % 2]!.record(cjs.noteRecorded, { data: { note: `user-${n}` } });
        }
      });
    await Promise.all(Array.from({ length: 100 }, (_, n) => job(n)));
    for (const log of logs) await log.close();
    expect(sink.events).toHaveLength(500);
    expect(sink.events.filter(({ actor, data }) => actor.id !== data?.note)).toEqual([]);
  });

  it("knows the errors of both", () => {
    const error = new cjs.DaybookError("BAD_OPTION", "Do otherwise.");
    expect([esm.isDaybookError(error), error instanceof esm.DaybookError]).toEqual([true, false]);
    expect(esm.isDaybookError(new Error("other"))).toBe(false);
  });

  it("flushes both logs at SIGTERM", async () => {
    const folder = temporaryFolder();
    const child = runChild(
      folder,
      `import { createRequire } from "node:module";
       const other = createRequire(import.meta.url)(${JSON.stringify(CJS)});
       for (const [name, copy] of [["esm", core], ["cjs", other]] as const) {
         const audit = copy.createAuditLog({ sinks: [{ sink: copy.fileSink({ path: folder + "/" + name + ".ndjson" }), required: true }] });
         for (let i = 0; i < 100; i++) audit.record(copy.noteRecorded, { data: { note: String(i) } });
       }
       say("ready"); setInterval(() => {}, 1000);`,
    );
    await child.said("ready");
    child.process.kill("SIGTERM");
    expect(await child.ended).toMatchObject({ signal: "SIGTERM" });
    for (const name of ["esm", "cjs"]) expect(readFileSync(`${folder}/${name}.ndjson`, "utf8").trim().split("\n")).toHaveLength(100);
  });
});
