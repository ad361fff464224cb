//! The scratch database: an embedded one in a folder of its own, whichever engine the shop runs on.

use super::super::{Error, new_id};
use crate::server::{
    db::{self, Db},
    state::State,
};
use std::{env, fs::DirBuilder, os::unix::fs::DirBuilderExt, path::PathBuf};

/// It holds what customers bought, so nobody else may read it, and it is removed in any case.
pub(super) struct Scratch {
    pub(super) state: State,
    folder: Folder,
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "a scratch copy could not be removed");
        }
    }
}

impl Scratch {
    pub(super) async fn open(state: &State) -> Result<Self, Error> {
        let folder = env::temp_dir().join(format!("boreal-replay-{}", new_id()));
        DirBuilder::new().mode(0o700).create(&folder).map_err(db::Error::Io)?;
        let folder = Folder(folder);
        let db = Db::open(&format!("sqlite:{}", folder.0.join("scratch.db").display())).await?;
        Ok(Self { state: state.over(db), folder })
    }

    pub(super) async fn remove(self) {
        self.state.db.close().await;
        drop(self.folder);
    }
}
