-- People who run the shop: what they may do, what they gave, what they did, and what waits for their decision.

UPDATE users SET role = 'member' WHERE role = 'user';

-- When everything of a user's was last looked up at Polar.
ALTER TABLE users ADD COLUMN synced_at INTEGER;

CREATE TABLE staff_grants (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  plan TEXT,
  feature TEXT,
  value TEXT,
  reason TEXT NOT NULL,
  staff_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  withdrawn_at INTEGER,
  withdrawn_by TEXT,
  CHECK ((plan IS NULL) <> (feature IS NULL)),
  CHECK ((feature IS NULL) = (value IS NULL))
) STRICT;
CREATE INDEX staff_grants_user ON staff_grants (user_id);

-- What was bought and belongs to nobody, and shall stay so.
CREATE TABLE dismissals (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  staff_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE audit_log (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor_id TEXT,
  action TEXT NOT NULL,
  user_id TEXT,
  target TEXT,
  details TEXT,
  ip TEXT
) STRICT;
CREATE INDEX audit_log_user ON audit_log (user_id, seq) WHERE user_id IS NOT NULL;

CREATE TABLE cases (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('owner_conflict', 'duplicate_subscription', 'retagged_product', 'endpoint')),
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

CREATE TABLE sync_runs (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('changed', 'ending', 'sample', 'all', 'user', 'webhooks')),
  dry_run INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER,
  lease_until INTEGER NOT NULL DEFAULT 0,
  checked INTEGER NOT NULL DEFAULT 0,
  equal INTEGER NOT NULL DEFAULT 0,
  repaired INTEGER NOT NULL DEFAULT 0,
  unexplained INTEGER NOT NULL DEFAULT 0,
  report TEXT,
  error TEXT
) STRICT;
CREATE INDEX sync_runs_started ON sync_runs (kind, started_at);
-- One sweep, and one look at webhooks, at a time over all nodes.
CREATE UNIQUE INDEX sync_runs_one ON sync_runs ((kind = 'webhooks'))
  WHERE finished_at IS NULL AND dry_run = 0 AND kind <> 'user';

-- Requests that may still be sent to Polar now, shared by all nodes; in sixty-thousandths of a request.
CREATE TABLE polar_budget (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  tokens INTEGER NOT NULL,
  filled_at INTEGER NOT NULL,
  blocked_until INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX polar_objects_order ON polar_objects (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX polar_objects_subscription ON polar_objects (subscription_id) WHERE subscription_id IS NOT NULL;
CREATE INDEX inbox_object ON inbox (object_id, seq) WHERE object_id IS NOT NULL;
CREATE INDEX ledger_user ON ledger (user_id, seq);
CREATE INDEX inbox_thick ON inbox (received_at) WHERE state = 'done' AND projection IS NULL;
