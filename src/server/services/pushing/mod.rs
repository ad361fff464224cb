//! Setting up an organization from `plans.toml`, over Polar's API. What is to be done is found anew each time by holding
//! both against each other: so a push that ended in the middle goes on with the next one, and after it there is nothing to do.

mod carrying;

use super::{
    Error, binding, checking,
    watching::{self, Problem},
};
use crate::{
    model::{
        budget::Urgency,
        projection::Kind,
        setup::{self, Benefit, MeterThere, Setup, Step, There},
    },
    server::{
        config,
        db::mirror,
        polar::{self, Organization},
        state::State,
    },
};
use carrying::carry_out;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What making and mending the endpoint needs.
const ENDPOINT: &str = "webhooks:write";

/// What differs between Polar and `plans.toml`.
#[derive(Debug)]
pub struct Difference {
    /// Whose Polar, for people.
    pub organization: String,
    setup: Setup,
    problems: Vec<Problem>,
    notes: Vec<String>,
}

/// Why it could not be found out or done.
#[derive(Debug)]
pub struct Failure {
    error: Error,
    scope: &'static str,
    /// What was about to be done.
    at: Option<String>,
}

impl Failure {
    fn needs(scope: &'static str) -> impl Fn(Error) -> Self {
        move |error| Self { error, scope, at: None }
    }

    /// What is wrong and what to do; `sandbox` says that the built-in one was asked.
    #[must_use]
    pub fn sentence(&self, sandbox: bool) -> String {
        let why = match &self.error {
            Error::Polar(polar::Error::NoAnswer) if sandbox && self.at.is_none() => {
                "The built-in sandbox does not answer: it runs inside `boreal serve`, which must run now.".to_owned()
            }
            Error::Polar(error) if error.is_invalid() && self.scope == ENDPOINT => {
                format!("{error}: BOREAL_ORIGIN must be an https address that everybody can reach.")
            }
            Error::Polar(error) if error.is_invalid() => format!("{error}: change what plans.toml says about that."),
            Error::Polar(error) => checking::unreachable(error, self.scope),
            error => error.to_string(),
        };
        let Some(at) = &self.at else { return why };
        format!(
            "Stopped at: {at}\n{why}\nWhat was done before stays. What got no answer may have happened all the same: \
             `boreal polar plan` shows what is left, and `boreal polar push` goes on with it."
        )
    }
}

impl Difference {
    /// Whether everything is as `plans.toml` says.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.setup.steps.is_empty() && self.problems.is_empty()
    }

    /// What is to be done, for people: first `+` what is added, `~` what is changed, or `-` what is taken away.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let steps = self.setup.steps.iter().flat_map(Step::lines);
        let endpoint = self.problems.iter().map(|problem| {
            let sign = if matches!(problem, Problem::Nowhere { .. }) { '+' } else { '~' };
            format!("{sign} webhook endpoint: {}", problem.mended())
        });
        steps.chain(endpoint).collect()
    }

    /// What stays as it is and is worth knowing, in sentences.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.setup.notes.iter().map(setup::Note::sentence).chain(self.notes.iter().cloned())
    }
}

/// Nobody waits for a page here: what people ask for goes first, and a pause that Polar wants is waited for.
fn patient(state: &State) -> polar::Client {
    state.polar.at(Urgency::Sweeping)
}

/// Holds Polar against `plans.toml`; changes nothing there.
///
/// # Errors
/// When Polar or the database fails.
pub async fn difference(state: &State) -> Result<Difference, Failure> {
    let organization =
        patient(state).organization().await.map_err(|error| Failure::needs("organizations:read")(error.into()))?;
    let setup = compared(state).await?;
    let problems = watching::problems(state).await.map_err(Failure::needs("webhooks:read"))?;
    let (problems, notes) = within_reach(state, problems);
    let Organization { name, .. } = organization;
    Ok(Difference { organization: format!("{name} at {}", state.polar.base()), setup, problems, notes })
}

/// An endpoint that Polar could not reach is not made; others than ours are told of.
fn within_reach(state: &State, problems: Vec<Problem>) -> (Vec<Problem>, Vec<String>) {
    let Some(Problem::Nowhere { others, .. }) = problems.first() else { return (problems, Vec::new()) };
    if state.config.is_loopback() && !config::is_here(&state.config.polar_api_base) {
        let note = "Polar delivers webhooks to addresses of the internet only, and BOREAL_ORIGIN is this machine: set it to \
                    where people reach the shop, and push again.";
        return (Vec::new(), vec![note.to_owned()]);
    }
    let others = others.iter().map(|other| {
        format!("Another webhook endpoint delivers to {other}: if this shop was there, remove it in Polar's settings.")
    });
    let others = others.collect();
    (problems, others)
}

async fn compared(state: &State) -> Result<Setup, Failure> {
    let at_polar = |scope| move |error: polar::Error| Failure::needs(scope)(error.into());
    let polar = patient(state);
    let products = polar.objects(Kind::Product, &[]).await.map_err(at_polar("products:read"))?;
    let products: Vec<There> = read_all(products.into_iter().map(|seen| seen.value))?;
    let counts = state.plans.meters().next().is_some();
    let meters = if counts { polar.meters().await.map_err(at_polar("meters:read"))? } else { Vec::new() };
    let meters: Vec<MeterThere> = read_all(meters.into_iter())?;
    let gives = counts || state.plans.features().iter().any(|feature| state.plans.is_benefit(feature));
    let benefits = if gives { polar.benefits().await.map_err(at_polar("benefits:read"))? } else { Vec::new() };
    let benefits: Vec<Benefit> = read_all(benefits.into_iter())?;
    let ties = mirror::product_plans(&state.db).await.map_err(|error| Failure::needs("")(error.into()))?;
    Ok(setup::compare(&state.plans, &ties.into_iter().collect(), &products, &benefits, &meters))
}

/// What cannot be read would seem to be missing, and be made once more: better nothing is done.
fn read_all<T: DeserializeOwned>(values: impl Iterator<Item = Value>) -> Result<Vec<T>, Failure> {
    let unreadable = |error: serde_json::Error| polar::Error::Unreadable(error.to_string());
    values
        .map(|value| serde_json::from_value(value).map_err(|error| Failure::needs("")(unreadable(error).into())))
        .collect()
}

/// Does what is to be done, step by step, telling each when it is done; binds a new database to this Polar.
///
/// # Errors
/// When Polar or the database fails; what was done before stays. A `Some` is why this database must not be used with it.
pub async fn push(state: &State, found: &Difference, told: impl Fn(&str)) -> Result<Option<String>, Failure> {
    match binding::bind(state).await.map_err(Failure::needs("organizations:read"))? {
        binding::Bound::To(_) => {}
        binding::Bound::Mismatch(sentence) => return Ok(Some(sentence)),
    }
    follow(state, &found.setup, |_| true, &told).await?;
    let failed = |error| Failure { at: Some("the webhook endpoint".to_owned()), ..Failure::needs(ENDPOINT)(error) };
    match found.problems.first() {
        None => {}
        Some(Problem::Nowhere { .. }) => {
            watching::add(state).await.map_err(failed)?;
            told("+ webhook endpoint: made");
            told(
                "  Copy its secret from Polar's settings, under Webhooks, into POLAR_WEBHOOK_SECRETS, and restart the shop: \
                 until then it refuses what Polar delivers.",
            );
        }
        Some(_) => watching::fix(state).await.map_err(failed)?.iter().for_each(|done| told(&format!("~ {done}"))),
    }
    Ok(None)
}

/// Makes what is missing, and changes nothing that is there: a sandbox is begun with it. How many products were made.
///
/// # Errors
/// When Polar or the database fails; what was made before stays, and the next run goes on from there.
pub async fn push_products(state: &State) -> Result<usize, Error> {
    let setup = compared(state).await.map_err(|failure| failure.error)?;
    follow(state, &setup, Step::only_adds, &|line| tracing::info!("{line}")).await.map_err(|failure| failure.error)?;
    Ok(setup.steps.iter().filter(|step| matches!(step, Step::Create(_))).count())
}

/// Takes those steps that are `wanted`. A product can give a benefit only when both are there, and a benefit units of a
/// meter only when that is: those wait for another look, and are taken if they are still what was told.
async fn follow(
    state: &State,
    setup: &Setup,
    wanted: impl Fn(&Step) -> bool,
    told: &impl Fn(&str),
) -> Result<(), Failure> {
    let mut steps: Vec<Step> = setup.steps.iter().filter(|step| wanted(step)).cloned().collect();
    loop {
        let (waiting, ready): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(Step::waits);
        for step in &ready {
            carry_out(state, step, told).await?;
        }
        if waiting.is_empty() || ready.is_empty() {
            break;
        }
        let waited = |step: &Step| waiting.iter().any(|before| before.lines() == step.lines());
        steps = compared(state).await?.steps.into_iter().filter(|step| wanted(step) && waited(step)).collect();
    }
    state.catalog.expire();
    Ok(())
}
