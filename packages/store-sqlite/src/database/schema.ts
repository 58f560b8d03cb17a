/**
 * Version of the schema in `SCHEMA`. A file with a higher version was written by a newer Daybook. Each version after 1
 * needs a step in migrations.ts.
 */
export const SCHEMA_VERSION = 1;

/** Rows of one bucket of references (docs/ledger.md). */
export const BUCKET_ROWS = 16_384;

export const bucketOf = (seq: number): number => Math.floor(seq / BUCKET_ROWS);

/**
 * `CREATE` statements of all objects of a Daybook database, in order of creation. The text is constant: `verify`
 * compares it with `sqlite_schema` word for word, so that an added trigger or view is found.
 *
 * Search columns are generated from the committed text instead of copied: a report cannot contradict the proofs.
 */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE daybook_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT`,

  `CREATE TABLE daybook_entry (
  seq INTEGER PRIMARY KEY CHECK (seq >= 0),
  entry BLOB NOT NULL CHECK (length(entry) >= 38),
  seal BLOB NOT NULL CHECK (length(seal) = 16),
  salt0 BLOB CHECK (length(salt0) = 32),
  head TEXT,
  salt1 BLOB CHECK (length(salt1) = 32),
  person TEXT,
  box BLOB,
  id TEXT GENERATED ALWAYS AS (head ->> '$.id') VIRTUAL,
  ts TEXT GENERATED ALWAYS AS (head ->> '$.ts') VIRTUAL,
  type TEXT GENERATED ALWAYS AS (head ->> '$.type') VIRTUAL,
  action TEXT GENERATED ALWAYS AS (head ->> '$.action') VIRTUAL,
  severity TEXT GENERATED ALWAYS AS (head ->> '$.severity') VIRTUAL,
  outcome TEXT GENERATED ALWAYS AS (head ->> '$.outcome') VIRTUAL,
  actor TEXT GENERATED ALWAYS AS (person ->> '$.sub') VIRTUAL,
  tenant TEXT GENERATED ALWAYS AS (person ->> '$.tenant') VIRTUAL,
  CHECK ((salt0 IS NULL) = (head IS NULL)),
  CHECK ((salt1 IS NULL) = (person IS NULL)),
  CHECK (box IS NULL OR person IS NULL)
) STRICT`,
  `CREATE UNIQUE INDEX daybook_entry_id ON daybook_entry (id) WHERE id IS NOT NULL`,
  `CREATE INDEX daybook_entry_ts ON daybook_entry (ts) WHERE ts IS NOT NULL`,
  `CREATE INDEX daybook_entry_type ON daybook_entry (type, seq) WHERE type IS NOT NULL`,

  `CREATE TABLE daybook_person (
  seq INTEGER NOT NULL,
  part INTEGER NOT NULL CHECK (part BETWEEN 1 AND 254),
  salt BLOB CHECK (length(salt) = 32),
  data TEXT,
  box BLOB,
  sub TEXT GENERATED ALWAYS AS (data ->> '$.sub') VIRTUAL,
  PRIMARY KEY (seq, part),
  CHECK ((salt IS NULL) = (data IS NULL)),
  CHECK ((data IS NULL) = (box IS NOT NULL))
) STRICT, WITHOUT ROWID`,

  `CREATE TABLE daybook_ref (
  bucket INTEGER NOT NULL,
  key INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  part INTEGER NOT NULL,
  PRIMARY KEY (bucket, key, seq, part)
) STRICT, WITHOUT ROWID`,

  `CREATE TABLE daybook_checkpoint (
  size INTEGER PRIMARY KEY CHECK (size > 0),
  note TEXT NOT NULL,
  frontier BLOB NOT NULL,
  made TEXT NOT NULL,
  published TEXT
) STRICT`,

  `CREATE TABLE daybook_purpose (
  purpose TEXT NOT NULL,
  version TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  change TEXT NOT NULL CHECK (change IN ('editorial', 'material')),
  effective_from TEXT NOT NULL,
  definition TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY (purpose, version)
) STRICT, WITHOUT ROWID`,
  `CREATE TABLE daybook_notice (
  notice TEXT NOT NULL,
  version TEXT NOT NULL,
  language TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  change TEXT NOT NULL CHECK (change IN ('editorial', 'material')),
  effective_from TEXT NOT NULL,
  media_type TEXT NOT NULL,
  content TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  definition TEXT NOT NULL,
  PRIMARY KEY (notice, version, language)
) STRICT, WITHOUT ROWID`,

  `CREATE TABLE user_consent (
  consent_id TEXT PRIMARY KEY,
  user_id TEXT,
  consent_type TEXT NOT NULL,
  granted_at TEXT,
  revoked_at TEXT,
  ip_address TEXT,
  state TEXT NOT NULL,
  version TEXT NOT NULL,
  notice TEXT NOT NULL,
  notice_version TEXT NOT NULL,
  language TEXT NOT NULL,
  text_sha256 TEXT NOT NULL,
  method TEXT NOT NULL,
  act TEXT NOT NULL,
  given_by TEXT NOT NULL,
  expression TEXT NOT NULL,
  jurisdiction TEXT,
  record_id TEXT NOT NULL,
  decided_at TEXT NOT NULL,
  expires_at TEXT,
  epoch INTEGER NOT NULL,
  granted_seq INTEGER NOT NULL,
  revoked_seq INTEGER,
  sub TEXT NOT NULL
) STRICT`,
  `CREATE INDEX user_consent_sub ON user_consent (sub, consent_type, granted_seq)`,
  `CREATE INDEX user_consent_expiry ON user_consent (expires_at) WHERE expires_at IS NOT NULL AND revoked_at IS NULL`,

  `CREATE TABLE user_activity (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id TEXT,
  timestamp TEXT NOT NULL,
  activity_type TEXT NOT NULL,
  query TEXT,
  resource_type TEXT,
  resource_id TEXT,
  collection_name TEXT,
  details TEXT,
  consent_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  consent_type TEXT NOT NULL,
  version TEXT NOT NULL,
  entry_id TEXT NOT NULL UNIQUE
) STRICT`,
  `CREATE INDEX user_activity_sub ON user_activity (sub, id)`,
  `CREATE INDEX user_activity_age ON user_activity (consent_type, timestamp)`,

  `CREATE TABLE dsar_request (
  request_id TEXT PRIMARY KEY,
  kinds TEXT NOT NULL,
  sub TEXT,
  channel TEXT NOT NULL,
  state TEXT NOT NULL,
  received_at TEXT NOT NULL,
  due_at TEXT NOT NULL,
  calendar TEXT NOT NULL,
  rule TEXT NOT NULL,
  extended_until TEXT,
  extension_reason TEXT,
  extension_told_at TEXT,
  verification_method TEXT,
  verification_result TEXT,
  verified_at TEXT,
  paused_since TEXT,
  paused_ms INTEGER NOT NULL,
  jurisdiction TEXT,
  language TEXT,
  delivered_at TEXT,
  closed_at TEXT,
  outcome TEXT,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID`,
  `CREATE INDEX dsar_request_open ON dsar_request (due_at) WHERE closed_at IS NULL`,
  `CREATE INDEX dsar_request_sub ON dsar_request (sub) WHERE sub IS NOT NULL`,
  `CREATE TABLE dsar_record (
  request_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (request_id, seq)
) STRICT, WITHOUT ROWID`,

  `CREATE TABLE daybook_receipt (
  receipt TEXT PRIMARY KEY,
  run INTEGER,
  commitment TEXT NOT NULL,
  previous TEXT,
  made TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT, WITHOUT ROWID`,
  `CREATE INDEX daybook_receipt_commitment ON daybook_receipt (commitment)`,

  `CREATE TABLE daybook_suppression (
  tag TEXT NOT NULL,
  scope TEXT NOT NULL,
  before TEXT NOT NULL,
  until TEXT NOT NULL,
  PRIMARY KEY (tag, scope)
) STRICT, WITHOUT ROWID`,

  `CREATE TABLE daybook_erasure (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  manifest INTEGER,
  state TEXT NOT NULL CHECK (state IN ('pending', 'proven')),
  reason TEXT,
  needles BLOB,
  made TEXT NOT NULL,
  tried TEXT,
  proven TEXT
) STRICT`,

  `CREATE TABLE daybook_queue (
  sub TEXT PRIMARY KEY,
  basis TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('persons', 'full')),
  running INTEGER NOT NULL,
  queued TEXT NOT NULL
) STRICT, WITHOUT ROWID`,

  `CREATE TABLE daybook_hold (
  id TEXT PRIMARY KEY,
  sub TEXT,
  class INTEGER,
  from_seq INTEGER,
  to_seq INTEGER,
  case_ref TEXT NOT NULL,
  ground TEXT NOT NULL,
  review TEXT NOT NULL,
  placed TEXT NOT NULL
) STRICT, WITHOUT ROWID`,

  `CREATE VIEW audit_log AS SELECT
  seq AS id,
  ts AS timestamp,
  type AS event_type,
  coalesce(person ->> '$.uid', actor) AS user_id,
  severity,
  coalesce(
    person ->> '$.details',
    (SELECT p.data ->> '$.details' FROM daybook_person p WHERE p.seq = e.seq AND p.data ->> '$.details' IS NOT NULL ORDER BY p.part LIMIT 1),
    head ->> '$.details'
  ) AS details,
  person ->> '$.ip' AS ip_address,
  head ->> '$.route' AS endpoint,
  action,
  outcome,
  CASE
    WHEN head IS NULL THEN 'empty'
    WHEN 1 + (person IS NOT NULL OR box IS NOT NULL) + (SELECT count(*) FROM daybook_person p WHERE p.seq = e.seq) = (length(entry) - 6) / 32 THEN 'full'
    ELSE 'partial'
  END AS state
FROM daybook_entry e`,

  `CREATE TRIGGER daybook_entry_keep BEFORE DELETE ON daybook_entry
BEGIN SELECT raise(ABORT, 'entries of an audit log are never deleted'); END`,
  `CREATE TRIGGER daybook_entry_blank BEFORE UPDATE ON daybook_entry
WHEN NOT (
  new.seq IS old.seq AND new.entry IS old.entry AND new.seal IS old.seal
  AND ((new.salt0 IS old.salt0 AND new.head IS old.head) OR (new.salt0 IS NULL AND new.head IS NULL))
  AND ((new.salt1 IS old.salt1 AND new.person IS old.person) OR (new.salt1 IS NULL AND new.person IS NULL))
  AND (new.box IS old.box OR new.box IS NULL)
)
BEGIN SELECT raise(ABORT, 'entries of an audit log are never changed'); END`,
  `CREATE TRIGGER daybook_person_keep BEFORE UPDATE ON daybook_person
BEGIN SELECT raise(ABORT, 'parts of an audit log are never changed'); END`,
  `CREATE TRIGGER daybook_purpose_keep BEFORE UPDATE ON daybook_purpose
BEGIN SELECT raise(ABORT, 'a published purpose is never changed'); END`,
  `CREATE TRIGGER daybook_notice_keep BEFORE UPDATE ON daybook_notice
BEGIN SELECT raise(ABORT, 'a published notice is never changed'); END`,
];
