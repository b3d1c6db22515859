//! The built-in CA's OCSP answers, judged by the openssl program.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::BASE64;
use harness::dss::{Job, judge};
use harness::{Algorithm, Hash, Wanted, paper, shared};
use serde_json::json;

use crate::common::Outsider;
use crate::sign_doc::{entry_of, objects, sign_doc};

fn url() -> String {
    let address = std::fs::read_to_string(shared().folder.file("pki-address")).unwrap();
    format!("http://{}/ocsp", address.trim())
}

/// A folder with the certificate of somebody, and requests about it.
struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    async fn of(who: &Outsider) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = BASE64.encode(&who.session.certificate(&who.credential).await);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
        std::fs::write(folder.path().join("cert.pem"), pem).unwrap();
        Self { folder }
    }

    /// What `openssl ocsp` says, and whether it is content.
    fn openssl(&self, words: &[&str]) -> (bool, String) {
        let mut command = Command::new("openssl");
        command.current_dir(self.folder.path()).arg("ocsp").args(["-issuer", &shared().ready.signing_ca]).args(words);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    /// Asks the service; the answer must verify.
    fn ask(&self, words: &[&str]) -> String {
        let url = url();
        let verified = ["-url", &url, "-CAfile", &shared().ready.signing_ca];
        let (good, said) = self.openssl(&[&verified[..], words].concat());
        assert!(good && said.contains("Response verify OK"), "{said}");
        said
    }
}

#[tokio::test]
async fn openssl_hears_good_revoked_and_unknown() {
    let who = Outsider::enrol("ocsp", Wanted::QUICK).await;
    let scene = Scene::of(&who).await;
    // The certificate itself says where to ask.
    let mut named = Command::new("openssl");
    named.current_dir(scene.folder.path()).args(["x509", "-noout", "-ocsp_uri", "-in", "cert.pem"]);
    assert_eq!(String::from_utf8(named.output().unwrap().stdout).unwrap().trim(), url());
    for digest in ["-sha1", "-sha256"] {
        let said = scene.ask(&[digest, "-cert", "cert.pem"]);
        assert!(said.contains("cert.pem: good") && !said.contains("WARNING"), "the nonce comes back: {said}");
    }
    assert!(scene.ask(&["-cert", "cert.pem", "-no_nonce"]).contains("cert.pem: good"));
    let unknown = scene.ask(&["-serial", "0x1234"]);
    assert!(unknown.contains("0x1234: unknown"), "{unknown}");
    let operator = shared().operator();
    operator.set_state(&who.credential, "suspended");
    let said = scene.ask(&["-cert", "cert.pem"]);
    assert!(said.contains("cert.pem: revoked") && said.contains("Reason: certificateHold"), "{said}");
    operator.set_state(&who.credential, "active");
    assert!(scene.ask(&["-cert", "cert.pem"]).contains("cert.pem: good"));
    operator.set_state(&who.credential, "destroyed");
    let said = scene.ask(&["-cert", "cert.pem"]);
    assert!(said.contains("cert.pem: revoked") && said.contains("Reason: cessationOfOperation"), "{said}");
    // The time-stamping authority's certificate is known, too.
    let tsa = shared().folder.file("tsa.pem").display().to_string();
    assert!(scene.ask(&["-cert", &tsa]).contains("tsa.pem: good"));
}

#[tokio::test]
async fn requests_come_by_post_or_in_the_path() {
    let who = Outsider::enrol("ocsp-get", Wanted::QUICK).await;
    let scene = Scene::of(&who).await;
    assert!(scene.openssl(&["-cert", "cert.pem", "-no_nonce", "-reqout", "request"]).0);
    let request = std::fs::read(scene.folder.path().join("request")).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let judged = |octets: &[u8]| {
        std::fs::write(scene.folder.path().join("answer"), octets).unwrap();
        let words = ["-respin", "answer", "-cert", "cert.pem", "-CAfile", &shared().ready.signing_ca];
        scene.openssl(&words)
    };
    let text = BASE64.encode(&request).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let plain = BASE64.encode(&request);
    for path in [text, plain.clone(), format!("/{plain}")] {
        let answer = http.get(format!("{}/{path}", url())).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/ocsp-response");
        assert!(header("cache-control").starts_with("max-age="), "others may keep it for a while");
        let said = judged(&answer.bytes().await.unwrap());
        assert!(said.0 && said.1.contains("cert.pem: good") && said.1.contains("Next Update"), "{}", said.1);
    }
    let post = |body: Vec<u8>, kind: &'static str| {
        let request = http.post(url()).header("content-type", kind).body(body);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
        }
    };
    assert_eq!(post(request.clone(), "text/plain").await.0, 415);
    assert_eq!(post(vec![0; 10_000], "application/ocsp-request").await.0, 413);
    let (status, answer) = post(b"no request".to_vec(), "application/ocsp-request").await;
    assert_eq!((status, judged(&answer).1.contains("malformedrequest (1)")), (200, true));
    let answer = http.get(format!("{}/rubbish", url())).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(judged(&answer.bytes().await.unwrap()).1.contains("malformedrequest (1)"));
    // Of another CA: this one has no word on it.
    let mut foreign = Command::new("openssl");
    foreign.current_dir(scene.folder.path()).args(["req", "-x509", "-newkey", "ec", "-nodes", "-subj", "/CN=other"]);
    foreign.args(["-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", "k", "-out", "other.pem"]);
    assert!(foreign.output().unwrap().status.success());
    let mut ask = Command::new("openssl");
    ask.current_dir(scene.folder.path()).args(["ocsp", "-issuer", "other.pem", "-serial", "7", "-url", &url()]);
    let said = String::from_utf8_lossy(&ask.output().unwrap().stdout).into_owned();
    assert!(said.contains("unauthorized (6)"), "{said}");
}

/// What EU DSS says in almost two years: the answers are in the documents, so their responder's certificate has to last.
#[tokio::test]
async fn documents_hold_answers_that_last_as_long_as_the_signer() {
    let who = Outsider::enrol("ocsp-document", Wanted::QUICK).await;
    let (folder, root) = (tempfile::tempdir().unwrap(), Path::new(&shared().ready.signing_ca));
    let later = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_hours(24 * 725);
    let later = der::DateTime::from_unix_duration(later).unwrap().to_string();
    let (pdf, algorithm) = (paper::pdf(&[0]), Algorithm::usual(&who.credential.key));
    let mut jobs = Vec::new();
    let formats: [(&str, &str, &[u8]); 4] =
        [("C", "CAdES", &pdf), ("P", "PAdES", &pdf), ("X", "XAdES", b"<a/>"), ("J", "JAdES", b"{}")];
    for (format, name, document) in formats {
        let sad = who.session.authorize(&who.credential, &[Hash::with(algorithm.sha, document)]).await;
        let content = json!({ "document": BASE64.encode(document) });
        let mut body = json!({ "documents": [entry_of(format, &algorithm, "AdES-B-LT", content)] });
        body["returnValidationInfo"] = true.into();
        let answer = sign_doc(&who, &sad, body).await.ok();
        let counts =
            ["certificates", "ocsp", "crl"].map(|list| answer["validationInfo"][list].as_array().map(Vec::len));
        // Signer, authority, responder and CA; an answer about each of the first two.
        assert_eq!(counts, [Some(4), Some(2), None], "{format}");
        let path = folder.path().join(name);
        std::fs::write(&path, &objects(&answer, "DocumentWithSignature")[0]).unwrap();
        jobs.extend([Job::new(&path, root), Job::new(&path, root).at(&later)]);
    }
    let verdicts = judge(&jobs).unwrap_or_default();
    for (verdict, (_, name, _)) in verdicts.iter().zip(formats.iter().flat_map(|one| [one, one])) {
        let [verdict] = &verdict.as_ref().unwrap()[..] else { panic!("one signature: {verdict:?}") };
        verdict.passes_as(&format!("{name}-BASELINE-LT"));
    }
}
