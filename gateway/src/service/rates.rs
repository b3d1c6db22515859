//! How often one client and one user may call: so much a second, as much at once (GCRA, crate `governor`). Each process
//! of the gateway counts for itself.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{NotUntil, Quota, RateLimiter};

use crate::domain::token::Bearer;
use crate::port::clock::Clock;

/// Who calls too often, and when it is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many calls; the next one is taken in {seconds} seconds")]
pub struct TooMany {
    /// At least 1.
    pub seconds: u32,
}

/// Our clock, in the words of the crate.
#[derive(Debug, Clone)]
struct Ours(Arc<dyn Clock>);

impl GovernorClock for Ours {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(u64::try_from(self.0.now()).unwrap_or_default().saturating_mul(1_000_000))
    }
}

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, Ours, NoOpMiddleware<Nanos>>;

/// The counts. Only who authenticated is counted, so there are no more of them than clients and users.
#[derive(Debug)]
pub struct Rates {
    clients: Limiter,
    users: Limiter,
    /// Calls of a client that may come at once.
    most: u32,
    clock: Ours,
}

impl Rates {
    /// So many calls a second.
    #[must_use]
    pub fn new(client: u32, user: u32, clock: Arc<dyn Clock>) -> Self {
        let clock = Ours(clock);
        let limiter = |calls: u32| {
            let quota = Quota::per_second(NonZeroU32::new(calls).unwrap_or(NonZeroU32::MIN));
            Limiter::new(quota, DefaultKeyedStateStore::default(), clock.clone())
        };
        Self { clients: limiter(client), users: limiter(user), most: client.max(1), clock }
    }

    /// Counts a call of this bearer: of its client, and of its user where it has one.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn admit(&self, bearer: &Bearer) -> Result<(), TooMany> {
        self.admit_client(&bearer.client)?;
        bearer.user.as_ref().map_or(Ok(()), |user| self.count(&self.users, user))
    }

    /// Counts what one call of this client makes others do: time-stamps, each as a call. More of them than may come at
    /// once count as that.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn admit_stamps(&self, client: &str, stamps: usize) -> Result<(), TooMany> {
        let stamps = u32::try_from(stamps).unwrap_or(u32::MAX).min(self.most);
        let Some(stamps) = NonZeroU32::new(stamps) else { return Ok(()) };
        match self.clients.check_key_n(&client.to_owned(), stamps) {
            Ok(Err(refused)) => Err(self.wait(&refused)),
            // That many may come.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Counts a call of a client for itself.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn admit_client(&self, client: &str) -> Result<(), TooMany> {
        self.count(&self.clients, client)
    }

    fn count(&self, limiter: &Limiter, key: &str) -> Result<(), TooMany> {
        limiter.check_key(&key.to_owned()).map_err(|refused| self.wait(&refused))
    }

    fn wait(&self, refused: &NotUntil<Nanos>) -> TooMany {
        let wait = refused.wait_time_from(self.clock.now());
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        TooMany { seconds: u32::try_from(seconds).unwrap_or(u32::MAX).max(1) }
    }

    /// Forgets who did not call lately.
    pub fn forget(&self) {
        self.clients.retain_recent();
        self.users.retain_recent();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::domain::client::Reach;
    use crate::domain::token::Eras;

    #[derive(Debug)]
    struct Hands(AtomicI64);

    impl Clock for Hands {
        fn now(&self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn a_26_so_much_a_second_for_each_client_and_user() {
        let clock = Arc::new(Hands(AtomicI64::new(1_000_000)));
        let rates = Rates::new(4, 2, Arc::clone(&clock) as Arc<dyn Clock>);
        let bearer = |client: &str, user: Option<&str>| Bearer {
            client: client.to_owned(),
            user: user.map(str::to_owned),
            reach: Reach::All,
            key: None,
            eras: Eras::default(),
        };
        let (ana, rui) = (bearer("app", Some("ana")), bearer("app", Some("rui")));
        assert!(rates.admit(&ana).is_ok() && rates.admit(&ana).is_ok());
        assert_eq!(rates.admit(&ana), Err(TooMany { seconds: 1 }));
        // Of the client's four three are used up; one more for another user, then it is over for all of its users.
        assert!(rates.admit(&rui).is_ok());
        assert_eq!(rates.admit(&rui), Err(TooMany { seconds: 1 }));
        assert!(rates.admit(&bearer("other", Some("rui"))).is_ok());
        clock.0.fetch_add(500, Ordering::Relaxed);
        assert!(rates.admit(&ana).is_ok());
        assert!(rates.admit(&ana).is_err());
        clock.0.fetch_add(10_000, Ordering::Relaxed);
        // Time-stamps count like calls; a call may need more of them than may come at once.
        assert!(rates.admit_stamps("app", 0).is_ok() && rates.admit_stamps("app", 3).is_ok());
        assert_eq!(rates.admit_stamps("app", 2), Err(TooMany { seconds: 1 }));
        assert!(rates.admit(&ana).is_ok() && rates.admit(&rui).is_err());
        clock.0.fetch_add(10_000, Ordering::Relaxed);
        assert!(rates.admit_stamps("app", 1000).is_ok());
        assert!(rates.admit(&ana).is_err());
        clock.0.fetch_add(10_000, Ordering::Relaxed);
        rates.forget();
        assert!(rates.clients.is_empty() && rates.users.is_empty());
    }
}
