//! Documents that are refused: each is named, with its reason.

use rsign_signer::service::Error;

use super::*;

/// Every one is named, in its place, also where it stands twice; and what is named first does not depend on chance.
#[tokio::test(flavor = "multi_thread")]
async fn every_document_that_is_refused_is_named_with_its_reason() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let contents: [&[u8]; 6] = [b"fine", b"no PDF", b"<!DOCTYPE a><a/>", b"", b"<a/>", b"{}"];
    let digest_of = |content: &[u8]| Bytes(rsign_ades::digest(HashAlgorithm::Sha256, content));
    let list = contents.iter().map(|content| typed(EntryType::Sodr, &digest_of(content))).collect();
    let sad = who.authorize(&house, list).await;
    let whole = |format, envelope, content: usize| DocumentToSign {
        format,
        envelope,
        ..who.cades(DocumentSubject::Document(contents[content].into()))
    };
    let fine = || whole(Format::Cades, Envelope::Attached, 0);
    let pdf = || whole(Format::Pades, Envelope::Revision, 1);
    let xml = || whole(Format::Xades, Envelope::Enveloped, 2);
    let jws = || whole(Format::Jades, Envelope::Parallel, 5);
    house.hsm.forget();
    let asked = who.asked(&sad, vec![fine(), pdf(), xml(), fine(), pdf(), jws()]);
    for _ in 0..3 {
        let expected =
            [(1, Reason::WrongFormat), (2, Reason::Doctype), (4, Reason::WrongFormat), (5, Reason::WrongFormat)];
        assert_eq!(reasons(house.signer.sign_documents(&asked).await), expected);
    }
    // Where a signature stands in a document or beside others there has to be one.
    for (format, envelope, takes_none) in [
        (Format::Pades, Envelope::Revision, false),
        (Format::Pades, Envelope::Certification, false),
        (Format::Xades, Envelope::Enveloped, false),
        (Format::Cades, Envelope::Parallel, false),
        (Format::Jades, Envelope::Parallel, false),
        (Format::Jades, Envelope::Attached, false),
        (Format::Cades, Envelope::Attached, true),
    ] {
        let outcome = house.signer.sign_documents(&who.asked(&sad, vec![whole(format, envelope, 3)])).await;
        match takes_none {
            true => assert!(who.good(who.owned.scheme(), &outcome.unwrap().documents[0])),
            false => assert_eq!(reasons(outcome), [(0, Reason::Empty)], "{format:?} {envelope:?}"),
        }
    }
    assert_eq!(house.hsm.count(is_sign), 1);
    // What nobody approved is named before anything is read.
    let stranger = || DocumentToSign { subject: DocumentSubject::Document(b"another"[..].into()), ..fine() };
    let outcome = house.signer.sign_documents(&who.asked(&sad, vec![pdf(), stranger(), fine(), stranger()])).await;
    assert_eq!(reasons(outcome), [(1, Reason::NotApproved), (3, Reason::NotApproved)]);
    // The format has no name for this hash function on this curve.
    let odd = DocumentToSign {
        scheme: Scheme::Ecdsa { hash: HashAlgorithm::Sha512 },
        ..whole(Format::Jades, Envelope::Detached, 4)
    };
    let outcome = house.signer.sign_documents(&who.asked(&sad, vec![fine(), odd])).await;
    assert_eq!(reasons(outcome), [(1, Reason::Algorithm)]);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_page_shows_is_said_only_where_the_operator_lets_apps_say_it() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let sad = who.authorize(&house, entries(&[hash(1)])).await;
    let mime = Property { name: "mime-type".to_owned(), value: Some("DAp0ZXh0L3BsYWlu".to_owned()) };
    let said = DocumentToSign { properties: vec![mime], ..who.cades(of(&hash(1))) };
    let asked = who.asked(&sad, vec![said]);
    house.hsm.forget();
    let strict = house.under(|policy| policy.properties = rsign_signer::service::Policy::default().properties);
    assert_eq!(reasons(strict.sign_documents(&asked).await), [(0, Reason::NotTaken)]);
    assert_eq!(house.hsm.count(is_sign), 0);
    house.signer.sign_documents(&asked).await.unwrap();
    house.close().await;
}

/// The sentence of the standard is one for all of these; the word says what to do, to whom the SAD was given and nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_with_this_authorization_is_named_with_its_reason() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::Two).await;
    let list = [1, 2, 3].map(|number| typed(EntryType::Sdr, &hash(number)));
    let data = typed(EntryType::Dtbsr, &hash(4));
    let sad = who.authorize(&house, list.into_iter().chain([data]).collect()).await;
    let plain = |number| who.cades(of(&hash(number)));
    let mime = Property { name: "mime-type".to_owned(), value: Some("DAp0ZXh0L3BsYWlu".to_owned()) };
    let other = |number| DocumentToSign { properties: vec![mime.clone()], ..plain(number) };
    house.signer.sign_documents(&who.asked(&sad, vec![plain(1)])).await.unwrap();
    house.hsm.forget();
    let asked = who.asked(&sad, vec![plain(2), other(1), plain(4), other(1), plain(9)]);
    let expected = [(1, Reason::Spent), (2, Reason::ApprovedOtherwise), (3, Reason::Spent), (4, Reason::NotApproved)];
    assert_eq!(reasons(house.signer.sign_documents(&asked).await), expected);
    // Two forms of one in the same call; and what was spent before that is said first.
    let twice = vec![plain(3), plain(2), other(3)];
    let heard = reasons(house.signer.sign_documents(&who.asked(&sad, twice)).await);
    assert_eq!(heard, [(0, Reason::AskedTwice), (2, Reason::AskedTwice)]);
    let twice = vec![plain(3), other(3), other(1)];
    assert_eq!(reasons(house.signer.sign_documents(&who.asked(&sad, twice)).await), [(2, Reason::Spent)]);
    // Whoever it was not given to hears nothing of its documents.
    for documents in [vec![other(1)], vec![plain(9)], vec![plain(3), other(3)]] {
        let own = || who.asked(&sad, documents.clone());
        for stranger in [
            SignDocuments { client: "client-b".to_owned(), ..own() },
            SignDocuments { user: Some("rui".to_owned()), ..own() },
        ] {
            let heard = house.signer.sign_documents(&stranger).await;
            assert!(matches!(heard, Err(Error::Refused(Refusal::InvalidSad))), "{heard:?}");
        }
    }
    assert_eq!(house.hsm.count(is_sign), 0);
    // What was right all along is signed.
    let rest = who.asked(&sad, vec![plain(1), plain(2), plain(3)]);
    assert_eq!(house.signer.sign_documents(&rest).await.unwrap().documents.len(), 3);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_beyond_the_number_of_signatures_are_named() {
    let house = House::open().await;
    let who = enrol(&house, KeyType::P256, Scal::One).await;
    let sad = who.authorize(&house, entries(&[hash(1)])).await;
    let plain = |number| who.cades(of(&hash(number)));
    for documents in [vec![plain(1), plain(2), plain(3)], vec![plain(2), plain(3), plain(1)]] {
        let heard = reasons(house.signer.sign_documents(&who.asked(&sad, documents.clone())).await);
        let beyond = documents.iter().position(|one| one.subject != of(&hash(1)));
        let first = u32::try_from(beyond.unwrap()).unwrap();
        assert_eq!(heard, [(first, Reason::TooManySignatures), (first + 1, Reason::TooManySignatures)]);
    }
    house.signer.sign_documents(&who.asked(&sad, vec![plain(1)])).await.unwrap();
    house.close().await;
}
