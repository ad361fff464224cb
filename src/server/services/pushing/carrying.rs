//! One step at Polar: asked once, since Polar has no idempotency keys; only where it asks for fewer requests, which is
//! before anything happens, again after the pause that it wants.

use super::{
    super::{
        Error,
        syncing::{Unchanged, observe},
    },
    Failure, patient,
};
use crate::{
    model::{
        catalog::{Interval, Trial},
        money::Money,
        plan::Value as Worth,
        projection::Kind,
        setup::{self, Change, Entry, Flag, Step, UnitPrice, Wanted},
    },
    server::{
        polar::{self, Credit, NewProduct, NewTrial, Price, ProductChange, Seen},
        state::State,
    },
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// A pause that Polar asks for is waited for so often.
const TRIES: u32 = 5;

/// No pause is longer: then the push ends, and may go on later.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Does it and tells so.
///
/// # Errors
/// When Polar or the database fails.
pub(super) async fn carry_out(state: &State, step: &Step, told: &impl Fn(&str)) -> Result<(), Failure> {
    let (scope, lines, mut tried) = (scope(step), step.lines(), 0);
    let done = loop {
        tried += 1;
        match asked(state, step).await {
            Err(polar::Error::Limited { retry_after }) if tried < TRIES && retry_after <= LONGEST_PAUSE => {
                tokio::time::sleep(retry_after).await;
            }
            done => break done,
        }
    };
    let failed = |error| Failure { at: Some(lines.join("\n")), ..Failure::needs(scope)(error) };
    if let Some(product) = done.map_err(|error| failed(Error::Polar(error)))? {
        observe(state, Kind::Product.stored(), &product, Unchanged::Skip).await.map_err(failed)?;
    }
    lines.iter().for_each(|line| told(line));
    Ok(())
}

fn scope(step: &Step) -> &'static str {
    match step {
        Step::MakeMeter { .. } | Step::RenameMeter { .. } => "meters:write",
        Step::MakeFlag(_) | Step::MakeCredit { .. } | Step::ChangeCredit { .. } => "benefits:write",
        Step::Create(_) | Step::Change { .. } | Step::Give { .. } | Step::Archive { .. } => "products:write",
    }
}

/// The product as it is then, if the step is about one.
async fn asked(state: &State, step: &Step) -> Result<Option<Seen<Value>>, polar::Error> {
    let polar = patient(state);
    match step {
        Step::MakeMeter { key, name } => {
            polar.create_meter(key, name, setup::filter(key), setup::aggregation()).await.map(|()| None)
        }
        Step::RenameMeter { id, name, .. } => polar.rename_meter(id, name).await.map(|()| None),
        Step::MakeCredit { credit, meter: Some(meter) } => {
            polar.create_credit(units(credit, meter), &credit.tags()).await.map(|()| None)
        }
        Step::ChangeCredit { id, credit, meter: Some(meter), .. } => {
            polar.change_credit(id, units(credit, meter)).await.map(|()| None)
        }
        Step::MakeFlag(flag) => polar.create_flag(&flag.description, &tags(flag)).await.map(|()| None),
        Step::Create(wanted) => polar.create_product(&product(wanted)).await.map(Some),
        Step::Change { id, name, changes } => polar.change_product(id, &change(name, changes)).await.map(Some),
        Step::Give { at: Some((id, benefits)), .. } => polar.give_benefits(id, benefits).await.map(Some),
        Step::Give { at: None, .. } | Step::MakeCredit { meter: None, .. } | Step::ChangeCredit { meter: None, .. } => {
            Ok(None)
        }
        Step::Archive { id, .. } => {
            let archived = ProductChange { is_archived: Some(true), ..ProductChange::default() };
            polar.change_product(id, &archived).await.map(Some)
        }
    }
}

fn units<'c>(credit: &'c setup::Credit, meter: &'c str) -> Credit<'c> {
    Credit { description: &credit.description, units: credit.units, meter, rollover: credit.rollover }
}

fn tags(flag: &Flag) -> Value {
    match flag.value {
        Worth::Switch(_) => json!({ "feature": flag.feature }),
        Worth::Limit(limit) => json!({ "feature": flag.feature, "limit": limit }),
    }
}

fn product(wanted: &Wanted) -> NewProduct {
    NewProduct {
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        recurring_interval: match &wanted.interval {
            Interval::Once => None,
            Interval::Every { unit, .. } => Some(unit.clone()),
        },
        trial: wanted.trial.as_ref().map(|trial| new_trial(Some(trial))),
        prices: {
            let fixed = wanted.prices.iter().map(|price| new_price(price, None));
            fixed.chain(wanted.units.iter().map(|price| unit_price(price, None, None))).collect()
        },
        metadata: BTreeMap::from([("plan", wanted.plan.clone())]),
    }
}

fn new_trial(trial: Option<&Trial>) -> NewTrial {
    NewTrial {
        trial_interval: trial.map(|trial| trial.unit.clone()),
        trial_interval_count: trial.map(|trial| trial.count),
    }
}

fn new_price(price: &Money, tax: Option<&String>) -> Price {
    Price::New {
        amount_type: "fixed",
        price_amount: price.amount,
        price_currency: price.currency.clone(),
        tax_behavior: tax.cloned(),
    }
}

fn unit_price(price: &UnitPrice, cap: Option<i64>, tax: Option<&String>) -> Price {
    Price::Unit {
        amount_type: "metered_unit",
        meter_id: price.id.clone(),
        unit_amount: price.rate.to_string(),
        price_currency: price.currency.clone(),
        cap_amount: cap,
        tax_behavior: tax.cloned(),
    }
}

fn change(name: &str, changes: &[Change]) -> ProductChange {
    let mut sent = ProductChange::default();
    for change in changes {
        match change {
            Change::Name(_) => sent.name = Some(name.to_owned()),
            Change::Description(to) => sent.description = Some(to.clone()),
            Change::Tag { metadata, .. } => sent.metadata = Some(metadata.clone()),
            Change::Trial { to, .. } => sent.trial = Some(new_trial(to.as_ref())),
            Change::Prices { entries, .. } => sent.prices = Some(entries.iter().map(price).collect()),
        }
    }
    sent
}

fn price(entry: &Entry) -> Price {
    match entry {
        Entry::Keep(id) => Price::Kept { id: id.clone() },
        Entry::New { price, tax } => new_price(price, tax.as_ref()),
        Entry::Unit { price, cap, tax } => unit_price(price, *cap, tax.as_ref()),
    }
}
