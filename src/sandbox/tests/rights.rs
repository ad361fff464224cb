//! Tokens with fewer scopes, and the rate limit.

use serde_json::{Value, json};

use super::harness::World;

async fn ask(world: &World, token: &str, method: &str, path: &str, body: Option<Value>) -> reqwest::Response {
    let url = format!("{}{path}", world.sandbox.origin());
    let mut request = world.http.request(method.parse().expect("a method"), url).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await.expect("an answer")
}

#[tokio::test]
async fn a_token_may_do_only_what_its_scopes_say() {
    let world = World::new().await;
    let scopes = json!({"scopes": ["products:read", "customers:write"]});
    let (status, made) = world.send("POST", "/sandbox/tokens", Some(scopes)).await;
    assert_eq!(status, 201);
    let token = made["token"].as_str().expect("a token");
    assert_eq!(ask(&world, token, "GET", "/v1/products/", None).await.status(), 200);
    assert_eq!(ask(&world, token, "GET", "/v1/customers/", None).await.status(), 200, "who may write may read");
    let refused = ask(&world, token, "POST", "/v1/checkouts/", Some(json!({}))).await;
    assert_eq!(refused.status(), 403);
    let challenge = refused.headers()["www-authenticate"].to_str().expect("text");
    assert!(challenge.contains("scope=\"checkouts:write\""), "{challenge}");
    let body: Value = serde_json::from_slice(&refused.bytes().await.expect("bytes")).expect("json");
    assert_eq!(body["error"], "insufficient_scope");
}

#[tokio::test]
async fn too_many_requests_in_a_minute_are_refused_with_an_empty_answer() {
    let world = World::new().await;
    world.faults(json!({"rate_limit": 3})).await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(ask(&world, world.sandbox.token(), "GET", "/v1/products/", None).await);
    }
    let codes: Vec<u16> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert_eq!(codes, [200, 200, 200, 429, 429]);
    let last = answers.pop().expect("five answers");
    let wait: u32 = last.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait));
    assert!(last.bytes().await.expect("bytes").is_empty());
    world.faults(json!({"rate_limit": null})).await;
    assert_eq!(world.get("/v1/products/").await.0, 200);
}
