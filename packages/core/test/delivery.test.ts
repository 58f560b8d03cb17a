import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accessChanged,
  contentIngested,
  type EventDefinition,
  loginFailed,
  loginSucceeded,
  memorySink,
  noteRecorded,
  operationFailed,
} from "../src/index.ts";
import { codeOf, eventually, expectBalance, logOver, pause } from "./support/logs.ts";
import { type Mood, moodySink } from "./support/moody-sink.ts";

const note = (text: string) => ({ data: { note: text } });
const notesOf = (events: readonly { readonly data?: { readonly note?: unknown } }[]) => events.map((event) => event.data?.note);

describe("a sink that keeps up", () => {
  it("writes events gathered during a write as one batch", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    sink.become("hanging");
    audit.record(noteRecorded, note("first"));
    await eventually(() => sink.batches.length === 1);
    for (let i = 0; i < 1_300; i++) audit.record(noteRecorded, note(String(i)));
    sink.become("well");
    await audit.flush();
    expect(sink.batches).toEqual([1, 640, 640, 20]);
    expect(notesOf(sink.events)).toEqual(["first", ...Array.from({ length: 1_300 }, (_, i) => String(i))]);
  });

  it("gets events in the order of recording", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    for (let i = 0; i < 4; i++) {
      audit.record(noteRecorded, note(`note ${i}`));
      audit.record(accessChanged, { data: { granted: [`right ${i}`] } });
    }
    await audit.flush();
    expect(sink.events.map((event) => event.data?.note ?? (event.data!.granted as string[])[0])).toEqual(
      [0, 1, 2, 3].flatMap((i) => [`note ${i}`, `right ${i}`]),
    );
  });

  it("gets durable events first if a batch overflows", async () => {
    const sink = moodySink();
    const { audit } = logOver(sink);
    for (let i = 0; i < 1_500; i++) audit.record(noteRecorded, note(String(i)));
    await audit.record(accessChanged, { data: { granted: ["late"] } }).stored;
    expect(sink.events.findIndex(({ type }) => type === "admin_action")).toBe(639);
    await audit.flush();
    expect(sink.events.filter(({ type }) => type === "custom").map((event) => Number(event.data!.note))).toEqual(
      Array.from({ length: 1_500 }, (_, i) => i),
    );
  });

  it.each([
    { waiting: 928, order: ["640 given", "288 given", "640 settled", "288 settled"] },
    { waiting: 728, order: ["640 given", "640 settled", "88 given", "88 settled"] },
  ])("starts a large batch before settling receipts ($waiting events)", async ({ waiting, order }) => {
    const sink = moodySink();
    const seen: string[] = [];
    const append = (...given: Parameters<typeof sink.append>) => {
      seen.push(`${given[0].length} given`);
      return sink.append(...given);
    };
    const { audit } = logOver({ ...sink, append });
    const receipts = Array.from({ length: waiting }, (_, i) => audit.record(accessChanged, { data: { granted: [`right ${i}`] } }));
    for (const { stored } of [receipts[639]!, receipts.at(-1)!]) {
      void stored.then(() => {
        expectBalance(audit);
        seen.push(`${seen.includes("640 settled") ? waiting - 640 : 640} settled`);
      });
    }
    await audit.flush();
    expect(seen).toEqual(order);
  });

  it("settles a stored batch although the next one fails", async () => {
    const sink = moodySink();
    const append = (...given: Parameters<typeof sink.append>) => {
      if (sink.batches.length === 1) sink.become("failing");
      return sink.append(...given);
    };
    const { audit } = logOver({ ...sink, append });
    const receipts = Array.from({ length: 1_000 }, (_, i) => audit.record(accessChanged, { data: { granted: [`right ${i}`] } }));
    const codes = await Promise.all(receipts.map((receipt) => codeOf(receipt.stored)));
    expect(codes.filter((code) => code === undefined)).toHaveLength(640);
    expect(new Set(codes.slice(640))).toEqual(new Set(["SINK_TIMEOUT"]));
    expect(sink.events).toHaveLength(640);
    expectBalance(audit);
  });

  it("loses only the event that it refuses", async () => {
    const sink = moodySink();
    sink.refuse = (event) => event.data?.note === "bad";
    const { audit, problems } = logOver(sink);
    const receipts = ["good", "bad", "fine"].map((text) => audit.record(noteRecorded, note(text)));
    expect(await Promise.all(receipts.map((receipt) => codeOf(receipt.stored)))).toEqual([undefined, "EVENT_REFUSED", undefined]);
    expect(notesOf(sink.events)).toEqual(["good", "fine"]);
    expect(problems.map((problem) => problem.code)).toEqual(["EVENT_REFUSED"]);
    expectBalance(audit);
  });
});

describe("a queue that is full", () => {
  const stuck = () => moodySink({ mood: "hanging" });

  it("drops informational events first, security events last", async () => {
    const sink = stuck();
    const { audit } = logOver(sink, { queue: { maxEvents: 4 } });
    audit.record(noteRecorded, note("in flight"));
    await eventually(() => sink.batches.length === 1);
    const record = (definition: EventDefinition, text: string) =>
      audit.recordWith(
        definition,
        definition === noteRecorded ? note(text) : { reason: text, data: definition === operationFailed ? { operation: "o" } : {} },
        {},
      );
    record(noteRecorded, "info1");
    record(loginFailed, "security1");
    record(noteRecorded, "info2");
    record(operationFailed, "error1");
    record(loginSucceeded, "security2");
    record(noteRecorded, "info3");
    record(operationFailed, "error2");
    record(loginFailed, "security3");
    record(noteRecorded, "info4");
    record(loginFailed, "security4");
    sink.become("well");
    await audit.flush();
    expect(sink.events.map((event) => event.data?.note ?? event.reason)).toEqual([
      "in flight",
      "security1",
      "security2",
      "security3",
      "security4",
    ]);
    expect(audit.stats().dropped.queue_full).toBe(6);
    expectBalance(audit);
  });

  it("is bounded by bytes too", async () => {
    const sink = stuck();
    const { audit } = logOver(sink, { queue: { maxBytes: 100_000 } });
    audit.record(noteRecorded, note("in flight"));
    await eventually(() => sink.batches.length === 1);
    for (let i = 0; i < 100; i++) audit.record(noteRecorded, note("x".repeat(4_000)));
    expect(audit.stats().queued).toBeLessThan(30);
    expect(audit.stats().dropped.queue_full).toBeGreaterThan(70);
    expectBalance(audit);
    sink.become("well");
  });

  it("refuses a durable event instead of dropping another", async () => {
    const sink = stuck();
    const { audit } = logOver(sink, { queue: { maxEvents: 2 } });
    audit.record(accessChanged, { data: {} });
    await eventually(() => sink.batches.length === 1);
    const receipts = [1, 2, 3].map(() => audit.record(accessChanged, { data: {} }));
    expect(await codeOf(receipts[2]!.stored)).toBe("QUEUE_FULL");
    sink.become("well");
    expect(await Promise.all(receipts.slice(0, 2).map((receipt) => codeOf(receipt.stored)))).toEqual([undefined, undefined]);
  });

  it("records its losses once, with times, counts and types", async () => {
    const sink = stuck();
    const { audit } = logOver(sink, { queue: { maxEvents: 10 } });
    audit.record(noteRecorded, note("in flight"));
    await eventually(() => sink.batches.length === 1);
    for (let i = 0; i < 20; i++) audit.record(noteRecorded, note(String(i)));
    audit.record(contentIngested, { data: { source: "shelf", status: "ok" } });
    // Events enter the queue in groups: only now is the last one dropped.
    expect(audit.stats().dropped.queue_full).toBe(11);
    const before = Date.now();
    sink.become("well");
    await eventually(() => sink.events.some((event) => event.action === "trail.gap"));
    const gap = sink.events.filter((event) => event.action === "trail.gap");
    expect(gap.map((event) => event.data)).toEqual([
      { cause: "overflow", start: expect.any(String), end: expect.any(String), lost: 11, byType: { custom: 11 } },
    ]);
    expect(Date.parse(gap[0]!.data!.end as string)).toBeLessThanOrEqual(before);
    expectBalance(audit);
  });
});

describe("a flood of 20,000 events a second", () => {
  const SECONDS = Number(process.env.DAYBOOK_FLOOD_SECONDS ?? 30);

  it("drops security events last and counts every event", {
    timeout: 60_000 + SECONDS * 2_000,
  }, async () => {
    const inner = memorySink({ maxEvents: 1_000_000 });
    // 1,000 events in 120 ms: less than half of what comes.
    const slow = { ...inner, append: async (...args: Parameters<typeof inner.append>) => pause(120).then(() => inner.append(...args)) };
    const { audit } = logOver(slow, { queue: { maxEvents: 3_000 }, closeDeadlineMs: 20_000 });
    let notes = 0;
    let denials = 0;
    const begun = performance.now();
    while (performance.now() - begun < SECONDS * 1_000) {
      const due = ((performance.now() - begun) / 1_000) * 20_000;
      while (notes + denials < due) {
        if ((notes + denials) % 50 === 0) {
          audit.record(loginFailed, { reason: `n${denials++}` });
        } else audit.record(noteRecorded, note(String(notes++)));
      }
      expectBalance(audit);
      await pause(5);
    }
    await audit.flush();
    await eventually(() => inner.events.some((event) => event.action === "trail.gap"));
    const lost = audit.stats().dropped.queue_full;
    expect(lost).toBeGreaterThan(1_000);
    expect(inner.events.filter((event) => event.type === "authentication").map((event) => event.reason)).toEqual(
      Array.from({ length: denials }, (_, i) => `n${i}`),
    );
    expect(inner.events.filter((event) => event.action === "note.recorded")).toHaveLength(notes - lost);
    const told = inner.events.filter((event) => event.action === "trail.gap").reduce((sum, event) => sum + (event.data!.lost as number), 0);
    expect(told).toBe(lost);
    expectBalance(audit);
  });
});

describe("no caller waits longer than the deadline", () => {
  it.each(["failing", "hanging"] as const)("for a durable event while the sink is %s", async (mood) => {
    const sink = moodySink({ mood });
    const { audit } = logOver(sink, { deadlineMs: 150 });
    const waits: number[] = [];
    const wait = async () => {
      const begun = performance.now();
      const code = await codeOf(audit.record(accessChanged, { data: {} }).stored);
      waits.push(performance.now() - begun);
      return code;
    };
    const answers = await Promise.all([0, 40, 80, 120, 160, 200].map((delay) => pause(delay).then(wait)));
    expect(new Set(answers)).toEqual(new Set(["SINK_TIMEOUT"]));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(149);
    expect(Math.max(...waits)).toBeLessThan(300);
    expectBalance(audit);
    sink.become("well");
  });

  it("for a background event that a caller awaits", async () => {
    const { audit } = logOver(moodySink({ mood: "hanging" }), { deadlineMs: 100, closeDeadlineMs: 50 });
    expect(await codeOf(audit.record(noteRecorded, note("n")).stored)).toBe("SINK_TIMEOUT");
  });

  it("for flush and close", async () => {
    const { audit } = logOver(moodySink({ mood: "hanging" }), { closeDeadlineMs: 100 });
    audit.record(noteRecorded, note("n"));
    const begun = performance.now();
    await audit.flush();
    expect(await audit.close()).toEqual({ lost: 1 });
    expect(performance.now() - begun).toBeLessThan(600);
    expect(audit.stats().dropped.closed).toBe(1);
    expectBalance(audit);
  });
});

describe("a sink that failed for a while", () => {
  it("gets every queued event, in order and once", async () => {
    const sink = moodySink({ mood: "failing" });
    const { audit, problems } = logOver(sink);
    for (let i = 0; i < 50; i++) audit.record(noteRecorded, note(String(i)));
    await eventually(() => sink.batches.length >= 2);
    sink.become("well");
    await eventually(() => audit.stats().written >= 50);
    expect(notesOf(sink.events).slice(0, 50)).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    expect(problems.map((problem) => problem.code)).toEqual(["SINK_FAILED"]);
    expectBalance(audit);
  });

  it("gets one record of the failure, with its true start and end", async () => {
    const sink = moodySink({ mood: "failing" });
    const { audit } = logOver(sink);
    const begun = Date.now();
    audit.record(noteRecorded, note("n"));
    await pause(120);
    const ended = Date.now();
    sink.become("well");
    await eventually(() => sink.events.some((event) => event.action === "trail.gap"));
    const { cause, start, end, lost } = sink.events.find((event) => event.action === "trail.gap")!.data as Record<string, string>;
    expect({ cause, lost }).toEqual({ cause: "store_failed", lost: 0 });
    expect(Date.parse(start!) - begun).toBeLessThan(100);
    expect(Date.parse(end!)).toBeGreaterThanOrEqual(ended);
  });
});

describe("several sinks", () => {
  it("one required sink that stores an event is enough", async () => {
    const first = moodySink({ name: "first", mood: "failing" });
    const second = moodySink({ name: "second" });
    const { audit } = logOver(first, {
      sinks: [
        { sink: first, required: true },
        { sink: second, required: true },
      ],
    });
    expect(await codeOf(audit.record(accessChanged, { data: {} }).stored)).toBeUndefined();
    first.become("well");
    expectBalance(audit);
  });

  it("an event fails after all required sinks failed", async () => {
    const first = moodySink({ name: "first", mood: "failing" });
    const second = moodySink({ name: "second", mood: "hanging" });
    const { audit } = logOver(first, {
      deadlineMs: 100,
      sinks: [
        { sink: first, required: true },
        { sink: second, required: true },
      ],
    });
    const receipt = audit.record(accessChanged, { data: {} });
    expect(await codeOf(receipt.stored)).toBe("SINK_TIMEOUT");
    expectBalance(audit);
    first.become("well");
    second.become("well");
  });

  it.each(["failing", "hanging"] as const)("an optional sink that is %s neither slows nor fails a caller", async (mood) => {
    const store = memorySink();
    const optional = moodySink({ name: "optional", mood });
    const { audit } = logOver(store, { sinks: [{ sink: store, required: true }, optional], closeDeadlineMs: 100 });
    const begun = performance.now();
    await Promise.all(Array.from({ length: 20 }, () => audit.record(accessChanged, { data: {} }).stored));
    expect(performance.now() - begun).toBeLessThan(150);
    expect(audit.stats().sinks.optional).toMatchObject({ required: false, written: 0, queued: 20 });
    expectBalance(audit);
  });

  it("each sink gets only its types", async () => {
    const all = memorySink();
    const some = moodySink({ name: "some" });
    const { audit } = logOver(all, {
      sinks: [
        { sink: all, required: true },
        { sink: some, types: ["admin_action"] },
      ],
    });
    audit.record(noteRecorded, note("n"));
    audit.record(accessChanged, { data: {} });
    await audit.flush();
    expect(some.events.map((event) => event.type)).toEqual(["admin_action"]);
    expect(all.events).toHaveLength(2);
  });

  it("an event without a required sink is refused", async () => {
    const some = memorySink();
    const { audit } = logOver(some, { sinks: [{ sink: some, required: true, types: ["admin_action"] }, moodySink()] });
    expect(await codeOf(audit.record(noteRecorded, note("n")).stored)).toBe("BAD_OPTION");
  });
});

describe("random behaviour of a sink", () => {
  it("keeps accepted = written + spooled + queued + dropped", async () => {
    const moods = fc.constantFrom<Mood>("well", "failing", "hanging");
    const steps = fc.array(
      fc.oneof(
        fc.record({ mood: moods }),
        fc.record({ record: fc.integer({ min: 1, max: 40 }), durable: fc.boolean() }),
        fc.record({ pause: fc.integer({ min: 0, max: 15 }) }),
      ),
      { minLength: 5, maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const sink = moodySink();
        const { audit } = logOver(sink, { queue: { maxEvents: 50 }, deadlineMs: 25, closeDeadlineMs: 50 });
        for (const step of plan) {
          if ("mood" in step) sink.become(step.mood);
          else if ("pause" in step) await pause(step.pause);
          else
            for (let i = 0; i < step.record; i++)
              audit.recordWith(step.durable ? accessChanged : noteRecorded, { data: step.durable ? {} : { note: "n" } }, {});
          expectBalance(audit);
        }
        sink.become("well");
        await audit.close();
        expectBalance(audit);
        expect(audit.stats().queued).toBe(0);
        expect(audit.stats().written).toBe(sink.events.length);
      }),
      { numRuns: 25 },
    );
  });
});
