import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import {
  answerAddCheckpoint,
  formatVkey,
  KEY_TYPE,
  makeVkey,
  newKeys,
  openCheckpoint,
  type Vkey,
  type WitnessAnswer,
  type WitnessState,
} from "@daybook/ledger";
import { afterEach, describe, expect, it } from "vitest";
import { parseAnchors } from "../../src/checkpoints/anchors/parse-anchors.ts";
import { publishNote } from "../../src/checkpoints/anchors/publish-note.ts";
import { witnessAnchor } from "../../src/checkpoints/anchors/witness-anchor.ts";
import { GrowingLog } from "../support/growing-log.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listening(handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A witness over HTTP that knows one log. */
async function witnessOf(
  log: { readonly origin: string; readonly vkey: Vkey },
  change: (answer: WitnessAnswer) => WitnessAnswer = (answer) => answer,
) {
  const signer = { name: "witness.example/w1", key: newKeys("w", randomBytes).sign! };
  let state: WitnessState = new Map([[log.origin, { vkeys: [log.vkey] }]]);
  const asked: string[] = [];
  const url = await listening(async (request, response) => {
    const body = await text(request);
    asked.push(`${request.method} ${request.url} ${body.split("\n", 1)[0]}`);
    const answer = change(answerAddCheckpoint(state, body, signer, log instanceof GrowingLog ? log.now : 0));
    if (answer.accepted) state = new Map([[log.origin, { vkeys: [log.vkey], last: answer.accepted }]]);
    response.writeHead(answer.status, { "content-type": answer.contentType }).end(answer.body);
  });
  const vkey = makeVkey(signer.name, signer.key, KEY_TYPE.cosignature);
  return { url, vkey, asked, anchor: () => witnessAnchor({ url: `${url}/`, vkeys: [vkey], timeoutMs: 5_000 }) };
}

describe("a witness as anchor", () => {
  it("cosigns each checkpoint with one request", async () => {
    const log = new GrowingLog();
    const { anchor, vkey, asked } = await witnessOf(log);
    const witness = anchor();
    for (const count of [1, 4, 4]) {
      const published = await publishNote(log.grow(count), [witness], log.context);
      expect(published).toMatchObject({ reached: [witness.name], failures: [] });
      const { size, signatures } = openCheckpoint(published.note, [log.vkey, vkey]);
      expect([size, signatures.at(-1)?.time]).toEqual([log.leaves.length, log.now / 1000]);
    }
    expect(asked).toEqual(["old 0", "old 1", "old 5"].map((line) => `POST /add-checkpoint ${line}`));
  });

  it("gets a second request from the size it names", async () => {
    const log = new GrowingLog();
    const { anchor, asked } = await witnessOf(log);
    await anchor().publish(log.grow(3), log.context);
    expect(await anchor().publish(log.grow(3), log.context)).toHaveLength(1);
    expect(asked.slice(1)).toEqual(["POST /add-checkpoint old 0", "POST /add-checkpoint old 3"]);
  });

  it("cosigns the same checkpoint again", async () => {
    const log = new GrowingLog();
    const { anchor } = await witnessOf(log);
    const witness = anchor();
    const note = log.grow(3);
    await witness.publish(note, log.context);
    expect(await witness.publish(note, log.context)).toHaveLength(1);
  });

  it("detects a log that was cut or restored", async () => {
    const log = new GrowingLog();
    const { anchor } = await witnessOf(log);
    await anchor().publish(log.grow(9), log.context);
    log.leaves.length = 5;
    await expect(anchor().publish(log.grow(0), log.context)).rejects.toMatchObject({
      code: "LOG_DAMAGED",
      hint: expect.stringContaining("9 entries"),
    });
  });

  it("detects the cut for the process that published more", async () => {
    const log = new GrowingLog();
    const { anchor } = await witnessOf(log);
    const witness = anchor();
    await witness.publish(log.grow(9), log.context);
    log.leaves.length = 5;
    await expect(witness.publish(log.grow(0), log.context)).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  });

  it("accepts a newer checkpoint of another process", async () => {
    const log = new GrowingLog();
    const { anchor } = await witnessOf(log);
    const [older, context] = [log.grow(3), log.context];
    await anchor().publish(log.grow(3), log.context);
    expect(await anchor().publish(older, context)).toBeUndefined();
  });

  it("detects a log that was rewritten", async () => {
    const log = new GrowingLog();
    const { anchor } = await witnessOf(log);
    await anchor().publish(log.grow(9), log.context);
    log.leaves.length = 5;
    await expect(anchor().publish(log.grow(10, "other "), log.context)).rejects.toMatchObject({
      code: "LOG_DAMAGED",
      hint: expect.stringContaining("other entries"),
    });
  });

  it("passes on the response for an unknown log", async () => {
    const { anchor } = await witnessOf(new GrowingLog("example.com/other"));
    const log = new GrowingLog();
    await expect(anchor().publish(log.grow(1), log.context)).rejects.toMatchObject({
      code: "ANCHOR_FAILED",
      hint: expect.stringContaining("404: unknown log"),
    });
  });

  it("is refused with another key or invalid signature", async () => {
    const log = new GrowingLog();
    const { url } = await witnessOf(log);
    const stranger = makeVkey("witness.example/w1", newKeys("w", randomBytes).sign!, KEY_TYPE.cosignature);
    await expect(witnessAnchor({ url, vkeys: [stranger] }).publish(log.grow(1), log.context)).rejects.toMatchObject({
      code: "ANCHOR_FAILED",
    });
    const forging = await witnessOf(log, (answer) => ({ ...answer, body: answer.body.replace(/A/, "B") }));
    await expect(forging.anchor().publish(log.grow(1), log.context)).rejects.toMatchObject({ code: "ANCHOR_FAILED" });
  });

  it("fails after three wrong sizes in a row", async () => {
    const log = new GrowingLog();
    let size = 0;
    const { anchor, asked } = await witnessOf(log, () => ({ status: 409, contentType: "text/x.tlog.size", body: `${++size}\n` }));
    await expect(anchor().publish(log.grow(9), log.context)).rejects.toMatchObject({ code: "ANCHOR_FAILED" });
    expect(asked).toHaveLength(3);
  });

  it.each<[string, RequestListener, RegExp]>([
    ["does not respond", () => {}, /no response in time/],
    ["responds without end", (_, response) => void response.writeHead(200).write("x"), /no response in time/],
    ["responds too long", (_, response) => void response.end("x".repeat(100_000)), /too long/],
    ["redirects the request", (_, response) => void response.writeHead(302, { location: "/x" }).end(), /redirect/],
    ["cuts the connection", (_, response) => void response.destroy(), /other side closed/],
  ])("fails with a reason if the witness %s", async (_, handler, reason) => {
    const log = new GrowingLog();
    const url = await listening(handler);
    const witness = witnessAnchor({ url, vkeys: [], timeoutMs: 200 });
    await expect(witness.publish(log.grow(1), log.context)).rejects.toMatchObject({
      code: "ANCHOR_FAILED",
      hint: expect.stringMatching(reason),
    });
  });

  it("fails with a reason if no server listens", async () => {
    const log = new GrowingLog();
    const url = await listening(() => {});
    servers.pop()!.close();
    await expect(witnessAnchor({ url, vkeys: [] }).publish(log.grow(1), log.context)).rejects.toMatchObject({
      code: "ANCHOR_FAILED",
      hint: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("can be configured by DAYBOOK_ANCHORS", async () => {
    const log = new GrowingLog();
    const { url, vkey } = await witnessOf(log);
    const [witness] = parseAnchors(`witness:${url}#${formatVkey(vkey)}`, "audit.db");
    expect(await witness!.publish(log.grow(1), log.context)).toHaveLength(1);
  });
});
