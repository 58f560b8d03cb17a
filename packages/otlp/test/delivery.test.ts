import { type AuditLog, type BuiltInEvent, createAuditLog, type DaybookError, memoryStore } from "@daybook/core";
import type { SinkEntry } from "@daybook/core/store";
import { describe, expect, it, onTestFinished } from "vitest";
import { type OtlpSinkOptions, otlpSink } from "../src/index.ts";
import { entries, entry, idsIn, idsOf, undeclared } from "./support/audit-events.ts";
import { type Behaviour, strictReceiver } from "./support/strict-receiver.ts";

async function sinkTo(behaviour: Behaviour, options: Partial<OtlpSinkOptions> = {}) {
  const receiver = await strictReceiver(behaviour);
  const sink = otlpSink({ url: receiver.url, intervalMs: 0, maxPauseMs: 50, ...options });
  onTestFinished(() => sink.close());
  return { receiver, sink, append: (batch: readonly SinkEntry[]) => sink.append(batch, { durable: true }) };
}

type Log = AuditLog<typeof undeclared | BuiltInEvent>;

/** A log whose only slow part is the receiver. */
function logOver(url: string, options: Partial<OtlpSinkOptions> = {}, more: object = {}): { audit: Log; problems: DaybookError[] } {
  const problems: DaybookError[] = [];
  const audit = createAuditLog({
    store: memoryStore(),
    sinks: [otlpSink({ url, intervalMs: 5, maxPauseMs: 50, ...options })],
    catalogue: [undeclared],
    signals: false,
    onProblem: (error) => problems.push(error),
    ...more,
  });
  onTestFinished(async () => {
    await audit.close();
  });
  return { audit, problems };
}

async function until(condition: () => boolean, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error("it did not happen in time");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const record = (audit: Log, count: number) => Array.from({ length: count }, () => audit.record(undeclared, { data: { note: "n" } }).id);

describe("a receiver that accepts", () => {
  it.each([
    { answer: undefined, said: "204 without a body, as Loki does" },
    {
      answer: { status: 200, headers: { "content-type": "application/json" }, body: "{}" },
      said: "200 with an empty answer, as a collector does",
    },
    {
      answer: { status: 200, headers: { "content-type": "application/json" }, body: '{"partialSuccess":{"rejectedLogRecords":"0"}}' },
      said: "200 with nothing rejected",
    },
  ])("has everything after $said", async ({ answer }) => {
    const { receiver, append } = await sinkTo(() => answer);
    const batch = entries(30);
    expect(await append(batch)).toEqual({ refused: [] });
    expect(idsIn(receiver.records())).toEqual(idsOf(batch));
    expect(receiver.faults).toEqual([]);
  });

  it("gets compressed requests with the configured headers", async () => {
    const compressed = await sinkTo(() => undefined, { headers: { authorization: "Bearer a" } });
    await compressed.append(entries(1));
    expect(compressed.receiver.requests[0]!.headers).toMatchObject({ "content-encoding": "gzip", authorization: "Bearer a" });
    let asked = 0;
    const plain = await sinkTo(() => undefined, { compression: "none", headers: () => ({ authorization: `Bearer ${++asked}` }) });
    await plain.append(entries(1));
    await plain.append(entries(1));
    expect(plain.receiver.requests.map(({ headers }) => [headers["content-encoding"], headers.authorization])).toEqual([
      [undefined, "Bearer 1"],
      [undefined, "Bearer 2"],
    ]);
  });

  it("gets requests at /v1/logs by default", async () => {
    const receiver = await strictReceiver();
    const sink = otlpSink({ url: new URL(receiver.url).origin });
    onTestFinished(() => sink.close());
    await sink.append(entries(1), { durable: true });
    expect(receiver.requests[0]!.path).toBe("/v1/logs");
  });

  it("gets events grouped by service", async () => {
    const { receiver, append } = await sinkTo(() => undefined);
    await append([entry({ service: "a", instance: "1" }), entry({ service: "b" }), entry({ service: "a", instance: "1" })]);
    const groups = receiver.requests[0]!.body.resourceLogs.map(({ resource, scopeLogs }) => [
      resource.attributes.map(({ value }) => (value as { stringValue: string }).stringValue).join("/"),
      scopeLogs[0].logRecords.length,
    ]);
    expect(groups).toEqual([
      ["a/1", 2],
      ["b", 1],
    ]);
  });
});

describe("a receiver that cannot take it now", () => {
  it.each([
    { said: "429", behave: () => ({ status: 429 }) },
    { said: "500", behave: () => ({ status: 500, body: "broken" }) },
    { said: "503", behave: () => ({ status: 503 }) },
    { said: "a lost connection", behave: () => "cut" as const },
    { said: "401, until the token is right", behave: () => ({ status: 401 }) },
    { said: "a redirect elsewhere, which is not followed", behave: () => ({ status: 302, headers: { location: "http://127.0.0.1:1/" } }) },
  ])("keeps the batch after $said", async ({ behave }) => {
    const { receiver, append } = await sinkTo((_, nth) => (nth <= 2 ? behave() : undefined));
    const batch = entries(5);
    await expect(append(batch)).rejects.toMatchObject({ code: "SINK_FAILED" });
    await expect(append(batch)).rejects.toMatchObject({ code: "SINK_FAILED" });
    expect(await append(batch)).toEqual({ refused: [] });
    expect(idsIn(receiver.records())).toEqual(idsOf(batch));
  });

  it("gets no request before its Retry-After", async () => {
    const { receiver, append } = await sinkTo((_, nth) => (nth === 1 ? { status: 429, headers: { "retry-after": "1" } } : undefined), {
      maxPauseMs: 5_000,
    });
    const batch = entries(3);
    await expect(append(batch)).rejects.toMatchObject({ hint: expect.stringContaining("next attempt in 1 s") });
    await append(batch);
    expect(receiver.requests[1]!.at - receiver.requests[0]!.at).toBeGreaterThanOrEqual(990);
  });

  it("is left alone until the date it names", async () => {
    const { receiver, append } = await sinkTo(
      (_, nth) => (nth === 1 ? { status: 503, headers: { "retry-after": new Date(Date.now() + 2_000).toUTCString() } } : undefined),
      { maxPauseMs: 5_000 },
    );
    const batch = entries(3);
    await expect(append(batch)).rejects.toMatchObject({ code: "SINK_FAILED" });
    await append(batch);
    // A date has whole seconds.
    expect(receiver.requests[1]!.at - receiver.requests[0]!.at).toBeGreaterThanOrEqual(950);
  });

  it("gets a request after `maxPauseMs` at the latest", async () => {
    const { append } = await sinkTo((_, nth) => (nth === 1 ? { status: 429, headers: { "retry-after": "86400" } } : undefined));
    const batch = entries(1);
    await expect(append(batch)).rejects.toMatchObject({ code: "SINK_FAILED" });
    expect(await append(batch)).toEqual({ refused: [] });
  });

  it("gets a request again after a timeout", async () => {
    const { receiver, append } = await sinkTo((_, nth) => (nth === 1 ? "hang" : undefined), { timeoutMs: 100 });
    const batch = entries(4);
    await expect(append(batch)).rejects.toMatchObject({ hint: expect.stringContaining("no answer in time") });
    expect(await append(batch)).toEqual({ refused: [] });
    expect(idsIn(receiver.records())).toEqual(idsOf(batch));
  });
});

describe("a receiver that finds fault with records", () => {
  const badId = (batch: readonly SinkEntry[], i: number) => batch[i]!.event.id;

  it.each([400, 413, 422])("refuses only the bad records after %i", async (status) => {
    const batch = entries(100);
    const bad = new Set([badId(batch, 0), badId(batch, 41), badId(batch, 99)]);
    const { receiver, append } = await sinkTo(({ body }) => {
      const ids = idsIn(body.resourceLogs.flatMap((logs) => logs.scopeLogs[0].logRecords));
      return ids.some((id) => bad.has(id)) ? { status, body: "entry out of order" } : undefined;
    });
    const { refused } = await append(batch);
    expect(refused).toEqual([...bad].map((id) => ({ id, code: `HTTP_${status}`, hint: "entry out of order" })));
    expect(idsIn(receiver.records())).toEqual(idsOf(batch).filter((id) => !bad.has(id)));
  });

  it("stops halving after 64 requests when everything is bad", async () => {
    const { receiver, append } = await sinkTo(() => ({ status: 400, body: "no" }));
    const batch = entries(512);
    const { refused } = await append(batch);
    expect(refused.map(({ id }) => id)).toEqual(idsOf(batch));
    expect(receiver.requests.length).toBeLessThanOrEqual(64);
  });

  it("sends no record twice after a partial failure", async () => {
    const batch = entries(16);
    const bad = badId(batch, 15);
    let failed = false;
    const { receiver, append } = await sinkTo(({ body }) => {
      const ids = idsIn(body.resourceLogs.flatMap((logs) => logs.scopeLogs[0].logRecords));
      if (ids.includes(bad)) return { status: 400 };
      if (!failed && ids.includes(badId(batch, 8))) {
        failed = true;
        return { status: 503 };
      }
      return undefined;
    });
    await expect(append(batch)).rejects.toMatchObject({ code: "SINK_FAILED" });
    expect((await append(batch)).refused.map(({ id }) => id)).toEqual([bad]);
    expect(idsIn(receiver.records())).toEqual(idsOf(batch).slice(0, 15));
  });

  it("counts the records of a partial success", async () => {
    const answer = { status: 200, body: JSON.stringify({ partialSuccess: { rejectedLogRecords: "2", errorMessage: "too old" } }) };
    const { append } = await sinkTo(() => answer);
    const { refused } = await append(entries(5));
    expect(refused).toHaveLength(2);
    expect(refused[0]).toMatchObject({ code: "PARTIAL_SUCCESS", hint: "2 of 5 records were rejected: too old" });
  });
});

describe("a log whose receiver fails now and then", () => {
  it("delivers every event once, in order", async () => {
    let away = false;
    const receiver = await strictReceiver((_, nth) => {
      if (away) return "cut";
      return nth % 3 === 1 ? { status: 503 } : nth % 5 === 2 ? { status: 429, headers: { "retry-after": "0" } } : undefined;
    });
    const { audit } = logOver(receiver.url);
    const ids: string[] = [];
    for (let round = 0; round < 20; round++) {
      away = round >= 8 && round < 14;
      ids.push(...record(audit, 50));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await audit.flush();
    expect(idsIn(receiver.records())).toEqual(ids);
    expect(audit.stats().sinks.otlp).toMatchObject({ accepted: 1_000, written: 1_000, queued: 0 });
    expect(receiver.faults).toEqual([]);
  });

  it("takes events whose clock went back", async () => {
    const receiver = await strictReceiver();
    let now = Date.now();
    const { audit } = logOver(receiver.url, {}, { clock: { now: () => now } });
    const ids = record(audit, 3);
    now -= 60_000;
    ids.push(...record(audit, 3));
    await audit.flush();
    expect(idsIn(receiver.records())).toEqual(ids);
    const times = receiver.records().map(({ timeUnixNano }) => BigInt(timeUnixNano));
    expect(times[0]! - times[5]!).toBe(60_000_000_000n);
  });

  it("keeps durable events beyond their deadline", async () => {
    let away = true;
    const receiver = await strictReceiver(() => (away ? { status: 503 } : undefined));
    const { audit } = logOver(receiver.url, {}, { deadlineMs: 20 });
    const receipt = audit.record(undeclared, { severity: "critical", data: { note: "n" } });
    await receipt.stored;
    await until(() => receiver.requests.length > 2);
    away = false;
    await audit.flush();
    expect(idsIn(receiver.records())).toEqual([receipt.id]);
  });

  it("counts dropped events and reports once", async () => {
    const receiver = await strictReceiver(() => ({ status: 503 }));
    const { audit, problems } = logOver(receiver.url, {}, { queue: { maxEvents: 100 }, closeDeadlineMs: 100 });
    for (let i = 0; i < 5; i++) {
      record(audit, 100);
      await until(() => audit.stats().queued === 0);
    }
    await until(() => receiver.requests.length > 0);
    const { accepted, written, queued, dropped } = audit.stats().sinks.otlp!;
    expect({ accepted, written, sum: queued + dropped.queue_full }).toEqual({ accepted: 500, written: 0, sum: 500 });
    expect(problems.filter((problem) => problem.code === "SINK_FAILED")).toHaveLength(1);
    expect(audit.stats()).toMatchObject({ accepted: 500, written: 500 });
  });
});

describe("recording while a receiver hangs", () => {
  it("takes no longer than without one", async () => {
    const receiver = await strictReceiver(() => "hang");
    const { audit } = logOver(receiver.url, {}, { closeDeadlineMs: 100 });
    record(audit, 1);
    await until(() => receiver.requests.length === 1);
    // A receipt settles with the store, never with the receiver.
    for (let i = 0; i < 100; i++) await audit.record(undeclared, { data: { note: "n" } }).stored;
    expect(receiver.requests).toHaveLength(1);
    expect(audit.stats()).toMatchObject({ accepted: 101, written: 101, queued: 0 });
    expect(audit.stats().sinks.otlp).toMatchObject({ accepted: 101, written: 0, queued: 101 });
    // Closing cuts the request off and counts what it could not send.
    await audit.close();
    expect(audit.stats().sinks.otlp!.dropped.closed).toBe(101);
  });
});

describe("a small load", () => {
  it("is gathered into one request per interval", async () => {
    const receiver = await strictReceiver();
    const { audit } = logOver(receiver.url, { intervalMs: 100 });
    for (let i = 0; i < 20; i++) {
      record(audit, 1);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await audit.flush();
    expect(receiver.records()).toHaveLength(20);
    expect(receiver.requests.length).toBeLessThanOrEqual(5);
  });
});

describe("options of the sink", () => {
  it.each(["collector:4318", "ftp://collector/", "", "http://user:secret@collector/"])("refuses %j as an address", (url) => {
    expect(() => otlpSink({ url })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});
