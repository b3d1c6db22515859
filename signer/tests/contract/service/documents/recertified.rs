//! A key in use gets another certificate: documents are signed with either, and all are revoked together.

use rsign_api::signer::{IssueCertificate, LinkCertificate, State};

use super::super::house::{DAY, subject};
use super::*;

const YEAR: i64 = 365 * DAY;

async fn link(house: &House, owned: &Owned, certificate: &[u8]) -> Result<(), Refusal> {
    let asked = LinkCertificate { credential: owned.id.clone(), certificate: Bytes(certificate.to_vec()) };
    match house.signer.link(&asked).await {
        Ok(_) => Ok(()),
        error => Err(refusal(error)),
    }
}

/// Serial numbers of the revocation list, as openssl writes it.
async fn revoked(house: &House) -> usize {
    let openssl = Openssl::new();
    openssl.file("list.der", &house.signer.authority().await.unwrap().crl);
    openssl.run("crl -inform DER -in list.der -noout -text").unwrap().matches("Serial Number:").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_signed_with_the_next_certificate_and_with_the_one_before() {
    let house = House::open().await;
    let before = enrol(&house, KeyType::P256, Scal::Two).await;
    let [first, second, third] = [1, 2, 3].map(hash);
    let list = [&first, &second, &third].map(|hash| typed(EntryType::Sdr, hash)).to_vec();
    let sad = before.authorize(&house, list).await;
    let next = house.link(&before.owned.id).await;
    assert_ne!(next, before.chain[0].0);
    let after = Holder { owned: before.owned.clone(), chain: vec![Bytes(next.clone()), house.authority()] };
    // What was approved before stays so, whichever of the two the gateway has by then.
    for (who, hash) in [(&before, &first), (&after, &second)] {
        let signed = house.signer.sign_documents(&who.asked(&sad, vec![who.cades(of(hash))])).await.unwrap();
        assert!(who.good(who.owned.scheme(), &signed.documents[0]));
    }
    // Once more changes nothing.
    link(&house, &before.owned, &next).await.unwrap();
    assert_eq!(house.row(&before.owned).await.earlier.len(), 1);
    // Its time over, the earlier one is no certificate of this key any more; the key is in use.
    house.clock.advance(2 * YEAR - DAY);
    let latest = house.link(&before.owned.id).await;
    assert_eq!(house.row(&before.owned).await.earlier.len(), 2);
    house.clock.advance(2 * DAY);
    let latest = Holder { owned: before.owned.clone(), chain: vec![Bytes(latest), house.authority()] };
    let sad = before.authorize(&house, vec![typed(EntryType::Sdr, &third)]).await;
    for who in [&before, &after] {
        let heard = house.signer.sign_documents(&who.asked(&sad, vec![who.cades(of(&third))])).await;
        assert_eq!(refusal(heard), Refusal::ForeignCertificate);
    }
    assert!(house.signer.sign_documents(&latest.asked(&sad, vec![latest.cades(of(&third))])).await.is_ok());
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_expired_is_in_use_again_and_all_its_certificates_are_revoked_with_it() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    house.clock.advance(2 * YEAR + DAY);
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::CertificateExpired);
    house.link(&owned.id).await;
    let sad = house.authorize(&owned, &[hash(1)]).await;
    house.sign(&owned, &sad, &[hash(1)]).await.unwrap();
    house.link(&owned.id).await;
    assert_eq!(revoked(&house).await, 0);
    // Of three one is over.
    house.change_state(&owned, State::Suspended).await.unwrap();
    assert_eq!(revoked(&house).await, 2);
    let issue = IssueCertificate { credential: owned.id.clone(), subject: subject() };
    assert_eq!(refusal(house.signer.issue(&issue).await), Refusal::Disabled, "it is set aside");
    house.change_state(&owned, State::Destroyed).await.unwrap();
    assert_eq!(revoked(&house).await, 2);
    assert_eq!(refusal(house.signer.issue(&issue).await), Refusal::Disabled);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_ca_is_tied_to_a_key_where_the_operator_has_those() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let openssl = Openssl::new();
    openssl.file("key.der", &owned.spki);
    openssl.run("pkey -pubin -inform DER -in key.der -out key.pem").unwrap();
    openssl.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key").unwrap();
    openssl.run("req -new -x509 -key ca.key -subj /CN=other -days 3000 -out ca.pem").unwrap();
    let line =
        "x509 -new -force_pubkey key.pem -subj /CN=somebody -CA ca.pem -CAkey ca.key -days 800 -outform DER -out";
    let foreign = |name: &str| {
        openssl.run(&format!("{line} {name}")).unwrap();
        openssl.read(name)
    };
    let other = foreign("other.der");
    house.clock.advance(DAY);
    assert_eq!(link(&house, &owned, &other).await, Err(Refusal::NotAllowed));
    assert!(house.audit().await.contains("[enrolment] other_ca = false"));
    let open = house.under(|policy| policy.enrolment.other_ca = true);
    let asked = |certificate: &[u8]| LinkCertificate { credential: owned.id.clone(), certificate: certificate.into() };
    open.link(&asked(&other)).await.unwrap();
    // Not for our list to speak of.
    house.change_state(&owned, State::Suspended).await.unwrap();
    assert_eq!(revoked(&house).await, 1, "the first, which is ours");
    house.change_state(&owned, State::Active).await.unwrap();
    // Going there and back leaves no heap.
    let more = foreign("more.der");
    for certificate in [&more, &other, &more, &other, &more, &other] {
        open.link(&asked(certificate)).await.unwrap();
    }
    assert_eq!(house.row(&owned).await.earlier.len(), 2);
    // The last ones are remembered; none keeps the next one out.
    for _ in 0..20 {
        open.link(&asked(&foreign("more.der"))).await.unwrap();
    }
    open.link(&asked(&openssl.read("other.der"))).await.unwrap();
    assert_eq!(house.row(&owned).await.earlier.len(), 16);
    // One that begins later would leave the key without any.
    house.clock.advance(-2 * DAY);
    assert_eq!(refusal(open.link(&asked(&foreign("late.der"))).await), Refusal::CertificateExpired);
    house.close().await;
}

/// A serial number is for anybody to write: what counts is whose signature is on it.
#[tokio::test(flavor = "multi_thread")]
async fn a_forged_certificate_with_a_genuine_serial_number_is_another_cas() {
    let house = House::open().await;
    let (owned, genuine) = house.enrol_certified("ann", KeyType::P256, Scal::Two, 10).await;
    let openssl = Openssl::new();
    openssl.file("genuine.der", &genuine);
    let serial = openssl.run("x509 -inform DER -in genuine.der -noout -serial").unwrap();
    let serial = serial.trim().strip_prefix("serial=").unwrap().to_owned();
    openssl.file("key.der", &owned.spki);
    openssl.run("pkey -pubin -inform DER -in key.der -out key.pem").unwrap();
    openssl.file("own.der", &house.authority());
    // Of the same name as ours, too.
    openssl.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ca.key").unwrap();
    openssl.run("x509 -inform DER -in own.der -out own.pem").unwrap();
    openssl.run("pkey -in ca.key -pubout -out ca.pub").unwrap();
    openssl.run("x509 -in own.pem -force_pubkey ca.pub -signkey ca.key -out ca.pem").unwrap();
    let line = "x509 -new -force_pubkey key.pem -subj /CN=Mallory -CA ca.pem -CAkey ca.key -days 9000 -outform DER";
    openssl.run(&format!("{line} -set_serial 0x{serial} -out forged.der")).unwrap();
    let forged = openssl.read("forged.der");
    house.clock.advance(DAY);
    assert_eq!(link(&house, &owned, &forged).await, Err(Refusal::NotAllowed));
    assert_eq!(house.row(&owned).await.earlier.len(), 0);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_issued_and_never_linked_is_revoked_too_and_there_is_an_end_to_it() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let issue = IssueCertificate { credential: owned.id.clone(), subject: subject() };
    for _ in 0..31 {
        house.signer.issue(&issue).await.unwrap();
    }
    assert_eq!(refusal(house.signer.issue(&issue).await), Refusal::Busy);
    house.change_state(&owned, State::Destroyed).await.unwrap();
    assert_eq!(revoked(&house).await, 32);
    house.close().await;
}
