//! Every check, in one table. A check is a function of one file below; it trusts nothing another one did.

mod asynchronous;
mod auth;
mod authorize;
mod browser;
mod codes;
mod credential;
mod documents;
mod errors;
mod implicit;
mod info;
mod levels;
mod lifecycle;
mod list;
mod misuse;
mod oauth;
mod sign;
mod signed;
mod timestamp;

use crate::check::Need::{Client, Coded, Credential, Implicit, Lifecycle, Login, Method};
use crate::check::Severity::{Must, Quirk, Should};
use crate::check::{Check, Need, Severity};

/// The check of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static Check> {
    CHECKS.iter().find(|check| check.id == id)
}

const MUST: [Severity; 2] = [Must, Must];
const SHOULD: [Severity; 2] = [Should, Should];
const QUIRK: [Severity; 2] = [Quirk, Quirk];
/// Sentences: those of 1.0.4.0 are known to the letter, those of 2.x from one source.
const WORDING: [Severity; 2] = [Should, Quirk];

const LIST: &[Need] = &[Method("credentials/list")];
const INFO: &[Need] = &[Method("credentials/info"), Credential];
const AUTHORIZE: &[Need] = &[Method("credentials/info"), Method("credentials/authorize"), Credential];
const SIGN: &[Need] = &[Method("credentials/info"), Method("signatures/signHash"), Credential];
const SIGN_DOC: &[Need] = &[Method("credentials/info"), Method("signatures/signDoc"), Credential];
const EXTEND: &[Need] =
    &[Method("credentials/extendTransaction"), Method("credentials/info"), Method("signatures/signHash"), Credential];
const LOGIN: &[Need] = &[Method("auth/login"), Login];
const REVOKE: &[Need] = &[Method("auth/revoke"), Method("credentials/list")];
const TIMESTAMP: &[Need] = &[Method("signatures/timestamp")];
const POLLING: &[Need] = &[Method("signatures/signPolling")];
const CHALLENGE: &[Need] = &[Method("credentials/getChallenge"), Credential];
const OAUTH: &[Need] = &[Client];
const CODE: &[Need] = &[Client, Method("credentials/info"), Method("signatures/signHash"), Credential];
const CHECK: &[Need] =
    &[Method("credentials/authorizeCheck"), Method("credentials/authorize"), Method("credentials/info"), Credential];
const IMPLICIT: &[Need] = &[Method("credentials/authorize"), Method("credentials/info"), Implicit];
const HANDLE: &[Need] =
    &[Method("credentials/authorizeCheck"), Method("credentials/authorize"), Method("credentials/info"), Implicit];
const CODES: &[Need] = &[Method("credentials/info"), Method("credentials/authorize"), Coded];
const CREATE: &[Need] =
    &[Method("credentials/create"), Method("credentials/delete"), Method("credentials/info"), Client, Lifecycle];
const MODE_A: &[Need] =
    &[Method("signatures/signPolling"), Method("signatures/signHash"), Method("credentials/info"), Credential];

macro_rules! checks {
    ($( $id:literal $title:literal $clauses:expr, $severity:expr, $needs:expr, $run:path; )*) => {
        &[$( Check {
            id: $id,
            title: $title,
            clauses: $clauses,
            severity: $severity,
            needs: $needs,
            run: |session| Box::pin($run(session)),
        } ),*]
    };
}

/// Id, what holds, clauses (1.0.4.0, then 2.0.0.2), weight, needs, function. An empty clause: not in that version.
pub static CHECKS: &[Check] = checks! {
    // --- info ---
    "info.answers" "info answers everybody, without authorization" ["11.1", "11.1"], MUST, &[], info::answers;
    "info.required" "info has every required member" ["11.1", "11.1"], MUST, &[], info::required;
    "info.format" "the members of info are of the form its table says" ["11.1", "11.1"], MUST, &[], info::format;
    "info.oauth2" "info says where OAuth 2.0 is, in one way, if it is used" ["11.1", "11.1"], MUST, &[], info::oauth2;
    "info.methods.names" "info names methods of the API, each once" ["11.1", "11.1"], SHOULD, &[], info::names;
    "info.methods" "every method that info names is there" ["11.1", "11.1"], MUST, &[], info::methods;
    "info.lang" "a language info does not have is no error" ["11.1", "11.1"], SHOULD, &[], info::language;
    "info.algorithms" "signAlgorithms and signature_formats are well formed"
        ["", "11.1"], MUST, &[], info::algorithms;
    "info.algorithms.keys" "signAlgorithms covers the algorithms of every key"
        ["", "11.1"], SHOULD, INFO, info::algorithms_of_keys;
    "info.nulls" "absent members of info are absent, not null" ["11.1", "11.1"], QUIRK, &[], info::nulls;
    "info.logo" "the logo of info is a JPEG or PNG of at most 256 by 256" ["11.1", "11.1"], SHOULD, &[], info::logo;
    "info.tolerant" "info takes GET and an empty body" ["7", "7"], QUIRK, &[], info::tolerant;

    // --- authorization of the service ---
    "auth.login" "auth/login gives a token that works" ["11.2", "11.2"], MUST, LOGIN, auth::login;
    "auth.login.errors" "auth/login refuses by its table" ["11.2", "11.2"], MUST, LOGIN, auth::login_errors;
    "auth.login.sentences" "auth/login refuses in the words of its table"
        ["11.2", "11.2"], WORDING, LOGIN, auth::login_sentences;
    "auth.login.remember" "rememberMe gives a refresh token that works" ["11.2", "11.2"], MUST, LOGIN, auth::remember;
    "auth.revoke" "auth/revoke ends a token at once" ["11.3", "11.3"], MUST, REVOKE, auth::revokes;
    "auth.revoke.access" "revoking an access token leaves the refresh token"
        ["11.3", "11.3"], MUST, REVOKE, auth::access_alone;
    "auth.revoke.refresh" "revoking a refresh token ends its access tokens"
        ["11.3", "11.3"], [Must, Should], REVOKE, auth::refresh_takes_all;
    "auth.revoke.errors" "auth/revoke refuses by its table"
        ["11.3", "11.3"], [Must, Should], REVOKE, auth::revoke_errors;
    "auth.revoke.sentences" "auth/revoke refuses in the words of its table"
        ["11.3", "11.3"], WORDING, REVOKE, auth::revoke_sentences;
    "auth.revoke.sad" "a revoked SAD signs nothing"
        ["8.3.4, 11.3", "8.4.5, 11.3"], SHOULD,
        &[Method("auth/revoke"), Method("signatures/signHash"), Credential], auth::revokes_sad;

    // --- OAuth 2.0 ---
    "oauth.token" "client credentials give a token that works" ["8.3.3", "8.4.4"], MUST, OAUTH, oauth::token;
    "oauth.token.body" "the client's secret may stand in the form"
        ["8.3.3", "8.4.4"], SHOULD, OAUTH, oauth::token_in_body;
    "oauth.token.cache" "tokens are not stored on the way"
        ["8.3.3; RFC 6749, 5.1", "8.4.4; RFC 6749, 5.1"], MUST, OAUTH, oauth::token_not_stored;
    "oauth.token.get" "tokens are given for POST only"
        ["8.3.3; RFC 6749, 3.2", "8.4.4; RFC 6749, 3.2"], MUST, OAUTH, oauth::token_by_get;
    "oauth.token.errors" "oauth2/token refuses by its table" ["8.3.3", "8.4.4"], MUST, OAUTH, oauth::token_errors;
    "oauth.token.sentences" "oauth2/token refuses in the words of its table"
        ["8.3.3", "8.4.4"], WORDING, OAUTH, oauth::token_sentences;
    "oauth.token.grants" "no password grant, no credential token without its owner"
        ["8.3", "8.4"], MUST, OAUTH, oauth::grants;
    "oauth.token.refresh" "a refresh token renews, for its own client"
        ["8.3.3", "8.4.4"], MUST, OAUTH, oauth::refresh;
    "oauth.revoke" "oauth2/revoke ends a token at once" ["8.3.4", "8.4.5"], MUST, OAUTH, oauth::revokes;
    "oauth.revoke.refresh" "a revoked refresh token takes its access tokens along"
        ["8.3.4", "8.4.5"], [Must, Should], OAUTH, oauth::revoked_refresh;
    "oauth.revoke.errors" "oauth2/revoke refuses by its table"
        ["8.3.4", "8.4.5"], [Must, Should], OAUTH, oauth::revoke_errors;
    "oauth.revoke.sentences" "oauth2/revoke refuses in the words of its table"
        ["8.3.4", "8.4.5"], WORDING, OAUTH, oauth::revoke_sentences;
    "oauth.metadata" "the metadata says what info says"
        ["RFC 8414", "11.1; RFC 8414"], [Should, Must], &[], browser::metadata;
    "oauth.authorize.redirect" "no browser is sent to an address that is not registered"
        ["8.3.2; RFC 6749, 4.1.2.1", "8.4.2; RFC 6749, 4.1.2.1"], MUST, OAUTH, browser::redirect;
    "oauth.authorize.errors" "what is wrong is told to the client, with its state"
        ["8.3.2", "8.4.2"], MUST, OAUTH, browser::authorize_errors;
    "oauth.par" "a request can be pushed" ["", "8.4.3"], MUST, OAUTH, browser::par;
    "oauth.par.errors" "a wrong pushed request is refused" ["", "8.4.3"], MUST, OAUTH, browser::par_errors;
    "oauth.code" "a code gives a credential's token, and that signs" ["8.3.2, 8.3.3", "8.4.2, 8.4.4"],
        MUST, CODE, browser::code;
    "oauth.code.once" "a code is good for one token" ["8.3.2; RFC 6749, 4.1.2", "8.4.2; RFC 6749, 4.1.2"],
        MUST, CODE, browser::code_once;
    "oauth.code.verifier" "a code is good with its verifier only" ["", "8.4.2; RFC 7636, 4.6"],
        MUST, CODE, browser::code_verifier;

    // --- credentials ---
    "list.answers" "credentials/list names the credentials, each once" ["11.4", "11.4"], MUST, LIST, list::answers;
    "list.paging" "pages come one after the other and hold everything" ["11.4", ""], MUST, LIST, list::paging;
    "list.max_results" "an odd maxResults is no error" ["11.4", ""], MUST, LIST, list::odd_sizes;
    "list.errors" "credentials/list refuses by its table" ["11.4", "11.4"], MUST, LIST, list::errors;
    "list.sentences" "credentials/list refuses in the words of its table"
        ["11.4", "11.4"], WORDING, LIST, list::sentences;
    "list.infos" "credentialInfo describes each as credentials/info does"
        ["", "11.4"], MUST, &[Method("credentials/list"), Method("credentials/info")], list::infos;
    "list.only_valid" "onlyValid leaves out what cannot sign" ["", "11.4"], MUST, LIST, list::only_valid;
    "credential.required" "credentials/info has every required member"
        ["11.5", "11.5"], MUST, INFO, credential::required;
    "credential.certificates" "certificates none, single and chain give what they say"
        ["11.5", "11.5"], MUST, INFO, credential::combinations;
    "credential.cert_info" "certInfo says what the certificate says"
        ["11.5", "11.5"], MUST, INFO, credential::cert_info;
    "credential.cert_info.default" "certInfo is off unless asked for"
        ["11.5", "11.5"], QUIRK, INFO, credential::cert_info_default;
    "credential.auth_info" "authInfo describes PIN and OTP, and is off unless asked for"
        ["11.5", "11.5"], MUST, INFO, credential::auth_info;
    "credential.key" "key is the certificate's key" ["11.5", "11.5"], MUST, INFO, credential::key;
    "credential.enabled" "key and certificate of the credential are fit to sign"
        ["11.5", "11.5"], MUST, INFO, credential::enabled;
    "credential.weak" "no algorithm is weaker than SHA-256" ["11.9", "11.10"], SHOULD, INFO, credential::weak;
    "credential.errors" "credentials/info refuses by its table" ["11.5", "11.5"], MUST, INFO, credential::errors;
    "credential.sentences" "credentials/info refuses in the words of its table"
        ["11.5", "11.5"], WORDING, INFO, credential::sentences;

    // --- authorization of signatures ---
    "authorize.answers" "credentials/authorize gives a SAD" ["11.6", "11.6"], MUST, AUTHORIZE, authorize::answers;
    "authorize.different" "each authorization has a SAD of its own"
        ["8.2, 11.6", "8.2, 11.6"], MUST, AUTHORIZE, authorize::different;
    "authorize.errors" "credentials/authorize refuses by its table"
        ["11.6", "11.6"], MUST, AUTHORIZE, authorize::errors;
    "authorize.sentences" "credentials/authorize refuses in the words of its table"
        ["11.6", "11.6"], WORDING, AUTHORIZE, authorize::sentences;
    "authorize.factors" "without PIN and OTP there is no SAD"
        ["11.6", "11.6"], MUST, AUTHORIZE, authorize::no_factors;
    "authorize.scal2" "under SCAL 2 there is no SAD without hashes"
        ["8.2, 11.6", "8.2, 11.6"], MUST, AUTHORIZE, authorize::scal2;
    "authorize.check" "authorizeCheck delivers what authorize announced"
        ["", "11.7"], MUST,
        CHECK, authorize::check_delivers;
    "authorize.check.errors" "authorizeCheck refuses by its table"
        ["", "11.7"], MUST, &[Method("credentials/authorizeCheck")], authorize::check_errors;
    "authorize.check.sentences" "authorizeCheck refuses in the words of its table"
        ["", "11.7"], WORDING, &[Method("credentials/authorizeCheck")], authorize::check_sentences;
    "implicit.announced" "what is approved elsewhere asks apps for no PIN and no OTP"
        ["11.5", "11.5"], MUST, &[Method("credentials/info"), Implicit], implicit::announced;
    "implicit.unapproved" "there is no SAD that its owner has not approved"
        ["8.2, 11.6", "8.2, 11.6"], MUST, IMPLICIT, implicit::nothing_at_once;
    "implicit.waits" "while nobody has approved there is a handle, and it is good for asking again"
        ["", "11.6, 11.7"], MUST, HANDLE, implicit::waits;
    "implicit.foreign" "a handle is of no use to another client" ["", "11.7"], MUST, HANDLE, implicit::foreign;
    "implicit.delivers" "what its owner approves elsewhere is signed"
        ["11.6", "11.6, 11.7"], MUST, IMPLICIT, implicit::delivers;
    "challenge.answers" "getChallenge gives a challenge, or sends one"
        ["", "11.8"], MUST, CHALLENGE, authorize::challenge;
    "challenge.errors" "getChallenge refuses by its table" ["", "11.8"], MUST, CHALLENGE, authorize::challenge_errors;
    "challenge.sentences" "getChallenge refuses in the words of its table"
        ["", "11.8"], WORDING, CHALLENGE, authorize::challenge_sentences;
    "otp.send" "sendOTP answers 204"
        ["11.8", ""], MUST,
        &[Method("credentials/sendOTP"), Method("credentials/info"), Credential], authorize::send_otp;
    "otp.send.errors" "sendOTP refuses by its table"
        ["11.8", ""], MUST, &[Method("credentials/sendOTP")], authorize::send_otp_errors;
    "otp.send.sentences" "sendOTP refuses in the words of its table"
        ["11.8", ""], WORDING, &[Method("credentials/sendOTP")], authorize::send_otp_sentences;
    "codes.sent" "a code that is sent gives one SAD, and no second one"
        ["11.6, 11.8", "11.6, 11.8"], MUST, CODES, codes::sent;
    "codes.generated" "a code of an authenticator app gives one SAD, and no second one"
        ["11.6; RFC 6238, 5.2", "11.6; RFC 6238, 5.2"], MUST, CODES, codes::generated;
    "extend.answers" "extendTransaction gives a new SAD, and it signs" ["11.7", "11.9"], MUST, EXTEND, sign::extends;
    "extend.binds" "under SCAL 2 the new SAD is bound to the hashes"
        ["8.2, 11.7", "8.2, 11.9"], MUST, EXTEND, sign::extend_binds;
    "extend.errors" "extendTransaction refuses what is unknown" ["11.7", "11.9"], MUST, EXTEND, sign::extend_errors;

    // --- signatures ---
    "sign.algorithms" "every algorithm of every key signs, and verifies elsewhere"
        ["11.9", "11.10"], MUST, SIGN, sign::algorithms;
    "sign.hash.batch" "a batch has a signature for each hash, in their order"
        ["11.9", "11.10"], MUST, SIGN, sign::batch;
    "sign.ecdsa.der" "ECDSA values are DER" ["11.9", "11.10"], QUIRK, SIGN, sign::ecdsa_der;
    "sign.hash.errors" "signHash refuses by its table" ["11.9", "11.10"], MUST, SIGN, sign::errors;
    "sign.hash.sentences" "signHash refuses in the words of its table"
        ["11.9", "11.10"], WORDING, SIGN, sign::sentences;
    "misuse.no_sad" "without a SAD nothing is signed" ["8.2, 11.9", "8.2, 11.10"], MUST, SIGN, misuse::no_sad;
    "misuse.other_hash" "a SAD signs only what it was given for"
        ["8.2, 11.9", "8.2, 11.10"], MUST, SIGN, misuse::other_hash;
    "misuse.too_many" "a SAD signs no more than was authorized"
        ["8.2, 11.6", "8.2, 11.6"], MUST, SIGN, misuse::too_many;
    "misuse.spent" "a spent SAD makes no further signature" ["8.2, 11.6", "8.2, 11.6"], MUST, SIGN, misuse::spent;
    "misuse.other_credential" "a SAD is bound to its credential"
        ["8.2, 11.6", "8.2, 11.6"], MUST, SIGN, misuse::other_credential;
    "misuse.other_client" "a SAD is bound to its client, and a stranger's try leaves it whole"
        ["8.2", "8.2"], MUST, SIGN, misuse::other_client;
    "misuse.other_user" "nobody reaches another user's credential or SAD"
        ["8.2, 11.5", "8.2, 11.5"], MUST, SIGN, misuse::other_user;
    "misuse.expired" "an expired SAD signs nothing" ["11.6, 11.9", "11.6, 11.10"], MUST, SIGN, misuse::expired;
    "async.delivers" "operationMode A delivers through signPolling"
        ["", "11.10, 11.12"], MUST,
        MODE_A, asynchronous::delivers;
    "async.refused" "operationMode A is refused where it is not claimed"
        ["", "11.10"], MUST, SIGN, asynchronous::refused;
    "async.errors" "signHash refuses wrong members of mode A" ["", "11.10"], MUST, SIGN, asynchronous::errors;
    "async.sentences" "signHash refuses wrong members of mode A in the words of its table"
        ["", "11.10"], WORDING, SIGN, asynchronous::sentences;
    "async.inside" "no response_uri inside the service's network is called"
        ["", "11.10"], SHOULD, SIGN, asynchronous::inside;
    "async.polling.errors" "signPolling refuses by its table"
        ["", "11.12"], MUST, POLLING, asynchronous::polling_errors;
    "async.polling.sentences" "signPolling refuses in the words of its table"
        ["", "11.12"], WORDING, POLLING, asynchronous::polling_sentences;
    "documents.cades" "signDoc gives CAdES signatures over a digest and over a document"
        ["", "11.11"], MUST, SIGN_DOC, documents::cades;
    "documents.foreign" "signDoc signs no digest that was not authorized"
        ["", "11.11"], MUST, SIGN_DOC, documents::foreign;
    "documents.levels" "what signDoc gives is of the level that was asked for"
        ["", "11.1, 11.11; EN 319 122-1, 6"], MUST, SIGN_DOC, levels::levels;
    "documents.errors" "signDoc refuses by its table" ["", "11.11"], MUST, SIGN_DOC, documents::errors;
    "documents.sentences" "signDoc refuses in the words of its table"
        ["", "11.11"], WORDING, SIGN_DOC, documents::sentences;
    "timestamp.token" "timestamp gives an RFC 3161 token of the hash, with the nonce"
        ["11.10", "11.13"], MUST, TIMESTAMP, timestamp::token;
    "timestamp.no_nonce" "a time-stamp is given without a nonce"
        ["11.10", "11.13"], MUST, TIMESTAMP, timestamp::no_nonce;
    "timestamp.errors" "timestamp refuses by its table" ["11.10", "11.13"], MUST, TIMESTAMP, timestamp::errors;
    "timestamp.sentences" "timestamp refuses in the words of its table"
        ["11.10", "11.13"], WORDING, TIMESTAMP, timestamp::sentences;

    // --- a credential's life (2.2) ---
    "create.refused" "no credential is made without an authorization for it"
        ["", "2.2: 11.4"], MUST, &[Method("credentials/create")], lifecycle::create;
    "delete.refused" "no unknown credential is deleted"
        ["", "2.2: 11.5"], MUST, &[Method("credentials/delete")], lifecycle::delete;
    "create.makes" "a credential that its user agreed to is there, and described"
        ["", "2.2: 11.4"], MUST, CREATE, lifecycle::makes;
    "create.token" "an authorization to create opens nothing else" ["", "2.2: 11.4"], MUST, CREATE, lifecycle::token_is_narrow;
    "create.errors" "what is wrong with a creation is invalid_request" ["", "2.2: 11.4"], SHOULD, CREATE, lifecycle::create_errors;
    "delete.ends" "a credential whose end its user agreed to is gone" ["", "2.2: 11.5"], MUST, CREATE, lifecycle::ends;
    "delete.foreign" "an authorization to delete one credential deletes no other"
        ["", "2.2: 11.5"], MUST, CREATE, lifecycle::foreign;
    "delete.errors" "what is wrong with a deletion is invalid_request" ["", "2.2: 11.5"], SHOULD, CREATE, lifecycle::delete_errors;

    // --- errors, header fields, limits ---
    "errors.form" "an error is JSON with error and error_description" ["10.1", "10.1"], MUST, INFO, errors::form;
    "errors.described" "an error says what is wrong" ["10.1", "10.1"], SHOULD, INFO, errors::described;
    "errors.malformed" "a body that is no JSON object is HTTP 400"
        ["7, 10.1", "7, 10.1"], MUST, INFO, errors::malformed;
    "errors.unimplemented" "a method there is none of is HTTP 501"
        ["10.1", "10.1"], MUST, LIST, errors::unimplemented;
    "errors.unimplemented.code" "the error of HTTP 501 is not_implemented"
        ["10.1", "10.1"], QUIRK, LIST, errors::unimplemented_code;
    "errors.unknown_members" "unknown members and nulls are ignored" ["7", "7"], QUIRK, INFO, errors::unknown_members;
    "errors.authorization.missing" "no method that takes a bearer answers without one"
        ["10.1", "10.1"], MUST, &[], errors::authorization_missing;
    "errors.authorization.malformed" "a malformed Authorization header is HTTP 400"
        ["10.1", "10.1"], MUST, &[], errors::authorization_malformed;
    "errors.authorization.sentence" "a malformed Authorization header is told in the words of the tables"
        ["10.1", "10.1"], WORDING, &[], errors::authorization_sentence;
    "errors.authorization.unknown" "an unknown token is HTTP 401" ["10.1", "10.1"], MUST, &[], errors::token_unknown;
    "headers.content_type" "answers are application/json" ["7", "7"], MUST, INFO, errors::content_type;
    "headers.cache" "answers about a person are not cached"
        ["RFC 9111", "RFC 9111"], SHOULD, INFO, errors::cache_control;
    "headers.cache.sad" "SADs are not stored on the way"
        ["RFC 6749, 5.1", "RFC 6749, 5.1"], SHOULD, AUTHORIZE, errors::sad_not_stored;
    "headers.verb" "another verb than POST is HTTP 405 with Allow"
        ["7; RFC 9110, 15.5.6", "7; RFC 9110, 15.5.6"], SHOULD, LIST, errors::wrong_verb;
    "limits.body" "a huge body is refused, and the service goes on"
        ["10.1", "10.1"], SHOULD, LIST, errors::large_body;
    "limits.depth" "deep nesting is refused, and the service goes on" ["10.1", "10.1"], MUST, LIST, errors::deep_body;
    "limits.hashes" "too many hashes are refused, and the service goes on"
        ["10.1", "10.1"], MUST, SIGN, errors::many_hashes;
};

#[cfg(test)]
mod tests {
    use super::CHECKS;
    use crate::check::Version;

    #[test]
    fn ids_are_different_and_every_check_has_a_clause() {
        for (at, check) in CHECKS.iter().enumerate() {
            assert!(CHECKS[..at].iter().all(|other| other.id != check.id), "{} twice", check.id);
            assert!(check.is_in(Version::V1) || check.is_in(Version::V2), "{}", check.id);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '_';
            assert!(check.id.chars().all(plain), "{}", check.id);
        }
    }
}
