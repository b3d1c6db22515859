//! Documents of long ago are read, judged and renewed in helper processes, whatever their format; and whatever one does to its
//! helper is a clean no.

use std::time::{Duration, Instant};

use rsign_ades::evidence::Subject;
use rsign_ades::evidence::testing::{NOW, authority, stamping_certificate};
use rsign_ades::{Envelope, Format};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::bytes::Bytes;
use rsign_api::octets::Octets;
use rsign_api::parts::joined;
use rsign_api::signer::{
    ArchiveStamp, CompleteSignature, CompletedSignature, EvidenceOctets, KnownDocument, Refusal, RenewDocument,
    RenewedDocument,
};
use rsign_signer::foreign::process::Helpers;
use rsign_signer::foreign::{Fault, Foreign as _};

use super::completion::{Scene, helpers, here, over};

const TEXT: &[u8] = b"what is to last";

/// Signed at this level; the document of a detached signature stays outside.
async fn signed(format: Format, envelope: Envelope, document: &[u8], lasting: bool) -> Vec<u8> {
    let (scene, helpers) = (Scene::set(), helpers());
    let length = Some(document.len() as u64);
    let subject = match format {
        Format::Cades => {
            let digest = rsign_ades::digest(HashAlgorithm::Sha256, document);
            KnownDocument::Elsewhere { length, digest: Some(Bytes(digest)) }
        }
        _ => here(document),
    };
    let asked = scene.asked(format, envelope, document, subject);
    let archive = match lasting {
        true => match helpers.complete("app", &asked, NOW).await.unwrap() {
            CompletedSignature::Imprint(imprint) => Some(ArchiveStamp::Token(over(&imprint))),
            CompletedSignature::Parts(_) => panic!("no imprint"),
        },
        false => None,
    };
    let asked = CompleteSignature { archive, ..asked };
    let CompletedSignature::Parts(parts) = helpers.complete("app", &asked, NOW).await.unwrap() else {
        panic!("no parts")
    };
    joined(parts, Some(&Octets::from(document))).unwrap().whole(usize::MAX).unwrap().into_owned()
}

fn look(document: &[u8]) -> RenewDocument {
    RenewDocument { document: document.into(), content: None, evidence: Vec::new(), stamps: Vec::new(), client: None }
}

/// The time-stamping authority of the tests vouches for itself.
fn evidence() -> EvidenceOctets {
    EvidenceOctets { certificates: vec![Bytes(stamping_certificate())], ..EvidenceOctets::default() }
}

async fn renewed(asked: &RenewDocument) -> RenewedDocument {
    helpers().renew("app", asked, NOW).await.unwrap()
}

async fn refused(asked: &RenewDocument) -> (Refusal, String) {
    match helpers().renew("app", asked, NOW).await {
        Err(Fault::Refused(refusal, why)) => (refusal, why),
        Err(Fault::Unfit(_, why)) => (Refusal::Document, why),
        other => panic!("{other:?}"),
    }
}

/// Every format, and whether its document is outside.
fn ways(pdf: &[u8]) -> [(Format, Envelope, &[u8], bool); 7] {
    [
        (Format::Cades, Envelope::Attached, TEXT, false),
        (Format::Cades, Envelope::Detached, TEXT, true),
        (Format::Jades, Envelope::Attached, TEXT, false),
        (Format::Jades, Envelope::Detached, TEXT, true),
        (Format::Xades, Envelope::Enveloped, b"<a b=\"1\"/>\n", false),
        (Format::Xades, Envelope::Enveloping, TEXT, false),
        (Format::Pades, Envelope::Revision, pdf, false),
    ]
}

#[tokio::test]
async fn every_format_is_renewed_by_the_same_three_steps() {
    let pdf = super::foreign::pdf();
    for (format, envelope, document, outside) in ways(&pdf) {
        let mut file = signed(format, envelope, document, true).await;
        for _ in 0..2 {
            let mut asked = look(&file);
            let RenewedDocument::Stamped { stamps, detached } = renewed(&asked).await else { panic!("{format:?}") };
            assert_eq!((stamps.len(), detached), (1, outside), "{format:?} {envelope:?}");
            assert_eq!(stamps[0].certificates, [Bytes(stamping_certificate())]);
            assert_eq!(stamps[0].until, Subject::read(&stamping_certificate()).unwrap().not_after());
            asked.evidence.push(evidence());
            if outside {
                assert!(refused(&asked).await.1.contains("what it signs is not beside it"));
                asked.content = Some(b"another".as_slice().into());
                assert!(refused(&asked).await.1.contains("over something else"));
                asked.content = Some(document.into());
            }
            let RenewedDocument::Imprints(imprints) = renewed(&asked).await else { panic!("{format:?}") };
            asked.stamps.push(over(&imprints[0].hash));
            let RenewedDocument::Parts(parts) = renewed(&asked).await else { panic!("{format:?}") };
            let longer = joined(parts, Some(&asked.document)).unwrap().whole(usize::MAX).unwrap().into_owned();
            assert!(longer.len() > file.len() && longer.starts_with(&file) == (format == Format::Pades));
            file = longer;
        }
    }
}

#[tokio::test]
async fn what_is_not_signed_is_told_from_what_does_not_last() {
    let pdf = super::foreign::pdf();
    for (format, envelope, document, _) in ways(&pdf) {
        let file = signed(format, envelope, document, false).await;
        assert_eq!(renewed(&look(&file)).await, RenewedDocument::Unstamped, "{format:?} {envelope:?}");
    }
    for nobody in [&pdf[..], b"<feed/>", b"{\"a\": 1}", b"[1]", b" 7"] {
        assert_eq!(renewed(&look(nobody)).await, RenewedDocument::Unsigned, "{}", String::from_utf8_lossy(nobody));
    }
    assert_eq!(renewed(&look(b"e30.e30.AQID")).await, RenewedDocument::Unstamped);
}

#[tokio::test]
async fn what_is_brought_is_judged_for_every_format() {
    let (pdf, other) = (super::foreign::pdf(), authority("other"));
    for (format, envelope, document, outside) in ways(&pdf) {
        let file = signed(format, envelope, document, true).await;
        let mut good = look(&file);
        good.content = outside.then(|| document.into());
        good.evidence.push(evidence());
        let RenewedDocument::Imprints(imprints) = renewed(&good).await else { panic!("{format:?}") };
        // Evidence that shows nothing, or something of others.
        let with = |certificates: Vec<Vec<u8>>, crls: Vec<Vec<u8>>| {
            let bytes = |all: Vec<Vec<u8>>| all.into_iter().map(Bytes).collect();
            let evidence = EvidenceOctets { certificates: bytes(certificates), crls: bytes(crls), ocsp: Vec::new() };
            RenewDocument { evidence: vec![evidence], ..good.clone() }
        };
        let own = stamping_certificate();
        for asked in [
            with(Vec::new(), Vec::new()),
            with(vec![other.subject.der.clone()], Vec::new()),
            with(vec![own.clone(), b"rubbish".to_vec()], Vec::new()),
            with(vec![own.clone()], vec![other.crl((20, 20), &[])]),
            with(vec![own.clone(), other.certify(7).der, other.subject.der.clone()], Vec::new()),
        ] {
            assert_eq!(refused(&asked).await.0, Refusal::Evidence, "{format:?} {envelope:?}");
        }
        // A token over something else, or none.
        for token in [over(&[1; 32]), Bytes(b"rubbish".to_vec())] {
            let asked = RenewDocument { stamps: vec![token], ..good.clone() };
            assert_eq!(refused(&asked).await.0, Refusal::Evidence, "{format:?} {envelope:?}");
        }
        for asked in [
            RenewDocument { evidence: vec![evidence(), evidence()], ..good.clone() },
            RenewDocument { stamps: vec![over(&imprints[0].hash), over(&imprints[0].hash)], ..good.clone() },
        ] {
            assert_eq!(refused(&asked).await.0, Refusal::Malformed, "{format:?} {envelope:?}");
        }
        // One octet of what was signed is another.
        if !outside {
            let mut spoilt = file.clone();
            let mark: &[u8] = match format {
                Format::Pades => b"%PDF-1.7",
                Format::Xades if envelope == Envelope::Enveloped => b"<a b=\"1",
                Format::Cades => TEXT,
                _ => b"d2hhdCBpcyB0byBsYXN",
            };
            let at = spoilt.windows(mark.len()).position(|window| window == mark).unwrap() + mark.len() - 1;
            spoilt[at] = spoilt[at].wrapping_add(1);
            let (refusal, why) = refused(&RenewDocument { document: spoilt.into(), ..good.clone() }).await;
            let said = "its newest archive time-stamp is over something else than what is there";
            assert_eq!((refusal, why.as_str()), (Refusal::Document, said), "{format:?} {envelope:?}");
        }
    }
}

/// Deep, wide, long, lying: each is refused, in time.
#[tokio::test]
async fn hostile_documents_are_refused() {
    let deep = |open: &str, close: &str, times: usize| [open.repeat(times), close.repeat(times)].concat().into_bytes();
    let laughs = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><a>&b;</a>";
    let tags: String = (0..20_000).map(|at| format!("<a xmlns:n{at}='u'>")).collect();
    let signatures =
        format!(r#"{{"payload":"aA","signatures":[{}]}}"#, vec![r#"{"signature":"AQ"}"#; 100_000].join(","));
    let pdf = String::from_utf8(super::foreign::pdf()).unwrap();
    let nested = pdf.replace("/MediaBox [0 0 200 200]", &format!("/X {}{}", "[".repeat(40_000), "]".repeat(40_000)));
    for document in [
        b"no document".to_vec(),
        b"%PDF-1.7 but not really".to_vec(),
        nested.into_bytes(),
        deep("<a>", "</a>", 1_000_000),
        laughs.as_bytes().to_vec(),
        tags.into_bytes(),
        deep(r#"{"a":"#, "", 1_000_000),
        deep(r#"{"payload":"#, "}", 1_000_000),
        signatures.into_bytes(),
        [b"\x30\x80".repeat(1_000_000), b"\0\0".repeat(1_000_000)].concat(),
        [b"\x30\x84\xff\xff\xff\xff".to_vec(), vec![0; 1000]].concat(),
    ] {
        let began = Instant::now();
        let heard = helpers().renew("app", &look(&document), NOW).await;
        let start = String::from_utf8_lossy(&document[..9]).into_owned();
        let Err(Fault::Unfit(_, why)) = heard else { panic!("{start}: {heard:?}") };
        assert!(!why.is_empty() && began.elapsed() < Duration::from_secs(30), "{why}");
    }
}

/// A helper that a document took over may say anything; what was not asked is not believed.
#[tokio::test]
async fn a_helper_that_answers_another_question_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    // Answers are told by their numbers: what a document is (5), and of those that nobody signed it (0), or what it becomes (5).
    for (frame, asked, expected) in [
        (r"\000\000\000\002\005\000", look(b"x"), true),
        (r"\000\000\000\002\005\000", RenewDocument { evidence: vec![evidence()], ..look(b"x") }, false),
        (r"\000\000\000\003\005\005\000", look(b"x"), false),
        (r"\000\000\000\003\005\002\000", look(b"x"), false),
        (r"\000\000\000\004\005\003\000\000", look(b"x"), false),
    ] {
        let script = super::foreign::script(folder.path(), &format!("printf '{frame}' >&0; exec cat > /dev/null"));
        let heard = Helpers::new(script, 1).renew("app", &asked, NOW).await;
        assert_eq!(heard.is_ok(), expected, "{frame}: {heard:?}");
    }
}
