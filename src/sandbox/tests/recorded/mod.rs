//! The sandbox held to the recordings of Polar's own server: every exchange, in order, against one fresh sandbox.

mod exchange;
mod names;
mod replay;
mod script;
mod shape;
mod told;

use exchange::{captures, exchanges};
use replay::Stage;

#[tokio::test]
async fn every_recorded_exchange_is_answered_alike() {
    let Some(folder) = captures() else { return };
    let all = exchanges(&folder);
    let mut stage = Stage::set(&all[0].answer).await;
    let outcomes = stage.play(&all).await;
    println!("{}", replay::table(&outcomes));
    let told = stage.listen(told::recorded(&folder));
    println!("{}", replay::table(&told));
    let wrong = outcomes.iter().filter(|one| !one.differences.is_empty()).count();
    assert_eq!(wrong, 0, "exchanges that differ");
}
