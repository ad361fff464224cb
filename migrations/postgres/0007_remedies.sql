-- Staff's decisions to pay a bill back or to end a subscription at once: written down before Polar is asked.
CREATE TABLE remedies (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  object_id TEXT COLLATE "C" NOT NULL,
  remedy TEXT COLLATE "C" NOT NULL,
  staff_id TEXT COLLATE "C" NOT NULL,
  ip TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'done', 'refused')),
  outcome TEXT COLLATE "C",
  created_at BIGINT NOT NULL,
  ended_at BIGINT
);
-- Of one bill or subscription one decision is carried out at a time: two at once would each pay back.
CREATE UNIQUE INDEX remedies_one ON remedies (object_id) WHERE state = 'open';
CREATE INDEX remedies_object ON remedies (object_id, created_at);

-- A refund can be pending for days. Meanwhile the subscription can be changed and, above all, ended.
DROP INDEX orders_one_open_change;
CREATE UNIQUE INDEX orders_one_open_change ON orders (subscription_id)
  WHERE kind NOT IN ('buy', 'refund') AND state IN ('committing', 'unsettled');
CREATE UNIQUE INDEX orders_one_open_refund ON orders (subscription_id)
  WHERE kind = 'refund' AND state IN ('committing', 'unsettled');
