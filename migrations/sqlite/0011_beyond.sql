-- What more costs than a period includes, where more is sold: the price of a unit in minor units, its currency, and the
-- most that Polar charges on a bill.
ALTER TABLE usage_windows ADD COLUMN unit_amount TEXT;
ALTER TABLE usage_windows ADD COLUMN currency TEXT;
ALTER TABLE usage_windows ADD COLUMN cap_amount INTEGER;

-- How much somebody lets a meter cost beyond what is included, in each period; minor units. Without a row: nothing.
CREATE TABLE usage_limits (
  user_id TEXT NOT NULL REFERENCES users (id),
  meter TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount >= 0),
  currency TEXT NOT NULL,
  PRIMARY KEY (user_id, meter)
) STRICT;
