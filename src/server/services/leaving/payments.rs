//! What was paid after somebody asked to leave goes back: a renewal that was under way, a page that was paid at the last
//! moment, what Polar bills when something ends.

use super::{super::Error, carrying::Course};
use crate::{
    model::{
        instant::parse_ms,
        leaving::{KnownBills, is_late},
        projection::{Kind, OrderFacts},
    },
    server::{
        db::mirror::ObjectRow,
        services::changing::{Extent, Step, paid_for},
    },
};

impl Course<'_> {
    /// Pays back what came late; what must be waited for.
    pub(super) async fn pay_back_late(&self) -> Result<Vec<String>, Error> {
        let mut waits = Vec::new();
        let known: KnownBills = serde_json::from_str(&self.row.bills).unwrap_or_default();
        for row in self.owned(Kind::Order).await? {
            if !self.is_due_back(&known, &row) {
                continue;
            }
            match self.pay_back(&row).await? {
                Step::Done => {}
                Step::Waits(why) => waits.push(why),
                Step::Refused(why) => {
                    let told =
                        format!("The bill {} was paid after its payer had left, and was not paid back. {why}", row.id);
                    self.open_case(&row.id, &told).await?;
                }
            }
        }
        Ok(waits)
    }

    fn is_due_back(&self, known: &KnownBills, row: &ObjectRow) -> bool {
        let Ok(facts) = serde_json::from_str::<OrderFacts>(&row.projection) else { return false };
        let is_paid = matches!(facts.status.as_str(), "paid" | "partially_refunded");
        is_paid && is_late(known, &row.id, parse_ms(&facts.created_at), self.row.billing_at)
    }

    async fn pay_back(&self, row: &ObjectRow) -> Result<Step, Error> {
        let (kind, id) = paid_for(row);
        let changing = self.changing(kind, id, self.user());
        let bill = changing.bill(&row.id).await?;
        changing.pay_back(&bill.whole(), Extent::UpTo).await
    }
}
