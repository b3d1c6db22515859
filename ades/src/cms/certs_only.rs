//! Messages that carry certificates and nothing else (RFC 5652, 5.1; RFC 7030, 4.1.3): how CAs hand them out.

use der::Encode as _;
use der::asn1::ObjectIdentifier;

use super::Error;
use super::ber::Value;

/// id-signedData.
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// Members of a `SignedData`.
const MEMBERS: usize = 6;
/// Certificates that are read.
const MOST: usize = 64;

const SEQUENCE: u8 = 0x30;
const CERTIFICATES: u8 = 0xa0;

/// The certificates of the message, each the octets it came as, in the order they came; other kinds of certificates (RFC 5652, 10.2.2)
/// are left out. The message may be BER.
///
/// # Errors
/// When it is no `SignedData` in a `ContentInfo`, or brings more than 64.
pub fn certificates_only(message: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let message = Value::only(message)?;
    let [kind, content] = message.members(2)?[..] else { return Err(malformed()) };
    if message.tag != SEQUENCE || kind.whole != SIGNED_DATA.to_der()? {
        return Err(malformed());
    }
    let [signed] = content.members(1)?[..] else { return Err(malformed()) };
    let members = signed.members(MEMBERS)?;
    let found = members.iter().find(|member| member.tag == CERTIFICATES);
    let found = found.map(|set| set.members(MOST)).transpose()?.unwrap_or_default();
    Ok(found.iter().filter(|one| one.tag == SEQUENCE).map(|one| one.whole.to_vec()).collect())
}

fn malformed() -> Error {
    Error::Der(der::ErrorKind::Failed.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// id-signedData and its content, of these members.
    fn message(certificates: &[u8]) -> Vec<u8> {
        let signed = [&[2, 1, 1, 0x31, 0, 0x30, 3, 6, 1, 42][..], certificates, &[0x31, 0]].concat();
        let length = |octets: &[u8]| u8::try_from(octets.len()).unwrap();
        let signed = [&[0x30, length(&signed)], &signed[..]].concat();
        let content = [&[0xa0, length(&signed)], &signed[..]].concat();
        let kind = SIGNED_DATA.to_der().unwrap();
        [&[0x30, length(&kind) + length(&content)], &kind[..], &content].concat()
    }

    #[test]
    fn what_is_a_certificate_is_given_as_it_came() {
        let two = [0xa0, 11, 0x30, 0x81, 1, 5, 0xa1, 0, 0x30, 3, 2, 1, 7];
        assert_eq!(certificates_only(&message(&two)).unwrap(), [&[0x30, 0x81, 1, 5][..], &[0x30, 3, 2, 1, 7]]);
        let without_end = [0xa0, 0x80, 0x30, 0x80, 5, 0, 0, 0, 0, 0];
        assert_eq!(certificates_only(&message(&without_end)).unwrap(), [[0x30, 0x80, 5, 0, 0, 0]]);
        assert_eq!(certificates_only(&message(&[])).unwrap(), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn what_is_no_such_message_is_refused() {
        let many = [&[0xa0, 0x81, 130][..], &[0x30, 0].repeat(65)].concat();
        let data = message(&[]).iter().map(|octet| if *octet == 7 { 8 } else { *octet }).collect::<Vec<_>>();
        for wrong in [&[][..], b"<html>", &[0x30, 0], &message(&[0xa0, 2, 0x30, 9]), &data] {
            assert!(certificates_only(wrong).is_err(), "{wrong:02x?}");
        }
        // Longer than the length of one octet says, so built by hand.
        let value = Value::only(&many).unwrap();
        assert!(value.members(MOST).is_err());
    }
}
