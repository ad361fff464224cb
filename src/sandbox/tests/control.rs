//! The control page: what it shows, and that its forms do what they say without a script.

use serde_json::json;

use super::harness::World;
use crate::sandbox::New;

async fn page(world: &World, path: &str) -> (u16, String) {
    let answer = world.http.get(format!("{}{path}", world.sandbox.origin())).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("a page"))
}

async fn press(world: &World, form: &str, fields: &[(&str, &str)]) -> (u16, String, String) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let origin = world.sandbox.origin();
    let request = world.http.post(format!("{origin}/sandbox/forms/{form}")).header("origin", origin).body(body);
    let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.expect("an answer");
    let to = answer.headers().get("location").map(|to| to.to_str().expect("text").to_owned()).unwrap_or_default();
    (answer.status().as_u16(), to, answer.text().await.expect("a page"))
}

#[tokio::test]
async fn the_page_shows_customers_and_webhooks_and_leads_to_the_portal() {
    let world = World::new().await;
    let pro = world.product("Pro <b>", Some("month"), 900).await;
    world.subscribe(&pro, "user-1", "4242 4242 4242 4242").await;
    let (status, shown) = page(&world, "/").await;
    assert_eq!(status, 200);
    for text in
        ["user-1@boreal.dev", "Pro &lt;b&gt;: active, renews on", "subscription.created", "Sandbox: no real money"]
    {
        assert!(shown.contains(text), "{text} is missing");
    }
    let customer = world.get("/v1/customers/").await.1["items"][0]["id"].as_str().expect("an id").to_owned();
    let (status, to, _) = press(&world, "portal", &[("customer_id", &customer)]).await;
    assert_eq!(status, 303);
    assert_eq!(world.http.get(to).send().await.expect("an answer").status().as_u16(), 200);
    let before = world.deliveries();
    let (status, to, _) = press(&world, "redeliver", &[("webhook_id", &before[0].header("webhook-id"))]).await;
    assert_eq!((status, to.as_str()), (303, "/?organization=boreal-sandbox#log"));
    world.idle().await;
    assert_eq!(world.deliveries().len(), before.len() + 1);
    let (_, log) = page(&world, "/sandbox/log?organization=boreal-sandbox").await;
    assert!(
        log.contains("subscription.created") && log.contains("http-equiv=\"refresh\"") && !log.contains("id=\"clock\"")
    );
}

#[tokio::test]
async fn the_forms_move_the_clock_and_set_the_faults() {
    let world = World::new().await;
    let (status, to, _) = press(&world, "clock", &[("go", "by"), ("span", "30d"), ("subscription_id", "")]).await;
    assert_eq!((status, to.as_str()), (303, "/?organization=boreal-sandbox#clock"));
    assert_eq!(world.get("/sandbox/clock").await.1["offset_ms"], 2_592_000_000_i64);
    assert_eq!(press(&world, "clock", &[("go", "at"), ("time", "2099-01-01T10:00")]).await.0, 303);
    assert!(world.get("/sandbox/clock").await.1["now"].as_str().is_some_and(|now| now.starts_with("2099-01-01T10:00")));
    let (status, _, shown) = press(&world, "clock", &[("go", "at"), ("time", "2000-01-01T10:00")]).await;
    assert!(status == 422 && shown.contains("does not go back") && shown.contains("id=\"faults\""), "{shown}");
    let (status, _, shown) = press(&world, "clock", &[("go", "next renewal")]).await;
    assert!(status == 422 && shown.contains("nothing to renew"));

    let numbers =
        ["duplicate", "hold_ms", "hold_jobs_ms", "drop_percent", "corrupt_percent", "delay_ms", "retry_after", "seed"]
            .map(|name| (name, "2"));
    let words = [("sender", "on"), ("retry_scale", "0.5"), ("answer_percent", "100"), ("answer", "500 after")];
    let (status, ..) = press(&world, "faults", &[&numbers[..], &words[..]].concat()).await;
    assert_eq!(status, 303);
    let set = world.get("/sandbox/faults").await.1;
    assert_eq!((&set["duplicate"], &set["answer"], &set["sender"]), (&json!(2), &json!("500 after"), &json!(true)));
    assert_eq!((&set["shuffle"], &set["answer_to"]), (&json!(false), &json!(null)));
    let (status, ..) = press(&world, "faults-off", &[]).await;
    assert_eq!((status, &world.get("/sandbox/faults").await.1["answer"]), (303, &json!(null)));
}

#[tokio::test]
async fn a_new_organization_is_shown_with_its_secrets_once() {
    let world = World::new().await;
    let (status, _, shown) = press(&world, "organizations", &[("name", "North"), ("webhook_url", "")]).await;
    assert!(status == 201 && shown.contains("polar_oat_") && shown.contains("polar_whs_"));
    let (status, shown) = page(&world, "/?organization=north").await;
    assert!(status == 200 && shown.contains("aria-current=\"page\">North</a>") && !shown.contains("polar_oat_"));
    assert!(shown.contains("action=\"/sandbox/forms/clock?organization=north\""));
    assert_eq!(page(&world, "/?organization=south").await.0, 404);
    let (status, _, shown) = press(&world, "organizations", &[("name", "South"), ("webhook_url", "nowhere")]).await;
    assert!(status == 422 && shown.contains("no address"));
    world.sandbox.add(New::default()).await.expect("a third");
    assert!(page(&world, "/").await.1.contains(">organization</a>"));
}

#[tokio::test]
async fn other_sites_cannot_press_the_buttons() {
    let world = World::new().await;
    let url = format!("{}/sandbox/forms/faults-off", world.sandbox.origin());
    let answer = world.http.post(&url).header("origin", "null").send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 403);
    let answer = world.http.get(world.sandbox.origin()).send().await.expect("an answer");
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert!(header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(header("referrer-policy"), "same-origin");
    let (status, script) = page(&world, "/sandbox/log.js").await;
    assert!(status == 200 && script.contains("setInterval"));
}
