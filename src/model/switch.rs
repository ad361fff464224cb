//! Another plan for a subscription: when it takes effect, and what it costs today and at the next bill.

use super::{
    catalog::{Interval, Offer},
    instant::{Micros, Millis, parse_us},
    money::Money,
    plan::{Plan, Plans, Value},
    proration::{Discount, Period, Side, difference},
};
use serde::{Deserialize, Serialize};

/// When another plan takes effect, and when its difference is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// At once, and the difference is billed at once.
    Now,
    /// At once, and the difference is on the next bill.
    NextBill,
    /// When the paid time is over.
    PeriodEnd,
}

impl Timing {
    /// Polar's word for it (C§2.8).
    #[must_use]
    pub fn behavior(self) -> &'static str {
        match self {
            Self::Now => "invoice",
            Self::NextBill => "prorate",
            Self::PeriodEnd => "next_period",
        }
    }
}

/// When upgrades and downgrades take effect, as `plans.toml` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timings {
    /// To a higher plan, or to a longer interval of the same.
    pub upgrade: Timing,
    /// To a lower plan, or to a shorter interval of the same.
    pub downgrade: Timing,
}

impl Default for Timings {
    fn default() -> Self {
        Self { upgrade: Timing::Now, downgrade: Timing::PeriodEnd }
    }
}

impl Timings {
    /// For a change from one plan and interval to another; a plan that is not in the file stands below all others.
    #[must_use]
    pub fn of(self, plans: &Plans, from: (&str, &Interval), to: (&str, &Interval)) -> Timing {
        let height = |(plan, interval): (&str, &Interval)| (plans.get(plan).map(|plan| plan.rank), length(interval));
        if height(to) < height(from) { self.downgrade } else { self.upgrade }
    }
}

/// In days, near enough to tell a longer interval from a shorter one.
fn length(interval: &Interval) -> i64 {
    match interval {
        Interval::Once => 0,
        Interval::Every { unit, count } => {
            let days = match unit.as_str() {
                "day" => 1,
                "week" => 7,
                "month" => 30,
                _ => 365,
            };
            days * count
        }
    }
}

/// A subscription as Polar has it now, as far as money goes.
#[derive(Clone, Debug, Deserialize)]
pub struct Present {
    status: String,
    currency: String,
    recurring_interval: Option<String>,
    recurring_interval_count: Option<i64>,
    current_period_start: Option<String>,
    current_period_end: Option<String>,
    trial_start: Option<String>,
    #[serde(default)]
    prices: Vec<PresentPrice>,
    discount: Option<Discount>,
}

#[derive(Clone, Debug, Deserialize)]
struct PresentPrice {
    amount_type: String,
    price_amount: Option<i64>,
}

/// What is charged today, tax apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Today {
    /// Nothing at all.
    Nothing,
    /// So many minor units, exactly.
    Exactly(i64),
    /// So many minor units, to the second of the quote: each second later is a little less, or more.
    About(i64),
    /// Nothing, and so many minor units stay as credit for the next bills.
    Credit(i64),
    /// Only Polar can tell: the subscription has prices that are not plain.
    Unknown,
}

/// What it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// Today.
    pub today: Today,
    /// The next bill, tax apart, in minor units; `None` where only Polar can tell.
    pub next: Option<i64>,
    /// When it comes, billing time.
    pub next_at: Option<Millis>,
}

/// Another plan, as it was quoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// What the subscription becomes.
    pub to: Offer,
    /// When.
    pub timing: Timing,
    /// What it costs.
    pub figures: Figures,
    /// The plan's slug of a scheduled change whose place this takes.
    pub replaces: Option<String>,
    /// When this was quoted, billing time.
    pub quoted_at: Millis,
}

impl Switch {
    /// An amount in the currency of the quote.
    #[must_use]
    pub fn money(&self, amount: i64) -> Money {
        Money::new(amount, &self.to.price.currency)
    }
}

impl Figures {
    /// For a change to `to`, made at `now`.
    #[must_use]
    pub fn of(present: &Present, to: &Offer, timing: Timing, now: Micros) -> Self {
        present.figures(to, timing, now).unwrap_or(Self { today: Today::Unknown, next: None, next_at: None })
    }
}

impl Present {
    fn figures(&self, to: &Offer, timing: Timing, now: Micros) -> Option<Figures> {
        let period = Period::read(self.current_period_start.as_deref(), self.current_period_end.as_deref())?;
        let whole = |discount| Side { price: to.price.amount, currency: &self.currency, discount, period }.whole();
        // One that is not for ever may be over by then: the bill is never more than this.
        let later = whole(self.discount.as_ref().filter(|discount| discount.duration == "forever"))?;
        let figures = |today, next, at: Micros| Some(Figures { today, next: Some(next), next_at: Some(at / 1000) });
        if timing == Timing::PeriodEnd {
            return figures(Today::Nothing, later, period.end);
        }
        if self.status == "trialing" {
            return match self.trial_with(to).filter(|end| *end > now) {
                Some(end) => figures(Today::Nothing, later, end),
                None => {
                    figures(Today::Exactly(whole(self.discount.as_ref())?), later, beginning(&to.interval, now)?.end)
                }
            };
        }
        let restarts = Interval::Every {
            unit: self.recurring_interval.clone()?,
            count: self.recurring_interval_count.unwrap_or(1),
        } != to.interval;
        let new_period = if restarts { beginning(&to.interval, now)? } else { period };
        let side = |price, period| Side { price, currency: &self.currency, discount: self.discount.as_ref(), period };
        let owed = difference(&side(self.price()?, period), &side(to.price.amount, new_period), now)?;
        if timing == Timing::NextBill && !restarts {
            return figures(Today::Nothing, later + owed, period.end);
        }
        let today = if owed < 0 { Today::Credit(-owed) } else { Today::About(owed) };
        figures(today, later, new_period.end)
    }

    /// When a trial ends that goes on with another plan: it is as long as that plan's.
    fn trial_with(&self, to: &Offer) -> Option<Micros> {
        let trial = to.trial.as_ref()?;
        Some(Period::beginning(parse_us(self.trial_start.as_deref()?)?, &trial.unit, trial.count)?.end)
    }

    /// What a period costs before its discount; of several fixed prices Polar shares a discount out by their size.
    fn price(&self) -> Option<i64> {
        let fixed: Vec<i64> = (self.prices.iter())
            .filter(|price| price.amount_type == "fixed")
            .filter_map(|one| one.price_amount)
            .collect();
        match fixed.as_slice() {
            [] => Some(0),
            [one] => Some(*one),
            several => self.discount.is_none().then(|| several.iter().sum()),
        }
    }
}

fn beginning(interval: &Interval, start: Micros) -> Option<Period> {
    match interval {
        Interval::Once => None,
        Interval::Every { unit, count } => Period::beginning(start, unit, *count),
    }
}

/// Features and what they are worth.
pub type Worth = Vec<(String, Value)>;

/// What somebody gains and loses with another plan, by feature, from nothing where the plan before is unknown.
#[must_use]
pub fn gains_and_losses(from: Option<&Plan>, to: &Plan) -> (Worth, Worth) {
    let had = |feature: &str| from.and_then(|plan| plan.features.get(feature)).copied();
    let has = |feature: &str| to.features.get(feature).copied();
    let old = from.into_iter().flat_map(|plan| &plan.features);
    let more = to.features.iter().filter(|(name, value)| had(name).is_none_or(|before| before < **value));
    let less = old.filter(|(name, value)| has(name).is_none_or(|after| after < **value));
    let shown = |(name, value): (&String, &Value)| (name.clone(), *value);
    (more.map(shown).collect(), less.map(|(name, before)| (name.clone(), has(name).unwrap_or(lost(*before)))).collect())
}

fn lost(before: Value) -> Value {
    match before {
        Value::Switch(_) => Value::Switch(false),
        Value::Limit(_) => Value::Limit(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::catalog::Trial;
    use serde_json::{Value as Json, json};

    const START: &str = "2027-04-01T00:00:00Z";

    fn every(unit: &str) -> Interval {
        Interval::Every { unit: unit.into(), count: 1 }
    }

    fn present(more: &Json) -> Present {
        let mut whole = json!({
            "status": "active", "currency": "usd", "recurring_interval": "month", "recurring_interval_count": 1,
            "current_period_start": START, "current_period_end": "2027-05-01T00:00:00Z",
            "prices": [{"amount_type": "fixed", "price_amount": 1000}]
        });
        for (key, value) in more.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    fn offer(unit: &str, amount: i64, trial: Option<i64>) -> Offer {
        Offer {
            plan: "team".into(),
            product_id: "t".into(),
            price_id: "x".into(),
            interval: every(unit),
            price: Money::new(amount, "usd"),
            tax: None,
            trial: trial.map(|count| Trial { unit: "day".into(), count }),
        }
    }

    fn figures(more: &Json, to: &Offer, timing: Timing) -> (Today, Option<i64>, String) {
        let Figures { today, next, next_at } =
            Figures::of(&present(more), to, timing, parse_us(START).unwrap() + 15 * 86_400_000_000);
        (today, next, next_at.map_or_else(String::new, crate::model::instant::spell_date))
    }

    #[test]
    fn each_timing_has_its_figures() {
        let team = offer("month", 2_500, None);
        let plain = json!({});
        assert_eq!(figures(&plain, &team, Timing::Now), (Today::About(750), Some(2_500), "1 May 2027".into()));
        assert_eq!(figures(&plain, &team, Timing::NextBill), (Today::Nothing, Some(3_250), "1 May 2027".into()));
        assert_eq!(figures(&plain, &team, Timing::PeriodEnd), (Today::Nothing, Some(2_500), "1 May 2027".into()));
        let yearly = offer("year", 10_000, None);
        assert_eq!(figures(&plain, &yearly, Timing::Now), (Today::About(9_500), Some(10_000), "16 April 2028".into()));
        let cheap = offer("month", 500, None);
        assert_eq!(figures(&plain, &cheap, Timing::Now), (Today::Credit(250), Some(500), "1 May 2027".into()));
    }

    #[test]
    fn a_trial_lasts_as_long_as_the_new_plans() {
        let trial = json!({"status": "trialing", "trial_start": START});
        let kept = figures(&trial, &offer("month", 2_500, Some(30)), Timing::Now);
        assert_eq!(kept, (Today::Nothing, Some(2_500), "1 May 2027".into()));
        for over in [None, Some(7)] {
            let ended = figures(&trial, &offer("month", 2_500, over), Timing::Now);
            assert_eq!(ended, (Today::Exactly(2_500), Some(2_500), "16 May 2027".into()));
        }
    }

    #[test]
    fn discounts_count_and_what_is_not_plain_is_not_guessed() {
        let team = offer("month", 2_500, None);
        let half = |duration| json!({"discount": {"type": "percentage", "basis_points": 5000, "duration": duration}});
        assert_eq!(figures(&half("forever"), &team, Timing::Now).0, Today::About(375));
        assert_eq!(figures(&half("forever"), &team, Timing::Now).1, Some(1_250));
        assert_eq!(figures(&half("once"), &team, Timing::Now).1, Some(2_500));
        let strange = json!({"discount": {"type": "by_the_moon", "duration": "once"}});
        assert_eq!(figures(&strange, &team, Timing::Now).0, Today::Unknown);
    }

    #[test]
    fn higher_plans_and_longer_intervals_are_upgrades() {
        let plans = Plans::parse(include_str!("../../plans.toml")).unwrap();
        let timing = |from: (&str, &str), to: (&str, &str)| {
            Timings::default().of(&plans, (from.0, &every(from.1)), (to.0, &every(to.1)))
        };
        assert_eq!(timing(("pro", "month"), ("team", "month")), Timing::Now);
        assert_eq!(timing(("pro", "month"), ("pro", "year")), Timing::Now);
        assert_eq!(timing(("pro", "year"), ("team", "month")), Timing::Now);
        assert_eq!(timing(("team", "month"), ("pro", "year")), Timing::PeriodEnd);
        assert_eq!(timing(("pro", "year"), ("pro", "month")), Timing::PeriodEnd);
    }

    #[test]
    fn what_is_gained_and_lost_is_named() {
        let plans = Plans::parse(include_str!("../../plans.toml")).unwrap();
        let (pro, team) = (plans.get("pro").unwrap(), plans.get("team").unwrap());
        let (gained, lost) = gains_and_losses(Some(pro), team);
        assert_eq!(gained, [("projects".into(), Value::Limit(500)), ("sharing".into(), Value::Switch(true))]);
        assert!(lost.is_empty());
        let (gained, lost) = gains_and_losses(Some(team), pro);
        assert_eq!(lost, [("projects".into(), Value::Limit(50)), ("sharing".into(), Value::Switch(false))]);
        assert!(gained.is_empty());
    }
}
