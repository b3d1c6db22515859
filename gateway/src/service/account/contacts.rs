//! Where a user is reached: an address counts once a code that was sent there has come back.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::domain::contact::{Contact, Open, PATIENCE, Unfit};
use crate::domain::notice::{About, Code};
use crate::domain::seal::{self, Material, Purpose};
use crate::port::clock::Clock;
use crate::port::courier::Undelivered;
use crate::port::random::{Exhausted, Random};
use crate::service::post::Post;
use crate::store::{Contacts as Stored, Users};

/// Why an address is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is none.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// This service brings nothing to such addresses.
    #[error("no way leads to such an address")]
    NoWay,
    /// Too many codes were sent lately.
    #[error("too many codes; the next in {seconds} seconds")]
    TooMany {
        /// At least 1.
        seconds: u32,
    },
    /// Nobody took the code.
    #[error(transparent)]
    Undelivered(#[from] Undelivered),
    /// The code is wrong.
    #[error("the code is wrong")]
    Wrong,
    /// There is nothing to confirm, or not any more.
    #[error("there is nothing to confirm")]
    Over,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
    /// The code could not be sealed.
    #[error(transparent)]
    Seal(#[from] seal::Failed),
}

/// The service, and what it stands on.
#[derive(Debug)]
pub struct Contacts {
    /// Addresses that are not confirmed.
    pub(crate) stored: Stored,
    /// Accounts.
    pub(crate) users: Users,
    /// What brings codes.
    pub(crate) post: Arc<Post>,
    /// What codes are sealed under.
    pub(crate) material: Arc<Material>,
    /// Time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Chance.
    pub(crate) random: Arc<dyn Random>,
}

impl Contacts {
    /// Which kinds of addresses people may give: e-mail, telephone.
    #[must_use]
    pub fn ways(&self) -> [bool; 2] {
        self.post.ways()
    }

    /// Whether an address of this kind is reached.
    #[must_use]
    pub fn reaches(&self, contact: &Contact) -> bool {
        self.post.reaches(contact)
    }

    /// The address that waits for its code.
    ///
    /// # Errors
    /// The store.
    pub async fn open(&self, user: &str) -> Result<Option<Contact>, Error> {
        let now = self.clock.now();
        let found = self.stored.find(user).await?;
        Ok(found.as_ref().and_then(|proposal| proposal.open(now)).map(|open| open.contact.clone()))
    }

    /// Sends a code to an address that its user gives, if neither account nor address had too many. One that waited
    /// before is forgotten.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn propose(&self, user: &str, typed: &str) -> Result<(), Error> {
        let Self { stored, post, material, clock, random, .. } = self;
        let contact = Contact::read(typed)?;
        if !post.reaches(&contact) {
            return Err(Error::NoWay);
        }
        let digits = draw(&**random)?;
        let sealed = material.seal(Purpose::Address, user, digits.expose_secret().as_bytes(), &**random)?;
        let now = clock.now();
        // Who may not ask does not count for the address, which may be somebody else's.
        if let Some(wait) = stored.find(user).await?.and_then(|proposal| proposal.wait(now)) {
            return Err(too_many(wait));
        }
        if let Some(wait) = stored.deliver(&contact, now).await? {
            return Err(too_many(wait));
        }
        let open = Open { contact: contact.clone(), code: sealed, expires_at: now + PATIENCE };
        let wait = stored
            .change(user, move |found| {
                let (proposal, wait) = found.unwrap_or_default().proposing(open.clone(), now);
                (Some(proposal), wait)
            })
            .await?;
        if let Some(wait) = wait {
            return Err(too_many(wait));
        }
        let seconds = u32::try_from(PATIENCE / 1000).unwrap_or(u32::MAX);
        Ok(post.send(&contact, About::Address(Code { digits, seconds })).await?)
    }

    /// Takes the address whose code this is. The one before hears of it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn confirm(&self, user: &str, code: &SecretString) -> Result<(), Error> {
        let Self { stored, users, post, material, clock, .. } = self;
        let now = clock.now();
        let known = stored.find(user).await?.and_then(|proposal| proposal.open(now).cloned()).ok_or(Error::Over)?;
        let right = material.open(Purpose::Address, user, &known.code).ok_or(Error::Over)?;
        let typed: String = code.expose_secret().split_whitespace().collect();
        let fits = bool::from(right.expose_secret().ct_eq(typed.as_bytes()));
        // One step, so that of many at once no more are judged than may be wrong.
        let contact = known.contact.clone();
        let judged = stored
            .change(user, move |found| match found {
                Some(proposal) if proposal.open(now) == Some(&known) => {
                    (Some(if fits { proposal.closed() } else { proposal.guessed(now) }), true)
                }
                _ => (None, false),
            })
            .await?;
        if !judged {
            return Err(Error::Over);
        }
        if !fits {
            return Err(Error::Wrong);
        }
        let before = post.contact(user).await?;
        if !users.set_contact(user, Some(contact.clone())).await? {
            return Err(Error::Over);
        }
        tracing::info!(user.id = user, "a user is reached at another address");
        if let Some(before) = before.filter(|before| *before != contact && post.reaches(before))
            && let Err(error) = post.send(&before, About::Moved).await
        {
            tracing::warn!(%error, "the address before could not be told");
        }
        Ok(())
    }
}

fn too_many(wait: i64) -> Error {
    Error::TooMany { seconds: u32::try_from(wait / 1000).unwrap_or(u32::MAX).max(1) }
}

/// Six digits, each as likely as any other.
fn draw(random: &dyn Random) -> Result<SecretString, Exhausted> {
    const MOST: u32 = 1_000_000;
    loop {
        let mut octets = [0; 4];
        random.fill(&mut octets)?;
        let number = u32::from_be_bytes(octets);
        if number < u32::MAX - u32::MAX % MOST {
            return Ok(SecretString::from(format!("{:06}", number % MOST)));
        }
    }
}
