-- What a server needs and the graph does not hold: hashed tokens, proposals. It
-- is no part of the log; text is compared as bytes.
CREATE TABLE shelf (
  kind    TEXT NOT NULL,
  id      TEXT NOT NULL,
  version INTEGER NOT NULL, -- 1 when first written
  data    BLOB NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;
