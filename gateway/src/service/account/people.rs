//! Opens accounts, and tells who is who.

use std::net::IpAddr;
use std::sync::Arc;

use secrecy::{ExposeSecret as _, SecretString};

use super::throttle::{Throttle, Wait};
use crate::domain::account::{Applicant, Fault, Faults, Field, Person, Typed, password_fault};
use crate::domain::user::{PasswordHash, User, canonical};
use crate::port::random::{Exhausted, Random};
use crate::service::passwords::{self, Passwords};
use crate::store::Users;

/// Why nobody was signed in or signed up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// User name or password is wrong; which of them is not said.
    #[error("user name or password is wrong")]
    Refused,
    /// Too many tries.
    #[error(transparent)]
    Wait(#[from] Wait),
    /// The form has faults.
    #[error("the form has faults")]
    Faults(Faults),
    /// The password could not be hashed or judged.
    #[error(transparent)]
    Password(#[from] passwords::Error),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] rsign_storage::Error),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] Exhausted),
}

/// Longest user name or password that is looked at when signing in; octets.
const LONGEST: usize = 1024;

/// The service.
#[derive(Debug)]
pub struct People {
    users: Users,
    passwords: Arc<Passwords>,
    sign_ins: Arc<Throttle>,
    sign_ups: Arc<Throttle>,
    random: Arc<dyn Random>,
}

impl People {
    /// The service over its parts.
    #[must_use]
    pub fn new(
        users: Users,
        passwords: Arc<Passwords>,
        sign_ins: Arc<Throttle>,
        sign_ups: Arc<Throttle>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { users, passwords, sign_ins, sign_ups, random }
    }

    /// The account of this id.
    ///
    /// # Errors
    /// The store.
    pub async fn find(&self, id: &str) -> Result<Option<User>, Error> {
        Ok(self.users.find(id).await?)
    }

    /// Whose name and password these are. Unknown names take as long as known ones, and wait as long.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign_in(
        &self,
        username: &str,
        password: SecretString,
        address: Option<IpAddr>,
    ) -> Result<User, Error> {
        if username.len().max(password.expose_secret().len()) > LONGEST {
            return Err(Error::Refused);
        }
        let name = canonical(username);
        let begun = self.sign_ins.begin(&name, address).await?;
        match self.judge(&name, password).await {
            Ok(user) => {
                begun.succeeded();
                Ok(user)
            }
            Err(Error::Refused) => Err(Error::Refused),
            Err(error) => {
                begun.unjudged();
                Err(error)
            }
        }
    }

    async fn judge(&self, name: &str, password: SecretString) -> Result<User, Error> {
        let user = self.users.named(name).await?;
        let fits = self.passwords.fits(user.as_ref().map(|user| &user.password), password).await?;
        user.filter(|_| fits).ok_or(Error::Refused)
    }

    /// Opens an account. That a name is taken can be seen here by anybody, as everywhere where names are chosen; so
    /// each address has its pace.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sign_up(
        &self,
        typed: &Typed,
        password: SecretString,
        repeated: &SecretString,
        address: Option<IpAddr>,
    ) -> Result<User, Error> {
        let applicant = Applicant::check(typed, password.expose_secret(), repeated.expose_secret());
        let Applicant { person, username } = applicant.map_err(Error::Faults)?;
        self.pace(&username, address).await?;
        if self.users.has_name(&username).await? {
            return Err(taken());
        }
        let id = self.random.id()?;
        let password = self.passwords.hash(password).await?;
        let user =
            User { subject: person.subject(&id), username, id, password, contact: None, disabled: false, era: 0 };
        if !self.users.register(user.clone()).await? {
            return Err(taken());
        }
        Ok(user)
    }

    /// Every account that is opened, or is not, counts for the address it is asked for from.
    async fn pace(&self, name: &str, address: Option<IpAddr>) -> Result<(), Error> {
        drop(self.sign_ups.begin(name, address).await?);
        Ok(())
    }

    /// Opens an account for somebody who signs in through a provider, and so has neither user name nor password.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn take_in(&self, typed: &Typed, provider: &str, address: Option<IpAddr>) -> Result<User, Error> {
        let person = Person::check(typed).map_err(Error::Faults)?;
        let id = self.random.id()?;
        self.pace(&id, address).await?;
        // Nobody can choose such a name: a colon cannot stand in one.
        let username = format!("{provider}:{id}");
        let password = PasswordHash::none();
        let user =
            User { subject: person.subject(&id), username, id, password, contact: None, disabled: false, era: 0 };
        if !self.users.register(user.clone()).await? {
            return Err(taken());
        }
        Ok(user)
    }

    /// Whether this is still who signed in, where the account has a password. Tries count like those of signing in.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn confirm(&self, user: &User, password: SecretString, address: Option<IpAddr>) -> Result<(), Error> {
        if user.password.is_one() {
            self.sign_in(&user.username, password, address).await?;
        }
        Ok(())
    }

    /// Another password for who knows the one so far. Tries count like those of signing in.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change_password(
        &self,
        user: &User,
        password: SecretString,
        (new, repeated): (SecretString, &SecretString),
        address: Option<IpAddr>,
    ) -> Result<(), Error> {
        if let Some(fault) = password_fault(new.expose_secret(), repeated.expose_secret(), &user.username) {
            return Err(Error::Faults(vec![fault]));
        }
        let judged = self.sign_in(&user.username, password, address).await?;
        let hash = self.passwords.hash(new).await?;
        // Somebody may have set another one meanwhile: the one that was shown is none any more.
        if self.users.replace_password(&user.id, judged.password, hash).await? { Ok(()) } else { Err(Error::Refused) }
    }
}

fn taken() -> Error {
    Error::Faults(vec![(Field::Username, Fault::Taken)])
}
