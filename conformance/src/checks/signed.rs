//! CMS `SignedData` (RFC 5652, 5.1), which may hold OCSP answers beside revocation lists: the crate's own type expects an
//! `AlgorithmIdentifier` where these have their bare OID (10.2.1), and reads none.

use cms::content_info::CmsVersion;
use cms::signed_data::{CertificateSet, DigestAlgorithmIdentifiers, EncapsulatedContentInfo, SignerInfos};
use der::Sequence;
use der::asn1::{Any, SetOfVec};

/// The members, revocation data unread.
#[derive(Debug, Sequence)]
pub(super) struct SignedData {
    pub(super) version: CmsVersion,
    pub(super) digest_algorithms: DigestAlgorithmIdentifiers,
    pub(super) encap_content_info: EncapsulatedContentInfo,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) certificates: Option<CertificateSet>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) crls: Option<SetOfVec<Any>>,
    pub(super) signer_infos: SignerInfos,
}
