-- What is used of what is metered: each use once, by its own key.
CREATE TABLE usage_events (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  meter TEXT COLLATE "C" NOT NULL,
  amount BIGINT NOT NULL CHECK (amount > 0),
  properties TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  -- 'recorded' waits to be sent, 'sent' was taken by Polar, 'counted' was found in Polar's count, 'kept' is counted here
  -- alone, 'aside' was refused by Polar.
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('recorded', 'sent', 'counted', 'kept', 'aside')),
  counted_at BIGINT NOT NULL,
  sent_at BIGINT,
  attempts BIGINT NOT NULL DEFAULT 0,
  run_at BIGINT NOT NULL,
  lease_token TEXT COLLATE "C",
  lease_until BIGINT NOT NULL DEFAULT 0,
  error TEXT COLLATE "C",
  UNIQUE (user_id, key)
);
CREATE INDEX usage_events_due ON usage_events (run_at) WHERE state = 'recorded';
CREATE INDEX usage_events_lease ON usage_events (lease_token) WHERE lease_token IS NOT NULL;
CREATE INDEX usage_events_sent ON usage_events (meter, sent_at) WHERE state = 'sent';
CREATE INDEX usage_events_aside ON usage_events (id) WHERE state = 'aside';
CREATE INDEX usage_events_counted ON usage_events (user_id, meter, counted_at, amount, state);

-- What is set aside for work whose cost is known only afterwards.
CREATE TABLE usage_holds (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  meter TEXT COLLATE "C" NOT NULL,
  amount BIGINT NOT NULL CHECK (amount > 0),
  properties TEXT COLLATE "C" NOT NULL,
  key TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'settled', 'released')),
  -- Whether what is used goes to Polar, or is counted here alone.
  kept BIGINT NOT NULL CHECK (kept IN (0, 1)),
  expires_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  UNIQUE (user_id, key)
);
CREATE INDEX usage_holds_open ON usage_holds (user_id, meter) WHERE state = 'open';

-- How much may be used in which period of what was bought.
CREATE TABLE usage_windows (
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  meter TEXT COLLATE "C" NOT NULL,
  source_id TEXT COLLATE "C" NOT NULL,
  starts_at BIGINT NOT NULL,
  ends_at BIGINT NOT NULL,
  most BIGINT NOT NULL,
  -- Whether its bill is paid, on its way, or failed. Once paid it stays so.
  bill TEXT COLLATE "C" NOT NULL CHECK (bill IN ('paid', 'awaited', 'unpaid')),
  PRIMARY KEY (user_id, meter, source_id, starts_at)
);

-- What Polar counted is compared with what we sent, by runs of their own sort.
ALTER TABLE sync_runs DROP CONSTRAINT sync_runs_kind_check;
ALTER TABLE sync_runs ADD CONSTRAINT sync_runs_kind_check
  CHECK (kind IN ('changed', 'ending', 'sample', 'all', 'user', 'usage', 'webhooks'));
DROP INDEX sync_runs_one;
CREATE UNIQUE INDEX sync_runs_one ON sync_runs ((CASE WHEN kind IN ('webhooks', 'usage') THEN kind ELSE 'sweep' END))
  WHERE finished_at IS NULL AND dry_run = 0 AND kind <> 'user';
