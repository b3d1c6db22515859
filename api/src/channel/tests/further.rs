//! `channel-further-vectors.json`: what `channel-vectors.json` has no room for. Contexts, lists, bodies, more records of
//! its session, a signature with a high s. Made and kept as the negative ones are.

use p256::ecdsa::Signature;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::super::body::{Answer, Authenticator, Authorize, ChangePin, Enrol, Factor, Reason, Request, Sign};
use super::super::context::{Context, enrol_digest};
use super::super::list::{Entry, List, label_digest, short_code};
use super::super::record::MAX_BODY;
use super::super::session::successor;
use super::super::wire::HelloAnswer;
use super::super::{MAX_LIFE, Operation, Secret, schedule};
use super::{START, fixed, greeting, hex, names, pinned, ready_client, ready_server, vector};
use crate::algorithm::{HashAlgorithm, KeyType, Scheme};
use crate::signer::{EntryType, Subject};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/channel-further-vectors.json");

const ABOUT: &str = "RCH1: what both ends compute besides channel-vectors.json. Octets are hexadecimal; texts are UTF-8. \
    `records` go on where its session stands after the handshake, with operation 01 and other first records; `largest` \
    would be the first exchange of that session. `high_s` is the same handshake with the other signature that ECDSA \
    allows: a client accepts it.";

/// Holds a published file equal to what is made, or writes it where `RSIGN_WRITE_VECTORS` is set.
pub(super) fn published(path: &str, made: &impl Serialize) {
    let text = serde_json::to_string_pretty(made).unwrap() + "\n";
    if std::env::var_os("RSIGN_WRITE_VECTORS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let same = std::fs::read_to_string(path).unwrap() == text;
    assert!(same, "{path} is not what the code makes; RSIGN_WRITE_VECTORS=1 writes it anew");
}

#[test]
fn the_published_file_is_the_one_made_here() {
    let names = names();
    let made = json!({
        "profile": "RCH1",
        "about": ABOUT,
        "start": START,
        "exp": START + MAX_LIFE,
        "names": {"credential": names.credential, "key_version": names.key_version, "tx": names.tx},
        "contexts": contexts(),
        "enrol": enrol(),
        "lists": lists().iter().map(list_value).collect::<Vec<_>>(),
        "requests": requests(),
        "answers": answers(),
        "high_s": high_s(),
        "records": records(),
        "largest": largest(),
    });
    published(PATH, &made);
}

fn contexts() -> Vec<Value> {
    let digest = lists()[0].0.digest();
    let cases = [
        (Operation::Enrol, Some(enrol_digest(KeyType::P256, &subject(None)).unwrap())),
        (Operation::Authorize, Some(digest)),
        (Operation::Authorize, None),
        (Operation::Sign, None),
        (Operation::ChangePin, None),
        (Operation::Factor, None),
    ];
    let value = |(operation, list_digest): (Operation, Option<[u8; 32]>)| {
        let context = Context {
            operation,
            tx: "tx-1".to_owned(),
            tenant: String::new(),
            user: "zoë".to_owned(),
            client: if operation == Operation::ChangePin { String::new() } else { "an app".to_owned() },
            credential: "cred-1".to_owned(),
            key_version: 1,
            list_digest,
        };
        json!({
            "op": operation.request(),
            "tx": context.tx, "tenant": context.tenant, "user": context.user, "client": context.client,
            "credential": context.credential, "key_version": context.key_version,
            "list_digest": list_digest.map(|digest| hex(&digest)),
            "ctx": hex(&context.digest().unwrap()),
        })
    };
    cases.into_iter().map(value).collect()
}

pub(super) fn subject(organization: Option<&str>) -> Subject {
    Subject {
        country: "PT".to_owned(),
        organization: organization.map(str::to_owned),
        given_name: "Zoë".to_owned(),
        surname: "Müller".to_owned(),
        serial_number: "PNOPT-12345678".to_owned(),
        common_name: "Zoë Müller".to_owned(),
    }
}

fn enrol() -> Vec<Value> {
    let value = |organization| {
        let subject = subject(organization);
        let digest = enrol_digest(KeyType::P256, &subject).unwrap();
        json!({"key": KeyType::P256.name(), "subject": subject, "digest": hex(&digest)})
    };
    vec![value(None), value(Some("ACME, Lda."))]
}

/// Lists with their labels, as texts.
fn lists() -> Vec<(List, Vec<Option<&'static str>>)> {
    let entry = |r#type, octet: u8, length, label: Option<&str>| Entry {
        r#type,
        hash: vec![octet; length],
        label: label.map(label_digest),
    };
    let mixed = [
        (EntryType::Dtbsr, Some("contract.pdf")),
        (EntryType::Sdr, None),
        (EntryType::Sodr, Some("Ærklæring.xml")),
        (EntryType::Untyped, None),
    ];
    let list = |algorithm: HashAlgorithm, parts: &[(EntryType, Option<&'static str>)]| {
        let entries = (1..).zip(parts).map(|(octet, (r#type, label))| entry(*r#type, octet, algorithm.len(), *label));
        let list = List::new(algorithm, entries.collect()).unwrap();
        (list, parts.iter().map(|(_, label)| *label).collect())
    };
    vec![
        list(HashAlgorithm::Sha256, &[(EntryType::Dtbsr, None)]),
        list(HashAlgorithm::Sha384, &mixed),
        list(HashAlgorithm::Sha512, &mixed[..2]),
    ]
}

fn list_value((list, labels): &(List, Vec<Option<&str>>)) -> Value {
    let entry = |(entry, label): (&Entry, &Option<&str>)| json!({"type": entry.r#type, "hash": hex(&entry.hash), "label": label});
    json!({
        "hash_oid": list.algorithm().oid().to_string(),
        "entries": list.entries().iter().zip(labels).map(entry).collect::<Vec<_>>(),
        "list": hex(&list.encode()),
        "digest": hex(&list.digest()),
        "short_code": short_code(&list.digest()),
    })
}

fn requests() -> Vec<Value> {
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    let (pin, new_pin, factor) = ("271828", "pässwörd", "0123456789abcdef0123456789abcdef");
    let (list, _) = lists().swap_remove(1);
    let digest = list.digest();
    let scheme = |scheme| (scheme, lists()[0].0.clone());
    let mut made = vec![
        (
            Request::Enrol(Enrol { new_pin: Some(secret(new_pin)), factor: None, digest }),
            json!({"new_pin": new_pin, "list_digest": hex(&digest)}),
        ),
        (Request::Enrol(Enrol { new_pin: None, factor: None, digest }), json!({"list_digest": hex(&digest)})),
        (
            Request::Authorize(Authorize {
                pin: secret(pin),
                factor: Some(secret(factor)),
                list_digest: Some(digest),
                signatures: 4,
            }),
            json!({"pin": pin, "factor": factor, "list_digest": hex(&digest), "count": 4}),
        ),
        (
            Request::Authorize(Authorize { pin: secret(pin), factor: None, list_digest: None, signatures: 25 }),
            json!({"pin": pin, "count": 25}),
        ),
        (
            Request::ChangePin(ChangePin { pin: secret(pin), new_pin: secret(new_pin), factor: None }),
            json!({"pin": pin, "new_pin": new_pin}),
        ),
        (
            Request::Factor(Factor::Begin { pin: secret(pin), factor: Some(secret("287082")) }),
            json!({"pin": pin, "factor": "287082"}),
        ),
        (Request::Factor(Factor::Begin { pin: secret(pin), factor: None }), json!({"pin": pin})),
        (Request::Factor(Factor::Confirm { factor: secret("287082") }), json!({"factor": "287082"})),
        (Request::Close, json!({})),
    ];
    let hash = HashAlgorithm::Sha256;
    for (kind, salt, (scheme, list)) in [
        ("pkcs1", 0, scheme(Scheme::Pkcs1 { hash })),
        ("pss", 32, scheme(Scheme::Pss { hash, salt: 32 })),
        ("ecdsa", 0, scheme(Scheme::Ecdsa { hash })),
    ] {
        let fields = json!({"pin": pin, "list": hex(&list.encode()), "scheme": kind, "salt": salt});
        made.push((Request::Sign(Sign { pin: secret(pin), factor: None, list, scheme }), fields));
    }
    let value = |(request, fields): (Request, Value)| {
        let body = request.encode(&names()).unwrap();
        json!({"op": request.operation().request(), "fields": fields, "body": hex(body.reveal())})
    };
    made.into_iter().map(value).collect()
}

fn answers() -> Vec<Value> {
    let some = Some(900);
    let reasons = [
        Reason::WrongPin { tries_left: Some(2) },
        Reason::WrongPin { tries_left: None },
        Reason::PinLocked { retry_after: some },
        Reason::PinLocked { retry_after: None },
        Reason::Blocked,
        Reason::ListMismatch,
        Reason::WrongFactor { retry_after: None },
        Reason::WrongFactor { retry_after: some },
        Reason::WeakPin,
        Reason::Expired,
        Reason::Disabled,
        Reason::Algorithm,
        Reason::Unavailable { retry_after: some },
        Reason::Unavailable { retry_after: None },
        Reason::Refused,
        Reason::NotYet { retry_after: some },
    ];
    let signatures = vec![vec![0x51; 64], vec![0x52; 70]];
    let shown: Vec<_> = signatures.iter().map(|signature| hex(signature)).collect();
    let mut made = vec![
        (Operation::Enrol, Answer::Enrolled { pin: None, factor: None }, json!({"code": 0})),
        (
            Operation::Enrol,
            Answer::Enrolled { pin: Some(Secret::new(b"31415926".to_vec())), factor: None },
            json!({"code": 0, "pin": "31415926"}),
        ),
        (Operation::Authorize, Answer::Done, json!({"code": 0})),
        (Operation::ChangePin, Answer::Done, json!({"code": 0})),
        (Operation::Sign, Answer::Signatures(signatures), json!({"code": 0, "signatures": shown})),
        (
            Operation::Enrol,
            Answer::Enrolled { pin: None, factor: Some(authenticator()) },
            json!({"code": 0, "otpauth": URI, "qr": hex(authenticator().code())}),
        ),
        (
            Operation::Factor,
            Answer::Begun(authenticator()),
            json!({"code": 0, "otpauth": URI, "qr": hex(authenticator().code())}),
        ),
        (Operation::Factor, Answer::Done, json!({"code": 0})),
        (Operation::Close, Answer::Closed, json!({"code": 0})),
    ];
    for reason in reasons {
        let mut fields = json!({"code": reason.code()});
        if let Some(seconds) = reason.retry_after() {
            fields["retry_after"] = seconds.into();
        }
        if let Some(tries) = reason.tries_left() {
            fields["tries_left"] = tries.into();
        }
        let close = matches!(reason, Reason::NotYet { .. });
        let operation = if close { Operation::Close } else { Operation::Authorize };
        made.push((operation, Answer::Refused(reason), fields));
    }
    let value = |(operation, answer, fields): (Operation, Answer, Value)| {
        let body = answer.encode(operation, &names()).unwrap();
        json!({"op": operation.request(), "fields": fields, "body": hex(body.reveal())})
    };
    made.into_iter().map(value).collect()
}

/// The secret of RFC 6238, appendix B.
const URI: &str = "otpauth://totp/rsign:zo%C3%AB?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=rsign";

/// The smallest QR code's size, its modules dark and light in turns: not a code that a phone could read.
pub(super) fn authenticator() -> Authenticator {
    let code = [vec![21], vec![0xaa; 55], vec![0x80]].concat();
    Authenticator::new(Secret::new(URI.as_bytes().to_vec()), Secret::new(code)).unwrap()
}

/// The vectors' signature with n - s in place of s; whichever of the two is high, clients take both.
fn high_s() -> Value {
    let signature = Signature::from_slice(&vector("/sig_raw")).unwrap();
    let (r, s) = signature.split_scalars();
    let other = Signature::from_scalars(r.to_bytes(), (-*s).to_bytes()).unwrap();
    let th2 = schedule::th2(&fixed("/TH1"), &other.to_bytes()).unwrap();
    let keys = schedule::keys(&fixed("/Z"), &th2).unwrap();
    let fin_s = schedule::hmac(&keys.fin_s, &[&th2]).unwrap();
    let fin_c = schedule::hmac(&keys.fin_c, &[&schedule::th3(&th2, &fin_s)]).unwrap();
    let answer = HelloAnswer {
        hello: vector("/ServerHello").into(),
        signature: other.to_bytes().to_vec().into(),
        finished: fin_s.to_vec().into(),
    };
    let ready = greeting().receive(&answer, &pinned(), START).unwrap();
    let (_, message) = ready.seal_body(Operation::Enrol, b"", [0; 16], START).unwrap();
    assert_eq!(message.finished.unwrap().0, fin_c);
    json!({"sig_raw": hex(&other.to_bytes()), "fin_s": hex(&fin_s), "fin_c": hex(&fin_c)})
}

/// Number, N, operation, body, body of the answer.
type Exchange<'a> = (u64, [u8; 16], Operation, &'a [u8], &'a [u8]);

/// Three exchanges of one session: an N that wraps, an ordinary one with a body of a block and more, close.
fn records() -> Vec<Value> {
    let (mut client, mut server) = (Some(ready_client()), Some(ready_server()));
    let long = vec![0xb0; 300];
    let exchanges: [Exchange<'_>; 3] = [
        (0, [0xff; 16], Operation::Enrol, b"", b"answer"),
        (1, fixed("/inputs/N"), Operation::Enrol, &long, &long),
        (2, [0x2a; 16], Operation::Close, b"", b""),
    ];
    let value = |(seq, nonce, operation, body, answer_body): Exchange<'_>| {
        let (waiting, message) = client.take().unwrap().seal_body(operation, body, nonce, START).unwrap();
        let (read, working) = server.take().unwrap().open_body(&message.record, START).unwrap();
        assert_eq!(read.reveal(), body);
        let sealed = working.seal_body(answer_body, START).unwrap();
        let (read, next) = waiting.open_body(&sealed.record, START).unwrap();
        assert_eq!(read.reveal(), answer_body);
        (client, server) = (next, sealed.next);
        json!({
            "seq": seq, "op": operation.request(), "nonce": hex(&nonce), "answer_nonce": hex(&successor(nonce)),
            "body": hex(body), "request": hex(&message.record),
            "answer_body": hex(answer_body), "answer": hex(&sealed.record),
        })
    };
    exchanges.into_iter().map(value).collect()
}

/// The largest records there are, by their digests.
fn largest() -> Value {
    let (nonce, body) = ([0x4c; 16], vec![0x5a; MAX_BODY]);
    let (_, message) = ready_client().seal_body(Operation::Enrol, &body, nonce, START).unwrap();
    let (_, working) = ready_server().open_body(&message.record, START).unwrap();
    let sealed = working.seal_body(&body, START).unwrap();
    json!({
        "nonce": hex(&nonce), "body_octet": "5a", "body_length": MAX_BODY,
        "request_sha256": hex(&Sha256::digest(&message.record.0)),
        "answer_sha256": hex(&Sha256::digest(&sealed.record)),
    })
}
