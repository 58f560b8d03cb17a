export { formatCheckpoint } from "./checkpoint.ts";
export { Frontier } from "./frontier.ts";
export { isLedgerError, LEDGER_ERRORS, LedgerError, type LedgerErrorCode } from "./ledger-error.ts";
export { emptyRoot, leafHash, nodeHash } from "./merkle.ts";
export { type NoteSignature, type NoteSigner, parseNote, type SignedNote, signNote } from "./signed-note.ts";
export { formatVkey, KEY_TYPE, type KeyType, keyId, makeVkey, parseVkey, type Vkey, vkeyOf } from "./vkey.ts";
