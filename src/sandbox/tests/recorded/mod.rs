//! The sandbox held to the recordings of Polar's own server: every exchange, in order, against one fresh sandbox, and
//! every webhook that followed.

pub mod exchange;
mod excused;
mod names;
mod replay;
mod script;
mod shape;
mod told;

use exchange::{captures, exchanges};
use replay::Stage;

#[tokio::test]
async fn the_recorded_exchanges_and_webhooks_are_ours() {
    let Some(folder) = captures() else { return };
    let all = exchanges(&folder);
    let mut stage = Stage::set(&all[0].answer).await;
    let mut outcomes = stage.play(&all).await;
    outcomes.extend(stage.listen(told::recorded(&folder)));
    println!("{}", replay::table(&outcomes));
    let lines: Vec<String> = outcomes.into_iter().flat_map(|one| one.differences).collect();
    let wrong = excused::unexcused(&lines);
    assert!(wrong.is_empty(), "{} are not excused:\n{}", wrong.len(), wrong.join("\n"));
    assert!(excused::EXCUSES.len() <= 10, "no more than ten differences stay");
}
