//! What JSON and XML signatures have to know of the signer's key: which curve, and ECDSA values as fixed-length numbers.

use der::asn1::{ObjectIdentifier, UintRef};
use der::{Decode as _, Reader as _, SliceReader};
use rsign_api::algorithm::KeyType;
use x509_cert::Certificate;

/// The curve of a certificate's key; none for RSA and for curves that rsign has no name for.
pub(crate) fn curve(certificate: &[u8]) -> der::Result<Option<KeyType>> {
    let certificate = Certificate::from_der(certificate)?;
    let parameters = certificate.tbs_certificate().subject_public_key_info().algorithm.parameters.as_ref();
    let oid = parameters.and_then(|parameters| parameters.decode_as::<ObjectIdentifier>().ok());
    Ok(KeyType::ALL.into_iter().find(|key| key.curve().is_some() && key.curve() == oid))
}

/// Length in bytes of a number modulo the order of a curve.
pub(crate) const fn length(curve: KeyType) -> usize {
    curve.bits().div_ceil(8) as usize
}

/// The DER `ECDSA-Sig-Value` (RFC 3279) as r and s, each `length` bytes, as JWS and XML signatures have it.
pub(crate) fn fixed(value: &[u8], length: usize) -> der::Result<Vec<u8>> {
    let mut reader = SliceReader::new(value)?;
    let numbers =
        reader.sequence(|reader| Ok::<_, der::Error>([UintRef::decode(reader)?, UintRef::decode(reader)?]))?;
    reader.finish()?;
    let mut octets = Vec::with_capacity(2 * length);
    for number in numbers {
        let zeros = length.checked_sub(number.as_bytes().len()).ok_or(der::ErrorKind::Overlength)?;
        octets.resize(octets.len() + zeros, 0);
        octets.extend_from_slice(number.as_bytes());
    }
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_get_their_zeros_back() {
        // SEQUENCE { INTEGER 0x80, INTEGER 1 }: DER puts a zero before 0x80 and drops all others.
        let value = [0x30, 7, 2, 2, 0, 0x80, 2, 1, 1];
        assert_eq!(fixed(&value, 4).unwrap(), [0, 0, 0, 0x80, 0, 0, 0, 1]);
        assert!(fixed(&value, 0).is_err());
        assert!(fixed(&[&value[..], &[0]].concat(), 4).is_err());
        assert!(fixed(&value[..8], 4).is_err());
        assert_eq!(length(KeyType::P521), 66);
    }
}
