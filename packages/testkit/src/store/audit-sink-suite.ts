import type { AuditEvent } from "@daybook/core";
import { type AuditSink, appendEntries, appendEntriesSync, type SinkEntry } from "@daybook/core/store";
import { describe, expect, it, onTestFinished } from "vitest";
import { present } from "./present.ts";
import { idsOf, numbered, sampleEntry } from "./sample-events.ts";

/** A new sink for one test. */
export interface SinkUnderTest {
  /** The sink. */
  readonly sink: AuditSink;
  /** Its events, oldest first, without records of its own. Absent if a sink cannot be read back: those cases are skipped. */
  readonly stored?: () => Promise<readonly Partial<Pick<AuditEvent, "id" | "data">>[]>;
  /** Closes the sink and opens its data again. Absent if nothing outlives a sink. */
  readonly reopen?: () => Promise<SinkUnderTest>;
  /** An event that this sink always refuses. Absent if it takes every event. */
  readonly unacceptable?: SinkEntry;
}

const DURABLE = { durable: true } as const;

/**
 * Runs the contract `AuditSink` as tests, over your own sink or over a wrapper of one.
 * @param open returns a new, empty sink each time
 * @example
 * ```ts
 * import { memorySink } from "@daybook/core";
 * import { describeAuditSink } from "@daybook/testkit";
 *
 * describeAuditSink("memory", async () => {
 *   const sink = memorySink();
 *   return { sink, stored: async () => sink.events };
 * });
 * ```
 */
export function describeAuditSink(name: string, open: () => Promise<SinkUnderTest>): void {
  const opened = async (): Promise<SinkUnderTest> => {
    const subject = await open();
    onTestFinished(() => subject.sink.close());
    return subject;
  };
  /** Ids in the sink, if it can be read back. */
  const held = async ({ stored }: SinkUnderTest, skip: (reason: string) => never) => {
    if (stored === undefined) skip("it cannot be read back");
    return (await stored!()).map((event) => event.id);
  };

  describe(`AuditSink contract: ${name}`, () => {
    it("has a short name and its features", async () => {
      const { sink } = await opened();
      expect(sink.name).toMatch(/^[a-z][a-z0-9_-]{0,31}$/);
      expect(sink.supports).toMatchObject({
        erasure: expect.stringMatching(/^(erase|expire|none)$/),
        ...(sink.supports.erasure === "expire" ? { expiresAfterDays: expect.any(Number) } : {}),
        durable: expect.any(Boolean),
        idempotent: expect.any(Boolean),
      });
    });

    it("keeps the order of a batch", async ({ skip }) => {
      const subject = await opened();
      const batch = numbered(0, 512);
      expect(await appendEntries(subject.sink, batch, DURABLE)).toEqual({ refused: [] });
      expect(await held(subject, skip)).toEqual(idsOf(batch));
    });

    it("keeps the order of batches", async ({ skip }) => {
      const subject = await opened();
      const batches = [numbered(0, 3), numbered(3, 1), numbered(4, 100)];
      for (const batch of batches) await appendEntries(subject.sink, batch, DURABLE);
      expect(await held(subject, skip)).toEqual(batches.flatMap(idsOf));
    });

    it("takes an empty batch", async () => {
      const { sink } = await opened();
      expect(await appendEntries(sink, [], DURABLE)).toEqual({ refused: [] });
    });

    it("has all acknowledged events when it is reopened", async ({ skip }) => {
      const subject = await opened();
      if (!subject.sink.supports.durable) skip("it does not say that it is durable");
      if (subject.reopen === undefined) skip("nothing outlives it");
      const batch = numbered(0, 20);
      await appendEntries(subject.sink, batch, DURABLE);
      const again = await subject.reopen!();
      onTestFinished(() => again.sink.close());
      expect(await held(again, skip)).toEqual(idsOf(batch));
    });

    it("keeps a repeated event once", async ({ skip }) => {
      const subject = await opened();
      if (!subject.sink.supports.idempotent) skip("it says that it keeps repeated events");
      const batch = numbered(0, 4);
      await appendEntries(subject.sink, [...batch, present(batch[1])], DURABLE);
      expect(await appendEntries(subject.sink, [present(batch[3]), ...numbered(4, 0), present(batch[0])], DURABLE)).toEqual({
        refused: [],
      });
      const more = numbered(4, 2);
      await appendEntries(subject.sink, [present(batch[2]), ...more], DURABLE);
      expect(await held(subject, skip)).toEqual(idsOf([...batch, ...more]));
    });

    it("keeps a repeated event once after reopening", async ({ skip }) => {
      const subject = await opened();
      if (!subject.sink.supports.idempotent) skip("it says that it keeps repeated events");
      if (subject.reopen === undefined) skip("nothing outlives it");
      const batch = numbered(0, 3);
      await appendEntries(subject.sink, batch, DURABLE);
      const again = await subject.reopen!();
      onTestFinished(() => again.sink.close());
      await appendEntries(again.sink, [...batch, ...numbered(3, 1)], DURABLE);
      expect((await held(again, skip)).slice(0, 3)).toEqual(idsOf(batch));
      expect(await held(again, skip)).toHaveLength(4);
    });

    it("refuses an unacceptable event with a code", async ({ skip }) => {
      const subject = await opened();
      const { unacceptable } = subject;
      if (unacceptable === undefined) skip("it takes every event");
      const [before, after] = numbered(0, 2);
      const { refused } = await appendEntries(subject.sink, [present(before), present(unacceptable), present(after)], DURABLE);
      expect(refused).toEqual([
        { id: present(unacceptable).event.id, code: expect.stringMatching(/^[A-Z][A-Z0-9_]+$/), hint: expect.stringMatching(/.{5}/) },
      ]);
      expect(await held(subject, skip)).toEqual(idsOf([present(before), present(after)]));
    });

    it("does not change the given batch", async () => {
      const { sink } = await opened();
      const batch = deepFreeze([
        sampleEntry({ data: { list: [1, { deep: "x" }] }, actor: { kind: "user", id: "ada", about: { desk: 1 } } }),
      ]);
      expect(await appendEntries(sink, batch, DURABLE)).toEqual({ refused: [] });
    });

    it.each([
      ["control characters", "a\u0000b\r\nc\u001b[31md\u2028e\u202ef"],
      ["all planes of Unicode", "Zürich 北京 🦊 \u{10ffff}"],
      ["quotes and formulas", `'; DROP TABLE x; -- "=1+1" \\ %s`],
      ["a text of 40 000 bytes", "x".repeat(40_000)],
    ])("returns %s unchanged", async (_what, text) => {
      const subject = await opened();
      await appendEntries(
        subject.sink,
        [sampleEntry({ data: { who: text }, resource: { type: "book", id: text.slice(0, 100) } })],
        DURABLE,
      );
      const [event] = (await subject.stored?.()) ?? [{ data: { who: text } }];
      expect(event?.data?.who).toBe(text);
    });

    it("keeps keys such as __proto__ as they were", async () => {
      const subject = await opened();
      const data = JSON.parse('{"__proto__":{"admin":true},"constructor":"x","10":1,"9":2}') as Record<string, string>;
      await appendEntries(subject.sink, [sampleEntry({ data })], DURABLE);
      const [event] = (await subject.stored?.()) ?? [{ data }];
      expect(Object.keys(present(present(event).data)).toSorted()).toEqual(Object.keys(data).toSorted());
      expect(({} as { admin?: unknown }).admin).toBeUndefined();
    });

    it("writes at exit behind everything it was given before", async ({ skip }) => {
      const subject = await opened();
      const { sink } = subject;
      if ((sink.codec === undefined ? sink.appendSync : sink.appendLinesSync) === undefined)
        skip("it cannot write without returning to the event loop");
      const [first, second, third] = [numbered(0, 5), numbered(5, 5), numbered(10, 5)];
      await appendEntries(sink, present(first), DURABLE);
      const running = appendEntries(sink, present(second), DURABLE);
      expect(appendEntriesSync(sink, present(third), 5_000)).toEqual({ refused: [] });
      await running;
      expect(await held(subject, skip)).toEqual(idsOf([first, second, third].flatMap((batch) => present(batch))));
    });

    it("can be closed twice, and fails after that", async () => {
      const { sink } = await opened();
      await sink.close();
      await sink.close();
      if (!sink.supports.durable) return;
      await expect(appendEntries(sink, numbered(0, 1), DURABLE)).rejects.toMatchObject({
        code: expect.stringMatching(/^[A-Z_]+$/),
        hint: expect.any(String),
      });
    });
  });
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !(Symbol.iterator in value && "validate" in value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}
