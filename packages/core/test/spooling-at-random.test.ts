import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { accessChanged, defineEvent, noteRecorded, type Receipt } from "../src/index.ts";
import { temporaryFolder } from "./support/folders.ts";
import { codeOf, eventually, expectBalance, logOver, pause } from "./support/logs.ts";
import { type Mood, moodySink } from "./support/moody-sink.ts";

const signed = defineEvent({ type: "custom", action: "paper.signed", delivery: "durable", onStoreFailure: "spool" });

const KINDS = {
  blocking: { definition: accessChanged, data: {} },
  waiting: { definition: signed, data: undefined },
  background: { definition: noteRecorded, data: { note: "n" } },
} as const;
type Kind = keyof typeof KINDS;

const step = fc.oneof(
  fc.record({ mood: fc.constantFrom<Mood>("well", "failing", "hanging") }),
  fc.record({ record: fc.integer({ min: 1, max: 60 }), kind: fc.constantFrom<Kind>("blocking", "waiting", "background") }),
  fc.record({ pause: fc.integer({ min: 0, max: 40 }) }),
);

describe("random failures of a store with a spool", () => {
  it("lose, double and reorder no acknowledged event", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 30 }), async (plan) => {
        const sink = moodySink();
        const { audit } = logOver(sink, {
          catalogue: [signed],
          spool: { path: join(temporaryFolder(), "audit.spool"), maxBytes: 65_536 },
          lifecycle: false,
          queue: { maxEvents: 120 },
          deadlineMs: 40,
          closeDeadlineMs: 3_000,
        });
        const given: { readonly kind: Kind; readonly receipt: Receipt; readonly code: Promise<string | undefined> }[] = [];
        for (const each of plan) {
          if ("mood" in each) sink.become(each.mood);
          else if ("pause" in each) await pause(each.pause);
          else {
            const { definition, data } = KINDS[each.kind];
            for (let i = 0; i < each.record; i++) {
              const receipt = audit.recordWith(definition, data === undefined ? {} : { data }, {});
              given.push({ kind: each.kind, receipt, code: codeOf(receipt.stored) });
            }
          }
          expectBalance(audit);
        }
        sink.become("well");
        await eventually(() => audit.stats().queued === 0 && audit.stats().spooled === 0);
        const codes = await Promise.all(given.map(({ code }) => code));
        expectBalance(audit);
        const stored = sink.events.map((event) => event.id);
        const places = new Map(stored.map((id, place) => [id, place]));
        expect(places.size).toBe(stored.length);
        expect(given.filter(({ receipt }, i) => codes[i] === undefined && !places.has(receipt.id))).toEqual([]);
        for (const kind of Object.keys(KINDS) as Kind[]) {
          const own = given.filter((each) => each.kind === kind).flatMap(({ receipt }) => places.get(receipt.id) ?? []);
          expect(own).toEqual(own.toSorted((a, b) => a - b));
        }
        await audit.close();
        const ours = new Set(given.map(({ receipt }) => receipt.id));
        const { dropped } = audit.stats();
        expect(stored.filter((id) => ours.has(id)).length + dropped.queue_full + dropped.sink_failed).toBe(given.length);
      }),
      { numRuns: 25 },
    );
  });
});
