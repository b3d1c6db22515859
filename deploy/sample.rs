//! Holds a sample configuration to the types that read it: included by the tests of gateway and signer.

use std::collections::BTreeSet;
use std::fmt::Debug;

use serde::de::DeserializeOwned;

/// Checks that the sample can be read as it is and with everything in it, that what it shows as defaults are the defaults, and
/// that it names every setting.
pub(crate) fn holds<T: DeserializeOwned + Debug>(sample: &str) {
    read::<T>(sample);
    let defaults = format!("{:#?}", read::<T>(&uncommented(sample, is_example)));
    let shown = format!("{:#?}", read::<T>(&uncommented(sample, |_| true)));
    for (default, shown) in defaults.lines().zip(shown.lines()) {
        assert_eq!(shown, default, "the sample shows another default than there is");
    }
    assert_eq!(shown.lines().count(), defaults.lines().count());
    let named = named(sample);
    let known = known::<T>("");
    assert!(known.len() > 30, "{known:?}");
    let missing: Vec<_> = known.difference(&named).collect();
    assert!(missing.is_empty(), "the sample lacks {missing:?}");
}

fn read<T: DeserializeOwned>(text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A setting or a section that is commented out, without its mark.
fn hidden(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('#')?;
    (rest.starts_with('[') || setting(rest).is_some()).then_some(rest)
}

/// Sections that are not there by default are examples, too.
fn is_example(line: &str) -> bool {
    line.contains("# absent: ")
}

fn setting(line: &str) -> Option<&str> {
    let (name, _) = line.split_once(" = ")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

fn uncommented(sample: &str, which: impl Fn(&str) -> bool) -> String {
    let line = |line| hidden(line).filter(|_| which(line)).unwrap_or(line);
    sample.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Every setting that the sample names, in its section: `otp.email.host`.
fn named(sample: &str) -> BTreeSet<String> {
    let (mut section, mut named) = (String::new(), BTreeSet::new());
    for line in sample.lines() {
        let line = hidden(line).unwrap_or(line);
        if line.starts_with('[') {
            let end = line.rfind(']').unwrap_or_default();
            line[..end].trim_matches(['[', ']']).clone_into(&mut section);
            named.insert(section.clone());
        }
        // Also what a comment tells, as `engine = "mongo"`.
        for (at, _) in line.match_indices(" = ") {
            let name = line[..at].rsplit([' ', '"']).next().unwrap_or_default();
            named.insert(below(&section, name));
        }
    }
    named
}

fn below(section: &str, name: &str) -> String {
    if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") }
}

/// Every setting that the type knows, below this section. What it knows it says itself, where it is told what it does not.
fn known<T: DeserializeOwned>(section: &str) -> BTreeSet<String> {
    let mut known = BTreeSet::new();
    for name in fields::<T>(section) {
        let name = below(section, &name);
        let inside = self::known::<T>(&name);
        if inside.is_empty() {
            known.insert(name);
        }
        known.extend(inside);
    }
    known
}

fn fields<T: DeserializeOwned>(section: &str) -> BTreeSet<String> {
    let (table, list) = (format!("[{section}]\n"), format!("[[{section}]]\n"));
    let heads = if section.is_empty() { vec![String::new()] } else { vec![table, list] };
    let complaint = |text: &str| toml::from_str::<T>(text).err().map(|error| error.message().to_owned());
    let mut fields = BTreeSet::new();
    for head in heads {
        // A list of values can stand for a table, too, but is not meant.
        if !fields.is_empty() {
            break;
        }
        let said = complaint(&format!("{head}nobody_knows = 0\n")).unwrap_or_default();
        fields.extend(expected(&said, "unknown field `nobody_knows`"));
        // One of several kinds, and this says which.
        let Some(tag) = said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) else { continue };
        let kinds = complaint(&format!("{head}{tag} = \"nobody_knows\"\n")).unwrap_or_default();
        for kind in expected(&kinds, "unknown variant `nobody_knows`") {
            let said = complaint(&format!("{head}{tag} = {kind:?}\nnobody_knows = 0\n")).unwrap_or_default();
            fields.extend(expected(&said, "unknown field `nobody_knows`"));
            fields.insert(tag.to_owned());
        }
    }
    fields
}

/// What stands between backticks behind this.
fn expected(said: &str, behind: &str) -> Vec<String> {
    let rest = said.strip_prefix(behind).unwrap_or_default();
    rest.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
