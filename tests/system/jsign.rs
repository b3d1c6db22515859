//! jsign, a code signing tool that nobody changed, through the SignServer-compatible interface; its work is judged by
//! jarsigner and osslsigncode. And the same bodies sent by hand.

use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::BASE64;
use harness::api::Answer;
use harness::verify::Sha;
use harness::{Algorithm, Api, Client, Hash, Wanted, command, demanded, shared, skip};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::common::Outsider;

fn worker(name: &str) -> Client {
    shared().operator().add_client_with(&format!("{name}-{}", std::process::id()), &["--sign-server"])
}

async fn process(api: &Api, worker: &str, user: &str, pin: &str, body: &Value) -> Answer {
    let basic = format!("Basic {}", BASE64.encode(format!("{user}:{pin}").as_bytes()));
    let headers = [("authorization", basic.as_str()), ("content-type", "application/json")];
    api.post(&format!("/rest/v1/workers/{worker}/process"), &headers, body.to_string()).await
}

fn body(digest: &[u8], algorithm: &str) -> Value {
    json!({
        "data": BASE64.encode(digest), "encoding": "BASE64",
        "metaData": { "USING_CLIENTSUPPLIED_HASH": "true", "CLIENTSIDE_HASHDIGESTALGORITHM": algorithm },
    })
}

#[tokio::test]
async fn kind_2k_the_bodies_of_jsigns_signserver() {
    let worker = worker("worker").client_id;
    for (key, algorithm) in [("RSA-2048", Algorithm::pkcs1(Sha::Sha256)), ("P-256", Algorithm::usual("P-256"))] {
        let who = Outsider::enrol("signserver", Wanted { key, ..Wanted::QUICK }).await;
        let (api, id, pin) = (&who.session.api, who.credential.id.as_str(), who.credential.pin.as_str());
        // The hash of nothing asks for the certificate: nothing is signed, and no PIN is judged.
        for pin in [pin, "wrong", ""] {
            let answer = process(api, &worker, id, pin, &body(&Sha256::digest(b""), "SHA-256")).await.ok();
            assert_eq!(answer["data"], "");
            let certificate = who.session.certificate(&who.credential).await;
            assert_eq!(answer["signerCertificate"], BASE64.encode(&certificate));
        }
        let trail = shared().trail();
        let mine = |entry: &&Value| entry["credential"] == *id;
        assert_eq!(trail.of("signed", "success").filter(mine).count(), 0);
        assert_eq!(trail.of("authorized", "failure").filter(mine).count(), 0);
        let hash = Hash::of("signserver");
        let answer = process(api, &worker, id, pin, &body(&hash.digest, "SHA-256")).await.ok();
        let signature = BASE64.decode(answer["data"].as_str().unwrap().as_bytes()).unwrap();
        who.verifies(&algorithm, &hash, &signature);
        // A try counts as everywhere.
        let heard = process(api, &worker, id, "00000000x", &body(&hash.digest, "SHA-256")).await;
        assert_eq!(heard.error(), (400, "invalid_pin", "The PIN is invalid"));
        who.can_sign().await;
    }
}

#[tokio::test]
async fn only_workers_are_workers_and_only_hashes_are_signed() {
    let who = Outsider::enrol("no-worker", Wanted::QUICK).await;
    let (api, id, pin) = (&who.session.api, who.credential.id.as_str(), who.credential.pin.as_str());
    let right = body(&Hash::of("no worker").digest, "SHA-256");
    for other in [shared().ready.client("legacy", "clear").client_id.as_str(), "nobody", "basic"] {
        let heard = process(api, other, id, pin, &right).await;
        assert_eq!(heard.error(), (404, "invalid_request", "There is no such worker"), "{other}");
    }
    let worker = worker("strict").client_id;
    let path = format!("/rest/v1/workers/{worker}/process");
    assert_eq!(api.post(&path, &[], right.to_string()).await.error().0, 401);
    // Whole files are not taken, nor weak or wrong hashes.
    let whole = json!({ "data": BASE64.encode(b"file"), "encoding": "BASE64" });
    let heard = process(api, &worker, id, pin, &whole).await;
    assert!(heard.error().0 == 400 && heard.error().2.contains("USING_CLIENTSUPPLIED_HASH"), "{}", heard.json);
    for bad in [whole, body(&[7; 20], "SHA-1"), body(&[7; 20], "SHA-256"), json!({}), json!([])] {
        assert_eq!(process(api, &worker, id, pin, &bad).await.error().0, 400, "{bad}");
    }
    // There is no place for a code, so no credential that needs one can be used.
    let carol = shared().ready.users.iter().find(|user| user.totp_secret.is_some()).unwrap();
    let coded = &carol.credentials[0];
    let heard = process(api, &worker, &coded.id, &coded.pin, &right).await;
    let sentence = "Credentials with a second factor cannot be used by workers";
    assert_eq!(heard.error(), (400, "invalid_request", sentence));
    let unknown = "0123456789abcdef0123456789abcdef";
    let heard = process(api, &worker, unknown, pin, &body(&Sha256::digest(b""), "SHA-256")).await;
    assert_eq!(heard.error().2, "Invalid parameter credentialID");
    // Registered with a certificate it has to show it, and never takes sealed PINs.
    let operator = shared().operator();
    let certificate = shared().folder.file("gateway-client.pem").display().to_string();
    let name = format!("certified-{}", std::process::id());
    let certified = operator.add_client_with(&name, &["--sign-server", "--certificate", &certificate]).client_id;
    assert_eq!(process(api, &certified, id, pin, &right).await.error().0, 401);
    who.can_sign().await;
}

/// What jsign needs on this machine.
struct Java {
    jsign: PathBuf,
    folder: tempfile::TempDir,
}

impl Java {
    fn find() -> Option<Self> {
        let jsign = demanded("RSIGN_JSIGN", "target/jsign/jsign.jar", "jsign, an unmodified code signing tool")?;
        for tool in ["java", "keytool", "jarsigner", "osslsigncode"] {
            if Command::new(tool).arg("-version").output().is_err() {
                skip("jsign", &format!("there is no {tool}"));
                return None;
            }
        }
        let java = Self { jsign, folder: tempfile::tempdir().unwrap() };
        java.trust("tls", shared().ready.tls_ca.as_ref().unwrap().as_ref());
        java.trust("signing", shared().ready.signing_ca.as_ref());
        Some(java)
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// A trust store with one root.
    fn trust(&self, name: &str, root: &Path) {
        let mut keytool = Command::new("keytool");
        keytool.args(["-importcert", "-noprompt", "-storetype", "PKCS12", "-storepass", "changeit", "-alias", "root"]);
        keytool.arg("-file").arg(root).args(["-keystore", &self.file(name)]);
        command(&mut keytool).unwrap_or_else(|said| panic!("{said}"));
    }

    /// The settings that make Java trust the sandbox's TLS.
    fn tls(&self) -> [String; 2] {
        [
            format!("-Djavax.net.ssl.trustStore={}", self.file("tls")),
            "-Djavax.net.ssl.trustStorePassword=changeit".to_owned(),
        ]
    }
}

/// The smallest program for Windows that signing tools take for one: headers and one section.
fn program() -> Vec<u8> {
    let mut pe = vec![0_u8; 1024];
    let mut put = |at: usize, octets: &[u8]| pe[at..at + octets.len()].copy_from_slice(octets);
    put(0, b"MZ");
    put(0x3c, &0x40_u32.to_le_bytes());
    put(0x40, b"PE\0\0");
    // COFF header: i386, one section, an optional header of 224 octets, executable for 32 bit.
    put(0x44, &0x014c_u16.to_le_bytes());
    put(0x46, &1_u16.to_le_bytes());
    put(0x54, &224_u16.to_le_bytes());
    put(0x56, &0x0102_u16.to_le_bytes());
    // Optional header: PE32, entry point, alignments, sizes, console, sixteen directories.
    for (at, value) in [(0x68, 0x1000_u32), (0x74, 0x40_0000), (0x78, 0x1000), (0x7c, 512), (0x90, 0x2000), (0x94, 512)]
    {
        put(at, &value.to_le_bytes());
    }
    put(0x58, &0x010b_u16.to_le_bytes());
    put(0x80, &4_u16.to_le_bytes());
    put(0x88, &4_u16.to_le_bytes());
    put(0x9c, &3_u16.to_le_bytes());
    put(0xb4, &16_u32.to_le_bytes());
    // The section: code that returns.
    put(0x138, b".text");
    for (at, value) in [(0x140, 1_u32), (0x144, 0x1000), (0x148, 512), (0x14c, 512), (0x15c, 0x6000_0020)] {
        put(at, &value.to_le_bytes());
    }
    put(512, &[0xc3]);
    pe
}

#[tokio::test]
async fn kind_2k_jsign_signs_a_program() {
    let Some(java) = Java::find() else { return };
    let who = Outsider::enrol("jsign-exe", Wanted { key: "RSA-3072", ..Wanted::QUICK }).await;
    let (worker, exe) = (worker("jsign-exe").client_id, java.file("small.exe"));
    std::fs::write(&exe, program()).unwrap();
    let pass = format!("{}|{}", who.credential.id, who.credential.pin);
    let mut jsign = Command::new("java");
    jsign.args(java.tls()).arg("-jar").arg(&java.jsign).args(["--storetype", "SIGNSERVER", "--storepass", &pass]);
    jsign.args(["--keystore", &shared().ready.oauth2, "--alias", &worker, "--alg", "SHA-256", &exe]);
    let said = tokio::task::spawn_blocking(move || command(&mut jsign)).await.unwrap();
    said.unwrap_or_else(|said| panic!("{said}"));
    let mut verify = Command::new("osslsigncode");
    verify.args(["verify", "-CAfile", &shared().ready.signing_ca, "-in", &exe]);
    let output = verify.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Signature verification: ok"), "{said}");
}

#[tokio::test]
async fn kind_2k_jarsigner_signs_an_archive_with_jsigns_provider() {
    let Some(java) = Java::find() else { return };
    let who = Outsider::enrol("jsign-jar", Wanted::QUICK).await;
    let (worker, jar) = (worker("jsign-jar").client_id, java.file("small.jar"));
    std::fs::write(java.file("hello.txt"), "hello").unwrap();
    let mut pack = Command::new("jar");
    pack.args(["--create", "--file", &jar, "-C", &java.file("."), "hello.txt"]);
    command(&mut pack).unwrap_or_else(|said| panic!("{said}"));
    let pass = format!("{}|{}", who.credential.id, who.credential.pin);
    let mut sign = Command::new("jarsigner");
    sign.arg("-J-cp").arg(format!("-J{}", java.jsign.display()));
    sign.args(["-J--add-modules", "-Jjava.sql"]).args(java.tls().map(|setting| format!("-J{setting}")));
    sign.args(["-providerClass", "net.jsign.jca.JsignJcaProvider", "-providerArg", &shared().ready.oauth2]);
    sign.args(["-keystore", "NONE", "-storetype", "SIGNSERVER", "-storepass", &pass]);
    sign.args(["-digestalg", "SHA-256", "-sigalg", "SHA256withECDSA", &jar, &worker]);
    let said = tokio::task::spawn_blocking(move || command(&mut sign)).await.unwrap();
    said.unwrap_or_else(|said| panic!("{said}"));
    let mut verify = Command::new("jarsigner");
    verify.args(["-verify", "-keystore", &java.file("signing"), "-storepass", "changeit", &jar]);
    let said = command(&mut verify).unwrap_or_else(|said| panic!("{said}"));
    assert!(said.contains("jar verified"), "{said}");
}
