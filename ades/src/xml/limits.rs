//! What is looked at before a foreign document is parsed: an encoding that we do not read, and tags that are made to take
//! long: the parser compares all attributes of a tag with each other, and copies the namespaces in scope where one is added.

use std::collections::BTreeSet;

/// Most attributes and namespace declarations of one tag.
const ATTRIBUTES: usize = 1000;

/// Most namespace declarations, times the number of different prefixes.
const NAMESPACES: usize = 4_000_000;

/// Most names that are in a namespace or might be, times the number of different prefixes: the parser looks among those in
/// scope for each.
const LOOKED_UP: usize = 400_000_000;

/// That the XML declaration, if there is one, says XML 1.0 (XML 1.1 has no canonical form) in UTF-8, or in ASCII where that
/// is so (XML 1.0, 4.3.3).
pub(super) fn declaration(whole: &str) -> Result<(), &'static str> {
    let text = whole.strip_prefix('\u{feff}').unwrap_or(whole);
    let Some((declaration, _)) = text.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")) else {
        return Ok(());
    };
    if !declaration.starts_with(|next: char| next.is_ascii_whitespace()) {
        // Some other instruction.
        return Ok(());
    }
    if value(declaration, "version") != Some("1.0") {
        return Err("only XML 1.0 has a canonical form");
    }
    match value(declaration, "encoding") {
        None => Ok(()),
        Some(name) if name.eq_ignore_ascii_case("UTF-8") => Ok(()),
        Some(name) if name.eq_ignore_ascii_case("US-ASCII") && whole.is_ascii() => Ok(()),
        Some(_) => Err("it declares another encoding than UTF-8"),
    }
}

/// The value of a pseudo-attribute.
fn value<'a>(declaration: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = declaration.split_once(name)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| "\"'".contains(*quote))?;
    rest[1..].split_once(quote).map(|(value, _)| value)
}

/// That no tag has too many attributes, and that there are not too many namespaces.
pub(super) fn size(text: &str) -> Result<(), &'static str> {
    let (mut declared, mut names, mut prefixes) = (0_usize, 0_usize, BTreeSet::new());
    let mut rest = text;
    while let Some((_, tag)) = rest.split_once('<') {
        if let Some(skipped) =
            [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>")].into_iter().find_map(|(open, close)| {
                let inside = tag.strip_prefix(open)?;
                Some(inside.split_once(close).map_or("", |(_, after)| after))
            })
        {
            rest = skipped;
            continue;
        }
        names += usize::from(!tag.starts_with('/'));
        let (mut quote, mut attributes, mut end) = (None, 0, tag.len());
        for (at, octet) in tag.bytes().enumerate() {
            match (quote, octet) {
                (None, b'"' | b'\'') => quote = Some(octet),
                (Some(open), _) if open == octet => quote = None,
                (None, b'=') => {
                    attributes += 1;
                    let name = tag[..at].trim_ascii_end();
                    let name = name.rsplit(|next: char| next.is_ascii_whitespace()).next().unwrap_or_default();
                    if name.starts_with("xmlns") {
                        declared += 1;
                        prefixes.insert(name);
                    } else {
                        names += usize::from(name.contains(':'));
                    }
                }
                (None, b'>') => {
                    end = at;
                    break;
                }
                _ => {}
            }
            if attributes > ATTRIBUTES {
                return Err("a tag has too many attributes");
            }
        }
        let looked_up = names.saturating_mul(prefixes.len());
        if declared.saturating_mul(prefixes.len()) > NAMESPACES || looked_up > LOOKED_UP {
            return Err("it has too many namespaces");
        }
        rest = &tag[end..];
    }
    Ok(())
}
