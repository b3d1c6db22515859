//! The signer on Kryoptic, the second token: the same whole flow through other mechanisms.

use std::path::Path;

use harness::{Pieces, Wanted, demanded};
use toml::Table;

use crate::common::{Outsider, start_afresh};

/// Points the signer at Kryoptic over a database of its own.
fn on_kryoptic(config: &mut Table, module: &Path, configuration: &Path) {
    let hsm = config["hsm"].as_table_mut().unwrap();
    let mut set = |name: &str, value: &str| hsm.insert(name.to_owned(), value.into());
    set("module", &module.display().to_string());
    set("derive", "sp800-108-hmac");
    set("wrap", "kwp-0x210b");
    let environment = hsm["environment"].as_table_mut().unwrap();
    environment.clear();
    environment.insert("KRYOPTIC_CONF".to_owned(), configuration.display().to_string().into());
}

#[tokio::test(flavor = "multi_thread")]
async fn rsa_and_ec_keys_on_kryoptic_sign_and_count() {
    let usual = "target/kryoptic/release/libkryoptic_pkcs11.so";
    let Some(module) = demanded("KRYOPTIC", usual, "the service on Kryoptic") else { return };
    let mut pieces = Pieces::seeded();
    let configuration = pieces.folder.file("kryoptic.conf");
    let database = pieces.folder.file("token.sql").display().to_string();
    let text = format!(
        "[ec_point_encoding]\nencoding = \"Der\"\n\n[[slots]]\nslot = 0\ndbtype = \"sqlite\"\ndbargs = \"{database}\"\n"
    );
    std::fs::write(&configuration, text).unwrap();
    pieces.configure("signer.toml", |config| on_kryoptic(config, &module, &configuration));
    start_afresh(&mut pieces);

    let (operator, api) = (pieces.operator(), pieces.api());
    for key in ["RSA-2048", "P-256"] {
        let who = Outsider::enrol_on(&operator, &api, "kryoptic", Wanted { key, ..Wanted::QUICK }).await;
        who.can_sign().await;
        let wrong = harness::Credential { pin: "wrong".to_owned(), ..who.credential.clone() };
        for _ in 0..3 {
            let heard = who.session.try_authorize(&wrong, &[harness::Hash::of("wrong")]).await;
            assert_eq!(heard.error(), (400, "invalid_pin", "The PIN is invalid"));
        }
        let heard = who.session.try_authorize(&who.credential, &[harness::Hash::of("locked")]).await;
        assert_eq!(heard.error().2, "PIN locked");
        assert_eq!(pieces.trail().wrong_pins(&who.credential, None), 3);
    }
}
