//! What staff sees: the state of the shop, and everything about one person.

use super::{
    super::{Error, explaining},
    AuditRow, Case,
};
use crate::{
    model::{ending::Part, money::Money, order::State as OrderState},
    server::{
        db::{
            audit, cases, inbox, jobs,
            leavings::{self, LeavingRow},
            ledger, orders, quarantine, staff_grants,
            staff_grants::StaffGrantRow,
            sync_runs::{self, RunRow},
            users::{self, PersonRow},
        },
        services::{
            explaining::{Because, Explanation},
            overview::{self, Bill},
            watching::WEBHOOKS,
        },
        state::State,
    },
};

/// So many lines of the past are shown.
const LINES: i64 = 60;

/// So many acts are shown beside everything else about a person.
const ACTS: i64 = 15;

/// How the shop stands.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Rows of the inbox that wait, and that are dead.
    pub inbox: (i64, i64),
    /// Jobs that wait, and that are dead.
    pub jobs: (i64, i64),
    /// Things in quarantine.
    pub strays: i64,
    /// Open cases.
    pub cases: usize,
    /// Those who are leaving and wait for something, the oldest first.
    pub leaving: Vec<LeavingRow>,
    /// The last sweeps.
    pub runs: Vec<RunRow>,
    /// The last look at what Polar sent.
    pub look: Option<RunRow>,
    /// What staff did last.
    pub acts: Vec<AuditRow>,
}

/// Everything about one person.
#[derive(Clone, Debug)]
pub struct Person {
    /// Who.
    pub user: PersonRow,
    /// How far they are with leaving, if they do.
    pub leaving: Option<LeavingRow>,
    /// What they have, and why.
    pub explanation: Explanation,
    /// What staff gave.
    pub gifts: Vec<StaffGrantRow>,
    /// Changes of access with what caused each, newest first.
    pub changes: Vec<(ledger::LedgerRow, Because)>,
    /// Their orders with us, newest first.
    pub orders: Vec<Ordered>,
    /// Polar's bills, newest first.
    pub bills: Vec<Bill>,
    /// Open cases about them.
    pub cases: Vec<Case>,
    /// What was done to their account last, newest first.
    pub acts: Vec<AuditRow>,
}

/// One of our orders.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// Its id.
    pub id: String,
    /// `buy`, `change`, `cancel`, `resume`, `pause`, `refund`.
    pub kind: String,
    /// The name of its plan.
    pub plan: String,
    /// What comes back, tax included, of a refund.
    pub back: Option<Money>,
    /// Where it is.
    pub state: OrderState,
    /// Why it was refused.
    pub outcome: Option<String>,
    /// Wall time.
    pub created_at: i64,
}

/// How the shop stands.
///
/// # Errors
/// When the database fails.
pub async fn overview(state: &State) -> Result<Overview, Error> {
    let db = &state.db;
    Ok(Overview {
        inbox: inbox::backlog(db).await?,
        jobs: jobs::backlog(db).await?,
        strays: quarantine::count(db).await?,
        cases: cases::open(db).await?.len(),
        leaving: leavings::open(db).await?,
        runs: sync_runs::sweeps(db, 10).await?,
        look: sync_runs::newest(db, Some(WEBHOOKS), 1).await?.pop(),
        acts: audit::newest(db, 20).await?,
    })
}

/// Those whose id or address is, or begins with, `text`.
///
/// # Errors
/// When the database fails.
pub async fn search(state: &State, text: &str) -> Result<Vec<PersonRow>, Error> {
    match text.trim().to_lowercase() {
        text if text.is_empty() => Ok(Vec::new()),
        text => Ok(users::beginning(&state.db, &text).await?),
    }
}

/// Everything about the user with this id.
///
/// # Errors
/// When the database fails.
pub async fn person(state: &State, id: &str) -> Result<Option<Person>, Error> {
    let Some(user) = users::person(&state.db, id).await? else { return Ok(None) };
    let id = &user.id;
    let mut changes = Vec::new();
    for line in ledger::newest(&state.db, id, LINES).await? {
        let because = explaining::because(state, &line).await?;
        changes.push((line, because));
    }
    let orders = orders::of_user(&state.db, id).await?.into_iter().map(|row| Ordered {
        plan: state.plans.get(&row.plan).map_or_else(|| row.plan.clone(), |plan| plan.name.clone()),
        back: serde_json::from_str::<Part>(&row.quote)
            .ok()
            .map(|part| Money::new(part.amount + part.tax, &part.currency)),
        state: row.state(),
        kind: row.kind,
        id: row.id,
        outcome: row.outcome,
        created_at: row.created_at,
    });
    Ok(Some(Person {
        leaving: leavings::of(&state.db, id).await?,
        orders: orders.collect(),
        explanation: explaining::now(state, id).await?,
        gifts: staff_grants::of(&state.db, id).await?,
        bills: overview::bills(state, id).await?,
        cases: cases::of_user(&state.db, id).await?,
        acts: audit::of_user(&state.db, id, i64::MAX, ACTS).await?,
        changes,
        user,
    }))
}
