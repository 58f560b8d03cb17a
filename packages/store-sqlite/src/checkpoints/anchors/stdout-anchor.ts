import { DaybookError } from "@daybook/core";
import type { Anchor } from "./anchor.ts";
import { reachOf } from "./published-note.ts";

/** The part of a stream that the anchor uses, such as `process.stdout`. */
export interface LineOutput {
  write(text: string, done: (error?: Error | null) => void): boolean;
}

/**
 * Creates an anchor that prints each note as one line of JSON, `{"checkpoint":{"origin","size","note"}}`, for a log
 * collector.
 * @param output default `process.stdout`
 */
export function stdoutAnchor(output: LineOutput = process.stdout): Anchor {
  return {
    name: "stdout:",
    publish(note) {
      const { origin, size } = reachOf(note);
      const line = `${JSON.stringify({ checkpoint: { origin, size, note } })}\n`;
      return new Promise((resolve, reject) => {
        output.write(line, (cause) => {
          if (cause) reject(new DaybookError("ANCHOR_FAILED", `stdout: ${cause.message}`, { cause }));
          else resolve(undefined);
        });
      });
    },
  };
}
