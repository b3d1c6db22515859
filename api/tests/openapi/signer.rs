//! `signer.yaml` and the messages of gateway and signer: members both ways, and every example makes the round trip.

use std::collections::BTreeSet;

use rsign_api::signer::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{SIGNER, examples, fields, judge, named};

type Trip = fn(&Value) -> Value;

fn trip<T: DeserializeOwned + Serialize>(value: &Value) -> Value {
    serde_json::to_value(serde_json::from_value::<T>(value.clone()).unwrap()).unwrap()
}

/// A message's name in the document, the members it is read from, and its round trip.
fn messages() -> Vec<(&'static str, &'static [&'static str], Trip)> {
    macro_rules! messages {
        ($($name:ident),* $(,)?) => { vec![$((stringify!($name), fields::of::<$name>(), trip::<$name> as Trip)),*] };
    }
    let mut messages = messages![
        AnsweredOcsp,
        AskOcsp,
        Authority,
        Authorize,
        Authorized,
        CertificateName,
        ChangePin,
        ChangeState,
        ChannelAnswer,
        ChannelHello,
        ChannelOpened,
        ChannelRecord,
        CheckSad,
        CompleteSignature,
        CreateCredential,
        CreatedCredential,
        CredentialName,
        CredentialStatus,
        DocumentToSign,
        Done,
        DrawCode,
        DrawnCode,
        Enrol,
        Entry,
        EvidenceOctets,
        Extend,
        Health,
        IssueCertificate,
        IssuedCertificate,
        LinkCertificate,
        NewestStamp,
        Property,
        Refused,
        RefusedDocument,
        Registration,
        RenewDocument,
        RevokeSad,
        Sign,
        SignDocuments,
        Signed,
        SignedDocument,
        SignedDocuments,
        StampImprint,
        Subject,
    ];
    // Enumerations.
    messages.push(("CompletedSignature", &[], trip::<CompletedSignature>));
    messages.push(("RenewedDocument", &[], trip::<RenewedDocument>));
    messages
}

#[test]
fn members_are_those_of_the_document() {
    let judge = judge(SIGNER);
    let schemas = judge.document.value["components"]["schemas"].as_object().unwrap();
    let messages = messages();
    for (name, read, _) in &messages {
        let read: BTreeSet<String> = read.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(read, named(&schemas[*name]), "{name}");
    }
    // The others are no structs; what they are is shown by the round trips and by `words`.
    let known: BTreeSet<&str> = messages.iter().map(|(name, ..)| *name).collect();
    let others =
        schemas.iter().filter(|(name, schema)| schema["properties"].is_object() && !known.contains(name.as_str()));
    let others: Vec<&str> = others.map(|(name, _)| name.as_str()).collect();
    assert_eq!(others, ["Busy", "Scheme"]);
}

#[test]
fn every_example_makes_the_round_trip() {
    let judge = judge(SIGNER);
    let messages = messages();
    let mut count = 0;
    for place in ["requestBody", "responses"] {
        examples(&judge.document, place, &mut |name, example| {
            if name == "Nothing" {
                return;
            }
            let (.., trip) = messages.iter().find(|(known, ..)| *known == name).unwrap_or_else(|| panic!("{name}"));
            let back = trip(example);
            assert_eq!(judge.schema(name, true, &back), Vec::<String>::new(), "{name}");
            let kept = example.as_object().unwrap().iter().all(|(member, value)| {
                // What is left out has its default.
                back[member] == *value || name == "Extend" && member == "list"
            });
            assert!(kept, "{name}: {example} became {back}");
            count += 1;
        });
    }
    assert!(count > 25, "{count}");
}

#[test]
fn words_are_those_of_the_document() {
    use rsign_api::algorithm::{HashAlgorithm, KeyType, Scheme};
    use rsign_api::bytes::Bytes;
    use rsign_api::objection::Reason;
    use rsign_api::parts::Part;

    fn said<T: Serialize>(judge: &rsign_openapi::Judge, schema: &str, values: impl IntoIterator<Item = T>) {
        let said: BTreeSet<String> =
            values.into_iter().map(|value| serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()).collect();
        let words = &judge.document.value.pointer(&format!("/components/schemas/{schema}/enum")).unwrap();
        let words: BTreeSet<String> =
            words.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect();
        assert_eq!(said, words, "{schema}");
    }
    let judge = judge(SIGNER);
    said(&judge, "KeyType", KeyType::ALL);
    said(&judge, "HashAlgorithm", HashAlgorithm::ALL);
    said(&judge, "Scal", [Scal::One, Scal::Two]);
    said(&judge, "RefusedDocument/properties/reason", Reason::ALL);
    said(&judge, "Stretch", [Stretch::Argon2id, Stretch::Hmac]);
    said(&judge, "Factor", [FactorKind::None, FactorKind::Totp, FactorKind::Online]);
    said(&judge, "Entry/properties/type", [EntryType::Untyped, EntryType::Dtbsr, EntryType::Sdr, EntryType::Sodr]);
    use State::{Active, Blocked, Destroyed, Generated, Linked, Suspended};
    said(&judge, "State", [Generated, Linked, Active, Suspended, Blocked, Destroyed]);
    let operations = [Operation::Enrol, Operation::Authorise, Operation::Sign, Operation::ChangePin, Operation::Factor];
    said(&judge, "Registration/properties/operation", operations);
    let created = || CreatedCredential {
        key: Bytes(vec![1]),
        spki: Bytes(vec![2]),
        request: Bytes(vec![3]),
        factor: FactorKind::Totp,
    };
    let outcomes = [
        ChannelOutcome::Open(Obstacle::WrongPin),
        ChannelOutcome::Open(Obstacle::PinLocked),
        ChannelOutcome::Open(Obstacle::WrongFactor),
        ChannelOutcome::Open(Obstacle::NotYet),
        ChannelOutcome::Open(Obstacle::Refused),
        ChannelOutcome::Failed,
        ChannelOutcome::Authorised(Authorized { sad: "sad_x".into(), expires_in: 300 }),
        ChannelOutcome::Enrolled(created()),
        ChannelOutcome::PinChanged,
        ChannelOutcome::FactorBegun,
        ChannelOutcome::FactorConfirmed,
        ChannelOutcome::Signed { count: 3 },
        ChannelOutcome::Closed,
    ];
    for outcome in outcomes {
        let value = serde_json::to_value(outcome).unwrap();
        assert_eq!(judge.schema("ChannelOutcome", true, &value), Vec::<String>::new(), "{value}");
    }
    let parts = [Part::own("a"), Part::Document { start: 1, end: 2 }, Part::Base64, Part::Base64url];
    let completed = [CompletedSignature::Imprint(Bytes(vec![1])), CompletedSignature::Parts(parts.to_vec())];
    for completed in completed {
        let value = serde_json::to_value(completed).unwrap();
        assert_eq!(judge.schema("CompletedSignature", true, &value), Vec::<String>::new(), "{value}");
    }
    let newest = NewestStamp { until: 1, certificates: vec![Bytes(vec![1])] };
    let imprint = StampImprint { algorithm: HashAlgorithm::Sha384, hash: Bytes(vec![1]) };
    let renewed = [
        RenewedDocument::Unsigned,
        RenewedDocument::Unstamped,
        RenewedDocument::Unfit("it is no JSON".to_owned()),
        RenewedDocument::Stamped { stamps: vec![newest], detached: true },
        RenewedDocument::Imprints(vec![imprint]),
        RenewedDocument::Parts(parts.to_vec()),
    ];
    for renewed in renewed {
        let value = serde_json::to_value(renewed).unwrap();
        assert_eq!(judge.schema("RenewedDocument", true, &value), Vec::<String>::new(), "{value}");
    }
    let known = [
        KnownDocument::Document(b"four".to_vec().into()),
        KnownDocument::Elsewhere { length: Some(4), digest: None },
        KnownDocument::Elsewhere { length: None, digest: Some(Bytes(vec![1])) },
    ];
    for known in known {
        let value = serde_json::to_value(known).unwrap();
        assert_eq!(judge.schema("KnownDocument", true, &value), Vec::<String>::new(), "{value}");
    }
    let archive = "/components/schemas/CompleteSignature/properties/archive";
    for stamp in [ArchiveStamp::Wanted, ArchiveStamp::Token(Bytes(vec![1]))] {
        let value = serde_json::to_value(stamp).unwrap();
        assert_eq!(judge.at(true, archive, &value), Vec::<String>::new(), "{value}");
    }
    let sha = HashAlgorithm::Sha256;
    for scheme in [Scheme::Pkcs1 { hash: sha }, Scheme::Pss { hash: sha, salt: 32 }, Scheme::Ecdsa { hash: sha }] {
        let value = serde_json::to_value(scheme).unwrap();
        assert_eq!(judge.schema("Scheme", true, &value), Vec::<String>::new(), "{value}");
        assert!(
            named(&judge.document.value["components"]["schemas"]["Scheme"])
                .is_superset(&value.as_object().unwrap().keys().cloned().collect())
        );
    }
    let words = judge.document.value.pointer("/components/schemas/Refused/properties/refused/enum").unwrap();
    for word in words.as_array().unwrap() {
        let refusal: Refusal = serde_json::from_value(word.clone()).unwrap();
        assert_eq!(serde_json::to_value(refusal).unwrap(), *word);
    }
    assert_eq!(words.as_array().unwrap().len(), 28, "as many as Refusal has");
}

#[test]
fn paths_are_those_of_the_document() {
    let judge = judge(SIGNER);
    let paths = [
        path::CREATE,
        path::ISSUE,
        path::LINK,
        path::STATUS,
        path::STATE,
        path::CHANGE_PIN,
        path::DRAW_CODE,
        path::AUTHORIZE,
        path::EXTEND,
        path::REVOKE,
        path::CHECK,
        path::SIGN,
        path::SIGN_DOCUMENTS,
        path::COMPLETE_SIGNATURE,
        path::RENEW_DOCUMENT,
        path::CHANNEL_HELLO,
        path::CHANNEL_RECORD,
        path::AUTHORITY,
        path::OCSP,
        path::HEALTH,
    ];
    let documented: BTreeSet<&str> = judge.document.operations().map(|operation| operation.path).collect();
    assert_eq!(BTreeSet::from(paths), documented);
    assert!(judge.document.operations().all(|operation| operation.method == "post"));
}
