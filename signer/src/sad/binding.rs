//! L: the digest of everything a SAD is bound to. K_ot is derived from it, so the HSM refuses a row that was changed.

use der::Encode as _;
use rsign_api::algorithm::Scheme;
use rsign_api::document::{Envelope, Format};
use rsign_api::signer::{EntryType, Property, Scal};
use sha2::{Digest as _, Sha256};

use super::{Item, Sad, Use};

impl Sad {
    /// `L = SHA-256("rsign/sad/list/v1\0" | list | …)` over the stored list (its listed items), count, client, user,
    /// credential, key version, epoch, SCAL and expiry; strings and hashes with u16 lengths, numbers big-endian.
    #[must_use]
    pub fn binding(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"rsign/sad/list/v1\0");
        put_list(&mut hash, &self.items);
        hash.update(self.signatures.to_be_bytes());
        for name in [&self.id, &self.client, &self.user, &self.credential] {
            put(&mut hash, name.as_bytes());
        }
        hash.update(self.key_version.to_be_bytes());
        hash.update(self.epoch.to_be_bytes());
        hash.update([match self.scal {
            Scal::One => 1,
            Scal::Two => 2,
        }]);
        hash.update(self.expires_at.to_be_bytes());
        hash.update(self.absolute_until.to_be_bytes());
        hash.finalize().into()
    }
}

/// Digest of a list alone, for the audit trail.
#[must_use]
pub fn list_digest(items: &[Item]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"rsign/audit/list/v1\0");
    put_list(&mut hash, items);
    hash.finalize().into()
}

/// Digest of a signing request: what makes two requests the same one. The order of hashes does not matter.
#[must_use]
pub fn request_digest(uses: &[Use]) -> [u8; 32] {
    let mut sorted: Vec<&Use> = uses.iter().collect();
    sorted.sort_unstable_by(|one, other| one.hash.cmp(&other.hash));
    let mut hash = Sha256::new();
    hash.update(b"rsign/request/v2\0");
    let mut scheme = None;
    for wanted in sorted {
        // Almost always all are signed alike.
        if scheme.replace(wanted.scheme) != Some(wanted.scheme) {
            put_scheme(&mut hash, wanted.scheme);
        }
        hash.update([kind(wanted.kind)]);
        put(&mut hash, &wanted.hash);
        if let Some(form) = wanted.form {
            hash.update(form);
        }
    }
    hash.finalize().into()
}

/// Digest of what is said around a document: two uses of one document are the same only if it is.
#[must_use]
pub fn form_digest(format: Format, envelope: Envelope, properties: &[Property]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"rsign/form/v1\0");
    put(&mut hash, format.name().as_bytes());
    put(&mut hash, envelope.name().as_bytes());
    for Property { name, value } in properties {
        put(&mut hash, name.as_bytes());
        hash.update([u8::from(value.is_some())]);
        put(&mut hash, value.as_deref().unwrap_or_default().as_bytes());
    }
    hash.finalize().into()
}

fn put_scheme(hash: &mut Sha256, scheme: Scheme) {
    let (kind, salt) = match scheme {
        Scheme::Pkcs1 { .. } => (1_u8, 0),
        Scheme::Pss { salt, .. } => (2, salt),
        Scheme::Ecdsa { .. } => (3, 0),
    };
    hash.update([0xff, kind]);
    hash.update(salt.to_be_bytes());
    put(hash, scheme.hash().oid().as_bytes());
}

const fn kind(kind: EntryType) -> u8 {
    match kind {
        EntryType::Untyped => 0,
        EntryType::Dtbsr => 1,
        EntryType::Sdr => 2,
        EntryType::Sodr => 3,
    }
}

fn put_list(hash: &mut Sha256, items: &[Item]) {
    let listed = items.iter().filter(|item| item.listed);
    hash.update(u32::try_from(listed.clone().count()).unwrap_or(u32::MAX).to_be_bytes());
    for Item { entry, times, .. } in listed {
        hash.update([kind(entry.r#type)]);
        let oid = entry.algorithm.and_then(|algorithm| algorithm.oid().to_der().ok()).unwrap_or_default();
        put(hash, &oid);
        put(hash, &entry.hash);
        let label = entry.label.as_ref().map_or([0; 32].as_slice(), |label| label.0.as_slice());
        hash.update(label);
        hash.update(times.to_be_bytes());
    }
}

fn put(hash: &mut Sha256, octets: &[u8]) {
    hash.update(u32::try_from(octets.len()).unwrap_or(u32::MAX).to_be_bytes());
    hash.update(octets);
}
