import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { accessChanged, noteRecorded } from "../src/index.ts";
import type { AppendResult, EntrySink, SinkEntry } from "../src/store.ts";
import { temporaryFolder } from "./support/folders.ts";
import { codeOf, expectBalance, logOver } from "./support/logs.ts";

type Append = (batch: readonly SinkEntry[]) => unknown;

const refusal = (id: string) => ({ id, code: "NO", hint: "Not today." });

/** Everything a careless or hostile sink may return from `append`. `fate`: what the receipts say without a spool. */
const RESULTS: readonly { readonly name: string; readonly append: Append; readonly fate: string | undefined }[] = [
  { name: "throws at once", append: () => raise(new Error("sync")), fate: "SINK_TIMEOUT" },
  { name: "rejects without an error", append: () => Promise.reject(undefined), fate: "SINK_TIMEOUT" },
  { name: "never resolves", append: () => new Promise(() => undefined), fate: "SINK_TIMEOUT" },
  { name: "resolves to undefined", append: async () => undefined, fate: "SINK_TIMEOUT" },
  { name: "resolves to null", append: async () => null, fate: "SINK_TIMEOUT" },
  { name: "resolves to a text", append: async () => "stored", fate: "SINK_TIMEOUT" },
  { name: "leaves `refused` out", append: async () => ({}), fate: "SINK_TIMEOUT" },
  { name: "refuses null", append: async () => ({ refused: null }), fate: "SINK_TIMEOUT" },
  { name: "refuses a text", append: async () => ({ refused: "all" }), fate: "SINK_TIMEOUT" },
  { name: "refuses undefined", append: async () => ({ refused: [undefined] }), fate: "SINK_TIMEOUT" },
  {
    name: "refuses without a code",
    append: async (batch) => ({ refused: batch.map(({ event: { id } }) => ({ id })) }),
    fate: "SINK_TIMEOUT",
  },
  { name: "returns without a promise", append: () => ({ refused: [] }), fate: undefined },
  { name: "refuses a foreign event", append: async () => ({ refused: [refusal("nobody's")] }), fate: undefined },
  { name: "refuses all", append: async (batch) => ({ refused: batch.map(({ event }) => refusal(event.id)) }), fate: "EVENT_REFUSED" },
  {
    name: "refuses twice",
    append: async (batch) => ({ refused: batch.flatMap(({ event: { id } }) => [refusal(id), refusal(id)]) }),
    fate: "EVENT_REFUSED",
  },
];

function raise(error: Error): never {
  throw error;
}

const evil = (append: Append, idempotent: boolean): EntrySink => ({
  name: "evil",
  supports: { erasure: "none", durable: true, idempotent },
  append: append as (batch: readonly SinkEntry[]) => Promise<AppendResult>,
  close: async () => undefined,
});

describe.each([true, false])("a sink with `idempotent: %s`", (idempotent) => {
  describe.each([true, false])("and a spool: %s", (spooled) => {
    it.each(RESULTS)("that $name loses no event unseen", async ({ append, fate }) => {
      const spool = spooled ? { path: join(temporaryFolder(), "audit.spool") } : (false as const);
      const { audit } = logOver(evil(append, idempotent), { spool, lifecycle: false, deadlineMs: 100, closeDeadlineMs: 200 });
      const receipts = [];
      for (let i = 0; i < 5; i++) {
        receipts.push(audit.record(accessChanged, { data: { granted: ["shelf"] } }), audit.record(noteRecorded, { data: { note: "n" } }));
      }
      const codes = await Promise.all(receipts.map(({ stored }) => codeOf(stored)));
      expectBalance(audit);
      await audit.close();
      expectBalance(audit);
      const { written, spooled: kept, queued, dropped } = audit.stats();
      // Each event is somewhere, and a receipt that settled well belongs to a stored or spooled event.
      const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0);
      expect({ queued, atLeast: written + kept + gone >= receipts.length }).toEqual({ queued: 0, atLeast: true });
      expect(codes.filter((code) => code === undefined).length).toBeLessThanOrEqual(written + kept);
      if (!spooled || fate !== "SINK_TIMEOUT") expect(new Set(codes)).toEqual(new Set([fate]));
    });
  });
});
