import { verify } from "node:crypto";
import { KEY_TYPE, type Vkey } from "../keys/vkey.ts";
import { LedgerError } from "../ledger-error.ts";
import { verifyCosignature } from "./cosignature.ts";
import type { NoteSignature, SignedNote } from "./signed-note.ts";

/** A signature of a note that holds. */
export interface GoodSignature {
  readonly vkey: Vkey;
  /** Seconds since the Unix epoch, of a cosignature only. */
  readonly time?: number;
}

/**
 * Checks every signature of a note that a known key claims to have made. Lines of other keys mean nothing and are passed over.
 * @param vkeys the known keys; a line is of the one with its name and its id
 * @returns what holds, in the order of the lines; may be empty
 * @throws {LedgerError} `UNTRUSTED_NOTE`: a line of a known key does not hold, which refuses the whole note
 */
export function openNote({ text, signatures }: SignedNote, vkeys: readonly Vkey[]): GoodSignature[] {
  const good: GoodSignature[] = [];
  const message = Buffer.from(text);
  for (const line of signatures) {
    const known = vkeys.filter(({ name, id }) => name === line.name && id === line.id);
    if (known.length === 0) continue;
    // Two known keys with one name and one id are one key given twice, or a collision of 32-bit ids: any may hold.
    const found = known.map((vkey) => check(text, message, vkey, line)).find((result) => result !== undefined);
    if (found === undefined) throw new LedgerError("UNTRUSTED_NOTE", `The signature of ${line.name} does not hold.`);
    good.push(found);
  }
  return good;
}

function check(text: string, message: Uint8Array, vkey: Vkey, { signature }: NoteSignature): GoodSignature | undefined {
  switch (vkey.type) {
    case KEY_TYPE.signature:
      return verify(null, message, vkey.key, signature) ? { vkey } : undefined;
    case KEY_TYPE.cosignature: {
      const time = verifyCosignature(text, vkey, signature);
      return time === undefined ? undefined : { vkey, time };
    }
  }
}
