//! Accounts, by id and by name.

use std::sync::Arc;

use rsign_storage::{Collection, Place, Result, Store, Table, Update};

use super::collection;
use crate::domain::contact::Contact;
use crate::domain::user::{PasswordHash, User, Username, canonical};

pub(super) const USER: Collection = collection("user");
pub(super) const USERNAME: Collection = collection("username");

/// Accounts.
#[derive(Debug, Clone)]
pub struct Users {
    users: Table<User>,
    names: Table<Username>,
}

impl Users {
    pub(super) fn over(store: &Arc<dyn Store>) -> Self {
        Self {
            users: Table::new(Arc::clone(store), USER, |_| Place::default()),
            names: Table::new(Arc::clone(store), USERNAME, |_| Place::default()),
        }
    }

    /// Opens an account; `false` when the name is taken. The name is taken first, so a crash in between leaves a name
    /// without account, never two accounts of one name.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn register(&self, user: User) -> Result<bool> {
        let (id, name) = (user.id.clone(), canonical(&user.username));
        if !self.names.insert(&name, Username { user: id.clone() }).await? {
            return Ok(false);
        }
        self.users.insert(&id, user).await
    }

    /// The account of this id, of one that is not disabled.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn find(&self, id: &str) -> Result<Option<User>> {
        Ok(self.users.find(id).await?.filter(|user| !user.disabled))
    }

    /// All accounts, disabled ones too.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn all(&self) -> Result<Vec<User>> {
        Ok(super::every(&self.users, None).await?.into_iter().map(|(_, user)| user).collect())
    }

    /// Disables an account, or enables it again; `false` where there is no such account.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn disable(&self, id: &str, disabled: bool) -> Result<bool> {
        self.users
            .update(id, move |found| match found {
                Some(user) => {
                    let user = if disabled { user.renewed() } else { user };
                    (Update::Put(User { disabled, ..user }), true)
                }
                None => (Update::Keep, false),
            })
            .await
    }

    /// Gives an account another password, and ends all that was begun with the one before; `false` where there is no such
    /// account.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn set_password(&self, id: &str, password: PasswordHash) -> Result<bool> {
        self.users
            .update(id, move |found| match found {
                Some(user) => (Update::Put(User { password: password.clone(), ..user.renewed() }), true),
                None => (Update::Keep, false),
            })
            .await
    }

    /// Gives an account another password in place of this one; `false` where it has another one by now.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn replace_password(&self, id: &str, old: PasswordHash, new: PasswordHash) -> Result<bool> {
        self.users
            .update(id, move |found| match found {
                Some(user) if user.password == old && !user.disabled => {
                    (Update::Put(User { password: new.clone(), ..user }), true)
                }
                _ => (Update::Keep, false),
            })
            .await
    }

    /// Whether somebody has this name, disabled or not.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn has_name(&self, username: &str) -> Result<bool> {
        Ok(self.names.find(&canonical(username)).await?.is_some())
    }

    /// Gives an account another address for codes, or none; `false` where there is no such account.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn set_contact(&self, id: &str, contact: Option<Contact>) -> Result<bool> {
        self.users
            .update(id, move |found| match found {
                Some(user) => (Update::Put(User { contact: contact.clone(), ..user }), true),
                None => (Update::Keep, false),
            })
            .await
    }

    /// The account of this name.
    ///
    /// # Errors
    /// See [`rsign_storage::Error`].
    pub async fn named(&self, username: &str) -> Result<Option<User>> {
        match self.names.find(&canonical(username)).await? {
            Some(name) => self.find(&name.user).await,
            None => Ok(None),
        }
    }
}
