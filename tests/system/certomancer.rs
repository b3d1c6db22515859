//! Time-stamping authorities, good and bad, of a PKI that another program plays: Certomancer, over
//! `tests/clients/certomancer.yml`.

use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use data_encoding::BASE64;
use harness::dss::{Job, judge};
use harness::verify::Sha;
use harness::{
    Algorithm, Answer, Hash, Pieces, Wanted, Watchdog, command, demanded, free_port, paper, repository, shared,
};
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::sign_doc::{entry_of, objects, sign_doc};

const FORMATS: [&str; 4] = ["P", "C", "J", "X"];
const SERVER_ERROR: (u16, &str, &str) = (
    500,
    "server_error",
    "The authorization server encountered an unexpected condition that prevented it from fulfilling the request.",
);

/// Two processes that know the same certificates: one stamps, the other has a word on who was revoked.
struct Certomancer {
    python: PathBuf,
    folder: tempfile::TempDir,
    ports: [u16; 2],
    stamps: Option<Child>,
    words: Option<Child>,
}

impl Drop for Certomancer {
    fn drop(&mut self) {
        end(&mut self.stamps);
        end(&mut self.words);
    }
}

fn end(process: &mut Option<Child>) {
    if let Some(mut process) = process.take() {
        let _ = process.kill();
        let _ = process.wait();
        Watchdog::forget(process.id());
    }
}

impl Certomancer {
    /// With keys of its own; `None` where there is no Python environment.
    fn start() -> Option<Self> {
        let python = demanded("RSIGN_PYTHON", "target/venv/bin/python", "Certomancer, a PKI for tests")?;
        let folder = tempfile::tempdir().unwrap();
        for (name, kind, option) in [
            ("root", "RSA", "rsa_keygen_bits:2048"),
            ("issuing", "RSA", "rsa_keygen_bits:2048"),
            ("answers", "EC", "ec_paramgen_curve:P-256"),
            ("stamps", "EC", "ec_paramgen_curve:P-256"),
        ] {
            let mut openssl = Command::new("openssl");
            openssl.current_dir(folder.path()).args(["genpkey", "-algorithm", kind, "-pkeyopt", option, "-out"]);
            command(openssl.arg(format!("{name}.key"))).unwrap();
        }
        let ports = [free_port(), free_port()];
        let mut certomancer = Self { python, folder, ports, stamps: None, words: None };
        command(certomancer.program().args(["summon", "stamps", "root"]).arg(certomancer.root())).unwrap();
        certomancer.start_stamps();
        certomancer.start_words();
        Some(certomancer)
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root.pem")
    }

    fn program(&self) -> Command {
        let mut program = Command::new(&self.python);
        program.args(["-m", "certomancer", "--config"]).arg(configuration());
        program.arg("--key-root").arg(self.folder.path()).args(["--service-url-prefix", &self.prefix()]);
        program
    }

    /// Where its certificates say that OCSP and CRLs are to be had.
    fn prefix(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[1])
    }

    /// As Certomancer itself serves.
    fn animate(&self, port: u16) -> Child {
        let mut program = self.program();
        program.args(["animate", "--no-web-ui", "--no-time-override", "--port", &port.to_string()]);
        self.serve(port, program)
    }

    fn serve(&self, port: u16, mut program: Command) -> Child {
        let log = self.folder.path().join(format!("{port}.log"));
        program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
        let mut process = program.process_group(0).spawn().unwrap();
        Watchdog::watch(process.id());
        // Builders may keep every core busy meanwhile.
        for _ in 0..1200 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return process;
            }
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "{}", std::fs::read_to_string(&log).unwrap());
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("Certomancer does not serve: {}", std::fs::read_to_string(&log).unwrap());
    }

    fn start_stamps(&mut self) {
        self.stamps = Some(self.animate(self.ports[0]));
    }

    fn start_words(&mut self) {
        let port = self.ports[1];
        let mut program = Command::new(&self.python);
        program.arg(repository("tests/clients/certomancer_services.py"));
        program.arg(configuration()).arg(self.folder.path()).args([self.prefix(), port.to_string()]);
        self.words = Some(self.serve(port, program));
    }

    /// OCSP answers then bear fractions of seconds.
    fn start_words_with_fractions(&mut self) {
        end(&mut self.words);
        self.words = Some(self.animate(self.ports[1]));
    }
}

fn configuration() -> PathBuf {
    repository("tests/clients/certomancer.yml")
}

/// Starts a gateway that asks these authorities.
fn ask(pieces: &mut Pieces, certomancer: &Certomancer, authorities: &[&str]) {
    let table = |name: &&str| {
        let mut table = toml::Table::new();
        table.insert("url".to_owned(), format!("http://127.0.0.1:{}/stamps/tsa/{name}", certomancer.ports[0]).into());
        table.insert("authorities".to_owned(), certomancer.root().display().to_string().into());
        toml::Value::Table(table)
    };
    pieces.configure("gateway.toml", |config| {
        config.insert("timestamp".to_owned(), authorities.iter().map(table).collect::<Vec<_>>().into());
        config.insert("evidence".to_owned(), "private = true".parse::<toml::Table>().unwrap().into());
    });
    pieces.start_gateway();
}

/// A format as CSC names it, as DSS does, its envelope, and a document for it.
type Way = (&'static str, &'static str, &'static str, Vec<u8>);

fn ways() -> [Way; 4] {
    [
        ("P", "PAdES", "Certification", paper::pdf(&[0])),
        ("C", "CAdES", "Attached", b"stamped by Certomancer".to_vec()),
        ("J", "JAdES", "Attached", b"{\"stamped\": true}".to_vec()),
        ("X", "XAdES", "Enveloped", b"<stamped>yes</stamped>".to_vec()),
    ]
}

/// Somebody with one document of each format approved.
struct Scene {
    pieces: Pieces,
    who: Outsider,
    ways: [Way; 4],
    sad: String,
}

impl Scene {
    async fn set(certomancer: &Certomancer, name: &str, authorities: &[&str]) -> Self {
        let mut pieces = Pieces::seeded();
        pieces.start_signer();
        ask(&mut pieces, certomancer, authorities);
        let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), name, Wanted::QUICK).await;
        let ways = ways();
        assert_eq!(Algorithm::usual(&who.credential.key).sha, Sha::Sha256);
        let hashes = ways.each_ref().map(|(_, _, _, document)| {
            let digest = rsign_ades::digest(rsign_api::algorithm::HashAlgorithm::Sha256, document);
            Hash { message: document.clone(), digest }
        });
        let sad = who.session.authorize(&who.credential, &hashes).await;
        Self { pieces, who, ways, sad }
    }

    /// The same SAD, at a gateway that asks other authorities and has kept nothing.
    async fn ask(&mut self, certomancer: &Certomancer, authorities: &[&str]) {
        self.pieces.stop_gateway();
        ask(&mut self.pieces, certomancer, authorities);
        self.who.session = self.pieces.api().login(&self.who.user).await;
    }

    async fn sign(&self, format: &str, level: &str) -> Answer {
        self.ask_for(format, level, false).await
    }

    /// A document, and what was found for its validators.
    async fn found(&self, format: &str, level: &str) -> Value {
        self.ask_for(format, level, true).await.ok()
    }

    async fn ask_for(&self, format: &str, level: &str, informed: bool) -> Answer {
        let (_, _, envelope, document) = self.ways.iter().find(|(one, ..)| *one == format).unwrap();
        let content = json!({ "document": BASE64.encode(document), "signed_envelope_property": envelope });
        let entry = entry_of(format, &Algorithm::usual(&self.who.credential.key), level, content);
        sign_doc(&self.who, &self.sad, json!({ "documents": [entry], "returnValidationInfo": informed })).await
    }

    /// The signature values, seen where nothing is stamped.
    async fn values(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut values = Vec::new();
        for format in FORMATS {
            values.push((format, value(format, &document(&self.sign(format, "AdES-B-B").await.ok()))));
        }
        values
    }

    /// How often the key was used.
    fn signed(&self) -> usize {
        let trail = self.pieces.trail();
        let mine = trail.of("signed", "success").filter(|entry| entry["credential"] == *self.who.credential.id);
        mine.filter(|entry| entry["reason"] != "stored answers").count()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.pieces.log("gateway")).unwrap()
    }
}

/// Certificates, OCSP answers and CRLs.
fn counts(answer: &Value) -> [usize; 3] {
    ["certificates", "ocsp", "crl"].map(|list| answer["validationInfo"][list].as_array().map_or(0, Vec::len))
}

fn document(answer: &Value) -> Vec<u8> {
    objects(answer, "DocumentWithSignature").remove(0)
}

/// The signature value, or the end of it, as it stands in a document of level B-B.
fn value(format: &str, plain: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(plain);
    let value = match format {
        // Nothing follows it.
        "C" => return plain[plain.len() - 64..].to_vec(),
        // Nothing but the gap's zeros.
        "P" => {
            let hex = text.split("/Contents <").nth(1).unwrap().split('>').next().unwrap().trim_end_matches("00");
            &hex[hex.len() - 128..]
        }
        "J" => text.rsplit('.').next().unwrap(),
        _ => text.split("</ds:SignatureValue>").next().unwrap().rsplit('>').next().unwrap(),
    };
    assert!(value.len() > 80, "{value}");
    value.as_bytes().to_vec()
}

fn holds(document: &[u8], value: &[u8]) -> bool {
    document.windows(value.len()).any(|window| window == value)
}

#[tokio::test]
async fn a_good_authority_makes_documents_that_last() {
    let Some(mut certomancer) = Certomancer::start() else { return };
    let mut scene = Scene::set(&certomancer, "certomancer", &["good"]).await;
    let folder = tempfile::tempdir().unwrap();
    let (root, ours) = (certomancer.root(), PathBuf::from(&shared().ready.signing_ca));
    let (mut jobs, mut expected) = (Vec::new(), Vec::new());
    let mut keep = |name: &str, format: &str, level: &str, answer: &Value| {
        let path: &Path = &folder.path().join(name);
        std::fs::write(path, document(answer)).unwrap();
        jobs.push(Job::new(path, &ours).root(&root));
        let (_, format, ..) = ways().into_iter().find(|(one, ..)| *one == format).unwrap();
        expected.push(format!("{format}-BASELINE-{level}"));
    };
    for (name, authority, found) in [
        // The signer, the built-in CA and its responder; who stamps, two CAs and a responder: about responders nobody need
        // ask. Answers about the signer and about who stamps, a list of the root.
        ("answered", "good", [7, 2, 1]),
        // One responder, and one list more.
        ("listed", "listed", [6, 1, 2]),
        // The same where the answer is not one that RFC 6960 allows.
        ("fractions", "good", [6, 1, 2]),
    ] {
        if name == "fractions" {
            certomancer.start_words_with_fractions();
        }
        if name != "answered" {
            scene.ask(&certomancer, &[authority]).await;
        }
        for format in FORMATS {
            for level in ["LT", "LTA"] {
                let answer = scene.found(format, &format!("AdES-B-{level}")).await;
                assert_eq!(counts(&answer), found, "{name} {format} {level}");
                keep(&format!("{name}-{format}-{level}"), format, level, &answer);
            }
        }
    }
    assert_eq!(scene.signed(), FORMATS.len(), "each document once");
    for (verdict, expected) in judge(&jobs).unwrap_or_default().iter().zip(expected) {
        let [verdict] = &verdict.as_ref().unwrap()[..] else { panic!("one signature: {verdict:?}") };
        verdict.passes_as(&expected);
    }
}

#[tokio::test]
async fn a_bad_authority_fails_the_call_and_nothing_is_signed_twice() {
    let Some(certomancer) = Certomancer::start() else { return };
    let mut scene = Scene::set(&certomancer, "certomancer-bad", &["revoked"]).await;
    let below = ["AdES-B-LT", "AdES-B-LTA"];
    let every = ["AdES-B-T", "AdES-B-LT", "AdES-B-LTA"];
    for (authority, levels, reason) in [
        ("revoked", &below[..], "the certificate is revoked"),
        ("revoked-listed", &below, "the certificate is revoked"),
        ("expired", &every, "the time-stamp token has a time that cannot be"),
        ("early", &every, "the time-stamp token has a time that cannot be"),
        ("foreign", &every, "leads to none of the anchors; authorities of its [[timestamp]] names more"),
        ("purposeless", &every, "the time-stamp token's signer may not stamp"),
        ("mails", &every, "the time-stamp token's signer may not stamp"),
    ] {
        let before = scene.log().len();
        if authority != "revoked" {
            scene.ask(&certomancer, &[authority]).await;
        }
        for format in FORMATS {
            for level in levels {
                let answer = scene.sign(format, level).await;
                assert_eq!(answer.error(), SERVER_ERROR, "{authority} {format} {level}");
            }
        }
        let log = scene.log().split_off(before);
        // Whose certificate leads nowhere is named before it.
        let named = if reason.starts_with("leads") { "" } else { "cause=\"" };
        let reason = format!("{named}{reason}\"");
        assert_eq!(log.matches(&reason).count(), FORMATS.len() * levels.len(), "{authority}: {log}");
    }
    // The same SAD: a lower level where it is asked for, the wanted one where the authority is good, and where a bad one is
    // followed by a good one.
    let values = scene.values().await;
    for authorities in [&["good"][..], &["expired", "mails", "revoked", "good"]] {
        scene.ask(&certomancer, authorities).await;
        for (format, value) in &values {
            let answer = scene.found(format, "AdES-B-LT").await;
            assert_eq!(counts(&answer), [7, 2, 1], "{authorities:?} {format}");
            assert!(holds(&document(&answer), value), "{authorities:?} {format}: signed once");
        }
    }
    assert_eq!(scene.signed(), FORMATS.len(), "each document once");
}

#[tokio::test]
async fn what_is_away_fails_the_call_and_the_same_call_brings_it_later() {
    let Some(mut certomancer) = Certomancer::start() else { return };
    let mut scene = Scene::set(&certomancer, "certomancer-away", &["good"]).await;
    // Nobody has a word on who was revoked, by OCSP nor by list.
    end(&mut certomancer.words);
    for authority in ["good", "listed"] {
        scene.ask(&certomancer, &[authority]).await;
        for format in FORMATS {
            for level in ["AdES-B-LT", "AdES-B-LTA"] {
                assert!(scene.sign(format, level).await.is_away(), "{authority} {format} {level}");
            }
        }
    }
    // Nobody stamps.
    end(&mut certomancer.stamps);
    for format in FORMATS {
        for level in ["AdES-B-T", "AdES-B-LT", "AdES-B-LTA"] {
            assert!(scene.sign(format, level).await.is_away(), "{format} {level}");
        }
    }
    let values = scene.values().await;
    // Both are back; the gateway is the same.
    certomancer.start_words();
    certomancer.start_stamps();
    for (format, value) in &values {
        let answer = scene.found(format, "AdES-B-LTA").await;
        assert_eq!(counts(&answer), [6, 1, 2], "{format}");
        assert!(holds(&document(&answer), value), "{format}: signed once");
    }
    assert_eq!(scene.signed(), FORMATS.len(), "each document once");
}
