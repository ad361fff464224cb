-- What more costs than a period includes, where more is sold: the price of a unit in minor units, its currency, and the
-- most that Polar charges on a bill.
ALTER TABLE usage_windows ADD COLUMN unit_amount TEXT COLLATE "C";
ALTER TABLE usage_windows ADD COLUMN currency TEXT COLLATE "C";
ALTER TABLE usage_windows ADD COLUMN cap_amount BIGINT;

-- How much somebody lets a meter cost beyond what is included, in each period; minor units. Without a row: nothing.
CREATE TABLE usage_limits (
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  meter TEXT COLLATE "C" NOT NULL,
  amount BIGINT NOT NULL CHECK (amount >= 0),
  currency TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (user_id, meter)
);
