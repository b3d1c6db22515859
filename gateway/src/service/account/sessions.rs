//! Who is signed in with which browser.

use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use crate::domain::language::Language;
use crate::domain::session::{LONGEST, MOST, Notice, Session};
use crate::domain::token::digest;
use crate::domain::user::User;
use crate::port::clock::Clock;
use crate::port::random::{Exhausted, Random};
use crate::store::{Sessions as Stored, Users};

/// A session that is used is written down as often as this, milliseconds: not at every page.
const MINUTE: i64 = 60 * 1000;

/// Longest cookie value that is looked up; ours have 43 characters.
const LONGEST_COOKIE: usize = 64;

/// Why nobody can be recognised or signed in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// The service.
#[derive(Debug)]
pub struct Sessions {
    stored: Stored,
    users: Users,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Sessions {
    /// The service over its repositories.
    #[must_use]
    pub fn new(stored: Stored, users: Users, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { stored, users, clock, random }
    }

    /// Signs a browser in, for an authorization request where one waits for that. The cookie is always a new one, so that none from before can be shared with it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn begin(
        &self,
        user: &User,
        language: Language,
        notice: Option<Notice>,
        request: Option<&str>,
    ) -> Result<(SecretString, Session), Error> {
        let cookie = SecretString::from(self.random.secret()?);
        let now = self.clock.now();
        let session = Session {
            digest: digest(cookie.expose_secret()),
            user: user.id.clone(),
            era: user.era,
            name: user.subject.common_name.clone(),
            csrf: self.random.secret()?,
            language,
            request: request.map(str::to_owned),
            created_at: now,
            seen_at: now,
            expires_at: now + LONGEST,
            notice,
        };
        self.stored.store(session.clone()).await?;
        self.make_room(&session).await?;
        Ok((cookie, session))
    }

    /// Ends the oldest sessions of this one's user that are too many.
    async fn make_room(&self, newest: &Session) -> Result<(), Error> {
        let mut others = self.stored.of_user(&newest.user).await?;
        others.retain(|session| session.digest != newest.digest);
        others.sort_unstable_by_key(|session| std::cmp::Reverse(session.created_at));
        for session in others.iter().skip(MOST - 1) {
            self.stored.remove(&session.digest).await?;
        }
        Ok(())
    }

    /// The living session of a cookie; notes that it is in use.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn find(&self, cookie: Option<&str>) -> Result<Option<Session>, Error> {
        let Some(cookie) = cookie.filter(|cookie| cookie.len() <= LONGEST_COOKIE) else { return Ok(None) };
        let now = self.clock.now();
        let Some(session) = self.stored.find(&digest(cookie)).await?.filter(|session| session.is_alive(now)) else {
            return Ok(None);
        };
        // An operator may have ended it while it began.
        if self.users.find(&session.user).await?.is_none_or(|user| user.era != session.era) {
            return Ok(None);
        }
        if now - session.seen_at >= MINUTE {
            self.stored.change(&session.digest, move |session| session.seen_at = session.seen_at.max(now)).await?;
        }
        Ok(Some(session))
    }

    /// Signs it out.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn end(&self, session: &Session) -> Result<(), Error> {
        self.stored.remove(&session.digest).await?;
        Ok(())
    }

    /// Signs the user's other browsers out.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn end_others(&self, session: &Session) -> Result<(), Error> {
        for other in self.stored.of_user(&session.user).await? {
            if other.digest != session.digest {
                self.stored.remove(&other.digest).await?;
            }
        }
        Ok(())
    }

    /// Speaks another language from now on.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn speak(&self, session: &Session, language: Language) -> Result<(), Error> {
        self.stored.change(&session.digest, move |session| session.language = language).await?;
        Ok(())
    }

    /// Leaves a notice for the next page.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn leave(&self, session: &Session, notice: Notice) -> Result<(), Error> {
        self.stored.change(&session.digest, move |session| session.notice = Some(notice)).await?;
        Ok(())
    }

    /// Takes the notice that was left, if there is one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn take_notice(&self, session: &Session) -> Result<Option<Notice>, Error> {
        if session.notice.is_none() {
            return Ok(None);
        }
        let before = self.stored.change(&session.digest, |session| session.notice = None).await?;
        Ok(before.and_then(|session| session.notice))
    }
}

#[cfg(test)]
mod tests;
