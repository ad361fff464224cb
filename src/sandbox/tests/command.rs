//! The command line, against a sandbox that runs.

use clap::Parser;
use serde_json::{Value, json};

use super::harness::World;
use crate::sandbox::command::Command;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

async fn boreal(world: &World, words: &[&str]) -> Result<String, String> {
    let all = [&["boreal"], words, &["--origin", world.sandbox.origin()]].concat();
    let line = Line::try_parse_from(all).map_err(|error| error.to_string())?;
    line.command.run().await
}

async fn shown(world: &World, words: &[&str]) -> Value {
    let text = boreal(world, words).await.expect("an answer");
    serde_json::from_str(&text).expect("JSON")
}

#[tokio::test]
async fn the_clock_and_the_faults_are_set_from_a_shell() {
    let world = World::new().await;
    assert_eq!(shown(&world, &["clock"]).await["offset_ms"], 0);
    assert_eq!(shown(&world, &["clock", "--advance", "30d"]).await["offset_ms"], 2_592_000_000_i64);
    assert!(boreal(&world, &["clock", "--to", "2001-01-01"]).await.is_err_and(|why| why.contains("does not go back")));
    assert!(boreal(&world, &["clock", "--to", "next renewal", "--advance", "1d"]).await.is_err());

    let words = ["faults", "answer=500 after", "drop_percent=20", "answer_to=POST /v1/checkouts/", "shuffle=true"];
    let set = shown(&world, &words).await;
    assert_eq!(
        (&set["answer"], &set["drop_percent"], &set["shuffle"]),
        (&json!("500 after"), &json!(20), &json!(true))
    );
    assert_eq!(shown(&world, &["faults"]).await, world.get("/sandbox/faults").await.1);
    assert!(boreal(&world, &["faults", "lunch=no"]).await.is_err_and(|why| why.contains("lunch")));
    assert!(boreal(&world, &["faults", "shuffle"]).await.is_err_and(|why| why.contains("name=value")));
    assert_eq!(shown(&world, &["faults", "off"]).await["drop_percent"], 0);
}

#[tokio::test]
async fn organizations_and_events_are_handled_from_a_shell() {
    let world = World::new().await;
    let made = shown(&world, &["organizations", "add", "North Shop"]).await;
    assert_eq!(made["slug"], "north-shop");
    let listed = shown(&world, &["organizations"]).await;
    assert_eq!(listed["items"][1]["id"], made["id"]);
    assert_eq!(
        shown(&world, &["clock", "--advance", "1h", "--organization", "north-shop"]).await["offset_ms"],
        3_600_000
    );
    assert_eq!(shown(&world, &["clock"]).await["offset_ms"], 0);
    assert_eq!(boreal(&world, &["organizations", "remove", "north-shop"]).await.as_deref(), Ok("Done."));
    assert!(boreal(&world, &["clock", "--organization", "north-shop"]).await.is_err_and(|why| why.contains("no such")));

    world.product("Pro", Some("month"), 900).await;
    world.idle().await;
    let id = world.deliveries()[0].header("webhook-id");
    let events = boreal(&world, &["events"]).await.expect("a list");
    assert!(events.starts_with(&id) && events.contains("product.created") && events.ends_with(" 1 202"), "{events}");
    boreal(&world, &["redeliver", &id]).await.expect("sent");
    world.idle().await;
    assert_eq!(world.deliveries().len(), 2);
    boreal(&world, &["reset"]).await.expect("reset");
    assert_eq!(boreal(&world, &["events"]).await.as_deref(), Ok(""));
    world.sandbox.stop().await;
    assert!(boreal(&world, &["clock"]).await.is_err_and(|why| why.contains("no sandbox at")));
}

#[tokio::test]
async fn a_history_is_printed_and_replayed_from_a_shell() {
    let world = World::new().await;
    world.product("Pro", Some("month"), 1_000).await;
    world.idle().await;
    let text = boreal(&world, &["history"]).await.expect("a text");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("history.jsonl");
    let replay = async |text: &str| {
        std::fs::write(&file, text).expect("a file");
        let words = ["boreal", "replay", file.to_str().expect("text")];
        Line::try_parse_from(words).expect("a command").command.run().await
    };
    assert_eq!(replay(&text).await.as_deref(), Ok("It went the same way: 1 events, 1 attempts to deliver them."));
    let other = text.replace("\"status\":201", "\"status\":422");
    assert_eq!(replay(&other).await, Err("request 1: POST 201 instead of POST 422".to_owned()));
    assert!(replay("{}").await.is_err_and(|why| why.contains("line 1")));
}
