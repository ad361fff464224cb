-- Mail that waits, is being sent or was sent; and the keys that links in mails carry.

-- One row a mail. The key to what it lets do is made when it is sent, and never stored here.
CREATE TABLE outgoing_mail (
  id TEXT NOT NULL PRIMARY KEY,
  dedup_key TEXT NOT NULL UNIQUE,
  user_id TEXT REFERENCES users (id),
  kind TEXT NOT NULL,
  recipient TEXT NOT NULL,
  letter TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sending', 'sent', 'dead')),
  created_at INTEGER NOT NULL,
  run_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  lease_token TEXT,
  lease_until INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER,
  error TEXT
) STRICT;
CREATE INDEX outgoing_mail_due ON outgoing_mail (run_at) WHERE state IN ('queued', 'sending');
CREATE INDEX outgoing_mail_user ON outgoing_mail (user_id) WHERE user_id IS NOT NULL;

-- Only SHA-256 of a key is kept.
CREATE TABLE email_tokens (
  hash BLOB NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  purpose TEXT NOT NULL CHECK (purpose IN ('verify', 'change', 'reset')),
  email TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT;
CREATE INDEX email_tokens_user ON email_tokens (user_id);
CREATE INDEX email_tokens_expiry ON email_tokens (expires_at);

-- Browsers in which somebody logged in before. Only SHA-256 of what their cookie holds is kept.
CREATE TABLE devices (
  user_id TEXT NOT NULL REFERENCES users (id),
  id_hash BLOB NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, id_hash)
) STRICT;
