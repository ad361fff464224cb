//! What somebody may do here, beyond what they bought.

/// A role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A customer.
    Member,
    /// Sees and helps every customer.
    Staff,
    /// As staff, and answers for the shop.
    Owner,
}

impl Role {
    /// As stored and typed.
    #[must_use]
    pub fn stored(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Staff => "staff",
            Self::Owner => "owner",
        }
    }

    /// Reads what [`Role::stored`] wrote; a word that is none is nobody special.
    #[must_use]
    pub fn of_stored(text: &str) -> Self {
        [Self::Staff, Self::Owner].into_iter().find(|role| role.stored() == text).unwrap_or(Self::Member)
    }

    /// Whether the pages of the people who run the shop are open.
    #[must_use]
    pub fn is_staff(self) -> bool {
        self >= Self::Staff
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_survive_storage_and_unknown_words_open_nothing() {
        for role in [Role::Member, Role::Staff, Role::Owner] {
            assert_eq!(Role::of_stored(role.stored()), role);
        }
        assert!(Role::Staff.is_staff() && Role::Owner.is_staff() && !Role::Member.is_staff());
        assert_eq!(Role::of_stored("root"), Role::Member);
    }
}
