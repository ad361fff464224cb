//! The meters of `plans.toml`, how much of each its plans allow, and what more of it costs.

use super::{
    super::{
        meter::{Allowance, Meter},
        rate::Rate,
    },
    Plan, Plans, SeedPrice, Unusable,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The most that a plan can allow: a year of it is still a number of units that Polar takes.
const MOST: i64 = 100_000_000;

/// How much of a meter a plan allows, as written: one of the first two, once it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    a_day: Option<i64>,
    included: Option<i64>,
    /// What one more costs, by currency.
    each: Option<BTreeMap<String, String>>,
    /// What is left goes along to the next period.
    #[serde(default)]
    rollover: bool,
    /// What `each` says, checked.
    #[serde(skip)]
    rates: BTreeMap<String, Rate>,
}

/// Checks the meters, and fills in what each plan allows of them.
pub(super) fn settle(plans: &mut [Plan], meters: &BTreeMap<String, Meter>) -> Result<(), Unusable> {
    for (key, Meter { name, one, many }) in meters {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if !key.chars().all(plain) {
            let why = format!("the meter {key:?} must be lower-case letters, digits, hyphens and underscores");
            return Err(Unusable(why));
        }
        if key.is_empty() || [name, one, many].iter().any(|word| word.trim().is_empty()) {
            return Err(Unusable(format!("the meter {key:?} has an empty name")));
        }
    }
    for plan in plans {
        for (meter, written) in &mut plan.written {
            let refuse = |why: String| Unusable(format!("plan {:?} {why}", plan.slug));
            if !meters.contains_key(meter) {
                return Err(refuse(format!("allows some of the meter {meter:?}, which [meter.{meter}] must describe")));
            }
            let allowance = written.allowance(meter).map_err(refuse)?;
            written.rates = written.rates(meter, &plan.prices).map_err(refuse)?;
            plan.usage.insert(meter.clone(), allowance);
        }
    }
    Ok(())
}

impl Written {
    fn allowance(&self, meter: &str) -> Result<Allowance, String> {
        let (units, allowance) = match (self.a_day, self.included) {
            (Some(units), None) => (units, Allowance::ADay(units)),
            (None, Some(units)) => (units, Allowance::AMonth(units)),
            (None, None) => return Err(format!("must say a_day or included of the meter {meter:?}")),
            (Some(_), Some(_)) => {
                return Err(format!("says both a_day and included of the meter {meter:?}: it can be only one"));
            }
        };
        if self.included.is_none() && (self.each.is_some() || self.rollover) {
            return Err(format!(
                "says each or rollover of the meter {meter:?} without included: they go with it alone"
            ));
        }
        let fits = (1..=MOST).contains(&units);
        fits.then_some(allowance).ok_or(format!("allows {units} of the meter {meter:?}: it must be 1 to {MOST}"))
    }

    /// What one more costs in each currency that the plan's subscriptions are sold in, and in no other.
    fn rates(&self, meter: &str, prices: &[SeedPrice]) -> Result<BTreeMap<String, Rate>, String> {
        let Some(each) = &self.each else { return Ok(BTreeMap::new()) };
        let recurring = prices.iter().filter(|price| price.interval != "once");
        let sold: BTreeSet<String> = recurring.map(|price| price.currency.to_ascii_lowercase()).collect();
        if sold.is_empty() {
            return Err(format!(
                "says each of the meter {meter:?} and has no price that recurs: usage is billed with those"
            ));
        }
        let mut rates = BTreeMap::new();
        for (currency, text) in each {
            let rate =
                Rate::try_from(text.clone()).map_err(|why| format!("says each of the meter {meter:?}: {why}"))?;
            rates.insert(currency.to_ascii_lowercase(), rate);
        }
        let named: BTreeSet<String> = rates.keys().cloned().collect();
        if named != sold {
            let [named, sold] = [named, sold].map(|codes| codes.into_iter().collect::<Vec<_>>().join(", "));
            return Err(format!(
                "says each of the meter {meter:?} in the currencies {named:?}: its prices that recur are in {sold:?}"
            ));
        }
        Ok(rates)
    }
}

impl Plan {
    /// Whether it sells more of anything than it includes.
    #[must_use]
    pub fn sells_more(&self) -> bool {
        self.written.values().any(|written| !written.rates.is_empty())
    }
}

impl Plans {
    /// Every meter and its key, by key.
    pub fn meters(&self) -> impl Iterator<Item = (&str, &Meter)> {
        self.meters.iter().map(|(key, meter)| (key.as_str(), meter))
    }

    /// The meter of this key.
    #[must_use]
    pub fn meter(&self, key: &str) -> Option<&Meter> {
        self.meters.get(key)
    }

    /// Which meter a metered price of a plan's product is for, by the name that Polar gives it: one of which the plan includes
    /// some by the month.
    #[must_use]
    pub fn priced_meter(&self, plan: &str, name: &str) -> Option<&str> {
        let (key, _) = self.meters.iter().find(|(_, meter)| meter.name.trim() == name.trim())?;
        matches!(self.allowance(plan, key)?, Allowance::AMonth(_)).then_some(key.as_str())
    }

    /// How much of a meter a plan allows; `None` for nothing.
    #[must_use]
    pub fn allowance(&self, plan: &str, meter: &str) -> Option<Allowance> {
        self.get(plan)?.usage.get(meter).copied()
    }

    /// What one more of a meter costs a plan's subscribers beyond what is included, by currency (lower-case); `None` where
    /// there is no more than that.
    #[must_use]
    pub fn rates(&self, plan: &str, meter: &str) -> Option<&BTreeMap<String, Rate>> {
        let written = self.get(plan)?.written.get(meter)?;
        Some(&written.rates).filter(|rates| !rates.is_empty())
    }

    /// Whether what is left of a meter at the end of a period goes along to the next.
    #[must_use]
    pub fn rolls_over(&self, plan: &str, meter: &str) -> bool {
        self.get(plan).and_then(|plan| plan.written.get(meter)).is_some_and(|written| written.rollover)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODES: &str = "[meter.codes]\nname='QR codes'\none='QR code'\nmany='QR codes'\n";

    fn read(usage: &str) -> Result<Plans, String> {
        let text = format!("{CODES}[[plan]]\nslug='pro'\nname='Pro'\nrank=1\n[plan.usage.{usage}");
        Plans::parse(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_shipped_file_meters_codes() {
        let plans = Plans::parse(include_str!("../../../plans.toml")).unwrap();
        assert_eq!(
            plans.meters().map(|(key, meter)| (key, meter.one.as_str())).collect::<Vec<_>>(),
            [("codes", "QR code")]
        );
        let allowed = ["free", "pro", "team", "lifetime"].map(|plan| plans.allowance(plan, "codes"));
        let wanted = [Allowance::ADay(3), Allowance::AMonth(300), Allowance::AMonth(2000), Allowance::AMonth(100)];
        assert_eq!(allowed, wanted.map(Some));
        let each = ["free", "pro", "team", "lifetime"]
            .map(|plan| plans.rates(plan, "codes").map(|rates| rates["usd"].cost(1)));
        assert_eq!(each, [None, Some(4), Some(3), None]);
        assert_eq!((plans.allowance("pro", "films"), plans.allowance("gold", "codes")), (None, None));
        assert!(plans.meter("films").is_none());
    }

    #[test]
    fn mistakes_name_plan_and_meter() {
        assert_eq!(read("codes]\na_day=3").unwrap().allowance("pro", "codes"), Some(Allowance::ADay(3)));
        let why = |usage: &str| {
            let why = read(usage).unwrap_err();
            assert!(why.contains("plan \"pro\""), "{why}");
            why
        };
        assert!(why("films]\na_day=3").contains("meter \"films\", which [meter.films] must describe"));
        assert!(why("codes]\na_day=3\nincluded=3").contains("both a_day and included of the meter \"codes\""));
        assert!(why("codes]").contains("must say a_day or included of the meter \"codes\""));
        assert!(why("codes]\nincluded=0").contains("allows 0 of the meter \"codes\""));
        assert!(why("codes]\na_day=-3").contains("allows -3 of the meter \"codes\""));
        assert!(why("codes]\nincluded=100000001").contains("must be 1 to 100000000"));
        assert!(read("codes]\na_week=3").unwrap_err().contains("a_week"));
    }

    #[test]
    fn more_may_cost_something_and_what_is_left_may_go_along() {
        let price = "[[plan.price]]\ninterval='month'\namount=1200\ncurrency=";
        let (usd, eur) = (format!("{price}'USD'\n"), format!("{price}'eur'\n"));
        let once = "[[plan.price]]\ninterval='once'\namount=9\ncurrency='gbp'\n";
        let both =
            format!("codes]\nincluded=300\neach={{ usd = '4.000', EUR = '0.5' }}\nrollover=true\n{usd}{eur}{once}");
        let plans = read(&both).unwrap();
        let rates = plans.rates("pro", "codes").unwrap();
        let told: Vec<_> = rates.iter().map(|(currency, rate)| (currency.as_str(), rate.to_string())).collect();
        assert_eq!(told, [("eur", "0.5".to_owned()), ("usd", "4".to_owned())]);
        assert!(plans.rolls_over("pro", "codes") && !plans.rolls_over("pro", "films"));
        let plain = read(&format!("codes]\nincluded=300\n{usd}")).unwrap();
        assert!(plain.rates("pro", "codes").is_none() && !plain.rolls_over("pro", "codes"));

        let why = |usage: &str| {
            let why = read(usage).unwrap_err();
            assert!(why.contains("plan \"pro\" says each") && why.contains("meter \"codes\""), "{why}");
            why
        };
        let each = |each: &str, prices: &str| why(&format!("codes]\nincluded=300\neach={each}\n{prices}"));
        assert!(each("{ usd = '4' }", once).contains("has no price that recurs"));
        assert!(
            each("{ usd = '4' }", &format!("{usd}{eur}"))
                .contains("\"usd\": its prices that recur are in \"eur, usd\"")
        );
        assert!(each("{ usd = '4', gbp = '3' }", &format!("{usd}{once}")).contains("in \"usd\""));
        assert!(each("{}", &usd).contains("its prices that recur are in \"usd\""));
        for odd in ["0", "-4", "four", "100000", "0.0000000000001"] {
            assert!(
                each(&format!("{{ usd = '{odd}' }}"), &usd).contains(&format!("{odd:?} is no price of a unit")),
                "{odd}"
            );
        }
        assert!(why(&format!("codes]\na_day=3\neach={{ usd = '4' }}\n{usd}")).contains("without included"));
        assert!(why("codes]\na_day=3\nrollover=true").contains("without included"));
        assert!(
            read(&format!("codes]\nincluded=3\neach={{ usd = 4 }}\n{usd}")).unwrap_err().contains("expected a string")
        );
    }

    #[test]
    fn meters_need_a_plain_key_and_names() {
        let why = |text: &str| Plans::parse(&format!("plan=[]\n{text}")).unwrap_err().to_string();
        assert!(why("[meter.'QR codes']\nname='A'\none='a'\nmany='as'").contains("\"QR codes\" must be lower-case"));
        assert!(why("[meter.codes]\nname='A'\none=' '\nmany='as'").contains("\"codes\" has an empty name"));
        assert!(why("[meter.codes]\nname='A'\none='a'").contains("many"));
    }
}
