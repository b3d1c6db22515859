//! What the signer asks of the HSM.

use rsign_api::algorithm::{KeyType, Scheme};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::MasterVersion;

/// 32 bytes from which the HSM derives a wrapping key under its master key K_MK: for a PIN slot the `D` of
/// DESIGN 3, for a SAD `H("rsign/sad/v1", r, L)` of DESIGN 4. Whoever has it and the HSM has the KEK.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opener {
    /// Which K_MK.
    pub master: MasterVersion,
    /// The bytes.
    pub octets: Zeroizing<[u8; 32]>,
}

impl Opener {
    /// For a wrapping key under this K_MK.
    #[must_use]
    pub const fn new(master: MasterVersion, octets: Zeroizing<[u8; 32]>) -> Self {
        Self { master, octets }
    }

    /// The same bytes under another K_MK: they give another wrapping key.
    #[must_use]
    pub fn under(&self, master: MasterVersion) -> Self {
        Self { master, octets: self.octets.clone() }
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opener({}, [redacted])", self.master)
    }
}

/// A key that lives on the token (made by the ceremony), other than the master, header-MAC and
/// second-factor keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenKey {
    /// Signs channel handshakes (RCH1).
    Identity,
    /// Signs audit checkpoints.
    Audit,
    /// Signs certificates and CRLs of the built-in CA.
    Authority,
}

/// One piece of work for one PKCS#11 session. Every object it makes is a session object and dies with the session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Job {
    /// Makes a signing key K_sign and its KEK; answers [`Answer::Generated`].
    Generate {
        /// Kind of key.
        key: KeyType,
        /// Opens the PIN slot.
        opener: Opener,
    },
    /// Opens the KEK in one slot and wraps it into another; answers [`Answer::Rewrapped`] or [`Answer::Refused`].
    Rewrap {
        /// Opens the slot as it is.
        opener: Opener,
        /// KEK under the old wrapping key, 40 bytes.
        slot: Vec<u8>,
        /// Opens the slot to be made.
        new_opener: Opener,
        /// Whether the new slot is opened once more before the answer (change of PIN).
        check: bool,
        /// The K_MK under which the opened slot is made anew as well, for the same opener; opened once more, too.
        renew: Option<MasterVersion>,
    },
    /// Signs digests with a wrapped key; answers [`Answer::Signatures`] or [`Answer::Refused`].
    Sign {
        /// Opens the slot.
        opener: Opener,
        /// KEK under the wrapping key, 40 bytes.
        slot: Vec<u8>,
        /// K_sign under the KEK.
        wrapped_key: Vec<u8>,
        /// Kind of key.
        key: KeyType,
        /// How to sign.
        #[serde(with = "untagged")]
        scheme: Scheme,
        /// The digests, each as long as the scheme's hash says.
        digests: Vec<Vec<u8>>,
    },
    /// HMAC-SHA-256 under the header-MAC key; answers [`Answer::Octets`], 32 bytes.
    Mac {
        /// What is authenticated.
        data: Vec<u8>,
    },
    /// HMAC-SHA-256 under the second-factor key, which keeps no secret but makes each anew; answers
    /// [`Answer::Octets`], 32 bytes.
    FactorSecret {
        /// What the secret belongs to.
        data: Vec<u8>,
    },
    /// ECDSA over a SHA-256 digest with a token key; answers [`Answer::Octets`], raw r|s of 64 bytes.
    TokenSign {
        /// Which key.
        key: TokenKey,
        /// SHA-256 digest.
        digest: [u8; 32],
    },
    /// The public key of a token key; answers [`Answer::Octets`], SEC1 uncompressed, 65 bytes.
    TokenPublic {
        /// Which key.
        key: TokenKey,
    },
    /// Octets from the HSM's random source; answers [`Answer::Octets`].
    Random {
        /// How many.
        length: usize,
    },
    /// Opens the canary of every K_MK; answers [`Answer::Octets`], empty.
    Check,
}

/// A public key as PKCS#11 hands it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PublicKey {
    /// Big-endian modulus and exponent.
    Rsa {
        /// Modulus.
        modulus: Vec<u8>,
        /// Public exponent.
        exponent: Vec<u8>,
    },
    /// SEC1 uncompressed point.
    Ec {
        /// `04 | x | y`.
        point: Vec<u8>,
    },
}

/// A new key: nothing of it is left in the HSM.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Generated {
    /// The public half.
    pub public: PublicKey,
    /// K_sign under the KEK (KWP, RFC 5649).
    pub wrapped_key: Vec<u8>,
    /// KEK under the PIN slot's wrapping key (AES-KW, RFC 3394), 40 bytes.
    pub slot: Vec<u8>,
}

/// What a job brought.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Answer {
    /// See [`Job::Generate`].
    Generated(Generated),
    /// See [`Job::Rewrap`].
    Rewrapped {
        /// The new slot, 40 bytes.
        slot: Vec<u8>,
        /// The opened slot under another K_MK, where that was asked for; 40 bytes.
        renewed: Option<Vec<u8>>,
    },
    /// Signatures in the order of the digests; ECDSA as DER.
    Signatures(Vec<Vec<u8>>),
    /// See the job.
    Octets(Vec<u8>),
    /// The slot did not open although the device is well: the canary opened, and a second try failed as well.
    Refused,
}

/// [`Scheme`] without a tag: frames are in a format that does not describe itself.
mod untagged {
    use rsign_api::algorithm::{HashAlgorithm, Scheme};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    enum Plain {
        Pkcs1(HashAlgorithm),
        Pss(HashAlgorithm, u32),
        Ecdsa(HashAlgorithm),
    }

    pub(super) fn serialize<S: Serializer>(scheme: &Scheme, serializer: S) -> Result<S::Ok, S::Error> {
        let plain = match *scheme {
            Scheme::Pkcs1 { hash } => Plain::Pkcs1(hash),
            Scheme::Pss { hash, salt } => Plain::Pss(hash, salt),
            Scheme::Ecdsa { hash } => Plain::Ecdsa(hash),
        };
        plain.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scheme, D::Error> {
        Ok(match Plain::deserialize(deserializer)? {
            Plain::Pkcs1(hash) => Scheme::Pkcs1 { hash },
            Plain::Pss(hash, salt) => Scheme::Pss { hash, salt },
            Plain::Ecdsa(hash) => Scheme::Ecdsa { hash },
        })
    }
}
