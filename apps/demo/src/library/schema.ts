/** All tables of the library. Section positions count from 1 within their book. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS collection (
  slug TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS reader (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('reader', 'librarian', 'admin')),
  token_hash BLOB UNIQUE
) STRICT;

CREATE TABLE IF NOT EXISTS book (
  id INTEGER PRIMARY KEY,
  collection TEXT NOT NULL REFERENCES collection (slug),
  title TEXT NOT NULL,
  author TEXT NOT NULL,
  source TEXT NOT NULL,
  notice TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  digest BLOB NOT NULL,
  added_at INTEGER NOT NULL,
  added_by TEXT REFERENCES reader (id) ON DELETE SET NULL,
  UNIQUE (collection, digest)
) STRICT;

CREATE TABLE IF NOT EXISTS section (
  id INTEGER PRIMARY KEY,
  book INTEGER NOT NULL REFERENCES book (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  heading TEXT NOT NULL,
  body TEXT NOT NULL,
  words INTEGER NOT NULL,
  UNIQUE (book, position)
) STRICT;

CREATE VIRTUAL TABLE IF NOT EXISTS section_index USING fts5 (
  title, heading, body,
  content = '', contentless_delete = 1,
  tokenize = 'porter unicode61 remove_diacritics 2'
);

CREATE TRIGGER IF NOT EXISTS section_removed AFTER DELETE ON section BEGIN
  DELETE FROM section_index WHERE rowid = old.id;
END;

CREATE TABLE IF NOT EXISTS upload (
  reader TEXT NOT NULL REFERENCES reader (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS upload_by_reader ON upload (reader, at);
`;
