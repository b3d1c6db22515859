//! What a user is sent: plain text, of ours but for the names of app and service.

use secrecy::{ExposeSecret as _, SecretString};

use super::language::Language;

/// A message on its way to a user. None of them has a link: whoever has learned to follow links in such messages follows
/// those of others too.
#[derive(Debug)]
pub struct Notice {
    /// What it is about.
    pub about: About,
    /// What this service is called.
    pub service: String,
    /// In which language to say it.
    pub language: Language,
}

/// What a message is about.
#[derive(Debug)]
pub enum About {
    /// A code for a signature.
    Signature {
        /// The code.
        code: Code,
        /// What the app is called that asked for it, or this service.
        app: String,
    },
    /// A code that shows that an address is its owner's.
    Address(Code),
    /// An app waits for its user's approval.
    Waiting {
        /// What it is called.
        app: String,
    },
    /// Codes go to another address from now on.
    Moved,
}

/// A code.
#[derive(Debug)]
pub struct Code {
    /// Six digits.
    pub digits: SecretString,
    /// How long it is good for, seconds.
    pub seconds: u32,
}

impl Code {
    fn minutes(&self) -> u32 {
        self.seconds.div_ceil(60)
    }
}

/// Most characters of a name that are shown.
const LONGEST: usize = 80;

impl Notice {
    /// Its kind, for machines.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.about {
            About::Signature { .. } => "otp.send",
            About::Address(_) => "address.confirm",
            About::Waiting { .. } => "approval.waiting",
            About::Moved => "address.moved",
        }
    }

    /// The code in it, where it has one.
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        match &self.about {
            About::Signature { code, .. } | About::Address(code) => Some(code),
            About::Waiting { .. } | About::Moved => None,
        }
    }

    /// The subject: without the code, which would stand on locked screens and in lists of mails.
    #[must_use]
    pub fn subject(&self) -> String {
        let service = plain(&self.service);
        let about = match (&self.about, self.language) {
            (About::Signature { .. }, Language::En) => "your signing code",
            (About::Signature { .. }, Language::Pt) => "o seu código de assinatura",
            (About::Address(_), Language::En) => "confirm your address",
            (About::Address(_), Language::Pt) => "confirme o seu endereço",
            (About::Waiting { .. }, Language::En) => "a request waits for you",
            (About::Waiting { .. }, Language::Pt) => "há um pedido à sua espera",
            (About::Moved, Language::En) => "your codes go elsewhere now",
            (About::Moved, Language::Pt) => "os seus códigos passam a ir para outro endereço",
        };
        format!("{service}: {about}")
    }

    /// The text. It says who asked: a code that nobody expects is a warning.
    #[must_use]
    pub fn text(&self) -> SecretString {
        let service = plain(&self.service);
        SecretString::from(match (&self.about, self.language) {
            (About::Signature { code, app }, language) => signature(code, &unlinked(app), &service, language),
            (About::Address(code), Language::En) => format!(
                "{} is your code.\n\nEnter it at {service}, where you are changing the address that codes for your \
                 signatures go to. It is good once, for {} minutes.\n\nIf you are not doing that, give the code to \
                 nobody.\n",
                code.digits.expose_secret(),
                code.minutes()
            ),
            (About::Address(code), Language::Pt) => format!(
                "{} é o seu código.\n\nIntroduza-o em {service}, onde está a mudar o endereço para onde vão os códigos \
                 das suas assinaturas. Serve uma vez, durante {} minutos.\n\nSe não o está a fazer, não dê o código a \
                 ninguém.\n",
                code.digits.expose_secret(),
                code.minutes()
            ),
            (About::Waiting { app }, Language::En) => format!(
                "{} asks for a signature with your key at {service}.\n\nIf you have just started this yourself, sign in \
                 to your account there, as you always do, read the request, and approve it. It waits for five \
                 minutes.\n\nIf not, refuse it there, or let it pass: nothing is signed without your PIN.\n",
                unlinked(app)
            ),
            (About::Waiting { app }, Language::Pt) => format!(
                "{} pede uma assinatura com a sua chave em {service}.\n\nSe acabou de o iniciar, entre na sua conta, \
                 como costuma fazer, leia o pedido e aprove-o. Espera cinco minutos.\n\nSe não, recuse-o lá ou deixe-o \
                 passar: nada se assina sem o seu PIN.\n",
                unlinked(app)
            ),
            (About::Moved, Language::En) => format!(
                "Codes for your signatures at {service} go to another address from now on.\n\nIf it was not you who \
                 changed that, tell the operator of {service} at once.\n"
            ),
            (About::Moved, Language::Pt) => format!(
                "Os códigos das suas assinaturas em {service} passam a ir para outro endereço.\n\nSe não foi quem fez a \
                 mudança, avise já o operador de {service}.\n"
            ),
        })
    }
}

fn signature(code: &Code, app: &str, service: &str, language: Language) -> String {
    let (digits, minutes) = (code.digits.expose_secret(), code.minutes());
    match language {
        Language::En => format!(
            "{digits} is your code.\n\n{app} asked for it, for a signature with your key at {service}. It is good \
             once, for {minutes} minutes, together with your PIN.\n\nIf you are not signing anything now, give the \
             code to nobody: somebody may have learned your PIN.\n"
        ),
        Language::Pt => format!(
            "{digits} é o seu código.\n\nFoi pedido por {app}, para uma assinatura com a sua chave em {service}. \
             Serve uma vez, durante {minutes} minutos, juntamente com o seu PIN.\n\nSe não está a assinar nada, não \
             dê o código a ninguém: alguém pode ter descoberto o seu PIN.\n"
        ),
    }
}

/// A name without what breaks lines or turns writing around (A-29, A-30).
fn plain(name: &str) -> String {
    super::plain::plain(name, LONGEST)
}

/// An app's name without what programs make links of: no scheme, no host, no address. What looks like them stays
/// readable: `https://evil.example/a@b` is `https: evil[.]example a[@]b`.
fn unlinked(name: &str) -> String {
    let name: Vec<char> = plain(&name.replace(['/', '\\'], " ")).chars().collect();
    let mut out = String::with_capacity(name.len());
    for (place, c) in name.iter().enumerate() {
        let next_is = |fits: fn(char) -> bool| name.get(place + 1).is_some_and(|c| fits(*c));
        let is_host = is_dot(*c) && next_is(|c| !c.is_whitespace() && !is_dot(c));
        let is_scheme = matches!(c, ':' | '：') && next_is(|c| !c.is_whitespace());
        match c {
            '@' | '＠' => out.push_str("[@]"),
            _ if is_host => out.push_str("[.]"),
            _ if is_scheme => out.push_str(": "),
            c => out.push(*c),
        }
    }
    out
}

/// Points that stand between the labels of a host name (UTS 46).
const fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(about: About, language: Language) -> Notice {
        Notice { about, service: "rsign\r\nBcc: eve@example.org".to_owned(), language }
    }

    fn code() -> Code {
        Code { digits: "271828".into(), seconds: 300 }
    }

    #[test]
    fn it_says_code_app_and_time_and_the_subject_no_code() {
        for language in Language::ALL {
            let app = "Con\r\ntracts\u{202e}".to_owned();
            let notice = notice(About::Signature { code: code(), app }, language);
            let text = notice.text();
            let text = text.expose_secret();
            assert!(text.starts_with("271828 ") && text.contains("Con tracts") && text.contains(" 5 minut"), "{text}");
            assert!(!text.contains('\u{202e}') && !text.contains('\r'), "{text:?}");
            assert!(!notice.subject().contains("271828") && !notice.subject().contains('\n'));
            assert!(!format!("{notice:?}").contains("271828"));
        }
    }

    #[test]
    fn names_are_no_links_and_stay_readable() {
        for (name, said) in [
            ("Contracts", "Contracts"),
            ("Lda. & Filhos, S.A.", "Lda. & Filhos, S[.]A."),
            ("Signing: version 2.1", "Signing: version 2[.]1"),
            ("https://evil.example/a?b=c", "https: evil[.]example a?b=c"),
            ("HTTPS:\\\\EVIL\u{3002}EXAMPLE", "HTTPS: EVIL[.]EXAMPLE"),
            ("mailto:eve@evil.example", "mailto: eve[@]evil[.]example"),
            ("www\u{200b}.evil.example", "www[.]evil[.]example"),
            ("a\r\nb\u{202e}", "a b"),
        ] {
            assert_eq!(unlinked(name), said);
        }
        assert!(unlinked(&"a.".repeat(500)).chars().count() <= 4 * LONGEST);
    }

    #[test]
    fn none_leads_anywhere_and_subjects_are_one_line() {
        for language in Language::ALL {
            let app = || "Pay\r\n\r\nhttps://evil.example/approve www.evil.example eve@evil.example".to_owned();
            for about in [
                About::Signature { code: code(), app: app() },
                About::Address(code()),
                About::Waiting { app: app() },
                About::Moved,
            ] {
                let notice = Notice { about, service: "rsign\r\nBcc: eve".to_owned(), language };
                let text = notice.text();
                let text = text.expose_secret();
                let links = ["://", "https:/", "evil.example", "www.", "eve@", "Pay\n", "Pay\r"];
                assert!(links.iter().all(|link| !text.contains(link)), "{text}");
                assert!(!notice.subject().contains(['\r', '\n']), "{:?}", notice.subject());
                assert_eq!(notice.code().is_some(), notice.text().expose_secret().contains("271828"));
            }
        }
    }
}
