//! Judging passwords, and hashing them with argon2id: off the async threads, and only as many at once as there are cores.

use super::Refused;
use crate::model::credentials::{Email, Password};
use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use std::{num::NonZero, sync::Arc, thread::available_parallelism, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

/// Longer than this nobody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Room for hashing. Clones share it.
#[derive(Clone)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash that a log-in to an account that does not exist is held against.
    decoy: Arc<str>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let decoy = digest(b"nobody has this password").expect("the default parameters can hash");
        Self { turns: Arc::new(Semaphore::new(cores)), decoy: decoy.into() }
    }
}

impl Passwords {
    /// The password that the holder of this address wants to have, if it may be chosen.
    pub(super) async fn choose(&self, typed: String, email: &Email) -> Result<Password, Refused> {
        let email = email.clone();
        Ok(self.work(move || Password::choose(typed, &email)).await??)
    }

    /// A PHC string to store.
    pub(super) async fn hash(&self, password: Password) -> Result<String, Refused> {
        metrics::counter!("password_hashes_total", "for" => "keeping").increment(1);
        self.work(move || digest(password.as_bytes())).await?.ok_or(Refused::Busy)
    }

    /// Whether the password is the one hashed. Without a hash it takes as long and answers no.
    pub(super) async fn verify(&self, password: Password, hash: Option<String>) -> Result<bool, Refused> {
        metrics::counter!("password_hashes_total", "for" => "checking").increment(1);
        let decoy = self.decoy.clone();
        self.work(move || {
            let matches = holds(&password, hash.as_deref().unwrap_or(&decoy));
            matches && hash.is_some()
        })
        .await
    }

    /// Does what takes a processor's time, once there is room.
    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
        let turn = self.turn().await?;
        let done = spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| Refused::Busy)
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Refused> {
        let turn = timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        turn.ok().and_then(Result::ok).ok_or(Refused::Busy)
    }
}

fn digest(password: &[u8]) -> Option<String> {
    Argon2::default().hash_password(password).map(|hash| hash.to_string()).ok()
}

fn holds(password: &Password, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_account_holds() {
        let passwords = Passwords::default();
        let of = |typed: &str| Password::claimed(typed.into()).unwrap();
        let hash = passwords.hash(of("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify(of("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(of("correct mouse"), Some(hash)).await.unwrap());
        assert!(!passwords.verify(of("correct horse"), None).await.unwrap());
        assert!(!passwords.verify(of("nobody has this password"), None).await.unwrap());
    }
}
