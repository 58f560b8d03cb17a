export {
  type Checkpoint,
  formatCheckpoint,
  type OpenedCheckpoint,
  openCheckpoint,
  type ParseCheckpointOptions,
  parseCheckpoint,
} from "./checkpoint/checkpoint.ts";
export { addCosignatures, type Cosigner, cosign, verifyCosignature } from "./checkpoint/cosignature.ts";
export { type GoodSignature, openNote } from "./checkpoint/open-note.ts";
export { type NoteSignature, type NoteSigner, parseNote, type SignedNote, signNote } from "./checkpoint/signed-note.ts";
export {
  hasQuorum,
  openByPolicy,
  parseTrustPolicy,
  type TrustedLog,
  type TrustedWitness,
  type TrustPolicy,
  type WitnessGroup,
} from "./checkpoint/trust-policy.ts";
export type { GivenNote } from "./checkpoint/trusted-checkpoints.ts";
export {
  addCheckpointRequest,
  answerAddCheckpoint,
  readAddCheckpointAnswer,
  type WitnessAnswer,
  type WitnessedLog,
  type WitnessReply,
  type WitnessSigner,
  type WitnessState,
} from "./checkpoint/witness.ts";
export { canonicalBytes, canonicalText } from "./encoding/canonical-json.ts";
export {
  commitPart,
  type DecodedEntry,
  decodeEntry,
  encodeEntry,
  type PreparedEntry,
  type PreparedPart,
  partCount,
  prepareEntry,
} from "./entry/entry.ts";
export { CLASS, type ClassPolicy, classOf, DEFAULT_POLICY, isEventClass, type OnRequest, type Policy } from "./entry/entry-class.ts";
export { sealNext } from "./entry/seal.ts";
export type { PartRole, SplitEntry, SplitPart } from "./entry/split-entry.ts";
export { type LedgerEvent, MOST_PERSONS, type SplitOptions, splitEvent } from "./entry/split-event.ts";
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
} from "./keys/keys.ts";
export { pseudonymOf, pseudonymsOf, sessionDigest } from "./keys/pseudonym.ts";
export type { Random } from "./keys/random.ts";
export { referenceKey, tenantReference, tenantReferences } from "./keys/reference.ts";
export { suppressionTag } from "./keys/suppression.ts";
export { formatVkey, KEY_TYPE, type KeyType, keyId, makeVkey, parseVkey, type SigningKeys, type Vkey, vkeyOf } from "./keys/vkey.ts";
export { isLedgerError, LEDGER_ERRORS, LedgerError, type LedgerErrorCode } from "./ledger-error.ts";
export { type ConsistencyClaim, consistencyProof, consistencyProofFromLeaves, verifyConsistency } from "./merkle/consistency-proof.ts";
export { Frontier } from "./merkle/frontier.ts";
export { type InclusionClaim, inclusionProof, inclusionProofFromLeaves, verifyInclusion } from "./merkle/inclusion-proof.ts";
export { emptyRoot, leafHash, nodeHash } from "./merkle/merkle.ts";
export type { HashReader } from "./merkle/merkle-range.ts";
export {
  createTileWriter,
  entriesPath,
  readBundle,
  TILE_WIDTH,
  type TileFile,
  type TileWriter,
  tileHashReader,
  tilePath,
} from "./merkle/tile.ts";
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
} from "./removal/ledger-entries.ts";
export { type FoundPart, type HoldScope, holdCovers, type KeptPart, type PlannedErasure, planErasure } from "./removal/plan-erasure.ts";
export {
  type Continued,
  ERASURE_BASES,
  type ErasureBasis,
  type Manifest,
  type ManifestText,
  readManifest,
  readPolicy,
} from "./removal/read-manifest.ts";
export { periodInForce, type RecordedPolicy } from "./removal/retention-period.ts";
export { type SlotItem, type SlotList, SlotSet, spreadSlots } from "./removal/slot-set.ts";
export type { EntryRow, StoredPart } from "./verify/entry-row.ts";
export { FINDINGS, type Finding, type FindingCode, type FindingGroup, type FindingLevel } from "./verify/findings.ts";
export type { StartingPoint } from "./verify/root-check.ts";
export {
  type EntryProof,
  formatProof,
  type PartOpening,
  type ProofTrust,
  type ProvenEntry,
  parseProof,
  type TlogProof,
  verifyProof,
} from "./verify/tlog-proof.ts";
export { createVerifier, type Verifier, type VerifierOptions } from "./verify/verifier.ts";
export type { VerifyReport } from "./verify/verify-report.ts";
