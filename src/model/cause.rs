//! What can cause a change of somebody's access, as the ledger holds it.

/// The kinds of causes; each comes with an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CauseKind {
    /// A row of the inbox, by its number.
    Inbox,
    /// An instant that came: billing time in milliseconds.
    Timer,
    /// Other plans in `plans.toml`.
    Plans,
    /// Somebody of the staff, by the number of the line in the audit log.
    Staff,
    /// A comparison with Polar that found access computed wrongly, by its run; no id if it was a job about one user.
    Sync,
    /// The person themself left, by the number of the line in the audit log.
    Left,
}

impl CauseKind {
    /// Each of them.
    pub const EACH: [Self; 6] = [Self::Inbox, Self::Timer, Self::Plans, Self::Staff, Self::Sync, Self::Left];

    /// As stored.
    #[must_use]
    pub fn stored(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Timer => "timer",
            Self::Plans => "plans",
            Self::Staff => "staff",
            Self::Sync => "sync",
            Self::Left => "left",
        }
    }

    /// Reads what [`CauseKind::stored`] wrote.
    #[must_use]
    pub fn of_stored(text: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|kind| kind.stored() == text)
    }
}
