//! A key outlives its certificate: the operator has it certified once more, and apps find the next certificate.

use std::process::Command;

use data_encoding::BASE64;
use harness::verify::PublicKey;
use harness::{Algorithm, Credential, Hash, Pieces, Session, Wanted, command, program};
use serde_json::{Value, json};

/// The lines that `credential recertify` prints, or all that it says when it fails.
fn recertify(pieces: &Pieces, words: &[&str]) -> Result<Vec<Value>, String> {
    let mut gateway = Command::new(program("rsign-gateway"));
    gateway.arg("--config").arg(pieces.folder.file("gateway.toml")).args(["credential", "recertify"]).args(words);
    Ok(command(&mut gateway)?.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// The serial number of the certificate that apps are told, whose key signs.
async fn serial(session: &Session, credential: &Credential) -> String {
    let wanted = json!({ "credentialID": credential.id, "certInfo": true });
    let info = session.call("v2/credentials/info", wanted).await.ok();
    let certificate = BASE64.decode(info["cert"]["certificates"][0].as_str().unwrap().as_bytes()).unwrap();
    let (hash, algorithm) = (Hash::of("certified again"), Algorithm::usual(&credential.key));
    let hashes = std::slice::from_ref(&hash);
    let sad = session.authorize(credential, hashes).await;
    let signature = session.sign(credential, &sad, &algorithm, hashes).await.remove(0);
    assert!(PublicKey::of(&credential.key, &certificate).verifies(&algorithm, &hash, &signature));
    info["cert"]["serialNumber"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_is_certified_again_alone_or_with_all_that_end() {
    let mut pieces = Pieces::running();
    let operator = pieces.operator();
    let user = operator.add_user("recertify");
    let [one, other, aside] = [(); 3].map(|()| operator.enrol(&user.id, Wanted::QUICK));
    let session = pieces.api().client(pieces.clear_client()).await;
    let first = serial(&session, &one).await;
    let line = recertify(&pieces, &["--id", &one.id]).unwrap().remove(0);
    let second = serial(&session, &one).await;
    assert_ne!(first, second);
    assert_eq!((&line["credentialID"], &line["serialNumber"]), (&json!(one.id), &json!(second)), "{line}");
    // Those that end within so many days: all that were ever made, or none; but none that is set aside.
    operator.set_state(&aside, "suspended");
    assert_eq!(recertify(&pieces, &["--before", "600"]).unwrap(), [] as [Value; 0]);
    let lines = recertify(&pieces, &["--before", "731"]).unwrap();
    let told: Vec<_> = lines.iter().map(|line| line["credentialID"].as_str().unwrap()).collect();
    assert!([&one, &other].iter().all(|key| told.contains(&key.id.as_str())) && !told.contains(&aside.id.as_str()));
    assert!(lines.iter().all(|line| line["failed"].is_null()), "{lines:?}");
    assert_ne!(serial(&session, &one).await, second);
    serial(&session, &other).await;
    let said = recertify(&pieces, &["--id", &aside.id]).unwrap_err();
    assert!(said.contains("is not in use") && said.contains("1 of 1 keys got no other certificate"), "{said}");
    // While the signer is away nothing is lost.
    pieces.stop_signer();
    let said = recertify(&pieces, &["--id", &one.id]).unwrap_err();
    assert!(said.contains("not available"), "{said}");
    pieces.start_signer();
    recertify(&pieces, &["--id", &one.id]).unwrap();
    serial(&session, &one).await;
    for words in [&[][..], &["--id", "x", "--before", "3"]] {
        recertify(&pieces, words).unwrap_err();
    }
}
