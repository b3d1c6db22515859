use async_trait::async_trait;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, PublicKeyData as _, date_time_ymd,
};

use super::*;
use crate::port::clock::Hands;

/// 2026-06-01.
const NOW: i64 = 1_780_272_000;

/// Brings what it is told to.
#[derive(Debug)]
struct Brings(Vec<Vec<u8>>);

#[async_trait]
impl Issuer for Brings {
    async fn certify(&self, _: Vec<u8>) -> Result<Vec<Vec<u8>>, issuer::Error> {
        Ok(self.0.clone())
    }

    async fn authorities(&self) -> Result<Vec<Vec<u8>>, issuer::Error> {
        Ok(self.0.clone())
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(Hands((NOW * 1000).into()))
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2030, 1, 1);
    params
}

struct Pki {
    root: Vec<u8>,
    issuing: CertifiedIssuer<'static, KeyPair>,
    person: KeyPair,
}

impl Pki {
    fn new() -> Self {
        let root = CertifiedIssuer::self_signed(authority("root"), KeyPair::generate().unwrap()).unwrap();
        let issuing = CertifiedIssuer::signed_by(authority("issuing"), KeyPair::generate().unwrap(), &root).unwrap();
        Self { root: root.der().to_vec(), issuing, person: KeyPair::generate().unwrap() }
    }

    fn request(&self) -> Vec<u8> {
        CertificateParams::default().serialize_request(&self.person).unwrap().der().to_vec()
    }

    /// Of this key, as the change has it.
    fn certify(&self, key: &KeyPair, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Ann");
        params.distinguished_name.push(DnType::OrganizationName, "Org");
        params.key_usages = vec![KeyUsagePurpose::ContentCommitment];
        params.not_before = date_time_ymd(2026, 5, 1);
        params.not_after = date_time_ymd(2028, 5, 1);
        change(&mut params);
        params.signed_by(key, &self.issuing).unwrap().der().to_vec()
    }

    async fn judge(&self, brought: &[&[u8]]) -> Result<Certificate, Error> {
        let brought = brought.iter().map(|der| der.to_vec()).collect();
        let service = Certification::new(Arc::new(Brings(brought)), std::slice::from_ref(&self.root), clock()).unwrap();
        service.certify(&self.request()).await
    }
}

#[tokio::test]
async fn the_keys_certificate_is_found_and_followed_to_the_root() {
    let pki = Pki::new();
    let other = pki.certify(&KeyPair::generate().unwrap(), |_| ());
    let earlier = pki.certify(&pki.person, |params| params.not_before = date_time_ymd(2026, 4, 1));
    let leaf = pki.certify(&pki.person, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    let issuing = pki.issuing.der().to_vec();
    let found = pki.judge(&[b"rubbish", &issuing, &other, &leaf, &earlier]).await.unwrap();
    assert_eq!(found.end_entity.0, leaf);
    assert_eq!(found.chain.iter().map(|one| one.0.clone()).collect::<Vec<_>>(), [issuing, pki.root.clone()]);
    assert_eq!((found.facts.common_name.as_str(), found.facts.organization.as_str()), ("Ann", "Org"));
    assert!(found.elsewhere);
}

#[tokio::test]
async fn a_cas_clock_may_be_a_little_ahead() {
    let pki = Pki::new();
    let (issuing, begin) = (pki.issuing.der().to_vec(), time::OffsetDateTime::from_unix_timestamp(NOW).unwrap());
    let ahead =
        |seconds| pki.certify(&pki.person, |params| params.not_before = begin + time::Duration::seconds(seconds));
    assert!(pki.judge(&[&issuing, &ahead(300)]).await.is_ok());
    let heard = pki.judge(&[&issuing, &ahead(301)]).await.unwrap_err().to_string();
    assert!(heard.contains("not valid now"), "{heard}");
}

#[tokio::test]
async fn what_cannot_be_used_is_not_taken() {
    let pki = Pki::new();
    let issuing = pki.issuing.der().to_vec();
    let other = pki.certify(&KeyPair::generate().unwrap(), |_| ());
    let of_ca = pki.certify(&pki.person, |params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let encrypts = pki.certify(&pki.person, |params| params.key_usages = vec![KeyUsagePurpose::KeyEncipherment]);
    let over = pki.certify(&pki.person, |params| params.not_after = date_time_ymd(2026, 5, 2));
    let good = pki.certify(&pki.person, |_| ());
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    for (brought, word) in [
        (&[&issuing[..], &other][..], "no certificate of this key"),
        (&[&issuing, &of_ca], "is that of a CA"),
        (&[&issuing, &encrypts], "allows no signatures"),
        (&[&issuing, &over], "not valid now"),
        (&[&issuing, &forged], "leads to no root"),
        // Nobody brought what stands between.
        (&[&good], "leads to no root"),
        (&[], "no certificate of this key"),
    ] {
        let heard = pki.judge(brought).await.unwrap_err().to_string();
        assert!(heard.contains(word), "{word}: {heard}");
    }
    // A root that the CA brings itself is none.
    let stranger = Pki::new();
    let stray = stranger.certify(&pki.person, |_| ());
    let heard = pki.judge(&[&stray, stranger.issuing.der(), &stranger.root]).await.unwrap_err().to_string();
    assert!(heard.contains("leads to no root"), "{heard}");
    assert!(pki.person.subject_public_key_info().len() > 64);
    let service = Certification::new(Arc::new(Brings(Vec::new())), &[], clock()).unwrap();
    assert!(matches!(service.certify(b"rubbish").await, Err(Error::Request(_))));
}

#[tokio::test]
async fn whether_the_ca_fits_is_seen_before_a_key_is_made() {
    let pki = Pki::new();
    let look = async |brought: Vec<Vec<u8>>| {
        let anchors = std::slice::from_ref(&pki.root);
        Certification::new(Arc::new(Brings(brought)), anchors, clock()).unwrap().look().await
    };
    let issuing = pki.issuing.der().to_vec();
    assert!(look(vec![issuing, b"rubbish".to_vec()]).await.is_ok());
    for stranger in [Vec::new(), vec![Pki::new().root]] {
        let heard = look(stranger).await.unwrap_err().to_string();
        assert!(heard.contains("[evidence] anchors"), "{heard}");
    }
}
