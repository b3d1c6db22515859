//! K_MK is replaced: whoever uses the PIN moves on, nobody notices, and nothing is lost (F-16).

use std::sync::Arc;

use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;
use rsign_api::signer::{AskOcsp, CertificateName, Refusal, RevokeSad, Scal};
use rsign_signer::ceremony::{CeremonyRow, EarlierState, MasterError, RETIREMENT, Uses};
use rsign_signer::clients::Clients;
use rsign_signer::clock::{Clock as _, SystemClock};
use rsign_signer::credential::Slot;
use rsign_signer::hsm::{Fault, MasterVersion};
use rsign_signer::service::{Error, Policy};
use rsign_signer::store::Tables;
use rsign_storage::{Change, Collection, Document};

use super::faulty::{Fails, Faulty};
use super::house::{CLIENT, House, Owned, hash, refusal, text};
use crate::harness::{Kind, Officers, TestToken};

const FIRST: MasterVersion = MasterVersion::FIRST;
const SECOND: MasterVersion = FIRST.next();

async fn on(token: TestToken) -> House {
    House::on(token, Policy::default(), Clients::default()).await
}

/// A credential whose slot is under the first K_MK, on a token and in a store that are at the second.
async fn moved_on() -> (House, Owned) {
    let house = House::open().await;
    let owned = house.enrol(KeyType::P256).await;
    let token = house.shut().await;
    Officers::of(&token).rotate(&token);
    (on(token).await, owned)
}

async fn slot(house: &House, owned: &Owned) -> Slot {
    house.row(owned).await.slot.unwrap()
}

/// The version retired long ago.
async fn let_time_pass(token: &TestToken) {
    let tables = Tables::new(&token.store().await);
    let back = |row: &mut CeremonyRow| {
        assert!(matches!(row.earlier[0].state, EarlierState::Retiring { .. }));
        row.earlier[0].state = EarlierState::Retiring { since: SystemClock.now() - RETIREMENT };
        Ok::<_, MasterError>(())
    };
    tables.change_ceremony(back).await.unwrap().unwrap().unwrap();
}

/// Has somebody's certificate looked up, as whoever reads a signed document does.
async fn ask_ocsp(house: &House, certificate: &[u8]) {
    use rsign_ades::evidence::{Subject, ocsp};
    let (own, somebody) = (Subject::read(&house.authority()).unwrap(), Subject::read(certificate).unwrap());
    let name = ocsp::Name::of(&somebody, &own);
    let name = CertificateName {
        function: name.function.to_string(),
        issuer_name: Bytes(name.issuer_name),
        issuer_key: Bytes(name.issuer_key),
        serial: Bytes(name.serial),
    };
    let answer = house.signer.ocsp(&AskOcsp { certificates: vec![name], nonce: None }).await.unwrap().answer;
    let now = u64::try_from(house.clock.now() / 1000).unwrap();
    ocsp::judge(&answer, &somebody, &own, now).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_life_of_a_master_key() {
    for kind in [Kind::SoftHsm2, Kind::Kryoptic] {
        let Some(token) = TestToken::ready(kind) else { continue };
        whole_life(token).await;
    }
}

async fn whole_life(token: TestToken) {
    let officers = Officers::of(&token);
    let destroy = ["master", "destroy", "master-1"];
    let house = on(token).await;
    let (owned, certificate) = house.enrol_certified("ann", KeyType::P256, Scal::Two, 10).await;
    let (other, idle) = (house.enrol(KeyType::Rsa2048).await, house.enrol(KeyType::P256).await);
    let old = house.authorize(&owned, &[hash(1), hash(2), hash(3)]).await;
    house.sign(&owned, &old, &[hash(1)]).await.unwrap();
    ask_ocsp(&house, &certificate).await;
    let responder = house.tables.responder().await.unwrap().unwrap();
    let token = house.shut().await;
    officers.rotate(&token);
    let said = officers.0[0].says_yes(&token, &destroy);
    let all = "still needed: 3 credentials, 1 live SAD, the key of the OCSP responder.";
    assert!(!said.success && said.text.contains(all), "{}", said.text);

    // Nothing moved by itself, and what was approved before is signed.
    let house = on(token).await;
    let before = house.row(&owned).await;
    assert_eq!(before.slot.as_ref().unwrap().master, FIRST);
    assert!(owned.signed(&[hash(2)], &house.sign(&owned, &old, &[hash(2)]).await.unwrap()));
    assert_eq!(house.sad(&old).await.unwrap().master, FIRST);

    // The PIN moves the slot, and ends nothing.
    let sad = house.authorize(&owned, &[hash(4)]).await;
    let after = house.row(&owned).await;
    assert_eq!((after.slot.as_ref().unwrap().master, after.epoch), (SECOND, before.epoch));
    assert_eq!(house.sad(&sad).await.unwrap().master, SECOND);
    assert!(house.audit().await.lines().any(|line| line.contains(r#""event":"authorized""#)
        && line.contains(r#""master":"master-2""#)
        && line.contains(&owned.id)));
    assert!(owned.signed(&[hash(4)], &house.sign(&owned, &sad, &[hash(4)]).await.unwrap()));
    let extended = text(&house.signer.extend(&owned.extend(&old, &[hash(3)])).await.unwrap());
    assert_eq!(house.sad(&extended).await.unwrap().master, SECOND, "an extended SAD moves as well");
    assert!(owned.signed(&[hash(3)], &house.sign(&owned, &extended, &[hash(3)]).await.unwrap()));
    let again = house.authorize(&owned, &[hash(5)]).await;
    assert_eq!(slot(&house, &owned).await, after.slot.unwrap(), "once moved it stays");
    assert!(owned.signed(&[hash(5)], &house.sign(&owned, &again, &[hash(5)]).await.unwrap()));

    // Another PIN is a slot under the newest, and so is another key; who answers OCSP keeps certificate and key.
    house.signer.change_pin(&other.change_pin(&other.pin, "another pin")).await.unwrap();
    assert_eq!(slot(&house, &other).await.master, SECOND);
    let new = house.enrol(KeyType::P256).await;
    assert_eq!(slot(&house, &new).await.master, SECOND);
    house.signer.keep_responder().await.unwrap();
    let moved = house.tables.responder().await.unwrap().unwrap();
    assert_eq!((moved.master, &moved.id, &moved.certificate), (SECOND, &responder.id, &responder.certificate));
    assert_ne!(moved.slot, responder.slot);
    ask_ocsp(&house, &certificate).await;

    // One has not used the PIN, and one more has a SAD that lives.
    house.tamper_with(&other, |row| row.multisign = 9).await;
    let live = {
        let sad = house.authorize(&idle, &[hash(6)]).await;
        house.tamper_with_sad(&sad, |row| row.master = FIRST).await;
        sad
    };
    house.tamper_with(&idle, |row| row.slot.as_mut().unwrap().master = FIRST).await;
    let uses = Uses::all(&house.tables, house.clock.now()).await.unwrap();
    assert_eq!(uses[&FIRST], Uses { credentials: 1, sads: 1, responder: false });
    assert_eq!(uses[&SECOND].credentials, 3);
    let token = house.shut().await;
    let said = officers.0[0].says_yes(&token, &destroy);
    assert!(!said.success && said.text.contains("still needed: 1 credential, 1 live SAD"), "{}", said.text);

    let house = on(token).await;
    house.tamper_with(&idle, |row| row.slot.as_mut().unwrap().master = SECOND).await;
    house.signer.revoke(&RevokeSad { client: CLIENT.to_owned(), sad: live.as_str().into() }).await.unwrap();
    let token = house.shut().await;
    let said = officers.agree(&token, &destroy);
    assert!(said.success && said.text.contains("master-1 retires"), "{}", said.text);
    let early = token.command(&destroy);
    assert!(!early.success && early.text.contains("more minutes"), "{}", early.text);

    // A signer that starts meanwhile opens both.
    let house = on(token).await;
    house.authorize(&owned, &[hash(7)]).await;
    let token = house.shut().await;
    let_time_pass(&token).await;
    let said = token.command(&destroy);
    assert!(said.success && said.text.contains("master-1 is destroyed"), "{}", said.text);
    let said = token.command(&destroy);
    assert!(said.success && said.text.contains("was destroyed before"), "{}", said.text);

    let house = on(token).await;
    for owned in [&owned, &idle, &new, &Owned { pin: "another pin".to_owned(), ..other }] {
        let sad = house.authorize(owned, &[hash(8)]).await;
        assert!(owned.signed(&[hash(8)], &house.sign(owned, &sad, &[hash(8)]).await.unwrap()));
    }
    ask_ocsp(&house, &certificate).await;
    house.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pin_under_an_earlier_master_key_counts_and_moves_nothing() {
    let (house, owned) = moved_on().await;
    let before = slot(&house, &owned).await;
    for number in 0..3 {
        let asked = owned.authorize_with(&owned.wrong_pin(number), &[hash(1)]);
        assert_eq!(refusal(house.signer.authorize(&asked).await), Refusal::WrongPin);
        assert_eq!(slot(&house, &owned).await, before);
    }
    assert_eq!(refusal(house.signer.authorize(&owned.authorize(&[hash(1)])).await), Refusal::PinLocked);
    assert_eq!(slot(&house, &owned).await, before, "a PIN that was not judged moves nothing either");
    house.clock.advance(15 * 60_000);
    house.authorize(&owned, &[hash(1)]).await;
    assert_eq!(slot(&house, &owned).await.master, SECOND);
    house.close().await;
}

/// The lease is the first step of the row; what ends the try and moves the slot is the second, and one step.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_while_a_slot_moves_leaves_a_good_one() {
    let (house, owned) = moved_on().await;
    let before = slot(&house, &owned).await;
    for (how, left) in [(Fails::Before, FIRST), (Fails::After, SECOND)] {
        let faulty = Faulty::over(&house.store, "credential", 2, how);
        let signer = house.over(&(Arc::clone(&faulty) as Arc<dyn rsign_storage::Store>));
        let outcome = signer.authorize(&owned.authorize(&[hash(1)])).await;
        assert!(matches!(outcome, Err(Error::Store(_))) && faulty.has_failed(), "{how:?}: {outcome:?}");
        let now = slot(&house, &owned).await;
        assert_eq!(now.master, left, "{how:?}");
        assert_eq!(now == before, left == FIRST);
        // A lease that was left alone ends as a wrong PIN.
        house.clock.advance(60_000);
        let fresh = house.restarted();
        let sad = text(&fresh.authorize(&owned.authorize(&[hash(2)])).await.unwrap());
        assert!(owned.signed(&[hash(2)], &fresh.sign(&owned.sign(&sad, &[hash(2)])).await.unwrap()));
        assert_eq!(slot(&house, &owned).await.master, SECOND);
        let first = before.clone();
        house.tamper_with(&owned, move |row| row.slot = Some(first.clone())).await;
    }
    house.close().await;
}

/// Ten at once: one slot, the same octets whoever was last.
#[tokio::test(flavor = "multi_thread")]
async fn pins_used_at_the_same_time_move_a_slot_once() {
    let (house, owned) = moved_on().await;
    let clients: Vec<String> = (0..10).map(|number| format!("client-{number}")).collect();
    let calls = clients.iter().map(|client| {
        let asked = rsign_api::signer::Authorize { client: client.clone(), ..owned.authorize(&[hash(1)]) };
        let signer = Arc::clone(&house.signer);
        async move { signer.authorize(&asked).await }
    });
    for outcome in futures_util::future::join_all(calls).await {
        let sad = text(&outcome.unwrap());
        assert!(house.sad(&sad).await.unwrap().slot.is_some());
    }
    let row = house.row(&owned).await;
    assert_eq!((row.slot.unwrap().master, row.epoch, row.tries.failed()), (SECOND, 1, 0));
    house.authorize(&owned, &[hash(2)]).await;
    house.close().await;
}

/// A signer that was not started again since the next K_MK was made (MongoDB, several signers).
#[tokio::test(flavor = "multi_thread")]
async fn a_signer_that_does_not_know_a_version_says_so_and_counts_nothing() {
    let house = House::open().await;
    let (owned, ahead) = (house.enrol(KeyType::P256).await, house.enrol(KeyType::P256).await);
    let next = |row: &mut CeremonyRow| row.promote(SECOND, vec![0; 40], 1);
    house.tables.change_ceremony(next).await.unwrap().unwrap().unwrap();
    house.tamper_with(&ahead, |row| row.slot.as_mut().unwrap().master = SECOND).await;
    house.signer.look_at_masters().await.unwrap();

    // Its own go on, under what it knows.
    let sad = house.authorize(&owned, &[hash(1)]).await;
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()));
    assert_eq!(slot(&house, &owned).await.master, FIRST);

    // What others moved is refused by name, right PIN or wrong, however often.
    let is_named = |outcome: &Result<_, Error>, name: &str| match outcome {
        Err(Error::Hsm(Fault::Device(said))) => said.contains(name),
        _ => false,
    };
    for number in 0..6 {
        for pin in [&ahead.pin, &ahead.wrong_pin(number)] {
            let outcome = house.signer.authorize(&ahead.authorize_with(pin, &[hash(1)])).await;
            assert!(is_named(&outcome, "master-2"), "{outcome:?}");
        }
    }
    let row = house.row(&ahead).await;
    assert_eq!((row.tries.failed(), row.tries.locked_until(house.clock.now())), (0, None));
    assert!(!house.audit().await.contains("wrong"), "{}", house.audit().await);

    // Once what it knows retires, it wraps nothing any more, and still counts nothing.
    house.tables.change_ceremony(|row: &mut CeremonyRow| row.retire(FIRST, 2)).await.unwrap().unwrap().unwrap();
    house.signer.look_at_masters().await.unwrap_err();
    let outcome = house.signer.authorize(&owned.authorize(&[hash(2)])).await;
    assert!(is_named(&outcome, "start it again"), "{outcome:?}");
    let created = house.signer.create(&super::house::create("ann", KeyType::P256)).await;
    assert!(matches!(created, Err(Error::Hsm(Fault::Device(_)))), "{created:?}");
    assert_eq!(house.row(&owned).await.tries.failed(), 0);
    house.close().await;
}

/// Rows as they were before there were versions: only the PIN slot named a K_MK.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_of_a_time_before_versions_opens() {
    let house = House::open().await;
    let (owned, certificate) = house.enrol_certified("ann", KeyType::P256, Scal::Two, 10).await;
    let sad = house.authorize(&owned, &[hash(1), hash(2)]).await;
    ask_ocsp(&house, &certificate).await;
    for name in ["sad", "responder"] {
        let collection = Collection { name };
        for document in house.store.list(collection, None, None, 10).await.unwrap() {
            let id = document.id.clone();
            house.store.step(collection, &id, Box::new(without_master)).await.unwrap();
        }
    }
    let raw = |name| {
        let store = Arc::clone(&house.store);
        async move { store.list(Collection { name }, None, None, 10).await.unwrap().remove(0).body }
    };
    let text = |body: Vec<u8>| String::from_utf8(body).unwrap();
    assert!(text(raw("credential").await).contains(r#""master":"master-1""#));
    assert!(!text(raw("sad").await).contains("master") && !text(raw("responder").await).contains("master"));
    let ceremony: serde_json::Value = serde_json::from_slice(&raw("ceremony").await).unwrap();
    let members: Vec<&String> = ceremony.as_object().unwrap().keys().collect();
    assert_eq!(members, ["authority", "canary", "master", "performed_at"], "as it ever was");

    let token = house.shut().await;
    Officers::of(&token).rotate(&token);
    let house = on(token).await;
    assert!(owned.signed(&[hash(1)], &house.sign(&owned, &sad, &[hash(1)]).await.unwrap()));
    let extended = super::house::text(&house.signer.extend(&owned.extend(&sad, &[])).await.unwrap());
    assert!(owned.signed(&[hash(2)], &house.sign(&owned, &extended, &[hash(2)]).await.unwrap()));
    ask_ocsp(&house, &certificate).await;
    house.close().await;
}

fn without_master(found: Option<&Document>) -> Change {
    let mut document = found.unwrap().clone();
    let mut body: serde_json::Value = serde_json::from_slice(&document.body).unwrap();
    body.as_object_mut().unwrap().remove("master").unwrap();
    document.body = serde_json::to_vec(&body).unwrap();
    Change::Put(document)
}
