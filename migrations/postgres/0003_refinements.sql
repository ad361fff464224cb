-- What staff decided about one of two subscriptions of somebody: it is ended and paid back. A job carries it out.
CREATE TABLE endings (
  id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  case_id TEXT COLLATE "C" NOT NULL REFERENCES cases (id),
  user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
  subscription_id TEXT COLLATE "C" NOT NULL,
  other_id TEXT COLLATE "C" NOT NULL,
  quote TEXT COLLATE "C" NOT NULL,
  staff_id TEXT COLLATE "C" NOT NULL,
  ip TEXT COLLATE "C" NOT NULL,
  reason TEXT COLLATE "C" NOT NULL,
  state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'done', 'refused')),
  outcome TEXT COLLATE "C",
  created_at BIGINT NOT NULL,
  ended_at BIGINT
);
-- Of somebody's subscriptions one is ended at a time: two decisions at once would end both.
CREATE UNIQUE INDEX endings_one ON endings (user_id) WHERE state = 'open';
CREATE INDEX endings_case ON endings (case_id, created_at);

-- What made a user due for a fold, if it was not an instant that came.
ALTER TABLE users ADD COLUMN refold_because TEXT COLLATE "C";
