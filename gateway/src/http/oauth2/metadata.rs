//! `/.well-known/oauth-authorization-server` (RFC 8414): from the configuration, never from a Host header.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use rsign_api::csc::oauth2::{Aliases, Metadata};

use super::VERSION;
use crate::http::methods::offers_keys;
use crate::http::reply::Reply;
use crate::http::site::Site;

const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "private_key_jwt"];
const ALGORITHMS: [&str; 5] = ["ES256", "ES384", "PS256", "RS256", "EdDSA"];

/// What clients have to know.
pub(in crate::http) async fn metadata(State(site): State<Arc<Site>>) -> Response {
    match Reply::json(&describe(&site)) {
        Ok(reply) => reply.into_response(),
        Err(problem) => problem.response(VERSION),
    }
}

fn describe(site: &Site) -> Metadata {
    let at = |path: &str| format!("{}/oauth2/{path}", site.public_url);
    let mutual = site.config.mutual_tls.as_ref().and_then(|mutual| mutual.public_url.as_deref());
    let mut methods = METHODS.to_vec();
    if mutual.is_some() {
        methods.extend(["tls_client_auth", "self_signed_tls_client_auth"]);
    }
    methods.push("none");
    let (mut scopes, mut types) =
        (vec!["service", "credential"], vec!["credential", "https://cloudsignatureconsortium.org/2025/credential"]);
    if offers_keys(&site.config) {
        scopes.extend(["credential_creation", "credential_deletion"]);
        types.extend([
            "https://cloudsignatureconsortium.org/2025/credential-creation",
            "https://cloudsignatureconsortium.org/2025/credential-deletion",
        ]);
    }
    Metadata {
        issuer: site.public_url.clone(),
        authorization_endpoint: at("authorize"),
        token_endpoint: at("token"),
        revocation_endpoint: at("revoke"),
        pushed_authorization_request_endpoint: at("pushed_authorize"),
        require_pushed_authorization_requests: false,
        scopes_supported: scopes,
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
        token_endpoint_auth_methods_supported: methods.clone(),
        token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
        revocation_endpoint_auth_methods_supported: methods,
        revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
        code_challenge_methods_supported: ["S256", "plain"],
        authorization_response_iss_parameter_supported: true,
        request_parameter_supported: true,
        // Only what was pushed here.
        request_uri_parameter_supported: false,
        request_object_signing_alg_values_supported: ALGORITHMS,
        authorization_details_types_supported: types,
        dpop_signing_alg_values_supported: ["ES256", "ES384", "PS256", "EdDSA"],
        tls_client_certificate_bound_access_tokens: mutual.is_some(),
        mtls_endpoint_aliases: mutual.map(|base| Aliases {
            token_endpoint: format!("{base}/oauth2/token"),
            revocation_endpoint: format!("{base}/oauth2/revoke"),
            pushed_authorization_request_endpoint: format!("{base}/oauth2/pushed_authorize"),
        }),
        ui_locales_supported: ["en", "pt"],
    }
}
