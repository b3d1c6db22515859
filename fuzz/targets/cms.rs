//! A foreign CMS that is taken keeps its content and its signatures beside one more.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rsign_ades::cms::{DATA, Existing, Wanted, prepare};
use rsign_ades::completion::{Known, Signature};
use rsign_ades::{Envelope, Format, Signatory};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::parts::joined;

/// A certificate, as far as a signature repeats of it.
const CERTIFICATE: &[u8] = &[0x30, 14, 0x30, 12, 2, 1, 1, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 1, 0];

static SIGNATORY: LazyLock<Signatory> = LazyLock::new(|| Signatory {
    chain: vec![CERTIFICATE.to_vec()],
    scheme: Scheme::Pkcs1 { hash: HashAlgorithm::Sha256 },
});

fuzz_target!(|octets: &[u8]| {
    let Ok(existing) = Existing::read(octets) else { return };
    let digest = rsign_ades::digest(HashAlgorithm::Sha256, existing.content());
    let wanted = Wanted { content_type: DATA, digest: &digest, signing_time: None, properties: &[] };
    let attributes = prepare(&wanted, &SIGNATORY).expect("all is said");
    let (certificates, crls) = (existing.certificates(), existing.revocations());
    let signature = Signature {
        format: Format::Cades,
        envelope: Envelope::Parallel,
        signatory: &SIGNATORY,
        prepared: &attributes,
        value: b"value",
        additions: &[],
        document: Known { octets: Some(octets), ..Known::default() },
    };
    signature.archive_imprint().expect("all is there");
    let parts = signature.finish().expect("all is there");
    let both =
        joined(parts, Some(&octets.into())).expect("the document has it").whole(usize::MAX).expect("held").into_owned();
    let again = match Existing::read(&both) {
        Ok(again) => again,
        Err(error) => return assert!(error.to_string().contains("too many"), "{error}"),
    };
    assert_eq!(again.content(), existing.content());
    let kept = |theirs: Vec<Vec<u8>>, ours: &[Vec<u8>]| ours.iter().all(|one| theirs.contains(one));
    assert!(kept(again.certificates(), &certificates) && kept(again.revocations(), &crls));
});
