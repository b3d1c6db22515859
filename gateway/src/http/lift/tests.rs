//! Octet by octet, in pieces of every length: what is taken out, what is left, and what stops it.

use data_encoding::BASE64;
use proptest::prelude::*;
use rsign_api::json::{Object, Value};
use rsign_api::octets::Octets;
use rsign_spool::{Bounds as Room, Spool};

use super::*;

const BOUNDS: Bounds = Bounds { rest: 1000, depth: 6, documents: 4 };
const MARK: &str = "mark";

fn spool() -> Spool {
    Spool::new(
        std::env::temp_dir(),
        Room { document: 300_000, request: 500_000, client: 700_000, all: 700_000, memory: 200_000 },
    )
}

/// What is left, and what was taken out, the body arriving in pieces that end at these places.
fn lift(body: &[u8], ends: &[usize]) -> Result<(String, Lifted), Stop> {
    lift_into(&spool(), body, ends)
}

fn lift_into(spool: &Spool, body: &[u8], ends: &[usize]) -> Result<(String, Lifted), Stop> {
    let mut lifter = Lifter::new(BOUNDS, body.len(), spool.intake("app"), MARK.to_owned());
    let mut start = 0;
    for end in ends.iter().copied().chain([body.len()]) {
        lifter.push(&body[start..end.max(start)])?;
        start = end.max(start);
    }
    let (rest, lifted) = lifter.finish();
    Ok((String::from_utf8(rest.to_vec()).unwrap(), lifted))
}

/// The documents, as whoever asks the body later finds them.
fn documents(rest: &str, lifted: &Lifted) -> Vec<Option<Vec<u8>>> {
    let object = Object::parse(rest.as_bytes(), BOUNDS.depth).unwrap();
    let Some(Value::Array(items)) = object.get("documents") else { return Vec::new() };
    let found = items.iter().filter_map(|item| match item {
        Value::Object(entry) => entry.get("document").and_then(Value::text),
        _ => None,
    });
    let octets = |text: &str| -> Option<Octets> { lifted.find(text).unwrap_or_else(|| panic!("{text}")).cloned() };
    found.map(|text| octets(text).map(|octets| octets.whole(1 << 20).unwrap().into_owned())).collect()
}

#[test]
fn documents_are_taken_out_wherever_the_body_is_cut() {
    let body = r#" {"a":"documents", "documents" : [ {"document":"AQID","x":[{"document":"AAAA"}]}, {"y":{"document":"AAAA"},
        "d\u006fcument" : "A\/8\u003d" } ],"document":"AAAA","SAD":"sad_\"documents\":[{\"document\":\"AAAA"} "#;
    let rest = r#" {"a":"documents", "documents" : [ {"document":"mark-0","x":[{"document":"AAAA"}]}, {"y":{"document":"AAAA"},
        "d\u006fcument" : "mark-1" } ],"document":"AAAA","SAD":"sad_\"documents\":[{\"document\":\"AAAA"} "#;
    let body = body.as_bytes();
    let octet_by_octet: Vec<usize> = (0..body.len()).collect();
    let mut cuts: Vec<Vec<usize>> = (0..body.len()).map(|at| vec![at]).collect();
    cuts.push(octet_by_octet);
    for cut in cuts {
        let (left, lifted) = lift(body, &cut).unwrap();
        assert_eq!(left, rest, "{cut:?}");
        assert_eq!(documents(&left, &lifted), [Some(vec![1, 2, 3]), Some(vec![3, 255])]);
    }
}

/// What is known of a body of which so much has arrived, in pieces of this length.
fn early(body: &str, length: usize) -> (Option<String>, Option<String>) {
    use secrecy::ExposeSecret as _;
    let mut lifter = Lifter::new(BOUNDS, body.len(), spool().intake("app"), MARK.to_owned());
    body.as_bytes().chunks(length).for_each(|piece| lifter.push(piece).unwrap());
    let Early { sad, credential } = lifter.early();
    (sad.map(|sad| sad.expose_secret().to_owned()), credential)
}

#[test]
fn sad_and_credential_are_known_as_soon_as_they_came() {
    let known = |sad: &str, credential: &str| {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        (some(sad), some(credential))
    };
    for length in [1, 7, 1000] {
        for (body, expected) in [
            (r#"{"SAD":"sad_1""#, known("sad_1", "")),
            (r#"{"SAD":"sad_1"#, known("", "")),
            (
                r#" { "credentialID" : "c" , "\u0053AD":"sad\u005f1\"","documents":[{"document":"AQ"#,
                known("sad_1\"", "c"),
            ),
            (r#"{"documents":[{"document":"AQID"}],"SAD":"sad_1"}"#, known("sad_1", "")),
            (r#"{"x":{"SAD":"sad_1"},"y":["SAD","sad_1"],"z":"SAD","SAD":7}"#, known("", "")),
            (r#"[{"SAD":"sad_1"}]"#, known("", "")),
        ] {
            assert_eq!(early(body, length), expected, "{body}");
        }
    }
}

#[test]
fn only_documents_of_the_list_are_taken_out() {
    for body in [
        r#"{"documents":{"document":"AQID"}}"#,
        r#"{"documents":[["document","AQID"]]}"#,
        r#"{"documents":["document","AQID",{"document":["AQID"]}]}"#,
        r#"{"x":[{"document":"AQID"}],"documents":7}"#,
        r#"{"x":{"documents":[{"document":"AQID"}]}}"#,
        r#"[{"documents":[{"document":"AQID"}]}]"#,
        r#"{"documents":[{"x":"document","y":"AQID"},{"Document":"AQID"},{"document ":"AQID"},{"document":null}]}"#,
        r#"{"documents":1,"x":[{"document":"AQID"}]}"#,
        r#"{"documents\u0000":[{"document":"AQID"}]}"#,
        "",
        "null",
    ] {
        let (rest, lifted) = lift(body.as_bytes(), &[]).unwrap();
        assert_eq!((rest.as_str(), lifted.len()), (body, 0));
    }
}

#[test]
fn what_is_no_base64_is_said_to_be_none() {
    for text in
        ["?", "AQI", "AQIDA", "AQ==A", "AQID\\n", "AQID\\u00e9", "AQID\\u000a", "AQ ID", "A\\\"QID", "é", "AR=="]
    {
        let body = format!("{{\"documents\":[{{\"document\":\"{text}\"}},{{\"document\":\"AQID\"}}]}}");
        let (rest, lifted) = lift(body.as_bytes(), &[]).unwrap();
        assert_eq!(documents(&rest, &lifted), [None, Some(vec![1, 2, 3])], "{text}");
    }
    // As before: several texts, one after the other, are what their octets are.
    let (rest, lifted) = lift(br#"{"documents":[{"document":"AQ==AQ=="},{"document":""}]}"#, &[]).unwrap();
    assert_eq!(documents(&rest, &lifted), [Some(vec![1, 1]), Some(vec![])]);
}

#[test]
fn what_is_no_json_is_none_without_its_documents_either() {
    for body in [
        r#"{"documents":[{"document":"AQID"#,
        r#"{"documents":[{"document":"AQID"}"#,
        r#"{"documents":[{"document":"AQID"}]}}"#,
        r#"{"documents":[{"document" "AQID"}]}"#,
        r#"{"documents":[{"document":"AQID""AQID"}]}"#,
        r#"{"documents":[{"document":"AQID"}],"documents":[{"document":"AQID"}]}"#,
        r#"{"documents":[{"document":"AQID","document":"AQID"}]}"#,
        r#"{"documents":[{"document":"AQID","d\u006fcument":"AQID"}]}"#,
        "{\"documents\":[{\"document\":\"AQ\nID\"}]}",
        r#"{"documents":[{"document":"AQID\x"}]}"#,
        r#"{"documents":[{"document":"AQID\u12"}]}"#,
        r#"{"documents":[{"document":"AQID"}],,}"#,
        r#"{,"documents":[{"document":"AQID"}]}"#,
    ] {
        match lift(body.as_bytes(), &[]) {
            Err(Stop::Malformed) => {}
            Ok((rest, _)) => assert!(Object::parse(rest.as_bytes(), BOUNDS.depth).is_err(), "{body} became {rest}"),
            other => panic!("{body}: {other:?}"),
        }
    }
    let deep = "[".repeat(BOUNDS.depth + 1);
    assert!(matches!(lift(deep.as_bytes(), &[]), Err(Stop::Malformed)));
}

#[test]
fn long_documents_come_through_and_are_counted() {
    let spool = spool();
    let long: Vec<u8> = (0..290_000_u32).map(|at| at.to_le_bytes()[1]).collect();
    let short = [7_u8; 10];
    let body = format!(
        "{{\"documents\":[{{\"document\":\"{}\"}},{{\"document\":\"{}\"}}]}}",
        BASE64.encode(&long),
        BASE64.encode(&short)
    );
    for piece in [1000, 4093, 65_536, body.len()] {
        let ends: Vec<usize> = (0..body.len()).step_by(piece).collect();
        let (rest, lifted) = lift_into(&spool, body.as_bytes(), &ends).unwrap();
        assert!(rest.len() < 100, "nothing of it stays");
        assert!(documents(&rest, &lifted) == [Some(long.clone()), Some(short.to_vec())]);
        assert!(spool.kept() >= 290_010);
    }
    assert_eq!(spool.kept(), 0);
}

#[test]
fn what_is_too_long_stops() {
    let documents = |lengths: &[usize]| {
        let entry = |length: &usize| format!("{{\"document\":\"{}\"}}", BASE64.encode(&vec![0; *length]));
        format!("{{\"documents\":[{}]}}", lengths.iter().map(entry).collect::<Vec<_>>().join(","))
    };
    let too_long = |body: String| match lift(body.as_bytes(), &[]) {
        Err(Stop::TooLong | Stop::Document(_, Error::TooLong(_) | Error::TooMuch(_))) => true,
        Ok(_) => false,
        other => panic!("{other:?}"),
    };
    assert!(too_long(documents(&[300_001])) && !too_long(documents(&[300_000])), "one document");
    assert!(too_long(documents(&[300_000, 200_001])) && !too_long(documents(&[250_000, 250_000])), "all of a request");
    assert!(too_long(documents(&[1; 5])) && !too_long(documents(&[1; 4])), "their number");
    assert!(too_long(format!("{{\"x\":\"{}\"}}", "x".repeat(1000))), "what is beside them");
    assert!(too_long(format!("{{{}}}", " ".repeat(1000))));
    let spool = spool();
    let _others = spool.intake("app").take(&vec![0; 290_000]).unwrap().1;
    let _more = spool.intake("app").take(&vec![0; 290_000]).unwrap().1;
    let heard = lift_into(&spool, documents(&[200_000]).as_bytes(), &[]);
    assert!(matches!(heard, Err(Stop::Document(0, Error::Full))), "no room");
}

/// Also where others of the list have none, or something else has a comma.
#[test]
fn the_document_that_is_too_long_is_known_by_its_entry() {
    let long = |octets: usize| BASE64.encode(&vec![0; octets]);
    let stopped = |body: String| match lift(body.as_bytes(), &[]) {
        Err(Stop::Document(entry, error)) => (entry, error.to_string()),
        other => panic!("{other:?}"),
    };
    let body = format!(
        r#"{{"x":[1,2,3],"documents":[{{"a":[1,{{"b":2,"c":3}}]}},7,{{"document":"AQID","d":",","e":1}},{{"f":1,"document":"{}"}}]}}"#,
        long(300_001)
    );
    assert_eq!(stopped(body), (3, "a document has more than 300000 octets".to_owned()));
    let body = format!(r#"{{"documents":[{{"document":"{0}"}},{{"document":"{0}"}}]}}"#, long(300_000));
    assert_eq!(stopped(body), (1, "the documents of a request have more than 500000 octets".to_owned()));
}

proptest! {
    /// The rest is JSON if what came was, and without documents it is the same. What ends in the middle of a document is
    /// no JSON, and nothing of that document stays.
    #[test]
    fn nothing_is_lost_or_made_up(body in r#"(\{"documents":\[)?[\[\]{}",:AQ=\\/u0 ]{0,24}("document":"[AQ=\\/]{0,6}")?[\]}]{0,4}"#, at in 0_usize..40) {
        let at = at.min(body.len());
        if let Ok((rest, lifted)) = lift(body.as_bytes(), &[at]) {
            let before = Object::parse(body.as_bytes(), BOUNDS.depth).is_ok();
            let after = Object::parse(rest.as_bytes(), BOUNDS.depth).is_ok();
            prop_assert_eq!(before, after, "{} became {}", body, rest);
            if before && lifted.is_empty() {
                prop_assert_eq!(rest, body);
            }
        }
    }
}
