//! What somebody has and why, in words: on the account page, for staff, at the command line, and at a past instant.

use super::{
    ending::{envelope, past_due, written},
    patience::wait_until,
    shop::{Person, Shop},
    visitor::Visitor,
};
use boreal::{
    model::{
        cause::CauseKind,
        instant::{DAY, parse_ms, spell_date},
    },
    server::{
        db::{ledger, sync_runs},
        services::{
            explaining::{self, Because, LedgerRow},
            syncing::Sweep,
        },
    },
};
use serde_json::{Value, json};
use std::process::Command;

impl Shop {
    /// What is said of each source.
    async fn told(&self, who: &Person) -> Vec<String> {
        let explanation = explaining::now(&self.state, &who.id).await.expect("an answer");
        explanation.sources.iter().map(|source| source.told.sentence()).collect()
    }

    /// Waits until this is said of the first source, and on the account page.
    async fn wait_for_words(&self, visitor: &Visitor, who: &Person, words: &str, on_page: &str) {
        let look = async || match self.told(who).await {
            told if told.first().map(String::as_str) == Some(words) => Ok(()),
            told => Err(told),
        };
        wait_until(&format!("the words “{words}”"), look).await;
        let page = visitor.get("/account", 200).await.html.replace("&#x27;", "'");
        assert!(page.contains(on_page), "“{on_page}” is missing in {page}");
    }

    /// The program on this shop's database.
    fn boreal(&self, arguments: &[&str], database: &str) -> (bool, String) {
        let sandbox = self.polar.origin.replace("http://localhost:", "127.0.0.1:");
        let done = Command::new(env!("CARGO_BIN_EXE_boreal"))
            .args(arguments)
            .args(["--database-url", database, "--sandbox-listen", &sandbox])
            .env_remove("POLAR_ACCESS_TOKEN")
            .output()
            .expect("the program runs");
        let text = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8(text).expect("text"))
    }
}

fn day(instant: &Value) -> String {
    spell_date(parse_ms(instant.as_str().expect("an instant")).expect("an instant"))
}

/// The subscription as Polar would show it after these changes, a moment later each time.
fn changed(subscription: &Value, at: i64, changes: &Value) -> Value {
    let mut after = subscription.clone();
    for (key, value) in changes.as_object().expect("an object") {
        after[key] = value.clone();
    }
    after["modified_at"] = json!(written(at));
    after
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_of_a_subscription_has_its_words() {
    let shop = Shop::open().await;
    let visitor = Visitor::register(&shop.origin, "ann").await;
    let ann = shop.account(&visitor).await;
    assert!(visitor.get("/account", 200).await.html.contains("You have Free."));
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let known = shop.subscription(&ann).await;
    let (begun, end) = (day(&known["created_at"]), day(&known["current_period_end"]));
    let words = format!("Pro, from your subscription of {begun}; it renews on {end}.");
    shop.wait_for_words(&visitor, &ann, &words, &format!("You have {words}")).await;

    let team = shop.polar.list("/v1/products/").await;
    let team = team.iter().find(|product| product["metadata"]["plan"] == "team").expect("a product")["id"].clone();
    let base = shop.state.clock.billing() + 1000;
    let grace = spell_date(base + 7 * DAY);
    let pending = json!({"applies_at": known["current_period_end"], "product_id": team});
    let from = format!("from your subscription of {begun}");
    let states = [
        (json!({"pending_update": pending}), format!("Pro until {end}, {from}; changes to Team then."), true),
        (
            json!({"cancel_at_period_end": true, "ends_at": known["current_period_end"]}),
            format!("Pro until {end}, {from}; it ends then."),
            true,
        ),
        (
            json!({"status": "trialing", "trial_end": known["current_period_end"]}),
            format!("Pro on trial until {end}, {from}; the first payment is due then."),
            true,
        ),
        (
            json!({"status": "past_due", "past_due_at": written(base)}),
            format!(
                "Pro until {grace} at least, {from}; its last payment did not go through, and another card settles it."
            ),
            true,
        ),
        (
            json!({"status": "paused"}),
            format!("Pro is paused, with your subscription of {begun}; resuming opens it again."),
            false,
        ),
        (json!({"status": "canceled"}), format!("Pro has ended, with your subscription of {begun}."), false),
    ];
    for (place, (changes, words, gives)) in states.iter().enumerate() {
        let at = base + i64::try_from(place).expect("small") * 10;
        let after = changed(&known, at, changes);
        assert_eq!(shop.webhook(&format!("state-{place}"), &envelope("subscription.updated", at, &after)).await, 202);
        let on_page = if *gives { format!("You have {words}") } else { words.clone() };
        shop.wait_for_words(&visitor, &ann, words, &on_page).await;
    }
    assert!(visitor.get("/account", 200).await.html.contains("You have Free."));
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_sources_are_told_together() {
    let shop = Shop::open().await;
    let visitor = Visitor::register(&shop.origin, "ann").await;
    let (ann, (staff, _)) = (shop.account(&visitor).await, shop.hire("sam").await);
    shop.buy(&ann, "lifetime", "once").await;
    shop.buy(&ann, "team", "month").await;
    let form = [("id", ann.id.as_str()), ("what", "plan:pro"), ("reason", "A prize")];
    staff.post(&format!("/staff/person?id={}", ann.id), &form, 303).await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let today = spell_date(shop.state.clock.billing());
    let told = shop.told(&ann).await;
    assert_eq!(told.len(), 3, "{told:?}");
    let page = visitor.get("/account", 200).await.html;
    let bought = format!("Lifetime for good, from your purchase of {today}.");
    let given = format!("Pro without an end, given by us on {today}.");
    for sentence in [&format!("You have {bought}"), &given, "Team on trial until "] {
        assert!(page.contains(sentence), "“{sentence}” is missing in {page}");
    }
    assert!(told.contains(&bought) && told.contains(&given), "{told:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_is_what_was_believed_then() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    let before = shop.state.clock.wall() - 1;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let held = shop.state.clock.wall();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let at = shop.state.clock.billing() + 1000;
    let known = shop.subscription(&ann).await;
    let owing = changed(&past_due(&known, at), at, &json!({"status": "canceled"}));
    assert_eq!(shop.webhook("over", &envelope("subscription.revoked", at, &owing)).await, 202);
    wait_until("the end", async || if shop.may(&ann, "studio").await { Err("open") } else { Ok(()) }).await;

    let then = async |at| explaining::then(&shop.state, &ann.id, at).await.expect("an answer");
    assert!(then(before).await.is_empty());
    let beliefs = then(held).await;
    let studio = beliefs.iter().find(|belief| belief.line.feature == "studio").expect("a belief");
    assert_eq!(studio.held.as_ref().map(|held| held.source_id.as_str()), known["id"].as_str());
    let Because::Inbox(row) = &studio.because else { panic!("{:?}", studio.because) };
    assert_eq!((row.state.as_str(), row.object_id.is_some()), ("done", true));
    let over = then(shop.state.clock.wall()).await;
    let studio = over.iter().find(|belief| belief.line.feature == "studio").expect("a belief");
    assert!(studio.held.is_none() && studio.line.rule == "over");
    assert!(studio.because.sentence().contains("active → canceled"), "{}", studio.because.sentence());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_explains_and_makes_the_first_owner() {
    let shop = Shop::open().await;
    let visitor = Visitor::register(&shop.origin, "ann").await;
    let ann = shop.account(&visitor).await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let database = shop.state.config.database_url.clone();
    for who in [&ann.email, &ann.id] {
        let (done, text) = shop.boreal(&["explain", who], &database);
        assert!(done, "{text}");
        for part in ["The sheet of codes (studio): true", "The subscription is active.", "Access ends when Polar says"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
    let (done, text) = shop.boreal(&["explain", &ann.email, "--at", "2020-01-01"], &database);
    assert!(done && text.contains("On 1 January 2020, 00:00 UTC we believed:"), "{text}");
    assert!(text.contains("Nothing beyond what everybody has."), "{text}");
    let (done, text) = shop.boreal(&["explain", &ann.email, "--at", "2999-01-01"], &database);
    assert!(done && text.contains("(inbox "), "{text}");
    let (done, text) = shop.boreal(&["explain", "nobody@boreal-shop.dev"], &database);
    assert!(!done && text.contains("Nobody has the e-mail address or id"), "{text}");

    visitor.get("/staff", 404).await;
    let (done, text) = shop.boreal(&["role", &ann.email, "owner"], &database);
    assert!(done && text.contains("is owner now"), "{text}");
    visitor.get("/staff", 200).await;
    let (done, text) = shop.boreal(&["replay", "--check"], &database);
    assert!(done && text.contains("Everything is as the inbox says."), "{text}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cause_that_the_ledger_can_hold_has_a_sentence() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    shop.sweep(Sweep::All).await;
    let run = sync_runs::sweeps(&shop.state.db, 1).await.expect("rows").remove(0).id;
    let line = ledger::of_user(&shop.state.db, &ann.id).await.expect("rows").remove(0);
    for kind in CauseKind::EACH {
        for id in ["", "1", "99999", &run, "no id"] {
            let line = LedgerRow { cause_kind: kind.stored().to_owned(), cause_id: id.to_owned(), ..line.clone() };
            let words = explaining::because(&shop.state, &line).await.expect("an answer").sentence();
            let is_sentence = words.ends_with('.') && words.starts_with(char::is_uppercase) && words.contains(' ');
            assert!(is_sentence, "{kind:?} {id}: {words}");
        }
    }
    let of_run = LedgerRow { cause_kind: "sync".to_owned(), cause_id: run, ..line.clone() };
    let words = explaining::because(&shop.state, &of_run).await.expect("an answer").sentence();
    assert!(words.starts_with("The comparison with Polar of "), "{words}");
    let later = LedgerRow { cause_kind: "moon".to_owned(), ..line };
    let words = explaining::because(&shop.state, &later).await.expect("an answer").sentence();
    assert_eq!(words, "A newer version of this program changed it.");
    shop.close().await;
}
