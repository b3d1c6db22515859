//! The form that the value of a property has, where a line says it.

/// Of the property of this name.
pub(super) fn of(property: &str) -> Option<&'static str> {
    Some(match property {
        "Rect" => "four numbers with spaces between them, two opposite corners: 20 20 200 80",
        "Page" => "a number from 1",
        "P" => "1, 2 or 3",
        "Reason" | "Location" | "Name" | "ContactInfo" | "Field" | "Text" => "text of at most 12288 octets in UTF-8",
        "mime-type" => "Base64 of DER, a UTF8String: DAp0ZXh0L3BsYWlu is text/plain",
        "signer-location" => "Base64 of DER, a SignerLocation (RFC 5126, 5.11.2): MAmhBwwFUG9ydG8= is Porto",
        "commitment-type-indication" => {
            "Base64 of DER, a CommitmentTypeIndication (RFC 5126, 5.11.1): MA0GCyqGSIb3DQEJEAYF is proof of approval"
        }
        "sigPl" => r#"Base64 of JSON: {"addressLocality":"Porto"}"#,
        "cty" => r#"Base64 of JSON: "text/plain""#,
        "SignatureProductionPlaceV2" => {
            "Base64 of the element in http://uri.etsi.org/01903/v1.3.2#, in it at least one of City, StreetAddress, \
             StateOrProvince, PostalCode, CountryName, in this order"
        }
        "DataObjectFormat" => "Base64 of the element in http://uri.etsi.org/01903/v1.3.2#, in it MimeType",
        _ => return None,
    })
}
