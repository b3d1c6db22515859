//! Object identifiers of keys, hash functions and signatures (csc.md 9), and every way a key says it can sign.

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// rsaEncryption: the hash function is named beside it.
pub(crate) const RSA: &str = "1.2.840.113549.1.1.1";
/// RSASSA-PSS.
pub(crate) const PSS: &str = "1.2.840.113549.1.1.10";
/// ecPublicKey: the hash function is named beside it.
pub(crate) const EC: &str = "1.2.840.10045.2.1";

/// A hash function that is strong enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// All.
    pub(crate) const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// Its OID.
    pub(crate) const fn oid(self) -> &'static str {
        match self {
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
            Self::Sha512 => "2.16.840.1.101.3.4.2.3",
        }
    }

    /// Of this OID.
    pub(crate) fn of_oid(oid: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hash| hash.oid() == oid)
    }

    /// Of a text.
    pub(crate) fn digest(self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => Sha256::digest(text).to_vec(),
            Self::Sha384 => Sha384::digest(text).to_vec(),
            Self::Sha512 => Sha512::digest(text).to_vec(),
        }
    }

    /// RSASSA-PSS-params with this function, MGF1 of the same and a salt as long as the digest, Base64 of DER.
    fn pss_params(self) -> String {
        let (last, salt) = match self {
            Self::Sha256 => (1, 32),
            Self::Sha384 => (2, 48),
            Self::Sha512 => (3, 64),
        };
        let function = [&[0x30, 13, 6, 9][..], &[0x60, 0x86, 0x48, 1, 101, 3, 4, 2, last], &[5, 0]].concat();
        let mgf = [&[6, 9][..], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 8], &function].concat();
        let params = [tag(0xa0, &function), tag(0xa1, &tag(0x30, &mgf)), tag(0xa2, &[2, 1, salt])].concat();
        BASE64.encode(&tag(0x30, &params))
    }
}

fn tag(number: u8, content: &[u8]) -> Vec<u8> {
    // All of them are short.
    let length = u8::try_from(content.len()).unwrap_or_default();
    [&[number, length], content].concat()
}

/// How a digest becomes a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1,
    /// RSASSA-PSS, salt as long as the digest.
    Pss,
    /// ECDSA, as DER or as r and s side by side.
    Ecdsa,
}

/// One way to ask for a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    /// `signAlgo`.
    pub(crate) sign_algo: String,
    /// The digest's function.
    pub(crate) hash: Hash,
    /// Whether the function has to be named, since `signAlgo` does not imply it.
    pub(crate) names_hash: bool,
    /// `signAlgoParams`.
    pub(crate) params: Option<String>,
    /// What comes of it.
    pub(crate) scheme: Scheme,
}

impl Way {
    /// Every way of one OID of `key.algo`; none if it is unknown here, or weaker than SHA-256.
    pub(crate) fn of(oid: &str) -> Vec<Self> {
        let way =
            |hash, names_hash, params, scheme| Self { sign_algo: oid.to_owned(), hash, names_hash, params, scheme };
        let plain = |hash, scheme| vec![way(hash, false, None, scheme)];
        match oid {
            "1.2.840.113549.1.1.11" => plain(Hash::Sha256, Scheme::Pkcs1),
            "1.2.840.113549.1.1.12" => plain(Hash::Sha384, Scheme::Pkcs1),
            "1.2.840.113549.1.1.13" => plain(Hash::Sha512, Scheme::Pkcs1),
            "1.2.840.10045.4.3.2" | "0.4.0.127.0.7.1.1.4.1.3" => plain(Hash::Sha256, Scheme::Ecdsa),
            "1.2.840.10045.4.3.3" => plain(Hash::Sha384, Scheme::Ecdsa),
            "1.2.840.10045.4.3.4" => plain(Hash::Sha512, Scheme::Ecdsa),
            RSA => Hash::ALL.map(|hash| way(hash, true, None, Scheme::Pkcs1)).into(),
            EC => Hash::ALL.map(|hash| way(hash, true, None, Scheme::Ecdsa)).into(),
            PSS => Hash::ALL.map(|hash| way(hash, false, Some(hash.pss_params()), Scheme::Pss)).into(),
            _ => Vec::new(),
        }
    }

    /// For a sentence.
    pub(crate) fn name(&self) -> String {
        format!("signAlgo {} with {:?}", self.sign_algo, self.hash)
    }
}

/// Whether it is digits and dots, as an OID is.
pub(crate) fn is_oid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let plain = |part: &&str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    parts.len() >= 2 && parts.iter().all(plain) && matches!(parts[0], "0" | "1" | "2")
}

/// Those weaker than SHA-256.
pub(crate) fn is_weak(oid: &str) -> bool {
    [
        "1.2.840.113549.1.1.5",
        "1.2.840.113549.1.1.4",
        "1.2.840.113549.1.1.14",
        "1.2.840.10045.4.1",
        "1.2.840.10045.4.3.1",
    ]
    .contains(&oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pss_parameters_are_those_real_services_were_asked_with() {
        let seen = "MDgmDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEgowMCAQE=";
        // That sample writes the default trailer and has a wrong tag; the rest is the same.
        assert!(
            Hash::Sha256
                .pss_params()
                .starts_with("MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEg")
        );
        assert!(seen.contains("BglghkgBZQMEAgEFAKIDAgEg"));
    }

    #[test]
    fn oids_are_told_from_names() {
        assert!(is_oid("1.2.840.113549.1.1.11") && is_oid("0.4.0.127.0.7.1.1.4.1.3"));
        for bad in ["", "1", "sha256WithRSA", "1..2", "3.1", "1.2."] {
            assert!(!is_oid(bad), "{bad}");
        }
    }
}
