//! Paths of the signer's methods.

/// [`super::CreateCredential`] → [`super::CreatedCredential`].
pub const CREATE: &str = "/v1/credential/create";
/// [`super::IssueCertificate`] → [`super::IssuedCertificate`].
pub const ISSUE: &str = "/v1/certificate/issue";
/// [`super::LinkCertificate`] → [`super::CredentialStatus`].
pub const LINK: &str = "/v1/credential/link";
/// [`super::CredentialName`] → [`super::CredentialStatus`].
pub const STATUS: &str = "/v1/credential/status";
/// [`super::ChangeState`] → [`super::CredentialStatus`].
pub const STATE: &str = "/v1/credential/state";
/// [`super::ChangePin`] → [`super::Done`].
pub const CHANGE_PIN: &str = "/v1/credential/pin";
/// [`super::DrawCode`] → [`super::DrawnCode`].
pub const DRAW_CODE: &str = "/v1/credential/code";
/// [`super::Authorize`] → [`super::Authorized`].
pub const AUTHORIZE: &str = "/v1/sad/authorize";
/// [`super::Extend`] → [`super::Authorized`].
pub const EXTEND: &str = "/v1/sad/extend";
/// [`super::RevokeSad`] → [`super::Done`].
pub const REVOKE: &str = "/v1/sad/revoke";
/// [`super::CheckSad`] → [`super::Done`].
pub const CHECK: &str = "/v1/sad/check";
/// [`super::Sign`] → [`super::Signed`].
pub const SIGN: &str = "/v1/sign";
/// [`super::SignDocuments`] → [`super::SignedDocuments`].
pub const SIGN_DOCUMENTS: &str = "/v1/documents/sign";
/// [`super::CompleteSignature`] → [`super::CompletedSignature`].
pub const COMPLETE_SIGNATURE: &str = "/v1/documents/complete";
/// [`super::RenewDocument`] → [`super::RenewedDocument`].
pub const RENEW_DOCUMENT: &str = "/v1/documents/renew";
/// [`super::ChannelHello`] → [`super::ChannelOpened`].
pub const CHANNEL_HELLO: &str = "/v1/channel/hello";
/// [`super::ChannelRecord`] → [`super::ChannelAnswer`].
pub const CHANNEL_RECORD: &str = "/v1/channel/record";
/// `{}` → [`super::Authority`].
pub const AUTHORITY: &str = "/v1/certificate/authority";
/// [`super::AskOcsp`] → [`super::AnsweredOcsp`].
pub const OCSP: &str = "/v1/certificate/ocsp";
/// `{}` → [`super::Health`].
pub const HEALTH: &str = "/v1/health";
