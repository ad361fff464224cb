//! Everything is over: the receipt is queued, and what was personal is forgotten.

use super::{super::Error, carrying::Course};
use crate::{
    model::letter::AccountLetter,
    server::{
        db::{
            self, Tx, audit, devices, email_tokens, leavings, outgoing_mail, usage_alerts, usage_events, usage_holds,
            usage_limits, users,
        },
        services::mailing::{self, Mail},
    },
};

impl Course<'_> {
    /// Ends the leaving, once.
    pub(super) async fn finish(&self) -> Result<(), Error> {
        let (user, now) = (self.user(), self.state.clock.wall());
        let ended = serde_json::from_str(&self.row.ended).unwrap_or_default();
        let letter = AccountLetter::AccountDeleted { asked_at: self.row.asked_at, ended };
        let done: Result<(), db::Error> = (self.state.db)
            .transaction(async |tx| {
                users::lock(tx, user).await?;
                if !leavings::finish(tx, user, now).await? {
                    return Ok(());
                }
                if let Some(email) = &self.row.email {
                    outgoing_mail::forget_all(tx, user, email).await?;
                    let mail = Mail {
                        key: format!("account_deleted:{user}"),
                        user: Some(user),
                        to: email,
                        letter: letter.into(),
                    };
                    mailing::queue(tx, &mail, now).await?;
                }
                forget(tx, user).await
            })
            .await;
        done?;
        self.state.wake.mail.notify_one();
        tracing::info!(user_id = user, "an account is deleted");
        Ok(())
    }
}

/// Forgets what came while the wish was being written down, and what their uses were about.
async fn forget(tx: &mut Tx, user: &str) -> Result<(), db::Error> {
    devices::forget(tx, user).await?;
    email_tokens::forget(tx, user).await?;
    audit::forget_addresses(tx, user).await?;
    usage_events::forget_properties(tx, user).await?;
    usage_holds::forget_properties(tx, user).await?;
    usage_alerts::forget(tx, user).await?;
    usage_limits::forget(tx, user).await
}
