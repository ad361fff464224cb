//! The meters of `plans.toml`, and how much of each its plans allow.

use super::{
    super::meter::{Allowance, Meter},
    Plan, Plans, Unusable,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The most that a plan can allow: a year of it is still a number of units that Polar takes.
const MOST: i64 = 100_000_000;

/// How much of a meter a plan allows, as written: one of the two, once it is checked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    a_day: Option<i64>,
    included: Option<i64>,
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
        for (meter, written) in std::mem::take(&mut plan.written) {
            let refuse = |why: String| Unusable(format!("plan {:?} {why}", plan.slug));
            if !meters.contains_key(&meter) {
                return Err(refuse(format!("allows some of the meter {meter:?}, which [meter.{meter}] must describe")));
            }
            let allowance = written.allowance(&meter).map_err(refuse)?;
            plan.usage.insert(meter, allowance);
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
        let fits = (1..=MOST).contains(&units);
        fits.then_some(allowance).ok_or(format!("allows {units} of the meter {meter:?}: it must be 1 to {MOST}"))
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
    fn meters_need_a_plain_key_and_names() {
        let why = |text: &str| Plans::parse(&format!("plan=[]\n{text}")).unwrap_err().to_string();
        assert!(why("[meter.'QR codes']\nname='A'\none='a'\nmany='as'").contains("\"QR codes\" must be lower-case"));
        assert!(why("[meter.codes]\nname='A'\none=' '\nmany='as'").contains("\"codes\" has an empty name"));
        assert!(why("[meter.codes]\nname='A'\none='a'").contains("many"));
    }
}
