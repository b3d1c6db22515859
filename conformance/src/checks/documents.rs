//! `signatures/signDoc` (11.11): what was approved is the document's hash, and the signature is one over the document.

use cms::content_info::ContentInfo;
use data_encoding::BASE64;
use der::asn1::OctetString;
use der::{Decode as _, Encode as _};
use serde_json::{Value, json};

use super::signed::SignedData;
use crate::algorithm::{Hash, Way};
use crate::check::{Findings, Stop, Verdict};
use crate::session::{Answer, Described, Expected, Rows, Session, base64, with};

/// id-messageDigest.
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
/// id-aa-signingCertificateV2.
const SIGNING_CERTIFICATE: &str = "1.2.840.113549.1.9.16.2.47";

const DOCUMENT: &[u8] = b"a document of the conformance checker";

/// A digest and a document, each signed with CAdES at the lowest level.
pub(super) async fn cades(s: &Session) -> Verdict {
    offered(s)?;
    let described = s.describe(s.credential()?).await?;
    let way = described.usual()?;
    let mut findings = Findings::default();
    let digest = s.digests(way.hash, 1).remove(0);
    let sad = s.activate(&described, way.hash, std::slice::from_ref(&digest)).await?.value;
    let answer = s.call("signatures/signDoc", &of_digest(&described, &sad, &way, &digest)).await?;
    let object = only(&answer, "SignatureObject")?;
    judge(&mut findings, "of a digest", &object, &described, &way, &digest, None);

    let digest = way.hash.digest(DOCUMENT);
    let sad = s.activate(&described, way.hash, std::slice::from_ref(&digest)).await?.value;
    let entry =
        with(entry(&way), json!({ "document": BASE64.encode(DOCUMENT), "signed_envelope_property": "Attached" }));
    let ask = json!({ "credentialID": described.credential.id, "SAD": sad, "documents": [entry] });
    let answer = s.call("signatures/signDoc", &ask).await?;
    let object = only(&answer, "DocumentWithSignature")?;
    judge(&mut findings, "of a document", &object, &described, &way, &digest, Some(DOCUMENT));
    findings.judge()
}

/// A digest that was not authorized is not signed.
pub(super) async fn foreign(s: &Session) -> Verdict {
    offered(s)?;
    let described = s.describe(s.credential()?).await?;
    let way = described.usual()?;
    let digests = s.digests(way.hash, 2);
    let sad = s.activate(&described, way.hash, &digests[..1]).await?.value;
    let answer = s.call("signatures/signDoc", &of_digest(&described, &sad, &way, &digests[1])).await?;
    answer.refused("a digest that was not authorized")
}

pub(super) async fn errors(s: &Session) -> Verdict {
    rows(s).await?.codes()
}

pub(super) async fn sentences(s: &Session) -> Verdict {
    rows(s).await?.sentences(s.version())
}

async fn rows(s: &Session) -> Result<Rows, Stop> {
    offered(s)?;
    let described = s.describe(s.credential()?).await?;
    let way = described.usual()?;
    let digest = s.digests(way.hash, 1).remove(0);
    let sad = s.activate(&described, way.hash, std::slice::from_ref(&digest)).await?.value;
    let right = of_digest(&described, &sad, &way, &digest);
    let entry = |name: &str, value: Value| {
        let mut ask = right.clone();
        ask["documentDigests"][0][name] = value;
        ask
    };
    let mut none = right.clone();
    none["documentDigests"] = Value::Null;
    let document = json!({ "document": "AQID", "signature_format": "C", "signAlgo": way.sign_algo });
    let missing = "Missing (or invalid type) string parameter signature_format";
    let mut rows = Rows::default();
    for (what, sentence, ask) in [
        ("neither digests nor documents", "Empty documentDigests and documents objects", none),
        (
            "digests and documents",
            "Both documentDigests and documents parameters passed",
            with(right.clone(), json!({ "documents": [document] })),
        ),
        ("a digest that is no Base64", "Invalid Base64 hashes string parameter", entry("hashes", json!(["%%%"]))),
        ("no signature_format", missing, entry("signature_format", Value::Null)),
        ("an unknown signature_format", "Invalid parameter signature_format", entry("signature_format", json!("Z"))),
        ("an unknown level", "Invalid parameter conformance_level", entry("conformance_level", json!("AdES-Z"))),
        (
            "an unknown envelope",
            "Invalid parameter signed_envelope_property",
            entry("signed_envelope_property", json!("Nowhere")),
        ),
    ] {
        rows.add(what, Expected::request(sentence), s.call("signatures/signDoc", &ask).await?);
    }
    Ok(rows)
}

/// Only CAdES is judged here.
pub(super) fn offered(s: &Session) -> Result<(), Stop> {
    let formats = s.info()["signature_formats"]["formats"].as_array();
    if formats.is_some_and(|formats| formats.iter().any(|format| format == "C")) {
        return Ok(());
    }
    Err(Stop::NotApplicable("signature_formats does not name C".to_owned()))
}

fn entry(way: &Way) -> Value {
    entry_at(way, "AdES-B-B")
}

/// A CAdES signature of this level.
pub(super) fn entry_at(way: &Way, level: &str) -> Value {
    let mut entry = json!({ "signature_format": "C", "conformance_level": level, "signAlgo": way.sign_algo });
    entry["hashAlgorithmOID"] = json!(way.hash.oid());
    if let Some(params) = &way.params {
        entry["signAlgoParams"] = json!(params);
    }
    entry
}

fn of_digest(described: &Described<'_>, sad: &str, way: &Way, digest: &[u8]) -> Value {
    let entry = with(entry(way), json!({ "hashes": [BASE64.encode(digest)] }));
    json!({ "credentialID": described.credential.id, "SAD": sad, "documentDigests": [entry] })
}

pub(super) fn only(answer: &Answer, list: &str) -> Result<Vec<u8>, Stop> {
    match answer.array(list)?.as_slice() {
        [Value::String(object)] => base64(object).map_err(|why| Stop::Wrong(format!("{list} holds what is {why}"))),
        other => Err(Stop::Wrong(format!("{list} has {} objects for one document", other.len()))),
    }
}

fn judge(
    findings: &mut Findings,
    what: &str,
    object: &[u8],
    described: &Described<'_>,
    way: &Way,
    digest: &[u8],
    content: Option<&[u8]>,
) {
    let found = signature(object, described, way, digest, content);
    findings.expect(found.is_ok(), format!("the signature {what}: {}", found.err().unwrap_or_default()));
}

/// One signer, over this digest, by the credential's key, naming a certificate.
fn signature(
    object: &[u8],
    described: &Described<'_>,
    way: &Way,
    digest: &[u8],
    content: Option<&[u8]>,
) -> Result<(), String> {
    let text = |error: der::Error| error.to_string();
    let whole = ContentInfo::from_der(object).map_err(text)?;
    let signed = SignedData::from_der(&whole.content.to_der().map_err(text)?).map_err(text)?;
    let held = signed.encap_content_info.econtent.as_ref().map(|held| held.decode_as::<OctetString>());
    let held = held.transpose().map_err(text)?;
    if held.as_ref().map(OctetString::as_bytes) != content {
        return Err("it holds another content than it should".to_owned());
    }
    let [signer] = signed.signer_infos.0.as_slice() else { return Err("not exactly one signature".to_owned()) };
    let attributes = signer.signed_attrs.as_ref().ok_or("no signed attributes")?;
    let found = |oid: &str| attributes.iter().find(|attribute| attribute.oid.to_string() == oid);
    let stated = found(MESSAGE_DIGEST).and_then(|attribute| attribute.values.get(0)).ok_or("no messageDigest")?;
    if stated.decode_as::<OctetString>().map_err(text)?.as_bytes() != digest {
        return Err("messageDigest is not the digest that was authorized".to_owned());
    }
    found(SIGNING_CERTIFICATE).ok_or("it does not name the signer's certificate (signing-certificate-v2)")?;
    let digest = Hash::digest(way.hash, &attributes.to_der().map_err(text)?);
    let good = described.key.verifies(way.scheme, way.hash, &digest, signer.signature.as_bytes());
    if good { Ok(()) } else { Err("it does not verify with the credential's key".to_owned()) }
}
