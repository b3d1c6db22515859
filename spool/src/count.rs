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
    memory: u64,
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
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    /// All that was taken.
    taken: u64,
    /// What of it no document needs yet.
    spare: u64,
    /// What is in memory.
    memory: u64,
}

impl Lease {
    pub(super) fn of(count: Arc<Count>, client: &str) -> Self {
        Self { count, client: client.to_owned(), held: Mutex::default() }
    }

    /// Takes what documents are going to need.
    pub(super) fn reserve(&self, octets: u64) -> Result<(), Error> {
        let mut held = self.held();
        self.count_up(octets)?;
        held.taken += octets;
        held.spare += octets;
        Ok(())
    }

    /// Takes more, first of what was reserved.
    pub(super) fn take(&self, octets: u64) -> Result<(), Error> {
        let mut held = self.held();
        let reserved = held.spare.min(octets);
        self.count_up(octets - reserved)?;
        held.taken += octets - reserved;
        held.spare -= reserved;
        Ok(())
    }

    /// What was reserved and is not taken yet.
    pub(super) fn spare(&self) -> u64 {
        self.held().spare
    }

    /// Takes room in memory, of which one request may have so much; whether there was some.
    pub(super) fn hold(&self, octets: u64, most: u64) -> bool {
        let mut held = self.held();
        let mut now = self.count.now();
        let room = held.memory + octets <= most && now.memory + octets <= self.count.bounds.memory;
        if room {
            held.memory += octets;
            now.memory += octets;
        }
        room
    }

    /// Gives some of that back.
    pub(super) fn let_go(&self, octets: u64) {
        let mut held = self.held();
        let octets = octets.min(held.memory);
        held.memory -= octets;
        let mut now = self.count.now();
        now.memory = now.memory.saturating_sub(octets);
    }

    /// Gives some back before the end.
    pub(super) fn give_back(&self, octets: u64) {
        let mut held = self.held();
        let octets = octets.min(held.taken);
        held.taken -= octets;
        let mut now = self.count.now();
        now.all = now.all.saturating_sub(octets);
        if let Some(own) = now.clients.get_mut(&self.client) {
            *own = own.saturating_sub(octets);
            if *own == 0 {
                now.clients.remove(&self.client);
            }
        }
    }

    fn count_up(&self, octets: u64) -> Result<(), Error> {
        let (mut now, bounds) = (self.count.now(), self.count.bounds);
        let own = now.clients.get(&self.client).copied().unwrap_or_default();
        if now.all.saturating_add(octets) > bounds.all || own.saturating_add(octets) > bounds.client {
            return Err(Error::Full);
        }
        now.all += octets;
        if octets > 0 {
            *now.clients.entry(self.client.clone()).or_default() += octets;
        }
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.let_go(u64::MAX);
        self.give_back(u64::MAX);
    }
}
