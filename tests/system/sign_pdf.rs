//! `signatures/signDoc` of PDFs: judged by pyHanko, pdfsig, qpdf and EU DSS.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use data_encoding::BASE64;
use harness::dss::{self, Job};
use harness::verify::Sha;
use harness::{Algorithm, Answer, Hash, Wanted, command, demanded, paper, repository, shared};
use rsign_ades::pdf::{self, Kind, Limits, Request};
use serde_json::{Value, json};

use crate::common::Outsider;

/// An entry for a PDF, with what else it says.
fn entry(algorithm: &Algorithm, level: &str, content: &Value) -> Value {
    let mut entry = json!({ "signature_format": "P", "conformance_level": level, "signAlgo": algorithm.sign_algo });
    if let Some(params) = &algorithm.params {
        entry["signAlgoParams"] = params.as_str().into();
    }
    for (name, value) in content.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

fn of_document(algorithm: &Algorithm, level: &str, document: &[u8], content: &Value) -> Value {
    let mut entry = entry(algorithm, level, content);
    entry["document"] = BASE64.encode(document).into();
    json!({ "documents": [entry] })
}

fn hash(algorithm: &Algorithm, document: &[u8]) -> Hash {
    let digest = rsign_ades::digest(
        match algorithm.sha {
            Sha::Sha256 => rsign_api::algorithm::HashAlgorithm::Sha256,
            Sha::Sha384 => rsign_api::algorithm::HashAlgorithm::Sha384,
            Sha::Sha512 => rsign_api::algorithm::HashAlgorithm::Sha512,
        },
        document,
    );
    Hash { message: document.to_vec(), digest }
}

async fn sign_doc(who: &Outsider, sad: &str, mut body: Value) -> Answer {
    body["credentialID"] = who.credential.id.as_str().into();
    body["SAD"] = sad.into();
    who.session.call("v2/signatures/signDoc", body).await
}

/// The only member of one of the answer's lists.
fn only(answer: &Value, list: &str) -> Vec<u8> {
    match answer[list].as_array().map(Vec::as_slice) {
        Some([one]) => BASE64.decode(one.as_str().unwrap().as_bytes()).unwrap(),
        _ => panic!("not one {list} in {answer}"),
    }
}

/// Approves the document and has it signed.
async fn signed(who: &Outsider, algorithm: &Algorithm, level: &str, document: &[u8], content: &Value) -> Vec<u8> {
    let sad = who.session.authorize(&who.credential, &[hash(algorithm, document)]).await;
    let answer = sign_doc(who, &sad, of_document(algorithm, level, document, content)).await.ok();
    let signed = only(&answer, "DocumentWithSignature");
    assert!(signed.starts_with(document), "the original stays as it was");
    signed
}

/// Documents and what is to be said of them, in a folder that stays: `target/pdf-test/system`.
struct Desk {
    folder: PathBuf,
    cases: Vec<Value>,
    jobs: Vec<(Job, Vec<String>)>,
}

impl Desk {
    fn new(name: &str) -> Self {
        let folder = repository("target/pdf-test/system").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder, cases: Vec::new(), jobs: Vec::new() }
    }

    fn write(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, octets).unwrap();
        path
    }

    /// A document in which so many signatures were made, all of one level, with a document time-stamp each at B-LTA.
    fn put(&mut self, who: &str, level: &str, original: &[u8], signed: &[u8], signatures: usize) {
        let number = self.cases.len();
        let original = self.write(&format!("{number}-original.pdf"), original);
        let signed = self.write(&format!("{number}-signed.pdf"), signed);
        let stamps = if level == "AdES-B-LTA" { signatures } else { 0 };
        let lasting = level.strip_prefix("AdES-B-").filter(|level| level.starts_with('L'));
        self.cases.push(json!({
            "original": original, "signed": signed, "signatures": signatures, "stamps": stamps,
            "signer": who, "time_stamped": level != "AdES-B-B", "lasting": lasting,
        }));
        let job = Job::new(&signed, Path::new(&shared().ready.signing_ca));
        // The lower levels bring no word on revocation.
        let job = if lasting.is_some() { job } else { job.without_revocation() };
        let format = level.replace("AdES-B", "PAdES-BASELINE");
        self.jobs.push((job, vec![format; signatures]));
    }

    /// All of them are good, whoever is asked.
    fn judge(self) {
        let Some(python) = demanded("RSIGN_PYTHON", "target/venv/bin/python", "pyHanko, a validator of PDFs") else {
            return;
        };
        let cases = self.write("cases.json", &serde_json::to_vec(&self.cases).unwrap());
        let mut judge = Command::new(python);
        judge.arg(repository("tests/pdf/judge.py")).arg(&shared().ready.signing_ca).arg(cases);
        let said = command(&mut judge).unwrap_or_else(|said| panic!("{said}"));
        for (verdict, case) in serde_json::from_str::<Vec<Value>>(&said).unwrap().iter().zip(&self.cases) {
            assert_eq!(verdict["faults"], json!([]), "{verdict}");
            assert_eq!(verdict["unreadable"], Value::Null, "{verdict}");
            assert_eq!(verdict["pdfsig"], case["signatures"], "{verdict}");
        }
        let (jobs, formats): (Vec<_>, Vec<_>) = self.jobs.into_iter().unzip();
        for (verdicts, formats) in dss::judge(&jobs).unwrap_or_default().into_iter().zip(formats) {
            let verdicts = verdicts.unwrap();
            assert_eq!(verdicts.len(), formats.len());
            verdicts.iter().zip(formats).for_each(|(verdict, format)| verdict.passes_as(&format));
        }
    }
}

/// Common name of the credential's certificate, as pdfsig shows it.
async fn name(who: &Outsider) -> String {
    let certificate = who.session.certificate(&who.credential).await;
    let certificate: x509_cert::Certificate = der::Decode::from_der(&certificate).unwrap();
    let subject = certificate.tbs_certificate().subject().to_string();
    let name = subject.split(',').find_map(|part| part.trim().strip_prefix("CN=")).map(str::to_owned);
    name.unwrap_or_else(|| panic!("no common name in {subject}"))
}

#[tokio::test]
async fn every_key_level_and_kind_of_pdf_signature() {
    let mut desk = Desk::new("kinds");
    let original = paper::pdf(&[0]);
    for (key, algorithm) in [
        ("RSA-2048", Algorithm::pkcs1(Sha::Sha256)),
        ("RSA-2048", Algorithm::pss(Sha::Sha256, 32)),
        ("P-256", Algorithm::ecdsa(Sha::Sha256)),
        ("P-384", Algorithm::ecdsa(Sha::Sha384)),
    ] {
        let who = Outsider::enrol("sign-pdf", Wanted { key, ..Wanted::QUICK }).await;
        let signer = name(&who).await;
        for level in ["AdES-B-B", "AdES-B-T", "AdES-B-LT", "AdES-B-LTA"] {
            let certified = signed(&who, &algorithm, level, &original, &json!({})).await;
            assert!(certified.windows(7).any(|window| window == b"/DocMDP"), "Certification is the default");
            desk.put(&signer, level, &original, &certified, 1);
            let revision = json!({ "signed_envelope_property": "Revision" });
            let twice = signed(&who, &algorithm, level, &certified, &revision).await;
            desk.put(&signer, level, &original, &twice, 2);
        }
    }
    desk.judge();
}

#[tokio::test]
async fn what_is_said_in_the_document_and_seen_on_its_page() {
    let mut desk = Desk::new("visible");
    let who = Outsider::enrol("see-pdf", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let original = paper::pdf(&[0, 90]);
    let property = |name: &str, value: &str| json!({ "attribute_name": name, "attribute_value": value });
    let content = json!({ "signed_props": [
        property("Reason", "I agree"), property("Location", "Łódź"), property("Name", "Somebody"),
        property("ContactInfo", "somebody@example.org"), property("Field", "Approval"), property("P", "1"),
        property("Page", "2"), property("Rect", "20 20 180 80"), property("Text", "Signed by\nSomebody"),
    ] });
    let file = signed(&who, &algorithm, "AdES-B-B", &original, &content).await;
    let appended = String::from_utf8_lossy(&file[original.len()..]).into_owned();
    for text in ["/Reason (I agree)", "/Name (Somebody)", "/T (Approval)", "/P 1>>", "/Rect [20 20 180 80]", "/AP "] {
        assert!(appended.contains(text), "{text} in {appended}");
    }
    desk.put(&name(&who).await, "AdES-B-B", &original, &file, 1);
    let mut draw = Command::new("pdftoppm");
    command(draw.current_dir(&desk.folder).args(["-r", "100", "-png", "0-signed.pdf", "page"])).unwrap();
    desk.judge();
    // Certified so that nothing may follow.
    let sad = who.session.authorize(&who.credential, &[hash(&algorithm, &file)]).await;
    let revision = json!({ "signed_envelope_property": "Revision" });
    let refused = sign_doc(&who, &sad, of_document(&algorithm, "AdES-B-B", &file, &revision)).await;
    assert_eq!(refused.error(), (400, "invalid_request", "Invalid array parameter documents"));
    let again = sign_doc(&who, &sad, of_document(&algorithm, "AdES-B-B", &file, &json!({}))).await;
    assert_eq!(again.error(), (400, "invalid_request", "Invalid parameter signed_envelope_property"));
    who.can_sign().await;
}

#[tokio::test]
async fn a_digest_of_a_byte_range_becomes_a_cms_without_a_time() {
    let mut desk = Desk::new("digest");
    let who = Outsider::enrol("digest-pdf", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let original = paper::pdf(&[0]);
    let update = pdf::prepare(&original, &Request::new(Kind::Revision, SystemTime::now()), &Limits::default()).unwrap();
    let digests = update.digests(&original, rsign_api::algorithm::HashAlgorithm::Sha256);
    let approved = Hash { message: Vec::new(), digest: digests.byte_range };
    let sad = who.session.authorize(&who.credential, std::slice::from_ref(&approved)).await;
    let body = |content: &Value| json!({ "documentDigests": [entry(&algorithm, "AdES-B-T", content)] });
    let reason = json!({ "attribute_name": "Reason", "attribute_value": "too late to say" });
    let wrong = json!({ "hashes": [approved.base64()], "signed_props": [reason] });
    assert_eq!(sign_doc(&who, &sad, body(&wrong)).await.error().0, 400);
    let answer = sign_doc(&who, &sad, body(&json!({ "hashes": [approved.base64()] }))).await.ok();
    let file = [original.as_slice(), &update.fill(&only(&answer, "SignatureObject")).unwrap()].concat();
    desk.put(&name(&who).await, "AdES-B-T", &original, &file, 1);
    desk.judge();
}

#[tokio::test]
async fn the_same_call_brings_the_same_pdf_and_another_level_the_same_signature() {
    let who = Outsider::enrol("again-pdf", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let original = paper::pdf(&[0]);
    let sad = who.session.authorize(&who.credential, &[hash(&algorithm, &original)]).await;
    let body = |level| of_document(&algorithm, level, &original, &json!({}));
    let first = sign_doc(&who, &sad, body("AdES-B-B")).await.ok();
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(sign_doc(&who, &sad, body("AdES-B-B")).await.ok(), first, "though its time would be another");
    let stamped = only(&sign_doc(&who, &sad, body("AdES-B-T")).await.ok(), "DocumentWithSignature");
    let first = only(&first, "DocumentWithSignature");
    let date = |file: &[u8]| {
        let at = file.windows(4).position(|window| window == b"/M (").unwrap();
        file[at..at + 24].to_vec()
    };
    assert_eq!((first.len(), date(&first)), (stamped.len(), date(&stamped)));
    let other = paper::pdf(&[90]);
    let heard = sign_doc(&who, &sad, of_document(&algorithm, "AdES-B-B", &other, &json!({}))).await;
    assert_eq!(heard.error(), (403, "invalid_hash", "Document or documentDigest does not match authorized hash"));
}

#[tokio::test]
async fn what_cannot_be_signed_is_said_and_costs_nothing() {
    let who = Outsider::enrol("no-pdf", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let text = String::from_utf8(paper::pdf(&[0])).unwrap();
    let damaged = [b"no PDF".to_vec(), text.replace("trailer\n<<", "trailer\n<</Encrypt 9 0 R").into_bytes()];
    for document in damaged {
        let sad = who.session.authorize(&who.credential, &[hash(&algorithm, &document)]).await;
        let heard = sign_doc(&who, &sad, of_document(&algorithm, "AdES-B-B", &document, &json!({}))).await;
        assert_eq!(heard.error(), (400, "invalid_request", "Invalid array parameter documents"));
    }
    let sad = who.session.authorize(&who.credential, &[hash(&algorithm, text.as_bytes())]).await;
    let props =
        |name: &str, value: &str| json!({ "signed_props": [{ "attribute_name": name, "attribute_value": value }] });
    for (name, value) in [("Page", "1"), ("Rect", "1 2 3"), ("mime-type", "DAA="), ("Colour", "red")] {
        let body = of_document(&algorithm, "AdES-B-B", text.as_bytes(), &props(name, value));
        let heard = sign_doc(&who, &sad, body).await;
        assert_eq!(heard.error().0, 400);
        assert!(heard.error().2.starts_with("Invalid parameter signed_props"), "{:?}", heard.error());
    }
    let field = of_document(&algorithm, "AdES-B-B", text.as_bytes(), &props("Field", "a.b"));
    assert!(sign_doc(&who, &sad, field).await.error().2.starts_with("Invalid parameter signed_props"));
    let fine = of_document(&algorithm, "AdES-B-B", text.as_bytes(), &json!({}));
    let _ = sign_doc(&who, &sad, fine).await.ok();
}

#[tokio::test]
async fn a_document_that_is_certified_against_all_changes_still_lasts() {
    let mut desk = Desk::new("locked");
    let who = Outsider::enrol("lock-pdf", Wanted::QUICK).await;
    let (algorithm, original) = (Algorithm::usual("P-256"), paper::pdf(&[0]));
    let locked = json!({ "signed_props": [{ "attribute_name": "P", "attribute_value": "1" }] });
    let file = signed(&who, &algorithm, "AdES-B-LTA", &original, &locked).await;
    desk.put(&name(&who).await, "AdES-B-LTA", &original, &file, 1);
    desk.judge();
}

#[tokio::test]
async fn what_a_pdf_needs_to_last_comes_beside_a_signature_of_its_digest() {
    let who = Outsider::enrol("last-pdf", Wanted::QUICK).await;
    let algorithm = Algorithm::usual("P-256");
    let original = paper::pdf(&[0]);
    let update = pdf::prepare(&original, &Request::new(Kind::Revision, SystemTime::now()), &Limits::default()).unwrap();
    let digests = update.digests(&original, rsign_api::algorithm::HashAlgorithm::Sha256);
    let approved = Hash { message: Vec::new(), digest: digests.byte_range };
    let sad = who.session.authorize(&who.credential, std::slice::from_ref(&approved)).await;
    let body = |level: &str, info: bool| {
        let entry = entry(&algorithm, level, &json!({ "hashes": [approved.base64()] }));
        json!({ "documentDigests": [entry], "returnValidationInfo": info })
    };
    let refused = (400, "invalid_request", "Invalid parameter conformance_level");
    // Nothing could hold it, and nobody wants it beside: that would be B-T.
    assert_eq!(sign_doc(&who, &sad, body("AdES-B-LT", false)).await.error(), refused);
    // There is no document to be stamped.
    assert_eq!(sign_doc(&who, &sad, body("AdES-B-LTA", true)).await.error(), refused);
    let answer = sign_doc(&who, &sad, body("AdES-B-LT", true)).await.ok();
    let cms = only(&answer, "SignatureObject");
    let octets = |list: &str| -> Vec<Vec<u8>> {
        let texts = answer["validationInfo"][list].as_array().cloned().unwrap_or_default();
        texts.iter().map(|text| BASE64.decode(text.as_str().unwrap().as_bytes()).unwrap()).collect()
    };
    let evidence = pdf::Evidence { certificates: octets("certificates"), ocsp: octets("ocsp"), crls: octets("crl") };
    // The responder is among them; an answer about each of the two that can be revoked.
    assert_eq!((evidence.certificates.len(), evidence.ocsp.len(), evidence.crls.len()), (4, 2, 0));
    // A client puts it together.
    let signed = [original.as_slice(), &update.fill(&cms).unwrap()].concat();
    let store = pdf::dss(&signed, &evidence, &Limits::default()).unwrap();
    let mut desk = Desk::new("beside");
    desk.put(&name(&who).await, "AdES-B-LT", &original, &[signed, store].concat(), 1);
    desk.judge();
}
