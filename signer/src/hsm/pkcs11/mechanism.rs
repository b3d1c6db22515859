//! Mechanism numbers as configuration: what each token offers for deriving and for wrapping.

use cryptoki::mechanism::ekdf::AesCbcDeriveParams;
use cryptoki::mechanism::hkdf::HkdfParams;
use cryptoki::mechanism::kbkdf::{Endianness, KbkdfCounterFormat, KbkdfParams, PrfDataParam, PrfDataParamType};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, KeyType, ObjectHandle};
use cryptoki::session::Session;
use serde::{Deserialize, Serialize};

use super::TokenError;
use crate::hsm::Opener;

/// Separates what K_MK derives from anything else a KDF might be asked for.
const LABEL: &[u8] = b"rsign/wrap/v1\0";

/// How a wrapping key comes from K_MK and an [`Opener`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Derive {
    /// CKM_AES_CBC_ENCRYPT_DATA, IV zero, over the opener's two blocks. SoftHSM2 has nothing else; Kryoptic 1.5.2
    /// reads the IV through a dangling pointer, so never there.
    AesCbcEncryptData,
    /// SP 800-108 in counter mode with HMAC-SHA-256: 32-bit counter, label, opener.
    #[serde(rename = "sp800-108-hmac")]
    Sp800108Hmac,
    /// HKDF-Expand with SHA-256, info = label and opener.
    Hkdf,
}

impl Derive {
    /// Type of K_MK.
    pub(super) const fn master_type(self) -> KeyType {
        match self {
            Self::AesCbcEncryptData => KeyType::AES,
            Self::Sp800108Hmac => KeyType::GENERIC_SECRET,
            Self::Hkdf => KeyType::HKDF,
        }
    }

    /// How K_MK is generated.
    pub(super) const fn master_generation(self) -> Mechanism<'static> {
        match self {
            Self::AesCbcEncryptData => Mechanism::AesKeyGen,
            Self::Sp800108Hmac => Mechanism::GenericSecretKeyGen,
            Self::Hkdf => Mechanism::HkdfKeyGen,
        }
    }

    /// The one mechanism K_MK may be used with.
    pub(super) const fn mechanism_type(self) -> MechanismType {
        match self {
            Self::AesCbcEncryptData => MechanismType::AES_CBC_ENCRYPT_DATA,
            Self::Sp800108Hmac => MechanismType::SP800_108_COUNTER_KDF,
            Self::Hkdf => MechanismType::HKDF_DERIVE,
        }
    }

    /// The name in configuration and headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCbcEncryptData => "aes-cbc-encrypt-data",
            Self::Sp800108Hmac => "sp800-108-hmac",
            Self::Hkdf => "hkdf",
        }
    }

    /// Derives a session key under K_MK; `template` says what it may be used for.
    pub(super) fn derive(
        self,
        session: &Session,
        master: ObjectHandle,
        opener: &Opener,
        template: &[Attribute],
    ) -> Result<ObjectHandle, TokenError> {
        let input = opener.octets.as_slice();
        let key = match self {
            Self::AesCbcEncryptData => {
                let mechanism = Mechanism::AesCbcEncryptData(AesCbcDeriveParams::new([0; 16], input));
                session.derive_key(&mechanism, master, template)
            }
            Self::Sp800108Hmac => {
                let counter =
                    KbkdfCounterFormat::new(Endianness::Big, const { std::num::NonZeroUsize::new(32).unwrap() });
                let data = [
                    PrfDataParam::new(PrfDataParamType::IterationVariable(Some(&counter))),
                    PrfDataParam::new(PrfDataParamType::ByteArray(LABEL)),
                    PrfDataParam::new(PrfDataParamType::ByteArray(input)),
                ];
                let params = KbkdfParams::new(MechanismType::SHA256_HMAC, &data, None);
                session.derive_key(&Mechanism::KbkdfCounter(params), master, template)
            }
            Self::Hkdf => {
                let info = zeroize::Zeroizing::new([LABEL, input].concat());
                let params = HkdfParams::new(MechanismType::SHA256, None, Some(&info));
                session.derive_key(&Mechanism::HkdfDerive(params), master, template)
            }
        };
        Ok(key?)
    }
}

/// How K_sign is wrapped under its KEK: AES Key Wrap with Padding, RFC 5649, under either of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wrap {
    /// CKM_AES_KEY_WRAP_PAD, which on SoftHSM2 is RFC 5649.
    #[serde(rename = "kwp-0x210a")]
    KeyWrapPad,
    /// CKM_AES_KEY_WRAP_KWP, PKCS#11 3.0.
    #[serde(rename = "kwp-0x210b")]
    Kwp,
}

/// CKM_AES_KEY_WRAP, RFC 3394: the same number on every token.
pub(super) const KEY_WRAP: u64 = 0x2109;

impl Wrap {
    /// The mechanism's number.
    #[must_use]
    pub const fn number(self) -> u64 {
        match self {
            Self::KeyWrapPad => 0x210A,
            Self::Kwp => 0x210B,
        }
    }

    /// The name in configuration and headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::KeyWrapPad => "kwp-0x210a",
            Self::Kwp => "kwp-0x210b",
        }
    }

    /// For CKA_ALLOWED_MECHANISMS; cryptoki has no name for the newer number.
    pub(super) const fn mechanism_type(self) -> Option<MechanismType> {
        match self {
            Self::KeyWrapPad => Some(MechanismType::AES_KEY_WRAP_PAD),
            Self::Kwp => None,
        }
    }
}
