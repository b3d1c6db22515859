//! JAdES: by EU DSS, by jwcrypto, and by what the standard says of its members.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use harness::dss::{self, Job};
use harness::{demanded, repository, skip};
use rsign_ades::jws::{self, Content, Signed};
use rsign_ades::{Addition, Level, Signatory, digest, name};
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use serde_json::{Value, json};

use crate::level;
use crate::pki::{Person, Pki};

const DOCUMENT: &[u8] = br#"{"amount": 12, "to": "Ana"}"#;

/// Every scheme that JWS has a name for, with a key that fits.
pub(crate) const SCHEMES: [(KeyType, Scheme); 9] = {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    [
        (KeyType::Rsa2048, Scheme::Pkcs1 { hash: Sha256 }),
        (KeyType::Rsa3072, Scheme::Pkcs1 { hash: Sha384 }),
        (KeyType::Rsa3072, Scheme::Pkcs1 { hash: Sha512 }),
        (KeyType::Rsa2048, Scheme::Pss { hash: Sha256, salt: 32 }),
        (KeyType::Rsa3072, Scheme::Pss { hash: Sha384, salt: 48 }),
        (KeyType::Rsa3072, Scheme::Pss { hash: Sha512, salt: 64 }),
        (KeyType::P256, Scheme::Ecdsa { hash: Sha256 }),
        (KeyType::P384, Scheme::Ecdsa { hash: Sha384 }),
        (KeyType::P521, Scheme::Ecdsa { hash: Sha512 }),
    ]
};

fn sign(pki: &Pki, person: &Person, scheme: Scheme, content: &Content<'_>, level: Level) -> Vec<u8> {
    let signatory = Signatory { chain: person.chain.clone(), scheme };
    let protected = jws::prepare(content, &jws::Said::default(), SystemTime::now(), &signatory).unwrap();
    let value = person.sign(scheme, &jws::to_be_signed(&protected, content));
    let stamped = jws::to_be_stamped(&signatory, &value).unwrap();
    let additions = level::additions(pki, person, scheme, level, &stamped, |before| {
        jws::archive_imprint(&protected, content, DOCUMENT, &signatory, &value, before).unwrap()
    });
    jws::finish(&protected, content, &signatory, &value, &additions).unwrap()
}

/// The members of a compact JWS's protected header.
fn header(compact: &[u8]) -> Value {
    let text = std::str::from_utf8(compact).unwrap();
    let protected = text.split('.').next().unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(protected.as_bytes()).unwrap()).unwrap()
}

#[test]
fn every_scheme_level_and_envelope_passes() {
    let pki = Pki::new();
    let document = pki.write("document.json", DOCUMENT);
    let (mut jobs, mut wanted, mut signed) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (key, scheme)) in SCHEMES.into_iter().enumerate() {
        let person = pki.person(key);
        let hash = digest(scheme.hash(), DOCUMENT);
        let name = name(scheme.hash(), &hash);
        let attached = Content::Attached { document: DOCUMENT, media_type: Some("application/json") };
        let unknown = Content::Attached { document: DOCUMENT, media_type: None };
        let detached = Content::Detached { name: &name, digest: &hash, media_type: Some("application/json") };
        let mut cases = vec![("unknown", unknown, Level::B)];
        for level in Level::ALL {
            cases.extend([("attached", attached, level), ("detached", detached, level)]);
        }
        for (what, content, level) in cases {
            let jws = sign(&pki, &person, scheme, &content, level);
            let suffix = level::suffix(level);
            let file = pki.write(&format!("{at}-{what}-{suffix}.json"), &jws);
            let mut job = level::offline(Job::new(&file, &pki.root()), level);
            if matches!(content, Content::Detached { .. }) {
                job = job.detached(&document, &name);
            }
            jobs.push(job);
            wanted.push((what, scheme, format!("JAdES-BASELINE-{suffix}")));
            signed.push((person.chain[0].clone(), jws, matches!(content, Content::Detached { .. })));
        }
    }
    with_jwcrypto(&signed);
    with_jose(&signed);
    let Some(said) = dss::judge(&jobs) else { return };
    for ((what, scheme, format), verdicts) in wanted.into_iter().zip(said) {
        let [verdict] = &verdicts.unwrap()[..] else { panic!("{what} {scheme:?}: one signature") };
        assert_eq!(verdict.indication, "TOTAL_PASSED", "{what} {scheme:?}: {verdict:#?}");
        verdict.passes_as(&format);
        assert_eq!(verdict.errors, [""; 0], "{what} {scheme:?}");
        assert!(verdict.structure.is_empty(), "{what} {scheme:?}: {:?}", verdict.structure);
    }
}

/// Commitment, place, role and media type.
#[test]
fn properties_are_good_header_parameters() {
    let pki = Pki::new();
    let (person, scheme) = (pki.person(KeyType::P256), Scheme::Ecdsa { hash: HashAlgorithm::Sha256 });
    let signatory = Signatory { chain: person.chain.clone(), scheme };
    let values = [
        ("srCms", r#"[{"commId":{"id":"http://uri.etsi.org/01903/v1.2.2#ProofOfOrigin","desc":"origin"}}]"#),
        ("sigPl", r#"{"addressCountry":"PT","addressLocality":"Porto","postalCode":"4000"}"#),
        ("srAts", r#"{"claimed":[{"mediaType":"text/plain","encoding":"utf-8","qVals":["Director","Owner"]}]}"#),
        ("cty", r#""application/json""#),
    ]
    .map(|(name, json)| (name, BASE64.encode(json.as_bytes())));
    let said = jws::read_properties(values.iter().map(|(name, value)| (*name, Some(value.as_str())))).unwrap();
    let hash = digest(scheme.hash(), DOCUMENT);
    let name = name(scheme.hash(), &hash);
    let document = pki.write("document.json", DOCUMENT);
    let (mut jobs, mut signed) = (Vec::new(), Vec::new());
    for content in [
        Content::Attached { document: DOCUMENT, media_type: None },
        Content::Detached { name: &name, digest: &hash, media_type: None },
    ] {
        let protected = jws::prepare(&content, &said, SystemTime::now(), &signatory).unwrap();
        let value = person.sign(scheme, &jws::to_be_signed(&protected, &content));
        let jws = jws::finish(&protected, &content, &signatory, &value, &[]).unwrap();
        let file = pki.write(&format!("{}.json", jobs.len()), &jws);
        jobs.push(Job::new(&file, &pki.root()).detached(&document, &name).without_revocation());
        signed.push((person.chain[0].clone(), jws, matches!(content, Content::Detached { .. })));
    }
    with_jwcrypto(&signed);
    for verdicts in dss::judge(&jobs).into_iter().flatten() {
        let verdict = &verdicts.unwrap()[0];
        verdict.passes_as("JAdES-BASELINE-B");
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
    let document = pki.write("document.json", DOCUMENT);
    let (person, scheme) = (pki.person(KeyType::P384), Scheme::Ecdsa { hash: HashAlgorithm::Sha384 });
    let signatory = Signatory { chain: person.chain.clone(), scheme };
    let hash = digest(scheme.hash(), DOCUMENT);
    let name = name(scheme.hash(), &hash);
    let detached = Content::Detached { name: &name, digest: &hash, media_type: None };
    let (mut jobs, mut forged) = (Vec::new(), Vec::new());
    for content in [Content::Attached { document: DOCUMENT, media_type: None }, detached] {
        let protected = jws::prepare(&content, &jws::Said::default(), SystemTime::now(), &signatory).unwrap();
        let value = person.sign(scheme, &jws::to_be_signed(&protected, &content));
        let stamped = jws::to_be_stamped(&signatory, &value).unwrap();
        let mut additions = level::renewed(&pki, &person, scheme, &stamped, |before| {
            jws::archive_imprint(&protected, &content, DOCUMENT, &signatory, &value, before).unwrap()
        });
        let finish = |additions: &[Addition]| jws::finish(&protected, &content, &signatory, &value, additions).unwrap();
        level::renew_alike(&additions, DOCUMENT, finish);
        let job = |additions: &[Addition], jobs: &mut Vec<Job>| {
            let file = pki.file(&format!("{}-{}", additions.len(), jobs.len()));
            std::fs::write(&file, finish(additions)).unwrap();
            jobs.push(Job::new(&file, &pki.root()).detached(&document, &name));
        };
        job(&additions, &mut jobs);
        // Without what stood before it the last time-stamp is over something else.
        additions.remove(3);
        job(&additions, &mut forged);
    }
    let Some(said) = dss::judge(&jobs) else { return };
    for verdicts in said {
        let verdict = &verdicts.unwrap()[0];
        verdict.passes_as("JAdES-BASELINE-LTA");
        assert_eq!(verdict.timestamps, ["SIGNATURE_TIMESTAMP", "ARCHIVE_TIMESTAMP", "ARCHIVE_TIMESTAMP"]);
        assert!(verdict.errors.is_empty() && verdict.structure.is_empty(), "{verdict:#?}");
    }
    for verdicts in dss::judge(&forged).unwrap() {
        let verdict = &verdicts.unwrap()[0];
        assert_eq!(verdict.bad_timestamps, ["ARCHIVE_TIMESTAMP: FAILED HASH_FAILURE"], "{verdict:#?}");
    }
}

#[test]
fn a_forged_document_or_header_fails() {
    let pki = Pki::new();
    let person = pki.person(KeyType::P256);
    let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
    let hash = digest(scheme.hash(), DOCUMENT);
    let name = name(scheme.hash(), &hash);
    let detached = Content::Detached { name: &name, digest: &hash, media_type: None };
    let file = pki.write("detached.jws", &sign(&pki, &person, scheme, &detached, Level::B));
    let forged = pki.write("forged.json", br#"{"amount": 13, "to": "Ana"}"#);
    let attached = Content::Attached { document: DOCUMENT, media_type: None };
    let jws = String::from_utf8(sign(&pki, &person, scheme, &attached, Level::B)).unwrap();
    let other = jws.replace(&BASE64URL_NOPAD.encode(DOCUMENT), &BASE64URL_NOPAD.encode(b"other"));
    assert_ne!(jws, other);
    let other = pki.write("other.jws", other.as_bytes());
    let jobs = [
        Job::new(&file, &pki.root()).detached(&forged, &name).without_revocation(),
        Job::new(&other, &pki.root()).without_revocation(),
    ];
    for verdicts in dss::judge(&jobs).into_iter().flatten() {
        let verdict = &verdicts.unwrap()[0];
        assert_ne!(verdict.indication, "TOTAL_PASSED", "{verdict:#?}");
    }
}

#[test]
fn a_signature_is_put_beside_others() {
    let pki = Pki::new();
    let (ana, rui) = (pki.person(KeyType::P256), pki.person(KeyType::Rsa2048));
    let ecdsa = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
    let pss = Scheme::Pss { hash: HashAlgorithm::Sha256, salt: 32 };
    let attached = Content::Attached { document: DOCUMENT, media_type: Some("application/json") };
    let compact = sign(&pki, &ana, ecdsa, &attached, Level::B);
    let flattened = sign(&pki, &ana, ecdsa, &attached, Level::T);
    let mut jobs = Vec::new();
    let mut wanted = Vec::new();
    for (name, first, level) in [("compact", &compact, "B"), ("flattened", &flattened, "T")] {
        let signed = Signed::read(first).unwrap();
        let two = sign(&pki, &rui, pss, &Content::Parallel(&signed), Level::T);
        let signed = Signed::read(&two).unwrap();
        let three = sign(&pki, &ana, ecdsa, &Content::Parallel(&signed), Level::B);
        jobs.push(Job::new(&pki.write(&format!("{name}.json"), &three), &pki.root()).without_revocation());
        wanted.push([level, "T", "B"]);
        // The earlier signatures are there as they were.
        let (two, three): (Value, Value) =
            (serde_json::from_slice(&two).unwrap(), serde_json::from_slice(&three).unwrap());
        assert_eq!(two["signatures"].as_array().unwrap()[..], three["signatures"].as_array().unwrap()[..2]);
    }
    let Some(said) = dss::judge(&jobs) else { return };
    for (levels, verdicts) in wanted.into_iter().zip(said) {
        let verdicts = verdicts.unwrap();
        assert_eq!(verdicts.len(), 3);
        for (level, verdict) in levels.into_iter().zip(&verdicts) {
            verdict.passes_as(&format!("JAdES-BASELINE-{level}"));
        }
    }
}

#[test]
fn headers_say_what_the_standard_asks() {
    let pki = Pki::new();
    let hash = digest(HashAlgorithm::Sha512, DOCUMENT);
    let person = pki.person(KeyType::P521);
    let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha512 };
    let detached = Content::Detached { name: "urn:x", digest: &hash, media_type: Some("image/png") };
    let said = header(&sign(&pki, &person, scheme, &detached, Level::B));
    let thumb = BASE64URL_NOPAD.encode(&digest(HashAlgorithm::Sha512, &person.chain[0]));
    assert_eq!(said["alg"], "ES512");
    assert_eq!(said["x5t#o"], json!({"digAlg": "S512", "digVal": thumb}));
    assert_eq!(said["crit"], json!(["x5t#o", "sigD", "b64"]));
    assert_eq!(said["b64"], false);
    assert_eq!(said["sigD"]["hashM"], "S512");
    assert_eq!(said["sigD"]["hashV"], json!([BASE64URL_NOPAD.encode(&hash)]));
    assert_eq!(said["sigD"]["ctys"], json!(["image/png"]));
    assert!(said.get("cty").is_none() && said.get("sigT").is_none());
    assert!(said["iat"].is_u64());
    let chain: Vec<_> = person.chain.iter().map(|one| BASE64.encode(one)).collect();
    assert_eq!(said["x5c"], json!(chain));

    let person = pki.person(KeyType::P256);
    let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
    let attached = Content::Attached { document: DOCUMENT, media_type: Some("application/json") };
    let said = header(&sign(&pki, &person, scheme, &attached, Level::B));
    assert_eq!(said["cty"], "json");
    assert_eq!(said["x5t#S256"], BASE64URL_NOPAD.encode(&digest(HashAlgorithm::Sha256, &person.chain[0])));
    assert!(said.get("crit").is_none() && said.get("b64").is_none());
}

const JWCRYPTO: &str = r#"
import base64, json, sys
from jwcrypto import jwk, jws
from jwcrypto.jws import JWSHeaderRegistry
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwcrypto.common import JWSEHeaderParameter

# What JAdES adds to JWS: jwcrypto refuses what `crit` names and nobody registered.
ours = {name: JWSEHeaderParameter(name, True, True, None) for name in ["sigD", "x5t#o", "srCms", "sigPl", "srAts"]}
for one in json.load(sys.stdin):
    certificate = x509.load_der_x509_certificate(base64.b64decode(one["certificate"]))
    key = jwk.JWK.from_pem(certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    signed = jws.JWS(header_registry=ours)
    signed.allowed_algs = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
    signed.deserialize(one["jws"])
    signed.verify(key, detached_payload=b"" if one["detached"] else None)
    assert signed.is_valid
    print("ok")
"#;

/// jwcrypto verifies all of them: certificate, JWS, time-stamped, detached.
fn with_jwcrypto(signed: &[(Vec<u8>, Vec<u8>, bool)]) {
    let Some(python) = python("jwcrypto") else { return };
    let jobs: Vec<_> = signed
        .iter()
        .map(|(certificate, jws, detached)| {
            json!({ "certificate": BASE64.encode(certificate), "jws": std::str::from_utf8(jws).unwrap(), "detached": detached })
        })
        .collect();
    let said = run(&python, JWCRYPTO, &serde_json::to_vec(&jobs).unwrap());
    assert_eq!(said.lines().count(), signed.len());
}

/// jose verifies all of them, too, and finds a forged one.
fn with_jose(signed: &[(Vec<u8>, Vec<u8>, bool)]) {
    let Some(node) = demanded("RSIGN_NODE", "target/browser/node", "jose, a JWS library of JavaScript") else { return };
    let pem = |der: &[u8]| format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(der));
    let job = |(certificate, jws, detached): &(Vec<u8>, Vec<u8>, bool)| {
        let jws = std::str::from_utf8(jws).unwrap();
        json!({ "certificates": [pem(certificate)], "jws": jws, "detached": detached })
    };
    let said = |jobs: &[Value]| {
        let script = repository("tests/browser/jose-verdict.mjs");
        output(Command::new(&node).arg(script), &serde_json::to_vec(jobs).unwrap())
    };
    let mut jobs: Vec<_> = signed.iter().map(job).collect();
    assert_eq!(said(&jobs).unwrap().trim(), signed.len().to_string());
    jobs[0]["jws"] = jobs[0]["jws"].as_str().unwrap().replace(&BASE64URL_NOPAD.encode(DOCUMENT), "e30").into();
    assert!(said(&jobs).unwrap_err().contains("signature verification failed"));
}

/// The tests' Python, if it has this module.
pub(crate) fn python(module: &str) -> Option<PathBuf> {
    let python = demanded("RSIGN_PYTHON", "target/venv/bin/python", module)?;
    if !Command::new(&python).args(["-c", &format!("import {module}")]).output().unwrap().status.success() {
        skip(module, &format!("{} does not have it", python.display()));
        return None;
    }
    Some(python)
}

/// What a Python program says to this input.
pub(crate) fn run(python: &PathBuf, program: &str, input: &[u8]) -> String {
    output(Command::new(python).args(["-c", program]), input).unwrap()
}

/// What a program says to this input, or what it complains of.
fn output(program: &mut Command, input: &[u8]) -> Result<String, String> {
    let mut running = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(input).unwrap();
    let said = running.wait_with_output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    if said.status.success() { Ok(text(&said.stdout)) } else { Err(text(&said.stderr)) }
}
