//! The last page of the browser: it leads back to the terminal, and says so where nothing was signed.

/// What it says.
struct Words {
    language: &'static str,
    title: &'static str,
    said: &'static str,
}

const ENGLISH: [Words; 2] = [
    Words {
        language: "en",
        title: "The terminal has your answer",
        said: "You can close this window and go back to the terminal.",
    },
    Words {
        language: "en",
        title: "Nothing was signed",
        said: "It was not approved. You can close this window; the terminal says more.",
    },
];

const PORTUGUESE: [Words; 2] = [
    Words {
        language: "pt",
        title: "O terminal recebeu a sua resposta",
        said: "Pode fechar esta janela e voltar ao terminal.",
    },
    Words {
        language: "pt",
        title: "Nada foi assinado",
        said: "Não foi aprovado. Pode fechar esta janela; o terminal diz mais.",
    },
];

/// In the first of these languages (`Accept-Language`) that there is, else in English.
pub(super) fn page(languages: &str, is_refused: bool) -> String {
    let tags = languages.split(',').map(|one| one.split(['-', ';']).next().unwrap_or_default().trim());
    let is_portuguese =
        tags.map(str::to_ascii_lowercase).find(|tag| tag == "pt" || tag == "en").as_deref() == Some("pt");
    let [answered, refused] = if is_portuguese { PORTUGUESE } else { ENGLISH };
    let Words { language, title, said } = if is_refused { refused } else { answered };
    format!(
        "<!doctype html><html lang={language}><meta charset=utf-8><meta name=viewport content='width=device-width'>\
         <title>{title} - rsign</title><h1>{title}</h1><p>{said}"
    )
}

#[cfg(test)]
mod tests {
    use super::page;

    #[test]
    fn it_says_what_came_of_it_in_the_browsers_language() {
        let title = |languages, is_refused| {
            let page = page(languages, is_refused);
            page.split("<h1>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
        };
        for (languages, english) in [
            ("", true),
            ("en-GB,en;q=0.9", true),
            ("pt-PT,pt;q=0.9,en;q=0.8", false),
            ("de, PT;q=0.5", false),
            ("fr", true),
        ] {
            let expected = if english { "Nothing was signed" } else { "Nada foi assinado" };
            assert_eq!(title(languages, true), expected, "{languages}");
            assert!(!title(languages, false).contains("sign") && !title(languages, false).contains("assinado"));
        }
    }
}
