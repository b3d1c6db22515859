//! Argon2id over passwords, a few at a time, and as slow for users that do not exist as for those that do.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier as _};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Semaphore, oneshot};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::domain::user::PasswordHash;
use crate::port::random::{Exhausted, Random};

/// How long a password may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why a password was not hashed or judged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Too many wait already.
    #[error("too many passwords wait to be judged")]
    Busy,
    /// Argon2 refused its parameters, or its thread died.
    #[error("the password hash failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No randomness for the salt.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// The service.
#[derive(Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    threads: Threads,
    nobody: PasswordHash,
    random: Arc<dyn Random>,
}

impl Passwords {
    /// At most `at_once` hashes are computed at a time.
    ///
    /// # Errors
    /// When the hash of nobody's password cannot be computed.
    pub fn new(at_once: usize, random: Arc<dyn Random>) -> Result<Self, Error> {
        let nobody = compute(&SecretString::from(random.secret()?), &*random)?;
        Ok(Self { turns: Arc::new(Semaphore::new(at_once)), threads: Threads::start(at_once), nobody, random })
    }

    /// The hash to be stored.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn hash(&self, password: SecretString) -> Result<PasswordHash, Error> {
        let random = Arc::clone(&self.random);
        self.in_turn(move || compute(&password, &*random)).await?
    }

    /// Whether the password fits. With no hash it fits never, in the same time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn fits(&self, hash: Option<&PasswordHash>, password: SecretString) -> Result<bool, Error> {
        let (known, stored) = (hash.is_some(), hash.unwrap_or(&self.nobody).clone());
        let fits = self.in_turn(move || {
            let password = normalized(&password);
            Argon2::default().verify_password(password.as_bytes(), stored.0.as_str()).is_ok()
        });
        Ok(fits.await? && known)
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned());
        let turn = turn.await.map_err(|_| Error::Busy)?.map_err(|closed| Error::Failed(closed.into()))?;
        let (answer, done) = oneshot::channel();
        self.threads.run(move || {
            // Held by the thread, not by the request: a caller that goes away frees no turn early.
            let _turn = turn;
            let _ = answer.send(work());
        });
        done.await.map_err(|died| Error::Failed(died.into()))
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// Threads that do nothing but hash, and end with this value. The allocator keeps a hash's 19 MiB for the thread that
/// used them: on the shared pool's many threads that grows to hundreds of MiB.
#[derive(Debug)]
struct Threads(mpsc::Sender<Job>);

impl Threads {
    fn start(count: usize) -> Self {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || {
                while let Some(job) = queue.lock().ok().and_then(|queue| queue.recv().ok()) {
                    job();
                }
            });
        }
        Self(jobs)
    }

    fn run(&self, job: impl FnOnce() + Send + 'static) {
        // Without a thread the job is dropped, and with it the sender of its answer.
        let _ = self.0.send(Box::new(job));
    }
}

fn compute(password: &SecretString, random: &dyn Random) -> Result<PasswordHash, Error> {
    let mut salt = [0; 16];
    random.fill(&mut salt)?;
    let hash: argon2::password_hash::phc::PasswordHash = Argon2::default()
        .hash_password_with_salt(normalized(password).as_bytes(), &salt)
        .map_err(|error| Error::Failed(error.to_string().into()))?;
    Ok(PasswordHash(hash.to_string()))
}

/// NFKC: the same characters, whatever keyboard they came from.
fn normalized(password: &SecretString) -> Zeroizing<String> {
    let password = password.expose_secret();
    // Room enough from the start, so that no copy is left behind by growing: NFKC makes text longer, by 11 at most.
    let mut normal = Zeroizing::new(String::with_capacity(password.len().saturating_mul(12)));
    normal.extend(password.nfkc());
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::random::SystemSource;

    #[tokio::test]
    async fn only_the_right_password_fits_and_nobodys_never() {
        let passwords = Passwords::new(1, Arc::new(SystemSource::default())).unwrap();
        let hash = passwords.hash("correct".into()).await.unwrap();
        assert!(hash.0.starts_with("$argon2id$"));
        assert!(passwords.fits(Some(&hash), "correct".into()).await.unwrap());
        assert!(!passwords.fits(Some(&hash), "wrong".into()).await.unwrap());
        assert!(!passwords.fits(None, "correct".into()).await.unwrap());
        // Composed or not, it is the same password.
        let hash = passwords.hash("ação".into()).await.unwrap();
        assert!(passwords.fits(Some(&hash), "ac\u{327}a\u{303}o".into()).await.unwrap());
    }
}
