//! `identity` and `audit key`: public halves of keys that stay on the token.

use anyhow::bail;
use der::EncodePem as _;
use der::pem::LineEnding;
use rsign_api::algorithm::KeyType;

use super::open;
use crate::certificate::spki;
use crate::config::Config;
use crate::hsm::pkcs11::Token;
use crate::hsm::{Answer, Job, TokenKey};

pub(super) async fn print(config: &Config, key: TokenKey) -> anyhow::Result<()> {
    let ceremony = open::ceremony(&open::store(config).await?).await?;
    let token = Token::open(&config.token(), &ceremony.masters())?;
    let Answer::Octets(point) = token.run(&Job::TokenPublic { key })? else {
        bail!("the token gave no public key");
    };
    print!("{}", pem(&spki::ec(KeyType::P256, &point)?)?);
    Ok(())
}

fn pem(spki: &[u8]) -> anyhow::Result<String> {
    use der::Decode as _;
    Ok(x509_cert::SubjectPublicKeyInfo::from_der(spki)?.to_pem(LineEnding::LF)?)
}
