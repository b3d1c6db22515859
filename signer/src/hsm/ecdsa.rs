//! ECDSA signatures: PKCS#11 gives r|s of equal length, CMS and X.509 want DER.

use der::Encode as _;
use der::asn1::UintRef;

/// `ECDSA-Sig-Value` (RFC 3279, 2.2.3) of raw r|s; `None` when it is no such thing.
#[must_use]
pub fn der(raw: &[u8]) -> Option<Vec<u8>> {
    #[derive(der::Sequence)]
    struct SigValue<'a> {
        r: UintRef<'a>,
        s: UintRef<'a>,
    }
    let (r, s) = raw.split_at(raw.len() / 2);
    SigValue { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok()
}
