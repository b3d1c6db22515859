//! Attribute templates, every usage named: SoftHSM2 gives AES keys ENCRYPT, DECRYPT, WRAP and UNWRAP when nothing is said.

use cryptoki::mechanism::MechanismType;
use cryptoki::object::{Attribute, KeyType, ObjectClass};

use super::{Derive, Wrap};

/// The single thing a wrapping key is derived for; the same value is derived twice where both are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Usage {
    Wrap,
    Unwrap,
}

/// Whether a key may be wrapped once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extractable {
    Yes,
    No,
}

/// K_wrap and K_ot: AES-256, one usage, AES-KW only.
pub(super) fn wrapping_key(usage: Usage) -> Vec<Attribute> {
    let mut template = session_secret(Extractable::No);
    template.push(Attribute::ValueLen(32.into()));
    template.push(Attribute::Wrap(usage == Usage::Wrap));
    template.push(Attribute::Unwrap(usage == Usage::Unwrap));
    template.push(Attribute::AllowedMechanisms(vec![MechanismType::AES_KEY_WRAP]));
    template
}

/// The KEK when it is made: wraps K_sign and is wrapped itself.
pub(super) fn new_kek() -> Vec<Attribute> {
    let mut template = session_secret(Extractable::Yes);
    template.push(Attribute::ValueLen(32.into()));
    template.push(Attribute::Wrap(true));
    template.push(Attribute::Unwrap(false));
    template
}

/// The KEK out of a slot: to be re-wrapped (extractable, no other use) or to open K_sign.
pub(super) fn opened_kek(extractable: Extractable, wrap: Wrap) -> Vec<Attribute> {
    let mut template = session_secret(extractable);
    template.push(Attribute::Wrap(false));
    template.push(Attribute::Unwrap(extractable == Extractable::No));
    if let Some(kwp) = wrap.mechanism_type() {
        template.push(Attribute::AllowedMechanisms(vec![kwp]));
    }
    template
}

fn session_secret(extractable: Extractable) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(KeyType::AES),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(extractable == Extractable::Yes),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Sign(false),
        Attribute::Verify(false),
        Attribute::Derive(false),
    ]
}

/// K_sign: extractable once, at generation; a session object that only signs.
pub(super) fn signing_key(kind: KeyType, extractable: Extractable) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(extractable == Extractable::Yes),
        Attribute::Sign(true),
        Attribute::Derive(false),
    ];
    if kind == KeyType::RSA {
        template.extend([Attribute::Decrypt(false), Attribute::Unwrap(false), Attribute::SignRecover(false)]);
    }
    if extractable == Extractable::No {
        template.extend([Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::KeyType(kind)]);
    }
    template
}

/// The public half at generation, gone with the session.
pub(super) fn public_key() -> Vec<Attribute> {
    vec![Attribute::Token(false), Attribute::Private(false), Attribute::Verify(true)]
}

/// K_MK: derives with one mechanism and does nothing else.
pub(super) fn master_key(derive: Derive) -> Vec<Attribute> {
    let mut template = token_secret(derive.master_type());
    template.extend([
        Attribute::Derive(true),
        Attribute::Sign(false),
        Attribute::Verify(false),
        Attribute::AllowedMechanisms(vec![derive.mechanism_type()]),
    ]);
    template
}

/// The key that MACs key headers, and the one that second factors are made with.
pub(super) fn mac_key() -> Vec<Attribute> {
    let mut template = token_secret(KeyType::GENERIC_SECRET);
    template.extend([
        Attribute::Derive(false),
        Attribute::Sign(true),
        Attribute::Verify(false),
        Attribute::AllowedMechanisms(vec![MechanismType::SHA256_HMAC]),
    ]);
    template
}

fn token_secret(kind: KeyType) -> Vec<Attribute> {
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(kind),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Modifiable(false),
        Attribute::Copyable(false),
        Attribute::Encrypt(false),
        Attribute::Decrypt(false),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
    ]
}

/// Identity, audit and CA key: ECDSA and nothing else.
pub(super) fn token_signing_key() -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Modifiable(false),
        Attribute::Copyable(false),
        Attribute::Sign(true),
        Attribute::Derive(false),
        Attribute::AllowedMechanisms(vec![MechanismType::ECDSA]),
    ]
}
