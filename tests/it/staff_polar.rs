//! The page about Polar's side: what it sent and what we hold, the endpoint, and what comparisons found.

use super::{patience::wait_until, shop::Shop};
use boreal::server::{
    db::sync_runs,
    services::{syncing::Sweep, watching},
};
use serde_json::json;

const PAGE: &str = "/staff/polar";

#[tokio::test(flavor = "multi_thread")]
async fn what_polar_sent_stands_beside_what_we_hold() {
    let shop = Shop::open().await;
    let (staff, sam) = shop.hire("sam").await;
    let page = async || staff.get(PAGE, 200).await.html;
    let fresh = page().await;
    assert!(fresh.contains("Nobody has looked at what Polar sent yet.") && fresh.contains("Not known yet."), "{fresh}");

    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    staff.post(PAGE, &[("act", "look")], 303).await;
    let run = sync_runs::newest(&shop.state.db, Some("webhooks"), 1).await.expect("rows").remove(0);
    assert!(run.checked > 10 && run.equal == run.checked, "{run:?}");
    let words = format!("Polar sent {} events, we hold {}. Nothing is missing.", run.checked, run.checked);
    let html = page().await;
    assert!(html.contains(&words) && html.contains("In order"), "{html}");
    assert!(staff.get("/staff", 200).await.html.contains(&format!("{} of {}", run.checked, run.checked)));

    shop.polar.faults(json!({"corrupt_percent": 100, "retry_scale": 0.0})).await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    shop.at_polar("PATCH", &format!("/v1/subscriptions/{id}"), Some(json!({"cancel_at_period_end": true}))).await;
    shop.polar.idle().await;
    shop.polar.faults(json!({"corrupt_percent": 0})).await;
    staff.post(PAGE, &[("act", "look")], 303).await;
    let html = page().await;
    assert!(html.contains("missing and asked for again."), "{html}");
    let run = sync_runs::newest(&shop.state.db, Some("webhooks"), 1).await.expect("rows").remove(0);
    let one = staff.get(&format!("{PAGE}?run={}", run.id), 200).await.html;
    assert!(one.contains("given up by Polar, asked for again"), "{one}");
    staff.get(&format!("{PAGE}?run=none"), 404).await;

    shop.polar.idle().await;
    shop.polar.faults(json!({"down": true})).await;
    let refused = staff.post(PAGE, &[("act", "look")], 503).await.html;
    assert!(
        refused.contains("Polar does not answer.") && refused.contains("failed: Polar did not answer"),
        "{refused}"
    );
    shop.polar.faults(json!({"down": false})).await;
    let acts = shop.acts().await;
    let looks = acts.iter().filter(|act| act.0 == "look at webhooks" && act.1.as_ref() == Some(&sam.id));
    assert_eq!(looks.count(), 3, "{acts:?}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_off_is_mended_from_the_page_and_what_a_sweep_repaired_is_told() {
    let shop = Shop::open().await;
    let (staff, _) = shop.hire("sam").await;
    let ann = shop.person("ann").await;
    shop.buy(&ann, "pro", "month").await;
    shop.polar.idle().await;
    shop.worked_off().await;
    let endpoint = shop.polar.list("/v1/webhooks/endpoints").await.remove(0);
    let path = format!("/v1/webhooks/endpoints/{}", endpoint["id"].as_str().expect("an id"));
    shop.at_polar("PATCH", &path, Some(json!({"enabled": false}))).await;
    let id = shop.subscription(&ann).await["id"].as_str().expect("an id").to_owned();
    shop.at_polar("DELETE", &format!("/v1/subscriptions/{id}"), None).await;
    watching::look(&shop.state).await.expect("Polar answers").expect("nobody else looks");
    let html = staff.get(PAGE, 200).await.html;
    assert!(html.contains("switched our webhook endpoint off") && html.contains("Mend it from here"), "{html}");

    staff.post(PAGE, &[("act", "mend")], 303).await;
    assert_eq!(shop.polar.get(&path).await["enabled"], true);
    let html = staff.get(PAGE, 200).await.html;
    assert!(html.contains("In order") && !html.contains("Mend it from here"), "{html}");
    let told = async || {
        let html = staff.get(PAGE, 200).await.html;
        if html.contains("active → canceled") && html.contains("everything") { Ok(()) } else { Err(html) }
    };
    wait_until("the sweep's repair", told).await;
    assert_eq!(shop.sweep(Sweep::All).await.counts().repaired, 0);

    // What cannot be mended from here is only said.
    shop.at_polar("PATCH", &path, Some(json!({"url": "http://127.0.0.1:9/elsewhere"}))).await;
    staff.post(PAGE, &[("act", "look")], 303).await;
    let html = staff.get(PAGE, 200).await.html;
    assert!(html.contains("change its URL in Polar") && !html.contains("Mend it from here"), "{html}");
    let acts = shop.acts().await;
    let mended = acts.iter().find(|act| act.0 == "mend endpoint").expect("an act");
    assert!(mended.3.as_ref().is_some_and(|details| details.contains("switched our webhook endpoint off")), "{acts:?}");
    shop.close().await;
}
