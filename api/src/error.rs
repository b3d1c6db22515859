//! The standard's error codes and sentences, character for character, with the differences between the versions.
//!
//! Clause numbers are those of 1.0.4.0 / 2.0.0.2. Where a v2 sentence has one source only it is used all the same.

mod body;
pub mod oauth2;

pub use body::{ErrorBody, body_too_long, certificate_expired, signed_properties};

use crate::version::Version;

/// `error` values.
pub mod code {
    /// Table 3.
    pub const INVALID_REQUEST: &str = "invalid_request";
    /// Table 3.
    pub const ACCESS_DENIED: &str = "access_denied";
    /// Table 3.
    pub const INVALID_SCOPE: &str = "invalid_scope";
    /// Table 3.
    pub const UNAUTHORIZED_CLIENT: &str = "unauthorized_client";
    /// Table 3.
    pub const UNSUPPORTED_RESPONSE_TYPE: &str = "unsupported_response_type";
    /// Table 3.
    pub const SERVER_ERROR: &str = "server_error";
    /// Table 3.
    pub const TEMPORARILY_UNAVAILABLE: &str = "temporarily_unavailable";
    /// Table 3.
    pub const EXPIRED_TOKEN: &str = "expired_token";
    /// Table 3.
    pub const INVALID_TOKEN: &str = "invalid_token";
    /// OpenAPI 2.1.0.1, HTTP 501.
    pub const NOT_IMPLEMENTED: &str = "not_implemented";
    /// 8.3.3 / 8.4.4 and RFC 6749.
    pub const INVALID_GRANT: &str = "invalid_grant";
    /// 8.3.4 / 8.4.5.
    pub const INVALID_CLIENT: &str = "invalid_client";
    /// RFC 9396.
    pub const INVALID_AUTHORIZATION_DETAILS: &str = "invalid_authorization_details";
    /// RFC 9449.
    pub const INVALID_DPOP_PROOF: &str = "invalid_dpop_proof";
    /// RFC 9449.
    pub const USE_DPOP_NONCE: &str = "use_dpop_nonce";
    /// RFC 9101.
    pub const INVALID_REQUEST_OBJECT: &str = "invalid_request_object";
    /// RFC 9101.
    pub const REQUEST_NOT_SUPPORTED: &str = "request_not_supported";
    /// 11.12, HTTP 202.
    pub const ACCEPTED_REQUEST: &str = "accepted_request";
    /// 11.2.
    pub const AUTHENTICATION_ERROR: &str = "authentication_error";
    /// 11.6, v1.
    pub const INVALID_PIN: &str = "invalid_pin";
    /// v1.
    pub const INVALID_OTP: &str = "invalid_otp";
    /// 11.11, HTTP 403.
    pub const INVALID_HASH: &str = "invalid_hash";
    /// 11.6, v2.
    pub const INVALID_AUTHENTICATION_DATA: &str = "invalid_authentication_data";
}

/// One row of an error table: a code and its sentence in either version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    code: [&'static str; 2],
    sentence: [&'static str; 2],
}

impl Fault {
    const fn same(code: &'static str, sentence: &'static str) -> Self {
        Self { code: [code; 2], sentence: [sentence; 2] }
    }

    const fn request(sentence: &'static str) -> Self {
        Self::same(code::INVALID_REQUEST, sentence)
    }

    const fn differs(v1: &'static str, v2: &'static str) -> Self {
        Self { code: [code::INVALID_REQUEST; 2], sentence: [v1, v2] }
    }

    /// The `error` value.
    #[must_use]
    pub const fn code(self, version: Version) -> &'static str {
        match version {
            Version::V1 => self.code[0],
            Version::V2 => self.code[1],
        }
    }

    /// The `error_description` value.
    #[must_use]
    pub const fn sentence(self, version: Version) -> &'static str {
        match version {
            Version::V1 => self.sentence[0],
            Version::V2 => self.sentence[1],
        }
    }

    /// The answer's body.
    #[must_use]
    pub fn body(self, version: Version) -> ErrorBody {
        ErrorBody::new(self.code(version), self.sentence(version))
    }
}

const LONG: &str = "The request is missing a required parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.";
const LONG_CAPITALS: &str = "The request is missing a REQUIRED parameter, includes an invalid parameter value, includes a parameter more than once, or is otherwise malformed.";

/// Table 3: whatever has no sentence of its own.
pub const MALFORMED: Fault = Fault::request(LONG);
/// Header row of the Bearer methods.
pub const HEADER: Fault = Fault::differs(LONG, "Malformed authorization header");
/// Header row of auth/revoke and credentials/extendTransaction, printed with capitals in v1.
pub const HEADER_CAPITALS: Fault = Fault::differs(LONG_CAPITALS, "Malformed authorization header");
/// Table 3.
pub const SERVER_ERROR: Fault = Fault::same(
    code::SERVER_ERROR,
    "The authorization server encountered an unexpected condition that prevented it from fulfilling the request.",
);
/// Table 3.
pub const TEMPORARILY_UNAVAILABLE: Fault = Fault::same(
    code::TEMPORARILY_UNAVAILABLE,
    "The authorization server is currently unable to handle the request due to a temporary overloading or maintenance of the server.",
);
/// Table 3.
pub const EXPIRED_TOKEN: Fault =
    Fault::same(code::EXPIRED_TOKEN, "The access or refresh token is expired or has been revoked.");
/// Table 3.
pub const INVALID_TOKEN: Fault =
    Fault::same(code::INVALID_TOKEN, "The token provided is not a valid OAuth access or refresh token.");
/// Table 3.
pub const INVALID_SCOPE: Fault =
    Fault::same(code::INVALID_SCOPE, "The requested scope is invalid, unknown, or malformed.");
/// HTTP 501; the texts give no sentence.
pub const NOT_IMPLEMENTED: Fault = Fault::same(code::NOT_IMPLEMENTED, "The method is not implemented by this service.");

/// Ours, HTTP 405: a method of the API that was asked for by another verb.
pub const USE_POST: Fault = Fault::request("Wrong HTTP method: use POST");
/// Ours, HTTP 405 elsewhere.
pub const WRONG_VERB: Fault = Fault::request("Wrong HTTP method: use one that the header field Allow names");
/// Ours, HTTP 408.
pub const TOO_SLOW: Fault = Fault::request("The body came too slowly");
/// Ours, HTTP 413, where more than one bound could be meant; see [`body_too_long`].
pub const TOO_LONG: Fault = Fault::request("The body, or a document in it or made of it, is too long");
/// Ours, HTTP 429: a user who is asked too much.
pub const ASKED_TOO_MUCH: Fault = Fault::same(
    code::TEMPORARILY_UNAVAILABLE,
    "Too many requests wait for this user, or were left unanswered. Ask again after the seconds in Retry-After.",
);
/// Ours, HTTP 404, of SignServer's interface.
pub const NO_WORKER: Fault = Fault::request("There is no such worker");
/// Ours, of SignServer's interface.
pub const WORKER_HASH: Fault = Fault::request(
    "Only hashes are signed: metaData must have USING_CLIENTSUPPLIED_HASH \"true\" and CLIENTSIDE_HASHDIGESTALGORITHM",
);
/// Ours, of SignServer's interface, which has no place for a code.
pub const WORKER_FACTOR: Fault = Fault::request("Credentials with a second factor cannot be used by workers");

/// 11.2 auth/login, HTTP 401.
pub const MALFORMED_AUTHENTICATION: Fault =
    Fault::differs("Malformed authentication parameter.", "Malformed authentication parameter");
/// 11.2.
pub const MALFORMED_USERNAME_PASSWORD: Fault =
    Fault::differs("Malformed username-password.", "Malformed username-password");
/// 11.2.
pub const REFRESH_TOKEN_FORMAT: Fault = Fault::request("Invalid string parameter: refresh_token");
/// 11.2.
pub const REFRESH_TOKEN_VALUE: Fault = Fault::request("Invalid refresh_token");
/// 11.2.
pub const AUTHENTICATION_ERROR: Fault =
    Fault::same(code::AUTHENTICATION_ERROR, "An error occurred during authentication process");

/// 11.3 auth/revoke.
pub const TOKEN_MISSING: Fault = Fault::request("Missing (or invalid type) string parameter token");
/// 11.3.
pub const TOKEN_HINT: Fault = Fault::request("Invalid string parameter token_type_hint");
/// 11.3 and 8.3.4.
pub const TOKEN_UNKNOWN: Fault = Fault::request("Invalid string parameter token");

/// 11.4 credentials/list.
pub const PAGE_TOKEN: Fault = Fault::request("Invalid parameter pageToken");
/// 11.4: under user-specific authorization.
pub const USER_MUST_BE_NULL: Fault = Fault::request("userID parameter MUST be null");
/// 11.4.
pub const USER: Fault = Fault::request("Invalid parameter userID");
/// 11.4 (v2), 11.5.
pub const CERTIFICATES: Fault = Fault::request("Invalid parameter certificates");

/// 11.5 and wherever a credential is named.
pub const CREDENTIAL_MISSING: Fault = Fault::request("Missing (or invalid type) string parameter credentialID");
/// Unknown, or somebody else's: the two look alike.
pub const CREDENTIAL: Fault = Fault::request("Invalid parameter credentialID");
/// 11.6.
pub const CREDENTIAL_DISABLED: Fault = Fault::request("The credential identified by credentialID is disabled");
/// 11.6.
pub const SIGNATURES_MISSING: Fault = Fault::request("Missing (or invalid type) integer parameter numSignatures");
/// 11.6.
pub const SIGNATURES_VALUE: Fault = Fault::request("Invalid value for parameter numSignatures");
/// 11.6.
pub const SIGNATURES_TOO_HIGH: Fault = Fault::request("Numbers of signatures is too high");
/// 11.6: `invalid_pin` in v1, `invalid_authentication_data` in v2.
pub const PIN: Fault = Fault {
    code: [code::INVALID_PIN, code::INVALID_AUTHENTICATION_DATA],
    sentence: ["The PIN is invalid", "The authentication data is invalid"],
};
/// 11.6: `invalid_otp` in v1, `invalid_authentication_data` in v2.
pub const OTP: Fault = Fault {
    code: [code::INVALID_OTP, code::INVALID_AUTHENTICATION_DATA],
    sentence: ["The OTP is invalid", "The authentication data is invalid"],
};
/// 11.6.
pub const OTP_LOCKED: Fault = Fault::differs("OTP locked", "Credential locked");
/// v1 11.8 credentials/sendOTP, with the misprint of the text.
pub const HEADER_SEND_OTP: Fault = Fault::differs("Malformed authroization header.", "Malformed authorization header");
/// v1 11.8, and 2.1 keeps the method.
pub const SEND_OTP_LOCKED: Fault = Fault::request("OTP locked");
/// 11.8 (v2) credentials/getChallenge: missing, unknown, or of a kind without challenge.
pub const AUTH_OBJECT: Fault = Fault::request("Invalid parameter authObjectID");
/// 11.6.
pub const PIN_LOCKED: Fault = Fault::differs("PIN locked", "Credential locked");
/// Ours: the client's registration wants the PIN sealed (DESIGN 5).
pub const PIN_SEALED: Fault = Fault::request(
    "This client is registered for sealed PIN transport: the PIN value must be rch1: and the id of a finished transaction of POST /rch",
);
/// 11.7 credentials/authorizeCheck: none of ours, over, or somebody else's.
pub const HANDLE: Fault = Fault::request("Invalid parameter handle");
/// 11.6, implicit mode, and 11.7: the user said no. v1 has Table 3 for it, v2 the row of data that do not authenticate.
pub const REFUSED: Fault = Fault {
    code: [code::ACCESS_DENIED, code::INVALID_AUTHENTICATION_DATA],
    sentence: [
        "The user, authorization server or remote service denied the request.",
        "The authentication data is invalid",
    ],
};
/// 11.6, implicit mode; the texts give no sentence for a user who does not answer in time.
pub const UNDECIDED: Fault = Fault::same(
    code::ACCESS_DENIED,
    "The user has not approved the request in time. The same request, sent again, waits for the same approval.",
);
/// Ours: `POST /rch`.
pub const OPERATION: Fault = Fault::request("Invalid parameter operation");

/// 11.11 (v1) / 11.10 (v2) signatures/signHash.
pub const SAD_MISSING: Fault = Fault::request("Missing (or invalid type) string parameter SAD");
/// 11.10.
pub const SAD: Fault = Fault::request("Invalid parameter SAD");
/// 11.10.
pub const SAD_EXPIRED: Fault = Fault::request("SAD expired");
/// 11.10; v2 says `hash` too, though its member is `hashes`.
pub const HASH_MISSING: Fault = Fault::request("Missing (or invalid type) array parameter hash");
/// 11.10.
pub const HASH_EMPTY: Fault = Fault::request("Empty hash array");
/// 11.10.
pub const HASH_BASE64: Fault = Fault::request("Invalid Base64 hash string parameter");
/// 11.10; v1 with, v2 without a period.
pub const HASH_NOT_AUTHORIZED: Fault =
    Fault::differs("Hash is not authorized by the SAD.", "Hash is not authorized by the SAD");
/// 11.10.
pub const SIGN_ALGO_MISSING: Fault = Fault::request("Missing (or invalid type) string parameter signAlgo");
/// 11.10.
pub const SIGN_ALGO: Fault = Fault::request("Invalid parameter signAlgo");
/// 11.10: only where the algorithm needs them.
pub const SIGN_ALGO_PARAMS_MISSING: Fault = Fault::request("Missing (or invalid type) string parameter signAlgoParams");
/// Not in the tables: parameters that are not DER, or ask for what no key here does.
pub const SIGN_ALGO_PARAMS: Fault = Fault::request("Invalid parameter signAlgoParams");
/// 11.10: with a bare key algorithm.
pub const HASH_ALGO_MISSING: Fault = Fault::differs(
    "Missing (or invalid type) string parameter hashAlgo",
    "Missing (or invalid type) string parameter hashAlgorithmOID",
);
/// 11.10.
pub const HASH_ALGO: Fault = Fault::differs("Invalid parameter hashAlgo", "Invalid parameter hashAlgorithmOID");
/// 2.2, 11.4 credentials/create.
pub const CREATION: Fault = Fault::request("Invalid parameter credentialCreationRequest");
/// 2.2, 11.5 credentials/delete.
pub const DELETION: Fault = Fault::request("Invalid parameter credentialDeletionRequest");
/// 11.10 in v1 only; 11.12.
pub const CLIENT_DATA: Fault = Fault::request("Invalid parameter clientData");
/// 11.10.
pub const DIGEST_LENGTH: Fault = Fault::request("Invalid digest value length");
/// 11.10, v2 only.
pub const OPERATION_MODE: Fault = Fault::request("Invalid parameter operationMode");
/// 11.10, v2 only: no integer.
pub const VALIDITY_PERIOD: Fault = Fault::request("Invalid parameter validity_period");
/// 11.10, v2 only.
pub const VALIDITY_PERIOD_BOUNDS: Fault = Fault::request("Out of bounds parameter validity_period");
/// 11.10, v2 only: no string, or not registered for the client.
pub const RESPONSE_URI: Fault = Fault::request("Invalid parameter response_uri");

/// 11.11 signatures/signDoc: no array of objects, or an entry without hashes.
pub const DOCUMENT_DIGESTS: Fault = Fault::request("Invalid object parameter documentDigests");
/// 11.11: no array of objects, or an entry without a document.
pub const DOCUMENTS: Fault = Fault::request("Invalid array parameter documents");
/// 11.11.
pub const NO_DOCUMENTS: Fault = Fault::request("Empty documentDigests and documents objects");
/// 11.11.
pub const BOTH_DOCUMENTS: Fault = Fault::request("Both documentDigests and documents parameters passed");
/// 11.11.
pub const HASHES_BASE64: Fault = Fault::request("Invalid Base64 hashes string parameter");
/// 11.11.
pub const DOCUMENTS_BASE64: Fault = Fault::request("Invalid Base64 documents string parameter");
/// 11.11: spent, approved as something else, or beyond the number.
pub const DOCUMENTS_NOT_AUTHORIZED: Fault =
    Fault::request("documentDigests or documents are not authorized by the SAD");
/// 11.11, HTTP 403: none of the approved hashes.
pub const DOCUMENT_MISMATCH: Fault =
    Fault::same(code::INVALID_HASH, "Document or documentDigest does not match authorized hash");
/// 11.11.
pub const HASH_CONTRADICTS: Fault =
    Fault::request("String parameter hashAlgorithmOID contradicts with signAlgo parameter");
/// 11.11.
pub const SIGNATURE_FORMAT: Fault = Fault::request("Invalid parameter signature_format");
/// 11.11.
pub const SIGNATURE_FORMAT_MISSING: Fault =
    Fault::request("Missing (or invalid type) string parameter signature_format");
/// 11.11.
pub const CONFORMANCE_LEVEL: Fault = Fault::request("Invalid parameter conformance_level");
/// 11.11.
pub const ENVELOPE: Fault = Fault::request("Invalid parameter signed_envelope_property");
/// Not in the table: no string, or a qualifier that no signature here has.
pub const QUALIFIER: Fault = Fault::request("Invalid parameter signatureQualifier");

/// 11.12 signatures/signPolling, HTTP 202.
pub const ACCEPTED: Fault =
    Fault::same(code::ACCEPTED_REQUEST, "The previous async request has been accepted but not yet completed");
/// 11.12.
pub const REQUEST_MISSING: Fault = Fault::request("Missing (or invalid type) string parameter requestID");
/// 11.12: unknown, over, or somebody else's.
pub const REQUEST: Fault = Fault::request("Invalid parameter requestID");
/// 11.12: under user-specific authorization.
pub const POLLED_USER_MUST_BE_NULL: Fault = Fault::request("userID parameter SHALL be null");
/// 11.12, with the quotation marks of the text.
pub const POLLED_USER: Fault = Fault::request("Invalid parameter \"userID\"");

/// 11.10 (v1) / 11.13 (v2) signatures/timestamp.
pub const STAMP_HASH_MISSING: Fault = Fault::request("Missing (or invalid type) string parameter hash");
/// 11.13.
pub const STAMP_HASH_EMPTY: Fault = Fault::request("Empty hash parameter");
/// 11.13: missing or unknown; v2 keeps the old name.
pub const STAMP_HASH_ALGO: Fault = Fault::request("Invalid parameter hashAlgo");
/// 11.13.
pub const NONCE: Fault = Fault::request("Invalid parameter nonce");

#[cfg(test)]
mod tests;
