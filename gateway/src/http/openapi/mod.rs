//! The OpenAPI documents, as files and as pages (`/openapi`). They are served with this service's own address in them.

mod schema;
mod view;

use std::sync::{Arc, OnceLock};

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use rsign_api::version::Version;
use rsign_openapi::{CHANNEL, CHOICES, CSC_V1, CSC_V2, Document, SIGNER};

use super::account::{page, style};
use super::error::Problem;
use super::site::Site;
use view::View;

/// The address that stands in the documents.
const EXAMPLE: &str = "https://sign.example.org";

/// A document, as it is served.
#[derive(Debug)]
pub(super) struct Shown {
    name: &'static str,
    yaml: Option<String>,
    html: String,
}

/// What is served; made when somebody asks for the first time.
#[derive(Debug, Default)]
pub(super) struct Shelf(OnceLock<Vec<Shown>>);

#[derive(Template)]
#[template(path = "openapi.html")]
struct Page<'a> {
    service: &'a str,
    style: &'static str,
    name: &'static str,
    names: [&'static str; 5],
    view: View<'a>,
}

/// The documents, and last the page of the choices.
const NAMES: [&str; 5] = ["csc-v1", "csc-v2", "channel", "signer", "choices"];

impl Page<'_> {
    /// For `aria-current` among the documents.
    fn is_here(&self, name: &str) -> bool {
        self.name == name
    }
}

impl Shelf {
    fn documents(&self, site: &Site) -> Result<&[Shown], Problem> {
        if let Some(shown) = self.0.get() {
            return Ok(shown);
        }
        let texts = [CSC_V1, CSC_V2, CHANNEL, SIGNER, CHOICES];
        let shown = NAMES.into_iter().zip(texts).map(|(name, text)| show(site, name, text));
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        Ok(self.0.get_or_init(|| shown))
    }
}

fn show(site: &Site, name: &'static str, text: &str) -> Result<Shown, Problem> {
    let render = |view| {
        let page = Page { service: &site.config.info.name, style: style::path(), name, names: NAMES, view };
        page.render().map_err(Problem::internal)
    };
    if name == "choices" {
        return Ok(Shown { name, yaml: None, html: render(View::of_text("rsign: choices", text))? });
    }
    let yaml = text.replace(EXAMPLE, &site.public_url);
    let document = Document::parse(&yaml).map_err(Problem::internal)?;
    let html = render(View::of(&document))?;
    Ok(Shown { name, yaml: Some(yaml), html })
}

/// `/openapi`: the newest version's page.
pub(super) async fn index() -> Response {
    page::go("/openapi/csc-v2")
}

/// `/openapi/csc-v2`: its page. `/openapi/csc-v2.yaml`: the document.
pub(super) async fn document(State(site): State<Arc<Site>>, headers: HeaderMap, Path(file): Path<String>) -> Response {
    let documents = match site.documents.documents(&site) {
        Ok(documents) => documents,
        Err(problem) => return problem.response(Version::V2),
    };
    let (name, is_text) = match file.strip_suffix(".yaml") {
        Some(name) => (name, true),
        None => (file.as_str(), false),
    };
    let found = documents.iter().find(|document| document.name == name);
    match (found, found.and_then(|document| document.yaml.as_ref()).filter(|_| is_text)) {
        (Some(_), Some(yaml)) => {
            let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/yaml; charset=utf-8"));
            let sniff = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            ([kind, sniff], yaml.clone()).into_response()
        }
        (Some(document), None) if !is_text => page::ready(document.html.clone()),
        _ => page::missing(&site, &headers),
    }
}
