//! Polar's customers of somebody who leaves are deleted there, with their names and addresses; but never one by which
//! somebody else pays.

use super::{super::Error, carrying::Course};
use crate::{
    model::{ending::is_over, projection::Kind},
    server::{db::mirror, polar, services::syncing},
};

impl Course<'_> {
    /// Deletes every customer that carries their id, and looks whether it is deleted; what must be waited for.
    pub(super) async fn delete_customers(&self) -> Result<Vec<String>, Error> {
        let mut waits = Vec::new();
        for customer in mirror::customers_of_user(&self.state.db, self.user()).await? {
            if let Some(other) = self.lives_by(&customer.id).await? {
                let told = format!(
                    "Polar's customer {} of somebody who left also pays for {other}, which is not theirs. So it was not \
                     deleted at Polar.",
                    customer.id
                );
                self.open_case(&customer.id, &told).await?;
                continue;
            }
            match self.polar.delete_customer(&customer.id).await {
                Ok(()) | Err(polar::Error::NotFound) => {}
                Err(error @ polar::Error::Refused { .. }) => {
                    let told =
                        format!("Polar's customer {} of somebody who left was not deleted: {error}.", customer.id);
                    self.open_case(&customer.id, &told).await?;
                    waits.push(error.to_string());
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            syncing::read_customer(self.state, &customer.id).await?;
            if mirror::customer(&self.state.db, &customer.id).await?.is_some_and(|row| row.deleted_at.is_none()) {
                waits.push("Polar still shows the customer".to_owned());
            }
        }
        Ok(waits)
    }

    /// A subscription of somebody else that this customer pays for, by a look at Polar.
    async fn lives_by(&self, customer: &str) -> Result<Option<String>, Error> {
        for seen in self.polar.objects(Kind::Subscription, &[("customer_id", customer)]).await? {
            if seen.value["status"].as_str().is_some_and(is_over) {
                continue;
            }
            let id = seen.value["id"].as_str().unwrap_or_default();
            let owner = mirror::object(&self.state.db, Kind::Subscription, id).await?.and_then(|row| row.owner_id);
            if owner.as_deref() != Some(self.user()) {
                return Ok(Some(format!("the subscription {id}")));
            }
        }
        Ok(None)
    }
}
