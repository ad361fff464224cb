//! Browsers that somebody logged in with before: a log-in with another one is told by mail.

use super::{
    super::{
        super::{
            db::{self, devices, users},
            state::State,
        },
        mailing::{self, Mail, random_key},
        new_id,
    },
    Asking, note,
};
use crate::model::letter::AccountLetter;

/// Notes the browser of somebody who has just logged in, by what its cookie holds; what it is to hold from now on, where
/// that is something else. Never in the way of the log-in: a failure is only logged.
pub async fn note_device(state: &State, asking: Asking<'_>, device: Option<&str>) -> Option<String> {
    let fresh = if device.is_some_and(|device| device.len() >= 32) { None } else { random_key() };
    let device = fresh.as_deref().or(device)?;
    let now = state.clock.wall();
    let noted: Result<bool, db::Error> = (state.db)
        .transaction(async |tx| {
            users::lock(tx, asking.user).await?;
            let is_new = devices::note(tx, asking.user, device, now).await?;
            note(tx, asking, if is_new { "signed in with a new browser" } else { "signed in" }, now).await?;
            if let Some(user) = users::by_id(&mut *tx, asking.user).await?.filter(|_| is_new) {
                let letter = AccountLetter::NewSignIn { at: now, from: asking.from.to_string() }.into();
                let mail =
                    Mail { key: format!("new_sign_in:{}", new_id()), user: Some(&user.id), to: &user.email, letter };
                mailing::queue(tx, &mail, now).await?;
            }
            Ok(is_new)
        })
        .await;
    state.wake.mail.notify_one();
    if let Err(error) = noted {
        tracing::warn!(user_id = asking.user, %error, "a browser could not be noted");
    }
    fresh
}
