//! `rsign bench`.

use clap::Args;

/// Options of `rsign bench`.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {}

pub(crate) async fn run(_: Options) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}
