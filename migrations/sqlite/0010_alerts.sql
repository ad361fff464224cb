-- At how many percent of a meter its owner is told by mail, where they chose it: `80,100`, or nothing for none.
CREATE TABLE usage_alerts (
  user_id TEXT NOT NULL REFERENCES users (id),
  meter TEXT NOT NULL,
  percents TEXT NOT NULL,
  PRIMARY KEY (user_id, meter)
) STRICT;
