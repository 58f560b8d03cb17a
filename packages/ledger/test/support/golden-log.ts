import type { KeyObject } from "node:crypto";
import { createPrivateKey } from "node:crypto";
import { deriveKeys, parseVkey } from "../../src/index.ts";
import golden from "../vectors/golden.json" with { type: "json" };

/** The log of the golden vectors, with the key it signs with. */
export const LOG = {
  origin: golden.origin,
  vkey: parseVkey(golden.vkey),
  signer: { name: golden.origin, key: deriveKeys(Buffer.from(golden.rootSecret, "hex")).sign },
  entries: golden.entries.map(({ entry }) => Buffer.from(entry, "hex")),
  leaves: golden.entries.map(({ leaf }) => Buffer.from(leaf, "hex")),
  noteAt: (size: 3 | 6): string => golden.checkpoints.find((checkpoint) => checkpoint.size === size)!.note,
};

const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** The Ed25519 key of 32 equal bytes. */
export const testKey = (byte: number): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, byte)]), format: "der", type: "pkcs8" });
