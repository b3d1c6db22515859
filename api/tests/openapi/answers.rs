//! What the gateway answers to apps: every answer of every type is one of the document, and the document names no
//! member that no answer has.

use std::collections::BTreeSet;

use rsign_api::bytes::Bytes;
use rsign_api::csc::Limits;
use rsign_api::csc::approval::Pending;
use rsign_api::csc::auth::LoginAnswer;
use rsign_api::csc::authorization::{Granted, GrantedDetails, Parameters, Scope};
use rsign_api::csc::credentials::*;
use rsign_api::csc::documents::{SignedDocuments, ValidationInfo};
use rsign_api::csc::info::{AuthorizationServer, Info, SignAlgorithms, SignatureFormats};
use rsign_api::csc::oauth2::{Aliases, Metadata, PushedAnswer, TokenAnswer};
use rsign_api::csc::signatures::{Deferred, Signatures};
use rsign_api::csc::timestamp::Stamp;
use rsign_api::error;
use rsign_api::objection::{Array, Detail, Member, Objection, Place, Reason};
use rsign_api::signer::Scal;
use rsign_api::version::Version;
use rsign_openapi::Document;
use serde::Serialize;
use serde_json::{Value, json};

use super::{csc, named};

fn value(answer: impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

/// Which member says where OAuth is: the first is there in every version.
fn info(version: Version, member: usize) -> Info {
    let at = |which| (member == which).then(|| "https://sign.example".to_owned());
    Info {
        specs: version.specs(),
        name: "rsign".to_owned(),
        logo: "https://sign.example/logo.png".to_owned(),
        region: "PT".to_owned(),
        lang: "en-US".to_owned(),
        description: "A service".to_owned(),
        auth_type: vec!["basic", "oauth2code", "oauth2client"],
        oauth2: at(0),
        oauth2_issuer: at(1),
        oauth2_servers: at(2)
            .map(|issuer| vec![AuthorizationServer { issuer, auth_type: vec!["oauth2code"], supports_rar: true }]),
        methods: vec!["auth/revoke"],
        asynchronous: (version == Version::V2).then_some(false),
        validation_info: false,
        sign_algorithms: SignAlgorithms { algos: vec!["1.2.840.10045.4.3.2".to_owned()], params: Vec::new() },
        signature_formats: SignatureFormats {
            formats: vec!["P"],
            envelope_properties: vec![vec!["Certification"]],
            allow_mix: false,
        },
        conformance_levels: vec!["AdES-B-B"],
        supports_rar: (member != 2).then_some(true),
        supported_hash_types: vec!["dtbsr"],
    }
}

fn description(full: bool) -> Description {
    let generator = Some("totp");
    let object =
        AuthObject { kind: "Password", id: "PIN", format: "A", generator, label: "PIN", description: "The PIN" };
    let generator = OtpGenerator {
        kind: "offline",
        format: "N",
        label: "Code",
        description: "A code",
        id: "OTP",
        provider: "totp",
    };
    Description {
        key: Key {
            status: "enabled",
            algo: vec!["1.2.840.10045.4.3.2".to_owned()],
            len: 256,
            curve: full.then(|| "1.2.840.10045.3.1.7".to_owned()),
        },
        cert: Certificate {
            status: "valid",
            certificates: full.then(|| vec![Bytes(vec![48, 0])]),
            issuer: "CN=CA".to_owned(),
            serial_number: "0a".to_owned(),
            subject: "CN=Ana".to_owned(),
            valid_from: "20260101000000Z".to_owned(),
            valid_to: "20280101000000Z".to_owned(),
        },
        auth_mode: "explicit",
        auth: Auth {
            mode: "explicit",
            expression: full.then(|| "PIN AND OTP".to_owned()),
            objects: full.then_some(object).into_iter().collect(),
        },
        pin: full.then_some(Pin { presence: "true", format: "A", label: "PIN", description: "The PIN" }),
        otp: full.then_some(Otp { presence: "true", generator: Some(generator) }),
        scal: Scal::Two,
        multisign: 100,
        lang: "en-US".to_owned(),
    }
}

fn list(full: bool) -> List {
    let id = "6f1e0c5a9b7d4382a1c4e8f03b2d5a67".to_owned();
    let described = Described { id: id.clone(), description: description(full) };
    List {
        ids: vec![id.clone()],
        infos: full.then(|| vec![described]),
        next_page: full.then_some(id),
        only_valid: full.then_some(true),
    }
}

/// Parameters of a request that has `authorization_details` only.
struct Details(String);

impl Parameters for Details {
    fn get(&self, name: &str) -> Option<&str> {
        (name == "authorization_details").then_some(&self.0)
    }
}

fn granted() -> GrantedDetails {
    let hash = "5f2b1fTn9pS2bR/6R0hHqEnkAiThrQ3Wx8gEbPnHq5c=";
    let details = json!([{ "type": "credential", "signatureQualifier": "eu_eidas_aes",
        "locations": ["https://a.example"], "documentDigests": [{ "hash": hash, "label": "Contract", "hashType": "dtbsr" }],
        "hashAlgorithmOID": "2.16.840.1.101.3.4.2.1" }]);
    let limits = Limits { depth: 16, hashes: 1000 };
    let Ok(Scope::Credential(wish)) = Scope::read(&Details(details.to_string()), limits) else { panic!() };
    GrantedDetails::of(&wish, "6f1e0c5a9b7d4382a1c4e8f03b2d5a67").unwrap()
}

fn token(full: bool) -> TokenAnswer {
    TokenAnswer {
        access_token: "sad_x".into(),
        refresh_token: full.then(|| "rt_x".into()),
        token_type: "Bearer",
        expires_in: 300,
        credential: full.then(|| "6f1e0c5a9b7d4382a1c4e8f03b2d5a67".to_owned()),
        details: full.then(|| vec![Granted::Signatures(granted())]),
    }
}

fn metadata(full: bool) -> Metadata {
    let (at, algorithms) = ("https://sign.example/x".to_owned(), ["ES256", "ES384", "PS256", "RS256", "EdDSA"]);
    let aliases = Aliases {
        token_endpoint: at.clone(),
        revocation_endpoint: at.clone(),
        pushed_authorization_request_endpoint: at.clone(),
    };
    Metadata {
        issuer: at.clone(),
        authorization_endpoint: at.clone(),
        token_endpoint: at.clone(),
        revocation_endpoint: at.clone(),
        pushed_authorization_request_endpoint: at,
        require_pushed_authorization_requests: false,
        scopes_supported: vec!["service", "credential", "credential_creation", "credential_deletion"],
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: ["authorization_code", "client_credentials", "refresh_token"],
        token_endpoint_auth_methods_supported: vec!["none"],
        token_endpoint_auth_signing_alg_values_supported: algorithms,
        revocation_endpoint_auth_methods_supported: vec!["none"],
        revocation_endpoint_auth_signing_alg_values_supported: algorithms,
        code_challenge_methods_supported: ["S256", "plain"],
        authorization_response_iss_parameter_supported: true,
        request_parameter_supported: true,
        request_uri_parameter_supported: false,
        request_object_signing_alg_values_supported: algorithms,
        authorization_details_types_supported: vec![
            "credential",
            "https://cloudsignatureconsortium.org/2025/credential",
            "https://cloudsignatureconsortium.org/2025/credential-creation",
            "https://cloudsignatureconsortium.org/2025/credential-deletion",
        ],
        dpop_signing_alg_values_supported: ["ES256", "ES384", "PS256", "EdDSA"],
        tls_client_certificate_bound_access_tokens: full,
        mtls_endpoint_aliases: full.then_some(aliases),
        ui_locales_supported: ["en", "pt"],
    }
}

fn signatures() -> Signatures {
    Signatures { signatures: vec![Bytes(vec![1, 2, 3])] }
}

/// With all there is.
fn documents() -> Value {
    let some = || vec![Bytes(vec![48, 0])];
    let validation = Some(ValidationInfo { ocsp: some(), crl: some(), certificates: some() });
    value(SignedDocuments { with_signature: vec![vec![1].into()], objects: vec![vec![1].into()], validation })
}

/// Only the document of 2.x has signDoc, and what of it is refused.
fn errors(version: Version) -> Vec<Value> {
    let place = Place { array: Array::Digests, index: 1 };
    let of = |reason| Objection::new(place, reason);
    let all = [
        of(Reason::BadValue).of("Rect"),
        of(Reason::Locked),
        of(Reason::Missing).with(Detail::Member(Member::SignAlgo)),
        of(Reason::TooLong).with(Detail::Limit(1)),
        of(Reason::Character).of("Text").with(Detail::Character('\u{141}')),
    ];
    let refused = error::DOCUMENTS.body(version).about(&all);
    let refused = (version == Version::V2).then(|| value(refused));
    let others = [error::PIN.body(version), error::certificate_expired(version, "O", "CN")].map(value);
    others.into_iter().chain(refused).collect()
}

/// A schema's name, and answers of it: the least first, and together all there is.
fn answers(version: Version) -> Vec<(&'static str, Vec<Value>)> {
    let login = |full: bool| LoginAnswer {
        access_token: "st_x".into(),
        refresh_token: full.then(|| "rt_x".into()),
        token_type: "Bearer",
        expires_in: 3600,
    };
    let sad = || value(Activation { sad: "sad_x".into(), expires_in: 300 });
    let signatures = || value(signatures());
    let deferred = || value(Deferred { response: "as_x".to_owned() });
    let stamp = || value(Stamp { timestamp: Bytes(vec![48, 0]) });
    // v1 has one member for where OAuth is.
    let places = if version == Version::V1 { 0..1 } else { 0..3 };
    let request_uri = || format!("{}pr_x", rsign_api::csc::oauth2::REQUEST_URN);
    let pushed = || value(PushedAnswer { request_uri: request_uri(), expires_in: 90 });
    let pending = || value(Pending { handle: "ah_x" });
    let handle = (version == Version::V2).then(|| ("Handle", vec![pending()]));
    let common = vec![
        ("Info", places.map(|member| value(info(version, member))).collect()),
        ("LoginAnswer", vec![value(login(false)), value(login(true))]),
        ("ListAnswer", vec![value(list(false)), value(list(true))]),
        ("Credential", vec![value(description(false)), value(description(true))]),
        ("Activation", vec![sad()]),
        ("SignHashAnswer", vec![signatures(), deferred()]),
        ("TimestampAnswer", vec![stamp()]),
        ("TokenAnswer", vec![value(token(false)), value(token(true))]),
        ("PushAnswer", vec![pushed()]),
        ("Metadata", vec![value(metadata(false)), value(metadata(true))]),
        ("Error", errors(version)),
    ];
    common.into_iter().chain(handle).collect()
}

/// Every member of the schema stands in one of the values, and the other way round, at every depth.
fn same_members(document: &Document, place: &str, schema: &Value, values: &[&Value]) {
    let schema = document.resolve(schema);
    if schema["type"] == "array" {
        let items: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
        return same_members(document, place, &schema["items"], &items);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    let members = values.iter().filter_map(|value| value.as_object());
    let said: BTreeSet<String> = members.flat_map(|members| members.keys().cloned()).collect();
    assert_eq!(said, named(schema), "{place}");
    for (name, inner) in properties {
        let values: Vec<&Value> = values.iter().filter_map(|value| value.get(name)).collect();
        same_members(document, &format!("{place}.{name}"), inner, &values);
    }
}

#[test]
fn members_are_those_of_the_document() {
    for (judge, version) in csc().iter().zip([Version::V1, Version::V2]) {
        // Only 2.x has it.
        let polling = vec![value(signatures()), documents()];
        let signed =
            vec![value(SignedDocuments::default()), documents(), value(Deferred { response: "as_x".to_owned() })];
        let more = [("PollingAnswer", polling), ("SignDocAnswer", signed)];
        let more = more.into_iter().filter(|_| version == Version::V2);
        for (name, samples) in answers(version).into_iter().chain(more) {
            for sample in &samples {
                assert_eq!(judge.schema(name, true, sample), Vec::<String>::new(), "{name} {sample}");
            }
            let schema = &judge.document.value["components"]["schemas"][name];
            same_members(&judge.document, name, schema, &samples.iter().collect::<Vec<_>>());
            is_required_what_is_always_there(name, schema, &samples[0]);
        }
    }
}

/// The least answer has all that is required, and nothing else.
fn is_required_what_is_always_there(name: &str, schema: &Value, least: &Value) {
    let required = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned());
    let mut required: BTreeSet<String> = required.collect();
    // Where one of several has to be there, the first is.
    match name {
        "SignHashAnswer" | "PollingAnswer" => drop(required.insert("signatures".to_owned())),
        "Info" => required.extend(["oauth2", "supportsRar"].map(str::to_owned)),
        _ => {}
    }
    assert_eq!(required, least.as_object().unwrap().keys().cloned().collect(), "{name}");
}

/// Every word with its sentence, in a table too.
#[test]
fn the_document_names_every_reason_and_no_other() {
    let [_, judge] = csc();
    let schema = &judge.document.value["components"]["schemas"]["RefusedEntry"]["properties"]["reason"];
    let words: Vec<Value> = Reason::ALL.into_iter().map(value).collect();
    assert_eq!(schema["enum"], json!(words));
    let rows =
        Reason::ALL.map(|reason| format!("| `{}` | {} |", value(reason).as_str().unwrap(), reason.explanation()));
    let table = format!("| word | why |\n|---|---|\n{}\n", rows.join("\n"));
    assert_eq!(schema["description"], table);
    let schema = &judge.document.value["components"]["schemas"]["RefusedEntry"]["properties"]["member"];
    assert_eq!(schema["enum"], json!(Member::ALL.map(value)));
}

#[test]
fn the_documents_name_every_code_and_no_other() {
    use rsign_api::error::code;
    let known = [
        code::INVALID_REQUEST,
        code::ACCESS_DENIED,
        code::INVALID_SCOPE,
        code::UNAUTHORIZED_CLIENT,
        code::UNSUPPORTED_RESPONSE_TYPE,
        code::SERVER_ERROR,
        code::TEMPORARILY_UNAVAILABLE,
        code::EXPIRED_TOKEN,
        code::INVALID_TOKEN,
        code::NOT_IMPLEMENTED,
        code::INVALID_GRANT,
        code::INVALID_CLIENT,
        code::INVALID_AUTHORIZATION_DETAILS,
        code::INVALID_DPOP_PROOF,
        code::USE_DPOP_NONCE,
        code::INVALID_REQUEST_OBJECT,
        code::REQUEST_NOT_SUPPORTED,
        code::AUTHENTICATION_ERROR,
    ];
    let of_version = [
        vec![code::INVALID_PIN, code::INVALID_OTP],
        vec![code::INVALID_AUTHENTICATION_DATA, code::INVALID_OTP, "invalid_hash", code::ACCEPTED_REQUEST],
    ];
    for (judge, own) in csc().iter().zip(of_version) {
        let words = judge.document.value["components"]["schemas"]["Error"]["properties"]["error"]["enum"].as_array();
        let words: BTreeSet<&str> = words.unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        assert_eq!(words, known.iter().copied().chain(own).collect());
    }
}
