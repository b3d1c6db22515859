//! The table of open channels.

use std::collections::HashMap;
use std::sync::Mutex;

use super::{Open, Progress, Sid};

/// How many channels may be open, and for how long. Times in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Channels of all users.
    pub all: usize,
    /// Channels of one user; another one takes the place of the oldest.
    pub user: usize,
    /// Life of a channel.
    pub life: i64,
    /// How long nothing may come over it; what waits for a new PIN to be written down or a new
    /// factor to be set up has its whole life for that.
    pub idle: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { all: 4096, user: 8, life: 5 * 60_000, idle: 60_000 }
    }
}

/// The channels of this instance.
#[derive(Debug)]
pub struct Channels {
    limits: Limits,
    places: Mutex<HashMap<Sid, Place>>,
}

#[derive(Debug)]
struct Place {
    user: String,
    opened: i64,
    until: i64,
    /// Taken out while a record is worked on: there is never a second one.
    open: Option<Box<Open>>,
}

impl Channels {
    /// None open.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, places: Mutex::default() }
    }

    /// Life of a channel, seconds.
    #[must_use]
    pub fn life(&self) -> u64 {
        u64::try_from(self.limits.life / 1000).unwrap_or_default()
    }

    /// Lets a channel in; `false` when there are too many.
    #[must_use]
    pub fn enter(&self, open: Box<Open>, now: i64) -> bool {
        let Ok(mut places) = self.places.lock() else { return false };
        places.retain(|_, place| place.until > now);
        let (sid, user) = (open.channel.sid, open.channel.registration.user.clone());
        let own = || places.iter().filter(|(_, place)| place.user == user);
        if own().count() >= self.limits.user
            && let Some(oldest) = own().min_by_key(|(_, place)| place.opened).map(|(sid, _)| *sid)
        {
            places.remove(&oldest);
        }
        if places.len() >= self.limits.all || places.contains_key(&sid) {
            return false;
        }
        let until = self.until(&open, now);
        places.insert(sid, Place { user, opened: now, until, open: Some(open) });
        true
    }

    /// The channel, for one record. A record that comes while another is worked on ends it: its device sends one and
    /// waits, so somebody else is at work.
    pub fn take(&self, sid: &Sid, now: i64) -> Option<Box<Open>> {
        let mut places = self.places.lock().ok()?;
        let place = places.get_mut(sid)?;
        let open = place.open.take().filter(|_| place.until > now);
        if open.is_none() {
            places.remove(sid);
        }
        open
    }

    /// Gives it back after the record, unless it was ended meanwhile.
    pub fn give_back(&self, open: Box<Open>, now: i64) {
        let until = self.until(&open, now);
        if let Ok(mut places) = self.places.lock()
            && let Some(place) = places.get_mut(&open.channel.sid)
        {
            place.until = until;
            place.open = Some(open);
        }
    }

    /// Ends a channel.
    pub fn end(&self, sid: &Sid) {
        if let Ok(mut places) = self.places.lock() {
            places.remove(sid);
        }
    }

    /// Ends what has run out. For a timer.
    pub fn purge(&self, now: i64) {
        if let Ok(mut places) = self.places.lock() {
            places.retain(|_, place| place.until > now);
        }
    }

    /// Channels that are open, or being worked on.
    #[must_use]
    pub fn count(&self) -> usize {
        self.places.lock().map_or(0, |places| places.len())
    }

    fn until(&self, open: &Open, now: i64) -> i64 {
        let ends = open.channel.ends;
        let waits = matches!(open.channel.progress, Progress::Enrolled | Progress::Begun);
        if waits { ends } else { ends.min(now + self.limits.idle) }
    }
}
