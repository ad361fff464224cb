//! Which of two pictures of one of Polar's objects is the newer: the guard of the mirror.
//!
//! The winner is the greatest of (version, observed, projection), so every order of arrival ends in the same row.
//! Polar does not move `modified_at` for everything (C§0): pictures of one version may differ, and the later observed
//! wins, and a read a little later settles it: a read's own time is known to the second only.

use super::instant::Micros;

/// When Polar's object took this shape, and when it was seen in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// max(`modified_at`, `created_at`).
    pub version_us: Micros,
    /// The envelope's timestamp, or the answer's `Date` for a read.
    pub observed_us: Micros,
}

/// One picture of an object.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'p> {
    /// When.
    pub stamp: Stamp,
    /// The columns we keep, as canonical JSON.
    pub projection: &'p str,
}

/// What to do with an incoming picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// It replaces the stored one. `reread`: the version is the same but not the content.
    Replace {
        /// Whether a later read should settle it.
        reread: bool,
    },
    /// It says what is known already, seen later: only the time of observation moves.
    Confirm,
    /// It says what is known already, seen before.
    Same,
    /// It is outdated. `reread`: the version is the same but not the content.
    Older {
        /// Whether a later read should settle it.
        reread: bool,
    },
}

/// Decides between the stored picture and an incoming one.
#[must_use]
pub fn merge(stored: Option<Picture<'_>>, incoming: Picture<'_>) -> Merge {
    let Some(stored) = stored else { return Merge::Replace { reread: false } };
    let same_version = stored.stamp.version_us == incoming.stamp.version_us;
    if same_version && stored.projection == incoming.projection {
        return if incoming.stamp.observed_us > stored.stamp.observed_us { Merge::Confirm } else { Merge::Same };
    }
    let reread = same_version;
    if (incoming.stamp, incoming.projection) > (stored.stamp, stored.projection) {
        Merge::Replace { reread }
    } else {
        Merge::Older { reread }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn picture(version_us: i64, observed_us: i64, projection: &str) -> Picture<'_> {
        Picture { stamp: Stamp { version_us, observed_us }, projection }
    }

    #[test]
    fn newer_versions_win_whatever_was_seen_later() {
        let stored = picture(2, 5, "b");
        assert_eq!(merge(Some(stored), picture(1, 9, "a")), Merge::Older { reread: false });
        assert_eq!(merge(Some(stored), picture(3, 1, "a")), Merge::Replace { reread: false });
        assert_eq!(merge(None, picture(1, 1, "a")), Merge::Replace { reread: false });
    }

    #[test]
    fn one_version_with_two_contents_takes_the_later_seen() {
        let stored = picture(2, 5, "b");
        assert_eq!(merge(Some(stored), picture(2, 6, "a")), Merge::Replace { reread: true });
        assert_eq!(merge(Some(stored), picture(2, 4, "a")), Merge::Older { reread: true });
        assert_eq!(merge(Some(stored), picture(2, 6, "b")), Merge::Confirm);
        assert_eq!(merge(Some(stored), picture(2, 5, "b")), Merge::Same);
    }

    proptest! {
        #[test]
        fn every_order_of_arrival_ends_the_same(
            mut pictures in prop::collection::vec((0i64..4, 0i64..4, "[ab]"), 1..8),
            seed in any::<u64>(),
        ) {
            let end = |pictures: &[(i64, i64, String)]| {
                let mut stored: Option<(i64, i64, String)> = None;
                for incoming in pictures {
                    let of = stored.as_ref().map(|(v, o, p)| picture(*v, *o, p));
                    match merge(of, picture(incoming.0, incoming.1, &incoming.2)) {
                        Merge::Replace { .. } => stored = Some(incoming.clone()),
                        Merge::Confirm => stored = stored.map(|kept| (kept.0, incoming.1, kept.2)),
                        Merge::Same | Merge::Older { .. } => {}
                    }
                }
                stored
            };
            let before = end(&pictures);
            let turn = usize::try_from(seed % pictures.len() as u64).unwrap();
            pictures.rotate_left(turn);
            pictures.reverse();
            prop_assert_eq!(before, end(&pictures));
        }
    }
}
