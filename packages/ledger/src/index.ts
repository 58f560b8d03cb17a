export { canonicalBytes, canonicalText } from "./canonical-json.ts";
export {
  type Checkpoint,
  formatCheckpoint,
  type OpenedCheckpoint,
  openCheckpoint,
  type ParseCheckpointOptions,
  parseCheckpoint,
} from "./checkpoint.ts";
export { type ConsistencyClaim, consistencyProof, consistencyProofFromLeaves, verifyConsistency } from "./consistency-proof.ts";
export { addCosignatures, type Cosigner, cosign, verifyCosignature } from "./cosignature.ts";
export {
  commitPart,
  type DecodedEntry,
  decodeEntry,
  encodeEntry,
  type PreparedEntry,
  type PreparedPart,
  partCount,
  prepareEntry,
  type Random,
} from "./entry.ts";
export { CLASS, type ClassPolicy, classOf, DEFAULT_POLICY, isEventClass, type OnRequest, type Policy } from "./entry-class.ts";
export { FINDINGS, type Finding, type FindingCode, type FindingGroup, type FindingLevel } from "./findings.ts";
export { Frontier } from "./frontier.ts";
export { type InclusionClaim, inclusionProof, inclusionProofFromLeaves, verifyInclusion } from "./inclusion-proof.ts";
export {
  addPseudonymKey,
  deriveKeys,
  dropPseudonymKey,
  formatKeys,
  type KeysRole,
  type LedgerKeys,
  newKeys,
  type PseudonymKey,
  parseKeys,
  type RetiredRoot,
  type RotateRootOptions,
  rotateRoot,
  sealKeyAt,
  signersAt,
  splitKeys,
} from "./keys.ts";
export {
  type ContinuesEntryOptions,
  type CreatedEntryOptions,
  continuesEntry,
  createdEntry,
  type ErasureEntryOptions,
  erasureEntry,
  incidentEntry,
  keyEntry,
  LEDGER_FORMAT,
  type LedgerEntryOptions,
  type Operator,
  policyEntry,
  provenEntry,
  type RetentionEntryOptions,
  retentionEntry,
} from "./ledger-entries.ts";
export { isLedgerError, LEDGER_ERRORS, LedgerError, type LedgerErrorCode } from "./ledger-error.ts";
export { emptyRoot, leafHash, nodeHash } from "./merkle.ts";
export type { HashReader } from "./merkle-range.ts";
export { type GoodSignature, openNote } from "./open-note.ts";
export { type FoundPart, type HoldScope, holdCovers, type KeptPart, type PlannedErasure, planErasure } from "./plan-erasure.ts";
export { pseudonymOf, pseudonymsOf, sessionDigest } from "./pseudonym.ts";
export {
  type Continued,
  ERASURE_BASES,
  type ErasureBasis,
  type Manifest,
  type ManifestText,
  readManifest,
  readPolicy,
} from "./read-manifest.ts";
export { referenceKey, tenantReference, tenantReferences } from "./reference.ts";
export { periodInForce, type RecordedPolicy } from "./retention-period.ts";
export { sealNext } from "./seal.ts";
export { type NoteSignature, type NoteSigner, parseNote, type SignedNote, signNote } from "./signed-note.ts";
export { type SlotItem, type SlotList, SlotSet, spreadSlots } from "./slot-set.ts";
export type { PartRole, SplitEntry, SplitPart } from "./split-entry.ts";
export { type LedgerEvent, MOST_PERSONS, type SplitOptions, splitEvent } from "./split-event.ts";
export { suppressionTag } from "./suppression.ts";
export { createTileWriter, entriesPath, readBundle, TILE_WIDTH, type TileFile, type TileWriter, tileHashReader, tilePath } from "./tile.ts";
export {
  type EntryProof,
  formatProof,
  type PartOpening,
  type ProofTrust,
  type ProvenEntry,
  parseProof,
  type TlogProof,
  verifyProof,
} from "./tlog-proof.ts";
export {
  hasQuorum,
  openByPolicy,
  parseTrustPolicy,
  type TrustedLog,
  type TrustedWitness,
  type TrustPolicy,
  type WitnessGroup,
} from "./trust-policy.ts";
export type { GivenNote } from "./trusted-checkpoints.ts";
export { createVerifier, type LedgerRow, type StartingPoint, type Verifier, type VerifierOptions, type VerifyReport } from "./verifier.ts";
export { formatVkey, KEY_TYPE, type KeyType, keyId, makeVkey, parseVkey, type SigningKeys, type Vkey, vkeyOf } from "./vkey.ts";
export {
  addCheckpointRequest,
  answerAddCheckpoint,
  readAddCheckpointAnswer,
  type WitnessAnswer,
  type WitnessedLog,
  type WitnessReply,
  type WitnessSigner,
  type WitnessState,
} from "./witness.ts";
