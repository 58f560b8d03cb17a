/** The Daybook side: recorder, queue, writer thread and ledger, as an application has them. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type AuditLog, createAuditLog, memorySink } from "@daybook/core";
import { openSqliteStore, type SqliteStore } from "@daybook/store-sqlite";
import { atRate, type Paced } from "../measure/at-rate.ts";
import { BUSY_READERS, DEFINITIONS, sampleEvent } from "./sample-events.ts";

let store: SqliteStore;
let audit: AuditLog;

/** Batches that may wait before the loop waits for the oldest: what a busy server has queued, not more. */
const AHEAD = 8;
const BLOCK = 500;

export async function open(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  store = await openSqliteStore({ path, onNotice: () => undefined });
  audit = createAuditLog({ store, catalogue: DEFINITIONS, signals: false, onNotice: () => undefined });
  // The log's record of its own beginning is none of the events that are counted.
  while (audit.stats().written === 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Records events `from` to `from + count - 1` as fast as they are stored; answers how many the log says it has written. */
export async function insert(from: number, count: number): Promise<number> {
  const before = audit.stats().written;
  const waiting: Promise<void>[] = [];
  for (let i = 0; i < count; i += BLOCK) {
    let last: Promise<void> | undefined;
    const end = Math.min(count, i + BLOCK);
    for (let n = from + i; n < from + end; n++) {
      const { definition, fields, request } = sampleEvent(n);
      const receipt = audit.recordWith(definition, fields, { request });
      if (n === from + end - 1) last = receipt.stored;
    }
    waiting.push(last!);
    if (waiting.length > AHEAD) await waiting.shift();
    else await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await audit.flush();
  return audit.stats().written - before;
}

/** Records `count` events, `concurrency` at a time, each waited for until it is committed; answers how many were. */
export async function awaited(from: number, count: number, concurrency: number): Promise<number> {
  let next = from;
  let done = 0;
  const worker = async () => {
    while (next < from + count) {
      const { definition, fields, request } = sampleEvent(next++);
      await audit.recordWith(definition, fields, { request }).stored;
      done++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return done;
}

/** The same at an even rate; answers the time from a record to its commit, and how late timers of the thread were. */
export const paced = (from: number, perSecond: number, seconds: number): Promise<Paced> => {
  return atRate(perSecond, seconds, (n) => {
    const { definition, fields, request } = sampleEvent(from + n);
    return audit.recordWith(definition, fields, { request }).stored;
  });
};

/** Erases a person; answers the parts removed, and whether their bytes are gone. */
export async function erase(user: string): Promise<{ erased: number; state: string }> {
  const { erased, state } = await store.erase(user);
  return { erased, state };
}

export async function verify(): Promise<{ verdict: string; entries: number }> {
  const { verdict, entries } = await store.verify();
  return { verdict, entries };
}

export const stored = (): Promise<number> => store.count();

/** Sample events that are stored, without those of the log about itself. */
export const storedSamples = (): Promise<number> => store.count({ action: DEFINITIONS.map(({ action }) => action) });

/** Stored events of one person, found as a report finds them. */
export const storedOf = (user: string = BUSY_READERS[0]): Promise<number> => store.count({ user });

/** Milliseconds a page of the newest 100 takes, and one of 100 far below: the best of some tries. */
export async function pages(total: number): Promise<{ newest: number; deep: number; person: number }> {
  const time = async (action: () => Promise<{ events: readonly unknown[] }>) => {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 9; i++) {
      const begun = performance.now();
      const { events } = await action();
      best = Math.min(best, performance.now() - begun);
      if (events.length !== 100) throw new Error(`a page has ${events.length} events`);
    }
    return best;
  };
  return {
    newest: await time(() => store.query({}, { limit: 100 })),
    deep: await time(() => store.query({}, { limit: 100, cursor: String(Math.floor(total / 2)) })),
    person: await time(() => store.query({ user: BUSY_READERS[0] }, { limit: 100 })),
  };
}

/** Bytes of an event as a line of JSON, on the average of some. */
export async function textBytes(events = 5_000): Promise<number> {
  const sink = memorySink();
  const text = createAuditLog({ sinks: [{ sink, required: true }], catalogue: DEFINITIONS, signals: false, onNotice: () => undefined });
  for (let n = 0; n < events; n++) {
    const { definition, fields, request } = sampleEvent(n);
    text.recordWith(definition, fields, { request });
  }
  await text.close();
  if (sink.events.length !== events) throw new Error(`the sink holds ${sink.events.length} of ${events} events`);
  return sink.events.reduce((bytes, event) => bytes + Buffer.byteLength(JSON.stringify(event)) + 1, 0) / events;
}

export async function close(): Promise<void> {
  await audit.close();
}
