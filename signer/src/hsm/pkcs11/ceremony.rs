//! The key ceremony: makes the token's keys and the canary, once.

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use rsign_api::algorithm::KeyType;

use super::generate::key_pair;
use super::master::{canary, generate_master};
use super::open::{candidates, label, load, log_in, read_pin};
use super::template;
use super::{Token, TokenError, TokenSettings, ffi};
use crate::hsm::{MasterVersion, Masters, TokenKey};

/// Why the ceremony stopped.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// Some of the keys are there, some are not: nothing is made, nothing is overwritten.
    #[error("the token holds {present} but not {missing}; a ceremony makes all keys or none")]
    Half {
        /// Labels found.
        present: String,
        /// Labels not found.
        missing: String,
    },
    /// The keys are there already.
    #[error("the token's keys were made before")]
    Done,
    /// The token failed.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// What a ceremony made beside the keys on the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    /// A throw-away key under a wrapping key derived from K_MK, 40 bytes: proves at every start that derivation
    /// still gives what it gave.
    pub canary: Vec<u8>,
}

impl Ceremony {
    /// Makes K_MK, the header-MAC and the second-factor key, identity, audit and CA key, and the canary.
    ///
    /// # Errors
    /// See [`CeremonyError`]; after [`CeremonyError::Token`] the token may hold some of the keys.
    pub fn perform(settings: &TokenSettings) -> Result<Self, CeremonyError> {
        let library = load(settings)?;
        let slot = slot_by_label(&library, &settings.label)?;
        let session = log_in(&library, slot, settings)?;
        refuse_existing(&session)?;
        let master = generate_master(&session, settings.derive, MasterVersion::FIRST)?;
        let mac = labelled(template::mac_key(), label::MAC);
        session.generate_key(&Mechanism::GenericSecretKeyGen, &sized(mac)).map_err(TokenError::from)?;
        make_factor_key(&session)?;
        for key in [TokenKey::Identity, TokenKey::Audit, TokenKey::Authority] {
            let private = labelled(template::token_signing_key(), label::of(key));
            key_pair(&session, KeyType::P256, &private, Some(label::of(key)))?;
        }
        let raw = ffi::KeyWrap::load(&settings.module)?;
        Ok(Self { canary: canary(&session, &raw, settings.derive, MasterVersion::FIRST, master)? })
    }

    /// Makes the second-factor key on a token whose ceremony was before there was one. Whether it did.
    ///
    /// # Errors
    /// When this is not the token of that ceremony, or it fails.
    pub fn complete(settings: &TokenSettings, masters: &Masters) -> Result<bool, TokenError> {
        let token = Token::open_earlier(settings, masters)?;
        if token.keys.factor.is_some() {
            return Ok(false);
        }
        make_factor_key(&token.library.open_rw_session(token.slot)?)?;
        Ok(true)
    }
}

/// Initialises a fresh token of the label in the first slot that has none: for sandboxes and tests. In production
/// the vendor's tools do this.
///
/// # Errors
/// When a token of that label exists, or there is no free slot.
pub fn create_token(settings: &TokenSettings) -> Result<(), TokenError> {
    let library = load(settings)?;
    if slot_by_label(&library, &settings.label).is_ok() {
        return Err(TokenError::misconfigured(format!("a token labelled {} exists", settings.label)));
    }
    let user_pin = read_pin(settings)?;
    // The security officer's PIN is thrown away: nobody may re-initialise this token through PKCS#11 later.
    let mut octets = zeroize::Zeroizing::new([0; 24]);
    aws_lc_rs::rand::fill(octets.as_mut_slice()).map_err(|_| TokenError::misconfigured("no randomness"))?;
    let so_pin = AuthPin::from(data_encoding::HEXLOWER.encode(octets.as_slice()));
    for slot in library.get_slots_with_token()? {
        if library.get_token_info(slot)?.token_initialized() {
            continue;
        }
        library.init_token(slot, &so_pin, &settings.label)?;
        let slot = slot_by_label(&library, &settings.label)?;
        let session = library.open_rw_session(slot)?;
        session.login(UserType::So, Some(&so_pin))?;
        session.init_pin(&user_pin)?;
        return Ok(());
    }
    Err(TokenError::misconfigured("no slot has an uninitialised token"))
}

fn slot_by_label(library: &Pkcs11, label: &str) -> Result<cryptoki::slot::Slot, TokenError> {
    for slot in library.get_slots_with_initialized_token()? {
        if library.get_token_info(slot)?.label() == label {
            return Ok(slot);
        }
    }
    Err(TokenError::misconfigured(format!("no token is labelled {label}")))
}

fn refuse_existing(session: &Session) -> Result<(), CeremonyError> {
    let master = label::master(MasterVersion::FIRST);
    let labels = [
        master.as_str(),
        label::MAC,
        label::FACTOR,
        label::of(TokenKey::Identity),
        label::of(TokenKey::Audit),
        label::of(TokenKey::Authority),
    ];
    let (mut present, mut missing) = (Vec::new(), Vec::new());
    for label in labels {
        if candidates(session, label)?.is_empty() { missing.push(label) } else { present.push(label) }
    }
    match (present.is_empty(), missing.is_empty()) {
        (true, _) => Ok(()),
        (_, true) => Err(CeremonyError::Done),
        _ => Err(CeremonyError::Half { present: present.join(", "), missing: missing.join(", ") }),
    }
}

fn make_factor_key(session: &Session) -> Result<(), TokenError> {
    let key = labelled(template::mac_key(), label::FACTOR);
    session.generate_key(&Mechanism::GenericSecretKeyGen, &sized(key))?;
    Ok(())
}

pub(super) fn labelled(mut template: Vec<Attribute>, label: &str) -> Vec<Attribute> {
    template.push(Attribute::Label(label.as_bytes().to_vec()));
    template
}

pub(super) fn sized(mut template: Vec<Attribute>) -> Vec<Attribute> {
    template.push(Attribute::ValueLen(32.into()));
    template
}
