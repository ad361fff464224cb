-- Times are epoch milliseconds UTC, names ending in _us microseconds; money is minor units beside its currency.

CREATE TABLE installation (
  id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
  api_base TEXT COLLATE "C" NOT NULL,
  organization_id TEXT COLLATE "C" NOT NULL,
  organization_slug TEXT COLLATE "C" NOT NULL,
  organization_name TEXT COLLATE "C" NOT NULL,
  plans_hash TEXT COLLATE "C",
  catalog_at BIGINT,
  bound_at BIGINT NOT NULL
);

CREATE TABLE users (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  email TEXT COLLATE "C" UNIQUE,
  email_verified_at BIGINT,
  password_hash TEXT COLLATE "C",
  role TEXT COLLATE "C" NOT NULL DEFAULT 'user',
  access_rev BIGINT NOT NULL DEFAULT 0,
  refold_at BIGINT,
  created_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE INDEX users_refold ON users (refold_at) WHERE refold_at IS NOT NULL;

CREATE TABLE sessions (
  id_hash BYTEA NOT NULL PRIMARY KEY,
  user_id TEXT COLLATE "C",
  data TEXT COLLATE "C" NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE INDEX sessions_user ON sessions (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE inbox (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source TEXT COLLATE "C" NOT NULL CHECK (source IN ('webhook', 'read')),
  webhook_id TEXT COLLATE "C" UNIQUE,
  received_at BIGINT NOT NULL,
  kind TEXT COLLATE "C",
  object_id TEXT COLLATE "C",
  observed_us BIGINT,
  body BYTEA NOT NULL,
  projection TEXT COLLATE "C",
  state TEXT COLLATE "C" NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'dead')),
  verdict TEXT COLLATE "C" CHECK (verdict IN ('applied', 'older', 'same', 'foreign', 'ignored')),
  effect TEXT COLLATE "C",
  attempts BIGINT NOT NULL DEFAULT 0,
  run_at BIGINT NOT NULL,
  lease_token TEXT COLLATE "C",
  lease_until BIGINT NOT NULL DEFAULT 0,
  error TEXT COLLATE "C"
);
CREATE INDEX inbox_due ON inbox (run_at) WHERE state = 'new';
CREATE INDEX inbox_dead ON inbox (object_id) WHERE state = 'dead';

CREATE TABLE polar_customers (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  external_id TEXT COLLATE "C",
  version_us BIGINT NOT NULL,
  observed_us BIGINT NOT NULL,
  projection TEXT COLLATE "C" NOT NULL,
  deleted_at BIGINT,
  inbox_seq BIGINT NOT NULL
);
CREATE INDEX polar_customers_external ON polar_customers (external_id) WHERE external_id IS NOT NULL;

CREATE TABLE polar_objects (
  kind TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  customer_id TEXT COLLATE "C",
  subscription_id TEXT COLLATE "C",
  order_id TEXT COLLATE "C",
  checkout_id TEXT COLLATE "C",
  product_id TEXT COLLATE "C",
  metadata_user_id TEXT COLLATE "C",
  metadata_order_id TEXT COLLATE "C",
  status TEXT COLLATE "C",
  amount BIGINT,
  currency TEXT COLLATE "C",
  version_us BIGINT NOT NULL,
  observed_us BIGINT NOT NULL,
  projection TEXT COLLATE "C" NOT NULL,
  inbox_seq BIGINT NOT NULL,
  owner_id TEXT COLLATE "C",
  owner_rule TEXT COLLATE "C",
  PRIMARY KEY (kind, id)
);
CREATE INDEX polar_objects_customer ON polar_objects (customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX polar_objects_owner ON polar_objects (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX polar_objects_checkout ON polar_objects (checkout_id) WHERE checkout_id IS NOT NULL;
CREATE INDEX polar_objects_product ON polar_objects (product_id) WHERE product_id IS NOT NULL;

CREATE TABLE product_plans (
  product_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  plan TEXT COLLATE "C" NOT NULL,
  since BIGINT NOT NULL
);

CREATE TABLE attributions (
  kind TEXT COLLATE "C" NOT NULL,
  id TEXT COLLATE "C" NOT NULL,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  staff_id TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (kind, id)
);

CREATE TABLE orders (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('buy', 'change', 'cancel', 'resume', 'pause', 'refund')),
  recurring BIGINT NOT NULL,
  plan TEXT COLLATE "C" NOT NULL,
  product_id TEXT COLLATE "C" NOT NULL,
  subscription_id TEXT COLLATE "C",
  quote TEXT COLLATE "C" NOT NULL,
  quote_hash TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN
    ('committing', 'checkout_open', 'paid', 'done', 'refused', 'expired', 'superseded', 'unsettled')),
  outcome TEXT COLLATE "C",
  lease_token TEXT COLLATE "C",
  lease_until BIGINT NOT NULL DEFAULT 0,
  attempts BIGINT NOT NULL DEFAULT 0,
  sent_at BIGINT,
  checkout_id TEXT COLLATE "C" UNIQUE,
  checkout_url TEXT COLLATE "C",
  checkout_status TEXT COLLATE "C",
  expires_at BIGINT,
  checked_at BIGINT,
  looked_at BIGINT,
  paid_at BIGINT,
  received_at BIGINT,
  done_at BIGINT,
  created_at BIGINT NOT NULL
);
CREATE INDEX orders_user ON orders (user_id, created_at);
CREATE UNIQUE INDEX orders_one_open_recurring ON orders (user_id)
  WHERE kind = 'buy' AND recurring = 1 AND state IN ('committing', 'checkout_open');
CREATE UNIQUE INDEX orders_one_open_product ON orders (user_id, product_id)
  WHERE kind = 'buy' AND recurring = 0 AND state IN ('committing', 'checkout_open');
CREATE UNIQUE INDEX orders_one_open_change ON orders (subscription_id)
  WHERE kind <> 'buy' AND state IN ('committing', 'unsettled');

CREATE TABLE entitlements (
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  feature TEXT COLLATE "C" NOT NULL,
  value TEXT COLLATE "C" NOT NULL,
  source_kind TEXT COLLATE "C" NOT NULL,
  source_id TEXT COLLATE "C" NOT NULL,
  until BIGINT,
  PRIMARY KEY (user_id, feature)
);

CREATE TABLE ledger (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  rev BIGINT NOT NULL,
  feature TEXT COLLATE "C" NOT NULL,
  before TEXT COLLATE "C",
  after TEXT COLLATE "C",
  cause_kind TEXT COLLATE "C" NOT NULL,
  cause_id TEXT COLLATE "C" NOT NULL,
  rule TEXT COLLATE "C" NOT NULL,
  effective_at BIGINT NOT NULL,
  recorded_at BIGINT NOT NULL,
  UNIQUE (user_id, rev, feature)
);

CREATE TABLE jobs (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  kind TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'dead')),
  run_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  lease_token TEXT COLLATE "C",
  lease_until BIGINT NOT NULL DEFAULT 0,
  error TEXT COLLATE "C"
);
CREATE UNIQUE INDEX jobs_once ON jobs (kind, key) WHERE state = 'queued';
CREATE INDEX jobs_due ON jobs (run_at) WHERE state <> 'dead';
