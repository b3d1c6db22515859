//! `rsign-signer credential unblock` as two officers use it, against a serving signer.

use std::process::Command;

use rsign_api::signer::{
    CreatedCredential, CredentialStatus, IssueCertificate, IssuedCertificate, LinkCertificate, State, path,
};
use rsign_signer::credential::Credential;
use rsign_signer::store::Tables;

use crate::harness::{Kind, Openssl, SIGNER, Served, TestToken, key_of_ann};

/// The command; what it printed, and what it complained of.
fn command(served: &Served, words: &[&str]) -> (String, String) {
    let mut command = Command::new(SIGNER);
    let said = command.arg("--config").arg(served.token.path("signer.toml")).args(words).output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (text(&said.stdout), text(&said.stderr))
}

/// A credential with its certificate; its PIN was not handed over.
pub(crate) async fn enrol(served: &Served) -> String {
    let create = key_of_ann();
    let subject = create.subject.clone();
    let credential = create.credential.clone();
    let _: CreatedCredential = served.post(path::CREATE, &create).await.unwrap();
    let issue = IssueCertificate { credential: credential.clone(), subject };
    let issued: IssuedCertificate = served.post(path::ISSUE, &issue).await.unwrap();
    let link = LinkCertificate { credential: credential.clone(), certificate: issued.certificate };
    let _: CredentialStatus = served.post(path::LINK, &link).await.unwrap();
    credential
}

#[tokio::test(flavor = "multi_thread")]
async fn two_officers_and_the_command_bring_a_credential_back() {
    let served = Served::start(TestToken::ready(Kind::SoftHsm2).unwrap()).await;
    let credential = enrol(&served).await;
    let tables = Tables::new(&served.token.store().await);
    let state = async || tables.credentials.find(&credential).await.unwrap().unwrap().state;
    let unblock = |officer: &str, more: &[&str]| {
        command(&served, &[&["credential", "unblock", &credential, "--officer", officer], more].concat())
    };
    assert!(unblock("ada", &[]).1.contains("the credential is not blocked"));
    // Fifteen wrong PINs take an hour of locks: the row is written instead.
    let block = |row: &mut Credential| {
        row.enter(State::Active, 1_600_000_000_000)?;
        row.enter(State::Blocked, 1_700_000_000_000)
    };
    tables.change_credential(&credential, block).await.unwrap();

    let openssl = Openssl::new();
    std::fs::create_dir_all(served.token.path("officers")).unwrap();
    for (officer, said) in [("ada", "another officer has to agree"), ("bob", "the credential is active")] {
        openssl.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem").unwrap();
        let public = openssl.run("pkey -in key.pem -pubout").unwrap();
        std::fs::write(served.token.path("officers").join(format!("{officer}.pem")), public).unwrap();
        let (statement, help) = unblock(officer, &[]);
        assert_eq!(
            statement,
            format!("rsign/unblock/v1\ncredential {credential}\nblocked 1700000000000\nofficer {officer}\n")
        );
        assert!(help.contains("openssl dgst"), "{help}");
        openssl.file("statement", statement.as_bytes());
        openssl.run("dgst -sha256 -sign key.pem -out signature statement").unwrap();
        let signature = served.token.path("signature");
        std::fs::write(&signature, openssl.read("signature")).unwrap();
        let signature = signature.to_str().unwrap();
        assert!(unblock("eve", &["--signature", signature]).1.contains("not this officer's signature"));
        assert_eq!(state().await, State::Blocked);
        let (out, complaint) = unblock(officer, &["--signature", signature]);
        assert!(out.contains(said), "{out}{complaint}");
    }
    assert_eq!(state().await, State::Active);
    let trail = command(&served, &["audit", "show"]).0;
    assert!(trail.contains("unblocked by officers ada and bob"), "{trail}");
    assert!(command(&served, &["audit", "verify"]).1.is_empty());
}
