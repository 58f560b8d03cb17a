import { writeSync } from "node:fs";
import type { Writable } from "node:stream";
import type { EntrySink } from "../contracts/audit-sink.ts";
import type { SinkEntry } from "../contracts/sink-entry.ts";
import { DaybookError } from "../daybook-error.ts";
import { ndjsonLine } from "./ndjson-line.ts";

/** Options of `stdoutSink`. */
export interface StdoutSinkOptions {
  /** Default `process.stdout`. */
  readonly stream?: Writable & { readonly fd?: number };
}

/** A sink that writes NDJSON to standard output, for platforms that collect it. Daybook cannot erase what the collector keeps. */
export function stdoutSink({ stream = process.stdout }: StdoutSinkOptions = {}): EntrySink {
  return {
    name: "stdout",
    supports: { erasure: "none", durable: false, idempotent: false },
    append: (batch) =>
      new Promise((resolve, reject) => {
        stream.write(text(batch), (error) =>
          error ? reject(new DaybookError("SINK_FAILED", `Standard output: ${error.message}`, { cause: error })) : resolve({ refused: [] }),
        );
      }),
    appendSync(batch) {
      if (stream.fd === undefined) throw new DaybookError("SINK_FAILED", "The stream has no file descriptor to write to at exit.");
      const bytes = Buffer.from(text(batch));
      for (let at = 0; at < bytes.length; ) at += writeSync(stream.fd, bytes, at);
      return { refused: [] };
    },
    close: async () => undefined,
  };
}

const text = (batch: readonly SinkEntry[]) => batch.map(({ event }) => ndjsonLine(event)).join("");
