//! Polar's raw messages about somebody who left give way to the facts that were read from them, however young they are: the
//! facts hold amounts, dates and ids, the messages names and addresses. One that could not be read stays until it is.

use super::{super::Error, carrying::Course};
use crate::{
    model::instant::Millis,
    server::{
        db::{inbox_shelf, leavings, mirror},
        services::applying,
    },
};
use std::collections::BTreeSet;

/// So many rows at once.
const BATCH: i64 = 200;

/// A row as old as this has been there for everybody to see: on PostgreSQL rows may appear after others with higher numbers.
const SEEN_BY_ALL: Millis = 10 * 60 * 1000;

impl Course<'_> {
    /// Thins what came since the last time.
    pub(super) async fn tidy(&self) -> Result<(), Error> {
        let (db, ids) = (&self.state.db, self.ids().await?);
        // What is not settled now must be looked at again, even if it is settled before this ends.
        let unsettled = inbox_shelf::first_unsettled(db).await?.unwrap_or(i64::MAX);
        let seen = self.state.clock.wall() - SEEN_BY_ALL;
        let (mut after, mut tidied) = (self.row.tidied_seq, self.row.tidied_seq);
        loop {
            let rows = inbox_shelf::thick_after(db, after, BATCH).await?;
            let Some(last) = rows.last().map(|row| row.seq) else { break };
            for row in rows.iter().filter(|row| ids.iter().any(|id| holds(&row.body, id))) {
                applying::thin_row(self.state, row).await?;
            }
            let through = rows.iter().filter(|row| row.seq < unsettled && row.received_at < seen);
            tidied = through.map(|row| row.seq).max().unwrap_or(tidied);
            after = last;
        }
        Ok(leavings::tidied(db, self.user(), tidied).await?)
    }

    /// By what a message is known to be about them: their id, and those of the customers that they bought as.
    async fn ids(&self) -> Result<BTreeSet<String>, Error> {
        let db = &self.state.db;
        let mut ids = BTreeSet::from([self.user().to_owned()]);
        ids.extend(mirror::of_owner(db, self.user()).await?.into_iter().filter_map(|row| row.customer_id));
        ids.extend(mirror::customer_ids(db, self.user()).await?.into_iter().map(|row| row.0));
        Ok(ids)
    }
}

fn holds(body: &[u8], id: &str) -> bool {
    std::str::from_utf8(body).is_ok_and(|text| text.contains(id))
}
