//! A folder in place of a mail server: each mail as a file that mail programs open, and beside it what a page shows.

use super::{Draft, layout};
use crate::model::instant::Millis;
use serde::{Deserialize, Serialize};
use std::{io, path::Path};
use tokio::fs;

/// So many are shown at most.
const SHOWN: usize = 200;

/// One mail in the folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// Ours.
    pub id: String,
    /// Where it would have gone.
    pub to: String,
    /// When it was queued, wall time.
    pub at: Millis,
    /// Its subject.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// Its HTML part.
    pub html: String,
}

/// Writes a mail; the same mail again takes its own place.
pub(super) async fn keep(folder: &Path, draft: &Draft<'_>, message: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder).await?;
    let kept = Kept {
        id: draft.id.to_owned(),
        to: draft.to.to_owned(),
        at: draft.at,
        subject: layout::line(&draft.words.subject),
        text: layout::text(draft.words),
        html: layout::html(draft.words),
    };
    let shown = serde_json::to_vec(&kept)?;
    for (ending, bytes) in [("eml", message), ("json", &shown)] {
        let half = folder.join(format!("{}.{ending}.half", draft.id));
        fs::write(&half, bytes).await?;
        fs::rename(&half, folder.join(format!("{}.{ending}", draft.id))).await?;
    }
    Ok(())
}

/// Every mail, the newest first: their ids are in the order of time. What cannot be read is left out.
pub(super) async fn all(folder: &Path) -> Vec<Kept> {
    let mut names = Vec::new();
    if let Ok(mut entries) = fs::read_dir(folder).await {
        while let Ok(Some(entry)) = entries.next_entry().await {
            names.extend(entry.file_name().into_string().ok().filter(|name| name.ends_with(".json")));
        }
    }
    names.sort_unstable_by(|one, other| other.cmp(one));
    let mut kept = Vec::new();
    for name in names.into_iter().take(SHOWN) {
        let read = fs::read(folder.join(name)).await;
        kept.extend(read.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()));
    }
    kept
}
