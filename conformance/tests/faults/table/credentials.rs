//! What may be wrong with credentials, with authorizing signatures, and with a credential's life.

use serde_json::{Value, json};

use super::{Fault, answer, authorized_hashes, drop_member, given, push, request, turn};
use crate::proxy::{Asked, Memory, Told};

pub(super) static FAULTS: &[Fault] = &[
    // --- credentials ---
    member!("list.answers", "leaves a credential out", "credentials/list", |body| {
        body["credentialIDs"].as_array_mut().unwrap().pop();
    }),
    member!("list.paging", "forgets that there are more pages", "credentials/list", |body| drop_member(
        body,
        "nextPageToken"
    )),
    answer("list.max_results", "refuses odd sizes", |asked, told, _| {
        if asked.is("credentials/list") && asked.json()["maxResults"].is_string() {
            *told = Told::error(400, "invalid_request", "Invalid parameter maxResults");
        }
    }),
    answer("list.errors", "has a status of its own", |asked, told, _| {
        if asked.is("credentials/list") && told.status == 400 {
            told.status = 422;
        }
    }),
    words!("list.sentences", "credentials/list"),
    answer("list.infos", "describes keys otherwise in the list", |asked, told, _| {
        if asked.is("credentials/list") && told.json()["credentialInfos"].is_array() {
            told.edit(|body| body["credentialInfos"][0]["key"]["len"] = json!(1));
        }
    }),
    answer("list.only_valid", "lists what cannot sign", |asked, told, _| {
        if asked.is("credentials/list") && told.json()["onlyValid"] == true {
            told.edit(|body| body["credentialInfos"][0]["key"]["status"] = json!("disabled"));
        }
    }),
    member!("credential.required", "writes multisign as a string", "credentials/info", |body| body["multisign"] =
        json!("1000")),
    request("credential.certificates", "does not know none", |asked, _| {
        if asked.is("credentials/info") && asked.json()["certificates"] == "none" {
            asked.edit(|body| body["certificates"] = json!("single"));
        }
        None
    }),
    member!("credential.cert_info", "says another serial number", "credentials/info", |body| {
        body["cert"]["serialNumber"] = json!("0102");
    }),
    member!(
        "credential.cert_info.default",
        "says more of the certificate than was asked",
        "credentials/info",
        |body| {
            body["cert"]["subjectDN"] = json!("CN=Everybody");
        }
    ),
    member!(
        "credential.auth_info",
        "writes presence as a boolean, and a type of its own",
        "credentials/info",
        |body| {
            body["PIN"] = json!({ "presence": true, "format": "N" });
            if body["auth"]["objects"].as_array().is_some_and(|objects| !objects.is_empty()) {
                body["auth"]["objects"][0]["type"] = json!("pin");
            }
        }
    ),
    member!("credential.key", "says another length", "credentials/info", |body| body["key"]["len"] = json!(1024)),
    member!("credential.enabled", "has an enabled key under an expired certificate", "credentials/info", |body| {
        body["cert"]["status"] = json!("expired");
    }),
    member!("credential.weak", "offers SHA-1", "credentials/info", |body| {
        push(&mut body["key"]["algo"], json!("1.2.840.113549.1.1.5"));
    }),
    code!("credential.errors", "credentials/info"),
    words!("credential.sentences", "credentials/info"),
    // --- authorization of signatures ---
    member!("authorize.answers", "writes expiresIn as a string", "credentials/authorize", |body| body["expiresIn"] =
        json!("300")),
    answer("authorize.different", "gives the same SAD again", |asked, told, memory| {
        if let (true, Some((_, first))) = (asked.is("credentials/authorize"), memory.last("credentials/authorize")) {
            *told = first.clone();
        }
    }),
    code!("authorize.errors", "credentials/authorize"),
    words!("authorize.sentences", "credentials/authorize"),
    request("authorize.factors", "gives a SAD without a PIN", |asked, _| {
        let bare = asked.json()["PIN"].is_null() && !asked.says("value");
        (asked.is("credentials/authorize") && bare).then(given)
    }),
    request("authorize.scal2", "gives a SAD without hashes", |asked, _| {
        let bare = asked.hashes().as_array().is_none_or(Vec::is_empty);
        (asked.is("credentials/authorize") && bare).then(given)
    }),
    member!("authorize.check", "delivers nothing", "credentials/authorizeCheck", |body| drop_member(body, "SAD")),
    code!("authorize.check.errors", "credentials/authorizeCheck"),
    words!("authorize.check.sentences", "credentials/authorizeCheck"),
    member!("implicit.announced", "wants a PIN all the same", "credentials/info", |body| {
        body["authMode"] = json!("explicit");
        body["auth"]["objects"] = json!([{ "type": "Password", "id": "PIN" }]);
    }),
    request("implicit.unapproved", "gives a SAD that nobody approved", |asked, _| {
        asked.is("credentials/authorize").then(given)
    }),
    answer("implicit.waits", "delivers a SAD that nobody approved", |asked, told, _| {
        if asked.is("credentials/authorizeCheck") && told.status == 202 {
            *told = given();
        }
    }),
    request("implicit.foreign", "gives handles to whoever asks", |asked, memory| {
        let announced = |(asked, told): &&(Asked, Told)| asked.is("credentials/authorize") && told.status == 202;
        if asked.is("credentials/authorizeCheck")
            && let Some((authorized, _)) = memory.before.iter().rev().find(announced)
        {
            asked.headers.insert("authorization", authorized.headers["authorization"].clone());
        }
        None
    }),
    answer("implicit.delivers", "signs something else", |asked, told, _| {
        if asked.is("signatures/signHash") && told.status == 200 {
            turn(told, 0);
        }
    }),
    answer("challenge.answers", "gives no challenge", |asked, told, _| {
        if asked.is("credentials/getChallenge") {
            *told = Told::json_body(200, &json!({}));
        }
    }),
    code!("challenge.errors", "credentials/getChallenge"),
    words!("challenge.sentences", "credentials/getChallenge"),
    answer("otp.send", "answers 200 for 204", |asked, told, _| {
        if asked.is("credentials/sendOTP") {
            *told = Told::json_body(200, &json!({}));
        }
    }),
    code!("otp.send.errors", "credentials/sendOTP"),
    words!("otp.send.sentences", "credentials/sendOTP"),
    request("codes.sent", "takes a code twice", |asked, memory| twice(asked, memory)),
    request("codes.generated", "takes a code twice", |asked, memory| twice(asked, memory)),
    answer("extend.answers", "gives the old SAD again", |asked, told, _| {
        if asked.is("credentials/extendTransaction") && told.status == 200 {
            told.edit(|body| body["SAD"] = asked.json()["SAD"].clone());
        }
    }),
    request("extend.binds", "signs any hash after an extension", |asked, memory| {
        authorized_hashes(asked, memory, "credentials/extendTransaction");
        None
    }),
    code!("extend.errors", "credentials/extendTransaction"),
    // --- a credential's life ---
    request("create.refused", "makes a credential for anybody", |asked, _| {
        asked.is("credentials/create").then(|| Told::json_body(201, &json!({ "credentialID": "new" })))
    }),
    request("delete.refused", "deletes whatever it is told to", |asked, _| {
        asked.is("credentials/delete").then(Told::nothing)
    }),
    answer("create.makes", "answers 200 for 201", |asked, told, _| {
        if asked.is("credentials/create") && told.status == 201 {
            told.status = 200;
        }
    }),
    answer("create.token", "lists for whoever has any token", |asked, told, _| {
        if asked.is("credentials/list") && told.is_error() {
            *told = Told::json_body(200, &json!({ "credentialIDs": [] }));
        }
    }),
    code!("create.errors", "credentials/create"),
    request("delete.ends", "says that it has deleted, and has not", |asked, _| {
        asked.is("credentials/delete").then(Told::nothing)
    }),
    answer("delete.foreign", "says that it has deleted what nobody agreed to", |asked, told, _| {
        if asked.is("credentials/delete") && told.is_error() {
            *told = Told::nothing();
        }
    }),
    code!("delete.errors", "credentials/delete"),
];

/// What was authorized once is given once more for the same request.
fn twice(asked: &Asked, memory: &Memory) -> Option<Told> {
    let same = |(before, told): &&(Asked, Told)| told.status == 200 && before.body == asked.body;
    let first = memory.before.iter().find(same);
    first.filter(|_| asked.is("credentials/authorize")).map(|(_, told)| told.clone())
}
