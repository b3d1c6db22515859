//! Foreign documents are read, and signatures put into them, beside what others wait for: that takes as long as whoever
//! sent them likes.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::Error;
use super::finish::unfinished;

/// Documents that are read at once, of all calls.
const AT_ONCE: usize = 2;

/// Who may read a foreign document now.
#[derive(Debug)]
pub(super) struct Reading(Arc<Semaphore>);

impl Reading {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// Does it on a thread on which nobody else waits, when it is its turn.
    pub(super) async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        // It goes along: whoever hangs up does not end the work.
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(unfinished)?;
        let work = move || {
            let _turn = turn;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(unfinished)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn work_is_done_on_other_threads_and_few_at_a_time() {
        let (reading, here) = (Reading::new(), std::thread::current().id());
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let all = (0..6).map(|_| {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            reading.apart(move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(20));
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(std::thread::current().id())
            })
        });
        for thread in join_all(all).await {
            assert_ne!(thread.unwrap(), here);
        }
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
        assert!(reading.apart(|| Err::<(), _>(unfinished("no document"))).await.is_err());
    }
}
