//! What must be true in the end, by Polar's history, by our tables, and by the commands that look for mistakes.

use super::{buyers::Bought, scene::Scene};
use crate::{
    convergence::adds_up,
    patience::wait_within,
    program::said,
    replica::{Line, Picture},
};
use boreal::server::{
    db::{Reader, sync_runs},
    services::access::{self, Access},
    state::State,
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// Working off what the dead left may take so long.
const PATIENCE: Duration = Duration::from_secs(300);

/// Everything that is known at the end.
pub struct Reckoning<'s> {
    scene: &'s Scene,
    desk: State,
    people: Vec<Bought>,
    /// Events of Polar's, by id.
    told: BTreeSet<String>,
    /// Ids that were answered 202.
    taken: BTreeSet<String>,
}

impl<'s> Reckoning<'s> {
    /// Waits until the last servers have worked everything off.
    pub async fn of(scene: &'s Scene, people: Vec<Bought>, echoed: BTreeSet<String>) -> Self {
        scene.polar.idle_within(PATIENCE).await;
        let (told, mut taken) = scene.told_and_taken();
        taken.extend(echoed);
        let reckoning = Self { scene, desk: scene.desk().await, people, told, taken };
        reckoning.nothing_is_queued_twice().await;
        reckoning.apply().await;
        // Before anything is looked up at Polar, which would mend what a kill had torn.
        reckoning.all_is_as_the_inbox_says().await;
        reckoning.work_off().await;
        reckoning
    }

    /// Waits until the inbox is applied.
    async fn apply(&self) {
        let look = async || {
            // A row that failed while a server was being killed is tried again now.
            let due = "UPDATE inbox SET run_at = 0 WHERE state = 'new'";
            self.desk.db.write(due).execute().await.expect("rows");
            let left = "SELECT seq, COALESCE(error, '') FROM inbox WHERE state = 'new'";
            let left: Vec<(i64, String)> = self.desk.db.read(left).all().await.expect("rows");
            if left.is_empty() { Ok(()) } else { Err(left) }
        };
        wait_within(PATIENCE, "the inbox to be applied", look).await;
    }

    /// The mirror and everybody's access follow from the inbox alone, and the ledger adds up to them.
    async fn all_is_as_the_inbox_says(&self) {
        let replayed = said(&self.scene.boreal(&["replay", "--check"]).await);
        assert!(replayed.contains("Everything is as the inbox says.") && !replayed.contains("Left out"), "{replayed}");
    }

    /// Of one thing to do about the same, one waits.
    async fn nothing_is_queued_twice(&self) {
        let twice = "SELECT kind || ' ' || key FROM jobs WHERE state = 'queued' GROUP BY kind, key HAVING COUNT(*) > 1";
        let twice: Vec<(String,)> = self.desk.db.read(twice).all().await.expect("rows");
        assert!(twice.is_empty(), "queued twice: {twice:?}");
    }

    /// Lets the work that waits for a later time be done now, until none is left.
    async fn work_off(&self) {
        let look = async || {
            let due = "UPDATE jobs SET run_at = 0 WHERE state = 'queued'";
            self.desk.db.write(due).execute().await.expect("rows");
            let left = "SELECT kind || ' ' || key || ' ' || state || ' ' || COALESCE(error, '') FROM jobs
                        WHERE state <> 'dead'";
            let left: Vec<(String,)> = self.desk.db.read(left).all().await.expect("rows");
            if left.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            Err(left)
        };
        wait_within(PATIENCE, "the jobs to be worked off", look).await;
        self.apply().await;
    }

    /// Whatever was answered 202 is in the inbox, once and applied, and Polar has nothing that was not; how many.
    pub async fn nothing_is_lost(&self) -> usize {
        let untold: Vec<&String> = self.told.difference(&self.taken).collect();
        assert!(untold.is_empty(), "Polar gave up: {untold:?}");
        let select = "SELECT webhook_id, state, COALESCE(error, '') FROM inbox WHERE source = 'webhook'";
        let rows: Vec<(String, String, String)> = self.desk.db.read(select).all().await.expect("rows");
        let mut held: BTreeMap<&str, &str> = BTreeMap::new();
        for (id, state, error) in &rows {
            assert_eq!(held.insert(id, state), None, "{id} is there twice");
            assert_eq!(state, "done", "{id}: {error}");
        }
        let lost: Vec<&String> = self.taken.iter().filter(|id| !held.contains_key(id.as_str())).collect();
        assert!(lost.is_empty(), "answered 202 and gone: {lost:?}");
        assert_eq!(rows.len(), self.taken.len(), "nothing is there that nobody sent");
        let dead =
            "SELECT seq || ' ' || COALESCE(kind, '?') || ' ' || COALESCE(error, '?') FROM inbox WHERE state <> 'done'";
        let dead: Vec<(String,)> = self.desk.db.read(dead).all().await.expect("rows");
        assert!(dead.is_empty(), "the inbox is not empty: {dead:?}");
        self.taken.len()
    }

    /// No change is in the ledger twice, and no work is left or dead.
    pub async fn nothing_is_applied_twice(&self) {
        let db = &self.desk.db;
        let jobs = "SELECT kind || ' ' || key || ' ' || state || ' ' || COALESCE(error, '') FROM jobs";
        let jobs: Vec<(String,)> = db.read(jobs).all().await.expect("rows");
        assert!(jobs.is_empty(), "jobs are left: {jobs:?}");
        let lines = "SELECT user_id, rev, feature, before, after, rule FROM ledger ORDER BY user_id, rev, feature";
        let lines: Vec<Line> = db.read(lines).all().await.expect("rows");
        assert!(lines.len() > self.people.len(), "{} lines", lines.len());
        adds_up(&lines, &Picture::of(db).await, "after the kills");
        let twice = "SELECT user_id || ' ' || feature || ' ' || cause_kind || ' ' || cause_id FROM ledger
                     WHERE cause_kind <> 'timer' GROUP BY user_id, feature, cause_kind, cause_id HAVING COUNT(*) > 1";
        let twice: Vec<(String,)> = db.read(twice).all().await.expect("rows");
        assert!(twice.is_empty(), "one cause changed the same twice: {twice:?}");
    }

    /// Each was charged once for what they bought, and has it as long as Polar says so.
    pub async fn everybody_has_what_they_paid_for(&self) {
        for Bought { user, order } in &self.people {
            let list =
                async |kind: &str| self.scene.polar.list(&format!("/v1/{kind}/?external_customer_id={user}")).await;
            let (subscriptions, bills) = (list("subscriptions").await, list("orders").await);
            assert!(subscriptions.len() <= 1, "{user} has two: {subscriptions:#?}");
            let first =
                |bill: &&Value| ["purchase", "subscription_create"].iter().any(|why| bill["billing_reason"] == *why);
            assert_eq!(bills.iter().filter(first).count(), 1, "{user} was charged for {bills:#?}");
            let ours: Vec<(String, String)> = (self.desk.db)
                .read("SELECT id, state FROM orders WHERE user_id = $1 AND state IN ('done', 'paid', 'committing')")
                .bind(user)
                .all()
                .await
                .expect("rows");
            assert_eq!(ours, [(order.clone(), "done".to_owned())], "the orders of {user}");
            let lasts = |bill: &Value| bill["subscription_id"].is_null() && bill["status"] == "paid";
            let lives = |one: &Value| one["status"] == "active" || one["status"] == "trialing";
            let paid = bills.iter().any(lasts) || subscriptions.iter().any(lives);
            match access::feature(&self.desk, user, "studio").await {
                Access::Granted { .. } => assert!(paid, "{user} has what Polar ended: {subscriptions:#?} {bills:#?}"),
                other => assert!(!paid, "{user} paid and is answered {other:?}: {subscriptions:#?} {bills:#?}"),
            }
        }
    }

    /// A look at everything finds that all is as Polar has it.
    pub async fn nothing_is_left_to_repair(&self) {
        let looked = said(&self.scene.boreal(&["sync"]).await);
        assert!(looked.contains(" 0 repaired, 0 unexplained"), "{looked}");
        let run = sync_runs::newest(&self.desk.db, Some("all"), 1).await.expect("rows").remove(0);
        assert!(run.checked > 4 * i64::try_from(self.people.len()).expect("small"), "{run:?}");
        assert_eq!((run.equal, run.error.as_deref()), (run.checked, None), "{run:?}");
    }

    /// Lets go of the database.
    pub async fn close(self) {
        self.desk.db.close().await;
    }
}
