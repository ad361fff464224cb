-- Mail that waits, is being sent or was sent; and the keys that links in mails carry.

-- One row a mail. The key to what it lets do is made when it is sent, and never stored here.
CREATE TABLE outgoing_mail (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  dedup_key TEXT COLLATE "C" NOT NULL UNIQUE,
  user_id TEXT COLLATE "C" REFERENCES users (id),
  kind TEXT COLLATE "C" NOT NULL,
  recipient TEXT COLLATE "C" NOT NULL,
  letter TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'dead')),
  created_at BIGINT NOT NULL,
  run_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL DEFAULT 0,
  lease_token TEXT COLLATE "C",
  lease_until BIGINT NOT NULL DEFAULT 0,
  sent_at BIGINT,
  error TEXT COLLATE "C"
);
CREATE INDEX outgoing_mail_due ON outgoing_mail (run_at) WHERE state IN ('queued', 'sending');
CREATE INDEX outgoing_mail_user ON outgoing_mail (user_id) WHERE user_id IS NOT NULL;

-- Only SHA-256 of a key is kept.
CREATE TABLE email_tokens (
  hash BYTEA NOT NULL PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  purpose TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('verify', 'change', 'reset')),
  email TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX email_tokens_user ON email_tokens (user_id);
CREATE INDEX email_tokens_expiry ON email_tokens (expires_at);

-- Browsers in which somebody logged in before. Only SHA-256 of what their cookie holds is kept.
CREATE TABLE devices (
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  id_hash BYTEA NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, id_hash)
);
