//! A credential's key as HSM and store see it: slot, wrapped key, public key.

use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_api::signer::{CreateCredential, FactorKind, Scal, Stretch, Subject};
use rsign_signer::certificate::{spki, verify};
use rsign_signer::hsm::{Answer, Fault, Generated, Hsm, Job, MasterVersion, Opener, PublicKey};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// An opener as a PIN would give it, a different one for each number.
pub(crate) fn opener(number: u32) -> Opener {
    let octets: [u8; 32] = Sha256::digest(number.to_be_bytes()).into();
    Opener::new(MasterVersion::FIRST, octets.into())
}

/// A digest of this function, a different one for each number.
pub(crate) fn digest(hash: HashAlgorithm, number: u32) -> Vec<u8> {
    let content = number.to_be_bytes();
    match hash {
        HashAlgorithm::Sha256 => Sha256::digest(content).to_vec(),
        HashAlgorithm::Sha384 => Sha384::digest(content).to_vec(),
        HashAlgorithm::Sha512 => Sha512::digest(content).to_vec(),
    }
}

pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    rsign_signer::Random::fill(&rsign_signer::SystemRandom, &mut octets);
    octets
}

/// A key for Ann is asked for, under an id of its own.
pub(crate) fn key_of_ann() -> CreateCredential {
    CreateCredential {
        tenant: "tenant".to_owned(),
        user: "ann".to_owned(),
        credential: data_encoding::HEXLOWER.encode(&random::<16>()),
        key: KeyType::P256,
        scal: Scal::Two,
        multisign: 1,
        stretch: Stretch::Hmac,
        subject: Subject {
            country: "EE".to_owned(),
            organization: None,
            given_name: "Ann".to_owned(),
            surname: "Owner".to_owned(),
            serial_number: "PNOEE-38001085718".to_owned(),
            common_name: "Ann Owner".to_owned(),
        },
        factor: FactorKind::None,
        label: None,
    }
}

/// A key that the HSM made.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) key: KeyType,
    pub(crate) slot: Vec<u8>,
    pub(crate) wrapped_key: Vec<u8>,
    pub(crate) spki: Vec<u8>,
}

impl Made {
    pub(crate) async fn by(hsm: &dyn Hsm, key: KeyType, opener: &Opener) -> Self {
        let answer = hsm.run(Job::Generate { key, opener: opener.clone() }).await.unwrap();
        let Answer::Generated(Generated { public, wrapped_key, slot }) = answer else { panic!("{answer:?}") };
        let spki = match public {
            PublicKey::Rsa { modulus, exponent } => spki::rsa(&modulus, &exponent),
            PublicKey::Ec { point } => spki::ec(key, &point),
        };
        Self { key, slot, wrapped_key, spki: spki.unwrap() }
    }

    /// The scheme this key signs in where it does not matter.
    pub(crate) const fn scheme(&self) -> Scheme {
        rsign_signer::certificate::own_scheme(self.key)
    }

    pub(crate) fn digest(&self) -> Vec<u8> {
        digest(self.scheme().hash(), 1)
    }

    pub(crate) fn job(&self, opener: &Opener) -> Job {
        self.job_for(opener, self.scheme(), vec![self.digest()])
    }

    pub(crate) fn job_for(&self, opener: &Opener, scheme: Scheme, digests: Vec<Vec<u8>>) -> Job {
        Job::Sign {
            opener: opener.clone(),
            slot: self.slot.clone(),
            wrapped_key: self.wrapped_key.clone(),
            key: self.key,
            scheme,
            digests,
        }
    }

    pub(crate) fn rewrap(&self, opener: &Opener, new_opener: &Opener, check: bool) -> Job {
        let (slot, new_opener) = (self.slot.clone(), new_opener.clone());
        Job::Rewrap { opener: opener.clone(), slot, new_opener, check, renew: None }
    }

    /// Signs in the key's own scheme.
    pub(crate) async fn sign(&self, hsm: &dyn Hsm, opener: &Opener) -> Result<Answer, Fault> {
        hsm.run(self.job(opener)).await
    }

    /// Whether this is one good signature of this key.
    pub(crate) fn is_signed(&self, outcome: &Result<Answer, Fault>) -> bool {
        matches!(outcome, Ok(Answer::Signatures(signatures)) if signatures.len() == 1
            && verify(&self.spki, self.scheme(), &self.digest(), &signatures[0]))
    }
}
