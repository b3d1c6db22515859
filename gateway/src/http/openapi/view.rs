//! A document as its page shows it.

use pulldown_cmark::{Options, Parser, html::push_html};
use rsign_openapi::{Document, Operation};
use serde_json::Value;

use super::schema::{Kind, Member, kind, members};

/// A document.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) title: &'a str,
    pub(super) version: &'a str,
    pub(super) summary: &'a str,
    pub(super) about: String,
    pub(super) groups: Vec<Group<'a>>,
    pub(super) security: Vec<(&'a str, String)>,
    pub(super) schemas: Vec<Schema<'a>>,
}

/// Operations of one tag.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) about: String,
    pub(super) operations: Vec<Shown<'a>>,
}

/// An operation.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) id: &'a str,
    pub(super) method: String,
    pub(super) path: &'a str,
    pub(super) summary: &'a str,
    pub(super) about: String,
    pub(super) deprecated: bool,
    /// What authorizes it: each is one way.
    pub(super) ways: Vec<String>,
    pub(super) parameters: Vec<Member<'a>>,
    pub(super) request: Option<Content<'a>>,
    pub(super) answers: Vec<Answer<'a>>,
}

/// A body.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pub(super) media: &'a str,
    pub(super) kind: Kind<'a>,
    pub(super) examples: Vec<Example<'a>>,
}

/// An example, as JSON.
#[derive(Debug)]
pub(super) struct Example<'a> {
    pub(super) name: &'a str,
    pub(super) summary: &'a str,
    pub(super) text: String,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    pub(super) status: &'a str,
    pub(super) about: String,
    pub(super) headers: Vec<&'a str>,
    pub(super) content: Option<Content<'a>>,
    /// Every `error` there is, and every sentence, in the order in which they are judged.
    pub(super) codes: Vec<&'a str>,
    pub(super) sentences: Vec<&'a str>,
}

/// A schema that others refer to.
#[derive(Debug)]
pub(super) struct Schema<'a> {
    pub(super) name: &'a str,
    pub(super) about: String,
    pub(super) kind: Kind<'a>,
    pub(super) members: Vec<Member<'a>>,
}

/// What stands there, if it is a text.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A description as HTML. The documents are ours: nothing of a stranger is in them.
pub(super) fn html(markdown: &str) -> String {
    let mut html = String::new();
    push_html(&mut html, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    // The page has headings of its own, and its neighbours are pages too.
    for (from, to) in [("<h2>", "<h4>"), ("</h2>", "</h4>"), ("<h1>", "<h3>"), ("</h1>", "</h3>")] {
        html = html.replace(from, to);
    }
    // Wide tables are moved sideways, by keys too.
    html =
        html.replace("<table>", "<div class=\"scroll\" tabindex=\"0\"><table>").replace("</table>", "</table></div>");
    html.replace(".yaml\">", "\">").replace("README.md\">README.md<", "choices\">choices<")
}

fn object<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
    let members = value.get(name).and_then(Value::as_object);
    members.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

fn array<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

impl<'a> View<'a> {
    /// Of this document.
    pub(super) fn of(document: &'a Document) -> Self {
        let value = &document.value;
        let info = value.get("info").unwrap_or(&Value::Null);
        let components = value.get("components").unwrap_or(&Value::Null);
        let group = |tag: &'a Value| {
            let name = text(tag, "name");
            let mine = document.operations().filter(|found| array(found.value, "tags").any(|tag| tag == name));
            let operations = mine.map(|operation| shown(document, operation)).collect();
            Group { name, about: html(text(tag, "description")), operations }
        };
        let schema = |(name, value): (&'a str, &'a Value)| Schema {
            name,
            about: html(text(value, "description")),
            kind: kind(value),
            members: members(value),
        };
        Self {
            title: text(info, "title"),
            version: text(info, "version"),
            summary: text(info, "summary"),
            about: html(text(info, "description")),
            groups: array(value, "tags").map(group).collect(),
            security: object(components, "securitySchemes")
                .map(|(name, way)| (name, html(text(way, "description"))))
                .collect(),
            schemas: object(components, "schemas").map(schema).collect(),
        }
    }
}

impl<'a> View<'a> {
    /// A text without operations.
    pub(super) fn of_text(title: &'a str, markdown: &str) -> Self {
        let (groups, security, schemas) = (Vec::new(), Vec::new(), Vec::new());
        Self { title, version: "", summary: "", about: html(markdown), groups, security, schemas }
    }
}

fn shown<'a>(document: &'a Document, operation: Operation<'a>) -> Shown<'a> {
    let value = operation.value;
    let item = document.value.get("paths").and_then(|paths| paths.get(operation.path)).unwrap_or(&Value::Null);
    let parameters = array(item, "parameters").chain(array(value, "parameters"));
    let security = value.get("security").or_else(|| document.value.get("security"));
    let way = |way: &Value| {
        let names: Vec<&str> = way.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
    };
    Shown {
        id: text(value, "operationId"),
        method: operation.method.to_uppercase(),
        path: operation.path,
        summary: text(value, "summary"),
        about: html(text(value, "description")),
        deprecated: value.get("deprecated") == Some(&Value::Bool(true)),
        ways: security.and_then(Value::as_array).into_iter().flatten().map(way).collect(),
        parameters: parameters.map(|parameter| parameter_of(document.resolve(parameter))).collect(),
        request: value.get("requestBody").and_then(content),
        answers: object(value, "responses").map(|(status, value)| answer(document, status, value)).collect(),
    }
}

fn parameter_of(value: &Value) -> Member<'_> {
    let inside = value.get("content").and_then(|content| content.get("application/json"));
    let schema = value.get("schema").or_else(|| inside?.get("schema"));
    Member {
        name: text(value, "name"),
        required: value.get("required") == Some(&Value::Bool(true)),
        kind: kind(schema.unwrap_or(&Value::Null)),
        about: html(text(value, "description")),
    }
}

fn content(value: &Value) -> Option<Content<'_>> {
    let (media, body) = object(value, "content").next()?;
    let one = body.get("example").map(|value| ("", "", value)).into_iter();
    let several = object(body, "examples")
        .filter_map(|(name, example)| Some((name, text(example, "summary"), example.get("value")?)));
    let examples = one.chain(several).map(|(name, summary, value)| Example {
        name,
        summary,
        text: serde_json::to_string_pretty(value).unwrap_or_default(),
    });
    let schema = body.get("schema").unwrap_or(&Value::Null);
    Some(Content { media, kind: kind(schema), examples: examples.collect() })
}

fn answer<'a>(document: &'a Document, status: &'a str, value: &'a Value) -> Answer<'a> {
    let value = document.resolve(value);
    let told = value.pointer("/content/application~1json/schema/properties").unwrap_or(&Value::Null);
    Answer {
        status,
        about: html(text(value, "description")),
        headers: object(value, "headers").map(|(name, _)| name).filter(|name| *name != "Cache-Control").collect(),
        content: content(value),
        codes: words(told.get("error")),
        sentences: words(told.get("error_description")),
    }
}

/// The texts that a schema names.
fn words(schema: Option<&Value>) -> Vec<&str> {
    let Some(schema) = schema else { return Vec::new() };
    let constant = schema.get("const").or_else(|| schema.get("pattern")).and_then(Value::as_str);
    let listed = array(schema, "enum").filter_map(Value::as_str);
    let chosen = array(schema, "anyOf").flat_map(|choice| words(Some(choice)));
    constant.into_iter().chain(listed).chain(chosen).collect()
}
