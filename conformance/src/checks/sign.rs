//! `signatures/signHash` (11.10 / 11.10): every algorithm a key claims, batches, and the rows of its table.

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::algorithm::{EC, Hash, PSS, RSA, Way};
use crate::check::{Findings, Stop, Verdict, ensure};
use crate::session::{Answer, Described, Expected, Rows, Session, signatures, with};

/// Largest batch that is tried.
const BATCH: u64 = 10;

/// Signs once by every way of every credential in the profile, and verifies with other code than the signer's.
pub(super) async fn algorithms(s: &Session) -> Verdict {
    let mut findings = Findings::default();
    for credential in &s.profile().credentials {
        let described = s.describe(credential).await?;
        for oid in described.algorithms() {
            for way in Way::of(oid) {
                let what = format!("{}, {}", credential.id, way.name());
                match signs(s, &described, &way).await {
                    Ok(true) => {}
                    Ok(false) => findings.expect(false, format!("{what}: the signature does not verify")),
                    Err(Stop::Wrong(why)) => findings.expect(false, format!("{what}: {why}")),
                    Err(other) => return Err(other),
                }
            }
        }
    }
    findings.judge()
}

async fn signs(s: &Session, described: &Described<'_>, way: &Way) -> Result<bool, Stop> {
    let digests = s.digests(way.hash, 1);
    let made = s.sign(described, way, &digests).await?;
    Ok(described.key.verifies(way.scheme, way.hash, &digests[0], &made[0]))
}

/// ECDSA values are DER; the standard does not say so, and clients expect it.
pub(super) async fn ecdsa_der(s: &Session) -> Verdict {
    for credential in &s.profile().credentials {
        let described = s.describe(credential).await?;
        if described.key.curve().is_none() {
            continue;
        }
        let way = described.usual()?;
        let made = s.sign(&described, &way, &s.digests(way.hash, 1)).await?;
        let is_der = made[0].first() == Some(&0x30) && der::SliceReader::new(&made[0]).is_ok_and(whole);
        return ensure(is_der, "an ECDSA signature is not a DER SEQUENCE of two integers");
    }
    Err(Stop::NotApplicable("the profile names no credential with a key on a curve".to_owned()))
}

fn whole(mut reader: der::SliceReader<'_>) -> bool {
    use der::{Decode as _, Reader as _, asn1::AnyRef};
    AnyRef::decode(&mut reader).is_ok() && reader.is_finished()
}

/// Many hashes in one call: as many signatures, in their order.
pub(super) async fn batch(s: &Session) -> Verdict {
    let described = s.describe(s.credential()?).await?;
    let count = usize::try_from(described.multisign().min(BATCH)).unwrap_or(1);
    if count < 2 {
        return Err(Stop::NotApplicable("multisign is 1".to_owned()));
    }
    let way = described.usual()?;
    let digests = s.digests(way.hash, count);
    let sad = s.activate(&described, way.hash, &digests).await?;
    // Not in the order they were authorized in (8.3.2).
    let asked: Vec<Vec<u8>> = digests.into_iter().rev().collect();
    let ask = s.signing(described.credential, &sad.value, &way, &asked);
    let made = signatures(&s.call("signatures/signHash", &ask).await?, count)?;
    let mut findings = Findings::default();
    for (at, (digest, signature)) in asked.iter().zip(&made).enumerate() {
        let fits = described.key.verifies(way.scheme, way.hash, digest, signature);
        findings.expect(fits, format!("signature {} of {count} is not one of hash {}", at + 1, at + 1));
    }
    findings.judge()
}

/// What is asked, one member at a time made wrong.
struct Attempt {
    what: &'static str,
    expected: Expected,
    change: fn(&Session, &mut Value),
}

const fn attempt(what: &'static str, expected: Expected, change: fn(&Session, &mut Value)) -> Attempt {
    Attempt { what, expected, change }
}

fn hash_member(s: &Session) -> &'static str {
    if s.is_v1() { "hash" } else { "hashes" }
}

fn drop_member(ask: &mut Value, name: &str) {
    if let Some(members) = ask.as_object_mut() {
        members.remove(name);
    }
}

const ATTEMPTS: [Attempt; 12] = [
    attempt("no SAD", Expected::request("Missing (or invalid type) string parameter SAD"), |_, ask| {
        drop_member(ask, "SAD")
    }),
    attempt("an unknown SAD", Expected::request("Invalid parameter SAD"), |s, ask| ask["SAD"] = json!(s.nonce())),
    attempt(
        "no credentialID",
        Expected::request("Missing (or invalid type) string parameter credentialID"),
        |_, ask| drop_member(ask, "credentialID"),
    ),
    attempt("an unknown credentialID", Expected::request("Invalid parameter credentialID"), |s, ask| {
        ask["credentialID"] = json!(s.nonce());
    }),
    attempt("no hashes", Expected::request("Missing (or invalid type) array parameter hash"), |s, ask| {
        drop_member(ask, hash_member(s))
    }),
    attempt(
        "hashes that are a string",
        Expected::request("Missing (or invalid type) array parameter hash"),
        |s, ask| {
            let first = ask[hash_member(s)][0].clone();
            ask[hash_member(s)] = first;
        },
    ),
    attempt("an empty list of hashes", Expected::request("Empty hash array"), |s, ask| ask[hash_member(s)] = json!([])),
    attempt("a hash that is no Base64", Expected::request("Invalid Base64 hash string parameter"), |s, ask| {
        ask[hash_member(s)] = json!(["%%%"]);
    }),
    attempt("no signAlgo", Expected::request("Missing (or invalid type) string parameter signAlgo"), |_, ask| {
        drop_member(ask, "signAlgo")
    }),
    attempt("an unknown signAlgo", Expected::request("Invalid parameter signAlgo"), |_, ask| {
        ask["signAlgo"] = json!("1.2.3.4");
        drop_member(ask, "signAlgoParams");
    }),
    attempt("a hash that was not authorized", NOT_AUTHORIZED, |s, ask| {
        ask[hash_member(s)] = json!([BASE64.encode(&s.digests(Hash::Sha256, 1)[0])]);
    }),
    attempt("a digest one octet short", LENGTH, |s, ask| {
        ask[hash_member(s)] = json!([BASE64.encode(&s.digests(Hash::Sha256, 1)[0][1..])]);
    }),
];

const NOT_AUTHORIZED: Expected =
    Expected::differs("Hash is not authorized by the SAD.", "Hash is not authorized by the SAD")
        .coded(&["invalid_request", "Invalid_request"]);

const LENGTH: Expected = Expected::request("Invalid digest value length");

const MODE: Attempt =
    attempt("an unknown operationMode", Expected::request("Invalid parameter operationMode"), |_, ask| {
        ask["operationMode"] = json!("X");
    });

const CLIENT_DATA: Attempt =
    attempt("clientData that is an object", Expected::request("Invalid parameter clientData"), |_, ask| {
        ask["clientData"] = json!({});
    });

const HASH_MISSING: Attempt = attempt(
    "a bare key algorithm without a hash algorithm",
    Expected::differs(
        "Missing (or invalid type) string parameter hashAlgo",
        "Missing (or invalid type) string parameter hashAlgorithmOID",
    ),
    |_, ask| {
        drop_member(ask, "hashAlgo");
        drop_member(ask, "hashAlgorithmOID");
    },
);

const HASH_UNKNOWN: Attempt = attempt(
    "an unknown hash algorithm",
    Expected::differs("Invalid parameter hashAlgo", "Invalid parameter hashAlgorithmOID"),
    |s, ask| ask[if s.is_v1() { "hashAlgo" } else { "hashAlgorithmOID" }] = json!("1.2.3.4"),
);

const PARAMS: Attempt = attempt(
    "RSASSA-PSS without parameters",
    Expected::request("Missing (or invalid type) string parameter signAlgoParams"),
    |_, ask| {
        ask["signAlgo"] = json!(PSS);
        drop_member(ask, "signAlgoParams");
    },
);

async fn rows(s: &Session) -> Result<Rows, Stop> {
    let described = s.describe(s.credential()?).await?;
    let way = described.usual()?;
    let mut rows = Rows::default();
    for attempt in &ATTEMPTS {
        add(s, &mut rows, &described, &way, attempt).await?;
    }
    let last = if s.is_v1() { &CLIENT_DATA } else { &MODE };
    add(s, &mut rows, &described, &way, last).await?;
    let algorithms = described.algorithms();
    if let Some(bare) = algorithms.iter().find(|oid| [RSA, EC].contains(oid)) {
        let bare = Way { sign_algo: (*bare).to_owned(), names_hash: true, params: None, ..way.clone() };
        add(s, &mut rows, &described, &bare, &HASH_MISSING).await?;
        add(s, &mut rows, &described, &bare, &HASH_UNKNOWN).await?;
    }
    if algorithms.contains(&PSS) {
        add(s, &mut rows, &described, &way, &PARAMS).await?;
    }
    Ok(rows)
}

/// With an authorization of its own: some services spend one on a refusal too.
async fn add(
    s: &Session,
    rows: &mut Rows,
    described: &Described<'_>,
    way: &Way,
    attempt: &Attempt,
) -> Result<(), Stop> {
    let digests = s.digests(way.hash, 1);
    let sad = s.activate(described, way.hash, &digests).await?;
    let mut ask = s.signing(described.credential, &sad.value, way, &digests);
    (attempt.change)(s, &mut ask);
    rows.add(attempt.what, attempt.expected, s.call("signatures/signHash", &ask).await?);
    Ok(())
}

pub(super) async fn errors(s: &Session) -> Verdict {
    rows(s).await?.codes()
}

pub(super) async fn sentences(s: &Session) -> Verdict {
    rows(s).await?.sentences(s.version())
}

// --- extendTransaction (11.9) ---

async fn extend(s: &Session, ask: &Value) -> Result<Answer, Stop> {
    s.call("credentials/extendTransaction", ask).await
}

pub(super) async fn extends(s: &Session) -> Verdict {
    let described = s.describe(s.credential()?).await?;
    if described.multisign() < 2 {
        return Err(Stop::NotApplicable("multisign is 1".to_owned()));
    }
    let way = described.usual()?;
    let digests = s.digests(way.hash, 2);
    let first = s.activate(&described, way.hash, &digests).await?;
    let ask = s.signing(described.credential, &first.value, &way, &digests[..1]);
    let one = signatures(&s.call("signatures/signHash", &ask).await?, 1)?;
    let ask =
        with(json!({ "credentialID": described.credential.id, "SAD": first.value }), s.list(way.hash, &digests[1..]));
    let second = s.sad(extend(s, &ask).await?).await?;
    ensure(second.value != first.value, "extendTransaction gave the same SAD again; it shall be a new one")?;
    let ask = s.signing(described.credential, &second.value, &way, &digests[1..]);
    let two = signatures(&s.call("signatures/signHash", &ask).await?, 1)?;
    let fits = |digest: &[u8], made: &[Vec<u8>]| described.key.verifies(way.scheme, way.hash, digest, &made[0]);
    ensure(fits(&digests[0], &one) && fits(&digests[1], &two), "a signature of the transaction does not verify")
}

pub(super) async fn extend_errors(s: &Session) -> Verdict {
    let described = s.describe(s.credential()?).await?;
    let way = described.usual()?;
    let digests = s.digests(way.hash, 1);
    let sad = s.activate(&described, way.hash, &digests).await?;
    let ask = with(json!({ "credentialID": described.credential.id, "SAD": sad.value }), s.list(way.hash, &digests));
    let mut rows = Rows::default();
    let unknown = json!({ "SAD": s.nonce() });
    rows.add("an unknown SAD", Expected::request(""), extend(s, &with(ask.clone(), unknown)).await?);
    rows.add("no SAD", Expected::request(""), extend(s, &with(ask.clone(), json!({ "SAD": null }))).await?);
    let unknown = json!({ "credentialID": s.nonce() });
    rows.add("an unknown credentialID", Expected::request(""), extend(s, &with(ask, unknown)).await?);
    rows.codes()
}

/// Under SCAL 2 the hashes of an extension are bound to the new SAD, and no others.
pub(super) async fn extend_binds(s: &Session) -> Verdict {
    let described = s.describe(s.credential()?).await?;
    if !described.is_scal2() {
        return Err(Stop::NotApplicable("the credential's SCAL is 1".to_owned()));
    }
    let way = described.usual()?;
    let digests = s.digests(way.hash, 1);
    let first = s.activate(&described, way.hash, &digests).await?;
    let ask = with(json!({ "credentialID": described.credential.id, "SAD": first.value }), s.list(way.hash, &digests));
    let second = s.sad(extend(s, &ask).await?).await?;
    let ask = s.signing(described.credential, &second.value, &way, &s.digests(way.hash, 1));
    s.call("signatures/signHash", &ask).await?.refused("another hash than those of the extension")
}
