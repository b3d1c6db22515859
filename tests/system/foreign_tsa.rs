//! A time-stamping authority of another CA, with an OCSP responder and a CRL of its own: all of it is the openssl program.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use data_encoding::BASE64;
use harness::dss::{Job, judge};
use harness::verify::Sha;
use harness::{Algorithm, Answer, Hash, Pieces, Wanted, command, free_port, paper, shared};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::common::Outsider;
use crate::sign_doc::{entry_of, objects, sign_doc};

const CONFIGURATION: &str = "\
[ca]
default_ca = ca
[ca]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 2
[tsa]
default_tsa = t
[t]
serial = serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.32473.7
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[stamps]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
authorityInfoAccess = OCSP;URI:http://127.0.0.1:OCSP/
crlDistributionPoints = URI:http://127.0.0.1:HTTP/crl
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[answers]
keyUsage = critical, digitalSignature
extendedKeyUsage = OCSPSigning
noCheck = ignored
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";

/// The authority; it goes with the test.
pub(crate) struct Foreign {
    folder: tempfile::TempDir,
    ocsp: u16,
    http: u16,
    responder: Option<Child>,
    /// Whether the list is served.
    listed: Arc<AtomicBool>,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.stop_responder();
    }
}

impl Foreign {
    pub(crate) async fn start() -> Self {
        let (ocsp, http) = (free_port(), free_port());
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let configuration = CONFIGURATION.replace("OCSP/", &format!("{ocsp}/")).replace("HTTP/", &format!("{http}/"));
        write("openssl.cnf", &configuration);
        write("serial", "01");
        write("crlnumber", "01");
        let foreign = Self { folder, ocsp, http, responder: None, listed: Arc::new(AtomicBool::new(true)) };
        foreign.index('V');
        for (name, serial) in [("root", ""), ("stamps", "4097"), ("answers", "4098")] {
            let key = format!("{name}.key");
            foreign.openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key]);
            let (subject, request) = (format!("/CN=foreign {name}"), format!("{name}.csr"));
            foreign.openssl(&["req", "-new", "-key", &key, "-subj", &subject, "-out", &request]);
            let certificate = format!("{name}.pem");
            let mut words = vec!["x509", "-req", "-in", &request, "-days", "300", "-out", &certificate];
            words.extend(["-extfile", "openssl.cnf", "-extensions", name]);
            match name {
                "root" => words.extend(["-signkey", "root.key"]),
                _ => words.extend(["-CA", "root.pem", "-CAkey", "root.key", "-set_serial", serial]),
            }
            foreign.openssl(&words);
        }
        foreign.list();
        let listener = TcpListener::bind(("127.0.0.1", http)).await.unwrap();
        let (path, listed) = (foreign.folder.path().to_owned(), Arc::clone(&foreign.listed));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, path.clone(), Arc::clone(&listed)));
            }
        });
        foreign
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, words: &[&str]) {
        command(Command::new("openssl").current_dir(self.folder.path()).args(words)).unwrap();
    }

    /// What the CA knows of the stamping certificate: V, or R for revoked.
    pub(crate) fn index(&self, state: char) {
        let revoked = if state == 'R' { "250101000000Z" } else { "" };
        let line = format!("{state}\t360101000000Z\t{revoked}\t1001\tunknown\t/CN=foreign stamps\n");
        std::fs::write(self.file("index.txt"), line).unwrap();
    }

    fn list(&self) {
        self.openssl(&[
            "ca",
            "-gencrl",
            "-config",
            "openssl.cnf",
            "-keyfile",
            "root.key",
            "-cert",
            "root.pem",
            "-out",
            "crl.pem",
        ]);
        self.openssl(&["crl", "-in", "crl.pem", "-outform", "DER", "-out", "crl.der"]);
    }

    pub(crate) async fn start_responder(&mut self) {
        self.stop_responder();
        let mut responder = Command::new("openssl");
        let port = self.ocsp.to_string();
        responder.current_dir(self.folder.path()).args(["ocsp", "-index", "index.txt", "-port", &port, "-nmin", "5"]);
        responder.args(["-rsigner", "answers.pem", "-rkey", "answers.key", "-CA", "root.pem"]);
        let log = self.file("responder.log");
        responder.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&log).unwrap());
        self.responder = Some(responder.spawn().unwrap());
        for _ in 0..500 {
            // It serves one after the other, and waits for ever for one that only tries whether it is there.
            if std::fs::read_to_string(&log).unwrap().contains("waiting for OCSP client connections") {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("no OCSP responder");
    }

    fn stop_responder(&mut self) {
        if let Some(mut responder) = self.responder.take() {
            let _ = responder.kill();
            let _ = responder.wait();
        }
    }
}

/// One request: a time-stamp, or the list.
async fn serve(mut stream: TcpStream, folder: PathBuf, listed: Arc<AtomicBool>) {
    let mut octets = Vec::new();
    let (head, length) = loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap_or_default();
        octets.extend_from_slice(&chunk[..read]);
        if let Some(end) = octets.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&octets[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            break (end + 4, length.unwrap_or(0));
        }
        if read == 0 {
            return;
        }
    };
    while octets.len() < head + length {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap_or_default();
        octets.extend_from_slice(&chunk[..read]);
    }
    let answer = if octets.starts_with(b"GET /crl ") {
        if listed.load(Ordering::Relaxed) { std::fs::read(folder.join("crl.der")).ok() } else { None }
    } else {
        Some(stamp(&folder, &octets[head..]))
    };
    let status = if answer.is_some() { "200 OK" } else { "404 Not Found" };
    let (kind, body) = ("application/timestamp-reply", answer.unwrap_or_default());
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
}

fn stamp(folder: &Path, query: &[u8]) -> Vec<u8> {
    let own = tempfile::NamedTempFile::new_in(folder).unwrap();
    std::fs::write(own.path(), query).unwrap();
    let reply = own.path().with_extension("tsr");
    let mut openssl = Command::new("openssl");
    openssl.current_dir(folder).args(["ts", "-reply", "-config", "openssl.cnf", "-signer", "stamps.pem"]);
    openssl.args(["-inkey", "stamps.key", "-queryfile"]).arg(own.path()).arg("-out").arg(&reply);
    command(&mut openssl).unwrap();
    std::fs::read(reply).unwrap()
}

/// A gateway that asks this authority.
pub(crate) fn pieces(foreign: &Foreign, private: bool) -> Pieces {
    let mut pieces = Pieces::seeded();
    pieces.start_signer();
    configure(&mut pieces, foreign, private);
    pieces
}

fn configure(pieces: &mut Pieces, foreign: &Foreign, private: bool) {
    pieces.configure("gateway.toml", |config| {
        config["timestamp"]["url"] = format!("http://127.0.0.1:{}/tsa", foreign.http).into();
        let section = config["timestamp"].as_table_mut().unwrap();
        section.insert("authorities".to_owned(), foreign.file("root.pem").display().to_string().into());
        section.insert("policy".to_owned(), "1.3.6.1.4.1.32473.7".into());
        let evidence: toml::Table = format!("private = {private}").parse().unwrap();
        config.insert("evidence".to_owned(), evidence.into());
    });
    pieces.start_gateway();
}

pub(crate) async fn sign(who: &Outsider, format: &str, level: &str, document: &[u8]) -> Answer {
    let algorithm = Algorithm::usual(&who.credential.key);
    assert_eq!(algorithm.sha, Sha::Sha256);
    let digest = rsign_ades::digest(rsign_api::algorithm::HashAlgorithm::Sha256, document);
    let sad = who.session.authorize(&who.credential, &[Hash { message: document.to_vec(), digest }]).await;
    let content = json!({ "document": BASE64.encode(document) });
    let mut body = json!({ "documents": [entry_of(format, &algorithm, level, content)] });
    body["returnValidationInfo"] = true.into();
    sign_doc(who, &sad, body).await
}

fn counts(answer: &serde_json::Value) -> [usize; 3] {
    ["certificates", "ocsp", "crl"].map(|list| answer["validationInfo"][list].as_array().map_or(0, Vec::len))
}

#[tokio::test]
async fn evidence_of_another_ca_comes_by_ocsp_or_else_by_its_list() {
    let mut foreign = Foreign::start().await;
    foreign.start_responder().await;
    let mut pieces = pieces(&foreign, true);
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "foreign", Wanted::QUICK).await;
    let (pdf, text) = (paper::pdf(&[0]), b"stamped elsewhere".as_slice());
    let folder = tempfile::tempdir().unwrap();
    let roots = [PathBuf::from(&shared().ready.signing_ca), foreign.file("root.pem")];
    let mut jobs = Vec::new();
    let mut keep = |name: &str, answer: &serde_json::Value| {
        let path = folder.path().join(name);
        std::fs::write(&path, &objects(answer, "DocumentWithSignature")[0]).unwrap();
        jobs.push(Job::new(&path, &roots[0]).root(&roots[1]));
    };
    for (name, format, document) in [("ocsp.pdf", "P", pdf.as_slice()), ("ocsp.p7m", "C", text)] {
        let answer = sign(&who, format, "AdES-B-LTA", document).await.ok();
        // Two chains and two responders, about which nobody need ask; an answer about the signer, and one about the authority.
        assert_eq!(counts(&answer), [6, 2, 0], "{name}");
        keep(name, &answer);
    }
    // Started anew it has kept nothing; the responder is away.
    pieces.stop_gateway();
    foreign.stop_responder();
    configure(&mut pieces, &foreign, true);
    let who = Outsider { session: pieces.api().login(&who.user).await, ..who };
    for (name, format, document) in [("list.pdf", "P", pdf.as_slice()), ("list.p7m", "C", text)] {
        let answer = sign(&who, format, "AdES-B-LTA", document).await.ok();
        assert_eq!(counts(&answer), [5, 1, 1], "{name}");
        keep(name, &answer);
    }
    let verdicts = judge(&jobs).unwrap_or_default();
    for (verdict, format) in verdicts.iter().zip(["PAdES", "CAdES", "PAdES", "CAdES"]) {
        let [verdict] = &verdict.as_ref().unwrap()[..] else { panic!("one signature: {verdict:?}") };
        verdict.passes_as(&format!("{format}-BASELINE-LTA"));
    }
    // Neither is to be had: no lower level in its place, and the same call later brings what was missing.
    pieces.stop_gateway();
    foreign.listed.store(false, Ordering::Relaxed);
    configure(&mut pieces, &foreign, true);
    let who = Outsider { session: pieces.api().login(&who.user).await, ..who };
    assert!(sign(&who, "P", "AdES-B-LT", &pdf).await.is_away());
    foreign.start_responder().await;
    assert_eq!(counts(&sign(&who, "P", "AdES-B-LT", &pdf).await.ok()), [6, 2, 0]);
    // The authority's certificate is revoked: who knows it stamps and signs nothing that is to last.
    pieces.stop_gateway();
    foreign.index('R');
    foreign.start_responder().await;
    configure(&mut pieces, &foreign, true);
    let who = Outsider { session: pieces.api().login(&who.user).await, ..who };
    assert_eq!(sign(&who, "P", "AdES-B-LT", &pdf).await.error().0, 500);
}

#[tokio::test]
async fn a_retry_after_missing_evidence_signs_nothing_twice() {
    let mut foreign = Foreign::start().await;
    foreign.listed.store(false, Ordering::Relaxed);
    let pieces = pieces(&foreign, true);
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "retry", Wanted::QUICK).await;
    let (pdf, algorithm) = (paper::pdf(&[0]), Algorithm::usual(&who.credential.key));
    let digest = rsign_ades::digest(rsign_api::algorithm::HashAlgorithm::Sha256, &pdf);
    let sad = who.session.authorize(&who.credential, &[Hash { message: pdf.clone(), digest }]).await;
    let body = |level: &str| json!({ "documents": [entry_of("P", &algorithm, level, json!({ "document": BASE64.encode(&pdf) }))] });
    let plain = sign_doc(&who, &sad, body("AdES-B-B")).await.ok();
    assert!(sign_doc(&who, &sad, body("AdES-B-LTA")).await.is_away());
    foreign.start_responder().await;
    let lasting = sign_doc(&who, &sad, body("AdES-B-LTA")).await.ok();
    // The signature value is the last part of the CMS, which ends in the gap's zeros.
    let [plain, lasting] = [plain, lasting].map(|answer| objects(&answer, "DocumentWithSignature").remove(0));
    let contents = |file: &[u8]| {
        let text = String::from_utf8_lossy(file).into_owned();
        let hex = text.split("/Contents <").nth(1).unwrap().split('>').next().unwrap().to_owned();
        hex.trim_end_matches("00").to_owned()
    };
    let (plain, lasting) = (contents(&plain), contents(&lasting));
    let value = &plain[plain.len() - 128..];
    assert!(lasting.contains(value), "signed once");
}

#[tokio::test]
async fn nobody_is_asked_in_a_private_network_unless_the_operator_lets_it() {
    let mut foreign = Foreign::start().await;
    foreign.start_responder().await;
    let mut pieces = pieces(&foreign, false);
    let who = Outsider::enrol_on(&pieces.operator(), &pieces.api(), "private", Wanted::QUICK).await;
    assert!(sign(&who, "P", "AdES-B-LT", &paper::pdf(&[0])).await.is_away());
    let log = std::fs::read_to_string(pieces.log("gateway")).unwrap();
    assert!(log.contains("the address is not a public one"), "{log}");
    // An authority that leads to no anchor stamps nothing, at B-T neither.
    pieces.stop_gateway();
    pieces.configure("gateway.toml", |config| {
        config["timestamp"].as_table_mut().unwrap().remove("authorities");
    });
    pieces.start_gateway();
    let who = Outsider { session: pieces.api().login(&who.user).await, ..who };
    assert_eq!(sign(&who, "P", "AdES-B-T", &paper::pdf(&[0])).await.error().0, 500);
    let log = std::fs::read_to_string(pieces.log("gateway")).unwrap();
    assert!(log.contains("leads to none of the anchors"), "{log}");
}
