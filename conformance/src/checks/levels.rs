//! The levels of `conformance_levels` (11.1, 11.11): a signature is what its level says (EN 319 122-1, clause 6).

use cms::content_info::ContentInfo;
use cms::signed_data::SignerInfo;
use der::asn1::Any;
use der::{Decode as _, Encode as _};
use serde_json::json;
use x509_cert::attr::{Attribute, Attributes};

use super::documents::{entry_at, offered, only};
use super::signed::SignedData;
use super::timestamp::Token;
use crate::algorithm::Hash;
use crate::check::{Findings, Stop, Verdict};
use crate::session::{Session, with};

/// id-aa-signatureTimeStampToken.
const SIGNATURE_TIME_STAMP: &str = "1.2.840.113549.1.9.16.2.14";
/// id-aa-ets-revocationValues: where older levels keep them.
const REVOCATION_VALUES: &str = "1.2.840.113549.1.9.16.2.24";
/// id-aa-ets-archiveTimestampV3.
const ARCHIVE_TIME_STAMP: &str = "0.4.0.1733.2.4";

/// One signature at each level above the lowest that `info` names.
pub(super) async fn levels(s: &Session) -> Verdict {
    offered(s)?;
    let named = s.info()["conformance_levels"].as_array().into_iter().flatten().filter_map(|level| level.as_str());
    let levels: Vec<(&str, Height)> = named.filter_map(|name| Some((name, Height::of(name)?))).collect();
    if levels.is_empty() {
        return Err(Stop::NotApplicable("conformance_levels names no level above AdES-B-B".to_owned()));
    }
    let described = s.describe(s.credential()?).await?;
    let way = described.usual()?;
    let mut findings = Findings::default();
    for (name, height) in levels {
        let digest = s.digests(way.hash, 1).remove(0);
        let sad = s.activate(&described, way.hash, std::slice::from_ref(&digest)).await?.value;
        let entry = with(entry_at(&way, name), json!({ "hashes": [data_encoding::BASE64.encode(&digest)] }));
        let ask = json!({ "credentialID": described.credential.id, "SAD": sad, "documentDigests": [entry] });
        let object = only(&s.call("signatures/signDoc", &ask).await?, "SignatureObject")?;
        let found = height.fits(&object);
        findings.expect(found.is_ok(), format!("a signature at {name}: {}", found.err().unwrap_or_default()));
    }
    findings.judge()
}

/// How far a level goes; each has what those before it have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Height {
    /// A time-stamp on the signature.
    Stamped,
    /// And what its certificates are verified with.
    LongTerm,
    /// And a time-stamp on all of that.
    Archived,
}

impl Height {
    /// That of a name of either ETSI baseline, in any case; none of the lowest, and of names that are no levels.
    fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_uppercase();
        let level = name.strip_prefix("ADES-")?;
        match level.strip_prefix("B-").unwrap_or(level) {
            "T" => Some(Self::Stamped),
            "LT" => Some(Self::LongTerm),
            "LTA" => Some(Self::Archived),
            _ => None,
        }
    }

    fn fits(self, object: &[u8]) -> Result<(), String> {
        let signed = signed_data(object)?;
        let [signer] = signed.signer_infos.0.as_slice() else { return Err("not exactly one signature".to_owned()) };
        let stamp = attribute(signer, SIGNATURE_TIME_STAMP).ok_or("no signature-time-stamp")?;
        is_over(stamp, signer.signature.as_bytes())?;
        if self >= Self::LongTerm {
            let in_root = signed.crls.as_ref().is_some_and(|all| !all.is_empty());
            let revocations = in_root || attribute(signer, REVOCATION_VALUES).is_some();
            if !revocations {
                return Err("no revocation list and no OCSP answer".to_owned());
            }
            if signed.certificates.as_ref().is_none_or(|all| all.0.len() < 2) {
                return Err("no certificate but the signer's".to_owned());
            }
        }
        if self >= Self::Archived {
            let stamp = attribute(signer, ARCHIVE_TIME_STAMP).ok_or("no archive-time-stamp-v3")?;
            token(stamp)?.signed?;
        }
        Ok(())
    }
}

fn text(error: der::Error) -> String {
    error.to_string()
}

fn signed_data(object: &[u8]) -> Result<SignedData, String> {
    let whole = ContentInfo::from_der(object).map_err(text)?;
    SignedData::from_der(&whole.content.to_der().map_err(text)?).map_err(text)
}

fn attribute<'a>(signer: &'a SignerInfo, oid: &str) -> Option<&'a Any> {
    let all: Option<&Attributes> = signer.unsigned_attrs.as_ref();
    let found = |attribute: &&Attribute| attribute.oid.to_string() == oid;
    all?.iter().find(found)?.values.get(0)
}

fn token(stamp: &Any) -> Result<Token, String> {
    Token::parse(&stamp.to_der().map_err(text)?).map_err(|why| format!("a time-stamp is no RFC 3161 token: {why}"))
}

/// The time-stamp is one of these octets, and truly signed.
fn is_over(stamp: &Any, octets: &[u8]) -> Result<(), String> {
    let token = token(stamp)?;
    token.signed.clone()?;
    let hash = Hash::of_oid(&token.imprint_algorithm).ok_or("the time-stamp's hash function is not known here")?;
    if token.imprint == hash.digest(octets) {
        Ok(())
    } else {
        Err("the time-stamp is not of this signature".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Height;

    #[test]
    fn names_of_both_baselines() {
        for (name, height) in [
            ("AdES-B-T", Some(Height::Stamped)),
            ("Ades-T", Some(Height::Stamped)),
            ("AdES-B-LT", Some(Height::LongTerm)),
            ("AdES-LTA", Some(Height::Archived)),
            ("AdES-B-B", None),
            ("AdES-B", None),
            ("LTA", None),
        ] {
            assert_eq!(Height::of(name), height, "{name}");
        }
    }
}
