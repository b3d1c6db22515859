//! Commands on the signer's own host: a Unix socket only its user can open, one JSON object a line.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use zeroize::Zeroizing;

use crate::config::Admin;
use crate::service::Signer;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Question {
    /// Show the drawn PIN.
    Pin(String),
    /// It was shown.
    Acknowledge(String),
}

/// What an authenticator app is told.
#[derive(Serialize, Deserialize)]
struct Totp {
    otpauth: Zeroizing<String>,
    /// Base32, for typing.
    secret: Zeroizing<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Pin { pin: Zeroizing<String>, totp: Option<Totp> },
    Done,
    Failed(String),
}

pub(super) async fn serve(admin: Admin, signer: Arc<Signer>) {
    let _ = std::fs::remove_file(&admin.socket);
    let listener = match UnixListener::bind(&admin.socket) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the admin socket cannot be bound"),
    };
    if let Err(error) = std::fs::set_permissions(&admin.socket, std::fs::Permissions::from_mode(0o600)) {
        return tracing::error!(%error, "the admin socket cannot be closed to others");
    }
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "an admin connection was not accepted");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        // The file's mode is set after it exists; who came in between is turned away here.
        if !is_same_user(&stream) {
            tracing::warn!("an admin connection of another user was refused");
            continue;
        }
        let (signer, enabled) = (Arc::clone(&signer), admin.pin_command);
        tokio::spawn(async move {
            if let Err(error) = converse(stream, &signer, enabled).await {
                tracing::warn!(%error, "an admin command failed");
            }
        });
    }
}

fn is_same_user(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::getuid().as_raw())
}

async fn converse(stream: UnixStream, signer: &Signer, enabled: bool) -> anyhow::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut lines = BufReader::new(from).lines();
    while let Some(line) = lines.next_line().await? {
        let reply = match serde_json::from_str(&line) {
            _ if !enabled => {
                Reply::Failed("`credential pin` is off: owners get their PINs on the enrolment page".to_owned())
            }
            Err(_) => Reply::Failed("not understood".to_owned()),
            Ok(Question::Pin(id)) => match reveal(signer, &id).await {
                Ok(reply) => reply,
                Err(error) => Reply::Failed(error.to_string()),
            },
            Ok(Question::Acknowledge(id)) => match signer.acknowledge_pin(&id).await {
                Ok(_) => Reply::Done,
                Err(error) => Reply::Failed(error.to_string()),
            },
        };
        let mut text = Zeroizing::new(serde_json::to_vec(&reply)?);
        text.push(b'\n');
        to.write_all(&text).await?;
    }
    Ok(())
}

async fn reveal(signer: &Signer, id: &str) -> crate::service::Result<Reply> {
    let plain = |secret: &SecretString| Zeroizing::new(secret.expose_secret().to_owned());
    let pin = plain(&signer.reveal_pin(id).await?);
    let totp = signer.reveal_factor(id).await?;
    let totp = totp.map(|(uri, secret)| Totp { otpauth: plain(&uri), secret: plain(&secret) });
    Ok(Reply::Pin { pin, totp })
}

/// Prints the PIN, and the second factor where there is one; activates the credential only when it was printed.
pub(super) async fn print_pin(socket: &Path, id: &str) -> anyhow::Result<()> {
    let stream =
        UnixStream::connect(socket).await.with_context(|| format!("no signer answers at {}", socket.display()))?;
    anyhow::ensure!(is_same_user(&stream), "{} belongs to another user's process", socket.display());
    let (from, mut to) = stream.into_split();
    let mut lines = BufReader::new(from).lines();
    let mut ask = async |question: &Question| -> anyhow::Result<Reply> {
        let mut text = serde_json::to_vec(question)?;
        text.push(b'\n');
        to.write_all(&text).await?;
        let line = Zeroizing::new(lines.next_line().await?.context("the signer closed the connection")?);
        Ok(serde_json::from_str(&line)?)
    };
    match ask(&Question::Pin(id.to_owned())).await? {
        Reply::Pin { pin, totp } => {
            #[derive(Serialize)]
            struct Printed<'a> {
                #[serde(rename = "credentialID")]
                credential: &'a str,
                pin: &'a str,
                #[serde(skip_serializing_if = "Option::is_none")]
                otpauth: Option<&'a str>,
                #[serde(skip_serializing_if = "Option::is_none")]
                totp_secret: Option<&'a str>,
            }
            let printed = Printed {
                credential: id,
                pin: &pin,
                otpauth: totp.as_ref().map(|totp| totp.otpauth.as_str()),
                totp_secret: totp.as_ref().map(|totp| totp.secret.as_str()),
            };
            println!("{}", *Zeroizing::new(serde_json::to_string(&printed)?));
        }
        Reply::Failed(why) => bail!("{why}"),
        Reply::Done => bail!("the signer answered another question"),
    }
    match ask(&Question::Acknowledge(id.to_owned())).await? {
        Reply::Done => Ok(()),
        Reply::Failed(why) => bail!("{why}"),
        Reply::Pin { .. } => bail!("the signer answered another question"),
    }
}
