-- People who leave, from the moment in which they ask until nothing is charged any more, and copies of what is held about
-- somebody.

-- One row for each who ever left. The address stays only until the receipt is queued.
CREATE TABLE leavings (
  user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
  state TEXT NOT NULL CHECK (state IN ('leaving', 'gone')),
  email TEXT,
  asked_at INTEGER NOT NULL,
  billing_at INTEGER NOT NULL,
  bills TEXT NOT NULL,
  ended TEXT NOT NULL,
  waits_for TEXT,
  tidied_seq INTEGER NOT NULL DEFAULT 0,
  gone_at INTEGER
) STRICT;
CREATE INDEX leavings_email ON leavings (email) WHERE email IS NOT NULL;
CREATE INDEX leavings_open ON leavings (asked_at) WHERE state = 'leaving';

-- The copy of everything that is held about somebody, until it is fetched. Only SHA-256 of its key is kept.
CREATE TABLE exports (
  user_id TEXT NOT NULL PRIMARY KEY REFERENCES users (id),
  state TEXT NOT NULL CHECK (state IN ('asked', 'ready', 'used', 'expired')),
  asked_at INTEGER NOT NULL,
  expires_at INTEGER,
  key_hash BLOB,
  contents BLOB
) STRICT;

-- A kind of case more. The rows that refer to cases find them again before this is committed.
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE cases_kept AS
  SELECT id, kind, key, user_id, details, opened_at, closed_at, closed_by, outcome FROM cases;
DROP TABLE cases;
CREATE TABLE cases (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN
    ('owner_conflict', 'duplicate_subscription', 'retagged_product', 'endpoint', 'leaving')),
  key TEXT NOT NULL,
  user_id TEXT REFERENCES users (id),
  details TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  closed_at INTEGER,
  closed_by TEXT,
  outcome TEXT
) STRICT;
CREATE UNIQUE INDEX cases_once ON cases (kind, key) WHERE closed_at IS NULL;
CREATE INDEX cases_user ON cases (user_id) WHERE user_id IS NOT NULL AND closed_at IS NULL;
INSERT INTO cases (id, kind, key, user_id, details, opened_at, closed_at, closed_by, outcome)
  SELECT id, kind, key, user_id, details, opened_at, closed_at, closed_by, outcome FROM cases_kept;
DROP TABLE cases_kept;
