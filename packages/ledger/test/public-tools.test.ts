import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createTileWriter,
  type EntryProof,
  Frontier,
  formatCheckpoint,
  formatProof,
  inclusionProofFromLeaves,
  leafHash,
  prepareEntry,
  signNote,
} from "../src/index.ts";
import { checkProof } from "./public-tools/check-proof.ts";
import { LOG, testKey } from "./support/golden-log.ts";
import golden from "./vectors/golden.json" with { type: "json" };

const tool = (name: string) => fileURLToPath(new URL(`./public-tools/${name}`, import.meta.url));
const page = readFileSync(new URL("../../../docs/ledger-public-tools.md", import.meta.url), "utf8");

const proofWith = (change: Partial<EntryProof> = {}) =>
  formatProof({
    index: golden.proofs.inclusion.index,
    hashes: golden.proofs.inclusion.hashes.map((hash) => Buffer.from(hash, "base64")),
    note: golden.cosigned.note,
    entry: LOG.entries[4]!,
    open: [],
    ...change,
  });

describe("npm's @sigstore/verify", () => {
  it("accepts our checkpoint, inclusion proof and openings", () => {
    expect(checkProof(golden.proofs.file, golden.vkey)).toEqual([`part 0: ${golden.entries[4]!.parts[0]!.text}`]);
    expect(checkProof(proofWith(), golden.vkey)).toEqual([]);
  });

  it("refuses every altered byte of the proof", () => {
    const alterations: string[] = [];
    const flipped = (bytes: Uint8Array, at: number) => Buffer.from(bytes).fill(bytes[at]! ^ 1, at, at + 1);
    const hashes = golden.proofs.inclusion.hashes.map((hash) => Buffer.from(hash, "base64"));
    for (let at = 0; at < LOG.entries[4]!.length; at++) {
      const extra = JSON.stringify({ entry: flipped(LOG.entries[4]!, at).toString("base64"), open: [] });
      alterations.push(proofWith().replace(/extra [^\n]*/, `extra ${Buffer.from(extra).toString("base64")}`));
    }
    for (const [i, hash] of hashes.entries()) {
      for (let at = 0; at < hash.length; at++) alterations.push(proofWith({ hashes: hashes.with(i, flipped(hash, at)) }));
    }
    const file = Buffer.from(golden.proofs.file);
    const signed = file.indexOf("\n\n") + 2;
    const signature = file.indexOf("—") + Buffer.byteLength(`— ${golden.origin} `);
    for (let at = signed; at < file.indexOf("\n\n", signed) + 1; at++) alterations.push(flipped(file, at).toString());
    for (let at = signature; at < file.length - 2; at++) alterations.push(flipped(file, at).toString());
    expect(alterations.length).toBeGreaterThan(350);
    expect(alterations.filter((text) => accepted(() => checkProof(text, golden.vkey)))).toEqual([]);
  });

  it("refuses another index, key or opened text", () => {
    expect(accepted(() => checkProof(golden.proofs.file.replace("index 4", "index 5"), golden.vkey))).toBe(false);
    expect(accepted(() => checkProof(golden.proofs.file, golden.cosigned.cosignerVkey))).toBe(false);
    const extra = /extra ([^\n]*)/.exec(golden.proofs.file)![1]!;
    const forged = Buffer.from(extra, "base64").toString().replace("user.deleted", "user.created");
    expect(accepted(() => checkProof(golden.proofs.file.replace(extra, Buffer.from(forged).toString("base64")), golden.vkey))).toBe(false);
  });
});

// Debian's packages golang-go and golang-golang-x-mod-dev put the library where no module proxy is needed.
const go = (args: readonly string[], cwd?: string) =>
  spawnSync(process.env.GO ?? "go", args, {
    cwd,
    encoding: "utf8",
    env: { GOPATH: "/usr/share/gocode", HOME: tmpdir(), ...process.env, GO111MODULE: "off", GOFLAGS: "" },
  });
const hasGo = go(["list", "golang.org/x/mod/sumdb/tlog"]).status === 0;
if (!hasGo) console.warn("skipped: go and golang.org/x/mod are not installed (Debian: golang-go golang-golang-x-mod-dev)");

describe.skipIf(!hasGo)("Go's sumdb/note and sumdb/tlog", () => {
  const SIZE = 700;
  const folder = mkdtempSync(join(tmpdir(), "daybook-public-tools-"));
  const log = join(folder, "log");
  const put = (path: string, bytes: Uint8Array | string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  const check = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(join(folder, "check-log"), args, { cwd: folder, encoding: "utf8" });
    return { status, said: stdout + stderr };
  };

  beforeAll(async () => {
    const built = go(["build", "-o", join(folder, "check-log"), tool("check-log.go")], folder);
    expect(built.stderr).toBe("");
    const writer = createTileWriter();
    const frontier = Frontier.empty();
    const leaves: Uint8Array[] = [];
    const noteNow = () => signNote(formatCheckpoint(LOG.origin, frontier.size, frontier.root()), [LOG.signer]);
    let entry: Uint8Array = new Uint8Array(0);
    for (let i = 0; i < SIZE; i++) {
      const prepared = prepareEntry({ class: 1, parts: [{ text: `{"id":"${i}"}` }] }, () => Buffer.alloc(32, i));
      if (i === 512) entry = prepared.entry;
      leaves.push(leafHash(prepared.entry));
      frontier.push(leaves[i]!);
      for (const { path, bytes } of writer.push(prepared.entry)) put(`log/${path}`, bytes);
      if (frontier.size === 300) put("checkpoint.300", noteNow());
    }
    for (const { path, bytes } of writer.partial()) put(`log/${path}`, bytes);
    put("log/checkpoint", noteNow());
    put(
      "e512.tlog-proof",
      formatProof({ index: 512, hashes: await inclusionProofFromLeaves(SIZE, 512, leaves), note: noteNow(), entry, open: [] }),
    );
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it("accept an exported log and a proof file", () => {
    expect(check(golden.vkey, log, "checkpoint.300")).toEqual({
      status: 0,
      said: "700 entries are those that were signed\ncheckpoint.300: its 300 entries are the first of this log\n",
    });
    expect(check(golden.vkey, "e512.tlog-proof")).toEqual({ status: 0, said: "entry 512 is among the 700 that were signed\n" });
  });

  it("refuse another index, another history, an altered entry", () => {
    put("wrong.tlog-proof", readFileSync(join(folder, "e512.tlog-proof"), "utf8").replace("index 512", "index 513"));
    expect(check(golden.vkey, "wrong.tlog-proof").status).toBe(1);
    put("forged.300", signNote(formatCheckpoint(LOG.origin, 300, Buffer.alloc(32)), [LOG.signer]));
    expect(check(golden.vkey, log, "forged.300")).toMatchObject({ status: 1, said: expect.stringContaining("another history") });
    put("stranger", signNote(formatCheckpoint(LOG.origin, 300, Buffer.alloc(32)), [{ name: LOG.origin, key: testKey(1) }]));
    expect(check(golden.vkey, log, "stranger").status).toBe(1);
    const bundle = readFileSync(join(log, "tile/entries/001"));
    put("log/tile/entries/001", bundle.fill(bundle[100]! ^ 1, 100, 101));
    expect(check(golden.vkey, log)).toMatchObject({ status: 1, said: expect.stringContaining("not those that were signed") });
  });
});

describe("the page about public tools", () => {
  it.each([
    ["ts", "check-proof.ts"],
    ["go", "check-log.go"],
  ])("shows the tested %s code: %s", (language, name) => {
    expect(page).toContain(`\`\`\`${language}\n${readFileSync(tool(name), "utf8")}\`\`\`\n`);
  });

  it("names the tested version of @sigstore/verify", () => {
    const { devDependencies } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect(page).toContain(`@sigstore/verify@${devDependencies["@sigstore/verify"]}`);
  });
});

function accepted(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}
