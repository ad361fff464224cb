-- Times are epoch milliseconds UTC, names ending in _us microseconds; money is minor units beside its currency.

CREATE TABLE installation (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  api_base TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  organization_slug TEXT NOT NULL,
  organization_name TEXT NOT NULL,
  plans_hash TEXT,
  catalog_at INTEGER,
  bound_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
  id TEXT NOT NULL PRIMARY KEY,
  email TEXT UNIQUE,
  email_verified_at INTEGER,
  password_hash TEXT,
  role TEXT NOT NULL DEFAULT 'user',
  access_rev INTEGER NOT NULL DEFAULT 0,
  refold_at INTEGER,
  created_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE INDEX users_refold ON users (refold_at) WHERE refold_at IS NOT NULL;

CREATE TABLE sessions (
  id_hash BLOB NOT NULL PRIMARY KEY,
  user_id TEXT,
  data TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_user ON sessions (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE inbox (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL CHECK (source IN ('webhook', 'read')),
  webhook_id TEXT UNIQUE,
  received_at INTEGER NOT NULL,
  kind TEXT,
  object_id TEXT,
  observed_us INTEGER,
  body BLOB NOT NULL,
  projection TEXT,
  state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'dead')),
  verdict TEXT CHECK (verdict IN ('applied', 'older', 'same', 'foreign', 'ignored')),
  effect TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  run_at INTEGER NOT NULL,
  lease_token TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  error TEXT
) STRICT;
CREATE INDEX inbox_due ON inbox (run_at) WHERE state = 'new';
CREATE INDEX inbox_dead ON inbox (object_id) WHERE state = 'dead';

CREATE TABLE polar_customers (
  id TEXT NOT NULL PRIMARY KEY,
  external_id TEXT,
  version_us INTEGER NOT NULL,
  observed_us INTEGER NOT NULL,
  projection TEXT NOT NULL,
  deleted_at INTEGER,
  inbox_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX polar_customers_external ON polar_customers (external_id) WHERE external_id IS NOT NULL;

CREATE TABLE polar_objects (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  customer_id TEXT,
  subscription_id TEXT,
  order_id TEXT,
  checkout_id TEXT,
  product_id TEXT,
  metadata_user_id TEXT,
  metadata_order_id TEXT,
  status TEXT,
  amount INTEGER,
  currency TEXT,
  version_us INTEGER NOT NULL,
  observed_us INTEGER NOT NULL,
  projection TEXT NOT NULL,
  inbox_seq INTEGER NOT NULL,
  owner_id TEXT,
  owner_rule TEXT,
  PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX polar_objects_customer ON polar_objects (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX polar_objects_owner ON polar_objects (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX polar_objects_checkout ON polar_objects (checkout_id) WHERE checkout_id IS NOT NULL;
CREATE INDEX polar_objects_product ON polar_objects (product_id) WHERE product_id IS NOT NULL;

CREATE TABLE product_plans (
  product_id TEXT NOT NULL PRIMARY KEY,
  plan TEXT NOT NULL,
  since INTEGER NOT NULL
) STRICT;

CREATE TABLE attributions (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES users (id),
  staff_id TEXT NOT NULL,
  reason TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;

CREATE TABLE orders (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  kind TEXT NOT NULL CHECK (kind IN ('buy', 'change', 'cancel', 'resume', 'pause', 'refund')),
  recurring INTEGER NOT NULL,
  plan TEXT NOT NULL,
  product_id TEXT NOT NULL,
  subscription_id TEXT,
  quote TEXT NOT NULL,
  quote_hash TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('committing', 'checkout_open', 'paid', 'done', 'refused', 'expired', 'superseded', 'unsettled')),
  outcome TEXT,
  lease_token TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER,
  checkout_id TEXT UNIQUE,
  checkout_url TEXT,
  checkout_status TEXT,
  expires_at INTEGER,
  checked_at INTEGER,
  looked_at INTEGER,
  paid_at INTEGER,
  received_at INTEGER,
  done_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_user ON orders (user_id, created_at);
CREATE UNIQUE INDEX orders_one_open_recurring ON orders (user_id)
  WHERE kind = 'buy' AND recurring = 1 AND state IN ('committing', 'checkout_open');
CREATE UNIQUE INDEX orders_one_open_product ON orders (user_id, product_id)
  WHERE kind = 'buy' AND recurring = 0 AND state IN ('committing', 'checkout_open');
CREATE UNIQUE INDEX orders_one_open_change ON orders (subscription_id)
  WHERE kind <> 'buy' AND state IN ('committing', 'unsettled');

CREATE TABLE entitlements (
  user_id TEXT NOT NULL REFERENCES users (id),
  feature TEXT NOT NULL,
  value TEXT NOT NULL,
  source_kind TEXT NOT NULL,
  source_id TEXT NOT NULL,
  until INTEGER,
  PRIMARY KEY (user_id, feature)
) STRICT;

CREATE TABLE ledger (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  user_id TEXT NOT NULL REFERENCES users (id),
  rev INTEGER NOT NULL,
  feature TEXT NOT NULL,
  before TEXT,
  after TEXT,
  cause_kind TEXT NOT NULL,
  cause_id TEXT NOT NULL,
  rule TEXT NOT NULL,
  effective_at INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  UNIQUE (user_id, rev, feature)
) STRICT;

CREATE TABLE jobs (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'dead')),
  run_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  lease_token TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  error TEXT
) STRICT;
CREATE UNIQUE INDEX jobs_once ON jobs (kind, key) WHERE state = 'queued';
CREATE INDEX jobs_due ON jobs (run_at) WHERE state <> 'dead';
