import type { AuditEvent } from "../../src/index.ts";
import type { AppendResult, EntrySink, SinkEntry, SinkFeatures } from "../../src/store.ts";

export type Mood = "well" | "failing" | "hanging";

/** A sink that stores in memory and can be told to fail or to hang; what hangs goes on when the mood changes. */
export interface MoodySink extends EntrySink {
  readonly events: AuditEvent[];
  /** Sizes of the batches it was given, failed ones included. */
  readonly batches: number[];
  become(mood: Mood): void;
  refuse: (event: AuditEvent) => boolean;
}

export function moodySink(
  options: { readonly name?: string; readonly mood?: Mood; readonly supports?: Partial<SinkFeatures> } = {},
): MoodySink {
  let mood = options.mood ?? "well";
  let hanging: (() => void)[] = [];
  const events: AuditEvent[] = [];
  const ids = new Set<string>();
  const batches: number[] = [];
  const supports: SinkFeatures = { erasure: "none", durable: true, idempotent: true, ...options.supports };
  const store = (batch: readonly SinkEntry[]): AppendResult => {
    if (mood === "failing") throw new Error("the disk is on fire");
    const refused = batch
      .filter(({ event }) => sink.refuse(event))
      .map(({ event }) => ({ id: event.id, code: "NO", hint: "It was refused." }));
    for (const { event } of batch) {
      if (sink.refuse(event) || (supports.idempotent && ids.has(event.id))) continue;
      ids.add(event.id);
      events.push(event);
    }
    return { refused };
  };
  const sink: MoodySink = {
    name: options.name ?? "moody",
    supports,
    events,
    batches,
    refuse: () => false,
    become(next) {
      mood = next;
      const waiting = hanging;
      hanging = [];
      for (const go of waiting) go();
    },
    async append(batch) {
      batches.push(batch.length);
      while (mood === "hanging") await new Promise<void>((resolve) => hanging.push(resolve));
      return store(batch);
    },
    appendSync(batch) {
      if (mood === "hanging") throw new Error("it hangs");
      return store(batch);
    },
    close: async () => undefined,
  };
  return sink;
}
