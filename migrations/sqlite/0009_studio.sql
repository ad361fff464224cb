-- The studio: what people made QR codes of.
CREATE TABLE studio_codes (
  id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users (id),
  text TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX studio_codes_user ON studio_codes (user_id, created_at);
