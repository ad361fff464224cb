//! How many requests may be sent to Polar, and who goes first: a token bucket that is never emptied by what can wait.

use super::instant::Millis;

/// How long what is asked can wait. The more urgent, the deeper it may draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody is about to pay.
    Buying,
    /// Somebody waits for a page.
    Confirming,
    /// One user's things are looked at, and nobody waits.
    Following,
    /// Everybody's things are looked at.
    Sweeping,
}

impl Urgency {
    /// In fifths of a full bucket: what must be left for the more urgent.
    fn reserve(self) -> i64 {
        match self {
            Self::Buying => 0,
            Self::Confirming => 1,
            Self::Following => 2,
            Self::Sweeping => 3,
        }
    }
}

/// One request, in the bucket's units: so many milliseconds are in a minute, so filling is exact.
const REQUEST: i64 = 60_000;

/// Requests that Polar takes in a minute. Of them at most eight tenths are sent in any minute: six flow in evenly, and
/// two can be saved up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub u32);

impl Limit {
    fn flow(self) -> i64 {
        (i64::from(self.0) * 6 / 10).max(1)
    }

    fn most(self) -> i64 {
        (i64::from(self.0) * 2 / 10).max(1) * REQUEST
    }
}

/// The state of the bucket, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// In sixty-thousandths of a request.
    pub tokens: i64,
    /// Up to when it was filled, wall time.
    pub filled_at: Millis,
    /// Polar asked for no requests until then, wall time.
    pub blocked_until: Millis,
}

impl Bucket {
    /// A full one.
    #[must_use]
    pub fn full(limit: Limit, now: Millis) -> Self {
        Self { tokens: limit.most(), filled_at: now, blocked_until: 0 }
    }

    /// Takes leave for one request.
    ///
    /// # Errors
    /// How long it takes until leave may be had; nothing is taken then.
    pub fn take(self, limit: Limit, urgency: Urgency, now: Millis) -> Result<Self, Millis> {
        // The clocks of nodes differ a little: time never flows back here.
        let now = now.max(self.filled_at);
        let tokens = (self.tokens + (now - self.filled_at).min(REQUEST) * limit.flow()).min(limit.most());
        let needed = REQUEST + (limit.most() - REQUEST) / 5 * urgency.reserve();
        let missing = (needed - tokens).max(0);
        let wait = ((missing + limit.flow() - 1) / limit.flow()).max(self.blocked_until - now);
        if wait > 0 { Err(wait) } else { Ok(Self { tokens: tokens - REQUEST, filled_at: now, ..self }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit(100);

    fn drain(mut bucket: Bucket, urgency: Urgency, now: Millis) -> (Bucket, usize) {
        let mut taken = 0;
        while let Ok(next) = bucket.take(LIMIT, urgency, now) {
            (bucket, taken) = (next, taken + 1);
        }
        (bucket, taken)
    }

    #[test]
    fn what_can_wait_leaves_something_for_what_cannot() {
        let (bucket, sweeping) = drain(Bucket::full(LIMIT, 0), Urgency::Sweeping, 0);
        let (bucket, following) = drain(bucket, Urgency::Following, 0);
        let (bucket, confirming) = drain(bucket, Urgency::Confirming, 0);
        let (bucket, buying) = drain(bucket, Urgency::Buying, 0);
        assert_eq!(sweeping + following + confirming + buying, 20);
        assert!(sweeping > 0 && following > 0 && confirming > 0 && buying > 0);
        let wait = |urgency| bucket.take(LIMIT, urgency, 0).expect_err("it is empty");
        assert_eq!(wait(Urgency::Buying), 1_000, "one request a second flows in");
        assert!(
            wait(Urgency::Buying) < wait(Urgency::Confirming) && wait(Urgency::Following) < wait(Urgency::Sweeping)
        );
    }

    #[test]
    fn nobody_sends_while_polar_asks_for_quiet() {
        let blocked = Bucket { blocked_until: 5_000, ..Bucket::full(LIMIT, 0) };
        assert_eq!(blocked.take(LIMIT, Urgency::Buying, 1_000), Err(4_000));
        assert!(blocked.take(LIMIT, Urgency::Sweeping, 5_000).is_ok());
    }

    #[test]
    fn the_smallest_limit_still_lets_something_through() {
        let bucket = Bucket::full(Limit(1), 0).take(Limit(1), Urgency::Sweeping, 0).expect("one");
        assert_eq!(bucket.take(Limit(1), Urgency::Buying, 0), Err(60_000));
    }

    proptest! {
        #[test]
        fn no_minute_sees_more_than_eight_tenths(
            limit in 10u32..600,
            pauses in prop::collection::vec(0i64..3_000, 1..400),
        ) {
            let (limit, mut now, mut sent) = (Limit(limit), 1_000_000, Vec::new());
            let mut bucket = Bucket::full(limit, now);
            for pause in pauses {
                now += pause;
                while let Ok(next) = bucket.take(limit, Urgency::Buying, now) {
                    bucket = next;
                    sent.push(now);
                }
            }
            for from in &sent {
                let within = sent.iter().filter(|at| *at >= from && **at < from + 60_000).count();
                prop_assert!(within <= usize::try_from(limit.0 * 8 / 10).unwrap() + 1, "{within} from {from}");
            }
        }
    }
}
