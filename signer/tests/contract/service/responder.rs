//! OCSP answers: by a responder that the CA names, whose key is made without a ceremony, is shared by all instances, lasts
//! for a while, and gives way to another one.

use rsign_ades::evidence::{Subject, ocsp};
use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{AskOcsp, CertificateName};
use rsign_signer::certificate::Certificate;
use rsign_signer::clients::Clients;
use rsign_signer::clock::Clock as _;
use rsign_signer::hsm::{Fault, Job, TokenKey};
use rsign_signer::service::{Policy, Signer};
use rsign_signer::store::ResponderRow;

use super::house::{DAY, House};
use super::probe::Mishap;
use crate::harness::{Kind, TestToken};

/// A house with somebody's certificate.
struct Scene {
    house: House,
    own: Subject,
    somebody: Subject,
}

impl Scene {
    async fn open() -> Self {
        Self::of(House::open().await).await
    }

    async fn of(house: House) -> Self {
        let (_, certificate) = house.enrol_certified("user", KeyType::P256, rsign_api::signer::Scal::Two, 1).await;
        let own = Subject::read(&house.authority()).unwrap();
        Self { house, own, somebody: Subject::read(&certificate).unwrap() }
    }

    /// Asks this instance; who answered, judged now.
    async fn ask(&self, signer: &Signer) -> Subject {
        let name = ocsp::Name::of(&self.somebody, &self.own);
        let name = CertificateName {
            function: name.function.to_string(),
            issuer_name: Bytes(name.issuer_name),
            issuer_key: Bytes(name.issuer_key),
            serial: Bytes(name.serial),
        };
        let answer = signer.ocsp(&AskOcsp { certificates: vec![name], nonce: None }).await.unwrap().answer;
        let now = u64::try_from(self.house.clock.now() / 1000).unwrap();
        let judged = ocsp::judge(&answer, &self.somebody, &self.own, now).unwrap();
        let responder = judged.responder.expect("not the CA itself");
        assert!(responder.is_exempt() && responder.is_issued_by(&self.own) && !responder.is_root());
        responder
    }

    async fn stored(&self) -> ResponderRow {
        self.house.tables.responder().await.unwrap().unwrap()
    }
}

fn spki(subject: &Subject) -> Vec<u8> {
    Certificate::read(&subject.der).unwrap().spki
}

fn by_the_authority(job: &Job) -> bool {
    matches!(job, Job::TokenSign { key: TokenKey::Authority, .. })
}

fn generates(job: &Job) -> bool {
    matches!(job, Job::Generate { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_responder_of_the_ca_answers_on_both_tokens_and_the_ca_key_signs_it_alone() {
    for kind in [Kind::SoftHsm2, Kind::Kryoptic] {
        let Some(token) = TestToken::ready(kind) else { return };
        let scene = Scene::of(House::on(token, Policy::default(), Clients::default()).await).await;
        let house = &scene.house;
        assert!(house.tables.responder().await.unwrap().is_none(), "an installation of before there were any");
        house.hsm.forget();
        let first = scene.ask(&house.signer).await;
        assert_eq!((house.hsm.count(by_the_authority), house.hsm.count(generates)), (1, 1));
        house.hsm.forget();
        for _ in 0..3 {
            assert_eq!(scene.ask(&house.signer).await.der, first.der);
        }
        // A restart, or a second instance.
        assert_eq!(scene.ask(&house.restarted()).await.der, first.der);
        assert_eq!((house.hsm.count(by_the_authority), house.hsm.count(generates)), (0, 0));
        scene.house.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_want_one_at_once_agree() {
    let scene = Scene::open().await;
    let (other, third) = (scene.house.restarted(), scene.house.restarted());
    let (a, b, c) = tokio::join!(scene.ask(&scene.house.signer), scene.ask(&other), scene.ask(&third));
    assert!(a.der == b.der && b.der == c.der);
    assert_eq!(scene.stored().await.certificate.0, a.der);
    scene.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_takes_its_place_after_a_while() {
    let scene = Scene::open().await;
    let house = &scene.house;
    let first = scene.ask(&house.signer).await;
    assert!(first.not_after() > scene.somebody.not_after() + 30 * 86_400, "it outlives what it answers about");
    house.clock.advance(29 * DAY);
    assert_eq!(scene.ask(&house.signer).await.der, first.der);
    house.clock.advance(2 * DAY);
    let second = scene.ask(&house.signer).await;
    assert!(second.not_after() > first.not_after() && second.serial() != first.serial());
    assert_ne!(spki(&second), spki(&first), "another key, not another certificate alone");
    // One who starts, or who holds the first one still, finds the second in the store.
    house.hsm.forget();
    assert_eq!(scene.ask(&house.restarted()).await.der, second.der);
    assert_eq!(house.hsm.count(generates), 0);
    // While the next one cannot be made, the old one answers on.
    house.clock.advance(40 * DAY);
    house.hsm.afflict(generates, Mishap::Fault(Fault::Device("no key today".to_owned())));
    assert_eq!(scene.ask(&house.signer).await.der, second.der);
    house.hsm.well();
    assert_ne!(scene.ask(&house.signer).await.der, second.der);
    scene.house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_wrote_into_the_store_answers_nothing() {
    let scene = Scene::open().await;
    let house = &scene.house;
    let first = scene.ask(&house.signer).await;
    let put = async |change: &dyn Fn(&mut ResponderRow)| {
        let mut row = scene.stored().await;
        let before = row.id.clone();
        change(&mut row);
        house.tables.replace_responder(Some(before), row).await.unwrap();
    };
    // A slot that does not open: forgotten, and another one made.
    put(&|row| row.slot.0[7] ^= 1).await;
    let second = scene.ask(&house.restarted()).await;
    assert_ne!(second.der, first.der);
    assert_eq!(scene.stored().await.certificate.0, second.der);
    // The slot of another id.
    put(&|row| row.id.0[0] ^= 1).await;
    let third = scene.ask(&house.restarted()).await;
    assert_ne!(third.der, second.der);
    // A certificate that this CA did not issue for that: of a person, or of another key.
    put(&|row| row.certificate = Bytes(scene.somebody.der.clone())).await;
    let fourth = scene.ask(&house.restarted()).await;
    assert_ne!(fourth.der, third.der);
    put(&|row| row.certificate = Bytes(third.der.clone())).await;
    let name = ocsp::Name::of(&scene.somebody, &scene.own);
    let asked = CertificateName {
        function: name.function.to_string(),
        issuer_name: Bytes(name.issuer_name),
        issuer_key: Bytes(name.issuer_key),
        serial: Bytes(name.serial),
    };
    let answer = house.restarted().ocsp(&AskOcsp { certificates: vec![asked], nonce: None }).await;
    assert!(answer.is_err(), "a signature that is not the certificate's never leaves");
    scene.house.close().await;
}
