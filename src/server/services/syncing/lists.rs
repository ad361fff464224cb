//! Which lists each sweep reads.

use super::look::{Look, text};
use crate::{
    model::{
        instant::{DAY, HOUR, Micros, Millis, parse_ms, write_us},
        projection::{Kind, SubscriptionFacts},
    },
    server::{
        db::mirror_walk::{self, Walked},
        services::Error,
    },
};

/// What changed longer ago is found by other sweeps.
const RECENT: Millis = 2 * DAY;

/// What ends or renews later is not about to.
const SOON: Millis = DAY;

/// A list sorted by newest is followed so far at most while it brings news.
const MOST_PAGES: u32 = 50;

/// Users of one sample.
const SAMPLE: i64 = 10;

/// Every list, sorted so that what is new comes at its end and no page shifts.
const WHOLE: [(&str, &str); 6] = [
    ("product", "created_at"),
    ("customer", "created_at"),
    ("subscription", "started_at"),
    ("order", "created_at"),
    ("refund", "created_at"),
    ("benefit_grant", "created_at"),
];

impl Look<'_> {
    /// What changed lately, as far as Polar's lists can be asked for that; and everything of those whom that concerns,
    /// because most changes show in some list only through what came with them, as a renewal by its bill.
    pub async fn changed(&mut self) -> Result<(), Error> {
        let since = write_us(self.since_us());
        let newest: [(&str, &[(&str, &str)]); 9] = [
            ("customer", &[("sorting", "-created_at")]),
            ("subscription", &[("sorting", "-started_at")]),
            ("subscription", &[("status", "canceled"), ("sorting", "-ended_at")]),
            ("subscription", &[("canceled_at_after", &since)]),
            ("subscription", &[("status", "past_due"), ("status", "paused")]),
            ("order", &[("sorting", "-created_at")]),
            ("refund", &[("sorting", "-created_at")]),
            ("benefit_grant", &[("sorting", "-created_at")]),
            ("benefit_grant", &[("is_granted", "false"), ("sorting", "-revoked_at")]),
        ];
        for (kind, filter) in newest {
            for number in 1..=MOST_PAGES {
                let (news, is_last) = self.page(kind, filter, number).await?;
                if !news || is_last {
                    break;
                }
            }
        }
        self.follow().await
    }

    fn since_us(&self) -> Micros {
        (self.state.clock.billing() - RECENT) * 1000
    }

    /// Everything of those whose things differed.
    async fn follow(&mut self) -> Result<(), Error> {
        while let Some(customer) = self.strangers.pop_first() {
            self.go_on().await?;
            self.customer(&customer).await?;
        }
        while let Some(user) = self.stirred.pop_first() {
            self.user(&user).await?;
        }
        Ok(())
    }

    /// Subscriptions that should end or renew soon, by Polar's word and by ours.
    pub async fn ending(&mut self) -> Result<(), Error> {
        let horizon = self.state.clock.billing() + SOON;
        let statuses = ["active", "trialing", "past_due"].map(|status| ("status", status));
        let filter = [&statuses[..], &[("sorting", "current_period_end")]].concat();
        for number in 1.. {
            self.go_on().await?;
            let page = self.polar.page("subscription", &filter, number).await?;
            for seen in &page.items {
                self.take("subscription", seen).await?;
            }
            let end = page.items.last().and_then(|seen| parse_ms(text(&seen.value, "current_period_end")));
            if page.is_last || end.is_none_or(|end| end > horizon) {
                break;
            }
        }
        self.walk_unfinished(|row| row.kind == "subscription" && ends_before(row, horizon)).await?;
        self.follow().await
    }

    /// Some users, at random.
    pub async fn sample(&mut self) -> Result<(), Error> {
        let since = self.state.clock.wall() - HOUR;
        for (user,) in mirror_walk::sample(&self.state.db, SAMPLE, since).await? {
            self.user(&user).await?;
        }
        Ok(())
    }

    /// Every list from end to end, also what belongs to customers never heard of; then by its id what no list showed; then
    /// everybody's access.
    pub async fn all(&mut self) -> Result<(), Error> {
        for (kind, sorting) in WHOLE {
            for number in 1.. {
                if self.page(kind, &[("sorting", sorting)], number).await?.1 {
                    break;
                }
            }
        }
        self.walk_unfinished(|_| true).await?;
        self.walk_customers().await?;
        let mut after = String::new();
        loop {
            let portion = mirror_walk::owners(&self.state.db, &after).await?;
            for (user,) in &portion {
                self.go_on().await?;
                self.conclude(user).await?;
            }
            match portion.into_iter().last() {
                Some((last,)) => after = last,
                None => return Ok(()),
            }
        }
    }

    /// Takes one page in: whether it held news, and whether it is the last.
    async fn page(&mut self, kind: &str, filter: &[(&str, &str)], number: u32) -> Result<(bool, bool), Error> {
        self.go_on().await?;
        let page = self.polar.page(kind, filter, number).await?;
        let mut news = false;
        for seen in &page.items {
            news |= self.take(kind, seen).await?;
        }
        Ok((news, page.is_last))
    }

    /// Asks by its id for everything of the mirror that is not over, is `wanted`, and was in no list.
    async fn walk_unfinished(&mut self, wanted: impl Fn(&Walked) -> bool) -> Result<(), Error> {
        let mut after = (String::new(), String::new());
        loop {
            let portion = mirror_walk::unfinished(&self.state.db, (&after.0, &after.1)).await?;
            for row in portion.iter().filter(|row| wanted(row)) {
                if let Some(kind) = Kind::of_stored(&row.kind)
                    && !self.report.has(&row.kind, &row.id)
                {
                    self.go_on().await?;
                    self.object_by_id(kind, &row.id).await?;
                }
            }
            match portion.into_iter().last() {
                Some(last) => after = (last.kind, last.id),
                None => return Ok(()),
            }
        }
    }

    /// Asks by its id for every customer that was in no list: Polar lists no deleted ones.
    async fn walk_customers(&mut self) -> Result<(), Error> {
        let mut after = String::new();
        loop {
            let portion = mirror_walk::customers(&self.state.db, &after).await?;
            for (id,) in &portion {
                if !self.report.has("customer", id) {
                    self.go_on().await?;
                    self.customer_by_id(id).await?;
                }
            }
            match portion.into_iter().last() {
                Some((last,)) => after = last,
                None => return Ok(()),
            }
        }
    }
}

/// Whether by the mirror a subscription's period, trial or grace should be over before this instant.
fn ends_before(row: &Walked, horizon: Millis) -> bool {
    let Ok(facts) = serde_json::from_str::<SubscriptionFacts>(&row.projection) else { return true };
    let ends = [facts.current_period_end, facts.trial_end, facts.ends_at];
    ends.into_iter().flatten().filter_map(|end| parse_ms(&end)).any(|end| end < horizon)
}
