//! Sentences of oauth2/token (8.3.3 / 8.4.4) and oauth2/revoke (8.3.4 / 8.4.5); they have no version in their URL.

use super::{Fault, code};

/// No client_id, in the body or the header.
pub const CLIENT_ID_MISSING: Fault = Fault::request("Missing parameter client_id");
/// Unknown client, or another one than the header names.
pub const CLIENT_ID: Fault = Fault::request("Invalid parameter client_id");
/// No grant_type.
pub const GRANT_TYPE_MISSING: Fault = Fault::request("Missing parameter grant_type");
/// A grant_type this service does not know.
pub const GRANT_TYPE: Fault = Fault::request("Invalid parameter grant_type");
/// No refresh_token.
pub const REFRESH_TOKEN_MISSING: Fault = Fault::request("Missing parameter refresh_token");
/// Unknown, of another client, or used before.
pub const REFRESH_TOKEN: Fault = Fault::same(code::INVALID_GRANT, "Invalid parameter refresh_token");
/// Was valid.
pub const REFRESH_TOKEN_EXPIRED: Fault = Fault::same(code::INVALID_GRANT, "Refresh token expired");
/// Neither client_secret nor Authorization header.
pub const CLIENT_AUTHORIZATION: Fault = Fault::request("Client authorization required");
/// Wrong client_secret.
pub const CLIENT_SECRET: Fault = Fault::request("Invalid parameter client_secret");
/// oauth2/revoke without token.
pub const TOKEN_MISSING: Fault = Fault::request("Missing parameter token");
/// oauth2/revoke.
pub const TOKEN_HINT: Fault = Fault::request("Invalid parameter token_type_hint");
/// oauth2/revoke: an Authorization header that is not Basic, HTTP 401.
pub const HEADER: Fault = Fault::same(code::INVALID_CLIENT, "Invalid authorization header");
/// Two ways to authenticate at once (RFC 6749, 2.3).
pub const CLIENT_TWICE: Fault = Fault::request("More than one client authentication");
/// Not the one type there is (RFC 7523).
pub const ASSERTION_TYPE: Fault = Fault::request("Invalid parameter client_assertion_type");
/// RFC 7523, HTTP 401.
pub const ASSERTION: Fault = Fault::same(code::INVALID_CLIENT, "Invalid client assertion");
/// RFC 8705, HTTP 401.
pub const CERTIFICATE: Fault = Fault::same(code::INVALID_CLIENT, "Invalid client certificate");
/// A public client has nothing of its own.
pub const PUBLIC_CLIENT: Fault =
    Fault::same(code::UNAUTHORIZED_CLIENT, "The client is not authorized to use this method.");
/// RFC 9449: the proof is wrong, or missing where tokens have to be bound.
pub const DPOP_PROOF: Fault = Fault::same(code::INVALID_DPOP_PROOF, "Invalid or missing DPoP proof");
/// RFC 9449, 8: the answer's DPoP-Nonce goes into the next proof.
pub const DPOP_NONCE: Fault = Fault::same(code::USE_DPOP_NONCE, "The DPoP proof needs the nonce of this answer");
/// No code.
pub const CODE_MISSING: Fault = Fault::request("Missing parameter code");
/// A code that no code of this service looks like.
pub const CODE: Fault = Fault::same(code::INVALID_GRANT, "Invalid parameter code");
/// Unknown, of another client, used before, too old, or not this client's to use (PKCE).
pub const CODE_EXPIRED: Fault = Fault::same(code::INVALID_GRANT, "Authorization code is invalid or expired");
/// PKCE: missing, wrong, or never announced.
pub const VERIFIER: Fault = Fault::same(code::INVALID_GRANT, "Invalid parameter code_verifier");
/// The code is bound to another DPoP key.
pub const CODE_KEY: Fault = Fault::same(code::INVALID_GRANT, "The code is bound to another key");
/// The long form of v1; v2 has the first words of it.
pub const REDIRECT_MISMATCH: Fault = Fault::same(
    code::INVALID_GRANT,
    "redirect_uri parameter does not match redirect_uri parameter of authorization request",
);

// oauth2/authorize and oauth2/pushed_authorize: Table 3 has the codes, the sentences are ours.

/// No response_type.
pub const RESPONSE_TYPE_MISSING: Fault = Fault::request("Missing parameter response_type");
/// Anything but `code`.
pub const RESPONSE_TYPE: Fault = Fault::same(
    code::UNSUPPORTED_RESPONSE_TYPE,
    "The authorization server does not support obtaining an authorization code using this method.",
);
/// Anything but `query`.
pub const RESPONSE_MODE: Fault = Fault::request("Invalid parameter response_mode");
/// No redirect_uri where one of several has to be chosen.
pub const REDIRECT_MISSING: Fault = Fault::request("Missing parameter redirect_uri");
/// Not registered for this client.
pub const REDIRECT: Fault = Fault::request("Invalid parameter redirect_uri");
/// Too long, or with control characters.
pub const STATE: Fault = Fault::request("Invalid parameter state");
/// Control characters.
pub const LANG: Fault = Fault::request("Invalid parameter lang");
/// Too long, or with control characters.
pub const CLIENT_DATA: Fault = Fault::request("Invalid parameter clientData");
/// PKCE is not optional for this client.
pub const CHALLENGE_MISSING: Fault = Fault::request("Missing parameter code_challenge");
/// Not what RFC 7636 says it is.
pub const CHALLENGE: Fault = Fault::request("Invalid parameter code_challenge");
/// Unknown, without challenge, or too weak for this client.
pub const CHALLENGE_METHOD: Fault = Fault::request("Invalid parameter code_challenge_method");
/// Parameters of a credential under the scope of the service.
pub const CREDENTIAL_SCOPE: Fault = Fault::request("Parameters of a credential need scope credential");
/// Scope credential without either.
pub const CREDENTIAL_MISSING: Fault = Fault::request("Missing parameter credentialID or signatureQualifier");
/// Nothing here qualifies.
pub const QUALIFIER: Fault = Fault::request("Invalid parameter signatureQualifier");
/// Scope credential without it and without hashes.
pub const SIGNATURES_MISSING: Fault = Fault::request("Missing parameter numSignatures");
/// Not a list of digests, too many, or both spellings.
pub const HASHES: Fault = Fault::request("Invalid parameter hash or hashes");
/// Unknown hash function.
pub const HASH_ALGORITHM: Fault = Fault::request("Invalid parameter hashAlgorithmOID");
/// Longer than 500 characters.
pub const DESCRIPTION: Fault = Fault::request("Invalid parameter description");
/// Flat parameters and authorization_details do not agree.
pub const CONTRADICTION: Fault = Fault::request("The parameters contradict authorization_details");
/// RFC 9396, 5: malformed.
pub const DETAILS: Fault = Fault::same(code::INVALID_AUTHORIZATION_DETAILS, "Invalid parameter authorization_details");
/// RFC 9396, 5: a type this service does not have.
pub const DETAILS_TYPE: Fault =
    Fault::same(code::INVALID_AUTHORIZATION_DETAILS, "The type of authorization_details is not supported");
/// A JWT that says who the user is (8.3.1), but is none.
pub const ACCOUNT_TOKEN: Fault = Fault::request("Invalid parameter account_token");
/// One that is not believed; why is not said.
pub const ACCOUNT_DENIED: Fault = Fault::same(code::ACCESS_DENIED, "The account_token is not accepted");
/// The user said no.
pub const DENIED: Fault =
    Fault::same(code::ACCESS_DENIED, "The user, authorization server or remote service denied the request.");
/// The user would, but the key is locked, blocked or suspended.
pub const KEY_UNUSABLE: Fault = Fault::same(code::ACCESS_DENIED, "The signing key cannot be used now.");
/// RFC 9126: this client has to push its requests.
pub const PUSH_REQUIRED: Fault = Fault::request("This client must use oauth2/pushed_authorize");
/// RFC 9126: unknown, of another client, used, or too old.
pub const REQUEST_URI: Fault = Fault::request("Invalid parameter request_uri");
/// RFC 9126, 2.1: no request_uri inside a pushed request.
pub const REQUEST_URI_PUSHED: Fault = Fault::request("request_uri must not be pushed");
/// RFC 9101: the client has no key, so nothing it signs can be checked.
pub const REQUEST_UNSIGNABLE: Fault =
    Fault::same(code::REQUEST_NOT_SUPPORTED, "This client is not registered for signed requests");
/// RFC 9101: malformed, not this client's, not for us, or not of now.
pub const REQUEST_OBJECT: Fault = Fault::same(code::INVALID_REQUEST_OBJECT, "Invalid parameter request");
/// RFC 9101, 10.5: this client's requests have to be signed.
pub const REQUEST_UNSIGNED: Fault = Fault::request("This client must sign its requests");
