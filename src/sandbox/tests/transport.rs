//! Tokens, versions, lengths, slashes, refusals.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::harness::World;

#[tokio::test]
async fn tokens_are_checked_and_refused_in_both_shapes() {
    let world = World::new().await;
    let url = format!("{}/v1/products/", world.sandbox.origin());
    let none = world.http.get(&url).send().await.expect("an answer");
    assert_eq!(none.headers()["www-authenticate"], "Bearer realm=\"polar\"");
    assert_eq!(
        (none.status().as_u16(), none.json::<Value>().await.expect("json")),
        (401, json!({"error": "Unauthorized", "detail": "Unauthorized"}))
    );
    let wrong = world.http.get(&url).bearer_auth("polar_oat_wrong").send().await.expect("an answer");
    assert_eq!(wrong.headers()["cache-control"], "no-store");
    let body = wrong.json::<Value>().await.expect("json");
    assert_eq!(body["error"], "invalid_token");
    assert!(body["error_description"].is_string() && body.get("detail").is_none());
}

#[tokio::test]
async fn answers_carry_version_time_and_mark() {
    let world = World::new().await;
    world.send("POST", "/sandbox/clock", Some(json!({"advance_ms": 3_600_000}))).await;
    let url = format!("{}/v1/products/", world.sandbox.origin());
    let ask = async |version: &str| {
        let request = world.http.get(&url).bearer_auth(world.sandbox.token()).header("polar-version", version);
        request.send().await.expect("an answer")
    };
    let answer = ask("2026-10").await;
    let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(
        (header("polar-version"), header("x-polar-sandbox"), header("x-sandbox-offset-ms")),
        ("2026-10".into(), "1".into(), "3600000".into())
    );
    assert_eq!(header("cache-control"), "private, no-store");
    let now = world.get("/sandbox/clock").await.1["now"].as_str().expect("a stamp").to_owned();
    assert_eq!(answer.headers().get_all("date").iter().count(), 1);
    assert_eq!(header("date")[17..22], now[11..16], "the header tells the moved time");
    let unknown = ask("1999-01").await;
    assert_eq!(
        (unknown.status().as_u16(), unknown.json::<Value>().await.expect("json")),
        (404, json!({"detail": "Not Found"}))
    );
}

#[tokio::test]
async fn lengths_slashes_and_unknown_routes() {
    let world = World::new().await;
    let origin = world.sandbox.origin();
    let authority = origin.strip_prefix("http://localhost:").expect("the default origin");
    let mut socket = tokio::net::TcpStream::connect(format!("127.0.0.1:{authority}")).await.expect("a connection");
    let chunked = "POST /v1/checkouts/ HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    socket.write_all(chunked.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 411") && answer.contains("LengthRequired"), "{answer}");
    let slash = world
        .http
        .get(format!("{origin}/v1/products?limit=2"))
        .bearer_auth(world.sandbox.token())
        .send()
        .await
        .expect("an answer");
    assert_eq!(
        (slash.status().as_u16(), slash.headers()["location"].to_str().expect("text")),
        (307, format!("{origin}/v1/products/?limit=2").as_str())
    );
    assert_eq!(world.get("/v1/nothing").await, (404, json!({"detail": "Not Found"})));
    assert_eq!(world.send("DELETE", "/v1/products/", None).await, (405, json!({"detail": "Method Not Allowed"})));
    assert_eq!(world.get("/v1/products/00000000-0000-4000-8000-000000000000").await.1["error"], "ResourceNotFound");
}

#[tokio::test]
async fn lists_have_pages_and_filters() {
    let world = World::new().await;
    for number in 0..12 {
        world.product(&format!("Plan {number:02}"), (number % 2 == 0).then_some("month"), 100 * number).await;
    }
    let first = world.get("/v1/products/?limit=500").await.1;
    assert_eq!((first["items"].as_array().expect("items").len(), &first["pagination"]["max_page"]), (12, &json!(1)));
    let second = world.get("/v1/products/?page=2&sorting=name").await.1;
    assert_eq!(
        (&second["items"][0]["name"], &second["pagination"]),
        (&json!("Plan 10"), &json!({"total_count": 12, "max_page": 2}))
    );
    assert_eq!(world.get("/v1/products/?page=99").await.1["items"], json!([]));
    assert_eq!(world.get("/v1/products/?page=0").await.0, 422);
    assert_eq!(
        world.get("/v1/products/?is_recurring=true&metadata[plan]=plan%2004").await.1["pagination"]["total_count"],
        1
    );
    assert_eq!(world.get("/v1/orders/?customer_id=xyz").await.0, 422);
}

#[tokio::test]
async fn products_change_their_name_tags_prices_and_archive() {
    let world = World::new().await;
    let product = world.product("Pro", Some("month"), 1_000).await;
    let path = format!("/v1/products/{}", product["id"].as_str().expect("an id"));
    let prices = json!([{"amount_type": "fixed", "price_amount": 1_200}, {"amount_type": "fixed", "price_amount": 1_100, "price_currency": "eur"}]);
    let (status, changed) =
        world.send("PATCH", &path, Some(json!({"name": "Pro 2", "metadata": {"plan": "x"}, "prices": prices}))).await;
    assert_eq!(
        (status, changed["prices"].as_array().expect("prices").len(), &changed["prices"][0]["price_amount"]),
        (200, 2, &json!(1_200))
    );
    let checkout = world.checkout(&product, json!({"currency": "eur"})).await;
    assert_eq!((&checkout["amount"], &checkout["product_price_id"]), (&json!(1_100), &changed["prices"][1]["id"]));
    assert_eq!(world.checkout(&product, json!({})).await["amount"], 1_200);
    assert_eq!(world.send("PATCH", &path, Some(json!({"is_archived": true}))).await.1["is_archived"], true);
    assert_eq!(world.get("/v1/products/?is_archived=false").await.1["items"], json!([]));
    let (status, refusal) = world.send("POST", "/v1/checkouts/", Some(json!({"products": [product["id"]]}))).await;
    assert_eq!((status, &refusal["detail"][0]["loc"]), (422, &json!(["body", "products", 0])));
    let body = json!({"name": "Seats", "organization_id": world.sandbox.organization_id(), "prices": [{"amount_type": "free"}]});
    assert_eq!(world.send("POST", "/v1/products/", Some(body)).await.1["detail"][0]["type"], "organization_token");
}

#[tokio::test]
async fn customers_are_linked_once() {
    let world = World::new().await;
    let create = async |body: Value| world.send("POST", "/v1/customers/", Some(body)).await;
    let (status, customer) = create(json!({"email": "Ada@boreal.dev", "name": "Ada"})).await;
    assert_eq!((status, &customer["external_id"]), (201, &json!(null)));
    let path = format!("/v1/customers/{}", customer["id"].as_str().expect("an id"));
    assert_eq!(world.get("/v1/customers/?email=ada@BOREAL.dev").await.1["pagination"]["total_count"], 1);
    assert_eq!(world.send("PATCH", &path, Some(json!({"external_id": "u1"}))).await.1["external_id"], "u1");
    assert_eq!(world.send("PATCH", &path, Some(json!({"external_id": "u2"}))).await.0, 422);
    assert_eq!(
        create(json!({"email": "ada@boreal.dev"})).await.1["detail"][0]["msg"],
        "A customer with this email address already exists."
    );
    assert_eq!(
        create(json!({"email": "eve@boreal.dev", "external_id": "u1"})).await.1["detail"][0]["loc"],
        json!(["body", "external_id"])
    );
    world.idle().await;
    let kinds = world.kinds();
    assert_eq!(kinds[..3], ["member.created", "customer.created", "customer.updated"]);
    assert!(kinds.contains(&"customer.state_changed".to_owned()));
}

#[tokio::test]
async fn nothing_but_loopback_is_served() {
    let start = async |listen: &str, origin: Option<&str>| {
        let config = crate::sandbox::Config {
            listen: listen.parse().expect("an address"),
            origin: origin.map(str::to_owned),
            state_file: None,
            webhook_url: "http://127.0.0.1:9/webhooks/polar".to_owned(),
        };
        crate::sandbox::Sandbox::start(config).await.map(|_| ())
    };
    assert!(start("0.0.0.0:0", None).await.is_err());
    assert!(start("127.0.0.1:0", Some("https://polar.sh")).await.is_err());
    assert!(start("127.0.0.1:0", Some("http://localhost:3010")).await.is_ok());
}

#[tokio::test]
async fn other_sites_cannot_reach_the_switches() {
    let world = World::new().await;
    let url = format!("{}/sandbox/faults", world.sandbox.origin());
    let from = async |origin: &str| {
        world.http.get(&url).header("origin", origin).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(from("http://evil.example").await, 403);
    assert_eq!(from(world.sandbox.origin()).await, 200);
}
