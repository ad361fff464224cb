//! The job that makes a copy.

use super::{LASTS, gathering::gather};
use crate::{
    model::letter::AccountLetter,
    server::{
        db::{self, exports, users},
        services::{
            Error,
            mailing::{self, Mail},
        },
        state::State,
    },
};
use std::io::{Cursor, Write};
use zip::{ZipWriter, result::ZipResult, write::SimpleFileOptions};

/// The one file in it.
const NAME: &str = "everything.json";

/// Makes the copy that somebody asked for, and mails the link; nothing where it is not wanted any more.
///
/// # Errors
/// When the database fails.
pub async fn make(state: &State, user: &str) -> Result<(), Error> {
    let gathered = gather(&mut state.db.snapshot().await?, user).await?;
    let packed = pack(&format!("{gathered:#}")).map_err(|error| db::Error::Encode(error.into()))?;
    let now = state.clock.wall();
    let kept: Result<(), db::Error> = (state.db)
        .transaction(async |tx| {
            users::lock(tx, user).await?;
            let Some(owner) = users::by_id(&mut *tx, user).await? else { return Ok(()) };
            if exports::keep(tx, user, &packed, now + LASTS).await? {
                let (key, letter) = (format!("export_ready:{user}:{now}"), AccountLetter::ExportReady.into());
                mailing::queue(tx, &Mail { key, user: Some(user), to: &owner.email, letter }, now).await?;
            }
            Ok(())
        })
        .await;
    kept?;
    state.wake.mail.notify_one();
    tracing::info!(user_id = user, bytes = packed.len(), "a copy of somebody's data was made");
    Ok(())
}

fn pack(text: &str) -> ZipResult<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(NAME, SimpleFileOptions::default())?;
    zip.write_all(text.as_bytes())?;
    Ok(zip.finish()?.into_inner())
}
