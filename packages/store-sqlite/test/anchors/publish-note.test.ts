import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { cosign, KEY_TYPE, makeVkey, newKeys, openCheckpoint } from "@daybook/ledger";
import { describe, expect, it } from "vitest";
import type { Anchor } from "../../src/checkpoints/anchors/anchor.ts";
import { publishNote } from "../../src/checkpoints/anchors/publish-note.ts";
import { stdoutAnchor } from "../../src/checkpoints/anchors/stdout-anchor.ts";
import { GrowingLog } from "../support/growing-log.ts";

/** A stream that collects its input, or fails. */
function output(failure?: Error) {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      if (failure === undefined) lines.push(String(chunk));
      done(failure);
    },
  });
  stream.on("error", () => {}); // the anchor reports it; a stream without a listener would end the process
  return { stream, lines };
}

const signer = { name: "witness.example/w1", key: newKeys("w", randomBytes).sign! };
const cosigning: Anchor = { name: "own", cosigns: true, publish: async (note) => [cosign(note, { ...signer, time: 7 })] };

describe("publishing to several anchors", () => {
  it("calls witnesses first and passes on their signatures", async () => {
    const log = new GrowingLog();
    const { stream, lines } = output();
    const { note, reached } = await publishNote(log.grow(3), [stdoutAnchor(stream), cosigning], log.context);
    expect(reached).toEqual(["own", "stdout:"]);
    const vkeys = [log.vkey, makeVkey(signer.name, signer.key, KEY_TYPE.cosignature)];
    expect(openCheckpoint(note, vkeys).signatures.map(({ time }) => time)).toEqual([undefined, 7]);
    expect(JSON.parse(lines.join(""))).toEqual({ checkpoint: { origin: log.origin, size: 3, note } });
    expect(lines.join("").split("\n")).toHaveLength(2);
  });

  it("names a failing anchor and reaches the others", async () => {
    const log = new GrowingLog();
    const broken: Anchor = { name: "broken", cosigns: true, publish: () => Promise.reject(new Error("down")) };
    const throwing: Anchor = {
      name: "throwing",
      publish: () => {
        throw new Error("at once");
      },
    };
    const { stream, lines } = output();
    const { reached, failures } = await publishNote(log.grow(1), [broken, throwing, cosigning, stdoutAnchor(stream)], log.context);
    expect(reached).toEqual(["own", "stdout:"]);
    expect(failures.map(({ anchor, error }) => `${anchor}: ${(error as Error).message}`)).toEqual(["broken: down", "throwing: at once"]);
    expect(lines).toHaveLength(1);
  });

  it("reports a failed write to the output", async () => {
    const log = new GrowingLog();
    const { stream } = output(new Error("EPIPE"));
    const { failures } = await publishNote(log.grow(1), [stdoutAnchor(stream)], log.context);
    expect(failures).toMatchObject([{ anchor: "stdout:", error: { code: "ANCHOR_FAILED" } }]);
  });
});
