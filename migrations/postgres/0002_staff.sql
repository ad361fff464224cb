-- People who run the shop: what they may do, what they gave, what they did, and what waits for their decision.

UPDATE users SET role = 'member' WHERE role = 'user';

-- When everything of a user's was last looked up at Polar.
ALTER TABLE users ADD COLUMN synced_at BIGINT;

CREATE TABLE staff_grants (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  plan TEXT COLLATE "C",
  feature TEXT COLLATE "C",
  value TEXT COLLATE "C",
  reason TEXT COLLATE "C" NOT NULL,
  staff_id TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  withdrawn_at BIGINT,
  withdrawn_by TEXT COLLATE "C",
  CHECK ((plan IS NULL) <> (feature IS NULL)),
  CHECK ((feature IS NULL) = (value IS NULL))
);
CREATE INDEX staff_grants_user ON staff_grants (user_id);

-- What was bought and belongs to nobody, and shall stay so.
CREATE TABLE dismissals (
  kind TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  staff_id TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (kind, id)
);

CREATE TABLE audit_log (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at BIGINT NOT NULL,
  actor_id TEXT COLLATE "C",
  action TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C",
  target TEXT COLLATE "C",
  details TEXT COLLATE "C",
  ip TEXT COLLATE "C"
);
CREATE INDEX audit_log_user ON audit_log (user_id, seq) WHERE user_id IS NOT NULL;

CREATE TABLE cases (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('owner_conflict', 'duplicate_subscription', 'retagged_product', 'endpoint')),
  key TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C" REFERENCES users (id),
  details TEXT COLLATE "C" NOT NULL,
  opened_at BIGINT NOT NULL,
  closed_at BIGINT,
  closed_by TEXT COLLATE "C",
  outcome TEXT COLLATE "C"
);
CREATE UNIQUE INDEX cases_once ON cases (kind, key) WHERE closed_at IS NULL;
CREATE INDEX cases_user ON cases (user_id) WHERE user_id IS NOT NULL AND closed_at IS NULL;

CREATE TABLE sync_runs (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('changed', 'ending', 'sample', 'all', 'user', 'webhooks')),
  dry_run BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  finished_at BIGINT,
  lease_until BIGINT NOT NULL DEFAULT 0,
  checked BIGINT NOT NULL DEFAULT 0,
  equal BIGINT NOT NULL DEFAULT 0,
  repaired BIGINT NOT NULL DEFAULT 0,
  unexplained BIGINT NOT NULL DEFAULT 0,
  report TEXT COLLATE "C",
  error TEXT COLLATE "C"
);
CREATE INDEX sync_runs_started ON sync_runs (kind, started_at);
-- One sweep, and one look at webhooks, at a time over all nodes.
CREATE UNIQUE INDEX sync_runs_one ON sync_runs ((kind = 'webhooks'))
  WHERE finished_at IS NULL AND dry_run = 0 AND kind <> 'user';

-- Requests that may still be sent to Polar now, shared by all nodes; in sixty-thousandths of a request.
CREATE TABLE polar_budget (
  id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  tokens BIGINT NOT NULL,
  filled_at BIGINT NOT NULL,
  blocked_until BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX polar_objects_order ON polar_objects (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX polar_objects_subscription ON polar_objects (subscription_id) WHERE subscription_id IS NOT NULL;
CREATE INDEX inbox_object ON inbox (object_id, seq) WHERE object_id IS NOT NULL;
CREATE INDEX ledger_user ON ledger (user_id, seq);
CREATE INDEX inbox_thick ON inbox (received_at) WHERE state = 'done' AND projection IS NULL;
