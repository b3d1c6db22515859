//! Templates are read back at start, and a worker does not start on a wrong one (security.md 4.6).

use rsign_signer::hsm::Pool;

use super::TOKEN;
use crate::harness::TestToken;
use crate::harness::child::{Flaw, Forged, forge};

/// Every flaw of one key; what the refusal must name beside the key's label.
async fn refuses(key: Forged, label: &str, flaws: &[(Flaw, &str)]) {
    let Some(token) = TestToken::ready(TOKEN) else { return };
    let settings = token.pool_settings().await;
    for (flaw, named) in flaws {
        forge(&token, key, *flaw);
        let refused = Pool::start(settings.clone()).await.expect_err(&format!("{key:?} {flaw:?}"));
        assert!(refused.contains(label) && refused.contains(named), "{key:?} {flaw:?}: {refused}");
        if *flaw == Flaw::Twice {
            forge(&token, key, Flaw::Missing);
        }
    }
}

#[tokio::test]
async fn a_master_key_that_can_do_more_than_derive_is_refused() {
    let flaws = [
        (Flaw::Encrypt, "CKA_ENCRYPT"),
        (Flaw::Wrap, "CKA_WRAP"),
        (Flaw::Sign, "CKA_SIGN"),
        (Flaw::Extractable, "CKA_EXTRACTABLE"),
        (Flaw::Readable, "CKA_SENSITIVE"),
        (Flaw::Modifiable, "CKA_MODIFIABLE"),
        (Flaw::Derive, "CKA_DERIVE"),
        (Flaw::Imported, "CKA_LOCAL"),
        (Flaw::AnyMechanism, "CKA_ALLOWED_MECHANISMS"),
        (Flaw::Kind, "CKA_KEY_TYPE"),
        (Flaw::Missing, "0 keys"),
        (Flaw::None, "canary"),
        (Flaw::Twice, "2 keys"),
    ];
    refuses(Forged::Master, "", &flaws).await;
}

#[tokio::test]
async fn a_42_a_header_mac_key_that_can_do_more_than_sign_is_refused() {
    let flaws = [
        (Flaw::Encrypt, "CKA_ENCRYPT"),
        (Flaw::Wrap, "CKA_WRAP"),
        (Flaw::Derive, "CKA_DERIVE"),
        (Flaw::Extractable, "CKA_EXTRACTABLE"),
        (Flaw::Readable, "CKA_SENSITIVE"),
        (Flaw::Imported, "CKA_LOCAL"),
        (Flaw::Missing, "0 keys"),
    ];
    refuses(Forged::Mac, "rsign/header-mac/v1", &flaws).await;
}

#[tokio::test]
async fn a_42_a_second_factor_key_that_can_do_more_than_sign_is_refused() {
    let flaws = [
        (Flaw::Encrypt, "CKA_ENCRYPT"),
        (Flaw::Wrap, "CKA_WRAP"),
        (Flaw::Derive, "CKA_DERIVE"),
        (Flaw::Extractable, "CKA_EXTRACTABLE"),
        (Flaw::Readable, "CKA_SENSITIVE"),
        (Flaw::Imported, "CKA_LOCAL"),
        (Flaw::Missing, "0 keys"),
    ];
    refuses(Forged::Factor, "rsign/factor/v1", &flaws).await;
}

#[tokio::test]
async fn a_42_an_identity_key_that_can_do_more_than_sign_is_refused() {
    let flaws = [
        (Flaw::Extractable, "CKA_EXTRACTABLE"),
        (Flaw::Readable, "CKA_SENSITIVE"),
        (Flaw::Derive, "CKA_DERIVE"),
        (Flaw::Sign, "CKA_SIGN"),
        (Flaw::Missing, "0 keys"),
    ];
    refuses(Forged::Identity, "rsign/identity/v1", &flaws).await;
}
