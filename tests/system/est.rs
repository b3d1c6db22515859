//! Another CA certifies keys, asked over EST (RFC 7030): a server that others wrote, over a CA that openssl made.

use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use data_encoding::BASE64;
use harness::verify::PublicKey;
use harness::{Algorithm, Credential, Hash, Pieces, Session, Wanted, Watchdog, command, demanded, free_port, program};
use serde_json::{Value, json};
use toml::Table;

const EXTENSIONS: &str = "\
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
subjectAltName = IP:127.0.0.1
[client]
extendedKeyUsage = clientAuth
";

/// The server; it goes with the test.
struct Est {
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Child>,
}

impl Drop for Est {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Est {
    /// `None` where there is no such server.
    fn start() -> Option<Self> {
        let program = demanded("RSIGN_EST", "target/est/estserver", "an EST server of others")?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("extensions"), EXTENSIONS).unwrap();
        let mut est = Self { program, folder, port: free_port(), process: None };
        est.certify("root", "authority", None);
        est.certify("issuing", "authority", Some("root"));
        // TLS is another matter than what is issued.
        est.certify("tls", "authority", None);
        est.certify("server", "server", Some("tls"));
        est.certify("client", "client", Some("tls"));
        est.certify("stranger", "authority", None);
        let read = |name: &str| std::fs::read_to_string(est.file(name)).unwrap();
        std::fs::write(est.file("chain.pem"), read("issuing.pem") + &read("root.pem")).unwrap();
        let configuration = json!({
            "mock_ca": { "certificates": est.file("chain.pem"), "private_key": est.file("issuing.key") },
            "tls": {
                "listen_address": format!("127.0.0.1:{}", est.port),
                "certificates": est.file("server.pem"), "private_key": est.file("server.key"),
                "client_cas": [est.file("tls.pem")],
            },
        });
        std::fs::write(est.file("est.json"), configuration.to_string()).unwrap();
        est.serve();
        Some(est)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, words: &[&str]) -> String {
        command(Command::new("openssl").current_dir(self.folder.path()).args(words)).unwrap()
    }

    /// Key and certificate of this name.
    fn certify(&self, name: &str, kind: &str, by: Option<&str>) {
        let (key, request, certificate) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        self.openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key]);
        self.openssl(&["req", "-new", "-key", &key, "-subj", &format!("/CN=est {name}"), "-out", &request]);
        let issuer = by.map(|by| (format!("{by}.pem"), format!("{by}.key")));
        let mut words = vec!["x509", "-req", "-in", &request, "-days", "300", "-out", &certificate];
        words.extend(["-extfile", "extensions", "-extensions", kind]);
        match &issuer {
            Some((certificate, key)) => words.extend(["-CA", certificate, "-CAkey", key, "-CAcreateserial"]),
            None => words.extend(["-signkey", &key]),
        }
        self.openssl(&words);
    }

    fn serve(&mut self) {
        let log = std::fs::File::create(self.file("log")).unwrap();
        let mut server = Command::new(&self.program);
        server.arg("-config").arg(self.file("est.json")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let mut process = server.process_group(0).spawn().unwrap();
        Watchdog::watch(process.id());
        for _ in 0..1200 {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                self.process = Some(process);
                return;
            }
            let said = || std::fs::read_to_string(self.file("log")).unwrap();
            assert!(process.try_wait().unwrap().is_none(), "{}", said());
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = process.kill();
        panic!("the EST server does not serve");
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
            Watchdog::forget(process.id());
        }
    }

    /// What a gateway has to say to be certified there.
    fn settings(&self) -> Table {
        let path = |name: &str| self.file(name).display().to_string();
        let mut est = Table::new();
        est.insert("url".to_owned(), format!("https://127.0.0.1:{}/.well-known/est", self.port).into());
        for (setting, file) in [("ca", "tls.pem"), ("certificate", "client.pem"), ("key", "client.key")] {
            est.insert(setting.to_owned(), path(file).into());
        }
        est
    }
}

fn configure(pieces: &Pieces, est: &Est, change: impl FnOnce(&mut Table)) {
    pieces.configure("gateway.toml", |config| {
        let mut settings = est.settings();
        change(&mut settings);
        config.insert("est".to_owned(), settings.into());
        let evidence = config.entry("evidence").or_insert_with(|| Table::new().into()).as_table_mut().unwrap();
        evidence.insert("anchors".to_owned(), est.file("root.pem").display().to_string().into());
    });
    pieces.configure("signer.toml", |config| {
        let enrolment = config.entry("enrolment").or_insert_with(|| Table::new().into()).as_table_mut().unwrap();
        enrolment.insert("other_ca".to_owned(), true.into());
    });
}

/// Runs `rsign-gateway`: its JSON, or what it said when it failed.
fn gateway(pieces: &Pieces, words: &[&str]) -> Result<Value, String> {
    let mut gateway = Command::new(program("rsign-gateway"));
    let said = command(gateway.arg("--config").arg(pieces.folder.file("gateway.toml")).args(words))?;
    Ok(serde_json::from_str(said.lines().last().unwrap()).unwrap())
}

/// What `credential create` for this user says when it fails.
fn refused(pieces: &Pieces, user: &str) -> String {
    gateway(pieces, &["credential", "create", "--user", user, "--key", "P-256", "--stretch", "hmac"]).unwrap_err()
}

/// Leads to the root, by openssl; the key signs, by aws-lc-rs. Gives the serial number as openssl writes it.
async fn signs(est: &Est, session: &Session, credential: &Credential) -> String {
    let wanted = json!({ "credentialID": credential.id, "certificates": "chain", "certInfo": true });
    let info = session.call("v2/credentials/info", wanted).await.ok();
    assert_eq!(info["cert"]["status"], "valid");
    assert_eq!(info["cert"]["issuerDN"], "CN=est issuing");
    let octets = |one: &Value| BASE64.decode(one.as_str().unwrap().as_bytes()).unwrap();
    let chain: Vec<Vec<u8>> = info["cert"]["certificates"].as_array().unwrap().iter().map(octets).collect();
    let names = ["leaf.der", "between.der", "top.der"];
    assert_eq!(chain.len(), names.len());
    for (name, certificate) in names.iter().zip(&chain) {
        std::fs::write(est.file(name), certificate).unwrap();
    }
    est.openssl(&["x509", "-in", "between.der", "-out", "between.pem"]);
    est.openssl(&["verify", "-CAfile", "root.pem", "-untrusted", "between.pem", "leaf.der"]);
    let top = est.openssl(&["x509", "-in", "top.der"]);
    assert_eq!(top, est.openssl(&["x509", "-in", "root.pem"]));
    let (hash, algorithm) = (Hash::of("certified elsewhere"), Algorithm::usual(&credential.key));
    let sad = session.authorize(credential, std::slice::from_ref(&hash)).await;
    let signatures = session.sign(credential, &sad, &algorithm, std::slice::from_ref(&hash)).await;
    assert!(PublicKey::of(&credential.key, &chain[0]).verifies(&algorithm, &hash, &signatures[0]));
    let serial = est.openssl(&["x509", "-in", "leaf.der", "-noout", "-serial"]);
    serial.trim().strip_prefix("serial=").unwrap().to_owned()
}

#[tokio::test]
async fn keys_are_certified_by_a_ca_of_others() {
    let Some(mut est) = Est::start() else { return };
    let mut pieces = Pieces::seeded();
    configure(&pieces, &est, |_| ());
    pieces.start_signer();
    pieces.start_gateway();
    let operator = pieces.operator();
    let user = operator.add_user("est");
    let session = pieces.api().client(pieces.clear_client()).await;
    let mut serials = Vec::new();
    for key in ["P-256", "RSA-2048"] {
        let credential = operator.enrol(&user.id, Wanted { key, ..Wanted::QUICK });
        serials.push((vec![signs(&est, &session, &credential).await], credential));
    }
    // The request that the signer made with the key is good for the next certificate, too.
    let (serial, credential) = &mut serials[0];
    let line = gateway(&pieces, &["credential", "recertify", "--id", &credential.id]).unwrap();
    serial.push(signs(&est, &session, credential).await);
    assert_eq!(line["serialNumber"].as_str().unwrap().trim_start_matches("00"), serial[1].trim_start_matches("00"));
    assert_ne!(serial[0], serial[1]);
    // A CA that is away costs no key: it is certified when the CA is back.
    est.stop();
    let said = refused(&pieces, &user.id);
    assert!(said.contains("is made, and not certified") && said.contains("the CA does not answer as one"), "{said}");
    let unfinished = operator.credentials(&user.id);
    assert_eq!(unfinished.len(), 2, "nobody's until it is certified");
    est.serve();
    let id = said.split("credential certify --id ").nth(1).unwrap().split('`').next().unwrap();
    assert_eq!(gateway(&pieces, &["credential", "certify", "--id", id]).unwrap(), json!({ "credentialID": id }));
    let printed: Value =
        serde_json::from_str(operator.signer(&["credential", "pin", id]).lines().last().unwrap()).unwrap();
    let pin = printed["pin"].as_str().unwrap().to_owned();
    let late = Credential { id: id.to_owned(), key: "P-256".to_owned(), scal: "2".to_owned(), pin };
    signs(&est, &session, &late).await;
    // Our CA cannot revoke what it has not issued: its list is silent, and the operator hears where to go.
    for (serial, credential) in &serials {
        let line = gateway(&pieces, &["credential", "state", "--id", &credential.id, "destroyed"]).unwrap();
        let told = line["revoke_at"].as_array().unwrap();
        let told: Vec<_> =
            told.iter().map(|one| one["serialNumber"].as_str().unwrap().trim_start_matches("00")).collect();
        assert_eq!(told, serial.iter().map(|serial| serial.trim_start_matches("00")).collect::<Vec<_>>(), "{line}");
        assert_eq!(line["revoke_at"][0]["issuer"], "CN=est issuing", "{line}");
    }
    // What a gateway has fetched it gives for ten minutes.
    pieces.stop_gateway();
    pieces.start_gateway();
    let list = revocation_list(&pieces, &est).await;
    assert!(list.contains("No Revoked Certificates."), "{list}");
    // And goes on with its own: those that it has issued before, and after the other CA is gone.
    pieces.configure("gateway.toml", |config| drop(config.remove("est")));
    let own = operator.enrol(&user.id, Wanted::QUICK);
    let line = gateway(&pieces, &["credential", "state", "--id", &own.id, "destroyed"]).unwrap();
    assert_eq!(line["revoke_at"], Value::Null, "{line}");
    pieces.stop_gateway();
    pieces.start_gateway();
    let list = revocation_list(&pieces, &est).await;
    assert_eq!(list.matches("Serial Number:").count(), 1, "{list}");
}

/// The built-in CA's, as openssl writes it.
async fn revocation_list(pieces: &Pieces, est: &Est) -> String {
    let config: Table = std::fs::read_to_string(pieces.folder.file("gateway.toml")).unwrap().parse().unwrap();
    let url = format!("http://{}/ca.crl", config["pki"]["address"].as_str().unwrap());
    let list = reqwest::get(url).await.unwrap().error_for_status().unwrap().bytes().await.unwrap();
    std::fs::write(est.file("crl.der"), list).unwrap();
    est.openssl(&["crl", "-in", "crl.der", "-inform", "DER", "-noout", "-text"])
}

#[tokio::test]
async fn the_signers_operator_has_the_last_word_and_a_ca_that_does_not_fit_is_told_of_at_the_start() {
    let Some(est) = Est::start() else { return };
    let mut pieces = Pieces::seeded();
    configure(&pieces, &est, |_| ());
    pieces.configure("signer.toml", |config| drop(config["enrolment"].as_table_mut().unwrap().remove("other_ca")));
    pieces.start_signer();
    let user = pieces.operator().add_user("est");
    let said = refused(&pieces, &user.id);
    assert!(said.contains("[enrolment] other_ca of its configuration"), "{said}");
    pieces.configure("gateway.toml", |config| {
        let evidence = config["evidence"].as_table_mut().unwrap();
        evidence.insert("anchors".to_owned(), est.file("stranger.pem").display().to_string().into());
    });
    pieces.start_gateway();
    let gateway = pieces.gateway.as_ref().unwrap();
    for _ in 0..600 {
        if gateway.said().contains("keys cannot be certified now") {
            return assert!(gateway.said().contains("leads to a root in [evidence] anchors"), "{}", gateway.said());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{}", gateway.said());
}

#[tokio::test]
async fn a_ca_that_does_not_know_us_or_that_we_do_not_know_certifies_nothing() {
    let Some(est) = Est::start() else { return };
    let mut pieces = Pieces::seeded();
    pieces.start_signer();
    let user = pieces.operator().add_user("est");
    let file = |name: &str| est.file(name).display().to_string();
    // Its root is not the one the operator names.
    configure(&pieces, &est, |_| ());
    pieces.configure("gateway.toml", |config| {
        config["evidence"].as_table_mut().unwrap().insert("anchors".to_owned(), file("stranger.pem").into());
    });
    let said = refused(&pieces, &user.id);
    assert!(said.contains("the certificate leads to no root in [evidence] anchors"), "{said}");
    for (changes, word) in [
        (&[("certificate", file("stranger.pem")), ("key", file("stranger.key"))][..], "the CA does not answer as one"),
        (&[("ca", file("stranger.pem"))], "the CA does not answer as one"),
        (&[("key", file("stranger.key"))], "[est] certificate and key"),
        (&[("ca", file("nowhere"))], "[est] ca"),
        (&[("url", "http://127.0.0.1:1".to_owned())], "[est] url is no https URL"),
    ] {
        configure(&pieces, &est, |settings| {
            for (setting, value) in changes {
                settings.insert((*setting).to_owned(), value.as_str().into());
            }
        });
        let said = refused(&pieces, &user.id);
        assert!(said.contains(word), "{word}: {said}");
    }
}
