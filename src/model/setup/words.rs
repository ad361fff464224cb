//! What is to be done at Polar, in words: `+` adds, `~` changes, `-` takes away.

use super::{
    super::{catalog::Trial, money::Money},
    Change, CreditChange, Note, Step, UnitPrice, Why,
    metering::Credit,
    wanted::{Flag, Wanted, rhythm},
};

/// Of an archived product (C§2.2).
const KEEP: &str = "who has it keeps it, subscribers at their price";

impl Step {
    /// One or more lines for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::MakeMeter { key, name } => vec![format!("+ meter {name}: made, counts the events {key:?}")],
            Self::RenameMeter { name, from, .. } => vec![format!("~ meter {name}: called so instead of {from:?}")],
            Self::MakeFlag(Flag { description, .. }) | Self::MakeCredit { credit: Credit { description, .. }, .. } => {
                vec![format!("+ benefit {description}: made")]
            }
            Self::ChangeCredit { credit: Credit { description, .. }, changes, .. } => {
                changes.iter().map(|change| format!("~ benefit {description}: {}", change.words())).collect()
            }
            Self::Create(wanted) => vec![created(wanted)],
            Self::Change { name, changes, .. } => changes.iter().flat_map(|change| change.lines(name)).collect(),
            Self::Give { name, gains, loses, .. } => {
                let gains = (!gains.is_empty()).then(|| format!("+ {name}: gives the benefits {}", gains.join(", ")));
                let loses = (!loses.is_empty()).then(|| format!("- {name}: gives no more {}", loses.join(", ")));
                gains.into_iter().chain(loses).collect()
            }
            Self::Archive { name, why, .. } => vec![format!("- {name}: archived, sold no more: {}", why.words())],
        }
    }
}

impl Change {
    fn lines(&self, name: &str) -> Vec<String> {
        match self {
            Self::Prices { told, units, .. } => {
                let told = told.iter().map(repriced).chain(units.iter().map(priced_otherwise));
                told.map(|words| format!("~ {name}: {words}")).collect()
            }
            Self::Name(from) => vec![format!("~ {name}: called so instead of {from:?}")],
            Self::Description(to) => vec![format!("~ {name}: described as {to:?}")],
            Self::Tag { from: Some(from), to, .. } => {
                vec![format!("~ {name}: tagged plan = {to:?} again, not {from:?}")]
            }
            Self::Tag { from: None, to, .. } => vec![format!("~ {name}: tagged plan = {to:?} again; its tag is gone")],
            Self::Trial { from, to } => {
                let spelled =
                    |trial: &Option<Trial>| trial.as_ref().map_or("no trial".to_owned(), |trial| trial.words());
                vec![format!("~ {name}: {} for new subscribers, instead of {}", spelled(to), spelled(from))]
            }
        }
    }
}

impl CreditChange {
    fn words(&self) -> String {
        match self {
            Self::Units(from) => format!("instead of {from}; subscribers are given so many from their next renewal on"),
            Self::Description(from) => format!("called so instead of {from:?}"),
            Self::Meter => "of the meter that plans.toml means, instead of another".to_owned(),
            Self::Rollover(true) => "what is left at a renewal lapses, instead of going along".to_owned(),
            Self::Rollover(false) => "what is left at a renewal goes along, instead of lapsing".to_owned(),
        }
    }
}

fn created(wanted: &Wanted) -> String {
    let prices: Vec<String> = wanted.prices.iter().map(ToString::to_string).collect();
    let units = wanted.units.chunk_by(|a, b| a.meter == b.meter).map(|prices| {
        let each: Vec<String> = prices.iter().map(|price| price.rate.words(&price.currency)).collect();
        format!(", and {} for each {} beyond those included", each.join(" or "), prices[0].one)
    });
    let trial = wanted.trial.as_ref().map(|trial| format!(", after {} without payment", trial.words()));
    let more: String = trial.into_iter().chain(units).collect();
    format!("+ {}: made, for {} {}{more}", wanted.name, prices.join(" or "), rhythm(&wanted.interval))
}

fn repriced((from, to): &(Option<Money>, Option<Money>)) -> String {
    match (from, to) {
        (Some(from), Some(to)) => {
            format!("{to} for new buyers, instead of {from}; subscribers keep the price they have")
        }
        (None, Some(to)) => format!("also sold for {to}"),
        (Some(from), None) => format!("sold no more for {from}; subscribers keep the price they have"),
        (None, None) => "as it is".to_owned(),
    }
}

/// Which prices a subscription has is settled when it begins (C§2.2): none comes to it, and none goes from it.
fn priced_otherwise((from, to): &(Option<UnitPrice>, Option<UnitPrice>)) -> String {
    match (from, to) {
        (Some(from), Some(to)) if from.rate == to.rate => {
            format!("{} counted by the meter that plans.toml means, instead of another, for new buyers", to.words())
        }
        (Some(from), Some(to)) => format!(
            "{} beyond those included for new buyers, instead of {}; subscribers keep the price they have",
            to.words(),
            from.rate.words(&from.currency)
        ),
        (None, Some(to)) => {
            format!("{} beyond those included for new buyers; subscribers go on without such a price", to.words())
        }
        (Some(from), None) => {
            format!("{} is charged to new buyers no more; subscribers keep the price they have", from.words())
        }
        (None, None) => "as it is".to_owned(),
    }
}

impl Why {
    fn words(&self) -> String {
        match self {
            Self::Retired(plan) => format!("{plan} is retired; {KEEP}"),
            Self::NoPrice(plan, interval) => format!("plans.toml has no price of {plan} {}; {KEEP}", rhythm(interval)),
            Self::Twice => format!("another product stands for the same plan and interval; {KEEP}"),
        }
    }
}

impl Note {
    /// One sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Kind(name) => format!(
                "{name} has a price that is neither plainly fixed nor for a meter of plans.toml: its prices stay as they are, \
                 and this shop cannot sell it."
            ),
            Self::Rhythm(name, interval) => {
                format!("{name} is billed {}, which plans.toml cannot say: it stays as it is.", rhythm(interval))
            }
            Self::Hidden(name) => format!("{name} is private or a draft at Polar: it stays so, and is not for sale."),
            Self::Counts(name, key) => format!(
                "The meter {name} is tagged {key:?} and does not count the sum of \"amount\" of the events {key:?}: it stays as \
                 it is, and its balances are not what this shop counts. Archive it at Polar and push again to have one made."
            ),
            Self::NoPlan(name, slug) => format!(
                "{name} is tagged with the plan {slug:?}, which plans.toml does not name: it stays as it is. If it was this \
                 shop's, name the plan with retired = true, or its subscribers pay and have nothing of it."
            ),
        }
    }
}
