//! What a user is sent with a code.

use secrecy::{ExposeSecret as _, SecretString};

use super::language::Language;

/// A code on its way to a user.
#[derive(Debug)]
pub struct Notice {
    /// Six digits.
    pub code: SecretString,
    /// How long it is good for, seconds.
    pub seconds: u32,
    /// What the app is called that asked for it, or this service.
    pub app: String,
    /// What this service is called.
    pub service: String,
    /// In which language to say it.
    pub language: Language,
}

/// Most characters of a name that are shown.
const LONGEST: usize = 80;

impl Notice {
    /// The subject: without the code, which would stand on locked screens and in lists of mails.
    #[must_use]
    pub fn subject(&self) -> String {
        let service = plain(&self.service);
        match self.language {
            Language::En => format!("{service}: your signing code"),
            Language::Pt => format!("{service}: o seu código de assinatura"),
        }
    }

    /// The text. It says who asked: a code that nobody expects is a warning.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let (code, minutes) = (self.code.expose_secret(), self.seconds.div_ceil(60));
        let (app, service) = (plain(&self.app), plain(&self.service));
        SecretString::from(match self.language {
            Language::En => format!(
                "{code} is your code.\n\n{app} asked for it, for a signature with your key at {service}. It is good \
                 once, for {minutes} minutes, together with your PIN.\n\nIf you are not signing anything now, give the \
                 code to nobody: somebody may have learned your PIN.\n"
            ),
            Language::Pt => format!(
                "{code} é o seu código.\n\nFoi pedido por {app}, para uma assinatura com a sua chave em {service}. \
                 Serve uma vez, durante {minutes} minutos, juntamente com o seu PIN.\n\nSe não está a assinar nada, não \
                 dê o código a ninguém: alguém pode ter descoberto o seu PIN.\n"
            ),
        })
    }
}

/// A name without what breaks lines or turns writing around.
fn plain(name: &str) -> String {
    super::plain::plain(name, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(language: Language) -> Notice {
        Notice {
            code: "271828".into(),
            seconds: 300,
            app: "Con\r\ntracts\u{202e}".to_owned(),
            service: "rsign\r\nBcc: eve@example.org".to_owned(),
            language,
        }
    }

    #[test]
    fn it_says_code_app_and_time_and_the_subject_no_code() {
        for language in Language::ALL {
            let notice = notice(language);
            let text = notice.text();
            let text = text.expose_secret();
            assert!(text.starts_with("271828 ") && text.contains("Con tracts") && text.contains(" 5 minut"), "{text}");
            assert!(!text.contains('\u{202e}') && !text.contains('\r'), "{text:?}");
            assert!(!notice.subject().contains("271828") && !notice.subject().contains('\n'));
            assert!(!format!("{notice:?}").contains("271828"));
        }
    }
}
