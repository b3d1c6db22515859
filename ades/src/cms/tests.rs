//! What is formed, octet by octet where it matters, and by openssl where another's word counts.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use data_encoding::BASE64;
use der::{Any, Decode as _, Encode as _};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SigningKey as _};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::objection::Unsayable;

use super::*;
use crate::digest;

const SHA256: HashAlgorithm = HashAlgorithm::Sha256;
const NOVEMBER: u64 = 1_795_000_000;

/// A root and a signer under it.
struct Pki {
    root: Vec<u8>,
    signer: Vec<u8>,
    key: KeyPair,
}

impl Pki {
    fn new() -> Self {
        let root_key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::new(Vec::<String>::new()).unwrap();
        // openssl looks for issuers by name.
        root.distinguished_name.push(DnType::CommonName, format!("root {:x?}", &root_key.public_key_raw()[1..5]));
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = root.self_signed(&root_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut signer = CertificateParams::new(Vec::<String>::new()).unwrap();
        signer.distinguished_name.push(DnType::CommonName, "signer");
        signer.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        let signer = signer.signed_by(&key, &Issuer::new(root, root_key)).unwrap();
        Self { root: certificate.der().to_vec(), signer: signer.der().to_vec(), key }
    }

    fn signatory(&self) -> Signatory {
        let chain = vec![self.signer.clone(), self.root.clone()];
        Signatory { chain, scheme: Scheme::Ecdsa { hash: SHA256 } }
    }
}

fn wanted<'a>(digest: &'a [u8], properties: &'a [Attribute]) -> Wanted<'a> {
    let signing_time = Some(UNIX_EPOCH + Duration::from_secs(NOVEMBER));
    Wanted { content_type: DATA, digest, signing_time, properties }
}

fn signed<'a>(signatory: &'a Signatory, attributes: &'a [u8], signature: &'a [u8]) -> Signed<'a> {
    Signed {
        signatory,
        content_type: DATA,
        content: None,
        attributes,
        signature,
        certificates: &[],
        crls: &[],
        ocsp: &[],
        unsigned: &[],
    }
}

#[test]
fn what_stands_around_a_content_is_the_same_without_it() {
    let pki = Pki::new();
    let signatory = pki.signatory();
    let attributes = prepare(&wanted(&[7; 32], &[]), &signatory).unwrap();
    for length in [0_usize, 1, 127, 128, 255, 256, 65_535, 65_536, 70_000] {
        let content = vec![b'x'; length];
        let held = Signed { content: Some(&content), ..signed(&signatory, &attributes, &[1, 2]) };
        let Around { before, after } = finish_around(&signed(&signatory, &attributes, &[1, 2]), length as u64).unwrap();
        let whole = finish(&held).unwrap();
        assert_eq!([before.as_slice(), &content, &after].concat(), whole, "{length}");
        assert_eq!(Any::from_der(&whole).unwrap().to_der().unwrap(), whole, "lengths are DER's");
    }
    assert!(finish_around(&signed(&signatory, &attributes, &[1, 2]), 1 << 33).is_err());
}

fn has(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

fn members(set: &[u8]) -> Vec<Vec<u8>> {
    let set = Any::from_der(set).unwrap();
    let mut rest = set.value();
    let mut members = Vec::new();
    while !rest.is_empty() {
        let (member, left) = Any::from_der_partial(rest).unwrap();
        members.push(member.to_der().unwrap());
        rest = left;
    }
    members
}

#[test]
fn signed_attributes_are_a_sorted_set_of_what_the_baseline_wants() {
    let pki = Pki::new();
    let digest_of = digest(SHA256, b"document");
    let attributes = prepare(&wanted(&digest_of, &[]), &pki.signatory()).unwrap();
    assert_eq!(attributes[0], 0x31);
    let each = members(&attributes);
    assert!(each.len() == 4 && each.is_sorted());
    let oid = |dotted: &str| ObjectIdentifier::new_unwrap(dotted).to_der().unwrap();
    for dotted in ["1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4", "1.2.840.113549.1.9.5", "1.2.840.113549.1.9.16.2.47"]
    {
        assert_eq!(each.iter().filter(|attribute| has(attribute, &oid(dotted))).count(), 1, "{dotted}");
    }
    // PAdES: the time stands in the PDF.
    let without = Wanted { signing_time: None, ..wanted(&digest_of, &[]) };
    assert_eq!(members(&prepare(&without, &pki.signatory()).unwrap()).len(), 3);
}

#[test]
fn the_certificate_is_named_by_its_hash_and_the_default_left_out() {
    let pki = Pki::new();
    for hash in HashAlgorithm::ALL {
        let signatory = Signatory { scheme: Scheme::Ecdsa { hash }, ..pki.signatory() };
        let attributes = prepare(&wanted(&digest(hash, b"document"), &[]), &signatory).unwrap();
        let attribute = Attribute::signing_certificate(hash, &pki.signer).unwrap();
        assert!(has(&attributes, &attribute.to_der().unwrap()) && has(&attribute.value, &digest(hash, &pki.signer)));
        assert_eq!(has(&attribute.value, &hash.oid().to_der().unwrap()), hash != SHA256);
    }
    assert!(matches!(prepare(&wanted(&[0; 48], &[]), &pki.signatory()), Err(Error::Digest)));
}

#[test]
fn times_are_utc_through_2049() {
    let time =
        |seconds: u64| Attribute::signing_time(UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 999)).unwrap().value;
    assert_eq!(time(2_524_607_999), [&[0x17, 13][..], b"491231235959Z"].concat());
    assert_eq!(time(2_524_608_000), [&[0x18, 15][..], b"20500101000000Z"].concat());
}

#[test]
fn pss_says_hash_and_salt() {
    // As clients of real services send it, but for the trailer field, which is the default.
    let parameters = "MDmgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3DQEBCDANBglghkgBZQMEAgEFAKIDAgEgowMCAQE=";
    let sent = BASE64.decode(parameters.as_bytes()).unwrap();
    let expected = [&[0x30, 0x34][..], &sent[2..sent.len() - 5]].concat();
    let said = algorithm::signature(Scheme::Pss { hash: SHA256, salt: 32 }).unwrap();
    assert!(said.ends_with(&expected), "{said:02x?}");
}

#[test]
fn versions_follow_what_is_inside_and_foreign_octets_stay() {
    let pki = Pki::new();
    let signatory = pki.signatory();
    let attributes = prepare(&wanted(&digest(SHA256, b"document"), &[]), &signatory).unwrap();
    let plain = signed(&signatory, &attributes, &[1, 2, 3]);
    let version = |signed: &Signed<'_>| {
        let object = finish(signed).unwrap();
        let content = members(&object)[1].clone();
        members(&members(&content)[0])[0].clone()
    };
    assert_eq!(version(&plain), [2, 1, 1]);
    let token = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
    assert_eq!(version(&Signed { content_type: token, ..plain }), [2, 1, 3]);
    // BER that DER would write otherwise: a BOOLEAN of 1.
    let odd = vec![0x30, 3, 1, 1, 1];
    let odd = [odd];
    assert_eq!(version(&Signed { crls: &odd, ..plain }), [2, 1, 1]);
    assert_eq!(version(&Signed { ocsp: &odd, ..plain }), [2, 1, 5]);
    let object = finish(&Signed { crls: &odd, certificates: &odd, ..plain }).unwrap();
    assert!(has(&object, &odd[0]) && has(&object, &pki.signer) && has(&object, &pki.root));
    // The chain again is not there twice.
    let again = signatory.chain.clone();
    assert_eq!(finish(&Signed { certificates: &again, ..plain }).unwrap(), finish(&plain).unwrap());
    assert!(finish(&Signed { attributes: &attributes[1..], ..plain }).is_err());
    assert!(finish(&Signed { signatory: &Signatory { chain: vec![], ..signatory.clone() }, ..plain }).is_err());
}

fn verified(folder: &Path, object: &[u8], content: Option<&[u8]>, root: &[u8]) -> bool {
    std::fs::write(folder.join("object"), object).unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(root));
    std::fs::write(folder.join("root"), pem).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.current_dir(folder).args(["cms", "-verify", "-binary", "-cades", "-purpose", "any", "-inform", "DER"]);
    openssl.args(["-in", "object", "-CAfile", "root", "-out", "said"]);
    if let Some(content) = content {
        std::fs::write(folder.join("content"), content).unwrap();
        openssl.args(["-content", "content"]);
    }
    openssl.output().unwrap().status.success()
}

#[test]
fn openssl_verifies_attached_and_detached() {
    let (pki, folder) = (Pki::new(), tempfile::tempdir().unwrap());
    let content = b"line\nline\r\n\0";
    let (signatory, digest_of) = (pki.signatory(), digest(SHA256, content));
    let mime = ("mime-type", Some("DA90ZXh0L3BsYWluO2E9YmM="));
    let said = read_properties([mime]).unwrap();
    let attributes = prepare(&wanted(&digest_of, &said), &signatory).unwrap();
    let signature = pki.key.sign(&attributes).unwrap();
    let detached = signed(&signatory, &attributes, &signature);
    let object = finish(&detached).unwrap();
    assert!(has(&object, b"text/plain;a=bc"));
    assert!(verified(folder.path(), &object, Some(content), &pki.root));
    assert!(!verified(folder.path(), &object, Some(b"line\nline\n\0"), &pki.root));
    let attached = finish(&Signed { content: Some(content), ..detached }).unwrap();
    assert!(verified(folder.path(), &attached, None, &pki.root));
    assert_eq!(std::fs::read(folder.path().join("said")).unwrap(), content);
    // A document of no octets is one, too.
    let nothing = prepare(&wanted(&digest(SHA256, b""), &[]), &signatory).unwrap();
    let signature_of_nothing = pki.key.sign(&nothing).unwrap();
    let empty = Signed { content: Some(b""), ..signed(&signatory, &nothing, &signature_of_nothing) };
    assert!(verified(folder.path(), &finish(&empty).unwrap(), None, &pki.root));
    assert_eq!(std::fs::read(folder.path().join("said")).unwrap(), b"");
    // Unsigned attributes come later and change nothing.
    let token = [Attribute::signature_time_stamp(object).unwrap()];
    assert!(verified(
        folder.path(),
        &finish(&Signed { unsigned: &token, ..detached }).unwrap(),
        Some(content),
        &pki.root
    ));
}

#[test]
fn properties_are_known_by_name_or_oid_and_stand_once() {
    let null = Some("BQA=");
    let said = read_properties([("mime-type", null), ("1.2.840.113549.1.9.16.2.4", null)]).unwrap();
    assert_eq!(said.iter().map(|attribute| attribute.value.clone()).collect::<Vec<_>>(), [[5, 0], [5, 0]]);
    let invalid = |properties: &[(&'static str, Option<&'static str>)]| read_properties(properties.iter().copied());
    for (properties, name, reason) in [
        (&[("colour", null), ("mime-type", null)][..], "colour", Reason::UnknownProperty),
        (&[("mime-type", None)], "mime-type", Reason::NoValue),
        (&[("mime-type", Some("?"))], "mime-type", Reason::BadValue),
        (&[("mime-type", Some("BQAA"))], "mime-type", Reason::BadValue),
        (&[("mime-type", null), ("0.4.0.1733.2.1", null)], "0.4.0.1733.2.1", Reason::SaidTwice),
    ] {
        assert_eq!(invalid(properties).err().unwrap(), [Unsayable::new(name, reason)]);
    }
    // What the signer says itself nobody else says.
    let own = ["1.2.840.113549.1.9.5", "1.2.840.113549.1.9.16.2.47"];
    let unknown = own.map(|name| Unsayable::new(name, Reason::UnknownProperty));
    assert_eq!(invalid(&own.map(|name| (name, null))).err().unwrap(), unknown);
}

#[test]
fn one_more_signature_goes_beside_others() {
    let (ana, rui, folder) = (Pki::new(), Pki::new(), tempfile::tempdir().unwrap());
    let content = b"a document";
    let sign = |pki: &Pki| {
        let attributes = prepare(&wanted(&digest(SHA256, content), &[]), &pki.signatory()).unwrap();
        let signature = pki.key.sign(&attributes).unwrap();
        (pki.signatory(), attributes, signature)
    };
    let (signatory, attributes, signature) = sign(&ana);
    let first = Signed { content: Some(content), ..signed(&signatory, &attributes, &signature) };
    let object = finish(&first).unwrap();
    let existing = Existing::read(&object).unwrap();
    assert_eq!(existing.content(), content);
    let (signatory, attributes, signature) = sign(&rui);
    let (certificates, crls) = (existing.certificates(), existing.revocations());
    assert!(certificates == [ana.signer.clone().min(ana.root.clone()), ana.signer.clone().max(ana.root.clone())]);
    let second = Signed { certificates: &certificates, crls: &crls, ..signed(&signatory, &attributes, &signature) };
    let both = existing.with(&second).unwrap();
    for pki in [&ana, &rui] {
        assert!(has(&both, &pki.signer) && !verified(folder.path(), &both, None, &pki.root), "both have to be known");
    }
    let roots = [&ana.root, &rui.root]
        .map(|root| format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(root)));
    std::fs::write(folder.path().join("root"), roots.concat()).unwrap();
    let mut openssl = Command::new("openssl");
    openssl.current_dir(folder.path()).args(["cms", "-verify", "-binary", "-cades", "-purpose", "any"]);
    openssl.args(["-inform", "DER", "-in", "object", "-CAfile", "root", "-out", "said"]);
    assert!(openssl.status().unwrap().success());
    assert_eq!(std::fs::read(folder.path().join("said")).unwrap(), content);
    // Whoever leaves theirs out hears of it.
    let lost = Signed { certificates: &[], ..second };
    assert!(matches!(existing.with(&lost), Err(Error::Parallel(..))));
    // The version of what is there stays where it is the higher one.
    let answers = finish(&Signed { ocsp: &[vec![5, 0]], ..first }).unwrap();
    let existing = Existing::read(&answers).unwrap();
    let revocations = existing.revocations();
    let both = existing.with(&Signed { crls: &revocations, ..second }).unwrap();
    let value = members(&members(&members(&both)[1])[0]);
    assert_eq!((value[0].as_slice(), value[4].len() < answers.len()), (&[2, 1, 5][..], true));
}

#[test]
fn what_has_too_many_of_anything_is_refused_and_not_read_on() {
    let read = |counts: [usize; 5], rubbish: bool| {
        let [algorithms, certificates, revocations, attributes, signatures] = counts;
        let value = |tag: u8, parts: &[&[u8]]| {
            let content = parts.concat();
            let length = u32::try_from(content.len()).unwrap().to_be_bytes();
            [&[tag, 0x84][..], &length, &content].concat()
        };
        let null = |count: usize| [5_u8, 0].repeat(count);
        let unsigned = value(0xa1, &[&value(0x30, &[&DATA.to_der().unwrap(), &[0x31, 0]]).repeat(attributes)]);
        let info = value(0x30, &[&[2, 1, 1], &unsigned]);
        let content = value(0x30, &[&DATA.to_der().unwrap(), &value(0xa0, &[&[4, 1, b'x']])]);
        // No value starts so.
        let broken: &[u8] = if rubbish { &[0xff, 0xff] } else { &[] };
        let signed = value(
            0x30,
            &[
                &[2, 1, 1],
                &value(0x31, &[&null(algorithms)]),
                &content,
                &value(0xa0, &[&null(certificates), broken]),
                &value(0xa1, &[&null(revocations)]),
                &value(0x31, &[&info.repeat(signatures)]),
            ],
        );
        let object = value(0x30, &[&signed_data::SIGNED_DATA.to_der().unwrap(), &value(0xa0, &[&signed])]);
        Existing::read(&object).map(|found| found.certificates().len()).map_err(|error| error.to_string())
    };
    assert_eq!(read([256, 256, 256, 256, 64], false), Ok(256));
    let too_many = |found: Result<usize, String>| found.unwrap_err().contains("too many");
    assert!(too_many(read([257, 1, 1, 1, 1], false)));
    assert!(too_many(read([1, 257, 1, 1, 1], false)));
    assert!(too_many(read([1, 1, 257, 1, 1], false)));
    assert!(read([1, 1, 1, 257, 1], false).is_err());
    assert!(too_many(read([1, 1, 1, 1, 65], false)));
    // It stops while it counts: what stands behind is not looked at.
    assert!(!too_many(read([1, 256, 1, 1, 1], true)) && too_many(read([1, 257, 1, 1, 1], true)));
    // As many as fit into a document.
    let start = std::time::Instant::now();
    assert!(too_many(read([1, 8 << 20, 1, 1, 1], false)));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn what_no_signature_goes_beside_is_refused() {
    let pki = Pki::new();
    let signatory = pki.signatory();
    let attributes = prepare(&wanted(&digest(SHA256, b"x"), &[]), &signatory).unwrap();
    let attached = Signed { content: Some(b"x"), ..signed(&signatory, &attributes, &[1, 2, 3]) };
    let object = finish(&attached).unwrap();
    assert!(Existing::read(&object).is_ok());
    let old = |dotted| [Attribute::raw(ObjectIdentifier::new_unwrap(dotted), vec![5, 0]).unwrap()];
    let v2 = old("1.2.840.113549.1.9.16.2.48");
    let v3 = old("0.4.0.1733.2.4");
    assert!(Existing::read(&finish(&Signed { unsigned: &v3, ..attached }).unwrap()).is_ok());
    for kept in ["1.2.840.113549.1.9.16.2.49", "1.2.840.113549.1.9.16.2.50", "0.4.0.1733.2.2"] {
        let document = finish(&Signed { unsigned: &old(kept), ..attached }).unwrap();
        assert!(matches!(Existing::read(&document), Err(Error::Parallel(..))), "{kept}");
    }
    let token = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.4");
    for document in [
        Vec::new(),
        b"a document".to_vec(),
        [&object[..], &[0]].concat(),
        object[..object.len() - 1].to_vec(),
        finish(&Signed { content: None, ..attached }).unwrap(),
        finish(&Signed { content_type: token, ..attached }).unwrap(),
        finish(&Signed { unsigned: &v2, ..attached }).unwrap(),
        pki.signer.clone(),
    ] {
        assert!(matches!(Existing::read(&document), Err(Error::Parallel(..))), "{document:02x?}");
    }
}
