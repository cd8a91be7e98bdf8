-- What traversal reads of entities and links, that of many records in one row (see
-- block.go). It takes the place of the tables node and edge, with a row for each.
CREATE TABLE block (
  num     INTEGER PRIMARY KEY, -- of each record in it, divided by 128
  content BLOB NOT NULL
) STRICT;
