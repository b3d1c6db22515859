//! Octets that are here: in all, and of each client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Bounds, Error};

/// The count.
#[derive(Debug)]
pub(super) struct Count {
    bounds: Bounds,
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    all: u64,
    clients: HashMap<String, u64>,
}

impl Count {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, now: Mutex::default() }
    }

    pub(super) fn all(&self) -> u64 {
        self.now().all
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one request has taken of it; given back in the end.
#[derive(Debug)]
pub(super) struct Lease {
    count: Arc<Count>,
    client: String,
    taken: Mutex<u64>,
}

impl Lease {
    pub(super) fn of(count: Arc<Count>, client: &str) -> Self {
        Self { count, client: client.to_owned(), taken: Mutex::new(0) }
    }

    /// Takes more.
    pub(super) fn take(&self, octets: u64) -> Result<(), Error> {
        let mut now = self.count.now();
        let bounds = self.count.bounds;
        let own = now.clients.get(&self.client).copied().unwrap_or_default();
        if now.all + octets > bounds.all || own + octets > bounds.client {
            return Err(Error::Full);
        }
        now.all += octets;
        *now.clients.entry(self.client.clone()).or_default() += octets;
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) += octets;
        Ok(())
    }

    /// Gives some back before the end.
    pub(super) fn give_back(&self, octets: u64) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let octets = octets.min(*taken);
        *taken -= octets;
        drop(taken);
        let mut now = self.count.now();
        now.all = now.all.saturating_sub(octets);
        if let Some(own) = now.clients.get_mut(&self.client) {
            *own = own.saturating_sub(octets);
            if *own == 0 {
                now.clients.remove(&self.client);
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.give_back(u64::MAX);
    }
}
