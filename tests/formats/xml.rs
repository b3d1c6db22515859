//! XAdES: by EU DSS, by xmlsec1, by signxml, and by what the standard says of its elements.

use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use data_encoding::BASE64;
use harness::dss::{self, Job};
use harness::skip;
use rsign_ades::xml::{self, Content, Document, Place};
use rsign_ades::{Addition, Level, Signatory, digest, name};
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};

use crate::canonical::ODD;
use crate::json::{SCHEMES, python, run};
use crate::level;
use crate::pki::{Person, Pki};

const DOCUMENT: &[u8] = b"<?xml version=\"1.0\"?>\n<!-- an order -->\n<order xmlns=\"urn:shop\" xmlns:x=\"urn:x\">\n  \
                          <item x:n='1'>Caf\xc3\xa9 &amp; cake</item>\n</order>\n";

fn sign(pki: &Pki, person: &Person, scheme: Scheme, content: &Content<'_>, place: Place<'_>, level: Level) -> Vec<u8> {
    let signatory = Signatory { chain: person.chain.clone(), scheme };
    let unfinished = xml::prepare(content, &xml::Said::default(), SystemTime::now(), &signatory).unwrap();
    let value = person.sign(scheme, &xml::to_be_signed(&unfinished).unwrap());
    let stamped = xml::to_be_stamped(&unfinished, &signatory, &value).unwrap();
    let additions = level::additions(pki, person, scheme, level, &stamped, |before| {
        xml::archive_imprint(&unfinished, &signatory, &value, before, place, DOCUMENT).unwrap()
    });
    xml::finish(&unfinished, &signatory, &value, &additions, place).unwrap()
}

/// Inside this document.
fn enveloped(pki: &Pki, person: &Person, scheme: Scheme, document: &[u8], level: Level) -> Vec<u8> {
    let read = Document::read(document).unwrap();
    let hash = read.digest(scheme.hash()).unwrap();
    let place = Place::Within { document, spot: read.spot() };
    sign(pki, person, scheme, &Content::Enveloped { digest: &hash }, place, level)
}

#[test]
fn every_scheme_level_and_envelope_passes() {
    let pki = Pki::new();
    let document = pki.write("document.xml", DOCUMENT);
    let (mut jobs, mut wanted) = (Vec::new(), Vec::new());
    let mut others: Vec<(KeyType, Scheme)> = SCHEMES.to_vec();
    // XML signatures tie no hash function to a curve.
    others.push((KeyType::P521, Scheme::Ecdsa { hash: HashAlgorithm::Sha512 }));
    for (at, (key, scheme)) in others.into_iter().enumerate() {
        let person = pki.person(key);
        let hash = digest(scheme.hash(), DOCUMENT);
        let name = name(scheme.hash(), &hash);
        let detached = Content::Detached { name: &name, digest: &hash, media_type: "text/xml" };
        let enveloping = Content::Enveloping { digest: &hash, media_type: "text/xml" };
        for level in Level::ALL {
            let suffix = level::suffix(level);
            for (what, signed) in [
                ("detached", sign(&pki, &person, scheme, &detached, Place::Detached, level)),
                ("enveloping", sign(&pki, &person, scheme, &enveloping, Place::Around(DOCUMENT), level)),
                ("enveloped", enveloped(&pki, &person, scheme, DOCUMENT, level)),
            ] {
                let file = pki.write(&format!("{at}-{what}-{suffix}.xml"), &signed);
                let mut job = level::offline(Job::new(&file, &pki.root()), level);
                if what == "detached" {
                    job = job.detached(&document, &name);
                } else if !matches!(scheme, Scheme::Pss { .. }) {
                    // Version 1.2.37 does not know MGF1.
                    with_xmlsec1(&file, &pki.root());
                }
                jobs.push(job);
                wanted.push((what, scheme, format!("XAdES-BASELINE-{suffix}")));
            }
        }
    }
    let Some(said) = dss::judge(&jobs) else { return };
    for ((what, scheme, format), verdicts) in wanted.into_iter().zip(said) {
        let [verdict] = &verdicts.unwrap()[..] else { panic!("{what} {scheme:?}: one signature") };
        assert_eq!(verdict.indication, "TOTAL_PASSED", "{what} {scheme:?}: {verdict:#?}");
        verdict.passes_as(&format);
        assert!(verdict.errors.is_empty() && verdict.structure.is_empty(), "{what} {scheme:?}: {verdict:#?}");
    }
}

/// Commitment, place, role and media type.
#[test]
fn properties_are_good_elements() {
    let pki = Pki::new();
    let (person, scheme) = (pki.person(KeyType::P256), Scheme::Ecdsa { hash: HashAlgorithm::Sha256 });
    let signatory = Signatory { chain: person.chain.clone(), scheme };
    let values = [
        ("CommitmentTypeIndication", "<CommitmentTypeId><Identifier>http://uri.etsi.org/01903/v1.2.2#ProofOfOrigin</Identifier></CommitmentTypeId>"),
        ("SignatureProductionPlaceV2", "<City>Porto</City><PostalCode>4000</PostalCode><CountryName>PT</CountryName>"),
        ("SignerRoleV2", "<ClaimedRoles><ClaimedRole>Director</ClaimedRole><ClaimedRole>Owner</ClaimedRole></ClaimedRoles>"),
        ("DataObjectFormat", "<MimeType>application/xml</MimeType>"),
    ]
    .map(|(name, content)| {
        let element = format!("<{name} xmlns='http://uri.etsi.org/01903/v1.3.2#'>{content}</{name}>");
        (name, BASE64.encode(element.as_bytes()))
    });
    let said = xml::read_properties(values.iter().map(|(name, value)| (*name, Some(value.as_str())))).unwrap();
    let hash = digest(scheme.hash(), DOCUMENT);
    let read = Document::read(DOCUMENT).unwrap();
    let canonical = read.digest(scheme.hash()).unwrap();
    let mut jobs = Vec::new();
    for (content, place) in [
        (Content::Enveloping { digest: &hash, media_type: "text/xml" }, Place::Around(DOCUMENT)),
        (Content::Enveloped { digest: &canonical }, Place::Within { document: DOCUMENT, spot: read.spot() }),
    ] {
        let unfinished = xml::prepare(&content, &said, SystemTime::now(), &signatory).unwrap();
        let value = person.sign(scheme, &xml::to_be_signed(&unfinished).unwrap());
        let signed = xml::finish(&unfinished, &signatory, &value, &[], place).unwrap();
        let file = pki.write(&format!("{}.xml", jobs.len()), &signed);
        with_xmlsec1(&file, &pki.root());
        jobs.push(Job::new(&file, &pki.root()).without_revocation());
    }
    for verdicts in dss::judge(&jobs).into_iter().flatten() {
        let verdict = &verdicts.unwrap()[0];
        verdict.passes_as("XAdES-BASELINE-B");
        assert!(verdict.errors.is_empty() && verdict.structure.is_empty(), "{verdict:#?}");
        assert_eq!(
            verdict.said,
            [
                "commitment http://uri.etsi.org/01903/v1.2.2#ProofOfOrigin",
                "place PT Porto 4000",
                "role Director",
                "role Owner"
            ]
        );
    }
}

#[test]
fn lasting_signatures_bring_ocsp_answers_and_are_renewed() {
    let pki = Pki::new();
    let document = pki.write("document.xml", DOCUMENT);
    let (person, scheme) = (pki.person(KeyType::Rsa2048), Scheme::Pkcs1 { hash: HashAlgorithm::Sha512 });
    let signatory = Signatory { chain: person.chain.clone(), scheme };
    let hash = digest(scheme.hash(), DOCUMENT);
    let name = name(scheme.hash(), &hash);
    let read = Document::read(DOCUMENT).unwrap();
    let canonical = read.digest(scheme.hash()).unwrap();
    let mut jobs = Vec::new();
    for (content, place) in [
        (Content::Detached { name: &name, digest: &hash, media_type: "text/xml" }, Place::Detached),
        (Content::Enveloping { digest: &hash, media_type: "text/xml" }, Place::Around(DOCUMENT)),
        (Content::Enveloped { digest: &canonical }, Place::Within { document: DOCUMENT, spot: read.spot() }),
    ] {
        let unfinished = xml::prepare(&content, &xml::Said::default(), SystemTime::now(), &signatory).unwrap();
        let value = person.sign(scheme, &xml::to_be_signed(&unfinished).unwrap());
        let stamped = xml::to_be_stamped(&unfinished, &signatory, &value).unwrap();
        let additions = level::renewed(&pki, &person, scheme, &stamped, |before| {
            xml::archive_imprint(&unfinished, &signatory, &value, before, place, DOCUMENT).unwrap()
        });
        let file = pki.file(&format!("{}.xml", jobs.len()));
        let finish = |additions: &[Addition]| xml::finish(&unfinished, &signatory, &value, additions, place).unwrap();
        level::renew_alike(&additions, DOCUMENT, finish);
        std::fs::write(&file, finish(&additions)).unwrap();
        let job = Job::new(&file, &pki.root());
        jobs.push(if jobs.is_empty() { job.detached(&document, &name) } else { job });
    }
    let Some(said) = dss::judge(&jobs) else { return };
    for verdicts in said {
        let verdict = &verdicts.unwrap()[0];
        verdict.passes_as("XAdES-BASELINE-LTA");
        assert_eq!(verdict.timestamps, ["SIGNATURE_TIMESTAMP", "ARCHIVE_TIMESTAMP", "ARCHIVE_TIMESTAMP"]);
        assert!(verdict.errors.is_empty() && verdict.structure.is_empty(), "{verdict:#?}");
    }
}

#[test]
fn odd_documents_keep_their_octets_and_pass() {
    let pki = Pki::new();
    let person = pki.person(KeyType::P256);
    let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
    let mut jobs = Vec::new();
    for (at, document) in ODD.iter().enumerate() {
        let signed = String::from_utf8(enveloped(&pki, &person, scheme, document.as_bytes(), Level::B)).unwrap();
        let (before, rest) = signed.split_once("<ds:Signature ").unwrap();
        let (_, after) = rest.split_once("</ds:Signature>").unwrap();
        // An element without content has got an end tag; all others have just what they had.
        if !document.trim_end().ends_with("/>") || document.contains("</") {
            assert_eq!([before, after].concat(), *document);
        }
        let file = pki.write(&format!("odd-{at}.xml"), signed.as_bytes());
        with_xmlsec1(&file, &pki.root());
        jobs.push(Job::new(&file, &pki.root()).without_revocation());
    }
    let Some(said) = dss::judge(&jobs) else { return };
    for (document, verdicts) in ODD.iter().zip(said) {
        let verdicts = verdicts.unwrap_or_else(|fault| panic!("{document}: {fault}"));
        assert_eq!(verdicts[0].indication, "TOTAL_PASSED", "{document}: {:#?}", verdicts[0]);
        verdicts[0].passes_as("XAdES-BASELINE-B");
    }
}

#[test]
fn a_forged_document_fails() {
    let pki = Pki::new();
    let person = pki.person(KeyType::Rsa2048);
    let scheme = Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 };
    let signed = String::from_utf8(enveloped(&pki, &person, scheme, DOCUMENT, Level::B)).unwrap();
    let mut jobs = Vec::new();
    for (at, (old, new)) in [("cake", "coke"), ("text/xml", "text/xul"), ("urn:x\"", "urn:z\"")].into_iter().enumerate()
    {
        assert!(signed.contains(old), "{old}");
        let file = pki.write(&format!("forged-{at}.xml"), signed.replace(old, new).as_bytes());
        jobs.push(Job::new(&file, &pki.root()).without_revocation());
    }
    for verdicts in dss::judge(&jobs).into_iter().flatten() {
        let verdict = &verdicts.unwrap()[0];
        assert_eq!(verdict.indication, "TOTAL_FAILED", "{verdict:#?}");
    }
}

const SIGNXML: &str = r#"
import sys, pathlib
from signxml.xades import XAdESVerifier, XAdESSignatureConfiguration
signed, root = (pathlib.Path(argument) for argument in sys.stdin.read().split("\n"))
configuration = XAdESSignatureConfiguration(require_x509=True)
verified = XAdESVerifier().verify(signed.read_bytes(), ca_pem_file=str(root), expect_config=configuration, expect_references=2)
print(len(verified))
"#;

#[test]
fn signxml_verifies_enveloped_signatures() {
    let Some(python) = python("signxml") else { return };
    let pki = Pki::new();
    for (key, scheme) in SCHEMES.into_iter().filter(|(_, scheme)| !matches!(scheme, Scheme::Pss { .. })) {
        let person = pki.person(key);
        for level in [Level::B, Level::Lta] {
            let file = pki.write("signed.xml", &enveloped(&pki, &person, scheme, DOCUMENT, level));
            let said = run(&python, SIGNXML, format!("{}\n{}", file.display(), pki.root().display()).as_bytes());
            assert_eq!(said.trim(), "2", "{scheme:?} {level:?}");
        }
    }
}

/// xmlsec1 verifies the mathematics, with the chain in the signature up to this root.
fn with_xmlsec1(signed: &Path, root: &Path) {
    let mut xmlsec1 = Command::new("xmlsec1");
    xmlsec1.args(["--verify", "--enabled-key-data", "x509", "--trusted-pem"]).arg(root);
    xmlsec1.args(["--id-attr:Id", "http://uri.etsi.org/01903/v1.3.2#:SignedProperties"]);
    let Ok(said) = xmlsec1.arg(signed).output() else { return skip("xmlsec1", "there is no xmlsec1") };
    assert!(said.status.success(), "{}: {}", signed.display(), String::from_utf8_lossy(&said.stderr));
}
