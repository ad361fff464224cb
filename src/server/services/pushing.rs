//! Setting up an organization from `plans.toml`: makes the products that are missing, over Polar's API, and changes none
//! that are there. Running it again makes nothing.

use super::{
    Error,
    syncing::{Unchanged, observe},
};
use crate::{
    model::{
        plan::{Plan, SeedPrice},
        projection::Kind,
    },
    server::{
        polar::{NewProduct, ProductPrice},
        state::State,
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Makes the missing products; how many.
///
/// # Errors
/// When Polar or the database fails; what was made before stays, and the next run goes on from there.
pub async fn push_products(state: &State) -> Result<usize, Error> {
    let there = state.polar.objects(Kind::Product, &[]).await?;
    let mut made = 0;
    for plan in state.plans.iter() {
        for price in &plan.prices {
            if there.iter().any(|product| sells(&product.value, plan, price)) {
                continue;
            }
            let product = state.polar.create_product(&product(plan, price)).await?;
            observe(state, Kind::Product.stored(), &product, Unchanged::Skip).await?;
            tracing::info!(plan = plan.slug, interval = price.interval, "product made");
            made += 1;
        }
    }
    state.catalog.expire();
    Ok(made)
}

/// Whether a live product stands for this plan at this interval; its price is Polar's business.
fn sells(product: &Value, plan: &Plan, price: &SeedPrice) -> bool {
    product["metadata"]["plan"] == plan.slug.as_str()
        && product["is_archived"] != true
        && product["recurring_interval"].as_str() == interval(price)
}

fn interval(price: &SeedPrice) -> Option<&str> {
    (price.interval != "once").then_some(price.interval.as_str())
}

fn product(plan: &Plan, price: &SeedPrice) -> NewProduct {
    let trial = price.trial_days.filter(|days| *days > 0);
    NewProduct {
        name: match price.interval.as_str() {
            "once" => plan.name.clone(),
            unit => format!("{} (every {unit})", plan.name),
        },
        description: Some(plan.summary.clone()).filter(|summary| !summary.is_empty()),
        recurring_interval: interval(price).map(str::to_owned),
        trial_interval: trial.map(|_| "day"),
        trial_interval_count: trial,
        prices: vec![ProductPrice {
            amount_type: "fixed",
            price_amount: price.amount,
            price_currency: price.currency.clone(),
        }],
        metadata: BTreeMap::from([("plan", plan.slug.clone())]),
    }
}
