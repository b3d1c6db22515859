//! SAD and documents in, signatures out: what is approved is the document, what is signed is formed by the signer.

mod recertified;
mod refused;

use std::sync::Arc;

use rsign_ades::{Signatory, cms};
use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
use rsign_api::bytes::Bytes;
use rsign_api::document::{Envelope, Format};
use rsign_api::objection::Reason;
use rsign_api::signer::{
    Authorize, DocumentSubject, DocumentToSign, Entry, EntryType, Property, Refusal, Scal, SignDocuments,
    SignedDocument,
};
use rsign_signer::certificate::verify;

use super::house::{House, Owned, entries, hash, is_incident, reasons, refusal, text};
use super::probe::{Mishap, is_sign};
use crate::harness::{Kind, Openssl, TestToken, digest};

const DOCUMENT: &[u8] = b"a document\r\n";

/// A credential with its certificate.
struct Holder {
    owned: Owned,
    chain: Vec<Bytes>,
}

async fn enrol(house: &House, key: KeyType, scal: Scal) -> Holder {
    let (owned, certificate) = house.enrol_certified("ann", key, scal, 10).await;
    Holder { owned, chain: vec![Bytes(certificate), house.authority()] }
}

impl Holder {
    fn cades(&self, subject: DocumentSubject) -> DocumentToSign {
        DocumentToSign {
            format: Format::Cades,
            envelope: Envelope::Detached,
            scheme: self.owned.scheme(),
            subject,
            properties: Vec::new(),
        }
    }

    fn asked(&self, sad: &str, documents: Vec<DocumentToSign>) -> SignDocuments {
        let sign = self.owned.sign(sad, &[]);
        SignDocuments {
            credential: sign.credential,
            client: sign.client,
            user: sign.user,
            sad: sign.sad,
            key: sign.key,
            chain: self.chain.clone(),
            documents,
        }
    }

    async fn authorize(&self, house: &House, list: Vec<Entry>) -> String {
        let signatures = u32::try_from(list.len()).unwrap().max(1);
        let asked = Authorize { list, signatures, ..self.owned.authorize(&[]) };
        text(&house.signer.authorize(&asked).await.unwrap())
    }

    /// The signature is this key's over the hash of what was formed.
    fn good(&self, scheme: Scheme, signed: &SignedDocument) -> bool {
        verify(&self.owned.spki, scheme, &rsign_ades::digest(scheme.hash(), &signed.prepared), &signed.signature)
    }
}

fn of(hash: &Bytes) -> DocumentSubject {
    DocumentSubject::Digest(hash.clone())
}

fn typed(kind: EntryType, hash: &Bytes) -> Entry {
    Entry { r#type: kind, ..entries(std::slice::from_ref(hash)).remove(0) }
}

fn document_hash(hash: HashAlgorithm) -> Bytes {
    Bytes(rsign_ades::digest(hash, DOCUMENT))
}

/// As whoever holds the parts puts them together, verified by openssl.
fn openssl_accepts(who: &Holder, scheme: Scheme, signed: &SignedDocument) {
    let signatory = Signatory { chain: who.chain.iter().map(|der| der.0.clone()).collect(), scheme };
    let object = cms::finish(&cms::Signed {
        signatory: &signatory,
        content_type: cms::DATA,
        content: None,
        attributes: &signed.prepared,
        signature: &signed.signature,
        certificates: &[],
        crls: &[],
        ocsp: &[],
        unsigned: &[],
    });
    let openssl = Openssl::new();
    openssl.file("object", &object.unwrap());
    openssl.file("content", DOCUMENT);
    openssl.file("root.der", &who.chain[1]);
    openssl.run("x509 -inform DER -in root.der -out root.pem").unwrap();
    let line =
        "cms -verify -binary -cades -purpose any -inform DER -in object -content content -CAfile root.pem -out x";
    openssl.run(line).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn both_tokens_sign_documents_and_their_digests() {
    for kind in [Kind::SoftHsm2, Kind::Kryoptic] {
        let Some(token) = TestToken::ready(kind) else { continue };
        let house = House::on(token, rsign_signer::service::Policy::default(), Default::default()).await;
        for key in [KeyType::Rsa2048, KeyType::P256] {
            let who = enrol(&house, key, Scal::Two).await;
            let sha256 = document_hash(HashAlgorithm::Sha256);
            let sha512 = document_hash(HashAlgorithm::Sha512);
            // Approved by SHA-256, though the signature says SHA-512.
            let other = match key {
                KeyType::P256 => Scheme::Ecdsa { hash: HashAlgorithm::Sha512 },
                _ => Scheme::Pss { hash: HashAlgorithm::Sha512, salt: 64 },
            };
            let list = vec![typed(EntryType::Sodr, &sha256), typed(EntryType::Sdr, &sha512)];
            let sad = who.authorize(&house, list).await;
            let whole = who.cades(DocumentSubject::Document(DOCUMENT.into()));
            let of_digest = DocumentToSign { scheme: other, ..who.cades(of(&sha512)) };
            let asked = who.asked(&sad, vec![of_digest.clone(), whole.clone(), of_digest]);
            let signed = house.signer.sign_documents(&asked).await.unwrap().documents;
            assert_eq!(signed.len(), 3);
            assert_eq!(signed[0], signed[2], "one approved hash, one signature");
            for (signed, scheme) in [(&signed[0], other), (&signed[1], whole.scheme)] {
                assert!(who.good(scheme, signed));
                openssl_accepts(&who, scheme, signed);
            }
            assert!(house.sad(&sad).await.unwrap().slot.is_none(), "with the last use the wrapped KEK is gone");
        }
        house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_approved_by_another_function_is_found_by_that() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P384, Scal::Two).await;
    let sad = who.authorize(&house, vec![typed(EntryType::Sodr, &document_hash(HashAlgorithm::Sha256))]).await;
    let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha384 };
    let whole = DocumentToSign { scheme, ..who.cades(DocumentSubject::Document(DOCUMENT.into())) };
    let signed = house.signer.sign_documents(&who.asked(&sad, vec![whole])).await.unwrap().documents;
    openssl_accepts(&who, scheme, &signed[0]);
    let other = who.cades(DocumentSubject::Document(b"another document"[..].into()));
    let other = DocumentToSign { scheme, ..other };
    assert_eq!(refusal(house.signer.sign_documents(&who.asked(&sad, vec![other])).await), Refusal::ForeignDocument);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_brings_the_same_octets_though_the_clock_goes_on() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let sad = who.authorize(&house, entries(&[hash(1), hash(2)])).await;
    let both = vec![who.cades(of(&hash(1))), who.cades(of(&hash(2)))];
    house.hsm.forget();
    let first = house.signer.sign_documents(&who.asked(&sad, both.clone())).await.unwrap().documents;
    house.clock.advance(60_000);
    let again = house.signer.sign_documents(&who.asked(&sad, both)).await.unwrap().documents;
    assert_eq!(first, again);
    // After a restart too, and for a part of the request.
    let part = who.asked(&sad, vec![who.cades(of(&hash(2)))]);
    assert_eq!(house.restarted().sign_documents(&part).await.unwrap().documents, [first[1].clone()]);
    assert_eq!(house.hsm.count(is_sign), 1);
    let audit = house.audit().await;
    assert_eq!(audit.matches("stored answers").count(), 2);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_requests_at_once_are_signed_once() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let sad = who.authorize(&house, entries(&[hash(1)])).await;
    house.hsm.forget();
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (signer, asked) = (Arc::clone(&house.signer), who.asked(&sad, vec![who.cades(of(&hash(1)))]));
            tokio::spawn(async move { signer.sign_documents(&asked).await })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.extend(call.await.unwrap().unwrap().documents);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    assert_eq!(house.hsm.count(is_sign), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_10_nothing_is_spent_as_what_it_was_not_approved_as() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let whole = DocumentSubject::Document(DOCUMENT.into());
    let own = document_hash(HashAlgorithm::Sha256);
    for (approved, digest, document, data) in [
        (EntryType::Sdr, true, false, false),
        (EntryType::Sodr, false, true, false),
        (EntryType::Dtbsr, false, false, true),
    ] {
        let sad = who.authorize(&house, vec![typed(approved, &own)]).await;
        house.hsm.forget();
        let as_digest = who.asked(&sad, vec![who.cades(of(&own))]);
        let as_document = who.asked(&sad, vec![who.cades(whole.clone())]);
        // The wrong ones first: a mismatch destroys nothing.
        for right in [false, true] {
            for (asked, allowed) in [(&as_digest, digest), (&as_document, document)] {
                match (right, allowed) {
                    (false, false) => {
                        let refused = refusal(house.signer.sign_documents(asked).await);
                        assert_eq!(refused, Refusal::HashNotAuthorized, "{approved:?}");
                    }
                    (true, true) => assert!(house.signer.sign_documents(asked).await.is_ok(), "{approved:?}"),
                    _ => {}
                }
            }
            match (right, data) {
                (false, false) => {
                    let refused = house.sign(&who.owned, &sad, std::slice::from_ref(&own)).await;
                    assert_eq!(refusal(refused), Refusal::HashNotAuthorized, "{approved:?}");
                }
                (true, true) => {
                    house.sign(&who.owned, &sad, std::slice::from_ref(&own)).await.unwrap();
                }
                _ => {}
            }
            assert_eq!(house.hsm.count(is_sign), usize::from(right), "{approved:?}");
        }
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_10_an_untyped_entry_is_bound_by_its_first_use() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let sad = who.authorize(&house, entries(&[hash(1), hash(2)])).await;
    let first = who.asked(&sad, vec![who.cades(of(&hash(1)))]);
    house.signer.sign_documents(&first).await.unwrap();
    assert_eq!(refusal(house.sign(&who.owned, &sad, &[hash(1)]).await), Refusal::HashNotAuthorized);
    house.sign(&who.owned, &sad, &[hash(2)]).await.unwrap();
    let second = who.asked(&sad, vec![who.cades(of(&hash(2)))]);
    assert_eq!(refusal(house.signer.sign_documents(&second).await), Refusal::HashNotAuthorized);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_10_one_approved_document_gets_one_signature_however_it_is_asked_for() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::Rsa2048, Scal::Two).await;
    let sad = who.authorize(&house, entries(&[hash(1), hash(2)])).await;
    let plain = who.cades(of(&hash(1)));
    let mime = Property { name: "mime-type".to_owned(), value: Some("DAp0ZXh0L3BsYWlu".to_owned()) };
    let others = [
        DocumentToSign { properties: vec![mime], ..plain.clone() },
        DocumentToSign { envelope: Envelope::Attached, ..plain.clone() },
        DocumentToSign { scheme: Scheme::Pss { hash: HashAlgorithm::Sha256, salt: 32 }, ..plain.clone() },
    ];
    house.hsm.forget();
    for other in &others {
        let asked = who.asked(&sad, vec![plain.clone(), other.clone()]);
        assert_eq!(refusal(house.signer.sign_documents(&asked).await), Refusal::HashNotAuthorized);
    }
    assert_eq!(house.hsm.count(is_sign), 0);
    house.signer.sign_documents(&who.asked(&sad, vec![plain])).await.unwrap();
    for other in others {
        let refused = house.signer.sign_documents(&who.asked(&sad, vec![other])).await;
        assert_eq!(refusal(refused), Refusal::HashNotAuthorized);
    }
    assert_eq!(house.hsm.count(is_sign), 1);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_before_anything_is_reserved() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let sad = who.authorize(&house, entries(&[hash(1)])).await;
    let plain = who.cades(of(&hash(1)));
    let property = |name: &str| Property { name: name.to_owned(), value: Some("BQA=".to_owned()) };
    let with = |change: &dyn Fn(&mut DocumentToSign)| {
        let mut document = plain.clone();
        change(&mut document);
        who.asked(&sad, vec![document])
    };
    let rsa = Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 };
    let stranger = enrol(&house, KeyType::P256, Scal::Two).await;
    house.hsm.forget();
    for (asked, expected) in [
        (who.asked(&sad, Vec::new()), Refusal::Malformed),
        (with(&|document| document.scheme = rsa), Refusal::Algorithm),
        (with(&|document| document.subject = of(&Bytes(digest(HashAlgorithm::Sha512, 1)))), Refusal::DigestLength),
        (with(&|document| document.subject = of(&hash(2))), Refusal::ForeignDocument),
        // It is no PDF, but nobody has to read it to know that it was not approved.
        (
            with(&|document| {
                document.format = Format::Pades;
                document.envelope = Envelope::Revision;
                document.subject = DocumentSubject::Document(b"no PDF"[..].into());
            }),
            Refusal::ForeignDocument,
        ),
        (SignDocuments { chain: stranger.chain.clone(), ..with(&|_| {}) }, Refusal::ForeignCertificate),
        (SignDocuments { chain: Vec::new(), ..with(&|_| {}) }, Refusal::Malformed),
        (SignDocuments { client: "client-b".to_owned(), ..with(&|_| {}) }, Refusal::InvalidSad),
        (SignDocuments { user: Some("rui".to_owned()), ..with(&|_| {}) }, Refusal::InvalidSad),
        (SignDocuments { sad: "sad_x".into(), ..with(&|_| {}) }, Refusal::InvalidSad),
    ] {
        assert_eq!(refusal(house.signer.sign_documents(&asked).await), expected, "{asked:?}");
    }
    // The signer says the second itself.
    for name in ["colour", "1.2.840.113549.1.9.5"] {
        let asked = with(&|document| document.properties = vec![property(name)]);
        assert_eq!(reasons(house.signer.sign_documents(&asked).await), [(0, Reason::UnknownProperty)], "{name}");
    }
    assert_eq!(house.hsm.count(is_sign), 0);
    house.signer.sign_documents(&with(&|_| {})).await.unwrap();
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_does_not_verify_never_leaves() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let sad = who.authorize(&house, entries(&[hash(1)])).await;
    let asked = who.asked(&sad, vec![who.cades(of(&hash(1)))]);
    house.hsm.afflict(is_sign, Mishap::WrongSignature);
    assert!(is_incident(&house.signer.sign_documents(&asked).await));
    house.hsm.well();
    // What was reserved is free again.
    let signed = house.signer.sign_documents(&asked).await.unwrap().documents;
    assert!(who.good(who.owned.scheme(), &signed[0]));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scal_1_takes_documents_as_they_come() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::One).await;
    let asked = Authorize { signatures: 2, list: Vec::new(), ..who.owned.authorize(&[]) };
    let sad = text(&house.signer.authorize(&asked).await.unwrap());
    let documents = |numbers: &[u32]| numbers.iter().map(|number| who.cades(of(&hash(*number)))).collect();
    house.signer.sign_documents(&who.asked(&sad, documents(&[1]))).await.unwrap();
    assert_eq!(refusal(house.sign(&who.owned, &sad, &[hash(1)]).await), Refusal::HashNotAuthorized);
    house.sign(&who.owned, &sad, &[hash(2)]).await.unwrap();
    let third = house.signer.sign_documents(&who.asked(&sad, documents(&[3]))).await;
    assert_eq!(refusal(third), Refusal::HashNotAuthorized);
    house.close().await;
}

/// What cannot be given out or kept is not signed: here the certificates that came along make long headers.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_formed_is_counted_before_the_hsm_signs() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let hashes: Vec<Bytes> = (1..=7).map(hash).collect();
    let list = hashes.iter().map(|hash| typed(EntryType::Sdr, hash)).collect();
    let sad = who.authorize(&house, list).await;
    let long = vec![who.chain[0].clone(), Bytes(vec![7; 1 << 20])];
    let jades = |hash| DocumentToSign { format: Format::Jades, ..who.cades(of(hash)) };
    let ask = |documents: Vec<DocumentToSign>| SignDocuments { chain: long.clone(), ..who.asked(&sad, documents) };
    house.hsm.forget();
    let signed = || house.hsm.count(is_sign);
    // The same one six times: 1.8 MB each time.
    let refused = house.signer.sign_documents(&ask(vec![jades(&hashes[0]); 6])).await;
    let together = |count| (0..count).map(|place| (place, Reason::TooLongTogether)).collect::<Vec<_>>();
    assert_eq!(reasons(refused), together(6));
    assert_eq!(signed(), 0);
    // Each is short enough, all of them are not.
    for hash in &hashes[..5] {
        house.signer.sign_documents(&ask(vec![jades(hash)])).await.unwrap();
    }
    let refused = house.signer.sign_documents(&ask(vec![jades(&hashes[5])])).await;
    assert_eq!(reasons(refused), together(1));
    assert_eq!(signed(), 5);
    // Nothing was spent.
    let short = SignDocuments { chain: who.chain.clone(), ..ask(vec![jades(&hashes[5])]) };
    house.signer.sign_documents(&short).await.unwrap();
    house.close().await;
}
