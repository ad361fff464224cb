//! What goes wrong with Polar: always with its events, and each day in another way with its API.

use crate::random::Random;
use serde_json::{Value, json};

/// How a day is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Some requests fail in some way.
    Fickle,
    /// Most requests are one too many.
    Storm,
    /// Many answers are cut off, though the request was carried out.
    Cuts,
    /// There is no Polar until the evening.
    DownByDay,
    /// There is no Polar, in the evening neither.
    Outage,
}

/// What goes wrong with events all year: 30 % are never sent, each other one comes twice, late and out of order.
pub fn climate(seed: u64) -> Value {
    json!({"drop_percent": 30, "duplicate": 1, "shuffle": true, "hold_ms": 250, "retry_scale": 0.01, "seed": seed})
}

/// Nothing is wrong with the API.
pub fn calm() -> Value {
    json!({"answer": null, "answer_count": null, "delay_ms": 0, "down": false})
}

impl Weather {
    /// That of another day.
    pub fn draw(random: &mut Random) -> Self {
        match random.below(20) {
            0 => Self::Outage,
            1 | 2 => Self::DownByDay,
            3..=5 => Self::Storm,
            6..=8 => Self::Cuts,
            _ => Self::Fickle,
        }
    }

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fickle => "fickle day",
            Self::Storm => "storm",
            Self::Cuts => "cuts",
            Self::DownByDay => "down by day",
            Self::Outage => "outage",
        }
    }

    /// The faults of the API from now on.
    pub fn by_day(self, random: &mut Random) -> Value {
        match self {
            Self::Fickle => failing(&json!("any"), 5 + random.below(15)),
            // Mostly Polar asks for no pause at all, and now and then for a real one.
            Self::Storm if random.once_in(4) => {
                json!({"answer": 429, "answer_count": 4, "answer_percent": 100, "retry_after": 1})
            }
            Self::Storm => failing(&json!(429), 50 + random.below(35)),
            Self::Cuts => failing(&json!("cut"), 20 + random.below(15)),
            Self::DownByDay | Self::Outage => json!({"down": true}),
        }
    }

    /// Whether there is no Polar, all day and night.
    pub fn lasts(self) -> bool {
        self == Self::Outage
    }

    /// Whether nothing can be bought.
    pub fn is_down(self) -> bool {
        matches!(self, Self::DownByDay | Self::Outage)
    }

    /// Faults that differ in the evening.
    pub fn in_the_evening(self) -> Option<Value> {
        (self == Self::DownByDay).then(|| {
            let mut evening = failing(&json!("any"), 10);
            evening["down"] = json!(false);
            evening
        })
    }
}

fn failing(answer: &Value, percent: usize) -> Value {
    json!({"answer": answer, "answer_count": null, "answer_percent": percent, "retry_after": 0, "delay_ms": 2})
}
