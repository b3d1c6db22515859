//! Has keys certified by another CA than the built-in one, and judges what that gives: a certificate that cannot be used, or
//! that nobody can follow to a root, is noticed before its owner has it.

use std::sync::Arc;

use der::{Decode as _, Encode as _};
use rsign_ades::evidence::{Subject, path};
use rsign_api::bytes::Bytes;
use x509_cert::request::CertReq;

use crate::domain::certificate::Facts;
use crate::domain::credential::Certificate;
use crate::port::clock::Clock;
use crate::port::issuer::{self, Issuer};

/// A CA's clock may be ahead of ours by so many seconds.
const SKEW: u64 = 300;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The CA gave none.
    #[error(transparent)]
    Issuer(#[from] issuer::Error),
    /// The signer's request is none.
    #[error("the signer's request is no PKCS#10")]
    Request(#[source] der::Error),
    /// What it gave is of no use.
    #[error("the CA's answer is of no use: {0}")]
    Useless(&'static str),
}

/// The service.
#[derive(Debug, Clone)]
pub struct Certification {
    issuer: Arc<dyn Issuer>,
    anchors: Vec<Subject>,
    clock: Arc<dyn Clock>,
}

impl Certification {
    /// The service; `anchors`, DER, are the roots that its certificates may lead to, and CAs below them.
    ///
    /// # Errors
    /// When an anchor cannot be read.
    pub fn new(issuer: Arc<dyn Issuer>, anchors: &[Vec<u8>], clock: Arc<dyn Clock>) -> Result<Self, der::Error> {
        let anchors = anchors.iter().map(|der| Subject::read(der)).collect::<Result<_, _>>()?;
        Ok(Self { issuer, anchors, clock })
    }

    /// Whether the CA answers, and may be one that is trusted: before the first key is made, which it would cost otherwise.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn look(&self) -> Result<(), Error> {
        let brought = self.issuer.authorities().await?;
        let pool: Vec<Subject> = brought.iter().filter_map(|der| Subject::read(der).ok()).collect();
        let now = u64::try_from(self.clock.now() / 1000).unwrap_or_default();
        let fits = pool.iter().any(|one| one.is_authority() && path(one, &pool, &self.anchors, now).is_some());
        if fits {
            Ok(())
        } else {
            Err(Error::Useless("none of its own certificates leads to a root in [evidence] anchors"))
        }
    }

    /// The certificate of the key that this PKCS#10 request (DER) is of, with the path from it to a root.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn certify(&self, request: &[u8]) -> Result<Certificate, Error> {
        let asked = CertReq::from_der(request).map_err(Error::Request)?;
        let key = asked.info.public_key.to_der().map_err(Error::Request)?;
        let brought = self.issuer.certify(request.to_vec()).await?;
        let pool: Vec<Subject> = brought.iter().filter_map(|der| Subject::read(der).ok()).collect();
        let of_key = pool.iter().filter(|one| one.public_key().is_ok_and(|found| found == key));
        let leaf = of_key.max_by_key(|one| one.not_before());
        let leaf = leaf.ok_or(Error::Useless("it brings no certificate of this key"))?;
        if leaf.is_authority() {
            return Err(Error::Useless("the certificate is that of a CA"));
        }
        if !leaf.signs() {
            return Err(Error::Useless("the certificate's key usage allows no signatures"));
        }
        let now = u64::try_from(self.clock.now() / 1000).unwrap_or_default();
        let at = if leaf.not_before() <= now + SKEW { now.max(leaf.not_before()) } else { now };
        if !leaf.is_valid_at(at) {
            return Err(Error::Useless("the certificate is not valid now"));
        }
        let path = path(leaf, &pool, &self.anchors, at);
        let path = path.ok_or(Error::Useless("the certificate leads to no root in [evidence] anchors"))?;
        let unread = |_| Error::Useless("the certificate cannot be read");
        let mut chain = path.into_iter().map(|one| Bytes(one.der));
        let end_entity = chain.next().unwrap_or_default();
        let facts = Facts::read(&end_entity).map_err(unread)?;
        Ok(Certificate {
            end_entity,
            chain: chain.collect(),
            facts,
            elsewhere: true,
            request: Some(Bytes(request.to_vec())),
            earlier: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests;
