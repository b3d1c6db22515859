//! The helper process: one document in, one update (or digest) out, over the socket that is its standard input.

use std::io::{self, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, UNIX_EPOCH};

use rsign_ades::pdf::{self, Error, Limits};
use rsign_ades::{Envelope, Format, cms, jws, xml};
use rsign_api::algorithm::HashAlgorithm;
use rsign_api::objection::Reason;
use rsign_api::signer::{Property, Refusal};

use super::confinement::confine;
use super::wire::{self, Answer, Question, Task};
use super::{Canonical, Existing, complete, renew};

/// Runs once, with so many octets of memory: the document and what is made of it. One that is going to wait for its
/// document first gets warm: it does the same with one of its own, so that its code is in memory when it is asked.
///
/// # Errors
/// When the socket fails.
pub fn run(memory: u64, warm: bool) -> io::Result<()> {
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    confine(memory)?;
    if warm {
        warm_up()?;
    }
    let question: Question = wire::read(&socket)?;
    let length = usize::try_from(question.document).map_err(io::Error::other)?;
    if length > Limits::default().octets {
        return wire::write(&socket, &refused(&Error::Limit("octets")));
    }
    let mut document = vec![0; length];
    socket.read_exact(&mut document)?;
    wire::write(&socket, &answer(&document, &question.task))
}

/// Octets of the document that a helper gets warm with.
const WARM: usize = 1 << 20;

fn warm_up() -> io::Result<()> {
    let task = Task::UpdatePdf { envelope: Envelope::Revision, properties: Vec::new(), at: 0, reserve: 16 << 10 };
    let frame = wire::encode(&answer(&sample(WARM), &task))?;
    std::hint::black_box(wire::decode::<Answer>(frame.get(4..).unwrap_or_default())?);
    Ok(())
}

/// A PDF of one empty page, with so many octets that nobody looks at.
fn sample(octets: usize) -> Vec<u8> {
    let objects: [&[u8]; 4] = [
        b"<</Type /Catalog /Pages 2 0 R>>",
        b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>",
        &pdf::stream(&vec![b' '; octets]),
    ];
    pdf::paper(&objects, "")
}

fn answer(document: &[u8], task: &Task) -> Answer {
    match task {
        Task::UpdatePdf { envelope, properties, at, reserve } => update(document, *envelope, properties, *at, *reserve),
        Task::Complete { message, now } => complete::complete(document, message, *now),
        Task::Renew { message, now } => renew::renew(document, message, *now),
        Task::Xml { hash } => match canonical(document, *hash) {
            Ok(found) => Answer::Xml(found),
            Err(error) => of_xml(&error),
        },
        Task::Signed { format, hash } => match existing(document, *format, *hash) {
            Ok(found) => Answer::Signed(found),
            Err(refused) => refused,
        },
    }
}

fn existing(document: &[u8], format: Format, hash: HashAlgorithm) -> Result<Existing, Answer> {
    match format {
        Format::Cades => {
            let found = cms::Existing::read(document).map_err(|error| match error {
                cms::Error::Parallel(reason, _) => Answer::Unfit(reason, error.to_string()),
                // It is of DER that cannot be read.
                _ => Answer::Unfit(Reason::WrongFormat, error.to_string()),
            })?;
            Ok(Existing::Cms(rsign_ades::digest(hash, found.content())))
        }
        Format::Jades => {
            let found = jws::Signed::read(document).map_err(|error| match error {
                jws::Error::Parallel(reason, _) => Answer::Unfit(reason, error.to_string()),
                _ => Answer::Unfit(Reason::WrongFormat, error.to_string()),
            })?;
            let [start, end] = [found.place().start, found.place().end].map(|at| u64::try_from(at).unwrap_or(u64::MAX));
            Ok(Existing::Jws { start, end, content_type: found.content_type().map(str::to_owned) })
        }
        Format::Pades | Format::Xades => {
            let why = "no signature is put beside others in this format";
            Err(Answer::Refused(Refusal::Format, why.to_owned()))
        }
    }
}

fn of_xml(error: &xml::Error) -> Answer {
    let reason = match error {
        xml::Error::Document(reason, _) => *reason,
        _ => Reason::WrongFormat,
    };
    Answer::Unfit(reason, error.to_string())
}

fn canonical(document: &[u8], hash: HashAlgorithm) -> Result<Canonical, xml::Error> {
    let document = xml::Document::read(document)?;
    Ok(Canonical { digest: document.digest(hash)?, spot: document.spot().clone() })
}

fn update(document: &[u8], envelope: Envelope, properties: &[Property], at: u64, reserve: u64) -> Answer {
    let named = properties.iter().map(|property| (property.name.as_str(), property.value.as_deref()));
    let said = match pdf::read_properties(named) {
        Ok(said) => said,
        Err(unsayable) => {
            let reason = unsayable.first().map_or(Reason::BadValue, |first| first.reason);
            return Answer::Unfit(reason, "a property cannot be said in a PDF".to_owned());
        }
    };
    let at = UNIX_EPOCH + Duration::from_millis(at);
    let reserve = usize::try_from(reserve).unwrap_or(usize::MAX);
    let Some(request) = said.request(envelope, at, reserve) else {
        let why = "the kind of signature contradicts a property";
        return Answer::Unfit(Reason::NotCertification, why.to_owned());
    };
    match pdf::prepare(document, &request, &Limits::default()) {
        Ok(update) => Answer::Update {
            octets: update.octets().to_vec(),
            start: u64::try_from(update.gap().start).unwrap_or(u64::MAX),
            end: u64::try_from(update.gap().end).unwrap_or(u64::MAX),
        },
        Err(error) => refused(&error),
    }
}

pub(super) fn refused(error: &Error) -> Answer {
    let why = error.to_string();
    match (error.reason(), error) {
        (Some(reason), _) => Answer::Unfit(reason, why),
        (None, Error::Stamp) => Answer::Refused(Refusal::Evidence, why),
        // Room that the signer itself wants.
        (None, _) => Answer::Refused(Refusal::Malformed, why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_helper_gets_warm_by_what_it_will_do() {
        let task = Task::UpdatePdf { envelope: Envelope::Revision, properties: Vec::new(), at: 0, reserve: 100 };
        assert!(matches!(answer(&sample(1000), &task), Answer::Update { .. }));
    }
}
