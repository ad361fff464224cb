//! What one user has, in one reading: the plan, what gives it, what is due, and what was paid. Reads our own tables only.

mod contracts;

pub use contracts::{Contract, Standing};

use super::{
    Error, access,
    explaining::{self, Explained, Explanation},
};
use crate::{
    model::{
        billed::what_for,
        fold::{Entitlement, plan_of_feature},
        instant::{Millis, parse_ms},
        money::Money,
        order::Stage,
        plan::{Plan, Value},
        projection::{Kind, OrderFacts, SubscriptionFacts},
        verdict::Rule,
    },
    server::{
        db::{
            cases,
            mirror::{self, ObjectRow},
            orders,
        },
        state::State,
    },
};
use std::collections::BTreeMap;

/// Everything the account page says.
#[derive(Clone, Debug)]
pub struct Overview {
    /// The highest plan held; `None` only where no plan is free and nothing is held.
    pub plan: Option<Plan>,
    /// Whether that plan has a source of its own, rather than being what everybody has.
    pub is_paid: bool,
    /// The plan, until when, from what, and what happens then; follows "You have".
    pub headline: Option<String>,
    /// What else gives something, or would after one more step, a sentence each.
    pub besides: Vec<String>,
    /// Two subscriptions are paid, and staff was told.
    pub is_double: bool,
    /// A payment is being checked: what is shown may be less than what is due to the user.
    pub uncertain: bool,
    /// Subscriptions that are not over.
    pub contracts: Vec<Contract>,
    /// One-time purchases that give something.
    pub purchases: Vec<Purchase>,
    /// Every feature, and what gives it.
    pub features: Vec<Feature>,
    /// Polar's bills, newest first.
    pub bills: Vec<Bill>,
    /// Own orders that wait for something, newest first.
    pub waiting: Vec<Waiting>,
}

/// A one-time purchase.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The name of its plan.
    pub plan: String,
    /// Until when it lasts; `None` for ever.
    pub until: Option<Millis>,
}

/// One feature that the user has.
#[derive(Clone, Debug)]
pub struct Feature {
    /// The name people read.
    pub name: String,
    /// How much of it.
    pub value: Value,
    /// What gives it, in words.
    pub because: String,
}

/// One bill of Polar's.
#[derive(Clone, Debug)]
pub struct Bill {
    /// Polar's id.
    pub id: String,
    /// When it was made, if that can be read.
    pub at: Option<Millis>,
    /// What for, in words.
    pub what: String,
    /// What it came to, tax included.
    pub total: Money,
    /// Polar's word: `paid`, `pending`, `refunded`, …
    pub status: String,
    /// What of it went back, tax apart.
    pub refunded: Money,
    /// The number on its invoice.
    pub number: Option<String>,
}

/// An own order that is not finished.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// The name of its plan.
    pub plan: String,
    /// How far it is.
    pub stage: Stage,
}

/// What `user` has.
///
/// # Errors
/// When the database fails.
pub async fn of(state: &State, user: &str) -> Result<Overview, Error> {
    // First: a payment that is applied meanwhile then shows in what is held.
    let uncertain = access::is_uncertain(state, user).await?;
    let held = access::all(state, user).await?;
    let objects = mirror::of_owner(&state.db, user).await?;
    let plans: BTreeMap<String, String> = mirror::product_plans(&state.db).await?.into_iter().collect();
    let reading = Reading { state, held: &held, objects: &objects, plans: &plans };
    let explanation = explaining::now(state, user).await?;
    let top = access::plan(state, user).await?;
    let deciding = top.as_ref().and_then(|(_, by)| explanation.source_of(by)).filter(|one| one.told.rule.gives());
    let double = cases::of_user(&state.db, user).await?.into_iter().any(|case| case.kind == "duplicate_subscription");
    let plan = top.as_ref().and_then(|(slug, _)| state.plans.get(slug).cloned());
    Ok(Overview {
        is_paid: plan.is_some(),
        headline: deciding.map(|one| one.told.sentence()),
        besides: besides(&explanation, deciding.map(|one| one.id.as_str())),
        is_double: double,
        plan: plan.or_else(|| state.plans.free().cloned()),
        uncertain,
        contracts: reading.contracts(),
        purchases: reading.purchases(),
        features: reading.features(),
        bills: reading.bills(),
        waiting: waiting(state, user).await?,
    })
}

/// Every bill of `user`, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn bills(state: &State, user: &str) -> Result<Vec<Bill>, Error> {
    let objects = mirror::of_owner(&state.db, user).await?;
    let plans: BTreeMap<String, String> = mirror::product_plans(&state.db).await?.into_iter().collect();
    Ok(Reading { state, held: &BTreeMap::new(), objects: &objects, plans: &plans }.bills())
}

/// Every other source that gives something or could again; of what is over, the newest, and only where nothing gives.
fn besides(explanation: &Explanation, deciding: Option<&str>) -> Vec<String> {
    let is_over = |one: &Explained| {
        let may_return = matches!(one.told.rule, Rule::Paused | Rule::GraceOver(_) | Rule::Unpaid(_));
        !one.told.rule.gives() && !may_return
    };
    let others = explanation.sources.iter().filter(|one| deciding != Some(one.id.as_str()) && !is_over(one));
    let over = explanation.sources.iter().find(|one| is_over(one)).filter(|_| explanation.giving().next().is_none());
    others.chain(over).map(|one| one.told.sentence()).collect()
}

async fn waiting(state: &State, user: &str) -> Result<Vec<Waiting>, Error> {
    let rows = orders::unsettled(&state.db, user).await?;
    let each = rows.into_iter().rev().map(|row| Waiting {
        stage: row.progress().stage(),
        plan: state.plans.get(&row.plan).map_or_else(|| row.plan.clone(), |plan| plan.name.clone()),
        id: row.id,
    });
    Ok(each.filter(|order| !order.stage.is_final()).collect())
}

/// What the parts of the overview are read from.
struct Reading<'r> {
    state: &'r State,
    held: &'r BTreeMap<String, Entitlement>,
    objects: &'r [ObjectRow],
    plans: &'r BTreeMap<String, String>,
}

impl Reading<'_> {
    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &ObjectRow> {
        self.objects.iter().filter(move |row| row.kind == kind.stored())
    }

    fn plan(&self, product: Option<&str>) -> Option<&Plan> {
        product.and_then(|id| self.plans.get(id)).and_then(|slug| self.state.plans.get(slug))
    }

    fn plan_name(&self, product: Option<&str>) -> String {
        self.plan(product).map_or_else(|| "A product of ours".to_owned(), |plan| plan.name.clone())
    }

    fn purchases(&self) -> Vec<Purchase> {
        let plans = self.held.iter().filter(|(_, given)| given.source_kind == "purchase");
        let named =
            plans.filter_map(|(feature, given)| Some((self.state.plans.get(plan_of_feature(feature)?)?, given)));
        named.map(|(plan, given)| Purchase { plan: plan.name.clone(), until: given.until }).collect()
    }

    fn features(&self) -> Vec<Feature> {
        let free = self.state.plans.free().map(|plan| &plan.features);
        let one = |name: &str| {
            let everybody = free.and_then(|features| features.get(name)).copied();
            let (value, because) = match self.held.get(name) {
                Some(given) => (Value::of_stored(&given.value)?, self.because(given)),
                None => (everybody?, "everybody has this".to_owned()),
            };
            let name = self.state.plans.feature_name(name).to_owned();
            (value != Value::Switch(false)).then_some(Feature { name, value, because })
        };
        self.state.plans.features().into_iter().filter_map(one).collect()
    }

    /// The source of an entitlement in words.
    fn because(&self, given: &Entitlement) -> String {
        let source = self.objects.iter().find(|row| row.id == given.source_id);
        let plan = self.plan_name(source.and_then(|row| row.product_id.as_deref()));
        match given.source_kind.as_str() {
            "subscription" => format!("from your {plan} subscription"),
            "purchase" => format!("from your purchase of {plan}"),
            "grant" => "as a benefit of what you bought".to_owned(),
            _ => "given by us".to_owned(),
        }
    }

    fn bills(&self) -> Vec<Bill> {
        let mut bills: Vec<Bill> = self.of_kind(Kind::Order).filter_map(|row| self.bill(row)).collect();
        bills.sort_by_key(|bill| std::cmp::Reverse(bill.at));
        bills
    }

    fn bill(&self, row: &ObjectRow) -> Option<Bill> {
        let facts: OrderFacts = serde_json::from_str(&row.projection).ok()?;
        let plan = self.plan_name(facts.product_id.as_deref());
        let of = self.of_kind(Kind::Subscription).find(|one| Some(&one.id) == row.subscription_id.as_ref());
        let of: Option<SubscriptionFacts> = of.and_then(|one| serde_json::from_str(&one.projection).ok());
        let what = match what_for(&facts, of.as_ref()) {
            Some(words) => format!("{plan}, {words}"),
            None => plan,
        };
        let total = Money::new(facts.total_amount, &facts.currency);
        let refunded = Money::new(facts.refunded_amount, &facts.currency);
        let (id, at) = (row.id.clone(), parse_ms(&facts.created_at));
        Some(Bill { id, at, what, total, refunded, status: facts.status, number: facts.invoice_number })
    }
}
