//! Several organizations in one process, side by side.

use serde_json::{Value, json};

use super::harness::{Received, World};
use crate::sandbox::hooks::signature;
use crate::sandbox::{New, Organization};

async fn second(world: &World, name: &str) -> Organization {
    let own = world.get("/v1/webhooks/endpoints").await.1["items"][0]["url"].as_str().expect("a URL").to_owned();
    let webhook_url = Some(own.replace("/webhooks/polar", "/second"));
    world.sandbox.add(New { name: Some(name.to_owned()), slug: None, webhook_url }).await.expect("an organization")
}

async fn product(world: &World, token: &str, name: &str) -> Value {
    let body = json!({"name": name, "recurring_interval": "month",
        "prices": [{"amount_type": "fixed", "price_amount": 700, "price_currency": "usd"}]});
    let (status, made) = world.send_as(token, "POST", "/v1/products/", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    made
}

async fn idle(world: &World, token: &str) {
    for _ in 0..400 {
        if world.send_as(token, "GET", "/sandbox/idle", None).await.1["idle"] == true {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the organization does not come to rest");
}

fn id(value: &Value) -> &str {
    value["id"].as_str().expect("an id")
}

fn signed_with(one: &Received, secret: &str) -> bool {
    let (id, at) = (one.header("webhook-id"), one.header("webhook-timestamp"));
    one.header("webhook-signature") == signature::sign(secret, &id, &at, &one.bytes)
}

#[tokio::test]
async fn a_token_sees_its_own_organization_only() {
    let world = World::new().await;
    let other = second(&world, "Café Nord").await;
    assert_eq!(other.slug, "caf-nord");
    let (mine, theirs) =
        (world.product("Mine", Some("month"), 900).await, product(&world, &other.token, "Theirs").await);
    for (token, seen, hidden) in [(world.sandbox.token(), &mine, &theirs), (other.token.as_str(), &theirs, &mine)] {
        let (_, list) = world.send_as(token, "GET", "/v1/products/", None).await;
        assert_eq!((id(&list["items"][0]), &list["pagination"]["total_count"]), (id(seen), &json!(1)));
        let path = |product: &Value| format!("/v1/products/{}", id(product));
        assert_eq!(world.send_as(token, "GET", &path(seen), None).await.0, 200);
        let (status, refused) = world.send_as(token, "GET", &path(hidden), None).await;
        assert_eq!((status, &refused["error"]), (404, &json!("ResourceNotFound")));
    }
    let (_, organizations) = world.send_as(&other.token, "GET", "/v1/organizations/", None).await;
    assert_eq!(
        (id(&organizations["items"][0]), &organizations["items"][0]["name"]),
        (&*other.id.to_string(), &json!("Café Nord"))
    );
    let (status, refused) = world.send_as("polar_oat_nobody", "GET", "/v1/products/", None).await;
    assert_eq!((status, &refused["error"]), (401, &json!("invalid_token")));
    assert_eq!(world.send_as("polar_oat_nobody", "POST", "/sandbox/reset", None).await.0, 404, "no switch is guessed");
    assert_eq!(world.send("GET", "/sandbox/clock?organization=nobody", None).await.0, 404);
}

#[tokio::test]
async fn clocks_faults_and_webhooks_are_each_ones_own() {
    let world = World::new().await;
    let other = second(&world, "Second").await;
    let offset = async |query: &str| world.get(&format!("/sandbox/clock{query}")).await.1["offset_ms"].clone();
    let (status, _) = world.send_as(&other.token, "POST", "/sandbox/clock", Some(json!({"advance": "3d"}))).await;
    assert_eq!(status, 200);
    assert_eq!((offset("").await, offset("?organization=second").await), (json!(0), json!(259_200_000)));
    let (status, _) = world.send("PUT", "/sandbox/faults?organization=second", Some(json!({"answer": 500}))).await;
    assert_eq!(status, 200);
    assert_eq!(world.send_as(&other.token, "GET", "/v1/products/", None).await.0, 500);
    assert_eq!(world.get("/v1/products/").await.0, 200);
    world.send_as(&other.token, "DELETE", "/sandbox/faults", None).await;

    world.product("Mine", Some("month"), 900).await;
    product(&world, &other.token, "Theirs").await;
    world.idle().await;
    idle(&world, &other.token).await;
    let all = world.deliveries();
    let at = |path: &str| all.iter().filter(|one| one.path == path).collect::<Vec<_>>();
    let ([mine], [theirs]) = (&at("/webhooks/polar")[..], &at("/second")[..]) else { panic!("one event each") };
    assert_eq!((&mine.json()["data"]["name"], &theirs.json()["data"]["name"]), (&json!("Mine"), &json!("Theirs")));
    assert!(signed_with(mine, world.sandbox.webhook_secret()) && !signed_with(mine, &other.webhook_secret));
    assert!(signed_with(theirs, &other.webhook_secret));
    assert!(theirs.json()["timestamp"].as_str() > mine.json()["timestamp"].as_str(), "three days ahead");
}

#[tokio::test]
async fn hosted_pages_and_portals_find_their_organization() {
    let world = World::new().await;
    let other = second(&world, "Second").await;
    let sold = product(&world, &other.token, "Theirs").await;
    let body = json!({"products": [sold["id"]], "external_customer_id": "user-1"});
    let (_, checkout) = world.send_as(&other.token, "POST", "/v1/checkouts/", Some(body)).await;
    let secret = checkout["client_secret"].as_str().expect("a secret");
    let shown = world.http.get(format!("{}/v1/checkouts/client/{secret}", world.sandbox.origin())).send().await;
    assert_eq!(shown.expect("an answer").status().as_u16(), 200);
    let (status, _, page) = world.pay(&checkout, "ada@boreal.dev", "4242 4242 4242 4242").await;
    assert_eq!(status, 303, "{page}");
    idle(&world, &other.token).await;
    let body = json!({"external_customer_id": "user-1"});
    let (_, session) = world.send_as(&other.token, "POST", "/v1/customer-sessions/", Some(body)).await;
    let url = session["customer_portal_url"].as_str().expect("a URL");
    assert!(url.contains("/second/portal?"), "{url}");
    let page = world.http.get(url).send().await.expect("an answer").text().await.expect("a page");
    assert!(page.contains("Theirs") && page.contains("/second/portal/subscriptions/"), "{page}");
    let (_, orders) = world.send_as(&other.token, "GET", "/v1/orders/", None).await;
    assert!(orders["items"][0]["invoice_number"].as_str().is_some_and(|number| number.starts_with("SECOND-")));
    let invoice = format!("{}/documents/invoice/{}", world.sandbox.origin(), id(&orders["items"][0]));
    assert_eq!(world.http.get(invoice).send().await.expect("an answer").status().as_u16(), 200);
    assert_eq!(world.get("/v1/orders/").await.1["items"], json!([]));
}

#[tokio::test]
async fn a_restart_keeps_all_but_the_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("sandbox.json");
    let world = World::with_file(Some(file.clone())).await;
    let (kept, gone) = (second(&world, "Kept").await, second(&world, "Gone").await);
    product(&world, &kept.token, "Theirs").await;
    world.send_as(&kept.token, "POST", "/sandbox/clock", Some(json!({"advance": "1h"}))).await;
    assert_eq!(world.send("DELETE", "/sandbox/organizations/gone", None).await.0, 204);
    assert_eq!(world.send("DELETE", "/sandbox/organizations/gone", None).await.0, 404);
    assert_eq!(world.send("DELETE", "/sandbox/organizations/boreal-sandbox", None).await.0, 409);
    assert_eq!(world.send_as(&gone.token, "GET", "/v1/products/", None).await.0, 401);
    let first = world.sandbox.token().to_owned();
    world.sandbox.stop().await;

    let world = World::with_file(Some(file)).await;
    assert_eq!(world.sandbox.token(), first);
    let (_, list) = world.get("/sandbox/organizations").await;
    let slugs: Vec<&str> =
        list["items"].as_array().expect("items").iter().filter_map(|one| one["slug"].as_str()).collect();
    assert_eq!(slugs, ["boreal-sandbox", "kept"]);
    assert!(!list.to_string().contains(&first) && !list.to_string().contains(&kept.webhook_secret), "no secrets");
    let (_, products) = world.send_as(&kept.token, "GET", "/v1/products/", None).await;
    assert_eq!(products["items"][0]["name"], "Theirs");
    assert_eq!(world.get("/sandbox/clock?organization=kept").await.1["offset_ms"], 3_600_000);
    assert_eq!(world.get("/sandbox/clock").await.1["offset_ms"], 0);
}

#[tokio::test]
async fn slugs_are_free_and_well_formed_and_without_an_address_nothing_is_sent() {
    let world = World::new().await;
    let add = async |body: Value| world.send("POST", "/sandbox/organizations", Some(body)).await;
    let (status, one) = add(json!({"name": "Same name"})).await;
    let (_, two) = add(json!({"name": "Same name"})).await;
    assert_eq!((status, &one["slug"], &two["slug"]), (201, &json!("same-name"), &json!("same-name-2")));
    for slug in ["same-name", "sandbox", "Big", "a--b", "ab"] {
        assert_eq!(add(json!({"slug": slug})).await.0, 422, "{slug}");
    }
    assert_eq!(add(json!({"webhook_url": "nowhere"})).await.0, 422);
    let token = one["token"].as_str().expect("a token");
    let (_, endpoint) = world
        .send_as(token, "GET", &format!("/v1/webhooks/endpoints/{}", one["endpoint_id"].as_str().expect("an id")), None)
        .await;
    assert_eq!(endpoint["enabled"], false);
    product(&world, token, "Quiet").await;
    assert_eq!(world.send_as(token, "GET", "/sandbox/deliveries", None).await.1["items"], json!([]));
}
