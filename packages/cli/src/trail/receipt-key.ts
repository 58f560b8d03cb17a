import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { DaybookError } from "@daybook/core";

const LENGTH = 32;

/** Path of the key of receipts. Without this file, no receipt can be linked to a person. */
export const receiptKeyPath = (databasePath: string): string => `${databasePath}.receipt-key`;

/**
 * The key under which receipts commit to persons; made on first use, mode 0600.
 * @throws {DaybookError} `KEYS_INVALID`
 */
export function receiptKey(databasePath: string): Uint8Array {
  const path = receiptKeyPath(databasePath);
  try {
    const file = openSync(path, "wx", 0o600);
    try {
      const key = randomBytes(LENGTH);
      writeSync(file, `${key.toString("base64")}\n`);
      fsyncSync(file);
      return key;
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST")
      throw new DaybookError("KEYS_INVALID", `${path}: ${(cause as Error).message}`, { cause });
  }
  const key = knownReceiptKey(databasePath);
  if (key === undefined) throw new DaybookError("KEYS_INVALID", `${path} was removed meanwhile; run the command again.`);
  return key;
}

/** The key, if there is one. @throws {DaybookError} `KEYS_INVALID` */
export function knownReceiptKey(databasePath: string): Uint8Array | undefined {
  const path = receiptKeyPath(databasePath);
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new DaybookError("KEYS_INVALID", `${path}: ${(cause as Error).message}`, { cause });
  }
  const key = Buffer.from(text, "base64");
  if (key.length !== LENGTH || key.toString("base64") !== text) throw new DaybookError("KEYS_INVALID", `${path} has no key of receipts.`);
  return key;
}
