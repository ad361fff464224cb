//! More webhooks than Polar sends by itself: old ones asked for again, under their own ids, and the same told to another
//! endpoint of the same address, under ids of its own.

use super::scene::Scene;
use crate::{polar::Sent, polar::browser, random::Random, shop::signed};
use boreal::server::clock::Clock;
use serde_json::json;
use std::{collections::BTreeSet, rc::Rc, sync::atomic::Ordering, time::Duration};
use tokio::task::JoinSet;

/// Between two looks at what Polar sent.
const PAUSE: Duration = Duration::from_millis(300);
/// So many of it are told again, at the same time.
const AT_ONCE: usize = 8;

/// Tells things again until it is over; the ids under which something was answered 202.
pub async fn echo(scene: Rc<Scene>, mut random: Random) -> BTreeSet<String> {
    let (mut taken, http, mut number) = (BTreeSet::new(), browser(), 0);
    while !scene.over.load(Ordering::Acquire) {
        let events = scene.polar.events().await;
        let mut telling = JoinSet::new();
        for _ in 0..AT_ONCE.min(events.len()) {
            let (scene, http, event) = (Rc::clone(&scene), http.clone(), events[random.below(events.len())].clone());
            number += 1;
            let id = (random.below(3) > 0).then(|| format!("echo-{number}"));
            taken.extend(id.clone());
            telling.spawn_local(async move {
                match id {
                    Some(id) => deliver(&scene, &http, &id, &event).await,
                    None => {
                        drop(scene.polar.send("POST", "/sandbox/deliver", Some(json!({"webhook_id": event.id}))).await)
                    }
                }
            });
        }
        telling.join_all().await;
        tokio::time::sleep(PAUSE).await;
    }
    taken
}

/// Sends until it is taken: that no answer comes says nothing about whether it was stored.
async fn deliver(scene: &Scene, http: &reqwest::Client, id: &str, event: &Sent) {
    loop {
        let at = Clock::default().wall() / 1000;
        let mut request = http.post(format!("{}/webhooks/polar", scene.origin())).body(event.body.clone());
        for (name, value) in signed(&scene.secret, id, at, event.body.as_bytes()) {
            request = request.header(name, value);
        }
        match request.send().await {
            Ok(answer) if answer.status().as_u16() == 202 => return,
            // What is stopping or starting may say that it cannot store it now.
            Ok(answer) => assert_eq!(answer.status().as_u16(), 503, "{} under {id}", event.kind),
            Err(_) => {}
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
