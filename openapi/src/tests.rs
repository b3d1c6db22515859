//! The documents by themselves: every example is one, every name leads somewhere, and both say the same of OAuth.

use std::collections::BTreeSet;

use super::*;

fn documents() -> [(&'static str, Judge); 4] {
    [("csc-v1", CSC_V1), ("csc-v2", CSC_V2), ("channel", CHANNEL), ("signer", SIGNER)]
        .map(|(name, text)| (name, Judge::new(Document::parse(text).unwrap())))
}

/// Calls for each example: the schema's place, its name, the example.
fn each_example(value: &Value, place: &str, seen: &mut dyn FnMut(&str, &str, &Value)) {
    match value {
        Value::Object(members) => {
            if members.contains_key("schema") {
                let at = format!("{place}/schema");
                members.get("example").into_iter().for_each(|example| seen(&at, "example", example));
                for (name, example) in members.get("examples").and_then(Value::as_object).into_iter().flatten() {
                    seen(&at, name, &example["value"]);
                }
            }
            for (name, inner) in members.iter().filter(|(name, _)| !["example", "examples"].contains(&name.as_str())) {
                each_example(inner, &format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), seen);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(number, item)| each_example(item, &format!("{place}/{number}"), seen));
        }
        _ => {}
    }
}

#[test]
fn every_example_is_one() {
    for (name, judge) in documents() {
        let mut count = 0;
        each_example(&judge.document.value, "", &mut |place, which, example| {
            count += 1;
            let closed = place.contains("/responses/");
            let faults = judge.at(closed, place, example);
            assert!(faults.is_empty(), "{name} {place} {which}: {faults:?}");
            let mut more = example.clone();
            if let (true, Some(members)) = (closed, more.as_object_mut()) {
                members.insert("nobody_knows_this".to_owned(), Value::Null);
                assert!(!judge.at(true, place, &more).is_empty(), "{name} {place} {which} takes any member");
            }
        });
        assert!(count >= 5, "{name} has {count} examples");
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    for (name, judge) in documents() {
        let (mut targets, mut unused) = (BTreeSet::new(), Vec::new());
        references(&judge.document.value, &mut targets);
        for target in &targets {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(judge.document.value.pointer(pointer).is_some(), "{name}: {target}");
        }
        for (kind, parts) in judge.document.value["components"].as_object().unwrap() {
            let kept = parts.as_object().unwrap().keys().filter(|_| kind != "securitySchemes");
            let named = kept.map(|part| format!("#/components/{kind}/{part}"));
            unused.extend(named.filter(|part| !targets.contains(part)));
        }
        assert_eq!(unused, Vec::<String>::new(), "{name}");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|inner| references(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, found)),
        _ => {}
    }
}

#[test]
fn both_versions_say_the_same_of_oauth() {
    let [v1, v2] = [CSC_V1, CSC_V2].map(|text| Document::parse(text).unwrap());
    let shared = |path: &str| !path.starts_with("/csc/");
    let count = v1.operations().filter(|operation| shared(operation.path)).count();
    assert_eq!(count, 8);
    for operation in v1.operations().filter(|operation| shared(operation.path)) {
        assert_eq!(v2.find(operation.method, operation.path).unwrap().value, operation.value, "{}", operation.path);
    }
    for (kind, parts) in v1.value["components"].as_object().unwrap() {
        // What stands in both under one name is the same, but for what the versions name differently.
        let differ = ["AuthorizeRequest", "ExtendRequest", "SignHashRequest", "SignHashAnswer", "Info", "Error"];
        for (part, value) in parts.as_object().unwrap().iter().filter(|(part, _)| !differ.contains(&part.as_str())) {
            assert_eq!(&v2.value["components"][kind][part], value, "{kind} {part}");
        }
    }
}

#[test]
fn a_path_with_a_parameter_is_found_and_no_other() {
    let channel = Document::parse(CHANNEL).unwrap();
    assert_eq!(channel.find("GET", "/rch/abc").unwrap().path, "/rch/{tx}");
    assert!(channel.find("GET", "/rch/").is_none() && channel.find("POST", "/rch/abc").is_none());
    assert!(channel.find("POST", "/rch/abc/hello/x").is_none());
}

#[test]
fn what_is_wrong_is_told() {
    let judge = Judge::new(Document::parse(CSC_V1).unwrap());
    let operation = judge.document.find("post", "/csc/v1/credentials/authorize").unwrap();
    let json = ("content-type".to_owned(), "application/json;charset=UTF-8".to_owned());
    let store = ("cache-control".to_owned(), "no-store".to_owned());
    let told = |status, headers: &[(String, String)], body: &str| {
        judge.answer(operation, Answer { status, headers, body: body.as_bytes() })
    };
    let both = [json.clone(), store.clone()];
    let right = r#"{"SAD":"sad_x","expiresIn":300}"#;
    assert_eq!(told(200, &both, right), Vec::<String>::new());
    for (status, headers, body) in [
        (201, &both[..], right),
        (200, &both[..1], right),
        (200, &[("cache-control".to_owned(), "public".to_owned()), json.clone()], right),
        (200, &[store.clone(), ("content-type".to_owned(), "text/plain".to_owned())], right),
        (200, &both, r#"{"SAD":"sad_x","expiresIn":300,"pin":"1"}"#),
        (200, &both, r#"{"SAD":"x","expiresIn":300}"#),
        (200, &both, r#"{"SAD":"sad_x"}"#),
        (200, &both, "SAD"),
        (400, &both, r#"{"error":"invalid_grant","error_description":"The PIN is invalid","message":"x"}"#),
        (400, &both, r#"{"error":"invalid_pin","error_description":"The PIN is wrong","message":"x"}"#),
        (503, &both, r#"{"error":"temporarily_unavailable","error_description":"x","message":"x"}"#),
    ] {
        assert!(!told(status, headers, body).is_empty(), "{status} {body}");
    }
    assert_eq!(judge.request(operation, br#"{"credentialID":"x","numSignatures":1}"#), Vec::<String>::new());
    assert!(!judge.request(operation, br#"{"credentialID":"x"}"#).is_empty());
}
