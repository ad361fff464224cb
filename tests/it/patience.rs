//! Waiting for what other tasks do: polls until it is there, and fails with a message when it does not come.

use std::{
    fmt::Debug,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// What `look` finds once it finds something.
pub async fn wait_for<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    wait_until(what, async || look().await.ok_or("nothing")).await
}

/// As [`wait_for`], but the message also says what stood in the way.
pub async fn wait_until<T, W: Debug>(what: &str, look: impl AsyncFnMut() -> Result<T, W>) -> T {
    wait_within(PATIENCE, what, look).await
}

/// As [`wait_until`], but so long.
pub async fn wait_within<T, W: Debug>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, W>,
) -> T {
    let begun = Instant::now();
    loop {
        match look().await {
            Ok(found) => return found,
            Err(why) => assert!(begun.elapsed() < patience, "waited in vain for {what}: {why:?}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}
