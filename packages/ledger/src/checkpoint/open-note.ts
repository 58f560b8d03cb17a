import { verify } from "node:crypto";
import { KEY_TYPE, type Vkey } from "../keys/vkey.ts";
import { LedgerError } from "../ledger-error.ts";
import { verifyCosignature } from "./cosignature.ts";
import type { NoteSignature, SignedNote } from "./signed-note.ts";

/** A signature of a note that holds. */
export interface GoodSignature {
  /** The key that made it. */
  readonly vkey: Vkey;
  /** Time of a cosignature, seconds since the Unix epoch; absent for other signatures. */
  readonly time?: number;
}

/**
 * Checks every signature line that names a known key (C2SP signed-note). Lines of other keys are ignored.
 * @param vkeys the known keys; a line belongs to the key with the same name and id
 * @returns the signatures that hold, in the order of the lines; may be empty
 * @throws {LedgerError} `UNTRUSTED_NOTE`: a line of a known key does not hold
 */
export function openNote({ text, signatures }: SignedNote, vkeys: readonly Vkey[]): GoodSignature[] {
  const good: GoodSignature[] = [];
  const message = Buffer.from(text);
  for (const line of signatures) {
    const known = vkeys.filter(({ name, id }) => name === line.name && id === line.id);
    if (known.length === 0) continue;
    // Several known keys share a name and an id if one was given twice or 32-bit ids collide: any of them may hold.
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
