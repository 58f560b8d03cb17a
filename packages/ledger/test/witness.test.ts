import { describe, expect, it } from "vitest";
import {
  addCheckpointRequest,
  addCosignatures,
  answerAddCheckpoint,
  consistencyProofFromLeaves,
  emptyRoot,
  formatCheckpoint,
  KEY_TYPE,
  makeVkey,
  openCheckpoint,
  openNote,
  parseNote,
  parseVkey,
  readAddCheckpointAnswer,
  signNote,
  type WitnessState,
} from "../src/index.ts";
import { LOG, testKey } from "./support/golden-log.ts";
import { missingVectors, readVector } from "./support/shared-data.ts";

const NOW = Date.parse("2026-11-22T09:00:10.500Z");
const signer = { name: "example.com/witness", key: testKey(7) };
const witnessVkey = makeVkey(signer.name, signer.key, KEY_TYPE.cosignature);

/** A witness that stores what it accepts, as a server would. */
function witnessKnowing(logs: readonly { readonly origin: string; readonly vkey: string }[]) {
  let state: WitnessState = new Map(logs.map(({ origin, vkey }) => [origin, { vkeys: [parseVkey(vkey)] }]));
  return (body: string | Uint8Array) => {
    const answer = answerAddCheckpoint(state, body, signer, NOW);
    if (answer.accepted !== undefined) {
      const { origin } = answer.accepted;
      state = new Map([...state, [origin, { ...state.get(origin)!, last: answer.accepted }]]);
    }
    return answer;
  };
}

interface Exchanges {
  readonly logs: readonly { readonly origin: string; readonly vkey: string }[];
  readonly exchanges: readonly {
    readonly request: string;
    readonly status: number;
    readonly bodyContains?: string;
    readonly bodyEquals?: string;
  }[];
}

describe.skipIf(missingVectors("witness"))("the exchanges of FiloSottile/torchwood's litewitness, replayed in order", () => {
  it.each(["litewitness", "sumdb"])("get the recorded responses: %s", (name) => {
    const { logs, exchanges } = JSON.parse(readVector(`witness/${name}.json`).toString()) as Exchanges;
    const witness = witnessKnowing(logs);
    expect(exchanges.length).toBeGreaterThan(0);
    for (const { request, status, bodyContains, bodyEquals } of exchanges) {
      const answer = witness(request);
      // For a log it does not know, the recorded witness sent 403; the protocol now prescribes 404.
      expect(answer.status).toBe(bodyContains === "unknown log" ? 404 : status);
      if (bodyContains === "consistency proof") expect(answer.body).toContain("consistency proof");
      else if (bodyContains !== undefined) expect(answer.body).toContain(bodyContains);
      if (bodyEquals !== undefined) expect(answer).toMatchObject({ body: bodyEquals, contentType: "text/x.tlog.size" });
      if (answer.status === 200) {
        const note = request.slice(request.indexOf("\n\n") + 2);
        expect(openNote(parseNote(addCosignatures(note, [answer.body])), [witnessVkey])).toEqual([
          { vkey: witnessVkey, time: Math.floor(NOW / 1000) },
        ]);
      }
    }
  });
});

describe("a witness", () => {
  const proof3to6 = () => consistencyProofFromLeaves(3, 6, LOG.leaves);
  const log = { origin: LOG.origin, vkey: `${LOG.vkey.name}+${LOG.vkey.id}+AZzIMnWusU1YDvBCKxu2XdFDbqw6kGsA0gCDfw62/Rmz` };
  const first = addCheckpointRequest({ oldSize: 0, proof: [], note: LOG.noteAt(3) });
  const knowing3 = () => {
    const witness = witnessKnowing([log]);
    expect(witness(first).status).toBe(200);
    return witness;
  };

  it("cosigns a first checkpoint and its continuation", async () => {
    const witness = knowing3();
    const note = LOG.noteAt(6);
    const answer = witness(addCheckpointRequest({ oldSize: 3, proof: await proof3to6(), note }));
    expect(answer).toMatchObject({ status: 200, accepted: { origin: LOG.origin, size: 6 } });
    const { signatures } = openCheckpoint(addCosignatures(note, [answer.body]), [LOG.vkey, witnessVkey]);
    expect(signatures.map(({ time }) => time)).toEqual([undefined, Math.floor(NOW / 1000)]);
  });

  it("cosigns the same checkpoint again", () => {
    const witness = knowing3();
    expect(witness(addCheckpointRequest({ oldSize: 3, proof: [], note: LOG.noteAt(3) })).status).toBe(200);
  });

  it("returns 409 with its size for another size", () => {
    const witness = knowing3();
    expect(witness(first)).toEqual({ status: 409, contentType: "text/x.tlog.size", body: "3\n" });
    expect(witness(addCheckpointRequest({ oldSize: 4, proof: [], note: LOG.noteAt(6) }))).toMatchObject({ status: 409, body: "3\n" });
  });

  it("returns 422 for a proof that does not hold", async () => {
    const proof = await proof3to6();
    for (const wrong of [[], proof.slice(1), [...proof, proof[0]!], proof.toReversed()]) {
      expect(knowing3()(addCheckpointRequest({ oldSize: 3, proof: wrong, note: LOG.noteAt(6) })).status).toBe(422);
    }
  });

  it("returns 422 for another root at the same size", () => {
    const other = signNote(formatCheckpoint(LOG.origin, 3, Buffer.alloc(32)), [LOG.signer]);
    expect(knowing3()(addCheckpointRequest({ oldSize: 3, proof: [], note: other })).status).toBe(422);
    expect(witnessKnowing([log])(addCheckpointRequest({ oldSize: 0, proof: [Buffer.alloc(32)], note: LOG.noteAt(3) })).status).toBe(422);
  });

  it("needs no proof from an empty tree", () => {
    const witness = witnessKnowing([log]);
    const empty = (root: Uint8Array) => signNote(formatCheckpoint(LOG.origin, 0, root), [LOG.signer]);
    expect(witness(addCheckpointRequest({ oldSize: 0, proof: [], note: empty(Buffer.alloc(32)) })).status).toBe(422);
    expect(witness(addCheckpointRequest({ oldSize: 0, proof: [], note: empty(emptyRoot()) })).status).toBe(200);
    expect(witness(first).status).toBe(200);
  });

  it("returns 404 for an unknown log", () => {
    expect(witnessKnowing([])(first).status).toBe(404);
    expect(witnessKnowing([])("old 0\n\nunknown\n").status).toBe(404);
  });

  it.each([
    ["by a stranger", signNote(parseNote(LOG.noteAt(3)).text, [{ name: LOG.origin, key: testKey(1) }])],
    ["that does not hold", LOG.noteAt(3).replace("\n3\n", "\n4\n")],
    ["in broken base64", LOG.noteAt(3).replace("NSwM=", "NSwM")],
    ["that is missing", `${parseNote(LOG.noteAt(3)).text}\n`],
  ])("returns 403 for a signature %s", (_, note) => {
    expect(witnessKnowing([log])(addCheckpointRequest({ oldSize: 0, proof: [], note })).status).toBe(403);
  });

  it.each([
    ["nothing", ""],
    ["no old size", first.replace("old 0\n", "")],
    ["an old size with a leading zero", first.replace("old 0", "old 00")],
    ["a negative old size", first.replace("old 0", "old -1")],
    ["an old size beyond 2^53−1", first.replace("old 0", "old 9007199254740992")],
    ["an old size above the checkpoint's", first.replace("old 0", "old 4")],
    ["a proof line that is no hash", first.replace("old 0\n", "old 0\nAAAA\n")],
    ["a proof line with spare bits", first.replace("old 0\n", `old 0\n${Buffer.alloc(32).toString("base64").replace("A=", "B=")}\n`)],
    ["64 proof lines", first.replace("old 0\n", `old 0\n${`${Buffer.alloc(32).toString("base64")}\n`.repeat(64)}`)],
    ["no empty line", first.replace("\n\n", "\n")],
    ["carriage returns", first.replaceAll("\n", "\r\n")],
    ["bytes that are not UTF-8", Buffer.concat([Buffer.from(first), Uint8Array.of(0xff)])],
    [
      "a malformed checkpoint under a good signature",
      addCheckpointRequest({ oldSize: 0, proof: [], note: signNote(`${LOG.origin}\n03\nAAAA\n`, [LOG.signer]) }),
    ],
  ])("returns 400 for %s", (_, body) => expect(witnessKnowing([log])(body)).toMatchObject({ status: 400 }));

  it("witnesses logs with other names and extension lines", () => {
    const note = signNote(`some other log\n3\n${Buffer.alloc(32).toString("base64")}\nfurther line\n`, [LOG.signer]);
    const answer = witnessKnowing([{ ...log, origin: "some other log" }])(addCheckpointRequest({ oldSize: 0, proof: [], note }));
    expect(answer).toMatchObject({ status: 200, accepted: { origin: "some other log", size: 3 } });
  });

  it("accepts nothing without status 200", () => {
    const witness = witnessKnowing([log]);
    for (const body of ["", first.replace("old 0", "old 1"), first.replace("\n3\n", "\n4\n")])
      expect(witness(body)).not.toHaveProperty("accepted");
  });
});

describe("a witness's response", () => {
  const note = LOG.noteAt(3);
  const state: WitnessState = new Map([[LOG.origin, { vkeys: [LOG.vkey] }]]);
  const { body } = answerAddCheckpoint(state, addCheckpointRequest({ oldSize: 0, proof: [], note }), signer, NOW);
  const context = { note, vkeys: [witnessVkey] };

  it("is parsed into the lines of known keys", () => {
    const stranger = answerAddCheckpoint(
      state,
      addCheckpointRequest({ oldSize: 0, proof: [], note }),
      { name: "x", key: testKey(1) },
      NOW,
    ).body;
    expect(readAddCheckpointAnswer({ status: 200, body: stranger + body }, context)).toEqual({
      kind: "cosigned",
      lines: [body],
      cosignatures: [{ vkey: witnessVkey, time: Math.floor(NOW / 1000) }],
    });
    expect(() => readAddCheckpointAnswer({ status: 200, body: stranger }, context)).toThrow(
      expect.objectContaining({ code: "UNTRUSTED_NOTE" }),
    );
  });

  it("is refused for another checkpoint", () => {
    expect(() => readAddCheckpointAnswer({ status: 200, body }, { ...context, note: LOG.noteAt(6) })).toThrow(
      expect.objectContaining({ code: "UNTRUSTED_NOTE" }),
    );
  });

  it.each(["", "text\n", body.slice(0, -1), `${body}\n`])("is refused if not signature lines: %j", (text) => {
    expect(() => readAddCheckpointAnswer({ status: 200, body: text }, context)).toThrow(expect.objectContaining({ code: "BAD_NOTE" }));
  });

  it("names the size to prove from", () => {
    expect(readAddCheckpointAnswer({ status: 409, body: "3\n" }, context)).toEqual({ kind: "conflict", size: 3 });
    expect(readAddCheckpointAnswer({ status: 409, body: "roots differ\n" }, context)).toMatchObject({ kind: "refused", status: 409 });
  });

  it("gives a short reason without control characters", () => {
    expect(readAddCheckpointAnswer({ status: 403, body: `\u001b[31mno${"x".repeat(500)}\nmore` }, context)).toEqual({
      kind: "refused",
      status: 403,
      reason: `[31mno${"x".repeat(194)}`,
    });
  });
});
