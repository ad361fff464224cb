//! Everything of one user at Polar.

use super::{
    gone,
    look::{Look, text},
    report::Report,
};
use crate::{
    model::{budget::Urgency, projection::Kind},
    server::{
        db::{mirror, synced},
        polar::{self, Seen},
        services::Error,
        state::State,
    },
};
use std::collections::BTreeSet;

/// What hangs on a customer.
const OF_CUSTOMER: [Kind; 4] = [Kind::Subscription, Kind::Order, Kind::Refund, Kind::Grant];

/// Looks everything of a user up at Polar and repairs what differs. A customer that Polar does not know is no error: then
/// there is nothing to be entitled to.
///
/// # Errors
/// When Polar or the database fails; what was repaired before stays.
pub async fn sync_user(state: &State, user: &str) -> Result<Report, Error> {
    known(state)?;
    let mut look = Look::new(state, Urgency::Following, None, false);
    look.user(user).await?;
    Ok(look.report)
}

/// Another organization knows nothing of ours, and its answers would end everybody's access.
///
/// # Errors
/// While it is not known whose Polar answers.
pub(super) fn known(state: &State) -> Result<(), Error> {
    if state.known.is_compared() { Ok(()) } else { Err(polar::Error::NoAnswer.into()) }
}

impl Look<'_> {
    /// Looks up all that may belong to a user: under their external id, by the metadata of our checkouts, on every customer
    /// that any of it hangs on, and by its id what none of these lists showed.
    pub async fn user(&mut self, user: &str) -> Result<(), Error> {
        if !self.users.insert(user.to_owned()) {
            return Ok(());
        }
        self.go_on().await?;
        let mut customers: BTreeSet<String> = BTreeSet::new();
        if let Some(seen) = self.polar.customer_of(user).await? {
            self.take("customer", &seen).await?;
            self.customers.insert(text(&seen.value, "id").to_owned());
            for kind in OF_CUSTOMER {
                customers.extend(self.list(kind, ("external_customer_id", user)).await?);
            }
        }
        for kind in [Kind::Subscription, Kind::Order] {
            customers.extend(self.list(kind, ("metadata[user_id]", user)).await?);
        }
        let owned = mirror::of_owner(&self.state.db, user).await?;
        customers.extend(owned.into_iter().filter_map(|row| row.customer_id));
        customers.extend(mirror::customers_of_user(&self.state.db, user).await?.into_iter().map(|row| row.id));
        for customer in customers {
            self.customer(&customer).await?;
        }
        self.what_lists_lack(user).await?;
        self.conclude(user).await?;
        if !self.dry {
            synced::note(&self.state.db, user, self.state.clock.wall()).await?;
        }
        Ok(())
    }

    /// Looks up a customer and all that hangs on it, once.
    pub async fn customer(&mut self, id: &str) -> Result<(), Error> {
        if !self.customers.insert(id.to_owned()) {
            return Ok(());
        }
        self.customer_by_id(id).await?;
        for kind in OF_CUSTOMER {
            self.list(kind, ("customer_id", id)).await?;
        }
        Ok(())
    }

    /// Looks up a customer alone. One that Polar no longer knows was deleted.
    pub async fn customer_by_id(&mut self, id: &str) -> Result<(), Error> {
        let Seen { value, observed_us } = self.polar.customer_if_any(id).await?;
        let value = match value {
            Some(value) => Some(value),
            None => {
                let known = mirror::customer(&self.state.db, id).await?;
                known.filter(|row| row.deleted_at.is_none()).map(|row| gone::customer(&row, observed_us))
            }
        };
        if let Some(value) = value {
            self.take("customer", &Seen { value, observed_us }).await?;
        }
        Ok(())
    }

    /// Looks up an object of the mirror by its id. One that Polar no longer knows is gone.
    pub async fn object_by_id(&mut self, kind: Kind, id: &str) -> Result<(), Error> {
        let Seen { value, observed_us } = self.polar.object_if_any(kind, id).await?;
        let value = match value {
            Some(value) => Some(value),
            None => mirror::object(&self.state.db, kind, id).await?.and_then(|row| gone::object(&row, observed_us)),
        };
        if let Some(value) = value {
            self.take(kind.stored(), &Seen { value, observed_us }).await?;
        }
        Ok(())
    }

    /// Reads a whole list; the customers that its objects hang on.
    async fn list(&mut self, kind: Kind, filter: (&str, &str)) -> Result<BTreeSet<String>, Error> {
        let mut customers = BTreeSet::new();
        for seen in self.polar.objects(kind, &[filter]).await? {
            customers.insert(text(&seen.value, "customer_id").to_owned());
            self.take(kind.stored(), &seen).await?;
        }
        customers.remove("");
        Ok(customers)
    }

    /// Absence from a list is no evidence: what is not over and was in none of them is asked for by its id.
    async fn what_lists_lack(&mut self, user: &str) -> Result<(), Error> {
        for row in mirror::of_owner(&self.state.db, user).await? {
            let kind = match Kind::of_stored(&row.kind) {
                Some(kind) if is_unfinished(kind, row.status.as_deref()) => kind,
                _ => continue,
            };
            if !self.report.has(&row.kind, &row.id) {
                self.object_by_id(kind, &row.id).await?;
            }
        }
        Ok(())
    }
}

/// Whether something with an address of its own may still change, or still gives something.
fn is_unfinished(kind: Kind, status: Option<&str>) -> bool {
    let over: &[&str] = match kind {
        Kind::Subscription => &["canceled", "unpaid", "incomplete_expired", "gone"],
        Kind::Order => &["void", "refunded", "gone"],
        Kind::Product | Kind::Refund | Kind::Grant => return false,
    };
    !over.contains(&status.unwrap_or_default())
}
