//! The stop. Calls that only wait, for a user or for the rest of a body, would be cut off at its end without a word: they are
//! answered while somebody still answers, and whoever called comes again.

use std::time::Duration;

use tokio::sync::watch;

/// Why a call is not waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the gateway is being stopped")]
pub struct Stopped;

/// Whether the gateway is about to end.
#[derive(Debug)]
pub struct Stopping {
    begun: watch::Sender<bool>,
    /// How long what still arrives is waited for then: the rest of the time is for what is done with it.
    patience: Duration,
}

impl Stopping {
    /// Not yet; and how long all calls have then.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self { begun: watch::Sender::new(false), patience: grace / 2 }
    }

    /// It begins.
    pub fn begin(&self) {
        self.begun.send_replace(true);
    }

    /// Whether it has begun.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.begun.borrow()
    }

    /// Until it begins.
    pub async fn begun(&self) {
        // It fails only when the sender is gone, which is borrowed here.
        let _ = self.begun.subscribe().wait_for(|begun| *begun).await;
    }

    /// What arrives; while the gateway stops not for long.
    ///
    /// # Errors
    /// [`Stopped`].
    pub async fn arrival<T>(&self, arriving: impl Future<Output = T>) -> Result<T, Stopped> {
        let late = async {
            self.begun().await;
            tokio::time::sleep(self.patience).await;
        };
        tokio::select! {
            biased;
            arrived = arriving => Ok(arrived),
            () = late => Err(Stopped),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_arrives_has_half_of_the_time_and_only_once_the_stop_has_begun() {
        let stopping = Stopping::new(Duration::from_millis(200));
        let after = |milliseconds| tokio::time::sleep(Duration::from_millis(milliseconds));
        assert!(!stopping.has_begun());
        assert_eq!(stopping.arrival(after(150)).await, Ok(()));
        assert!(tokio::time::timeout(Duration::from_millis(50), stopping.begun()).await.is_err());
        stopping.begin();
        stopping.begun().await;
        assert!(stopping.has_begun());
        assert_eq!(stopping.arrival(after(10)).await, Ok(()));
        assert_eq!(stopping.arrival(after(60_000)).await, Err(Stopped));
    }
}
