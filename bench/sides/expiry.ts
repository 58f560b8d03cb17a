/** Retention of a log of which a part has reached its age. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createAuditLog } from "@daybook/core";
import { openSqliteStore, type SqliteStore } from "@daybook/store-sqlite";
import { DEFINITIONS, sampleEvent } from "./sample-events.ts";

/** Longer than any class of the sample events is kept. */
const AGE_MS = 400 * 86_400_000;
const BLOCK = 5_000;

let store: SqliteStore;
let now: number;

/** Makes a log of `old` events that have reached their age and `young` that have not. */
export async function fill(path: string, old: number, young: number): Promise<number> {
  mkdirSync(dirname(path), { recursive: true });
  now = Date.now() - AGE_MS;
  const clock = { now: () => now };
  store = await openSqliteStore({ path, worker: false, clock, retention: "manual", onNotice: () => undefined });
  const audit = createAuditLog({ store, clock, catalogue: DEFINITIONS, signals: false, onNotice: () => undefined });
  for (let from = 0; from < old + young; from += BLOCK) {
    if (from >= old) now = Date.now();
    for (let n = from; n < Math.min(old + young, from + BLOCK); n++) {
      const { definition, fields, request } = sampleEvent(n);
      audit.recordWith(definition, fields, { request });
    }
    await audit.flush();
  }
  now = Date.now();
  return audit.stats().written;
}

export interface Expired {
  /** Events of which nothing but the proof is left. */
  readonly removed: number;
  readonly state: string;
  /** The longest step: nothing else is written meanwhile. */
  readonly longestMs: number;
}

export async function expire(): Promise<Expired> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const { state, items } = await store.retain({ confirm: true });
  delay.disable();
  return { removed: items.reduce((sum, { heads }) => sum + heads, 0), state, longestMs: delay.max / 1e6 };
}

export const close = (): Promise<void> => store.close();
