import { type AuditEvent, memoryStore } from "../../src/index.ts";
import type { AuditReader, EventCodec, LineSink, SinkEntry, SpoolPlaced } from "../../src/store.ts";
import type { Mood } from "./moody-sink.ts";

/** A store with a form of its own that can be told to fail or to hang; what hangs goes on when the mood changes. */
export interface FormedStore {
  readonly store: LineSink & AuditReader & SpoolPlaced;
  /** Stored, in the order in which they were. */
  readonly events: AuditEvent[];
  readonly batches: number[];
  become(mood: Mood): void;
  /** Why an event can never be taken; thrown by `encode`. */
  unacceptable: (entry: SinkEntry) => Error | undefined;
  /** Answered as refused by `append`. */
  refuse: (event: AuditEvent) => boolean;
}

export function formedStore({ spoolPath, forbidden }: { spoolPath?: string; forbidden?: string } = {}): FormedStore {
  let mood: Mood = "well";
  let hanging: (() => void)[] = [];
  const ids = new Set<string>();
  const take = (lines: Uint8Array) => {
    const events = Buffer.from(lines.buffer, lines.byteOffset, lines.byteLength).toString("utf8").split("\n").slice(0, -1);
    // The log must not use the bytes any more.
    lines.fill(0);
    formed.batches.push(events.length);
    return events.map((text) => JSON.parse(text) as AuditEvent);
  };
  const keep = (events: readonly AuditEvent[]) => {
    if (mood === "failing") throw new Error("the disk is on fire");
    const refused = events.filter((event) => formed.refuse(event));
    for (const event of events) {
      if (refused.includes(event) || ids.has(event.id)) continue;
      ids.add(event.id);
      formed.events.push(event);
    }
    return { refused: refused.map(({ id }) => ({ id, code: "NO", hint: "It was refused." })) };
  };
  const codec: EventCodec = {
    encode(entry) {
      const error = formed.unacceptable(entry);
      if (error !== undefined) throw error;
      return JSON.stringify(entry.event);
    },
    ...(forbidden !== undefined && {
      refuse: (text) => (text.includes(forbidden) ? { code: "NOT_HERE", hint: "It must not lie in a file." } : undefined),
    }),
    forget: (text) => text,
  };
  const { append: _append, appendSync: _appendSync, ...readable } = memoryStore();
  const formed: FormedStore = {
    store: {
      ...readable,
      ...(spoolPath !== undefined && { spoolPath }),
      codec,
      async appendLines(lines) {
        const events = take(lines);
        while (mood === "hanging") await new Promise<void>((resolve) => hanging.push(resolve));
        return keep(events);
      },
      appendLinesSync: (lines) => keep(take(lines)),
    },
    events: [],
    batches: [],
    become(next) {
      mood = next;
      const waiting = hanging;
      hanging = [];
      for (const go of waiting) go();
    },
    unacceptable: () => undefined,
    refuse: () => false,
  };
  return formed;
}
