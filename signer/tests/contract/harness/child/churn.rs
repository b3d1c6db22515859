//! Every job, in good and in bad, over and over; what is on the token before and after.

use cryptoki::context::Pkcs11;
use cryptoki::object::Attribute;
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_signer::hsm::pkcs11::{Token, TokenSettings};
use rsign_signer::hsm::{Answer, Job, Masters, TokenKey};
use serde::{Deserialize, Serialize};

use crate::harness::opener;

/// What a process holds of a token.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) token_objects: usize,
    pub(crate) session_objects: usize,
    /// Where the library counts them.
    pub(crate) sessions: Option<u64>,
}

pub(super) fn churn(settings: &TokenSettings, masters: &Masters, rounds: u32) -> (Counts, Counts) {
    let token = Token::open(settings, masters).unwrap();
    // Loaded again, the library is the same instance: it sees what the token's sessions left behind.
    let library = super::load(settings);
    let before = count(&library, settings);
    for round in 0..rounds {
        every_job(&token, round);
    }
    (before, count(&library, settings))
}

fn count(library: &Pkcs11, settings: &TokenSettings) -> Counts {
    let slot = super::slot(library, settings);
    let session = library.open_ro_session(slot).unwrap();
    let count = |of_token| session.find_objects(&[Attribute::Token(of_token)]).unwrap().len();
    let sessions = library.get_token_info(slot).unwrap().session_count();
    Counts { token_objects: count(true), session_objects: count(false), sessions }
}

fn every_job(token: &Token, round: u32) {
    let (good, bad) = (opener(round), opener(round + 1));
    let key = KeyType::P256;
    let Answer::Generated(made) = token.run(&Job::Generate { key, opener: good.clone() }).unwrap() else { panic!() };
    let sign = |opener: &_, wrapped_key: &[u8], scheme| {
        let (opener, slot) = (Clone::clone(opener), made.slot.clone());
        token.run(&Job::Sign {
            opener,
            slot,
            wrapped_key: wrapped_key.to_vec(),
            key,
            scheme,
            digests: vec![vec![7; 32]; 2],
        })
    };
    let (hash, mut damaged) = (HashAlgorithm::Sha256, made.wrapped_key.clone());
    damaged[9] ^= 1;
    assert!(matches!(sign(&good, &made.wrapped_key, Scheme::Ecdsa { hash }), Ok(Answer::Signatures(_))));
    assert!(matches!(sign(&bad, &made.wrapped_key, Scheme::Ecdsa { hash }), Ok(Answer::Refused)));
    assert!(sign(&good, &damaged, Scheme::Ecdsa { hash }).is_err());
    assert!(sign(&good, &made.wrapped_key, Scheme::Pkcs1 { hash }).is_err(), "not this key's scheme");
    for (opener, check) in [(&good, false), (&good, true), (&bad, true)] {
        let new_opener = opener_of_sad(round);
        token
            .run(&Job::Rewrap { opener: opener.clone(), slot: made.slot.clone(), new_opener, check, renew: None })
            .unwrap();
    }
    token.run(&Job::Mac { data: vec![1; 100] }).unwrap();
    token.run(&Job::FactorSecret { data: vec![1; 100] }).unwrap();
    token.run(&Job::TokenSign { key: TokenKey::Audit, digest: [1; 32] }).unwrap();
    token.run(&Job::TokenPublic { key: TokenKey::Identity }).unwrap();
    token.run(&Job::Random { length: 32 }).unwrap();
    token.run(&Job::Check).unwrap();
}

fn opener_of_sad(round: u32) -> rsign_signer::hsm::Opener {
    opener(round + 1_000_000)
}
