import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import {
  addCheckpointRequest,
  addCosignatures,
  consistencyProofFromLeaves,
  Frontier,
  formatCheckpoint,
  formatVkey,
  KEY_TYPE,
  leafHash,
  makeVkey,
  newKeys,
  openCheckpoint,
  parseVkey,
  signNote,
  vkeyOf,
} from "@daybook/ledger";
import { describe, expect, it, onTestFinished } from "vitest";
import { type AnsweredRequest, startWitnessServer } from "../src/witness/witness-server.ts";
import { WitnessStateFile } from "../src/witness/witness-state.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const NOW = Date.parse("2026-11-22T09:00:00.000Z");
const LEAVES = Array.from({ length: 9 }, (_, i) => leafHash(Buffer.from(String(i))));
const logKeys = newKeys("example.com/daybook/audit", randomBytes);
const LOG = { origin: "example.com/daybook/audit/1", vkey: vkeyOf(logKeys, 1) };
const signer = { name: "witness.example/w1", key: newKeys("w", randomBytes).sign! };
const witnessVkey = makeVkey(signer.name, signer.key, KEY_TYPE.cosignature);

function noteAt(size: number): string {
  const frontier = Frontier.empty();
  for (const leaf of LEAVES.slice(0, size)) frontier.push(leaf);
  return signNote(formatCheckpoint(LOG.origin, size, frontier.root()), [{ name: LOG.origin, key: logKeys.sign! }]);
}

async function requestFrom(oldSize: number, size: number): Promise<string> {
  const proof = oldSize === 0 ? [] : await consistencyProofFromLeaves(oldSize, size, LEAVES);
  return addCheckpointRequest({ oldSize, proof, note: noteAt(size) });
}

const stateFile = () => join(temporaryFolder(), "witness.json");

async function witnessOver(path: string) {
  const state = WitnessStateFile.open(path, { create: true });
  state.addLog(LOG.vkey);
  const answered: AnsweredRequest[] = [];
  const server = await startWitnessServer({
    state,
    signer,
    port: 0,
    clock: { now: () => NOW },
    onAnswer: (answer) => answered.push(answer),
  });
  let open = true;
  const stop = async () => {
    if (!open) return;
    open = false;
    await server.close();
    state.close();
  };
  onTestFinished(stop);
  const post = (body: string | Uint8Array<ArrayBuffer>) => fetch(`${server.url}/add-checkpoint`, { method: "POST", body });
  return { url: server.url, answered, stop, post };
}

const lastIn = (path: string) => JSON.parse(readFileSync(path, "utf8")).logs[0].last;

describe("a witness over HTTP", () => {
  it("stores each cosigned checkpoint before its response", async () => {
    const path = stateFile();
    const { post, answered } = await witnessOver(path);
    for (const [oldSize, size] of [
      [0, 3],
      [3, 9],
    ] as const) {
      const response = await post(await requestFrom(oldSize, size));
      expect([response.status, lastIn(path).size]).toEqual([200, size]);
      const cosigned = addCosignatures(noteAt(size), [await response.text()]);
      expect(openCheckpoint(cosigned, [parseVkey(LOG.vkey), witnessVkey]).signatures.at(-1)?.time).toBe(NOW / 1000);
    }
    expect(answered).toEqual([3, 9].map((size) => ({ status: 200, origin: LOG.origin, size })));
  });

  it("continues after a restart", async () => {
    const path = stateFile();
    const first = await witnessOver(path);
    await first.post(await requestFrom(0, 5));
    await first.stop();
    const { post } = await witnessOver(path);
    const conflict = await post(await requestFrom(0, 9));
    expect([conflict.status, conflict.headers.get("content-type"), await conflict.text()]).toEqual([409, "text/x.tlog.size", "5\n"]);
    expect((await post(await requestFrom(5, 9))).status).toBe(200);
  });

  it("accepts one of two requests of one size", async () => {
    const path = stateFile();
    const { post } = await witnessOver(path);
    await post(await requestFrom(0, 3));
    const bodies = await Promise.all([5, 6, 7, 8, 9].map((size) => requestFrom(3, size)));
    const statuses = (await Promise.all(bodies.map(post))).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 409, 409, 409, 409]);
    expect(lastIn(path).size).toBe([5, 6, 7, 8, 9][statuses.indexOf(200)]);
  });

  it("signs nothing that it cannot store", async () => {
    const path = stateFile();
    const { post, answered } = await witnessOver(path);
    await post(await requestFrom(0, 3));
    rmSync(join(path, ".."), { recursive: true });
    const failed = await post(await requestFrom(3, 9));
    expect([failed.status, await failed.text()]).toEqual([500, "internal error\n"]);
    expect(answered.at(-1)).toMatchObject({ status: 500, error: { code: "ENOENT" } });
    expect(await (await post(await requestFrom(0, 3))).text()).toBe("3\n");
  });

  it("refuses other paths, methods and large bodies", async () => {
    const { url, post } = await witnessOver(stateFile());
    expect((await fetch(`${url}/`)).status).toBe(404);
    const get = await fetch(`${url}/add-checkpoint`);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await post("x".repeat(80_000))).status).toBe(413);
    expect((await post(Uint8Array.of(0xff))).status).toBe(400);
    expect((await post(await requestFrom(0, 3))).status).toBe(200);
  });

  it("survives a client that leaves in the middle", async () => {
    const { url, post } = await witnessOver(stateFile());
    const { hostname, port } = new URL(url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        socket.write("POST /add-checkpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nold 0", () => socket.destroy());
      }).on("close", () => resolve());
    });
    expect((await post(await requestFrom(0, 3))).status).toBe(200);
  });
});

describe("the state of a witness", () => {
  it("is private, and lists the known logs", () => {
    const path = stateFile();
    const state = WitnessStateFile.open(path, { create: true });
    state.addLog(LOG.vkey);
    state.addLog(LOG.vkey);
    state.addLog(LOG.vkey, "some other origin");
    state.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
      format: "daybook-witness/1",
      logs: [
        { origin: LOG.origin, vkeys: [LOG.vkey] },
        { origin: "some other origin", vkeys: [LOG.vkey] },
      ],
    });
  });

  it("keeps its memory of a log with new keys", async () => {
    const path = stateFile();
    const witness = await witnessOver(path);
    await witness.post(await requestFrom(0, 3));
    await witness.stop();
    const state = WitnessStateFile.open(path);
    state.addLog(formatVkey(makeVkey(LOG.origin, newKeys("n", randomBytes).sign!)));
    expect(state.logs.get(LOG.origin)).toMatchObject({ last: { size: 3 } });
    expect(state.logs.get(LOG.origin)?.vkeys).toHaveLength(2);
    state.close();
  });

  it("belongs to one process at a time", () => {
    const path = stateFile();
    const state = WitnessStateFile.open(path, { create: true });
    expect(() => WitnessStateFile.open(path, { create: true })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    state.close();
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    writeFileSync(`${path}.lock`, String(pid));
    WitnessStateFile.open(path, { create: true }).close();
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it.each([
    ["it is missing, since a witness that forgot lets a log roll back", undefined],
    ["it is not JSON", "nothing"],
    ["it is of another format", '{"format":"other","logs":[]}'],
    ["a key in it is broken", `{"format":"daybook-witness/1","logs":[{"origin":"o","vkeys":["x"]}]}`],
    ["a root in it is cut", `{"format":"daybook-witness/1","logs":[{"origin":"o","vkeys":[],"last":{"size":1,"root":"AAAA"}}]}`],
  ])("is refused when %s", (_, content) => {
    const path = stateFile();
    if (content !== undefined) writeFileSync(path, content);
    expect(() => WitnessStateFile.open(path)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it("refuses keys of witnesses and broken keys", () => {
    const state = WitnessStateFile.open(stateFile(), { create: true });
    onTestFinished(() => state.close());
    for (const vkey of [formatVkey(witnessVkey), "x"])
      expect(() => state.addLog(vkey)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });
});
