//! Why something could not be formed, read or put together.

/// A fault in what was handed in; nothing here fails for reasons of its own.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Octets that are not the structure they should be, or a value that DER cannot hold.
    #[error("the DER is malformed")]
    Der(#[from] der::Error),
    /// A public key that is not one of `KeyType`, or is damaged.
    #[error("the public key is not of a supported kind")]
    Key,
    /// RSA scheme for an EC key, EC scheme for an RSA key, or a salt longer than the modulus allows.
    #[error("the key cannot make such a signature")]
    Scheme,
    /// The signature is not the key's, over this body, in this scheme.
    #[error("the signature does not verify")]
    Signature,
    /// An attribute of a distinguished name breaks a rule of X.520 or EN 319 412-2.
    #[error("{attribute} of the name {fault}")]
    Name {
        /// The attribute as the API calls it.
        attribute: &'static str,
        /// What is wrong, as the end of a sentence.
        fault: &'static str,
    },
    /// Zero, or more than 20 octets once the sign bit is clear (RFC 5280, 4.1.2.2).
    #[error("the serial number is not positive or too long")]
    Serial,
    /// A time outside 1970 to 9999, an end before its beginning, or a certificate that outlives its issuer.
    #[error("the times do not fit")]
    Time,
    /// Not an absolute HTTP or HTTPS URL in plain ASCII.
    #[error("the URL is not absolute http or https in ASCII")]
    Location,
    /// Disclosure statements without an English one, or a language that is not ISO 639-1.
    #[error("the PKI disclosure statements need two-letter languages, one of them en")]
    Disclosure,
    /// The certificate may not sign certificates and revocation lists.
    #[error("the certificate is not an authority's")]
    NotAnAuthority,
    /// The certificate is not one by which this CA names a responder that nobody need ask about.
    #[error("the certificate is not of a responder of this CA")]
    NotAResponder,
    /// `removeFromCRL` belongs to delta lists only (RFC 5280, 5.3.1).
    #[error("the reason has no place in a complete revocation list")]
    Reason,
}
