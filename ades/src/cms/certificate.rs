//! What a signature repeats of a certificate, octet by octet.

use der::{AnyRef, Decode as _, Encode as _, Reader as _, Tagged as _};

use super::Error;

/// Issuer and serial number, each the DER it has in the certificate (RFC 5280, 4.1).
pub(super) fn issuer_and_serial(certificate: &[u8]) -> Result<[Vec<u8>; 2], Error> {
    let tbs = AnyRef::from_der(certificate)?.sequence(|reader| {
        let tbs: AnyRef<'_> = reader.decode()?;
        skip(reader)?;
        Ok::<_, der::Error>(tbs)
    })?;
    tbs.sequence(|reader| {
        // Version 1 is the default and not written.
        let first: AnyRef<'_> = reader.decode()?;
        let serial: AnyRef<'_> = if first.tag().is_context_specific() { reader.decode()? } else { first };
        let _algorithm: AnyRef<'_> = reader.decode()?;
        let issuer: AnyRef<'_> = reader.decode()?;
        skip(reader)?;
        Ok([issuer.to_der()?, serial.to_der()?])
    })
}

fn skip<'a>(reader: &mut impl der::Reader<'a>) -> der::Result<()> {
    while !reader.is_finished() {
        let _: AnyRef<'_> = reader.decode()?;
    }
    Ok(())
}
