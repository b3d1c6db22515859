//! What came back is judged before it gets its name: the file that was to be signed is in it as it was, and the signature over it
//! is by the key of the certificate that was shown.

use anyhow::{Context as _, ensure};
use data_encoding::BASE64URL_NOPAD;
use rsign_api::algorithm::HashAlgorithm;
use serde_json::Value;

use super::keys::Credential;
use super::plan::{File, Form, Level};
use crate::verify::{PublicKey, taken_apart};

/// Whether the signature was judged: of XML only the file around it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    Good,
    /// Whoever verifies it says more.
    Open,
}

impl Judged {
    /// What was verified of a file of this form, and what was not.
    pub(super) fn said(self, form: Form, level: Level) -> String {
        let verified = match (self, form) {
            (Self::Good, Form::Cades) => "the signature beside your file is over it, and by your key",
            (Self::Good, _) => "your file is in it as it was, and the signature is over it and by your key",
            (Self::Open, _) => "your file is in it as it was",
        };
        let mut open = Vec::new();
        if self == Self::Open {
            open.push("the signature");
        }
        open.push("the certificate");
        if level >= Level::T {
            open.push("time-stamps");
        }
        if level >= Level::Lt {
            open.push("what shows that certificates were good");
        }
        format!("verified: {verified}; not verified: {}", open.join(", "))
    }
}

/// Judges what a file became.
pub(super) fn judge(file: &File, signed: &[u8], credential: &Credential) -> anyhow::Result<Judged> {
    let name = file.path.display();
    let key = PublicKey::of_certificate(credential.chain.first().context("no certificate")?)?;
    let digest = |octets: &[u8]| rsign_ades::digest(HashAlgorithm::Sha256, octets);
    let good = match file.form {
        Form::Pades => {
            ensure!(signed.starts_with(&file.content), "{name}: what came back is another PDF");
            let found = taken_apart(signed, file.content.len());
            found.is_some_and(|(cms, covered)| key.verifies_cms(&cms, &digest(&covered)))
        }
        Form::Cades => key.verifies_cms(signed, &digest(&file.content)),
        Form::Jades => {
            let jws = Jws::read(signed).with_context(|| format!("{name}: what came back is no JWS"))?;
            let same = BASE64URL_NOPAD.encode(&file.content) == jws.payload;
            ensure!(same, "{name}: what came back is over something else");
            jws.verifies(&key) == Some(true)
        }
        Form::Xades => {
            let same = is_with_insertion(signed, &file.content);
            ensure!(same, "{name}: what came back is not this XML with a signature");
            return Ok(Judged::Open);
        }
    };
    ensure!(good, "{name}: the signature that came back is not one by this key over this file");
    Ok(Judged::Good)
}

/// Whether these octets are the XML with something put into it: into an empty root element its end tag, too.
fn is_with_insertion(signed: &[u8], xml: &[u8]) -> bool {
    if signed.len() <= xml.len() {
        return false;
    }
    let before = signed.iter().zip(xml).take_while(|(one, other)| one == other).count();
    let (signed, rest) = (signed.get(before..).unwrap_or_default(), xml.get(before..).unwrap_or_default());
    let behind = signed.iter().rev().zip(rest.iter().rev()).take_while(|(one, other)| one == other).count();
    matches!(rest.get(..rest.len() - behind), Some([] | [b'/']))
}

/// A JWS with one signature: compact, flattened, or a list of one (RFC 7515, 7).
#[derive(Debug)]
struct Jws {
    protected: String,
    payload: String,
    signature: String,
}

impl Jws {
    fn read(octets: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(octets).ok()?.trim();
        if let [protected, payload, signature] = text.split('.').collect::<Vec<_>>()[..] {
            let [protected, payload, signature] = [protected, payload, signature].map(str::to_owned);
            return Some(Self { protected, payload, signature });
        }
        let json: Value = serde_json::from_str(text).ok()?;
        let one = match json["signatures"].as_array().map(Vec::as_slice) {
            Some([one]) => one,
            Some(_) => return None,
            None => &json,
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (protected, payload) = (text(&one["protected"])?, text(&json["payload"])?);
        Some(Self { protected, payload, signature: text(&one["signature"])? })
    }

    fn verifies(&self, key: &PublicKey) -> Option<bool> {
        let header: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(self.protected.as_bytes()).ok()?).ok()?;
        let signature = BASE64URL_NOPAD.decode(self.signature.as_bytes()).ok()?;
        let signed = format!("{}.{}", self.protected, self.payload);
        Some(key.verifies_jws(header["alg"].as_str()?, signed.as_bytes(), &signature))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::UNIX_EPOCH;

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    };
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ECDSA_P521_SHA512};

    use super::super::local::Formed;
    use super::*;

    struct Person {
        key: KeyPair,
        credential: Credential,
    }

    impl Person {
        fn new() -> Self {
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
            let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
            let chain = vec![certificate.der().to_vec()];
            let algorithm = "1.2.840.10045.4.3.2";
            Self { key, credential: Credential { id: "one".into(), chain, algorithm, jws: algorithm } }
        }

        fn sign(&self, message: &[u8], jws: bool) -> Vec<u8> {
            let kind = if jws { &ECDSA_P256_SHA256_FIXED_SIGNING } else { &ECDSA_P256_SHA256_ASN1_SIGNING };
            let pair = EcdsaKeyPair::from_pkcs8(kind, &self.key.serialize_der()).unwrap();
            pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
        }

        /// Of the file as this program forms it.
        fn signed(&self, file: &File) -> Vec<u8> {
            if file.form == Form::Jades {
                let parts = [br#"{"alg":"ES256"}"#.as_slice(), &file.content].map(|part| BASE64URL_NOPAD.encode(part));
                let signed = parts.join(".");
                let signature = BASE64URL_NOPAD.encode(&self.sign(signed.as_bytes(), true));
                return format!("{signed}.{signature}").into_bytes();
            }
            let formed = Formed::prepare(file, &self.credential, UNIX_EPOCH).unwrap();
            let signature = self.sign(formed.attributes(), false);
            formed.finish(&signature).unwrap()
        }
    }

    fn file(form: Form, content: &[u8]) -> File {
        File { form, path: "x".into(), content: content.to_vec(), output: "y".into(), label: String::new() }
    }

    #[test]
    fn only_ones_own_signature_over_ones_own_file_is_good() {
        let (person, other) = (Person::new(), Person::new());
        let pdf = crate::bench::paper::pdf(1000, 1);
        let files = [(Form::Pades, pdf.as_slice()), (Form::Cades, b"text"), (Form::Jades, br#"{"a":1}"#)];
        for (form, content) in files {
            let own = file(form, content);
            let signed = person.signed(&own);
            assert_eq!(judge(&own, &signed, &person.credential).unwrap(), Judged::Good, "{form:?}");
            assert!(judge(&own, &other.signed(&own), &person.credential).is_err(), "{form:?}: another's key");
            let another = match form {
                Form::Pades => crate::bench::paper::pdf(1000, 2),
                _ => [content, b" "].concat(),
            };
            let over_another = person.signed(&file(form, &another));
            assert!(judge(&own, &over_another, &person.credential).is_err(), "{form:?}: another file");
            assert!(judge(&own, content, &person.credential).is_err(), "{form:?}: no signature");
            assert!(judge(&own, b"", &person.credential).is_err());
        }
        // A signature over less than the whole file.
        let own = file(Form::Pades, &pdf);
        let signed = String::from_utf8_lossy(&person.signed(&own)[pdf.len()..]).into_owned();
        let before = signed.split_once("/ByteRange [0 ").unwrap().1.split(' ').next().unwrap();
        let less = signed.replace(&format!(" {before} "), &format!(" {:0width$} ", 5, width = before.len()));
        assert!(taken_apart(&[pdf.as_slice(), signed.as_bytes()].concat(), pdf.len()).is_some());
        assert!(taken_apart(&[pdf.as_slice(), less.as_bytes()].concat(), pdf.len()).is_none());
    }

    #[test]
    fn a_jws_of_each_curve_is_judged_by_that_curves_hash_function() {
        let curves = [
            ("ES256", &PKCS_ECDSA_P256_SHA256, &ECDSA_P256_SHA256_FIXED_SIGNING),
            ("ES384", &PKCS_ECDSA_P384_SHA384, &ECDSA_P384_SHA384_FIXED_SIGNING),
            ("ES512", &PKCS_ECDSA_P521_SHA512, &ECDSA_P521_SHA512_FIXED_SIGNING),
        ];
        let own = file(Form::Jades, b"{}");
        for (name, kind, signing) in curves {
            let key = KeyPair::generate_for(kind).unwrap();
            let chain = vec![CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap().der().to_vec()];
            let credential = Credential { id: "one".into(), chain, algorithm: "", jws: "" };
            let pair = EcdsaKeyPair::from_pkcs8(signing, &key.serialize_der()).unwrap();
            for (said, ..) in curves {
                let header = format!(r#"{{"alg":"{said}"}}"#);
                let signed = [header.as_bytes(), b"{}"].map(|part| BASE64URL_NOPAD.encode(part)).join(".");
                let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
                let jws = format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()));
                assert_eq!(judge(&own, jws.as_bytes(), &credential).is_ok(), said == name, "{said} of {name}");
            }
        }
    }

    #[test]
    fn xml_is_the_file_with_something_put_into_it() {
        let (person, own) = (Person::new(), file(Form::Xades, b"<a><b/></a>\n"));
        let judged = |signed: &[u8]| judge(&own, signed, &person.credential).ok();
        assert_eq!(judged(b"<a><b/><s/></a>\n"), Some(Judged::Open));
        assert_eq!(judged(b"<a><c/><s/></a>\n"), None);
        assert_eq!(judged(b"<a><b/><s/></a>"), None);
        assert_eq!(judged(&own.content), None);
        let empty = file(Form::Xades, b"<a/>");
        assert!(judge(&empty, b"<a><s></s></a>", &person.credential).is_ok());
        assert!(judge(&empty, b"<b><s></s></b>", &person.credential).is_err());
    }

    #[test]
    fn what_was_not_verified_is_said() {
        let said = |judged: Judged, form, level| {
            let said = judged.said(form, level);
            said.split_once("; not verified: ").map(|(done, open)| (done.to_owned(), open.to_owned())).unwrap()
        };
        let (done, open) = said(Judged::Good, Form::Jades, Level::B);
        assert!(done.starts_with("verified: your file is in it") && done.ends_with("by your key"));
        assert_eq!(open, "the certificate");
        assert!(said(Judged::Good, Form::Cades, Level::B).0.contains("beside your file"));
        let (done, open) = said(Judged::Open, Form::Xades, Level::Lta);
        assert!(!done.contains("key"));
        assert_eq!(open, "the signature, the certificate, time-stamps, what shows that certificates were good");
    }
}
