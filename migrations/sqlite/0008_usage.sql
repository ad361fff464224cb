-- What is used of what is metered: each use once, by its own key.
CREATE TABLE usage_events (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  meter TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  properties TEXT NOT NULL,
  key TEXT NOT NULL,
  -- 'recorded' waits to be sent, 'sent' was taken by Polar, 'counted' was found in Polar's count, 'kept' is counted here
  -- alone, 'aside' was refused by Polar.
  state TEXT NOT NULL CHECK (state IN ('recorded', 'sent', 'counted', 'kept', 'aside')),
  counted_at INTEGER NOT NULL,
  sent_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  run_at INTEGER NOT NULL,
  lease_token TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  UNIQUE (user_id, key)
) STRICT;
CREATE INDEX usage_events_due ON usage_events (run_at) WHERE state = 'recorded';
CREATE INDEX usage_events_lease ON usage_events (lease_token) WHERE lease_token IS NOT NULL;
CREATE INDEX usage_events_sent ON usage_events (meter, sent_at) WHERE state = 'sent';
CREATE INDEX usage_events_aside ON usage_events (id) WHERE state = 'aside';
CREATE INDEX usage_events_counted ON usage_events (user_id, meter, counted_at, amount, state);

-- What is set aside for work whose cost is known only afterwards.
CREATE TABLE usage_holds (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  meter TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  properties TEXT NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'released')),
  -- Whether what is used goes to Polar, or is counted here alone.
  kept INTEGER NOT NULL CHECK (kept IN (0, 1)),
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (user_id, key)
) STRICT;
CREATE INDEX usage_holds_open ON usage_holds (user_id, meter) WHERE state = 'open';

-- How much may be used in which period of what was bought.
CREATE TABLE usage_windows (
  user_id TEXT NOT NULL REFERENCES users (id),
  meter TEXT NOT NULL,
  source_id TEXT NOT NULL,
  starts_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  most INTEGER NOT NULL,
  -- Whether its bill is paid, on its way, or failed. Once paid it stays so.
  bill TEXT NOT NULL CHECK (bill IN ('paid', 'awaited', 'unpaid')),
  PRIMARY KEY (user_id, meter, source_id, starts_at)
) STRICT;

-- What Polar counted is compared with what we sent, by runs of their own sort.
ALTER TABLE sync_runs RENAME TO former_sync_runs;
CREATE TABLE sync_runs (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('changed', 'ending', 'sample', 'all', 'user', 'usage', 'webhooks')),
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
INSERT INTO sync_runs (id, kind, dry_run, started_at, finished_at, lease_until, checked, equal, repaired, unexplained, report, error)
  SELECT id, kind, dry_run, started_at, finished_at, lease_until, checked, equal, repaired, unexplained, report, error FROM former_sync_runs;
DROP TABLE former_sync_runs;
CREATE INDEX sync_runs_started ON sync_runs (kind, started_at);
CREATE UNIQUE INDEX sync_runs_one ON sync_runs ((CASE WHEN kind IN ('webhooks', 'usage') THEN kind ELSE 'sweep' END))
  WHERE finished_at IS NULL AND dry_run = 0 AND kind <> 'user';
