//! Whatever happens to an answer, and however many press, a subscription that staff ends is cancelled once and paid back
//! once, without anybody pressing again.

use super::{
    doubles::Doubled,
    patience::{wait_for, wait_until},
    shop::{Person, Shop},
};
use boreal::server::{
    db::{Reader, Tx, refolds},
    services::{
        doubles,
        staffing::{self, Actor, Chosen, Refused},
    },
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const CANCELS: &str = "PATCH /v1/subscriptions/";
const REFUNDS: &str = "POST /v1/refunds/";

impl Shop {
    /// Decides to end the later of two.
    async fn end_later(&self, doubled: &Doubled, actor: &Actor) -> Result<(), Refused> {
        let two = doubles::of(&self.state, &doubled.case).await.expect("Polar answers").expect("two");
        let side = &two.sides[0];
        assert_eq!(side.id, doubled.later);
        let hash = side.back.hash();
        let chosen = Chosen { subscription: &side.id, shown: &hash };
        staffing::end_one(&self.state, actor, &doubled.case.id, chosen, "Bought twice").await
    }

    /// Makes the job due now, whatever it waits for.
    async fn hurry(&self) {
        let due = "UPDATE jobs SET run_at = 0 WHERE kind = 'end_subscription' AND state = 'queued'";
        self.state.db.write(due).execute().await.expect("rows");
        self.state.wake.jobs.notify_one();
    }

    /// As if a minute had gone by since Polar was asked.
    async fn skip_minute(&self) {
        let sent =
            "UPDATE orders SET sent_at = sent_at - 61000 WHERE kind <> 'buy' AND state IN ('committing', 'unsettled')";
        self.state.db.write(sent).execute().await.expect("rows");
        self.hurry().await;
    }

    /// The orders of a subscription that change it: kind, state, how often Polar was asked.
    async fn asked(&self, subscription: &str) -> Vec<(String, String, i64)> {
        let select = "SELECT kind, state, attempts FROM orders WHERE subscription_id = $1 ORDER BY created_at, id";
        self.state.db.read(select).bind(subscription).all().await.expect("rows")
    }

    /// How the decision stands, and why.
    async fn decision(&self, doubled: &Doubled) -> (String, Option<String>) {
        let select = "SELECT state, outcome FROM endings WHERE case_id = $1 ORDER BY created_at DESC LIMIT 1";
        self.state.db.read(select).bind(&doubled.case.id).one().await.expect("a decision")
    }

    /// Waits until the decision is carried out, and holds that everything happened once.
    async fn ended_once(&self, who: &Person, doubled: &Doubled) {
        let done = async || match self.decision(doubled).await {
            (state, _) if state == "done" => Ok(()),
            other => {
                self.hurry().await;
                Err((other, self.asked(&doubled.later).await))
            }
        };
        wait_until("the decision to be carried out", done).await;
        self.once(who, doubled).await;
    }

    /// Holds that it was cancelled once and paid back once.
    async fn once(&self, who: &Person, doubled: &Doubled) {
        self.polar.idle().await;
        self.worked_off().await;
        let sent = self.polar.events().await;
        let revoked =
            |sent: &&super::polar::Sent| sent.kind == "subscription.revoked" && sent.body.contains(&doubled.later);
        assert_eq!(sent.iter().filter(revoked).count(), 1, "one end");
        assert_eq!(self.paid_back(&doubled.later).await, [12000], "one refund of all");
        let asked = self.asked(&doubled.later).await;
        let states: Vec<(&str, &str)> = asked.iter().map(|row| (row.0.as_str(), row.1.as_str())).collect();
        assert_eq!(states, [("cancel", "done"), ("refund", "done")], "{asked:?}");
        assert_eq!(self.status_at_polar(&doubled.older).await, "active");
        assert!(self.open_case(who).await.is_none() && self.may(who, "studio").await);
    }
}

fn sam() -> Actor {
    Actor { id: "sam".to_owned(), ip: "127.0.0.1".to_owned() }
}

/// One answer goes wrong, at `line`; `attempts` is how often Polar must be asked for it in all.
async fn in_spite_of(shop: &Shop, fault: Value, line: &str, attempts: i64) {
    let ann = shop.person("ann").await;
    let doubled = shop.pay_twice(&ann).await;
    shop.polar.faults(json!({"answer": fault, "answer_to": line, "answer_count": 1})).await;
    shop.end_later(&doubled, &sam()).await.expect("it is begun");
    let kind = if line == CANCELS { "cancel" } else { "refund" };
    let order = async || shop.asked(&doubled.later).await.into_iter().find(|row| row.0 == kind);
    wait_for("the order to be written down", &order).await;
    let lost = async || order().await.filter(|row| row.1 != "committing" || fault == 429);
    wait_for("the answer to be lost", lost).await;
    if attempts > 1 && fault != 429 {
        let told = async || {
            shop.hurry().await;
            let (state, why) = shop.decision(&doubled).await;
            (state == "open" && why.is_some_and(|why| why.contains("looked at again"))).then_some(())
        };
        wait_for("another look, and the page to say why", told).await;
        let asked = shop.asked(&doubled.later).await;
        let last = asked.last().expect("an order");
        assert_eq!((last.1.as_str(), last.2), ("unsettled", 1), "{fault}: nothing is asked twice within a minute");
        shop.skip_minute().await;
    }
    shop.ended_once(&ann, &doubled).await;
    let asked = shop.asked(&doubled.later).await;
    let this = asked.iter().find(|row| row.0 == kind).expect("an order");
    assert_eq!(this.2, attempts, "{fault} at {line}: {asked:?}");
    shop.polar.recover().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_after_the_deed_is_seen() {
    let shop = Shop::open().await;
    for fault in [json!("500 after"), json!("cut")] {
        in_spite_of(&shop, fault.clone(), CANCELS, 1).await;
        in_spite_of(&shop, fault, REFUNDS, 1).await;
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deed_that_was_not_done_is_asked_for_again() {
    let shop = Shop::open().await;
    for fault in [json!(500), json!(429)] {
        in_spite_of(&shop, fault.clone(), CANCELS, 2).await;
        in_spite_of(&shop, fault, REFUNDS, 2).await;
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_neither_yes_nor_no() {
    let shop = Shop::open().await;
    in_spite_of(&shop, json!("timeout"), CANCELS, 2).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_polar_is_down_it_waits() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let doubled = shop.pay_twice(&ann).await;
    shop.polar.fail(500, CANCELS).await;
    shop.end_later(&doubled, &sam()).await.expect("it is begun");
    let lost = async || (shop.asked(&doubled.later).await.pop()?.1 == "unsettled").then_some(());
    wait_for("the answer to be lost", lost).await;
    shop.polar.recover().await;
    shop.polar.faults(json!({"down": true})).await;
    for _ in 0..3 {
        shop.skip_minute().await;
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    }
    assert_eq!(
        shop.asked(&doubled.later).await,
        [("cancel".to_owned(), "unsettled".to_owned(), 1)],
        "nothing is known"
    );
    shop.polar.faults(json!({"down": false})).await;
    shop.ended_once(&ann, &doubled).await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_who_press_at_once_one_decides() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let doubled = shop.pay_twice(&ann).await;
    let two = doubles::of(&shop.state, &doubled.case).await.expect("Polar answers").expect("two");
    let mut presses = JoinSet::new();
    for press in 0..8 {
        let (state, case, side) = (shop.state.clone(), doubled.case.id.clone(), two.sides[press % 2].clone());
        presses.spawn(async move {
            let hash = side.back.hash();
            let chosen = Chosen { subscription: &side.id, shown: &hash };
            match press {
                7 => staffing::close(&state, &sam(), &case, "Let it be").await.map(|()| false),
                _ => staffing::end_one(&state, &sam(), &case, chosen, "Bought twice").await.map(|()| true),
            }
        });
    }
    let answers = presses.join_all().await;
    let decided: Vec<bool> = answers.iter().filter_map(|answer| answer.as_ref().ok().copied()).collect();
    assert_eq!(decided.len(), 1, "{answers:?}");
    for refused in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(matches!(refused, Refused::UnderWay | Refused::Gone), "{refused:?}");
    }
    wait_for("the case to be closed", async || shop.open_case(&ann).await.is_none().then_some(())).await;
    let mut ended = 0;
    for id in [&doubled.older, &doubled.later] {
        ended += usize::from(shop.status_at_polar(id).await == "canceled");
    }
    assert_eq!(ended, usize::from(decided[0]), "one of both, or none if the case was only closed");
    assert!(shop.may(&ann, "studio").await);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_have_both_ended_neither_is_cancelled_for_staff() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let doubled = shop.pay_twice(&ann).await;
    shop.polar.faults(json!({"sender": false})).await;
    shop.at_polar("DELETE", &format!("/v1/subscriptions/{}", doubled.older), None).await;
    shop.end_later(&doubled, &sam()).await.expect("nobody here knows yet");
    let over = async || (shop.decision(&doubled).await.0 == "refused").then_some(());
    wait_for("the decision to be given up", over).await;
    let why = shop.decision(&doubled).await.1.expect("why");
    assert!(why.contains("The other subscription has ended meanwhile"), "{why}");
    assert_eq!(shop.status_at_polar(&doubled.later).await, "active", "the customer keeps what is left");
    assert!(shop.asked(&doubled.later).await.is_empty() && shop.paid_back(&doubled.later).await.is_empty());
    shop.polar.faults(json!({"sender": true})).await;
    wait_for("the case to close", async || shop.open_case(&ann).await.is_none().then_some(())).await;
    shop.close().await;
}

/// Holds the user's row, so that nothing about them is written.
async fn hold(shop: &Shop, who: &Person) -> Tx {
    let mut tx = shop.state.db.begin().await.expect("a transaction");
    assert!(refolds::lock_user(&mut tx, &who.id).await.expect("a lock"));
    tx
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_between_the_deed_and_its_note_is_taken_over() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let doubled = shop.pay_twice(&ann).await;
    // The job of the server itself cannot begin; this test is the worker.
    shop.polar.fail(500, "GET /v1/subscriptions/").await;
    shop.end_later(&doubled, &sam()).await.expect("it is begun");
    let select = "UPDATE jobs SET run_at = $1 WHERE kind = 'end_subscription' AND state = 'queued' AND attempts > 0";
    let set_aside = async || {
        let rows = shop.state.db.write(select).bind(i64::MAX).execute().await.expect("rows");
        (rows == 1).then_some(())
    };
    wait_for("the job to be set aside", set_aside).await;
    shop.polar.recover().await;
    let id: String = shop.state.db.read("SELECT id FROM endings").scalar().await.expect("a decision");

    for (kind, deed) in [("cancel", "canceled"), ("refund", "refunded")] {
        for is_done in [false, true] {
            let before = shop.asked(&doubled.later).await.iter().find(|row| row.0 == kind).map_or(0, |row| row.2);
            shop.polar.faults(json!({"delay_ms": 800})).await;
            let (state, ending) = (shop.state.clone(), id.clone());
            let worker = tokio::spawn(async move { doubles::carry_on(&state, &ending).await });
            let sent = async || {
                let asked = shop.asked(&doubled.later).await;
                asked.iter().find(|row| row.0 == kind && row.2 > before).map(drop)
            };
            wait_for("the request to be on its way", sent).await;
            if is_done {
                // Between its record and the request the worker writes once more: it takes its share of the budget.
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                let held = hold(&shop, &ann).await;
                let there = async || match deed {
                    "canceled" => (shop.status_at_polar(&doubled.later).await == deed).then_some(()),
                    _ => (!shop.paid_back(&doubled.later).await.is_empty()).then_some(()),
                };
                wait_for("the deed", there).await;
                worker.abort();
                assert!(worker.await.is_err_and(|error| error.is_cancelled()), "it could not note it");
                drop(held);
            } else {
                worker.abort();
                assert!(worker.await.is_err_and(|error| error.is_cancelled()), "it was on its way");
            }
            shop.polar.faults(json!({"delay_ms": 0})).await;
            let asked = shop.asked(&doubled.later).await;
            let this = asked.iter().find(|row| row.0 == kind).expect("an order");
            assert_eq!(this.1, "committing", "nobody knows: {asked:?}");
            let sent = "UPDATE orders SET sent_at = sent_at - 61000 WHERE kind = $1 AND state = 'committing'";
            shop.state.db.write(sent).bind(kind).execute().await.expect("rows");
        }
    }
    shop.ended_once(&ann, &doubled).await;
    shop.close().await;
}
