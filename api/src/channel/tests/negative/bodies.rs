//! Bodies (3.5): what is authentic and still not what an operation's request or answer looks like.

use super::super::super::Operation;
use super::super::{hex, names};
use super::{Case, Receiver, Step};

/// Tag and value.
type Field = (u8, Vec<u8>);

/// DER of the OID of SHA-256.
const SHA256: [u8; 11] = [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
/// DER of the OID of SHA-1.
const SHA1: [u8; 7] = [0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a];

pub(super) fn cases() -> Vec<Case> {
    [requests(), lists(), answers()].concat()
}

fn tlv(fields: &[Field]) -> Vec<u8> {
    let field = |(tag, value): &Field| [&[*tag], (value.len() as u32).to_be_bytes().as_slice(), value].concat();
    fields.iter().flat_map(field).collect()
}

/// The fields every body but close begins with.
fn begin() -> Vec<Field> {
    let names = names();
    vec![(1, names.credential.into_bytes()), (2, names.key_version.to_be_bytes().to_vec()), (3, names.tx.into_bytes())]
}

fn after_names(fields: &[Field]) -> Vec<Field> {
    [begin().as_slice(), fields].concat()
}

fn case(receiver: Receiver, operation: Operation, name: &str, body: &[u8]) -> Case {
    let what = if receiver == Receiver::Signer { "request body" } else { "answer body" };
    Case {
        op: Some(operation.request()),
        body: Some(hex(body)),
        ..Case::new(receiver, Step::Body, "3.5", format!("{what}: {name}"))
    }
}

fn pin() -> Field {
    (4, b"271828".to_vec())
}

fn digest() -> Field {
    (8, vec![0xd1; 32])
}

fn count() -> Field {
    (0x0e, vec![0, 0, 0, 1])
}

/// The good fields of authorize, with some of them replaced or left out.
fn authorize(change: impl Fn(&mut Vec<Field>)) -> Vec<u8> {
    let mut fields = after_names(&[pin(), digest(), count()]);
    change(&mut fields);
    tlv(&fields)
}

fn requests() -> Vec<Case> {
    let of = |operation, name: &str, body: Vec<u8>| case(Receiver::Signer, operation, name, &body);
    let changed = |name: &str, change: &dyn Fn(&mut Vec<Field>)| of(Operation::Authorize, name, authorize(change));
    let replaced = |name: &str, at: usize, value: &[u8]| changed(name, &|fields| fields[at].1 = value.to_vec());
    let raw = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut body = authorize(|_| ());
        change(&mut body);
        of(Operation::Authorize, name, body)
    };
    vec![
        of(Operation::Authorize, "empty", Vec::new()),
        changed("no credential", &|fields| drop(fields.remove(0))),
        changed("no key version", &|fields| drop(fields.remove(1))),
        changed("no tx", &|fields| drop(fields.remove(2))),
        changed("no PIN", &|fields| drop(fields.remove(3))),
        changed("no number of signatures", &|fields| drop(fields.remove(5))),
        replaced("another credential", 0, b"cred-2"),
        replaced("another key version", 1, &[0, 0, 0, 2]),
        replaced("another tx", 2, b"tx-2"),
        replaced("key version of 3 octets", 1, &[0, 0, 1]),
        replaced("key version of 8 octets", 1, &[0, 0, 0, 0, 0, 0, 0, 1]),
        replaced("empty PIN", 3, b""),
        replaced("PIN of 257 octets", 3, &[b'1'; 257]),
        replaced("list digest of 31 octets", 4, &[0xd1; 31]),
        replaced("no signature approved", 5, &[0; 4]),
        replaced("number of signatures in 2 octets", 5, &[0, 1]),
        changed("tags descend", &|fields| fields.swap(3, 4)),
        changed("PIN twice", &|fields| fields.insert(4, pin())),
        changed("empty second factor", &|fields| fields.insert(4, (6, Vec::new()))),
        changed("second factor of 4097 octets", &|fields| fields.insert(4, (6, vec![0xfa; 4097]))),
        changed("new PIN in authorize", &|fields| fields.insert(4, (5, b"314159".to_vec()))),
        changed("result in a request", &|fields| fields.insert(5, (9, vec![0, 0]))),
        changed("tag 0f, of answers, at the end", &|fields| fields.push((0x0f, Vec::new()))),
        changed("unknown tag 11 at the end", &|fields| fields.push((0x11, Vec::new()))),
        changed("unknown tag 00 at the beginning", &|fields| fields.insert(0, (0, Vec::new()))),
        raw("one octet more", &|body| body.push(0)),
        raw("one octet short", &|body| body.truncate(body.len() - 1)),
        raw("a tag without its length", &|body| body.extend([0x0f, 0, 0])),
        raw("a length beyond the body", &|body| body[4] = 0xff),
        raw("a length of ffffffff", &|body| body[1..5].fill(0xff)),
        of(Operation::Enrol, "enrol with an empty new PIN", tlv(&after_names(&[(5, Vec::new()), digest()]))),
        of(Operation::Enrol, "enrol with a PIN", tlv(&after_names(&[pin(), digest()]))),
        of(Operation::Enrol, "enrol without digest", tlv(&after_names(&[(5, b"314159".to_vec())]))),
        of(Operation::ChangePin, "change PIN without new PIN", tlv(&after_names(&[pin()]))),
        of(Operation::ChangePin, "change PIN without PIN", tlv(&after_names(&[(5, b"314159".to_vec())]))),
        of(Operation::Factor, "factor without PIN and code", tlv(&begin())),
        of(Operation::Factor, "factor with an empty code", tlv(&after_names(&[(6, Vec::new())]))),
        of(Operation::Factor, "factor with an empty PIN", tlv(&after_names(&[(4, Vec::new())]))),
        of(Operation::Factor, "factor with a new PIN", tlv(&after_names(&[pin(), (5, b"314159".to_vec())]))),
        of(Operation::Factor, "factor, code before PIN", tlv(&after_names(&[(6, b"287082".to_vec()), pin()]))),
        of(Operation::Factor, "factor with a list digest", tlv(&after_names(&[pin(), digest()]))),
        of(Operation::Close, "close with a body", tlv(&begin())),
    ]
}

/// A list with these parts; `count` is what it says, `entry` stands in it as often as it says.
fn list(oid: &[u8], count: u16, entry: &[u8], times: usize) -> Vec<u8> {
    let oid = [&(oid.len() as u16).to_be_bytes(), oid].concat();
    [oid, count.to_be_bytes().to_vec(), entry.repeat(times)].concat()
}

fn entry(kind: u8, hash: &[u8]) -> Vec<u8> {
    [&[kind], (hash.len() as u16).to_be_bytes().as_slice(), hash, &[0; 32]].concat()
}

fn lists() -> Vec<Case> {
    const ECDSA: [u8; 5] = [3, 0, 0, 0, 0];
    let good = entry(1, &[7; 32]);
    let sign = |name: &str, list: Vec<u8>, scheme: &[u8]| {
        let fields = after_names(&[pin(), (7, list), (0x0d, scheme.to_vec())]);
        case(Receiver::Signer, Operation::Sign, name, &tlv(&fields))
    };
    let listed = |name: &str, octets: Vec<u8>| sign(&format!("list: {name}"), octets, &ECDSA);
    let one = || list(&SHA256, 1, &good, 1);
    let schemed = |name: &str, scheme: &[u8]| sign(&format!("scheme: {name}"), one(), scheme);
    let without = |field: usize, name: &str| {
        let mut fields = after_names(&[pin(), (7, one()), (0x0d, ECDSA.to_vec())]);
        fields.remove(field);
        case(Receiver::Signer, Operation::Sign, name, &tlv(&fields))
    };
    let mut indefinite = SHA256.to_vec();
    indefinite.splice(1..2, [0x81, 0x09]);
    vec![
        without(4, "sign without list"),
        without(5, "sign without scheme"),
        listed("no entries", list(&SHA256, 0, &good, 0)),
        listed("101 entries", list(&SHA256, 101, &good, 101)),
        listed("fewer entries than it says", list(&SHA256, 2, &good, 1)),
        listed("more entries than it says", list(&SHA256, 1, &good, 2)),
        listed("type 04", list(&SHA256, 1, &entry(4, &[7; 32]), 1)),
        listed("digest of 31 octets", list(&SHA256, 1, &entry(1, &[7; 31]), 1)),
        listed("digest of another hash function's length", list(&SHA256, 1, &entry(1, &[7; 48]), 1)),
        listed("empty digest", list(&SHA256, 1, &entry(1, &[]), 1)),
        listed("SHA-1", list(&SHA1, 1, &entry(1, &[7; 20]), 1)),
        listed("OID without tag and length", list(&SHA256[2..], 1, &good, 1)),
        listed("OID with a long-form length", list(&indefinite, 1, &good, 1)),
        listed("no OID", list(&[], 1, &good, 1)),
        listed("label digest cut short", one()[..one().len() - 1].to_vec()),
        listed("empty", Vec::new()),
        schemed("kind 0", &[0, 0, 0, 0, 0]),
        schemed("kind 4", &[4, 0, 0, 0, 0]),
        schemed("PKCS#1 v1.5 with a salt", &[1, 0, 0, 0, 32]),
        schemed("ECDSA with a salt", &[3, 0, 0, 0, 1]),
        schemed("4 octets", &[3, 0, 0, 0]),
        schemed("empty", &[]),
    ]
}

fn answers() -> Vec<Case> {
    let of =
        |operation, name: &str, fields: &[Field]| case(Receiver::Client, operation, name, &tlv(&after_names(fields)));
    let authorize = |name: &str, fields: &[Field]| of(Operation::Authorize, name, fields);
    let sign = |name: &str, fields: &[Field]| of(Operation::Sign, name, fields);
    let result = |code: u16| -> Field { (9, code.to_be_bytes().to_vec()) };
    let seconds = || -> Field { (0x0a, vec![0, 0, 3, 132]) };
    let tries = || -> Field { (0x0c, vec![0, 0, 0, 2]) };
    let factor = |name: &str, fields: &[Field]| of(Operation::Factor, name, fields);
    let uri = || -> Field { (0x0f, b"otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ".to_vec()) };
    let code = |side: u8, octets: usize| -> Field { (0x10, [&[side], vec![0; octets].as_slice()].concat()) };
    let signatures = |octets: &[u8]| -> Field { (0x0b, octets.to_vec()) };
    let renamed = |name: &str, at: usize, value: &[u8]| {
        let mut fields = after_names(&[result(0)]);
        fields[at].1 = value.to_vec();
        case(Receiver::Client, Operation::Authorize, name, &tlv(&fields))
    };
    let cut = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut body = tlv(&after_names(&[result(0)]));
        change(&mut body);
        case(Receiver::Client, Operation::Authorize, name, &body)
    };
    vec![
        case(Receiver::Client, Operation::Authorize, "empty", &Vec::new()),
        authorize("no result", &[]),
        authorize("result of 1 octet", &[(9, vec![0])]),
        authorize("result of 4 octets", &[(9, vec![0; 4])]),
        authorize("result 13 (unknown)", &[result(13)]),
        authorize("result ffff", &[result(0xffff)]),
        renamed("another credential", 0, b"cred-2"),
        renamed("another key version", 1, &[0, 0, 0, 2]),
        renamed("another tx", 2, b"tx-2"),
        authorize("done, with seconds to wait", &[result(0), seconds()]),
        authorize("done, with tries left", &[result(0), tries()]),
        authorize("wrong PIN with seconds to wait", &[result(1), seconds()]),
        authorize("locked with tries left", &[result(2), tries()]),
        authorize("blocked with seconds to wait", &[result(3), seconds()]),
        authorize("tries left of 1 octet", &[result(1), (0x0c, vec![2])]),
        authorize("signatures in the answer to authorize", &[result(0), signatures(&[0, 1, 0, 1, 7])]),
        authorize("a PIN in the answer to authorize", &[pin(), result(0)]),
        of(Operation::Enrol, "an empty PIN", &[(4, Vec::new()), result(0)]),
        of(Operation::Enrol, "a PIN of 257 octets", &[(4, vec![b'1'; 257]), result(0)]),
        of(Operation::Enrol, "a PIN with a refusal", &[pin(), result(10)]),
        of(Operation::Enrol, "a new PIN", &[(5, b"314159".to_vec()), result(0)]),
        authorize("result twice", &[result(0), result(0)]),
        authorize("tags descend", &[result(1), tries(), seconds()]),
        authorize("tag 0f in the answer to authorize", &[result(0), (0x0f, b"grant".to_vec())]),
        authorize("unknown tag 11", &[result(0), (0x11, b"grant".to_vec())]),
        authorize("a second factor in the answer to authorize", &[result(0), uri(), code(21, 56)]),
        factor("URI without QR code", &[result(0), uri()]),
        factor("QR code without URI", &[result(0), code(21, 56)]),
        factor("a second factor with a refusal", &[result(11), uri(), code(21, 56)]),
        factor("an empty URI", &[result(0), (0x0f, Vec::new()), code(21, 56)]),
        factor("a URI of 1025 octets", &[result(0), (0x0f, vec![b'u'; 1025]), code(21, 56)]),
        factor("a URI that is no UTF-8", &[result(0), (0x0f, vec![0xff]), code(21, 56)]),
        factor("an empty QR code", &[result(0), uri(), (0x10, Vec::new())]),
        factor("a QR code of 20 modules a side", &[result(0), uri(), code(20, 50)]),
        factor("a QR code of 23 modules a side", &[result(0), uri(), code(23, 67)]),
        factor("a QR code of 181 modules a side", &[result(0), uri(), code(181, 4096)]),
        factor("a QR code an octet short", &[result(0), uri(), code(21, 55)]),
        factor("a QR code an octet longer", &[result(0), uri(), code(21, 57)]),
        factor("a bit after the last module", &[result(0), uri(), (0x10, [vec![21], vec![0; 55], vec![1]].concat())]),
        factor("a PIN in the answer to factor", &[pin(), result(0), uri(), code(21, 56)]),
        of(Operation::Enrol, "enrolled, with a URI and no QR code", &[result(0), uri()]),
        sign("signed, without signatures", &[result(0)]),
        sign("refused, with signatures", &[result(11), signatures(&[0, 1, 0, 1, 7])]),
        sign("no signature in signatures", &[result(0), signatures(&[0, 0])]),
        sign("fewer signatures than it says", &[result(0), signatures(&[0, 2, 0, 1, 7])]),
        sign("more signatures than it says", &[result(0), signatures(&[0, 1, 0, 1, 7, 0, 1, 7])]),
        sign("101 signatures", &[result(0), signatures(&[[0, 101].as_slice(), &[0, 1, 7].repeat(101)].concat())]),
        sign("a signature without octets", &[result(0), signatures(&[0, 1, 0, 0])]),
        sign("a signature of 1025 octets", &[result(0), signatures(&[&[0, 1, 4, 1], [7; 1025].as_slice()].concat())]),
        sign("empty signatures", &[result(0), signatures(&[])]),
        cut("one octet more", &|body| body.push(0)),
        cut("one octet short", &|body| body.truncate(body.len() - 1)),
        cut("a length beyond the body", &|body| body[4] = 0xff),
        case(Receiver::Client, Operation::Close, "close answered with names alone", &tlv(&begin())),
        of(Operation::Close, "close answered with done", &[result(0)]),
        of(Operation::Close, "close refused with signatures", &[result(12), signatures(&[0, 1, 0, 1, 7])]),
    ]
}
