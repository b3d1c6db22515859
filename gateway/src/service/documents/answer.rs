//! What comes of a call, on its way into its answer. Long signatures go where long documents are: so they take no memory
//! and count, until whoever asked has read them. What every signature needs to be validated is there once.

use rsign_api::bytes::Bytes;
use rsign_api::csc::documents::{SignedDocuments, ValidationInfo};
use rsign_api::octets::Octets;
use rsign_spool::{Intake, Spool};

use super::{Error, Finished, unfinished};
use crate::port::signer;
use crate::service::evidence::Found;
use crate::service::signing;

/// Octets of a part of an answer that stay in memory.
const SHORT: usize = 16 << 10;

/// As many are put aside at once.
const QUICK: u64 = 64 << 10;

/// What has come so far.
#[derive(Debug)]
pub(super) struct Answer {
    /// None only while it works.
    intake: Option<Intake>,
    documents: SignedDocuments,
    /// None where it is not wanted.
    found: Option<Found>,
}

impl Answer {
    /// Nothing so far, and room for so many octets.
    pub(super) fn expecting(octets: u64, spool: &Spool, client: &str, validation: bool) -> Result<Self, Error> {
        let intake = spool.intake(client);
        intake.expect(octets).map_err(no_room)?;
        let found = validation.then(Found::default);
        Ok(Self { intake: Some(intake), documents: SignedDocuments::default(), found })
    }

    /// One more.
    pub(super) async fn put(&mut self, finished: Finished, found: Found) -> Result<(), Error> {
        if let Some(all) = &mut self.found {
            all.add(found);
        }
        match finished {
            Finished::WithSignature(octets) => {
                let octets = self.kept(octets).await?;
                self.documents.with_signature.push(octets);
            }
            Finished::Object(octets) => {
                let octets = self.kept(octets.into()).await?;
                self.documents.objects.push(octets);
            }
        }
        Ok(())
    }

    async fn kept(&mut self, octets: Octets) -> Result<Octets, Error> {
        let intake = self.intake.take().ok_or_else(|| unfinished("there is nowhere to put it"))?;
        let (intake, octets) = take_over(intake, octets).await?;
        self.intake = Some(intake);
        Ok(octets)
    }

    /// All of it.
    pub(super) fn finish(self) -> SignedDocuments {
        SignedDocuments { validation: self.found.map(validation_info), ..self.documents }
    }
}

/// An answer that waited in the store, counted as any other from now on.
pub(in crate::service) async fn counted(
    documents: SignedDocuments,
    spool: &Spool,
    client: &str,
) -> Result<SignedDocuments, Error> {
    let SignedDocuments { with_signature, objects, validation } = documents;
    let mut answer = Answer::expecting(0, spool, client, false)?;
    for octets in with_signature {
        answer.put(Finished::WithSignature(octets), Found::default()).await?;
    }
    for octets in objects {
        let octets = answer.kept(octets).await?;
        answer.documents.objects.push(octets);
    }
    Ok(SignedDocuments { validation, ..answer.finish() })
}

async fn take_over(intake: Intake, octets: Octets) -> Result<(Intake, Octets), Error> {
    if rsign_spool::uncounted(&octets, SHORT) <= QUICK {
        return intake.take_over(octets, SHORT).map_err(no_room);
    }
    let work = tokio::task::spawn_blocking(move || intake.take_over(octets, SHORT));
    work.await.map_err(unfinished)?.map_err(no_room)
}

/// The call is repeated later, and signs nothing twice.
fn no_room(error: rsign_spool::Error) -> Error {
    match error {
        rsign_spool::Error::Full => signing::Error::Signer(signer::Error::Busy).into(),
        rsign_spool::Error::TooLong(_) | rsign_spool::Error::TooMuch(_) => Error::TooLong,
        rsign_spool::Error::Failed(error) => Error::of_file(error),
    }
}

fn validation_info(found: Found) -> ValidationInfo {
    let bytes = |all: Vec<Vec<u8>>| all.into_iter().map(Bytes).collect();
    ValidationInfo { ocsp: bytes(found.ocsp), crl: bytes(found.crls), certificates: bytes(found.certificates) }
}

#[cfg(test)]
mod tests {
    use rsign_spool::Bounds;

    use super::*;

    fn spool(folder: &std::path::Path) -> Spool {
        let bounds = Bounds { document: 1 << 20, request: 4 << 20, client: 6 << 20, all: 6 << 20, memory: 256 << 10 };
        Spool::new(folder.to_owned(), bounds)
    }

    fn found() -> Found {
        Found { certificates: vec![vec![1; 1000]], crls: vec![vec![2; 50_000]], ocsp: Vec::new() }
    }

    #[tokio::test]
    async fn many_signatures_with_their_evidence_count_and_take_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(folder.path());
        let mut answer = Answer::expecting(3 << 20, &spool, "app", true).unwrap();
        assert_eq!(spool.kept(), 3 << 20, "there is room for what is to come");
        for number in 0..50 {
            answer.put(Finished::Object(vec![number; 60_000]), found()).await.unwrap();
        }
        let document = Octets::joined(vec![vec![8; 60_000].into(), vec![9; 10].into()]);
        answer.put(Finished::WithSignature(document.clone()), found()).await.unwrap();
        let answer = answer.finish();
        let in_memory: usize = answer.objects.iter().filter_map(Octets::held).map(<[u8]>::len).sum();
        assert!(in_memory <= 256 << 10, "{in_memory}");
        assert!((0..50).all(|number| answer.objects[number] == vec![number as u8; 60_000].into()));
        assert_eq!(answer.with_signature, [document]);
        let validation = answer.validation.as_ref().unwrap();
        assert_eq!((validation.certificates.len(), validation.crl.len()), (1, 1), "each once");
        assert!(spool.kept() >= 51 * 60_000);
        drop(answer);
        assert_eq!(spool.kept(), 0);
    }

    #[tokio::test]
    async fn where_there_is_no_room_nothing_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        let spool = spool(folder.path());
        let _first = Answer::expecting(4 << 20, &spool, "app", false).unwrap();
        let busy = Answer::expecting(3 << 20, &spool, "app", false);
        assert!(matches!(busy, Err(Error::Signing(signing::Error::Signer(signer::Error::Busy)))));
    }
}
