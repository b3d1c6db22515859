//! Open channels (RCH1): in this instance's memory only, few, and not for long.
//!
//! What a channel says is [`rsign_api::channel`]'s business, what is done on its behalf [`crate::service`]'s. Here is
//! what a channel is between two records, and who may have one.

mod table;

use rsign_api::channel::server;
use rsign_api::signer::Registration;
use sha2::{Digest as _, Sha256};

pub use table::{Channels, Limits};

use crate::Random;
use crate::credential::{Factor, Slot};

/// Name of a channel: four bytes of this instance, twelve of chance.
pub type Sid = [u8; 16];

/// Number of an instance in its channels' names, made of its own name.
#[must_use]
pub fn instance_number(name: &str) -> u32 {
    let digest: [u8; 32] = Sha256::new().chain_update(b"rsign/instance/v1\0").chain_update(name).finalize().into();
    let [a, b, c, d, ..] = digest;
    u32::from_be_bytes([a, b, c, d])
}

/// Draws the name of a new channel of this instance.
#[must_use]
pub fn draw_sid(instance: u32, random: &dyn Random) -> Sid {
    let mut sid = [0; 16];
    let (number, chance) = sid.split_at_mut(4);
    number.copy_from_slice(&instance.to_be_bytes());
    random.fill(chance);
    sid
}

/// How far a channel's transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// What it was opened for was not done yet.
    Asked,
    /// A key was made; its owner has not said that the PIN is noted.
    Enrolled,
    /// A second factor was begun; its owner has not shown a code of it.
    Begun,
    /// It was done: the channel can be closed and nothing else.
    Done,
}

/// A second factor that its owner has been told of, and has to show a code of.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The factor.
    pub factor: Factor,
    /// The KEK under the PIN and this factor.
    pub slot: Slot,
    /// The credential's epoch when its PIN was judged.
    pub epoch: u32,
}

/// What is known of a channel besides its keys.
#[derive(Debug)]
pub struct Channel {
    /// Its name.
    pub sid: Sid,
    /// What it was opened for.
    pub registration: Registration,
    /// End of its life, Unix milliseconds.
    pub ends: i64,
    /// How far it is.
    pub progress: Progress,
    /// For [`rsign_api::signer::Operation::Factor`], once it is begun.
    pub pending: Option<Pending>,
    /// First codes of a new factor that may still be wrong.
    pub codes: u8,
}

/// Wrong first codes of a new factor in one channel.
pub const CODES: u8 = 5;

/// A channel between two records.
pub struct Open {
    /// What is known of it.
    pub channel: Channel,
    /// Its keys, and which record comes next.
    pub state: server::Session,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Open").field(&self.channel).finish()
    }
}
