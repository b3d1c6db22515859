//! A schema in a few words.

use serde_json::Value;

use super::view::{html, text};

/// What a value may be.
#[derive(Debug, Default)]
pub(super) struct Kind<'a> {
    /// The schema it is, if that has a name.
    pub(super) link: Option<&'a str>,
    /// In words: `string`, `array of`.
    pub(super) words: String,
    /// The only values there are.
    pub(super) values: Vec<String>,
    /// What else bounds it.
    pub(super) bounds: Vec<String>,
}

/// A member of an object, or a parameter.
#[derive(Debug)]
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    pub(super) required: bool,
    pub(super) kind: Kind<'a>,
    pub(super) about: String,
}

/// A schema's kind.
pub(super) fn kind(schema: &Value) -> Kind<'_> {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return Kind { link: target.rsplit('/').next(), ..Kind::default() };
    }
    for choices in ["anyOf", "oneOf"] {
        // What stands beside the first choice is what else is put up with.
        if let Some(first) = schema.get(choices).and_then(|choices| choices.get(0))
            && schema.get("properties").is_none()
            && first.get("required").is_none()
        {
            return kind(first);
        }
    }
    if let Some(items) = schema.get("items") {
        let inner = kind(items);
        let words = if inner.words.is_empty() { "array of".to_owned() } else { format!("array of {}", inner.words) };
        return Kind { words, bounds: [bounds(schema), inner.bounds].concat(), ..inner };
    }
    let constant = schema.get("const").into_iter();
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<String> = constant.chain(listed).filter(|value| !value.is_null()).map(plain).collect();
    let types = match schema.get("type") {
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(several)) => {
            let named = several.iter().filter_map(Value::as_str).filter(|one| *one != "null");
            named.collect::<Vec<_>>().join(" or ")
        }
        _ if values.is_empty() => "anything".to_owned(),
        _ => String::new(),
    };
    Kind { link: None, words: if values.is_empty() { types } else { String::new() }, values, bounds: bounds(schema) }
}

/// The members of an object, those that have to be there first.
pub(super) fn members(schema: &Value) -> Vec<Member<'_>> {
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        names.filter_map(Value::as_str).any(|required| required == name)
    };
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let mut members: Vec<Member<'_>> = properties
        .map(|(name, value)| Member {
            name,
            required: required(name),
            kind: kind(value),
            about: html(text(value, "description")),
        })
        .collect();
    members.sort_by_key(|member| !member.required);
    members
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Limits and patterns, as JSON Schema names them.
fn bounds(schema: &Value) -> Vec<String> {
    let number = |name: &str, words: &str| schema.get(name).map(|limit| format!("{words} {limit}"));
    let limits = [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "characters: at least"),
        ("maxLength", "characters: at most"),
        ("minItems", "items: at least"),
        ("maxItems", "items: at most"),
    ];
    let limits = limits.into_iter().filter_map(|(name, words)| number(name, words));
    let pattern = schema.get("pattern").and_then(Value::as_str).map(str::to_owned);
    let format = schema.get("format").and_then(Value::as_str).map(str::to_owned);
    limits.chain(pattern).chain(format).collect()
}
