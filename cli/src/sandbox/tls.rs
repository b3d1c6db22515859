//! Certificates between the parts: a root that apps trust, one for the gateway's site, one for the signing page's, one
//! for each side of the mutual TLS between gateway and signer.

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use super::layout::{Layout, write_private};

/// `names` are what gateway and page are called beside this computer's own names.
pub(super) fn make<'a>(layout: &Layout, names: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
    let own = ["localhost", "127.0.0.1", "::1"];
    let public: Vec<&str> = own.into_iter().chain(names).collect();
    let root_key = KeyPair::generate()?;
    let mut root = params("rsign sandbox TLS root", &[])?;
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = root.self_signed(&root_key)?;
    write_private(&layout.file("tls-ca.pem"), certificate.pem().as_bytes())?;
    let issuer = Issuer::new(root, root_key);

    // The root's key is dropped here: nothing else can ever be issued under it.
    let server = ExtendedKeyUsagePurpose::ServerAuth;
    leaf(layout, &issuer, "gateway", "rsign sandbox gateway", &public, server.clone())?;
    leaf(layout, &issuer, "page", "rsign sandbox signing page", &public, server.clone())?;
    leaf(layout, &issuer, "signer", "rsign sandbox signer", &own, server)?;
    leaf(layout, &issuer, "gateway-client", "rsign sandbox gateway", &own, ExtendedKeyUsagePurpose::ClientAuth)
}

fn leaf(
    layout: &Layout,
    issuer: &Issuer<'_, KeyPair>,
    file: &str,
    name: &str,
    names: &[&str],
    usage: ExtendedKeyUsagePurpose,
) -> anyhow::Result<()> {
    let key = KeyPair::generate()?;
    let mut params = params(name, names)?;
    params.extended_key_usages = vec![usage];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = params.signed_by(&key, issuer)?;
    write_private(&layout.file(&format!("{file}.pem")), certificate.pem().as_bytes())?;
    write_private(&layout.file(&format!("{file}.key")), key.serialize_pem().as_bytes())
}

fn params(name: &str, names: &[&str]) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())
        .context("a name of the certificate")?;
    params.distinguished_name.push(DnType::CommonName, name);
    let now = time::OffsetDateTime::now_utc();
    params.not_before = now - time::Duration::hours(1);
    params.not_after = now + time::Duration::days(397);
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
