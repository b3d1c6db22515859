//! Signatures are completed in helper processes: what goes in is judged there, and whatever a document does to its helper is a
//! clean no.

use std::time::{Duration, Instant, UNIX_EPOCH};

use rsign_ades::evidence::testing::{
    Authority, Making, Manner, NOW, RIGHT, authority, stamp, stamping_certificate, token,
};
use rsign_ades::{Envelope, Format, Signatory, cms, digest, jws, pdf, xml};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::octets::Octets;
use rsign_api::parts::joined;
use rsign_api::signer::{
    ArchiveStamp, CompleteSignature, CompletedSignature, EvidenceOctets, KnownDocument, Refusal, SignedDocument,
};
use rsign_api::timestamp::{Query, token as granted};
use rsign_signer::foreign::process::Helpers;
use rsign_signer::foreign::{Fault, Foreign as _};

use der::Encode as _;

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;
const SCHEME: Scheme = Scheme::Pkcs1 { hash: SHA256 };
const XML: &[u8] = b"<a b=\"1\"/>\n";
const JWS: &[u8] = br#"{"payload":"aGVsbG8","signatures":[{"signature":"AQ"}]}"#;
const VALUE: [u8; 256] = [7; 256];

pub(super) fn helpers() -> Helpers {
    Helpers::new(env!("CARGO_BIN_EXE_rsign-signer").into(), 2)
}

/// A token that is over this hash.
pub(super) fn over(hash: &[u8]) -> Bytes {
    let query = Query::new(SHA256, hash, &[7]).unwrap();
    Bytes(granted(&stamp(&query.to_der().unwrap(), Manner::Right, NOW), &query).unwrap())
}

/// Somebody's signature, as it is when it is asked for.
pub(super) struct Scene {
    pub(super) root: Authority,
    chain: Vec<Vec<u8>>,
}

impl Scene {
    pub(super) fn set() -> Self {
        let root = authority("root");
        let chain = vec![root.certify(7).der, root.subject.der.clone()];
        Self { root, chain }
    }

    fn prepared(&self, format: Format, envelope: Envelope, document: &[u8]) -> Vec<u8> {
        let signatory = Signatory { chain: self.chain.clone(), scheme: SCHEME };
        let hash = digest(SHA256, document);
        match (format, envelope) {
            (Format::Cades, _) => {
                let wanted =
                    cms::Wanted { content_type: cms::DATA, digest: &hash, signing_time: None, properties: &[] };
                cms::prepare(&wanted, &signatory).unwrap()
            }
            (Format::Pades, _) => {
                let said = pdf::read_properties([]).unwrap();
                let request = said.request(envelope, UNIX_EPOCH, 16 << 10).unwrap();
                let update = pdf::prepare(document, &request, &pdf::Limits::default()).unwrap();
                let digest = &update.digests(document, SHA256).byte_range;
                let wanted = cms::Wanted { content_type: cms::DATA, digest, signing_time: None, properties: &[] };
                let attributes = cms::prepare(&wanted, &signatory).unwrap();
                pdf::Prepared { attributes, update }.to_octets()
            }
            (Format::Jades, _) => {
                let content = jws::Content::Detached { name: "x", digest: &hash, media_type: None };
                jws::prepare(&content, &jws::Said::default(), UNIX_EPOCH, &signatory).unwrap().into_bytes()
            }
            (_, Envelope::Enveloped) => {
                let read = xml::Document::read(XML).unwrap();
                let element = xml::prepare(
                    &xml::Content::Enveloped { digest: &hash },
                    &xml::Said::default(),
                    UNIX_EPOCH,
                    &signatory,
                );
                xml::stored(read.spot(), &element.unwrap()).into_bytes()
            }
            _ => {
                let content = xml::Content::Enveloping { digest: &hash, media_type: "a/b" };
                xml::prepare(&content, &xml::Said::default(), UNIX_EPOCH, &signatory).unwrap().into_bytes()
            }
        }
    }

    pub(super) fn evidence(&self) -> EvidenceOctets {
        let certificates = self.chain.iter().cloned().chain([stamping_certificate()]).map(Bytes).collect();
        EvidenceOctets { certificates, crls: vec![Bytes(self.root.crl((20, 20), &[]))], ocsp: Vec::new() }
    }

    /// At B-LTA, as far as a time-stamp is still wanted.
    pub(super) fn asked(
        &self,
        format: Format,
        envelope: Envelope,
        document: &[u8],
        subject: KnownDocument,
    ) -> CompleteSignature {
        let prepared = self.prepared(format, envelope, document);
        let signatory = Signatory { chain: self.chain.clone(), scheme: SCHEME };
        let stamped = match format {
            Format::Jades => jws::to_be_stamped(&signatory, &VALUE).unwrap(),
            Format::Xades => {
                let text = std::str::from_utf8(&prepared).unwrap();
                xml::to_be_stamped(xml::restored(text).unwrap().1, &signatory, &VALUE).unwrap()
            }
            _ => VALUE.to_vec(),
        };
        CompleteSignature {
            format,
            envelope,
            scheme: SCHEME,
            chain: self.chain.iter().cloned().map(Bytes).collect(),
            signed: SignedDocument { signature: Bytes(VALUE.to_vec()), prepared: Bytes(prepared) },
            subject,
            stamp: Some(over(&digest(SHA256, &stamped))),
            evidence: Some(self.evidence()),
            archive: Some(ArchiveStamp::Wanted),
            client: None,
        }
    }
}

pub(super) fn here(document: &[u8]) -> KnownDocument {
    KnownDocument::Document(document.into())
}

/// The refusal.
async fn refused(helpers: &Helpers, asked: &CompleteSignature) -> Refusal {
    match helpers.complete("app", asked, NOW).await {
        Err(Fault::Refused(refusal, _)) => refusal,
        Err(Fault::Unfit(reason, _)) => reason.refusal(),
        other => panic!("{other:?}"),
    }
}

/// How long it becomes.
async fn length(helpers: &Helpers, asked: &CompleteSignature, document: &[u8]) -> u64 {
    let CompletedSignature::Parts(parts) = helpers.complete("app", asked, NOW).await.unwrap() else {
        panic!("no parts")
    };
    joined(parts, Some(&Octets::from(document))).unwrap().len()
}

#[tokio::test]
async fn every_format_gets_what_its_level_adds() {
    let (scene, helpers) = (Scene::set(), helpers());
    // What a signature goes beside.
    let one = scene.asked(Format::Cades, Envelope::Attached, b"hello", here(b"hello"));
    let one = CompleteSignature {
        subject: KnownDocument::Elsewhere { length: Some(5), digest: None },
        stamp: None,
        evidence: None,
        archive: None,
        ..one
    };
    let CompletedSignature::Parts(parts) = helpers.complete("app", &one, NOW).await.unwrap() else {
        panic!("no parts")
    };
    let cms = joined(parts, Some(&Octets::from(&b"hello"[..]))).unwrap().whole(usize::MAX).unwrap().into_owned();
    let (hash, pdf) = (Some(Bytes(digest(SHA256, b"hello"))), super::foreign::pdf());
    for (format, envelope, document, subject) in [
        (
            Format::Cades,
            Envelope::Attached,
            &b"hello"[..],
            KnownDocument::Elsewhere { length: Some(5), digest: hash.clone() },
        ),
        (Format::Cades, Envelope::Detached, b"hello", KnownDocument::Elsewhere { length: None, digest: hash }),
        (Format::Cades, Envelope::Parallel, &cms, here(&cms)),
        (Format::Jades, Envelope::Attached, b"hello", here(b"hello")),
        (Format::Jades, Envelope::Detached, b"hello", here(b"hello")),
        (Format::Jades, Envelope::Parallel, JWS, here(JWS)),
        (Format::Xades, Envelope::Enveloped, XML, here(XML)),
        (Format::Xades, Envelope::Enveloping, b"hello", here(b"hello")),
        (Format::Pades, Envelope::Certification, &pdf, here(&pdf)),
    ] {
        let asked = scene.asked(format, envelope, document, subject);
        let plain = length(&helpers, &CompleteSignature { archive: None, ..asked.clone() }, document).await;
        let CompletedSignature::Imprint(imprint) = helpers.complete("app", &asked, NOW).await.unwrap() else {
            panic!("no imprint")
        };
        let archive = Some(ArchiveStamp::Token(over(&imprint)));
        let asked = CompleteSignature { archive, ..asked };
        let lasting = length(&helpers, &asked, document).await;
        assert!(lasting > plain + imprint.len() as u64, "{format:?} {envelope:?}");
        // A token over anything else is not taken, nor one of who may not stamp.
        let info = b"no TSTInfo";
        let spoilt = token(info, &Making { spoilt: true, ..RIGHT });
        for other in [over(&[1; 32]), Bytes(token(info, &RIGHT)), Bytes(spoilt), Bytes(b"rubbish".to_vec())] {
            let archive = Some(ArchiveStamp::Token(other));
            let asked = CompleteSignature { archive, ..asked.clone() };
            assert_eq!(refused(&helpers, &asked).await, Refusal::Evidence, "{format:?} {envelope:?}");
        }
    }
}

/// EN 319 142-1, 5.4 and 5.5: a security store, and a document time-stamp behind it.
#[tokio::test]
async fn a_pdf_gets_what_its_level_adds() {
    let (scene, helpers, document) = (Scene::set(), helpers(), super::foreign::pdf());
    let asked = scene.asked(Format::Pades, Envelope::Revision, &document, here(&document));
    let octets = async |asked: &CompleteSignature| {
        let CompletedSignature::Parts(parts) = helpers.complete("app", asked, NOW).await.unwrap() else {
            panic!("no parts")
        };
        joined(parts, Some(&Octets::from(document.clone()))).unwrap().whole(usize::MAX).unwrap().into_owned()
    };
    // At B-T its length is all that is known of it; of a digest not even that, and the CMS stands by itself.
    let elsewhere = |length| KnownDocument::Elsewhere { length, digest: None };
    let length = Some(document.len() as u64);
    let plain = CompleteSignature { evidence: None, archive: None, ..asked.clone() };
    let stamped = octets(&CompleteSignature { subject: elsewhere(length), ..plain.clone() }).await;
    assert!(stamped.starts_with(&document) && octets(&plain).await == stamped);
    assert_eq!(pdf::newest(&stamped, &pdf::Limits::default()), Ok(pdf::Newest::Signature));
    let lasting = octets(&CompleteSignature { archive: None, ..asked.clone() }).await;
    let store = String::from_utf8_lossy(lasting.strip_prefix(&*stamped).unwrap()).into_owned();
    assert!(store.contains("/Type /DSS /Certs [") && store.contains("/CRLs ["), "{store}");
    let CompletedSignature::Imprint(imprint) = helpers.complete("app", &asked, NOW).await.unwrap() else {
        panic!("no imprint")
    };
    let token = over(&imprint);
    let asked = CompleteSignature { archive: Some(ArchiveStamp::Token(token.clone())), ..asked };
    let archived = octets(&asked).await;
    assert!(archived.starts_with(&lasting));
    assert_eq!(pdf::newest(&archived, &pdf::Limits::default()), Ok(pdf::Newest::TimeStamp(token.0)), "it is over it");
    for document in [&b"no PDF"[..], b"%PDF-1.7 but not really"] {
        assert_eq!(
            refused(&helpers, &CompleteSignature { subject: here(document), ..asked.clone() }).await,
            Refusal::Document
        );
    }
    let unknown = CompleteSignature { subject: elsewhere(length), ..asked.clone() };
    assert_eq!(refused(&helpers, &unknown).await, Refusal::Malformed);
    let hash = digest(SHA256, b"a /ByteRange");
    let wanted = cms::Wanted { content_type: cms::DATA, digest: &hash, signing_time: None, properties: &[] };
    let signatory = Signatory { chain: scene.chain.clone(), scheme: SCHEME };
    let prepared = Bytes(cms::prepare(&wanted, &signatory).unwrap());
    let signed = SignedDocument { prepared, ..asked.signed.clone() };
    let alone = CompleteSignature { signed, subject: elsewhere(None), archive: None, ..asked };
    let CompletedSignature::Parts(parts) = helpers.complete("app", &alone, NOW).await.unwrap() else {
        panic!("no parts")
    };
    let cms = joined(parts, None).unwrap().whole(usize::MAX).unwrap().into_owned();
    let mut found = cms::token_certificates(&cms).unwrap();
    found.sort_by_key(|der| scene.chain.iter().position(|one| one == der));
    assert_eq!(found, scene.chain, "the store is for who has the document");
}

#[tokio::test]
async fn what_is_added_is_judged_first() {
    let (scene, document) = (Scene::set(), super::foreign::pdf());
    judged(&scene, &scene.asked(Format::Pades, Envelope::Revision, &document, here(&document))).await;
    let good = scene.asked(Format::Xades, Envelope::Enveloped, XML, here(XML));
    judged(&scene, &good).await;
    let helpers = helpers();
    for asked in [
        CompleteSignature { evidence: None, ..good.clone() },
        CompleteSignature { stamp: None, ..good.clone() },
        CompleteSignature { subject: KnownDocument::Elsewhere { length: None, digest: None }, ..good.clone() },
        CompleteSignature {
            signed: SignedDocument { signature: Bytes(VALUE.to_vec()), prepared: Bytes(b"\xff".to_vec()) },
            ..good.clone()
        },
    ] {
        assert!(matches!(refused(&helpers, &asked).await, Refusal::Malformed), "{:?}", asked.subject);
    }
    assert_eq!(refused(&helpers, &CompleteSignature { envelope: Envelope::Attached, ..good }).await, Refusal::Envelope);
}

/// That what shows nothing is refused in place of what is good.
async fn judged(scene: &Scene, good: &CompleteSignature) {
    let helpers = helpers();
    helpers.complete("app", good, NOW).await.unwrap();
    let evidence = |change: &dyn Fn(&mut EvidenceOctets)| {
        let mut evidence = scene.evidence();
        change(&mut evidence);
        CompleteSignature { evidence: Some(evidence), ..good.clone() }
    };
    let revoked = Bytes(scene.root.crl((20, 20), &[7]));
    let other = authority("other");
    for asked in [
        evidence(&|all| all.crls.clear()),
        evidence(&|all| all.crls = vec![revoked.clone()]),
        evidence(&|all| all.crls.push(Bytes(other.crl((20, 20), &[])))),
        evidence(&|all| all.certificates.clear()),
        evidence(&|all| all.certificates.push(Bytes(b"rubbish".to_vec()))),
        // Good, and not about who stamped, or not about who signed.
        evidence(&|all| all.certificates.truncate(2)),
        evidence(&|all| all.certificates[0] = Bytes(scene.root.certify(8).der)),
        CompleteSignature { stamp: Some(over(&[1; 32])), ..good.clone() },
        CompleteSignature { stamp: Some(Bytes(b"rubbish".to_vec())), ..good.clone() },
    ] {
        assert_eq!(refused(&helpers, &asked).await, Refusal::Evidence);
    }
    // A month later the list is an old one.
    assert!(matches!(
        helpers.complete("app", good, NOW + 30 * 86_400).await,
        Err(Fault::Refused(Refusal::Evidence, _))
    ));
}

/// Deep, wide, long, with entities: each is refused, in time.
#[tokio::test]
async fn hostile_documents_are_refused() {
    let (scene, helpers) = (Scene::set(), helpers());
    let deep = |open: &str, close: &str, times: usize| [open.repeat(times), close.repeat(times)].concat();
    let laughs = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><a>&b;</a>";
    let tags: String = (0..20_000).map(|at| format!("<a xmlns:n{at}='u'>")).collect();
    let attributes: String = (0..1_000_000).map(|at| format!(" a{at}=''")).collect();
    let long = "<a/>".repeat((16 << 20) / 4 + 1);
    let xml = [
        deep("<a>", "</a>", 201),
        deep("<a>", "</a>", 1_000_000),
        laughs.to_owned(),
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>".to_owned(),
        tags,
        format!("<a{attributes}/>"),
        long,
    ];
    let json = [
        deep("[", "]", 1_000_000),
        deep(r#"{"payload":"#, "}", 1_000_000),
        format!(r#"{{"payload":"aA","signatures":[{}]}}"#, vec![r#"{"signature":"AQ"}"#; 100_000].join(",")),
        format!(r#"{{"payload":"aA","signatures":{}}}"#, deep("[", "]", 1_000_000)),
    ];
    let nested = [b"\x30\x80".repeat(1_000_000), b"\0\0".repeat(1_000_000)].concat();
    let lying = [b"\x30\x84\xff\xff\xff\xff".to_vec(), vec![0; 1000]].concat();
    let cms = [nested, lying, b"\x30\x80".repeat(3_000_000)];
    let all = xml.into_iter().map(|text| (Format::Xades, Envelope::Enveloped, text.into_bytes()));
    let all = all.chain(json.into_iter().map(|text| (Format::Jades, Envelope::Parallel, text.into_bytes())));
    let all = all.chain(cms.into_iter().map(|octets| (Format::Cades, Envelope::Parallel, octets)));
    for (format, envelope, document) in all {
        let began = Instant::now();
        let asked = scene.asked(format, envelope, b"", here(&document));
        assert_eq!(refused(&helpers, &asked).await, Refusal::Document, "{}", String::from_utf8_lossy(&document[..40]));
        assert!(began.elapsed() < Duration::from_secs(30));
    }
    let good = scene.asked(Format::Xades, Envelope::Enveloped, XML, here(XML));
    helpers.complete("app", &good, NOW).await.unwrap();
}

#[tokio::test]
async fn a_helper_that_has_too_little_memory_or_lies_is_a_clean_no() {
    let scene = Scene::set();
    let long = vec![b'x'; 15 << 20];
    let asked = scene.asked(Format::Xades, Envelope::Enveloping, &long, here(&long));
    let little = helpers().with_memory(32 << 20);
    assert_eq!(refused(&little, &asked).await, Refusal::Document);
    helpers().complete("app", &asked, NOW).await.unwrap();
    // It answers a question that was not asked.
    let folder = tempfile::tempdir().unwrap();
    let frame = r"printf '\000\000\000\002\005\000' >&0";
    let lying = Helpers::new(super::foreign::script(folder.path(), frame), 1);
    assert_eq!(refused(&lying, &asked).await, Refusal::Document);
}
