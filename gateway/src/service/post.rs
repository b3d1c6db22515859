//! Messages to people, whatever they are about.

use std::sync::Arc;

use crate::domain::contact::Contact;
use crate::domain::language::Language;
use crate::domain::notice::{About, Notice};
use crate::port::courier::{Courier, Undelivered};
use crate::store::Users;

/// Who brings messages, by kind of address.
#[derive(Debug, Clone, Default)]
pub struct Couriers {
    /// To e-mail addresses.
    pub email: Option<Arc<dyn Courier>>,
    /// To telephone numbers.
    pub phone: Option<Arc<dyn Courier>>,
}

impl Couriers {
    /// Whether an address of this kind is reached.
    #[must_use]
    pub fn reaches(&self, contact: &Contact) -> bool {
        self.to(contact).is_some()
    }

    fn to<'a>(&'a self, contact: &'a Contact) -> Option<(&'a Arc<dyn Courier>, &'a str)> {
        let (courier, address) = match contact {
            Contact::Email(address) => (&self.email, address),
            Contact::Phone(address) => (&self.phone, address),
        };
        courier.as_ref().map(|courier| (courier, address.as_str()))
    }
}

/// The service.
#[derive(Debug)]
pub struct Post {
    users: Users,
    couriers: Couriers,
    /// What this service calls itself.
    service: String,
    language: Language,
}

impl Post {
    /// The service over its parts.
    #[must_use]
    pub const fn new(users: Users, couriers: Couriers, service: String, language: Language) -> Self {
        Self { users, couriers, service, language }
    }

    /// What this service calls itself.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// Whether any way leads to people: by e-mail, by telephone.
    #[must_use]
    pub const fn ways(&self) -> [bool; 2] {
        [self.couriers.email.is_some(), self.couriers.phone.is_some()]
    }

    /// Whether an address of this kind is reached.
    #[must_use]
    pub fn reaches(&self, contact: &Contact) -> bool {
        self.couriers.reaches(contact)
    }

    /// Where a user is reached.
    ///
    /// # Errors
    /// The store.
    pub async fn contact(&self, user: &str) -> rsign_storage::Result<Option<Contact>> {
        Ok(self.users.find(user).await?.and_then(|user| user.contact))
    }

    /// Hands a message over for delivery.
    ///
    /// # Errors
    /// Nobody took it, or no way leads there.
    pub async fn send(&self, contact: &Contact, about: About) -> Result<(), Undelivered> {
        let (courier, address) =
            self.couriers.to(contact).ok_or_else(|| Undelivered("no way leads to such an address".into()))?;
        let notice = Notice { about, service: self.service.clone(), language: self.language };
        courier.deliver(address, &notice).await
    }
}
