//! Hellos and key confirmation (3.2).

use p256::PublicKey;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::sec1::ToSec1Point as _;

use super::super::super::hello::{ClientHello, ServerHello};
use super::super::super::{MAX_IDLE, MAX_LIFE, identity::kid, schedule};
use super::super::{START, ephemeral, fixed, hex, identity, vector};
use super::{Case, Receiver, Step, flipped};

/// Where the fields of a ClientHello begin.
const CLIENT_FIELDS: [(&str, usize); 8] = [
    ("magic", 0),
    ("type", 4),
    ("suite", 5),
    ("X, form", 6),
    ("X, x-coordinate", 7),
    ("X, y-coordinate", 70),
    ("length of ctx", 104),
    ("ctx", 105),
];

/// Where the fields of a ServerHello begin.
const SERVER_FIELDS: [(&str, usize); 10] = [
    ("magic", 0),
    ("type", 4),
    ("suite", 5),
    ("sid", 6),
    ("Y, form", 22),
    ("Y, x-coordinate", 23),
    ("Y, y-coordinate", 86),
    ("Ns", 87),
    ("exp", 126),
    ("kid", 127),
];

pub(super) fn cases() -> Vec<Case> {
    [client_hellos(), server_hellos_altered(), server_hellos_signed(), signatures(), finished()].concat()
}

/// What the signer gets first.
fn client_hellos() -> Vec<Case> {
    let good = vector("/ClientHello");
    let case = |name: &str, hello: Vec<u8>| Case {
        hello: Some(hex(&hello)),
        ..Case::new(Receiver::Signer, Step::Hello, "3.2", format!("ClientHello: {name}"))
    };
    let with = |at: usize, octets: &[u8]| {
        let mut hello = good.clone();
        hello[at..at + octets.len()].copy_from_slice(octets);
        hello
    };
    let mut cases: Vec<_> =
        CLIENT_FIELDS.iter().map(|(field, at)| case(&format!("flipped bit in {field}"), flipped(&good, *at))).collect();
    cases.extend(bad_points("X").into_iter().map(|(name, point)| case(&name, with(6, &point))));
    cases.extend([
        case("suite 2 (reserved)", with(5, &[2])),
        case("X equal to Y", with(6, &vector("/inputs/Y"))),
        case("all-zero Nc", with(71, &[0; 32])),
        case("ctx of another transaction", with(105, &[0xc7; 32])),
        case("ctx of 31 octets", [&with(104, &[31])[..136]].concat()),
        case("ctx of 33 octets", [with(104, &[33]), vec![0]].concat()),
        case("empty ctx", with(104, &[0])[..105].to_vec()),
        case("one octet short", good[..136].to_vec()),
        case("one octet more", [good.clone(), vec![0]].concat()),
        case("empty", Vec::new()),
        case("a ServerHello", vector("/ServerHello")),
    ]);
    cases
}

/// Encodings that are no uncompressed point of the curve, in 65 octets.
fn bad_points(share: &str) -> Vec<(String, Vec<u8>)> {
    let good = vector(&format!("/inputs/{share}"));
    let with_form = |form: u8| [&[form], &good[1..]].concat();
    let parity = good[64] & 1;
    [
        ("off the curve", flipped(&good, 64)),
        ("identity, SEC 1 form 00", vec![0; 65]),
        ("coordinates zero", [vec![4], vec![0; 64]].concat()),
        ("compressed, filled with zeros", [&[2 | parity], &good[1..33], &[0; 32]].concat()),
        ("hybrid form", with_form(6 | parity)),
        ("coordinate not below p", unreduced().0),
    ]
    .map(|(name, point)| (format!("{share}: {name}"), point))
    .to_vec()
}

/// A point whose x-coordinate is written as x + p, and the point it would be taken for.
fn unreduced() -> (Vec<u8>, PublicKey) {
    // p = 2^256 - 2^224 + 2^192 + 2^96 - 1; x + p still fits 256 bits for a small x.
    const P: &str = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    let (x, point) = (1..=255_u8)
        .find_map(|x| Some((x, PublicKey::from_sec1_bytes(&[&[2], [0; 31].as_slice(), &[x]].concat()).ok()?)))
        .unwrap();
    let mut sum = super::unhex(P);
    // The low octets of p are ff: adding x carries through twelve of them.
    let mut carry = u16::from(x);
    for octet in sum.iter_mut().rev() {
        carry += u16::from(*octet);
        *octet = carry as u8;
        carry >>= 8;
    }
    let encoded = point.to_sec1_point(false);
    ([&[4], sum.as_slice(), &encoded.as_bytes()[33..]].concat(), point)
}

/// A signer's answer as three strings of octets.
struct Triple {
    hello: Vec<u8>,
    signature: Vec<u8>,
    finished: Vec<u8>,
}

impl Triple {
    fn good() -> Self {
        Self { hello: vector("/ServerHello"), signature: vector("/sig_raw"), finished: vector("/fin_s") }
    }

    /// A signature over any message, and the fin_s that follows from it and Z.
    fn signed(hello: Vec<u8>, z: &[u8; 32], key: &SigningKey, message: &[u8]) -> Self {
        let signature: Signature = key.sign(message);
        let th1 = schedule::th1(&vector("/ClientHello"), &hello).unwrap();
        Self::finished(hello, z, th1, signature.to_bytes().to_vec())
    }

    fn finished(hello: Vec<u8>, z: &[u8; 32], th1: [u8; 32], signature: Vec<u8>) -> Self {
        let th2 = schedule::th2(&th1, &signature).unwrap();
        let keys = schedule::keys(z, &th2).unwrap();
        let finished = schedule::hmac(&keys.fin_s, &[&th2]).unwrap().to_vec();
        Self { hello, signature, finished }
    }

    /// As the identity key would have signed it, had it been the vectors' signer that said it.
    fn honest(hello: Vec<u8>, z: &[u8; 32]) -> Self {
        let th1 = schedule::th1(&vector("/ClientHello"), &hello).unwrap();
        Self::signed(hello, z, &identity(), &schedule::signed(&th1))
    }

    fn case(self, name: &str) -> Case {
        Case {
            hello: Some(hex(&self.hello)),
            signature: Some(hex(&self.signature)),
            finished: Some(hex(&self.finished)),
            ..Case::new(Receiver::Client, Step::Hello, "3.2", format!("ServerHello: {name}"))
        }
    }
}

fn z() -> [u8; 32] {
    fixed("/Z")
}

/// Altered on the way: the signature no longer fits, if the form still does.
fn server_hellos_altered() -> Vec<Case> {
    let good = vector("/ServerHello");
    let altered = |hello: Vec<u8>| Triple { hello, ..Triple::good() };
    let mut cases: Vec<_> = SERVER_FIELDS
        .iter()
        .map(|(field, at)| altered(flipped(&good, *at)).case(&format!("flipped bit in {field}")))
        .collect();
    cases.extend([
        altered(good[..158].to_vec()).case("one octet short"),
        altered([good.clone(), vec![0]].concat()).case("one octet more"),
        altered(Vec::new()).case("empty"),
        altered(vector("/ClientHello")).case("the ClientHello sent back"),
    ]);
    for (name, at) in [("flipped bit in r", 0), ("flipped bit in s", 63)] {
        let signature = flipped(&vector("/sig_raw"), at);
        cases.push(Triple { signature, ..Triple::good() }.case(name));
    }
    for (name, at) in [("flipped bit at the beginning of fin_s", 0), ("flipped bit at the end of fin_s", 31)] {
        cases.push(Triple { finished: flipped(&vector("/fin_s"), at), ..Triple::good() }.case(name));
    }
    let finished = |finished: Vec<u8>| Triple { finished, ..Triple::good() };
    cases.extend([
        finished(vector("/fin_s")[..16].to_vec()).case("fin_s truncated to 16 octets"),
        finished(Vec::new()).case("no fin_s"),
        finished(vector("/fin_c")).case("fin_c in place of fin_s"),
    ]);
    cases
}

/// Said and signed by the true identity key (but for one case), with the fin_s that belongs to it.
fn server_hellos_signed() -> Vec<Case> {
    let hello = || ServerHello::decode(&vector("/ServerHello")).unwrap();
    let with = |at: usize, octets: &[u8]| {
        let mut hello = vector("/ServerHello");
        hello[at..at + octets.len()].copy_from_slice(octets);
        hello
    };
    let honest = |name: &str, hello: Vec<u8>| Triple::honest(hello, &z()).case(&format!("signed, but {name}"));
    let exp = |name: &str, exp: u64| honest(name, ServerHello { exp, ..hello() }.encode());
    let mut cases = vec![
        honest("type 01", with(4, &[1])),
        honest("one octet more", [vector("/ServerHello"), vec![0]].concat()),
        honest("suite 2", with(5, &[2])),
        honest("all-zero Ns", with(87, &[0; 32])),
        exp("expired a second ago", START - 1),
        exp("expiring now", START),
        exp("expiring in 601 s", START + 601),
        exp("expiring at the end of time", u64::MAX),
        honest("kid of a key that is not pinned", ServerHello { kid: [0x6b; 32], ..hello() }.encode()),
    ];
    let stranger = SigningKey::from_slice(&[0x53; 32]).unwrap();
    let point = stranger.verifying_key().to_sec1_point(false);
    let spki = [&vector("/inputs/static_spki")[..26], point.as_bytes()].concat();
    let foreign = ServerHello { kid: kid(&spki), ..hello() }.encode();
    let th1 = schedule::th1(&vector("/ClientHello"), &foreign).unwrap();
    cases.push(
        Triple::signed(foreign, &z(), &stranger, &schedule::signed(&th1))
            .case("signed by a key that is not pinned, under its own kid"),
    );
    for (name, point) in bad_points("Y") {
        // What a receiver that takes the encoding for a point would compute.
        let common =
            if name.ends_with("below p") { **ephemeral(fixed("/inputs/x")).agree(&unreduced().1) } else { z() };
        cases.push(Triple::honest(with(22, &point), &common).case(&format!("signed, but {name}")));
    }
    let x = ephemeral(fixed("/inputs/x"));
    let common = **x.agree(&x.share());
    cases.push(Triple::honest(with(22, &vector("/inputs/X")), &common).case("signed, but Y equal to X"));
    cases
}

/// The hellos are good, the signature is over something else.
fn signatures() -> Vec<Case> {
    let (theirs, ours) = (vector("/ClientHello"), vector("/ServerHello"));
    let th1: [u8; 32] = fixed("/TH1");
    let over = |message: &[u8]| Triple::signed(ours.clone(), &z(), &identity(), message);
    let over_hello = |hello: &[u8]| over(&schedule::signed(&schedule::th1(hello, &ours).unwrap()));
    let hello = ClientHello::decode(&theirs).unwrap();
    let negative = PublicKey::from_sec1_bytes(&[&[2 | !theirs[70] & 1], &theirs[7..39]].concat()).unwrap();
    let stranger = SigningKey::from_slice(&[0x53; 32]).unwrap();
    let raw = |signature: Vec<u8>| Triple::finished(ours.clone(), &z(), th1, signature);
    let good: Signature = Signature::from_slice(&vector("/sig_raw")).unwrap();
    let halves = |r: &[u8], s: &[u8]| raw([r, s].concat());
    let (r, s) = (&vector("/sig_raw")[..32], &vector("/sig_raw")[32..]);
    vec![
        over(&schedule::signed(&schedule::th1(&ours, &theirs).unwrap())).case("signature over swapped hellos"),
        over_hello(&flipped(&theirs, 71)).case("signature over another Nc (bit flipped on the way)"),
        over_hello(&flipped(&theirs, 105)).case("signature over another ctx"),
        over_hello(&ClientHello { share: negative, ..hello }.encode()).case("signature over -X in place of X"),
        over(&th1).case("signature over TH1 without its label"),
        over(&[b"RCH1 signer handshake".as_slice(), &th1].concat()).case("signature over a label without its zero"),
        Triple::signed(ours.clone(), &z(), &stranger, &schedule::signed(&th1))
            .case("signature by another key than kid names"),
        raw(good.to_der().as_bytes().to_vec()).case("signature in DER"),
        raw(vector("/sig_raw")[..63].to_vec()).case("signature of 63 octets"),
        halves(s, r).case("signature s|r"),
        halves(&[0; 32], s).case("signature with r zero"),
        halves(r, &[0; 32]).case("signature with s zero"),
        raw(Vec::new()).case("no signature"),
    ]
}

/// The client's key confirmation.
fn finished() -> Vec<Case> {
    let good = vector("/fin_c");
    let at = |name: &str, finished: Vec<u8>, now: u64| Case {
        finished: Some(hex(&finished)),
        now,
        ..Case::new(Receiver::Signer, Step::Finished, "3.2", format!("fin_c: {name}"))
    };
    let case = |name: &str, finished: Vec<u8>| at(name, finished, START);
    vec![
        case("flipped bit at the beginning", flipped(&good, 0)),
        case("flipped bit at the end", flipped(&good, 31)),
        case("truncated to 16 octets", good[..16].to_vec()),
        case("one octet more", [good.clone(), vec![0]].concat()),
        case("empty", Vec::new()),
        case("all zero", vec![0; 32]),
        case("fin_s sent back", vector("/fin_s")),
        at("after the session's end", good.clone(), START + MAX_LIFE),
        at("after 61 idle seconds", good, START + MAX_IDLE + 1),
    ]
}
