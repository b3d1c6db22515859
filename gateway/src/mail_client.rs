//! The port [`Courier`] over SMTP (RFC 5321), with TLS from the start or after STARTTLS, and without only to this
//! machine.

use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;

use crate::config::otp::{EmailConfig, MailSecurity};
use crate::domain::notice::Notice;
use crate::port::courier::{Courier, Undelivered};

/// The client. A mail has its own connection: there are few, and nothing waits for an idle one to break.
#[derive(Debug)]
pub struct MailClient {
    smtp: AsyncSmtpTransport<Tokio1Executor>,
    from: Address,
    /// For one mail from greeting to acceptance.
    patience: Duration,
}

impl MailClient {
    /// For the server the operator names.
    ///
    /// # Errors
    /// When trust anchors or the password cannot be read.
    pub fn new(config: &EmailConfig) -> anyhow::Result<Self> {
        let from: Address = config.from.parse().context("[otp.email] from")?;
        let tls = match config.security {
            MailSecurity::Tls => Tls::Wrapper(parameters(config)?),
            MailSecurity::StartTls => Tls::Required(parameters(config)?),
            MailSecurity::Plain => Tls::None,
        };
        let timeout = Duration::from_secs(config.timeout_seconds);
        let mut smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port())
            .tls(tls)
            // What the sender's domain is called; this machine's own name is nobody's business.
            .hello_name(ClientId::Domain(from.domain().to_owned()))
            .timeout(Some(timeout));
        if let (Some(username), Some(password)) = (&config.username, config.password()?) {
            smtp = smtp.credentials(Credentials::new(username.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self { smtp: smtp.build(), from, patience: timeout * 2 })
    }

    fn compose(&self, to: &str, notice: &Notice) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
        let to: Address = to.parse()?;
        let service = notice.service.chars().filter(|c| !c.is_control()).collect();
        let mut mail = Message::builder()
            .from(Mailbox::new(Some(service), self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(notice.subject())
            .header(ContentType::TEXT_PLAIN)
            .body(notice.text().expose_secret().to_owned())?;
        // Nobody's holiday reply goes back (RFC 3834, 5).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        mail.headers_mut().insert_raw(HeaderValue::new(automatic, "auto-generated".to_owned()));
        Ok(mail)
    }
}

fn parameters(config: &EmailConfig) -> anyhow::Result<TlsParameters> {
    let mut tls = TlsParameters::builder(config.host.clone());
    if let Some(anchor) = &config.ca {
        let pem = std::fs::read(anchor).with_context(|| format!("cannot read {}", anchor.display()))?;
        tls = tls.certificate_store(CertificateStore::None).add_root_certificate(Certificate::from_pem(&pem)?);
    }
    Ok(tls.build_rustls()?)
}

#[async_trait]
impl Courier for MailClient {
    async fn deliver(&self, to: &str, notice: &Notice) -> Result<(), Undelivered> {
        let mail = self.compose(to, notice).map_err(Undelivered)?;
        match tokio::time::timeout(self.patience, self.smtp.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Undelivered(error.into())),
            Err(elapsed) => Err(Undelivered(elapsed.into())),
        }
    }
}
