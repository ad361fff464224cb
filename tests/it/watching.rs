//! Polar's side of webhooks: an endpoint that is off is noticed, switched on again, and what was missed comes in.

use super::{patience::wait_for, shop::Shop};
use boreal::server::{
    db::{Reader, endpoint_case, sync_runs},
    services::{
        checking,
        syncing::Sweep,
        watching::{self, Problem, Watched},
    },
};
use serde_json::{Value, json};

impl Shop {
    async fn watch(&self) -> Watched {
        watching::look(&self.state).await.expect("Polar answers").expect("nobody else looks")
    }

    /// Our endpoint, as Polar has it.
    async fn endpoint(&self) -> Value {
        self.polar.list("/v1/webhooks/endpoints").await.remove(0)
    }

    async fn change_endpoint(&self, change: Value) {
        let id = self.endpoint().await["id"].as_str().expect("an id").to_owned();
        self.at_polar("PATCH", &format!("/v1/webhooks/endpoints/{id}"), Some(change)).await;
    }

    async fn case(&self) -> Option<String> {
        endpoint_case::details(&self.state.db).await.expect("rows")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_off_is_noticed_and_switched_on_and_what_was_missed_is_looked_up() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    assert_eq!(shop.watch().await.problems, []);
    assert_eq!(checking::findings(&shop.state).await.expect("an answer"), Vec::<String>::new());
    shop.state.db.write("DELETE FROM jobs WHERE kind = 'sync_user'").execute().await.expect("rows");

    shop.change_endpoint(json!({"enabled": false})).await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    shop.at_polar("DELETE", &format!("/v1/subscriptions/{id}"), None).await;
    assert_eq!(shop.watch().await.problems, [Problem::Disabled]);
    assert!(shop.case().await.expect("a case").contains("switched our webhook endpoint off"));
    let found = checking::findings(&shop.state).await.expect("an answer");
    assert!(found.len() == 1 && found[0].contains("boreal check --fix"), "{found:?}");
    assert!(shop.may(&ann, "studio").await, "events of this time are written down nowhere");

    let done = watching::fix(&shop.state).await.expect("Polar answers");
    assert!(done[0].contains("is on"), "{done:?}");
    assert_eq!((shop.endpoint().await["enabled"].as_bool(), shop.case().await), (Some(true), None));
    // The server's own loop looks everything up, because nothing will ever tell.
    wait_for("the sweep", async || (!shop.may(&ann, "studio").await).then_some(())).await;
    let swept = async || {
        let runs = sync_runs::newest(&shop.state.db, Some("all"), 1).await.expect("rows");
        runs.into_iter().find(|run| run.finished_at.is_some())
    };
    assert!(wait_for("its report", swept).await.repaired > 0);
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_kinds_and_wrong_addresses_are_noticed() {
    let shop = Shop::open().await;
    shop.change_endpoint(json!({"events": ["order.paid", "member.created"], "format": "slack"})).await;
    let problems = shop.watch().await.problems;
    assert_eq!(problems[0], Problem::Format("slack".to_owned()));
    assert!(matches!(&problems[1], Problem::Missing(kinds) if kinds.contains(&"subscription.revoked".to_owned())));
    watching::fix(&shop.state).await.expect("Polar answers");
    let endpoint = shop.endpoint().await;
    let kinds = endpoint["events"].as_array().expect("a list");
    assert!(kinds.contains(&json!("member.created")) && kinds.contains(&json!("subscription.revoked")), "{kinds:?}");
    assert_eq!((endpoint["format"].as_str(), shop.case().await), (Some("raw"), None));

    shop.change_endpoint(json!({"url": "http://127.0.0.1:9/elsewhere"})).await;
    let problems = shop.watch().await.problems;
    assert!(matches!(&problems[..], [Problem::Nowhere { others, .. }] if others.len() == 1), "{problems:?}");
    let done = watching::fix(&shop.state).await.expect("Polar answers");
    assert!(
        done.len() == 1 && done[0].contains("http://127.0.0.1:9/elsewhere"),
        "what cannot be mended is said: {done:?}"
    );
    let opened = "SELECT COUNT(*) FROM cases WHERE kind = 'endpoint'";
    assert_eq!(shop.state.db.read(opened).scalar::<i64>().await.expect("a count"), 2, "one case each time");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_were_given_up_come_again() {
    let shop = Shop::open().await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    let before = shop.watch().await.report.counts();
    assert!(before.checked > 10 && before.equal == before.checked, "what Polar sent is what we hold: {before:?}");

    shop.polar.faults(json!({"corrupt_percent": 100, "retry_scale": 0.0})).await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    shop.at_polar("PATCH", &format!("/v1/subscriptions/{id}"), Some(json!({"cancel_at_period_end": true}))).await;
    shop.polar.idle().await;
    shop.polar.faults(json!({"corrupt_percent": 0})).await;
    let report = shop.watch().await.report;
    assert!(report.counts().repaired > 0 && report.counts().unexplained == 0, "{report:#?}");
    let lost = report.repairs.clone();
    shop.polar.idle().await;
    let report = shop.watch().await.report;
    assert_eq!(report.counts().equal, report.counts().checked, "{report:#?}");
    assert!(lost.iter().all(|line| report.has("webhook", &line.id)), "each of them is held now");
    shop.worked_off().await;
    let ends = shop.polar.get(&format!("/v1/subscriptions/{id}")).await["ends_at"].clone();
    assert!(ends.is_string());
    assert_eq!(shop.sweep(Sweep::All).await.counts().repaired, 0, "nothing was left for a sweep");

    // Taken from Polar and lost all the same, as by a restored backup: never silently.
    let one = &lost[0].id;
    shop.state.db.write("DELETE FROM inbox WHERE webhook_id = $1").bind(one).execute().await.expect("a row");
    let report = shop.watch().await.report;
    assert_eq!(report.unexplained.iter().map(|line| &line.id).collect::<Vec<_>>(), [one]);
    shop.polar.idle().await;
    assert_eq!(shop.watch().await.report.counts().unexplained, 0, "it came again");
    shop.close().await;
}
