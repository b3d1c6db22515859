//! What clients may have a signature say, and where it stands then.

use std::time::UNIX_EPOCH;

use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::objection::{Reason, Unsayable};

use super::super::{Content, Said, prepare, read_properties};
use crate::{Signatory, digest};

fn said(properties: &[(&'static str, &str)]) -> Result<Said, Vec<Unsayable>> {
    let encoded: Vec<_> =
        properties.iter().map(|(name, xml)| (*name, data_encoding::BASE64.encode(xml.as_bytes()))).collect();
    read_properties(encoded.iter().map(|(name, value)| (*name, Some(value.as_str()))))
}

#[test]
fn properties_are_written_anew_in_their_places() {
    let properties = [
        (
            "DataObjectFormat",
            "<x:DataObjectFormat xmlns:x='http://uri.etsi.org/01903/v1.3.2#'>\n<x:MimeType> image/png </x:MimeType></x:DataObjectFormat>",
        ),
        (
            "CommitmentTypeIndication",
            "<CommitmentTypeIndication xmlns='http://uri.etsi.org/01903/v1.3.2#'><CommitmentTypeId><Identifier Qualifier='OIDAsURN'>urn:oid:1.2.3</Identifier><Description>&lt;\u{e9}</Description></CommitmentTypeId><AllSignedDataObjects/></CommitmentTypeIndication>",
        ),
        (
            "SignerRoleV2",
            "<SignerRoleV2 xmlns='http://uri.etsi.org/01903/v1.3.2#'><ClaimedRoles><ClaimedRole>a &amp; b</ClaimedRole><ClaimedRole>c</ClaimedRole></ClaimedRoles></SignerRoleV2>",
        ),
        (
            "SignatureProductionPlaceV2",
            "<?xml version='1.0'?><SignatureProductionPlaceV2 xmlns='http://uri.etsi.org/01903/v1.3.2#'><City>Porto</City><CountryName>PT</CountryName></SignatureProductionPlaceV2>",
        ),
    ];
    let said = said(&properties).unwrap();
    let hash = digest(HashAlgorithm::Sha256, b"document");
    let signatory =
        &Signatory { chain: vec![b"certificate".to_vec()], scheme: Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 } };
    let content = Content::Enveloping { digest: &hash, media_type: "a/b" };
    let unfinished = prepare(&content, &said, UNIX_EPOCH, signatory).unwrap();
    for part in [
        "</xades:SigningCertificateV2><xades:SignatureProductionPlaceV2><xades:City>Porto</xades:City>\
         <xades:CountryName>PT</xades:CountryName></xades:SignatureProductionPlaceV2><xades:SignerRoleV2><xades:ClaimedRoles>\
         <xades:ClaimedRole>a &amp; b</xades:ClaimedRole><xades:ClaimedRole>c</xades:ClaimedRole></xades:ClaimedRoles>\
         </xades:SignerRoleV2></xades:SignedSignatureProperties>",
        "<xades:MimeType>image/png</xades:MimeType></xades:DataObjectFormat><xades:CommitmentTypeIndication>\
         <xades:CommitmentTypeId><xades:Identifier Qualifier=\"OIDAsURN\">urn:oid:1.2.3</xades:Identifier>\
         <xades:Description>&lt;\u{e9}</xades:Description></xades:CommitmentTypeId>\
         <xades:AllSignedDataObjects></xades:AllSignedDataObjects></xades:CommitmentTypeIndication>",
        "MimeType=\"image/png\"></ds:Object>",
    ] {
        assert!(unfinished.contains(part), "{part}\n{unfinished}");
    }
}

#[test]
fn properties_that_are_not_understood_are_named() {
    let xades =
        |name: &str, content: &str| format!("<{name} xmlns='http://uri.etsi.org/01903/v1.3.2#'>{content}</{name}>");
    let place = "SignatureProductionPlaceV2";
    for (name, content) in [
        (place, ""),
        (place, "Porto"),
        (place, "<City/>"),
        (place, "<City><b/></City>"),
        (place, "<City>a<b/></City>"),
        (place, "<City x='y'>Porto</City>"),
        (place, "<Planet>Mars</Planet>"),
        (place, "<City xmlns=''>Porto</City>"),
        (place, "<CountryName>PT</CountryName><City>Porto</City>"),
        (place, "<City>a</City><City>b</City>"),
        ("SignerRoleV2", "<ClaimedRoles/>"),
        ("SignerRoleV2", "<ClaimedRoles><ClaimedRole>a</ClaimedRole></ClaimedRoles><CertifiedRolesV2/>"),
        ("CommitmentTypeIndication", "<CommitmentTypeId><Identifier>no uri</Identifier></CommitmentTypeId>"),
        ("CommitmentTypeIndication", "<CommitmentTypeId><Identifier>a:b<i/></Identifier></CommitmentTypeId>"),
        ("CommitmentTypeIndication", "<CommitmentTypeId><Identifier x='y'>a:b</Identifier></CommitmentTypeId>"),
        (
            "CommitmentTypeIndication",
            "<CommitmentTypeId><Identifier>a:b</Identifier></CommitmentTypeId><ObjectReference>#x</ObjectReference>",
        ),
        ("DataObjectFormat", "<MimeType>png</MimeType>"),
        ("DataObjectFormat", "<MimeType>image/png</MimeType><Encoding>x:y</Encoding>"),
    ] {
        let bad = Unsayable::new(name, Reason::BadValue);
        assert_eq!(said(&[(name, &xades(name, content))]), Err(vec![bad]), "{content}");
    }
    let unknown = |name| Unsayable::new(name, Reason::UnknownProperty);
    assert_eq!(said(&[("SigningTime", "2026-01-01T00:00:00Z")]), Err(vec![unknown("SigningTime")]));
    let good = xades(place, "<City>Porto</City>");
    assert!(said(&[(place, &good)]).is_ok());
    let entity = format!("<!DOCTYPE x [<!ENTITY e 'x'>]>{good}");
    let long = good.replace("Porto", &"x".repeat(8192));
    for value in [&entity, &long, "", "<", &xades("SignerRoleV2", "<City>Porto</City>")] {
        assert_eq!(said(&[(place, value)]), Err(vec![Unsayable::new(place, Reason::BadValue)]), "{value:.60}");
    }
    let twice = Unsayable::new(place, Reason::SaidTwice);
    assert_eq!(said(&[(place, &good), (place, &good), ("x", &good)]), Err(vec![twice, unknown("x")]));
    let invalid = [Unsayable::new(place, Reason::NoValue), Unsayable::new("SignerRoleV2", Reason::BadValue)];
    assert_eq!(read_properties([(place, None), ("SignerRoleV2", Some("?"))]).unwrap_err(), invalid);
}
