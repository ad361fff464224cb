//! Shared commits. SQLite has one writer, and a durable commit costs a sync of the disk: what waits at the same moment
//! becomes durable together.

use super::{Db, Error, Result, Tx};
use std::{future::Future, pin::Pin, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// How many may wait for the next commit; whoever comes then waits to be let in.
const WAITING: usize = 1024;

/// How many share a commit.
const MOST: usize = 256;

type Answer<R> = oneshot::Sender<Result<R, Arc<Error>>>;

/// Stores one thing inside a transaction.
pub type Store<T, R> = for<'s> fn(&'s mut Tx, &'s T) -> Pin<Box<dyn Future<Output = Result<R>> + Send + 's>>;

/// A handle to the task that stores things of one kind; cheap to clone.
pub struct Together<T, R> {
    queue: mpsc::Sender<(T, Answer<R>)>,
}

impl<T, R> Clone for Together<T, R> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<T: Send + Sync + 'static, R: Send + 'static> Together<T, R> {
    /// Starts the task. It ends when the last handle is dropped.
    #[must_use]
    pub fn start(db: Db, store: Store<T, R>) -> Self {
        let (queue, mut waiting) = mpsc::channel::<(T, Answer<R>)>(WAITING);
        tokio::spawn(async move {
            let mut batch = Vec::new();
            while waiting.recv_many(&mut batch, MOST).await > 0 {
                store_batch(&db, store, std::mem::take(&mut batch)).await;
            }
        });
        Self { queue }
    }

    /// Returns when it is durable.
    ///
    /// # Errors
    /// When it could not be stored.
    pub async fn put(&self, one: T) -> Result<R, Arc<Error>> {
        let (answer, stored) = oneshot::channel();
        self.queue.send((one, answer)).await.map_err(|_| Arc::new(Error::PoolClosed))?;
        stored.await.map_err(|_| Arc::new(Error::PoolClosed))?
    }
}

/// One that cannot be stored fails the transaction of all: then each gets one of its own.
async fn store_batch<T: Sync, R>(db: &Db, store: Store<T, R>, batch: Vec<(T, Answer<R>)>) {
    let (things, answers): (Vec<T>, Vec<Answer<R>>) = batch.into_iter().unzip();
    let mut stored = match store_all(db, store, &things).await {
        Ok(all) => all.into_iter().map(Ok).collect(),
        Err(error) if things.len() == 1 => vec![Err(error)],
        Err(_) => {
            let mut each = Vec::with_capacity(things.len());
            for one in &things {
                let alone = store_all(db, store, std::slice::from_ref(one)).await;
                each.push(alone.map(|mut all| all.remove(0)));
            }
            each
        }
    };
    for (answer, stored) in answers.into_iter().zip(stored.drain(..)) {
        // Whoever asked may have gone; it is stored all the same.
        let _ = answer.send(stored.map_err(Arc::new));
    }
}

async fn store_all<T: Sync, R>(db: &Db, store: Store<T, R>, things: &[T]) -> Result<Vec<R>> {
    let mut tx = db.begin().await?;
    let mut all = Vec::with_capacity(things.len());
    for one in things {
        all.push(store(&mut tx, one).await?);
    }
    tx.commit().await?;
    Ok(all)
}
