//! Whether foreign words are what they should be.

/// A media type: type and subtype, perhaps with parameters (RFC 9110, 8.3.1).
pub(crate) fn is_media_type(text: &str) -> bool {
    let (name, parameters) = text.split_once(';').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet))
    };
    let parameter = |one: &str| {
        one.trim_matches([' ', '\t']).split_once('=').is_some_and(|(name, value)| {
            let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let plain =
                |text: &str| text.bytes().all(|octet| (b' '..=b'~').contains(&octet) && !b"\"\\".contains(&octet));
            token(name) && (token(value) || quoted.is_some_and(plain))
        })
    };
    text.len() <= 256
        && name.trim_end().split_once('/').is_some_and(|(kind, sub)| token(kind) && token(sub))
        && parameters.is_none_or(|all| all.split(';').all(parameter))
}

/// A scheme, a colon, and nothing that a URI cannot have (RFC 3986).
pub(crate) fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
        && text.len() > scheme.len() + 1
        && text.bytes().all(|octet| octet.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_their_parameters() {
        for good in ["text/xml", "application/vnd.a+json", "text/plain; charset=utf-8", "a/b;c=\"d e\";f=g"] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in ["", "json", "a/", "/b", "a/b/c", "a b/c", "a/b;", "a/b;c", "a/b; c=\"", "a/b\u{0}", "a/b;c=\"\\\""]
        {
            assert!(!is_media_type(bad), "{bad}");
        }
    }

    #[test]
    fn uris() {
        for good in ["urn:oid:1.2.3", "http://uri.etsi.org/01903/v1.2.2#ProofOfOrigin", "a:b"] {
            assert!(is_uri(good), "{good}");
        }
        for bad in ["", "x", ":x", "a:", "1a:b", "a b:c", "a:b c", "a:<", "a:\u{e9}"] {
            assert!(!is_uri(bad), "{bad}");
        }
    }
}
