// node check-proof.ts FILE.tlog-proof VKEY
import { createPublicKey, hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { verifyTLogInclusion } from "@sigstore/verify/dist/tlog/index.js";

/** Throws unless the log with this public key has signed a tree that holds this entry; gives the parts that are laid open. */
export function checkProof(file: string, vkey: string): string[] {
  const split = file.indexOf("\n\n");
  const checkpoint = file.slice(split + 2);
  const [, extra, index, ...hashes] = file.slice(0, split).split("\n");
  const logIndex = index!.slice("index ".length);
  const { entry: encoded, open } = JSON.parse(Buffer.from(extra!.slice("extra ".length), "base64").toString());
  const entry = Buffer.from(encoded, "base64");

  const [name, id, key] = vkey.split("+") as [string, string, string];
  const rawKey = Buffer.from(key, "base64").subarray(1);
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), rawKey]);
  const log = {
    logID: Buffer.from(id, "hex"),
    baseURL: name,
    publicKey: createPublicKey({ key: spki, format: "der", type: "spki" }),
    validFor: { start: new Date(0), end: new Date(8.64e15) },
  };

  // The signature under the checkpoint, and the path from the entry to its root.
  if (!checkpoint.startsWith(`${name}\n`)) throw new Error("the checkpoint is of another log");
  const [, treeSize = "", root = ""] = checkpoint.split("\n");
  const inclusionProof = {
    logIndex,
    treeSize,
    rootHash: Buffer.from(root, "base64"),
    hashes: hashes.map((line) => Buffer.from(line, "base64")),
    checkpoint: { envelope: checkpoint },
  };
  verifyTLogInclusion(
    {
      logIndex,
      logId: { keyId: log.logID },
      kindVersion: { kind: "dbk1", version: "1" },
      integratedTime: "0",
      inclusionPromise: undefined,
      inclusionProof,
      canonicalizedBody: entry,
    },
    [log],
  );

  // What is laid open must be what the entry commits to: "dbk1", class, number of parts, one SHA-256 per part.
  return open.map(({ part, salt, data }: { part: number; salt: string; data: string }) => {
    const committed = ["daybook/part/v1\n", Uint8Array.of(part), Buffer.from(salt, "base64"), data].map((piece) =>
      Buffer.from(piece as string),
    );
    const commitment = entry.toString("hex", 6 + 32 * part, 6 + 32 * (part + 1));
    if (hash("sha256", Buffer.concat(committed)) !== commitment) throw new Error(`part ${part} is not what was recorded`);
    return `part ${part}: ${data}`;
  });
}

const [path, vkey] = process.argv.slice(2);
if (path?.endsWith(".tlog-proof") && vkey) {
  const shown = checkProof(readFileSync(path, "utf8"), vkey);
  console.log(["the entry is in the signed tree", ...shown].join("\n"));
}
