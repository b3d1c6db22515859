//! `signatures/timestamp` (11.10 / 11.13): an RFC 3161 token over the right hash, with the nonce, truly signed.

use cms::cert::CertificateChoices;
use cms::content_info::ContentInfo;
use cms::signed_data::SignerInfo;
use data_encoding::BASE64;
use der::asn1::{Any, Int, OctetString};
use der::{Decode as _, Encode as _, Tagged as _};
use serde_json::json;

use super::signed::SignedData;
use crate::algorithm::{Hash, Scheme};
use crate::check::{Findings, Stop, Verdict, ensure};
use crate::session::{Expected, Rows, Session, base64};
use crate::verify::PublicKey;

/// id-messageDigest.
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
/// id-ct-TSTInfo.
const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";

const NONCE: &str = "4d65822107fcfd52";

/// What matters of a token.
pub(super) struct Token {
    /// OID.
    pub(super) imprint_algorithm: String,
    pub(super) imprint: Vec<u8>,
    nonce: Option<Vec<u8>>,
    /// Whether its signature is right, or why not.
    pub(super) signed: Result<(), String>,
}

pub(super) async fn token(s: &Session) -> Verdict {
    let mut findings = Findings::default();
    for hash in Hash::ALL {
        let digest = s.digests(hash, 1).remove(0);
        let ask = json!({ "hash": BASE64.encode(&digest), "hashAlgo": hash.oid(), "nonce": NONCE });
        let answer = s.call("signatures/timestamp", &ask).await?;
        if hash != Hash::Sha256 && answer.is_refused() {
            continue; // one function is enough for a time-stamping service
        }
        let der = base64(&answer.text("timestamp")?).map_err(|why| Stop::Wrong(format!("the token is {why}")))?;
        let token = Token::parse(&der).map_err(|why| Stop::Wrong(format!("the token is no RFC 3161 token: {why}")))?;
        findings.expect(
            token.imprint_algorithm == hash.oid(),
            format!("messageImprint is of {}, not {}", token.imprint_algorithm, hash.oid()),
        );
        findings.expect(token.imprint == digest, "hashedMessage is not the hash that was sent");
        let nonce = data_encoding::HEXLOWER.decode(NONCE.as_bytes()).unwrap_or_default();
        findings.expect(token.nonce.as_ref() == Some(&nonce), "the nonce is not in the token");
        findings.expect(token.signed.is_ok(), format!("{:?}: {}", hash, token.signed.err().unwrap_or_default()));
    }
    findings.judge()
}

impl Token {
    pub(super) fn parse(der: &[u8]) -> Result<Self, String> {
        let text = |error: der::Error| error.to_string();
        let content = ContentInfo::from_der(der).map_err(text)?;
        let signed = SignedData::from_der(&content.content.to_der().map_err(text)?).map_err(text)?;
        let kind = signed.encap_content_info.econtent_type.to_string();
        if kind != TST_INFO {
            return Err(format!("its content is {kind}"));
        }
        let inner = signed.encap_content_info.econtent.as_ref().ok_or("it has no content")?;
        let inner = inner.decode_as::<OctetString>().map_err(text)?;
        let fields = Vec::<Any>::from_der(inner.as_bytes()).map_err(text)?;
        let field = |at: usize| fields.get(at).ok_or("TSTInfo is too short");
        let imprint = Vec::<Any>::from_der(&field(2)?.to_der().map_err(text)?).map_err(text)?;
        let [algorithm, hashed] = &imprint[..] else { return Err("messageImprint is malformed".to_owned()) };
        let algorithm = spki::AlgorithmIdentifierOwned::from_der(&algorithm.to_der().map_err(text)?).map_err(text)?;
        let hashed = hashed.decode_as::<OctetString>().map_err(text)?;
        let integers = fields.iter().skip(5).filter(|field| field.tag() == der::Tag::Integer);
        let nonce =
            integers.filter_map(|field| field.decode_as::<Int>().ok()).map(|nonce| unsigned(nonce.as_bytes())).next();
        Ok(Self {
            imprint_algorithm: algorithm.oid.to_string(),
            imprint: hashed.as_bytes().to_vec(),
            nonce,
            signed: judge(&signed, inner.as_bytes()),
        })
    }
}

fn unsigned(octets: &[u8]) -> Vec<u8> {
    octets.iter().copied().skip_while(|octet| *octet == 0).collect()
}

/// Whether the one signature is right, by a certificate in the token where there is any.
fn judge(signed: &SignedData, content: &[u8]) -> Result<(), String> {
    let [signer] = signed.signer_infos.0.as_slice() else { return Err("not exactly one signature".to_owned()) };
    let hash = Hash::of_oid(&signer.digest_alg.oid.to_string())
        .ok_or("signed with a hash function this checker does not know")?;
    let attributes = signer.signed_attrs.as_ref().ok_or("no signed attributes")?;
    let digest = attributes.iter().find(|attribute| attribute.oid.to_string() == MESSAGE_DIGEST);
    let digest = digest.and_then(|attribute| attribute.values.get(0)).ok_or("no messageDigest attribute")?;
    let digest = digest.decode_as::<OctetString>().map_err(|error| error.to_string())?;
    if digest.as_bytes() != hash.digest(content) {
        return Err("the messageDigest attribute is not the digest of TSTInfo".to_owned());
    }
    let attributes = attributes.to_der().map_err(|error| error.to_string())?;
    let certificates = signed.certificates.iter().flat_map(|set| set.0.iter());
    let keys: Vec<PublicKey> = certificates
        .filter_map(|choice| match choice {
            CertificateChoices::Certificate(certificate) => certificate.to_der().ok(),
            CertificateChoices::Other(_) => None,
        })
        .filter_map(|der| PublicKey::of_certificate(&der).ok())
        .collect();
    let fits = |key: &PublicKey| verifies(key, signer, hash, &hash.digest(&attributes));
    // Whoever did not ask for the certificate need not get it.
    if keys.is_empty() || keys.iter().any(fits) { Ok(()) } else { Err("the signature does not verify".to_owned()) }
}

fn verifies(key: &PublicKey, signer: &SignerInfo, hash: Hash, digest: &[u8]) -> bool {
    let schemes = if key.curve().is_some() { &[Scheme::Ecdsa][..] } else { &[Scheme::Pkcs1, Scheme::Pss] };
    schemes.iter().any(|scheme| key.verifies(*scheme, hash, digest, signer.signature.as_bytes()))
}

async fn rows(s: &Session) -> Result<Rows, Stop> {
    let mut rows = Rows::default();
    let digest = BASE64.encode(&s.digests(Hash::Sha256, 1)[0]);
    let oid = Hash::Sha256.oid();
    for (what, sentence, ask) in [
        ("no hash", "Missing (or invalid type) string parameter hash", json!({ "hashAlgo": oid })),
        ("an empty hash", "Empty hash parameter", json!({ "hash": "", "hashAlgo": oid })),
        ("a hash that is no Base64", "Invalid Base64 hash string parameter", json!({ "hash": "%%%", "hashAlgo": oid })),
        ("a digest too short", "Invalid digest value length", json!({ "hash": "AAAA", "hashAlgo": oid })),
        ("an unknown hashAlgo", "Invalid parameter hashAlgo", json!({ "hash": digest, "hashAlgo": "1.2.3.4" })),
        (
            "a nonce that is no number",
            "Invalid parameter nonce",
            json!({ "hash": digest, "hashAlgo": oid, "nonce": "xyz" }),
        ),
    ] {
        rows.add(what, Expected::request(sentence), s.call("signatures/timestamp", &ask).await?);
    }
    Ok(rows)
}

pub(super) async fn errors(s: &Session) -> Verdict {
    rows(s).await?.codes()
}

pub(super) async fn sentences(s: &Session) -> Verdict {
    rows(s).await?.sentences(s.version())
}

/// The nonce is optional. Whether the service then asks the authority with one of its own is its affair.
pub(super) async fn no_nonce(s: &Session) -> Verdict {
    let digest = s.digests(Hash::Sha256, 1).remove(0);
    let ask = json!({ "hash": BASE64.encode(&digest), "hashAlgo": Hash::Sha256.oid() });
    let answer = s.call("signatures/timestamp", &ask).await?;
    let der = base64(&answer.text("timestamp")?).map_err(Stop::Wrong)?;
    let token = Token::parse(&der).map_err(Stop::Wrong)?;
    ensure(
        token.imprint == digest && token.signed.is_ok(),
        "the token is not of the hash that was sent, or badly signed",
    )
}
