import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AuditEvent, fileSink, memorySink, memoryStore } from "@daybook/core";
import { afterAll } from "vitest";
import { describeAuditSink, describeAuditStore, type SinkUnderTest } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "daybook-testkit-"));
let files = 0;

afterAll(() => rmSync(folder, { recursive: true }));

function openFile(path: string): SinkUnderTest {
  const sink = fileSink({ path });
  return {
    sink,
    stored: async () =>
      readFileSync(path, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as AuditEvent),
    reopen: async () => {
      await sink.close();
      return openFile(path);
    },
  };
}

describeAuditSink("memorySink", async () => {
  const sink = memorySink();
  return { sink, stored: async () => sink.events };
});

describeAuditSink("fileSink", async () => openFile(join(folder, `${files++}.ndjson`)));

describeAuditStore("memoryStore", async () => ({ store: memoryStore() }));

afterAll(() => {
  const strange = readdirSync(folder).filter((name) => !name.endsWith(".ndjson"));
  if (strange.length > 0) throw new Error(`a file sink left ${strange.join(", ")}`);
});
