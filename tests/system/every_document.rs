//! Every format, envelope and level that signDoc offers, with every kind of key, in one table: what comes out is judged by
//! every tool that knows the format. The README has the table with its counts.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use data_encoding::BASE64;
use harness::verify::Sha;
use harness::{Algorithm, Hash, Wanted, paper, repository, shared};
use rsign_ades::pdf::{self, Kind, Limits, Request, Update};
use serde_json::{Value, json};

use crate::common::Outsider;
use crate::judges::{self, Made};
use crate::sign_doc::{entry_of, objects, sign_doc};
use crate::sign_doc_text::name;

/// What the service is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    /// The document.
    Document,
    /// Its digest alone.
    Digest,
    /// A document that has a signature.
    Signed,
}

/// One way to sign a document: its row.
#[derive(Debug)]
struct Way {
    format: &'static str,
    envelope: &'static str,
    given: Given,
    levels: &'static [&'static str],
}

const ALL: &[&str] = &["B-B", "B-T", "B-LT", "B-LTA"];
/// What lasts stands in the PDF, and the last time-stamp of JSON and XML is over the document: neither is there.
const PDF_DIGEST: &[&str] = &["B-B", "B-T"];
const TEXT_DIGEST: &[&str] = &["B-B", "B-T", "B-LT"];

const fn way(format: &'static str, envelope: &'static str, given: Given, levels: &'static [&'static str]) -> Way {
    Way { format, envelope, given, levels }
}

const WAYS: [Way; 15] = [
    way("C", "Attached", Given::Document, ALL),
    way("C", "Detached", Given::Document, ALL),
    way("C", "Detached", Given::Digest, ALL),
    way("C", "Parallel", Given::Signed, ALL),
    way("P", "Certification", Given::Document, ALL),
    way("P", "Revision", Given::Document, ALL),
    way("P", "Revision", Given::Digest, PDF_DIGEST),
    way("X", "Enveloped", Given::Document, ALL),
    way("X", "Enveloping", Given::Document, ALL),
    way("X", "Detached", Given::Document, ALL),
    way("X", "Detached", Given::Digest, TEXT_DIGEST),
    way("J", "Attached", Given::Document, ALL),
    way("J", "Detached", Given::Document, ALL),
    way("J", "Detached", Given::Digest, TEXT_DIGEST),
    way("J", "Parallel", Given::Signed, ALL),
];

fn keys() -> [(&'static str, Algorithm); 6] {
    [
        ("RSA-2048", Algorithm::pkcs1(Sha::Sha256)),
        ("RSA-2048", Algorithm::pss(Sha::Sha256, 32)),
        ("RSA-3072", Algorithm::pkcs1(Sha::Sha512)),
        ("P-256", Algorithm::ecdsa(Sha::Sha256)),
        ("P-384", Algorithm::ecdsa(Sha::Sha384)),
        ("P-521", Algorithm::ecdsa(Sha::Sha512)),
    ]
}

/// A document of the format; the number makes each another.
fn document(format: &str, number: usize) -> Vec<u8> {
    match format {
        "P" => [paper::pdf(&[0]), format!("%{number}\n").into_bytes()].concat(),
        "X" => format!("<order n='{number}'>12 \u{20ac}</order>\r\n").into_bytes(),
        "J" => format!("{{\"order\": {number}}}").into_bytes(),
        _ => format!("order {number}\r\n\u{0}\n").into_bytes(),
    }
}

/// Approves a hash and has what it is of signed; the only result.
async fn signed(who: &Outsider, algorithm: &Algorithm, way: &Way, level: &str, hash: Hash, document: &[u8]) -> Vec<u8> {
    let given = match way.given {
        Given::Digest => json!({ "hashes": [hash.base64()] }),
        _ => json!({ "document": BASE64.encode(document) }),
    };
    let mut entry = entry_of(way.format, algorithm, &format!("AdES-{level}"), given);
    entry["signed_envelope_property"] = way.envelope.into();
    let (asked, said) = match (way.given, way.envelope) {
        (Given::Digest, _) => ("documentDigests", "SignatureObject"),
        (_, "Detached") => ("documents", "SignatureObject"),
        _ => ("documents", "DocumentWithSignature"),
    };
    let sad = who.session.authorize(&who.credential, &[hash]).await;
    let answer = sign_doc(who, &sad, json!({ asked: [entry] })).await.ok();
    let [object] = &objects(&answer, said)[..] else { panic!("not one {said} in {answer}") };
    object.clone()
}

/// One cell's signature.
async fn made(who: &Outsider, algorithm: &Algorithm, way: &Way, level: &str, number: usize) -> Made {
    let hash = |octets: &[u8]| Hash::with(algorithm.sha, octets);
    let original = document(way.format, number);
    let mut levels = vec![level.to_owned()];
    let octets = match way.given {
        Given::Document => signed(who, algorithm, way, level, hash(&original), &original).await,
        Given::Digest if way.format == "P" => {
            let update = ranged(&original);
            let digest = update.digests(&original, judges::function(algorithm)).byte_range;
            let approved = Hash { message: Vec::new(), digest };
            let cms = signed(who, algorithm, way, level, approved, &original).await;
            [original.as_slice(), &update.fill(&cms).unwrap()].concat()
        }
        Given::Digest => signed(who, algorithm, way, level, hash(&original), &original).await,
        Given::Signed => {
            let first = way_to_the_first(way.format);
            let there = signed(who, algorithm, first, "B-B", hash(&original), &original).await;
            levels.insert(0, "B-B".to_owned());
            signed(who, algorithm, way, level, hash(&there), &there).await
        }
    };
    Made {
        format: way.format,
        outside: way.envelope == "Detached",
        name: name(algorithm, std::str::from_utf8(&original).unwrap_or_default()),
        signer: who.session.certificate(&who.credential).await,
        original,
        octets,
        levels,
    }
}

fn way_to_the_first(format: &str) -> &'static Way {
    WAYS.iter().find(|way| way.format == format && way.envelope == "Attached").unwrap()
}

/// The update of a PDF that a client makes by itself.
fn ranged(original: &[u8]) -> Update {
    pdf::prepare(original, &Request::new(Kind::Revision, SystemTime::now()), &Limits::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_format_envelope_level_and_key_passes_every_judge() {
    let mut tasks = Vec::new();
    for (at, (key, algorithm)) in keys().into_iter().enumerate() {
        tasks.push(tokio::spawn(async move {
            let who = Outsider::enrol(&format!("every-document-{at}"), Wanted { key, ..Wanted::QUICK }).await;
            let mut cells = Vec::new();
            for (row, way) in WAYS.iter().enumerate() {
                for level in way.levels {
                    let number = 1000 * at + cells.len();
                    cells.push(((row, *level), made(&who, &algorithm, way, level, number).await));
                }
            }
            cells
        }));
    }
    let mut cells = Vec::new();
    for task in tasks {
        cells.extend(task.await.unwrap());
    }
    let mut counts: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for (cell, _) in &cells {
        *counts.entry(*cell).or_default() += 1;
    }
    let all: Vec<Made> = cells.into_iter().map(|(_, made)| made).collect();
    let folder = repository("target/pdf-test/every-document");
    std::fs::create_dir_all(&folder).unwrap();
    let verdicts = judges::all(&folder, Path::new(&shared().ready.signing_ca), &all);
    // Where a judge was missing, which is said loudly, there is nothing to compare.
    if verdicts.values().flatten().all(|(_, judged)| *judged > 0) {
        compare(&table(&counts, &verdicts));
    }
}

/// The README's rows.
fn table(
    counts: &BTreeMap<(usize, &str), usize>,
    judged: &BTreeMap<&'static str, Vec<(&'static str, usize)>>,
) -> String {
    let mut text = String::from(
        "| format | envelope | from | B-B | B-T | B-LT | B-LTA | judged by |\n|---|---|---|---|---|---|---|---|\n",
    );
    let mut before = "";
    for (row, way) in WAYS.iter().enumerate() {
        let count = |level: &&str| counts.get(&(row, *level)).map(ToString::to_string).unwrap_or_default();
        let from = match way.given {
            Given::Document => "document",
            Given::Digest => "digest",
            Given::Signed => "signed document",
        };
        let cells: Vec<String> = ALL.iter().map(count).collect();
        let format = match way.format {
            "C" => "CAdES",
            "P" => "PAdES",
            "X" => "XAdES",
            _ => "JAdES",
        };
        let tools = judged.get(way.format).into_iter().flatten().map(|(tool, count)| format!("{tool} {count}"));
        let tools = if before == way.format { String::new() } else { tools.collect::<Vec<_>>().join(", ") };
        before = way.format;
        text += &format!("| {format} | {} | {from} | {} | {tools} |\n", way.envelope, cells.join(" | "));
    }
    text
}

/// That the README says so.
fn compare(table: &str) {
    let readme = std::fs::read_to_string(repository("README.md")).unwrap();
    assert!(readme.contains(table), "README.md should have this table:\n{table}");
}

/// So that nobody wonders which of the offered ways are not in the table.
#[tokio::test]
async fn the_table_has_all_that_is_offered() {
    let info = shared().api().post("/csc/v2/info", &[], "{}").await.ok();
    let formats = info["signature_formats"]["formats"].as_array().unwrap();
    for (format, envelopes) in formats.iter().zip(info["signature_formats"]["envelope_properties"].as_array().unwrap())
    {
        for envelope in envelopes.as_array().unwrap() {
            assert!(WAYS.iter().any(|way| way.format == format && way.envelope == envelope), "{format} {envelope}");
        }
    }
    let offered: Vec<&Value> = info["conformance_levels"].as_array().unwrap().iter().collect();
    assert!(ALL.iter().all(|level| offered.iter().any(|one| **one == format!("AdES-{level}"))), "{offered:?}");
}
