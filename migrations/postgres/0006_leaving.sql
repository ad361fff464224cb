-- People who leave, from the moment in which they ask until nothing is charged any more, and copies of what is held about
-- somebody.

-- One row for each who ever left. The address stays only until the receipt is queued.
CREATE TABLE leavings (
  user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES users (id),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('leaving', 'gone')),
  email TEXT COLLATE "C",
  asked_at BIGINT NOT NULL,
  billing_at BIGINT NOT NULL,
  bills TEXT COLLATE "C" NOT NULL,
  ended TEXT COLLATE "C" NOT NULL,
  waits_for TEXT COLLATE "C",
  tidied_seq BIGINT NOT NULL DEFAULT 0,
  gone_at BIGINT
);
CREATE INDEX leavings_email ON leavings (email) WHERE email IS NOT NULL;
CREATE INDEX leavings_open ON leavings (asked_at) WHERE state = 'leaving';

-- The copy of everything that is held about somebody, until it is fetched. Only SHA-256 of its key is kept.
CREATE TABLE exports (
  user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES users (id),
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('asked', 'ready', 'used', 'expired')),
  asked_at BIGINT NOT NULL,
  expires_at BIGINT,
  key_hash BYTEA,
  contents BYTEA
);

-- A kind of case more.
ALTER TABLE cases DROP CONSTRAINT cases_kind_check;
ALTER TABLE cases ADD CONSTRAINT cases_kind_check CHECK (kind IN
  ('owner_conflict', 'duplicate_subscription', 'retagged_product', 'endpoint', 'leaving'));
