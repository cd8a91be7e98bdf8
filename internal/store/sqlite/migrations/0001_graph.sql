-- The log. Numbers and latest numbers are kept for each clearance (0 public,
-- 1 restricted, 2 confidential); payload is CBOR under zstd; touched lists the
-- records that the revision changed, so that what is kept in memory can follow.
CREATE TABLE revision (
  seq      INTEGER PRIMARY KEY,
  hash     BLOB NOT NULL,
  previous BLOB NOT NULL,
  time     INTEGER NOT NULL, -- microseconds since 1970, UTC
  root     BLOB NOT NULL,
  leaves   INTEGER NOT NULL,
  n0 INTEGER NOT NULL, n1 INTEGER NOT NULL, n2 INTEGER NOT NULL,
  l0 INTEGER NOT NULL, l1 INTEGER NOT NULL, l2 INTEGER NOT NULL,
  key      TEXT,
  touched  BLOB NOT NULL,
  payload  BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX revision_key ON revision (key) WHERE key IS NOT NULL;
CREATE UNIQUE INDEX revision_n0 ON revision (n0) WHERE n0 > 0;
CREATE UNIQUE INDEX revision_n1 ON revision (n1) WHERE n1 > 0;
CREATE UNIQUE INDEX revision_n2 ON revision (n2) WHERE n2 > 0;

-- The newest version of every record, open or closed, with what is derived.
CREATE TABLE record (
  num      INTEGER PRIMARY KEY,
  id       TEXT NOT NULL,
  type     INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  to_seq   INTEGER NOT NULL,
  changed  INTEGER NOT NULL, -- the revision that last changed this row
  derived  BLOB NOT NULL,
  content  BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_id ON record (id);

-- Versions that were replaced.
CREATE TABLE version (
  num      INTEGER NOT NULL,
  from_seq INTEGER NOT NULL,
  to_seq   INTEGER NOT NULL,
  derived  BLOB NOT NULL,
  content  BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX version_num ON version (num, from_seq);

-- Every list there is. anchor says whose list and which (see place.go), slot is
-- the lowest clearance that sees the record, 3 for what only the past sees.
CREATE TABLE place (
  anchor INTEGER NOT NULL,
  slot   INTEGER NOT NULL,
  key    TEXT NOT NULL,
  num    INTEGER NOT NULL,
  PRIMARY KEY (anchor, slot, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
  of         INTEGER NOT NULL, -- an entity or source; 0 for the whole graph
  type       INTEGER NOT NULL,
  direction  INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  visibility INTEGER NOT NULL,
  n          INTEGER NOT NULL,
  PRIMARY KEY (of, type, direction, kind, visibility)
) STRICT, WITHOUT ROWID;

-- What traversal keeps in memory, in the form in which it is read fastest.
CREATE TABLE node (
  num         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL,
  placeholder INTEGER NOT NULL
) STRICT;
CREATE TABLE edge (
  num  INTEGER PRIMARY KEY,
  id   TEXT NOT NULL,
  data BLOB NOT NULL
) STRICT;

-- Folded words; what is found here is checked against the record's own text.
CREATE VIRTUAL TABLE words USING fts5 (
  text, content='', contentless_delete=1, detail=full,
  tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
