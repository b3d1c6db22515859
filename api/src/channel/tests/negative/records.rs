//! Records (3.3) and nonces (3.4).

use super::super::super::record::MAX_CIPHERTEXT;
use super::super::super::session::successor;
use super::super::super::{Ephemeral, MAX_IDLE, MAX_LIFE, Operation, client, schedule, server};
use super::super::raw::{Raw, Way, plaintext};
use super::super::{START, ephemeral, fixed, hex, offer, pinned, purpose, unhex, vector};
use super::{Case, Exchange, Receiver, Sealed, Step, flipped, pieces};

/// The operation of the vectors' session.
const OP: u8 = 0x01;
const ANSWER: u8 = 0x81;

/// Where the fields of a record with 256 octets of ciphertext begin.
const FIELDS: [(&str, usize); 11] = [
    ("magic", 0),
    ("type", 4),
    ("direction", 5),
    ("the reserved octets", 7),
    ("sid", 8),
    ("seq", 31),
    ("ctlen", 34),
    ("the ciphertext's beginning", 36),
    ("the ciphertext's end", 291),
    ("the tag's beginning", 292),
    ("the tag's end", 323),
];

pub(super) fn cases() -> Vec<Case> {
    [both(Way::ToServer), both(Way::ToClient), requests(), answers()].concat()
}

/// Nonce of the n-th exchange of `before`.
fn nonce(number: u8) -> [u8; 16] {
    [0xa0 + number; 16]
}

/// Good exchanges with empty bodies, numbers 0 to `count` - 1.
fn exchanges(count: u8) -> Vec<Exchange> {
    (0..count).map(|number| exchange(number, nonce(number), OP)).collect()
}

fn exchange(number: u8, nonce: [u8; 16], op: u8) -> Exchange {
    let request = Raw::new(Way::ToServer, u64::from(number), plaintext(nonce, op, b""));
    let answer = Raw::new(Way::ToClient, u64::from(number), plaintext(successor(nonce), op | 0x80, b""));
    Exchange {
        nonce: hex(&nonce),
        op,
        body: String::new(),
        record: hex(&request.seal()),
        answer_body: Some(String::new()),
        answer: Some(hex(&answer.seal())),
    }
}

/// A request that waits for its answer.
fn waiting(number: u8, nonce: [u8; 16]) -> Exchange {
    Exchange { answer_body: None, answer: None, ..exchange(number, nonce, OP) }
}

fn case(way: Way, clause: &str, name: &str) -> Case {
    match way {
        Way::ToServer => Case::new(Receiver::Signer, Step::Record, clause, format!("request: {name}")),
        Way::ToClient => Case::new(Receiver::Client, Step::Record, clause, format!("answer: {name}")),
    }
}

fn with_record(case: Case, record: &[u8]) -> Case {
    Case { record: Some(hex(record)), ..case }
}

/// The plaintext of the vectors' record that goes this way.
fn good_plaintext(way: Way) -> Vec<u8> {
    match way {
        Way::ToServer => plaintext(fixed("/inputs/N"), OP, &vector("/inputs/body")),
        Way::ToClient => plaintext(fixed("/N_plus_1"), ANSWER, br#"{"ok":true}"#),
    }
}

/// What both ends must refuse alike.
fn both(way: Way) -> Vec<Case> {
    let (good, other) = match way {
        Way::ToServer => (vector("/request"), vector("/response")),
        Way::ToClient => (vector("/response"), vector("/request")),
    };
    assert_eq!(Raw::new(way, 0, good_plaintext(way)).seal(), good);
    let plain = |clause: &str, name: &str, record: &[u8]| with_record(case(way, clause, name), record);
    let sealed = |clause: &str, name: &str, raw: Raw| with_record(case(way, clause, name), &raw.seal());
    let raw = || Raw::new(way, 0, good_plaintext(way));
    let head = |at: usize, octet: u8| {
        let mut raw = raw();
        raw.head[at] = octet;
        raw
    };
    let mut cases: Vec<_> = FIELDS
        .iter()
        .map(|(field, at)| plain("3.3", &format!("flipped bit in {field}"), &flipped(&good, *at)))
        .collect();
    let wrong_direction = if matches!(way, Way::ToServer) { 1 } else { 0 };
    let mut turned = other.clone();
    turned[5] = good[5];
    cases.extend([
        plain("3.3", "tag truncated to 16 octets", &good[..308]),
        plain("3.3", "tag truncated to 31 octets", &good[..323]),
        plain("3.3", "tag left out", &good[..292]),
        plain("3.3", "one octet more", &[good.as_slice(), &[0]].concat()),
        plain("3.3", "header alone", &good[..36]),
        plain("3.3", "empty", b""),
        plain("3.3", "reflected record of the other direction", &other),
        plain("3.3", "reflected record with its direction rewritten", &turned),
        sealed("3.3", "authentic, but magic RCH2", head(3, b'2')),
        sealed("3.3", "authentic, but type 11", head(4, 0x11)),
        sealed("3.3", "authentic, but the other direction", head(5, wrong_direction)),
        sealed("3.3", "authentic, but direction 02", head(5, 2)),
        sealed("3.3", "authentic, but reserved octets not zero", head(6, 1)),
        sealed("3.3", "authentic, but sid of another session", Raw { sid: vec![0x51; 16], ..raw() }),
        sealed("3.3", "authentic, but seq 1 where 0 is due", Raw::new(way, 1, good_plaintext(way))),
        sealed(
            "3.3",
            "authentic, but seq 1 where 0 is due, encrypted as seq 0",
            Raw { counter: 0, ..Raw::new(way, 1, good_plaintext(way)) },
        ),
        sealed("3.3", "authentic, but the last seq there is", Raw::new(way, u64::MAX, good_plaintext(way))),
        sealed("3.3", "authentic, but encrypted as seq 1", Raw { counter: 1, ..raw() }),
        sealed(
            "3.3",
            "authentic, but ctlen less than what follows",
            Raw { length: Some(0), plaintext: good_plaintext(way), ..raw() },
        ),
        sealed("3.3", "authentic, but no ciphertext", Raw::new(way, 0, Vec::new())),
        sealed("3.3", "authentic, but ciphertext of 255 octets", Raw::new(way, 0, good_plaintext(way)[..255].to_vec())),
        sealed("3.3", "authentic, but ciphertext of 257 octets", {
            Raw::new(way, 0, [good_plaintext(way), vec![0]].concat())
        }),
        plain(
            "3.3",
            "tag by the other direction's key",
            &retagged(
                &good,
                match way {
                    Way::ToServer => "/keys/s2c_mac",
                    Way::ToClient => "/keys/c2s_mac",
                },
            ),
        ),
        plain("3.3", "tag over the ciphertext alone", &tagged_without_header(&good, way)),
        oversize(way),
    ]);
    cases.extend(paddings(way));
    cases.extend(cross_session(way));
    cases
}

/// The same record, its tag by another key.
fn retagged(record: &[u8], key: &str) -> Vec<u8> {
    let (covered, _) = record.split_at(record.len() - 32);
    [covered, &schedule::hmac(&fixed(key), &[covered]).unwrap()].concat()
}

fn tagged_without_header(record: &[u8], way: Way) -> Vec<u8> {
    let (covered, _) = record.split_at(record.len() - 32);
    let key = fixed(&format!("/keys/{}_mac", way.name()));
    [covered, &schedule::hmac(&key, &[&covered[36..]]).unwrap()].concat()
}

/// One block above 64 KiB; all else is good.
fn oversize(way: Way) -> Case {
    let body = MAX_CIPHERTEXT + 256 - 22;
    let (nonce, op) = match way {
        Way::ToServer => (vector("/inputs/N"), OP),
        Way::ToClient => (vector("/N_plus_1"), ANSWER),
    };
    let head = [nonce.as_slice(), &[op], &(body as u32).to_be_bytes()].concat();
    let plaintext = vec![(hex(&head), 1), ("5a".to_owned(), body), ("80".to_owned(), 1)];
    let record = Raw::new(way, 0, pieces(&plaintext)).seal();
    let sha256 = hex(&<sha2::Sha256 as sha2::Digest>::digest(&record));
    let sealed = Sealed { way: way.name().to_owned(), seq: 0, plaintext, sha256 };
    Case { sealed: Some(sealed), ..case(way, "3.3", "authentic, but ciphertext of 65792 octets") }
}

/// Plaintexts that no sender makes, under good tags.
fn paddings(way: Way) -> Vec<Case> {
    let good = good_plaintext(way);
    let end = 21 + usize::from(good[20]);
    let with = |at: usize, octet: u8| {
        let mut plaintext = good.clone();
        plaintext[at] = octet;
        plaintext
    };
    // A body that ends with the block leaves no room for the 80.
    let mut full = plaintext(good[..16].try_into().unwrap(), good[16], &[0x5a; 234]);
    full[17..21].copy_from_slice(&235_u32.to_be_bytes());
    full[255] = 0x5a;
    [
        ("no 80 after the body", with(end, 0)),
        ("81 after the body", with(end, 0x81)),
        ("octet not zero after the 80", with(end + 1, 1)),
        ("last octet not zero", with(255, 1)),
        ("second 80", with(255, 0x80)),
        ("a block more than needed", [good.clone(), vec![0; 256]].concat()),
        ("body length one too small", with(20, good[20] - 1)),
        ("body length one too large", with(20, good[20] + 1)),
        ("body length beyond the plaintext", with(19, 1)),
        ("body length ffffffff", [&good[..17], &[0xff; 4], &good[21..]].concat()),
        ("no room for the 80", full),
    ]
    .map(|(name, plaintext)| {
        let record = Raw::new(way, 0, plaintext).seal();
        with_record(case(way, "3.3", &format!("bad padding: {name}")), &record)
    })
    .to_vec()
}

/// Records of another session of the same two, with other keys.
fn cross_session(way: Way) -> Vec<Case> {
    let (request, answer) = other_session([0x51; 16], ephemeral([0x09; 32]));
    let (same_sid, same_sid_answer) = other_session(fixed("/inputs/sid"), ephemeral([0x09; 32]));
    let (theirs, moved) = match way {
        Way::ToServer => (request, same_sid),
        Way::ToClient => (answer, same_sid_answer),
    };
    let mut renamed = theirs.clone();
    renamed[8..24].copy_from_slice(&vector("/inputs/sid"));
    vec![
        with_record(case(way, "3.3", "cross-session record"), &theirs),
        with_record(case(way, "3.3", "cross-session record with its sid rewritten"), &renamed),
        with_record(case(way, "3.3", "record of a session with the same sid and other keys"), &moved),
    ]
}

/// First request and answer of a session in which the signer drew another Y and sid.
fn other_session(sid: [u8; 16], ephemeral_key: Ephemeral) -> (Vec<u8>, Vec<u8>) {
    use p256::ecdsa::Signature;
    use p256::ecdsa::signature::Signer as _;

    let theirs = client::Greeting::start(purpose(), ephemeral(fixed("/inputs/x")), fixed("/inputs/Nc")).unwrap();
    let offer = server::Offer { ephemeral: ephemeral_key, sid, ..offer() };
    let ours = server::Greeting::receive(theirs.hello(), purpose(), offer, START).unwrap();
    let signature: Signature = super::super::identity().sign(&ours.message());
    let (offered, answer) = ours.sign(&signature.to_bytes().into()).unwrap();
    let ready = theirs.receive(&answer, &pinned(), START).unwrap();
    let nonce = fixed("/inputs/N");
    let (_, message) = ready.seal_body(Operation::Enrol, &vector("/inputs/body"), nonce, START).unwrap();
    let ready = offered.confirm(&message.finished.unwrap(), START).unwrap();
    let (_, working) = ready.open_body(&message.record, START).unwrap();
    (message.record.0, working.seal_body(br#"{"ok":true}"#, START).unwrap().record)
}

/// What only the signer meets.
fn requests() -> Vec<Case> {
    let first = exchanges(1);
    let sealed = |clause: &str, name: &str, seq: u64, nonce: [u8; 16], op: u8| {
        with_record(case(Way::ToServer, clause, name), &Raw::new(Way::ToServer, seq, plaintext(nonce, op, b"")).seal())
    };
    let after = |before: &[Exchange], case: Case| Case { before: before.to_vec(), ..case };
    let fresh = nonce(15);
    let mut cases = vec![
        after(&first, with_record(case(Way::ToServer, "3.3", "the first request again"), &unhex(&first[0].record))),
        after(&first, sealed("3.3", "old seq under a fresh nonce", 0, fresh, OP)),
        after(&first, sealed("3.3", "skipped seq", 2, fresh, OP)),
        after(&first, sealed("3.4", "nonce of the first request repeated", 1, nonce(0), OP)),
        after(&exchanges(3), sealed("3.4", "nonce of an earlier request repeated", 3, nonce(0), OP)),
        after(&exchanges(16), sealed("3.3", "the 33rd record", 16, [0xb0; 16], OP)),
        after(&[exchange(0, nonce(0), 0x06)], sealed("3.5", "after close", 1, fresh, OP)),
        Case {
            now: START + MAX_LIFE,
            ..with_record(case(Way::ToServer, "3.3", "after the session's end"), &vector("/request"))
        },
        Case {
            now: START + MAX_IDLE + 1,
            ..with_record(case(Way::ToServer, "3.3", "after 61 idle seconds"), &vector("/request"))
        },
    ];
    for (name, op) in [
        ("op 00", 0x00),
        ("op 05 (second factor) where none was enrolled", 0x05),
        ("op 07 (unknown)", 0x07),
        ("op of an answer", ANSWER),
        ("op of another operation than the session's", 0x02),
    ] {
        cases.push(sealed("3.5", name, 0, fresh, op));
    }
    cases
}

/// What only a client meets.
fn answers() -> Vec<Case> {
    let first = exchanges(1);
    let answer = |clause: &str, name: &str, request: Exchange, seq: u64, nonce: [u8; 16], op: u8| Case {
        request: Some(request),
        ..with_record(
            case(Way::ToClient, clause, name),
            &Raw::new(Way::ToClient, seq, plaintext(nonce, op, b"")).seal(),
        )
    };
    let to =
        |name: &str, asked: [u8; 16], answered: [u8; 16]| answer("3.4", name, waiting(0, asked), 0, answered, ANSWER);
    let ending = |last: [u8; 2]| {
        let mut nonce = [0x11; 16];
        nonce[14..].copy_from_slice(&last);
        nonce
    };
    let mut first_octet = nonce(0);
    first_octet[0] += 1;
    let mut minus_one = nonce(0);
    minus_one[15] -= 1;
    let second = || waiting(1, nonce(1));
    let after = |case: Case| Case { before: first.clone(), ..case };
    let mut cases = vec![
        to("N itself in place of N+1", nonce(0), nonce(0)),
        to("N+2", nonce(0), successor(successor(nonce(0)))),
        to("N-1", nonce(0), minus_one),
        to("N counted up at its first octet", nonce(0), first_octet),
        to("N+1 of another request", nonce(0), successor(nonce(1))),
        to("N+1 without its carry", ending([0, 0xff]), ending([0, 0])),
        to("N = ff..ff answered by ff..ff", [0xff; 16], [0xff; 16]),
        to("N = ff..ff answered by 00..01", [0xff; 16], successor([0; 16])),
        to("N = 00..00 answered by ff..ff", [0; 16], [0xff; 16]),
        answer("3.5", "op of the request", waiting(0, nonce(0)), 0, successor(nonce(0)), OP),
        answer("3.5", "op of another operation's answer", waiting(0, nonce(0)), 0, successor(nonce(0)), 0x82),
        answer("3.5", "op of close's answer", waiting(0, nonce(0)), 0, successor(nonce(0)), 0x86),
        after(answer("3.3", "old seq", second(), 0, successor(nonce(1)), ANSWER)),
        after(answer("3.3", "skipped seq", second(), 2, successor(nonce(1)), ANSWER)),
        after(answer("3.4", "N+1 of the first request", second(), 1, successor(nonce(0)), ANSWER)),
        after(Case {
            request: Some(second()),
            ..with_record(
                case(Way::ToClient, "3.3", "the first answer again"),
                &unhex(first[0].answer.as_ref().unwrap()),
            )
        }),
    ];
    cases.push(Case {
        now: START + MAX_LIFE,
        ..with_record(case(Way::ToClient, "3.3", "after the session's end"), &vector("/response"))
    });
    cases
}
