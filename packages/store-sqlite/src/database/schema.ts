/**
 * Version of the schema in `SCHEMA`. A file with a higher version was written by a newer Daybook. Each version after 1
 * needs a step in migrations.ts.
 */
export const SCHEMA_VERSION = 1;

/** Entries of one bucket (docs/ledger.md). */
export const BUCKET_ROWS = 4_096;

export const bucketOf = (seq: number): number => Math.floor(seq / BUCKET_ROWS);

/** A part of an entry as one number, the key of `daybook_part`; an entry has fewer parts than this. */
export const PARTS = 256;

/**
 * `CREATE` statements of all objects of a Daybook database, in order of creation. The text is constant: `verify`
 * compares it with `sqlite_schema` word for word, so that an added trigger or view is found.
 *
 * Views read the committed text: a report cannot contradict the proofs.
 *
 * A table that holds something of a person is appended to and blanked, never anything else, and no index holds a
 * pseudonym. SQLite copies the cells of a page when it splits or joins pages, and the copies stay in gaps of the
 * pages after the cells were erased. An ordinary table with ascending keys is never split in the middle
 * (docs/decisions.md).
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
  CHECK ((salt0 IS NULL) = (head IS NULL)),
  CHECK ((salt1 IS NULL) = (person IS NULL))
) STRICT`,
  // slot = 256 * seq + part
  `CREATE TABLE daybook_part (
  slot INTEGER PRIMARY KEY CHECK (slot > 0 AND slot % 256 BETWEEN 1 AND 254),
  salt BLOB CHECK (length(salt) = 32),
  data TEXT,
  CHECK ((salt IS NULL) = (data IS NULL))
) STRICT`,

  // One row for each complete bucket. `positions` has the lists that `counts` counts.
  `CREATE TABLE daybook_bucket (
  bucket INTEGER PRIMARY KEY,
  heads INTEGER NOT NULL,
  first_time TEXT,
  last_time TEXT,
  first_id TEXT,
  last_id TEXT,
  counts TEXT NOT NULL,
  positions BLOB NOT NULL,
  ids BLOB NOT NULL
) STRICT`,
  `CREATE INDEX daybook_bucket_id ON daybook_bucket (last_id, first_id)`,
  // chunk = 32 * bucket + the first five bits of the keys
  `CREATE TABLE daybook_reference (chunk INTEGER PRIMARY KEY, refs BLOB NOT NULL CHECK (length(refs) % 11 = 0)) STRICT`,

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

  `CREATE TABLE daybook_consent (
  place INTEGER PRIMARY KEY,
  consent_id TEXT,
  user_id TEXT,
  consent_type TEXT,
  granted_at TEXT,
  ip_address TEXT,
  state TEXT,
  version TEXT,
  notice TEXT,
  notice_version TEXT,
  language TEXT,
  text_sha256 TEXT,
  method TEXT,
  act TEXT,
  given_by TEXT,
  expression TEXT,
  jurisdiction TEXT,
  record_id TEXT,
  decided_at TEXT,
  expires_at TEXT,
  epoch INTEGER,
  granted_seq INTEGER,
  sub TEXT,
  person INTEGER
) STRICT`,
  `CREATE UNIQUE INDEX daybook_consent_id ON daybook_consent (consent_id) WHERE consent_id IS NOT NULL`,
  `CREATE INDEX daybook_consent_person ON daybook_consent (person, consent_type, granted_seq) WHERE person IS NOT NULL`,
  `CREATE TABLE daybook_consent_end (
  place INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  revoked_at TEXT NOT NULL,
  revoked_seq INTEGER NOT NULL,
  epoch INTEGER NOT NULL
) STRICT`,
  `CREATE TABLE daybook_consent_expiry (expires_at TEXT NOT NULL, place INTEGER NOT NULL, PRIMARY KEY (expires_at, place)) STRICT, WITHOUT ROWID`,
  `CREATE VIEW user_consent AS SELECT
  c.consent_id, c.user_id, c.consent_type, c.granted_at, e.revoked_at, c.ip_address, coalesce(e.state, c.state) AS state,
  c.version, c.notice, c.notice_version, c.language, c.text_sha256, c.method, c.act, c.given_by, c.expression, c.jurisdiction,
  c.record_id, c.decided_at, c.expires_at, coalesce(e.epoch, c.epoch) AS epoch, c.granted_seq, e.revoked_seq, c.sub, c.person, c.place
FROM daybook_consent c LEFT JOIN daybook_consent_end e ON e.place = c.place WHERE c.consent_id IS NOT NULL`,

  `CREATE TABLE daybook_journal (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id TEXT,
  timestamp TEXT,
  activity_type TEXT,
  query TEXT,
  resource_type TEXT,
  resource_id TEXT,
  collection_name TEXT,
  details TEXT,
  consent_id TEXT,
  sub TEXT,
  person INTEGER,
  consent_type TEXT,
  version TEXT,
  entry_id TEXT
) STRICT`,
  `CREATE UNIQUE INDEX daybook_journal_entry ON daybook_journal (entry_id) WHERE entry_id IS NOT NULL`,
  `CREATE INDEX daybook_journal_person ON daybook_journal (person, id) WHERE person IS NOT NULL`,
  `CREATE INDEX daybook_journal_age ON daybook_journal (consent_type, timestamp) WHERE consent_type IS NOT NULL`,
  `CREATE VIEW user_activity AS SELECT
  id, user_id, timestamp, activity_type, query, resource_type, resource_id, collection_name, details, consent_id, sub, person, consent_type, version,
  entry_id
FROM daybook_journal WHERE entry_id IS NOT NULL`,

  `CREATE TABLE daybook_request (
  request_id TEXT PRIMARY KEY,
  kinds TEXT NOT NULL,
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
  `CREATE INDEX daybook_request_open ON daybook_request (due_at) WHERE closed_at IS NULL`,
  `CREATE TABLE daybook_requester (seq INTEGER PRIMARY KEY, sub TEXT) STRICT`,
  `CREATE VIEW dsar_request AS SELECT r.*, p.sub FROM daybook_request r LEFT JOIN daybook_requester p ON p.seq = r.seq`,
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
  place INTEGER PRIMARY KEY,
  sub TEXT,
  basis TEXT,
  scope TEXT CHECK (scope IN ('persons', 'full')),
  running INTEGER,
  queued TEXT
) STRICT`,

  `CREATE TABLE daybook_hold (
  place INTEGER PRIMARY KEY,
  id TEXT,
  sub TEXT,
  class INTEGER,
  from_seq INTEGER,
  to_seq INTEGER,
  case_ref TEXT,
  ground TEXT,
  review TEXT,
  placed TEXT
) STRICT`,

  `CREATE VIEW daybook_event AS SELECT
  seq,
  entry,
  head,
  person,
  head ->> '$.id' AS id,
  head ->> '$.ts' AS ts,
  head ->> '$.type' AS type,
  head ->> '$.action' AS action,
  head ->> '$.severity' AS severity,
  head ->> '$.outcome' AS outcome,
  person ->> '$.sub' AS actor,
  person ->> '$.tenant' AS tenant
FROM daybook_entry`,
  `CREATE VIEW audit_log AS SELECT
  seq AS id,
  head ->> '$.ts' AS timestamp,
  head ->> '$.type' AS event_type,
  coalesce(person ->> '$.uid', person ->> '$.sub') AS user_id,
  head ->> '$.severity' AS severity,
  coalesce(
    person ->> '$.details',
    (SELECT p.data ->> '$.details' FROM daybook_part p
      WHERE p.slot BETWEEN 256 * e.seq AND 256 * e.seq + 255 AND p.data ->> '$.details' IS NOT NULL ORDER BY p.slot LIMIT 1),
    head ->> '$.details'
  ) AS details,
  person ->> '$.ip' AS ip_address,
  head ->> '$.route' AS endpoint,
  head ->> '$.action' AS action,
  head ->> '$.outcome' AS outcome,
  CASE
    WHEN head IS NULL THEN 'empty'
    WHEN 1 + (person IS NOT NULL)
      + (SELECT count(p.data) FROM daybook_part p WHERE p.slot BETWEEN 256 * e.seq AND 256 * e.seq + 255) = (length(entry) - 6) / 32 THEN 'full'
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
)
BEGIN SELECT raise(ABORT, 'entries of an audit log are never changed'); END`,
  `CREATE TRIGGER daybook_part_keep BEFORE DELETE ON daybook_part
BEGIN SELECT raise(ABORT, 'parts of an audit log are blanked, never deleted'); END`,
  `CREATE TRIGGER daybook_part_blank BEFORE UPDATE ON daybook_part
WHEN NOT (new.slot IS old.slot AND new.salt IS NULL AND new.data IS NULL)
BEGIN SELECT raise(ABORT, 'parts of an audit log are never changed'); END`,
  `CREATE TRIGGER daybook_purpose_keep BEFORE UPDATE ON daybook_purpose
BEGIN SELECT raise(ABORT, 'a published purpose is never changed'); END`,
  `CREATE TRIGGER daybook_notice_keep BEFORE UPDATE ON daybook_notice
BEGIN SELECT raise(ABORT, 'a published notice is never changed'); END`,
];
