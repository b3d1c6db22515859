//! Signed documents that the service forms: `signatures/signDoc` (CSC 11.11 of version 2).

use anyhow::{Context as _, ensure};
use data_encoding::BASE64;
use rsign_api::signer::EntryType;
use serde_json::{Value, json};

use super::keys::Credential;
use super::plan::{File, Form, Level};
use super::service::{Refused, SHA256, Service};
use super::terminal::complain;

/// How a file is approved: a signature beside it needs its digest alone, so that is all the service gets.
pub(super) const fn kind(form: Form) -> EntryType {
    match form {
        Form::Cades => EntryType::Sdr,
        Form::Pades | Form::Xades | Form::Jades => EntryType::Sodr,
    }
}

/// The signatures, or the files that have them, in the order of the files; all calls spend the same authorization.
pub(super) async fn sign(
    service: &Service<'_>,
    token: &str,
    sad: &str,
    credential: &Credential,
    level: Level,
    files: &[File],
) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut signed: Vec<Vec<u8>> = vec![Vec::new(); files.len()];
    for call in calls(files, service.mixes_formats()) {
        let mut asked = json!({ "credentialID": credential.id, "SAD": sad, "operationMode": "S" });
        for place in &call {
            let Some(file) = files.get(*place) else { continue };
            let (list, entry) = entry(file, credential.algorithm(file.form), level);
            match asked[list].as_array_mut() {
                Some(entries) => entries.push(entry),
                None => asked[list] = json!([entry]),
            }
        }
        let answer = service.sign_documents(token, asked).await.inspect_err(|error| {
            for line in error.downcast_ref().map(|refused| reasons(refused, &call, files)).unwrap_or_default() {
                complain(&line);
            }
        })?;
        let (mut within, mut beside) = (octets(&answer, "DocumentWithSignature")?, octets(&answer, "SignatureObject")?);
        for place in call.into_iter().rev() {
            let list =
                if files.get(place).map(|file| file.form) == Some(Form::Cades) { &mut beside } else { &mut within };
            let octets = list.pop().context("the service answered fewer signatures than documents")?;
            if let Some(room) = signed.get_mut(place) {
                *room = octets;
            }
        }
        ensure!(within.is_empty() && beside.is_empty(), "the service answered more signatures than documents");
    }
    Ok(signed)
}

/// What the service says of each file of a call that it refused.
fn reasons(refused: &Refused, call: &[usize], files: &[File]) -> Vec<String> {
    let file = |index: usize| files.get(*call.get(index)?);
    let line = |(index, why): (usize, &str)| {
        file(index).map(|file| format!("{} was refused by the service: {why}", file.path.display()))
    };
    refused.entries().into_iter().filter_map(line).collect()
}

/// Places of the files of each call, which has documents or digests, and one format only where they are not to be mixed.
fn calls(files: &[File], mixes: bool) -> Vec<Vec<usize>> {
    let fit = |one: Form, other: Form| one == other || (mixes && kind(one) == kind(other));
    let mut calls: Vec<(Form, Vec<usize>)> = Vec::new();
    for (place, file) in files.iter().enumerate() {
        match calls.iter_mut().find(|(form, _)| fit(*form, file.form)) {
            Some((_, places)) => places.push(place),
            None => calls.push((file.form, vec![place])),
        }
    }
    calls.into_iter().map(|(_, places)| places).collect()
}

fn entry(file: &File, algorithm: &str, level: Level) -> (&'static str, Value) {
    let mut entry = json!({
        "signature_format": file.form.letter(), "signed_envelope_property": file.form.envelope(),
        "conformance_level": level.name(), "signAlgo": algorithm,
    });
    if file.form == Form::Cades {
        entry["hashes"] = json!([BASE64.encode(&file.digest())]);
        entry["hashAlgorithmOID"] = SHA256.into();
        ("documentDigests", entry)
    } else {
        entry["document"] = BASE64.encode(&file.content).into();
        ("documents", entry)
    }
}

fn octets(answer: &Value, list: &str) -> anyhow::Result<Vec<Vec<u8>>> {
    let texts = answer[list].as_array().map(Vec::as_slice).unwrap_or_default();
    let decode = |text: &Value| {
        let text = text.as_str().with_context(|| format!("{list} holds something that is no string"))?;
        anyhow::Ok(BASE64.decode(text.as_bytes())?)
    };
    texts.iter().map(decode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_documents_never_share_a_call() {
        let file =
            |form| File { form, path: "x".into(), content: Vec::new(), output: "y".into(), label: String::new() };
        let files = [Form::Pades, Form::Cades, Form::Jades, Form::Cades, Form::Pades].map(file);
        assert_eq!(calls(&files, true), [vec![0, 2, 4], vec![1, 3]]);
        assert_eq!(calls(&files, false), [vec![0, 4], vec![1, 3], vec![2]]);
    }

    #[test]
    fn why_a_file_was_refused_is_said_of_that_file() {
        let file = |name: &str| File {
            form: Form::Pades,
            path: name.into(),
            content: Vec::new(),
            output: "y".into(),
            label: String::new(),
        };
        let files = ["a.pdf", "b.pdf", "c.pdf"].map(file);
        let answer = json!({ "error": "invalid_request", "error_description": "Invalid array parameter documents",
            "rsign_refused": [{ "array": "documents", "index": 1, "reason": "locked", "explanation": "It is locked." },
                              { "index": 7, "explanation": "Of no file." }, { "index": "1" }, 3] });
        let refused = Refused::of("signatures/signDoc", 400, answer);
        assert_eq!(reasons(&refused, &[0, 2], &files), ["c.pdf was refused by the service: It is locked."]);
        assert!(refused.to_string().starts_with("signatures/signDoc: Invalid array parameter documents (400"));
        assert_eq!(reasons(&Refused::of("x", 500, json!({})), &[0], &files), [""; 0]);
    }
}
