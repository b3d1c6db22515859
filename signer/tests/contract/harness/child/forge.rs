//! Keys as the ceremony makes them, but for one attribute.

use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use rsign_signer::hsm::pkcs11::{Derive, TokenSettings};
use serde::{Deserialize, Serialize};

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Forged {
    Master,
    /// The version after the first.
    NextMaster,
    Mac,
    Factor,
    Identity,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Flaw {
    /// Nothing: another key, as the ceremony would have made it.
    None,
    /// It is not there.
    Missing,
    /// It is there twice.
    Twice,
    Encrypt,
    Wrap,
    Sign,
    Derive,
    Extractable,
    Readable,
    Modifiable,
    /// Of another type.
    Kind,
    /// May be used with any mechanism.
    AnyMechanism,
    /// Its value came from outside: somebody knows it.
    Imported,
}

impl Forged {
    const fn is_master(self) -> bool {
        matches!(self, Self::Master | Self::NextMaster)
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Master => "rsign/master/v1",
            Self::NextMaster => "rsign/master/v2",
            Self::Mac => "rsign/header-mac/v1",
            Self::Factor => "rsign/factor/v1",
            Self::Identity => "rsign/identity/v1",
        }
    }
}

pub(super) fn forge(settings: &TokenSettings, key: Forged, flaw: Flaw) {
    let library = super::load(settings);
    super::initialize(&library);
    let session = super::log_in(&library, settings);
    let label = Attribute::Label(key.label().as_bytes().to_vec());
    if flaw != Flaw::Twice {
        for old in session.find_objects(std::slice::from_ref(&label)).unwrap() {
            session.destroy_object(old).unwrap();
        }
    }
    if flaw == Flaw::Missing {
        return;
    }
    match key {
        Forged::Identity => pair(&session, label, flaw),
        Forged::Master | Forged::NextMaster | Forged::Mac | Forged::Factor => {
            secret(&session, settings, key, label, flaw)
        }
    };
}

fn secret(session: &Session, settings: &TokenSettings, key: Forged, label: Attribute, flaw: Flaw) -> ObjectHandle {
    let (kind, mechanism) = match (key.is_master(), settings.derive) {
        (true, Derive::AesCbcEncryptData) => (KeyType::AES, MechanismType::AES_CBC_ENCRYPT_DATA),
        (true, Derive::Sp800108Hmac) => (KeyType::GENERIC_SECRET, MechanismType::SP800_108_COUNTER_KDF),
        (true, Derive::Hkdf) => (KeyType::HKDF, MechanismType::HKDF_DERIVE),
        _ => (KeyType::GENERIC_SECRET, MechanismType::SHA256_HMAC),
    };
    let kind = match flaw {
        Flaw::Kind if kind == KeyType::GENERIC_SECRET => KeyType::AES,
        Flaw::Kind => KeyType::GENERIC_SECRET,
        _ => kind,
    };
    let mut template = vec![
        label,
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(kind),
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(flaw != Flaw::Readable),
        Attribute::Extractable(flaw == Flaw::Extractable),
        Attribute::Modifiable(flaw == Flaw::Modifiable),
        Attribute::Copyable(false),
        Attribute::Encrypt(flaw == Flaw::Encrypt),
        Attribute::Decrypt(flaw == Flaw::Encrypt),
        Attribute::Wrap(flaw == Flaw::Wrap),
        Attribute::Unwrap(flaw == Flaw::Wrap),
        Attribute::Derive(key.is_master() != (flaw == Flaw::Derive)),
        Attribute::Sign(key.is_master() == (flaw == Flaw::Sign)),
        Attribute::Verify(false),
    ];
    if flaw != Flaw::AnyMechanism {
        template.push(Attribute::AllowedMechanisms(vec![mechanism]));
    }
    if flaw == Flaw::Imported {
        template.push(Attribute::Value(vec![0x42; 32]));
        return session.create_object(&template).unwrap();
    }
    template.push(Attribute::ValueLen(32.into()));
    let generation = match kind {
        KeyType::AES => Mechanism::AesKeyGen,
        KeyType::HKDF => Mechanism::HkdfKeyGen,
        _ => Mechanism::GenericSecretKeyGen,
    };
    session.generate_key(&generation, &template).unwrap()
}

fn pair(session: &Session, label: Attribute, flaw: Flaw) -> ObjectHandle {
    let curve = vec![0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let public = [label.clone(), Attribute::Token(true), Attribute::Verify(true), Attribute::EcParams(curve)];
    let mut private = vec![
        label,
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(flaw != Flaw::Readable),
        Attribute::Extractable(flaw == Flaw::Extractable),
        Attribute::Modifiable(flaw == Flaw::Modifiable),
        Attribute::Copyable(false),
        Attribute::Sign(flaw != Flaw::Sign),
        Attribute::Derive(flaw == Flaw::Derive),
    ];
    if flaw != Flaw::AnyMechanism {
        private.push(Attribute::AllowedMechanisms(vec![MechanismType::ECDSA]));
    }
    session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).unwrap().1
}
