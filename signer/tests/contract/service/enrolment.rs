//! From key to active: certificate, link, PIN, and what is refused on the way.

use rsign_api::algorithm::{HashAlgorithm, KeyType};
use rsign_api::signer::{CreateCredential, IssueCertificate, LinkCertificate, Refusal, Scal, State, Stretch, Subject};
use rsign_signer::SystemRandom;
use rsign_signer::clients::Clients;
use rsign_signer::credential::EnrolmentPolicy;
use rsign_signer::sad::SadToken;
use rsign_signer::service::Policy;
use secrecy::ExposeSecret as _;

use super::house::{HOUR, House, Owned, create, hash, refusal, subject};
use crate::harness::Openssl;

#[tokio::test(flavor = "multi_thread")]
async fn from_key_to_active_step_by_step() {
    let house = House::open().await;
    for key in [KeyType::Rsa2048, KeyType::P256, KeyType::P384] {
        let asked = create("ann", key);
        let id = asked.credential.as_str();
        let created = house.signer.create(&asked).await.unwrap();
        let mut owned = Owned::new(&asked, created, "00000000".to_owned());
        assert_eq!(house.signer.status(id).await.unwrap().state, State::Generated);
        assert_eq!(refusal(house.signer.reveal_pin(id).await), Refusal::Disabled);
        assert_eq!(refusal(house.signer.acknowledge_pin(id).await), Refusal::Disabled);
        signs_nothing(&house, &owned).await;

        let certificate = house.link(id).await;
        assert_eq!(house.signer.status(id).await.unwrap().state, State::Linked);
        signs_nothing(&house, &owned).await;
        let again = LinkCertificate { credential: id.to_owned(), certificate: certificate.into() };
        assert_eq!(refusal(house.signer.link(&again).await), Refusal::Disabled);

        owned.pin = house.signer.reveal_pin(id).await.unwrap().expose_secret().to_owned();
        assert!(owned.pin.len() == 8 && owned.pin.bytes().all(|digit| digit.is_ascii_digit()), "eight digits");
        assert_eq!(house.signer.reveal_pin(id).await.unwrap().expose_secret(), owned.pin, "until it is acknowledged");
        signs_nothing(&house, &owned).await;
        assert_eq!(house.signer.acknowledge_pin(id).await.unwrap().state, State::Active);
        assert_eq!(refusal(house.signer.reveal_pin(id).await), Refusal::Disabled, "never again");

        let hashes = [hash(1)];
        let sad = house.authorize(&owned, &hashes).await;
        assert!(owned.signed(&hashes, &house.sign(&owned, &sad, &hashes).await.unwrap()));
    }
    house.close().await;
}

/// What is not active gives no SAD and signs nothing, and no PIN is judged.
async fn signs_nothing(house: &House, owned: &Owned) {
    house.hsm.forget();
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::Disabled);
    let sad = SadToken::draw(&SystemRandom).reveal().expose_secret().to_owned();
    assert_eq!(refusal(house.sign(owned, &sad, &[hash(1)]).await), Refusal::Disabled);
    assert_eq!(house.hsm.count(|_| true), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_accepts_request_certificate_and_revocation_list() {
    let house = House::open().await;
    let openssl = Openssl::new();
    for key in [KeyType::Rsa2048, KeyType::P256, KeyType::P384, KeyType::P521] {
        let asked = create("ann", key);
        let created = house.signer.create(&asked).await.unwrap();
        openssl.file("request.der", &created.request);
        let said = openssl.run("req -inform DER -in request.der -verify -noout").unwrap();
        assert!(said.contains("verify OK"), "{said}");
        openssl.file("certificate.der", &house.link(&asked.credential).await);
        let authority = house.signer.authority().await.unwrap();
        openssl.file("authority.der", &authority.certificate);
        openssl.file("crl.der", &authority.crl);
        openssl.run("x509 -inform DER -in authority.der -out authority.pem").unwrap();
        openssl.run("x509 -inform DER -in certificate.der -out certificate.pem").unwrap();
        openssl.run("crl -inform DER -in crl.der -out crl.pem").unwrap();
        let said = openssl
            .run("verify -x509_strict -crl_check -CAfile authority.pem -CRLfile crl.pem certificate.pem")
            .unwrap();
        assert!(said.contains("certificate.pem: OK"), "{said}");
    }
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_keys_certificate_is_not_linked() {
    let house = House::open().await;
    let (own, other) = (create("ann", KeyType::P256), create("bob", KeyType::P256));
    house.signer.create(&own).await.unwrap();
    house.signer.create(&other).await.unwrap();
    let of_other = IssueCertificate { credential: other.credential.clone(), subject: subject() };
    let certificate = house.signer.issue(&of_other).await.unwrap().certificate;
    let foreign = LinkCertificate { credential: own.credential.clone(), certificate };
    assert_eq!(refusal(house.signer.link(&foreign).await), Refusal::ForeignCertificate);
    for rubbish in [vec![], vec![0x30, 0x00], vec![0xff; 2000]] {
        let rubbish = LinkCertificate { credential: own.credential.clone(), certificate: rubbish.into() };
        assert_eq!(refusal(house.signer.link(&rubbish).await), Refusal::ForeignCertificate);
    }
    assert_eq!(house.signer.status(&own.credential).await.unwrap().state, State::Generated);
    house.link(&own.credential).await;
    house.close().await;
}

/// A gateway that has the key of one person certified for another.
#[tokio::test(flavor = "multi_thread")]
async fn a_37_the_certificate_names_whom_the_key_was_made_for() {
    let house = House::open().await;
    let asked = create("ann", KeyType::P256);
    house.signer.create(&asked).await.unwrap();
    let lies = [
        Subject { common_name: "Eve Other".to_owned(), ..subject() },
        Subject { organization: Some("Ministry".to_owned()), ..subject() },
        Subject { serial_number: "PNOEE-1".to_owned(), ..subject() },
    ];
    for subject in lies {
        let asked = IssueCertificate { credential: asked.credential.clone(), subject };
        assert_eq!(refusal(house.signer.issue(&asked).await), Refusal::ForeignCertificate);
    }
    house.link(&asked.credential).await;
    house.close().await;
}

/// SCAL, stretch and count are the gateway's word; how weak they may be is the operator's.
#[tokio::test(flavor = "multi_thread")]
async fn keys_weaker_than_the_operator_wants_are_not_made() {
    let enrolment = EnrolmentPolicy { multisign: 10, ..EnrolmentPolicy::default() };
    let house = House::strict(Policy { enrolment, ..Policy::default() }, Clients::default()).await;
    let right = || CreateCredential { stretch: Stretch::Argon2id, ..create("ann", KeyType::P256) };
    for weak in
        [CreateCredential { scal: Scal::One, ..right() }, CreateCredential { stretch: Stretch::Hmac, ..right() }]
    {
        assert_eq!(refusal(house.signer.create(&weak).await), Refusal::NotAllowed);
    }
    let many = CreateCredential { multisign: 11, ..right() };
    assert_eq!(refusal(house.signer.create(&many).await), Refusal::TooManySignatures);
    house.signer.create(&right()).await.unwrap();
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_43_an_id_is_never_used_twice() {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let again = CreateCredential { credential: owned.id.clone(), ..create("bob", KeyType::P256) };
    assert_eq!(refusal(house.signer.create(&again).await), Refusal::Taken);
    house.change_state(&owned, State::Destroyed).await.unwrap();
    assert_eq!(refusal(house.signer.create(&again).await), Refusal::Taken, "not even after its end");

    let asked = create("ann", KeyType::P256);
    let both = tokio::join!(house.signer.create(&asked), house.signer.create(&asked));
    let ((Ok(made), refused) | (refused, Ok(made))) = both else { panic!("one is made") };
    assert_eq!(refusal(refused), Refusal::Taken);
    house.link(&asked.credential).await;
    let pin = house.signer.reveal_pin(&asked.credential).await.unwrap().expose_secret().to_owned();
    house.signer.acknowledge_pin(&asked.credential).await.unwrap();
    let owned = Owned::new(&asked, made, pin);
    let sad = house.authorize(&owned, &[hash(1)]).await;
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()), "PIN and key are one's");
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_active_after_an_hour_is_destroyed() {
    let house = House::open().await;
    let (generated, linked) = (create("ann", KeyType::P256), create("ann", KeyType::P256));
    house.signer.create(&generated).await.unwrap();
    house.signer.create(&linked).await.unwrap();
    house.link(&linked.credential).await;
    let active = house.enrol(KeyType::P256).await;
    house.clock.advance(HOUR - 1);
    house.signer.tidy().await.unwrap();
    assert_eq!(house.signer.status(&linked.credential).await.unwrap().state, State::Linked);
    house.clock.advance(1);
    house.signer.tidy().await.unwrap();
    for gone in [&generated.credential, &linked.credential] {
        assert_eq!(house.signer.status(gone).await.unwrap().state, State::Destroyed);
        assert!(house.tables.credentials.find(gone).await.unwrap().unwrap().slot.is_none());
        assert_eq!(refusal(house.signer.reveal_pin(gone).await), Refusal::Disabled);
    }
    assert_eq!(house.row(&active).await.state, State::Active);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drawn_pin_is_in_one_process_only() {
    let house = House::open().await;
    let asked = create("ann", KeyType::P256);
    house.signer.create(&asked).await.unwrap();
    house.link(&asked.credential).await;
    let restarted = house.restarted();
    assert_eq!(refusal(restarted.reveal_pin(&asked.credential).await), Refusal::UnknownCredential);
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn argon2id_judges_as_hmac_does() {
    let house = House::open().await;
    let asked = CreateCredential { stretch: Stretch::Argon2id, ..create("ann", KeyType::P256) };
    let created = house.signer.create(&asked).await.unwrap();
    house.link(&asked.credential).await;
    let pin = house.signer.reveal_pin(&asked.credential).await.unwrap().expose_secret().to_owned();
    house.signer.acknowledge_pin(&asked.credential).await.unwrap();
    let owned = Owned::new(&asked, created, pin);
    let wrong = owned.authorize_with(&owned.wrong_pin(1), &[hash(1)]);
    assert_eq!(refusal(house.signer.authorize(&wrong).await), Refusal::WrongPin);
    let sad = house.authorize(&owned, &[hash(1)]).await;
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()));
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rsa_3072_and_4096_and_p_521_sign_with_the_hash_that_is_asked_for() {
    let house = House::open().await;
    for key in [KeyType::Rsa3072, KeyType::Rsa4096, KeyType::P521] {
        let owned = house.enrol(key).await;
        let digest = crate::harness::digest(HashAlgorithm::Sha512, 1).into();
        let sad = house.authorize(&owned, std::slice::from_ref(&digest)).await;
        let scheme = match owned.scheme() {
            rsign_api::algorithm::Scheme::Ecdsa { .. } => {
                rsign_api::algorithm::Scheme::Ecdsa { hash: HashAlgorithm::Sha512 }
            }
            _ => rsign_api::algorithm::Scheme::Pss { hash: HashAlgorithm::Sha512, salt: 64 },
        };
        let asked = rsign_api::signer::Sign { scheme, ..owned.sign(&sad, std::slice::from_ref(&digest)) };
        let signed = house.signer.sign(&asked).await.unwrap();
        Openssl::new().verify(&owned.spki, scheme, &digest, &signed.signatures[0]).unwrap();
    }
    house.close().await;
}
