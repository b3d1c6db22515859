//! Answers of `oauth2/token` (8.3.3 / 8.4.4) and `oauth2/pushed_authorize` (8.4.3), and the metadata (RFC 8414).

use secrecy::SecretString;
use serde::Serialize;

use super::authorization::Granted;

/// Answer of `oauth2/token`.
#[derive(Debug, Serialize)]
pub struct TokenAnswer {
    /// The access token; of scope `credential` it is the SAD.
    #[serde(serialize_with = "crate::secret::expose")]
    pub access_token: SecretString,
    /// Service scope only.
    #[serde(serialize_with = "crate::secret::expose_some", skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<SecretString>,
    /// `Bearer`; `SAD` for the credential scope of v1; `DPoP` where it is bound to a key.
    pub token_type: &'static str,
    /// Seconds; always a number, some clients insist.
    pub expires_in: u32,
    /// The credential, where its user chose it (8.4.4).
    #[serde(rename = "credentialID", skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// What was granted, where it was asked for so (RFC 9396, 7).
    #[serde(rename = "authorization_details", skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<Granted>>,
}

/// Answer of `oauth2/pushed_authorize`.
#[derive(Debug, Serialize)]
pub struct PushedAnswer {
    /// What `oauth2/authorize` is called with.
    pub request_uri: String,
    /// Seconds it is good for.
    pub expires_in: u32,
}

/// What every `request_uri` of this kind begins with (RFC 9126, 2.2).
pub const REQUEST_URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Answer of `/.well-known/oauth-authorization-server`.
#[derive(Debug, Clone, Serialize)]
pub struct Metadata {
    /// Our issuer identifier; also `iss` of every answer (RFC 9207).
    pub issuer: String,
    /// 8.4.2.
    pub authorization_endpoint: String,
    /// 8.4.4.
    pub token_endpoint: String,
    /// 8.4.5.
    pub revocation_endpoint: String,
    /// 8.4.3.
    pub pushed_authorization_request_endpoint: String,
    /// The registration of a client decides.
    pub require_pushed_authorization_requests: bool,
    /// `service` and `credential`; where apps may have credentials made, their scopes too.
    pub scopes_supported: Vec<&'static str>,
    /// `code`.
    pub response_types_supported: [&'static str; 1],
    /// `query`.
    pub response_modes_supported: [&'static str; 1],
    /// Grants.
    pub grant_types_supported: [&'static str; 3],
    /// Ways clients authenticate.
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    /// Algorithms of client assertions.
    pub token_endpoint_auth_signing_alg_values_supported: [&'static str; 5],
    /// As at the token endpoint.
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    /// As at the token endpoint.
    pub revocation_endpoint_auth_signing_alg_values_supported: [&'static str; 5],
    /// PKCE.
    pub code_challenge_methods_supported: [&'static str; 2],
    /// RFC 9207.
    pub authorization_response_iss_parameter_supported: bool,
    /// RFC 9101.
    pub request_parameter_supported: bool,
    /// RFC 9101.
    pub request_uri_parameter_supported: bool,
    /// RFC 9101.
    pub request_object_signing_alg_values_supported: [&'static str; 5],
    /// RFC 9396.
    pub authorization_details_types_supported: Vec<&'static str>,
    /// RFC 9449.
    pub dpop_signing_alg_values_supported: [&'static str; 4],
    /// RFC 8705.
    pub tls_client_certificate_bound_access_tokens: bool,
    /// RFC 8705, 5: the same end points where client certificates are asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtls_endpoint_aliases: Option<Aliases>,
    /// Languages of the pages.
    pub ui_locales_supported: [&'static str; 2],
}

/// `mtls_endpoint_aliases`.
#[derive(Debug, Clone, Serialize)]
pub struct Aliases {
    /// 8.4.4.
    pub token_endpoint: String,
    /// 8.4.5.
    pub revocation_endpoint: String,
    /// 8.4.3.
    pub pushed_authorization_request_endpoint: String,
}
