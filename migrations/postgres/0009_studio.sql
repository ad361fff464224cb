-- The studio: what people made QR codes of.
CREATE TABLE studio_codes (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  text TEXT COLLATE "C" NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX studio_codes_user ON studio_codes (user_id, created_at);
