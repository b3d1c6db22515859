//! What is added to a signature of JSON or XML once it is there.

/// What a validator needs besides its roots, each piece the DER that it came as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ValidationData {
    /// Certificates.
    pub certificates: Vec<Vec<u8>>,
    /// `CertificateList`s.
    pub crls: Vec<Vec<u8>>,
    /// `OCSPResponse`s.
    pub ocsp: Vec<Vec<u8>>,
}

/// One unsigned property. Their order counts: each archive time-stamp is over all that stand before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addition {
    /// A time-stamp token on the signature (B-T).
    Stamp(Vec<u8>),
    /// What the signature and its time-stamps are validated with (B-LT).
    ValidationData(ValidationData),
    /// A time-stamp token on everything before (B-LTA).
    Archive(Vec<u8>),
    /// What the archive time-stamp before is validated with: another one follows.
    StampValidationData(ValidationData),
}
