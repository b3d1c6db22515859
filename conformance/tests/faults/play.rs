//! What the service behind the proxy does not show with the credentials there are, played by the rules of the standard:
//! so that checks are seen to pass on it, and then to fail on its faulty twin.

use serde_json::json;

use crate::proxy::{Asked, Layer, Memory, Told};

/// Something about the credential or the service that only this check looks at, and that the sandbox has otherwise.
pub(crate) fn situation(check: &str) -> Option<Layer> {
    Some(match check {
        "authorize.check" => Layer { before: delivered, after: announce },
        "async.refused" => Layer { before: no_mode_a, after: says_no_mode_a },
        "credential.cert_info.default" => Layer { after: brief, ..Layer::NONE },
        "misuse.expired" => Layer { before: expired, after: short },
        _ => return None,
    })
}

/// Whether a check needs that.
pub(crate) fn is_needed(check: &str) -> bool {
    situation(check).is_some()
}

fn refused(sentence: &str) -> Told {
    Told::error(400, "invalid_request", sentence)
}

/// An authorization that takes its time.
fn announce(asked: &Asked, told: &mut Told, memory: &mut Memory) {
    if asked.is("credentials/authorize") && told.status == 200 {
        let handle = format!("handle-{}", memory.before.len());
        memory.write(handle.clone(), told.json());
        *told = Told::json_body(202, &json!({ "handle": handle }));
    }
}

fn delivered(asked: &mut Asked, memory: &Memory) -> Option<Told> {
    let body = asked.json();
    let sad = body["handle"].as_str().and_then(|handle| memory.note(handle))?;
    asked.is("credentials/authorizeCheck").then(|| Told::json_body(200, sad))
}

/// A service without mode A.
fn says_no_mode_a(asked: &Asked, told: &mut Told, _: &mut Memory) {
    if asked.is("info") {
        told.edit(|info| info["asynchronousOperationMode"] = json!(false));
    }
}

fn no_mode_a(asked: &mut Asked, _: &Memory) -> Option<Told> {
    let asks = asked.is("signatures/signHash") && asked.json()["operationMode"] == "A";
    asks.then(|| refused("Invalid parameter operationMode"))
}

/// A service that says of a certificate only what it is asked for.
fn brief(asked: &Asked, told: &mut Told, _: &mut Memory) {
    if asked.is("credentials/info") && asked.json()["certInfo"] != true {
        told.edit(|body| {
            for name in ["issuerDN", "subjectDN", "serialNumber", "validFrom", "validTo"] {
                body["cert"].as_object_mut().unwrap().remove(name);
            }
        });
    }
}

fn short(asked: &Asked, told: &mut Told, _: &mut Memory) {
    if asked.is("credentials/authorize") {
        told.edit(|body| body["expiresIn"] = json!(1));
    }
}

fn expired(asked: &mut Asked, _: &Memory) -> Option<Told> {
    (asked.is("signatures/signHash") && !asked.headers.contains_key("x-ignores-expiry")).then(|| refused("SAD expired"))
}
