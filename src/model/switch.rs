//! Another plan for a subscription: when it takes effect, and what it costs today and at the next bill.

use super::{
    catalog::{Interval, Offer},
    instant::{Micros, Millis, parse_us},
    meter::Allowance,
    money::Money,
    plan::{Plan, Plans, Value},
    proration::{Discount, Period, Side, difference},
};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

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

/// Of which meters there is more and of which less with another plan, by the meter's name, with what there is then; `None` for
/// nothing. Nobody has less than everybody.
#[must_use]
pub fn more_and_less(plans: &Plans, from: &str, to: &str) -> (Left, Left) {
    let free = |meter: &str| plans.free().and_then(|plan| plans.allowance(&plan.slug, meter));
    let has = |plan: &str, meter: &str| plans.allowance(plan, meter).or_else(|| free(meter));
    let size = |allowance: Option<Allowance>| allowance.map_or(0, Allowance::in_a_month);
    let (mut more, mut less) = (Vec::new(), Vec::new());
    for (key, meter) in plans.meters() {
        let (before, then) = (has(from, key), has(to, key));
        match size(then).cmp(&size(before)) {
            Ordering::Greater => more.push((meter.name.clone(), then)),
            Ordering::Less => less.push((meter.name.clone(), then)),
            Ordering::Equal => {}
        }
    }
    (more, less)
}

/// Meters by their names, with what a plan allows of them.
pub type Left = Vec<(String, Option<Allowance>)>;

fn lost(before: Value) -> Value {
    match before {
        Value::Switch(_) => Value::Switch(false),
        Value::Limit(_) => Value::Limit(0),
    }
}

#[cfg(test)]
mod tests;
