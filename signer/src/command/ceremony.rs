//! `init`: the key ceremony. Idempotent; never overwrites.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use rsign_api::algorithm::KeyType;
use rsign_api::bytes::Bytes;

use super::open;
use crate::audit::{Audit, Entry, Event};
use crate::ceremony::CeremonyRow;
use crate::certificate::{Validity, self_signed, spki};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::hsm::pkcs11::{Ceremony, CeremonyError, Token, create_token};
use crate::hsm::{Answer, Job, Masters, TokenKey, ecdsa};
use crate::store::Tables;
use crate::{Random as _, SystemRandom};

const DAY: i64 = 86_400;

pub(super) async fn run(config: &Config, fresh_token: bool) -> anyhow::Result<()> {
    let store = open::new_store(config).await?;
    let tables = Tables::new(&store);
    let settings = config.token();
    if let Some(row) = tables.ceremony().await? {
        let made = Ceremony::complete(&settings, &row.masters())
            .context("a ceremony was performed, but this token is not its token")?;
        if made {
            let audit = Audit::new(Arc::clone(&store), &config.instance, Arc::new(SystemClock));
            audit.record(Entry::of(Event::Ceremony).because("second-factor key made")).await?;
            println!("The key ceremony was performed before there were second factors: their key was made now.");
            return Ok(());
        }
        println!("The key ceremony was performed before; token and canary are in order. Nothing was changed.");
        return Ok(());
    }
    if fresh_token {
        create_token(&settings).context("the token cannot be initialised")?;
    }
    let made = match Ceremony::perform(&settings) {
        Ok(made) => made,
        Err(CeremonyError::Done) => bail!(
            "this token has rsign's keys, but this store knows nothing of their ceremony: restore the store of that \
             ceremony, or use another token; nothing was changed"
        ),
        Err(error) => return Err(error.into()),
    };
    let authority = certify_authority(config, &Token::open(&settings, &Masters::first(made.canary.clone()))?)?;
    let now = SystemClock.now();
    let row = CeremonyRow::first(Bytes(made.canary), Bytes(authority), now);
    let audit = Audit::new(Arc::clone(&store), &config.instance, Arc::new(SystemClock));
    audit.record(Entry::of(Event::Ceremony).because(format!("token {}", settings.label))).await?;
    if !tables.record_ceremony(row).await? {
        bail!("another ceremony was recorded at the same time");
    }
    println!(
        "Key ceremony performed on token {}: master, header-MAC, second-factor, identity, audit and CA key made.",
        settings.label
    );
    Ok(())
}

fn certify_authority(config: &Config, token: &Token) -> anyhow::Result<Vec<u8>> {
    let Answer::Octets(point) = token.run(&Job::TokenPublic { key: TokenKey::Authority })? else {
        bail!("the token gave no public key");
    };
    let spki = spki::ec(KeyType::P256, &point)?;
    let mut serial = [0; 16];
    SystemRandom.fill(&mut serial);
    serial[0] = serial[0] & 0x7f | 0x40;
    let now = SystemClock.now() / 1000;
    let validity = Validity { not_before: now - 3600, not_after: now + 3650 * DAY };
    let body = self_signed(&config.authority_name(), &spki, &serial, validity)?;
    let digest = body.digest().try_into().map_err(|_| anyhow::anyhow!("the CA key is not P-256"))?;
    let Answer::Octets(raw) = token.run(&Job::TokenSign { key: TokenKey::Authority, digest })? else {
        bail!("the token gave no signature");
    };
    Ok(body.assemble(&ecdsa::der(&raw).unwrap_or_default())?)
}
