//! Revocation lists of the built-in CA: complete, version 2 (RFC 5280, 5).

use x509_cert::Version;
use x509_cert::crl::{RevokedCert, TbsCertList};
use x509_cert::ext::pkix::CrlReason;

use super::{Authority, Error, ToBeSigned, extension, issue, signed, time};

/// A revoked certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number as it was issued.
    pub serial: Vec<u8>,
    /// When it was revoked, Unix seconds.
    pub at: i64,
    /// Why.
    pub reason: CrlReason,
}

/// A list to be.
#[derive(Debug, Clone, Copy)]
pub struct RevocationList<'a> {
    /// Greater than that of every list before (RFC 5280, 5.2.3).
    pub number: u64,
    /// When it is formed, Unix seconds.
    pub this_update: i64,
    /// By when the next one is formed, Unix seconds.
    pub next_update: i64,
    /// Everything revoked and not yet expired.
    pub revoked: &'a [Revoked],
}

impl Authority {
    /// The list of what this CA revoked.
    pub fn revocation_list(&self, list: &RevocationList<'_>) -> Result<ToBeSigned, Error> {
        if list.this_update >= list.next_update {
            return Err(Error::Time);
        }
        let revoked = list.revoked.iter().map(Revoked::encode).collect::<Result<Vec<_>, _>>()?;
        let tbs: TbsCertList = TbsCertList {
            version: Version::V2,
            signature: signed::algorithm(self.verifier.scheme())?,
            issuer: self.name.clone(),
            this_update: time::encode(list.this_update)?,
            next_update: Some(time::encode(list.next_update)?),
            // An empty list MUST be absent (RFC 5280, 5.1.2.6).
            revoked_certificates: (!revoked.is_empty()).then_some(revoked),
            crl_extensions: Some(vec![
                extension::authority_key(&self.key_identifier)?,
                extension::crl_number(list.number)?,
            ]),
        };
        ToBeSigned::new(&tbs, &self.verifier)
    }
}

impl Revoked {
    /// `unspecified` is said by saying nothing (RFC 5280, 5.3.1).
    fn encode(&self) -> Result<RevokedCert, Error> {
        let crl_entry_extensions = match self.reason {
            CrlReason::Unspecified => None,
            CrlReason::RemoveFromCRL => return Err(Error::Reason),
            reason => Some(vec![extension::reason(reason)?]),
        };
        Ok(RevokedCert {
            serial_number: issue::serial(&self.serial)?,
            revocation_date: time::encode(self.at)?,
            crl_entry_extensions,
        })
    }
}
