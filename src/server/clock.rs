//! The two clocks. Wall time serves sessions, leases, signatures and limits; billing time serves the fold, grace and
//! ends, and differs only while a sandbox has moved its clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Milliseconds since 1970 UTC.
pub type Millis = i64;

/// Reads both clocks. Clones share the sandbox's offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_ms: Arc<AtomicI64>,
}

impl Clock {
    /// Wall time.
    #[must_use]
    pub fn wall(&self) -> Millis {
        wall_now()
    }

    /// Billing time: wall time plus the sandbox's offset, 0 with a real Polar.
    #[must_use]
    pub fn billing(&self) -> Millis {
        wall_now() + self.offset_ms.load(Ordering::Relaxed)
    }

    /// Follows the sandbox's clock.
    pub fn set_offset(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the machine's clock is read")]
fn wall_now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
