//! What a session is for. Both ends compute ctx from what they know themselves, so a channel cannot be moved to another
//! transaction, user or client (DESIGN 5).

use sha2::{Digest as _, Sha256};

use super::body::Names;
use super::list::List;
use super::octets::put_prefixed;
use super::{Failure, Operation};
use crate::algorithm::KeyType;
use crate::signer::{self, Registration, Subject};

/// What both ends must agree on before a word is said. Empty strings stand for what an operation does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The operation the session is opened for.
    pub operation: Operation,
    /// The transaction the gateway registered.
    pub tx: String,
    /// Tenant of the user.
    pub tenant: String,
    /// The user.
    pub user: String,
    /// The client that asks.
    pub client: String,
    /// The credential; for enrol, the id allocated with the transaction.
    pub credential: String,
    /// Version of the credential's key.
    pub key_version: u32,
    /// authorize: [`super::list::List::digest`], none without a list; enrol: [`enrol_digest`]; sign: none, since the
    /// gateway does not know the list; change PIN: none.
    pub list_digest: Option<[u8; 32]>,
}

impl Context {
    /// The context of what the gateway registered.
    ///
    /// # Errors
    /// The list, or what is to be enrolled, is none that both ends can hash alike.
    pub fn registered(registration: &Registration) -> Result<Self, Failure> {
        let list_digest = match (registration.operation, &registration.enrol, registration.list.as_slice()) {
            (signer::Operation::Enrol, Some(enrol), []) => Some(enrol_digest(enrol.key, &enrol.subject)?),
            (signer::Operation::Authorise, None, list @ [_, ..]) => Some(List::registered(list)?.digest()),
            (signer::Operation::Enrol, _, _) | (_, Some(_), _) | (_, _, [_, ..]) => return Err(Failure),
            (_, None, []) => None,
        };
        Ok(Self {
            operation: registration.operation.into(),
            tx: registration.tx.clone(),
            tenant: registration.tenant.clone(),
            user: registration.user.clone(),
            client: registration.client.clone(),
            credential: registration.credential.clone(),
            key_version: registration.key_version,
            list_digest,
        })
    }

    /// `ctx = SHA-256("RCH1 ctx\0" | lp(op) | lp(tx) | lp(tenant) | lp(user) | lp(client) | lp(credential) |
    /// u32 key version | lp(list digest))`, op being its one octet, strings UTF-8.
    ///
    /// # Errors
    /// A string of more than 65535 octets.
    pub fn digest(&self) -> Result<[u8; 32], Failure> {
        let mut octets = b"RCH1 ctx\0".to_vec();
        put_prefixed(&mut octets, &[self.operation.request()])?;
        for name in [&self.tx, &self.tenant, &self.user, &self.client, &self.credential] {
            put_prefixed(&mut octets, name.as_bytes())?;
        }
        octets.extend(self.key_version.to_be_bytes());
        put_prefixed(&mut octets, self.list_digest.as_ref().map_or(&[], <[u8; 32]>::as_slice))?;
        Ok(Sha256::digest(&octets).into())
    }

    /// What the state machines keep of it.
    ///
    /// # Errors
    /// A name is missing or too long; or the operation is close, which is part of every session and opens none.
    pub fn purpose(&self) -> Result<Purpose, Failure> {
        if self.operation == Operation::Close {
            return Err(Failure);
        }
        let names = Names { credential: self.credential.clone(), key_version: self.key_version, tx: self.tx.clone() };
        Ok(Purpose { operation: self.operation, ctx: self.digest()?, names: names.checked()? })
    }
}

/// A context as the state machines hold it: ctx, and what each record repeats of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    pub(super) operation: Operation,
    pub(super) ctx: [u8; 32],
    pub(super) names: Names,
}

/// The list digest of enrol: `SHA-256("rsign/enrol/v1\0" | lp(key type) | lp(C) | lp(O) | lp(GN) | lp(SN) |
/// lp(serialNumber) | lp(CN))`, all UTF-8, the key type by its name ([`KeyType::name`]), lp of nothing where there is
/// no organisation.
///
/// # Errors
/// A string of more than 65535 octets, or an organisation that is there and empty: it would read like none.
pub fn enrol_digest(key: KeyType, subject: &Subject) -> Result<[u8; 32], Failure> {
    let Subject { country, organization, given_name, surname, serial_number, common_name } = subject;
    let organization = organization.as_deref();
    if organization == Some("") {
        return Err(Failure);
    }
    let mut octets = b"rsign/enrol/v1\0".to_vec();
    for text in [key.name(), country, organization.unwrap_or_default(), given_name, surname, serial_number, common_name]
    {
        put_prefixed(&mut octets, text.as_bytes())?;
    }
    Ok(Sha256::digest(&octets).into())
}
