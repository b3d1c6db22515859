//! `info` (11.1): one answer that v1, v2.0, v2.1 and v2.2 clients can all read (clients.md 2m, rule 4).

use serde::Serialize;

/// Answer of `info`; no member is ever null.
#[derive(Debug, Clone, Serialize)]
pub struct Info {
    /// Version of the API.
    pub specs: &'static str,
    /// Name of the service.
    pub name: String,
    /// JPEG or PNG, at most 256 x 256.
    pub logo: String,
    /// ISO 3166-1 alpha-2.
    pub region: String,
    /// Language of the answers, RFC 5646.
    pub lang: String,
    /// What the service is.
    pub description: String,
    /// How service authorization is had.
    #[serde(rename = "authType")]
    pub auth_type: Vec<&'static str>,
    /// OAuth base URL, without a trailing slash; clients append `/oauth2/…`. Exactly one of the three is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth2: Option<String>,
    /// Issuer identifier (RFC 8414), since 2.0.
    #[serde(rename = "oauth2Issuer", skip_serializing_if = "Option::is_none")]
    pub oauth2_issuer: Option<String>,
    /// Authorization servers, since 2.1.
    #[serde(rename = "oauth2Servers", skip_serializing_if = "Option::is_none")]
    pub oauth2_servers: Option<Vec<AuthorizationServer>>,
    /// Methods offered under this version.
    pub methods: Vec<&'static str>,
    /// Whether `operationMode` A is offered, since 2.0.
    #[serde(rename = "asynchronousOperationMode", skip_serializing_if = "Option::is_none")]
    pub asynchronous: Option<bool>,
    /// Whether `returnValidationInfo` is offered beyond the mandatory case.
    #[serde(rename = "validationInfo")]
    pub validation_info: bool,
    /// Algorithms any key here can do.
    #[serde(rename = "signAlgorithms")]
    pub sign_algorithms: SignAlgorithms,
    /// Document formats.
    pub signature_formats: SignatureFormats,
    /// Baseline levels of documents.
    pub conformance_levels: Vec<&'static str>,
    /// Whether RFC 9396 requests are understood; said with each server where there are `oauth2Servers`.
    #[serde(rename = "supportsRar", skip_serializing_if = "Option::is_none")]
    pub supports_rar: Option<bool>,
    /// Kinds of hashes that may be authorized (2.2).
    #[serde(rename = "supportedHashTypes")]
    pub supported_hash_types: Vec<&'static str>,
}

/// One of `oauth2Servers`.
#[derive(Debug, Clone, Serialize)]
pub struct AuthorizationServer {
    /// Issuer identifier (RFC 8414).
    #[serde(rename = "issuerIdentifier")]
    pub issuer: String,
    /// `oauth2code`, `oauth2client`.
    #[serde(rename = "authType")]
    pub auth_type: Vec<&'static str>,
    /// Whether RFC 9396 requests are understood.
    #[serde(rename = "supportsRar")]
    pub supports_rar: bool,
}

/// `signAlgorithms`.
#[derive(Debug, Clone, Serialize)]
pub struct SignAlgorithms {
    /// OIDs.
    pub algos: Vec<String>,
    /// Parameters by algorithm; the iOS library wants the array even when empty.
    #[serde(rename = "algoParams")]
    pub params: Vec<String>,
}

/// `signature_formats`; both empty while signDoc is not offered.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SignatureFormats {
    /// `C`, `X`, `P`, `J`.
    pub formats: Vec<&'static str>,
    /// Properties, in the order of `formats`.
    pub envelope_properties: Vec<Vec<&'static str>>,
    /// Whether one call may mix them (2.1).
    #[serde(rename = "allowMix")]
    pub allow_mix: bool,
}
