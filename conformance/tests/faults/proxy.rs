//! A proxy before a real service that may change what is asked and what is answered.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use serde_json::{Value, json};

/// A request on its way to the service.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) verb: Method,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// An answer on its way back.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What came by before, and a place for notes.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) before: Vec<(Asked, Told)>,
    pub(crate) notes: Vec<(String, Value)>,
}

/// May change a request, or answer it itself.
pub(crate) type Before = fn(&mut Asked, &Memory) -> Option<Told>;
/// May change an answer.
pub(crate) type After = fn(&Asked, &mut Told, &mut Memory);

/// One thing between the checker and the service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer {
    pub(crate) before: Before,
    pub(crate) after: After,
}

impl Layer {
    /// Nothing.
    pub(crate) const NONE: Self = Self { before: |_, _| None, after: |_, _, _| {} };
}

impl Asked {
    /// The method's name, as `info` has it, or the path without query.
    pub(crate) fn method(&self) -> &str {
        let path = self.path.split('?').next().unwrap();
        match path.strip_prefix("/csc/") {
            Some(rest) => rest.split_once('/').map_or("", |(_, method)| method),
            None => path.trim_start_matches('/'),
        }
    }

    pub(crate) fn is(&self, method: &str) -> bool {
        self.method() == method
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Changes the body.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        let mut json = self.json();
        change(&mut json);
        self.body = json.to_string().into_bytes();
    }

    /// Whether the form or the text of the body has this.
    pub(crate) fn says(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.body).contains(text)
    }

    /// The first hash, under either name.
    pub(crate) fn hashes(&self) -> Value {
        let json = self.json();
        if json["hash"].is_null() { json["hashes"].clone() } else { json["hash"].clone() }
    }
}

impl Told {
    pub(crate) fn json_body(status: u16, body: &Value) -> Self {
        let headers = HeaderMap::from_iter([
            ("content-type".parse().unwrap(), HeaderValue::from_static("application/json")),
            ("cache-control".parse().unwrap(), HeaderValue::from_static("no-store")),
        ]);
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    pub(crate) fn error(status: u16, error: &str, sentence: &str) -> Self {
        Self::json_body(status, &json!({ "error": error, "error_description": sentence }))
    }

    pub(crate) fn nothing() -> Self {
        Self { status: 204, headers: HeaderMap::new(), body: Vec::new() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Changes the body, if it is an object.
    pub(crate) fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        let mut json = self.json();
        if json.is_object() {
            change(&mut json);
            self.body = json.to_string().into_bytes();
        }
    }

    pub(crate) fn is_error(&self) -> bool {
        self.status >= 400
    }

    pub(crate) fn header(&mut self, name: &'static str, value: &str) {
        self.headers.insert(name, value.parse().unwrap());
    }
}

impl Memory {
    /// The last request of this method that was answered with 200.
    pub(crate) fn last(&self, method: &str) -> Option<&(Asked, Told)> {
        self.before.iter().rev().find(|(asked, told)| asked.is(method) && told.status == 200)
    }

    pub(crate) fn note(&self, name: &str) -> Option<&Value> {
        self.notes.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(crate) fn write(&mut self, name: impl Into<String>, value: Value) {
        self.notes.push((name.into(), value));
    }
}

struct Proxy {
    upstream: String,
    own: String,
    http: reqwest::Client,
    layers: Vec<Layer>,
    memory: Mutex<Memory>,
}

/// Starts one; gives its address. It ends with the runtime.
pub(crate) async fn start(upstream: &str, http: &reqwest::Client, layers: Vec<Layer>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    let (upstream, http, memory) = (upstream.to_owned(), http.clone(), Mutex::default());
    let proxy = Arc::new(Proxy { upstream, own: own.clone(), http, layers, memory });
    let router = Router::new().fallback(pass).with_state(proxy);
    tokio::spawn(async move { axum::serve(listener, router).await });
    own
}

async fn pass(State(proxy): State<Arc<Proxy>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let mut asked = Asked {
        verb: head.method,
        path: head.uri.path_and_query().unwrap().to_string(),
        headers: head.headers,
        body: to_bytes(body, usize::MAX).await.unwrap().to_vec(),
    };
    // The first layer is nearest to the checker. What the checker asked is what an answer is changed for.
    let original = asked.clone();
    let own = {
        let memory = proxy.memory.lock().unwrap();
        proxy.layers.iter().find_map(|layer| (layer.before)(&mut asked, &memory))
    };
    let mut told = match own {
        Some(told) => told,
        None => proxy.forward(&asked).await,
    };
    let mut memory = proxy.memory.lock().unwrap();
    for layer in proxy.layers.iter().rev() {
        (layer.after)(&original, &mut told, &mut memory);
    }
    memory.before.push((original, told.clone()));
    let mut response = Response::new(Body::from(told.body));
    *response.status_mut() = StatusCode::from_u16(told.status).unwrap();
    *response.headers_mut() = told.headers;
    response
}

impl Proxy {
    async fn forward(&self, asked: &Asked) -> Told {
        let mut headers = asked.headers.clone();
        for name in ["host", "content-length", "connection"] {
            headers.remove(name);
        }
        let url = format!("{}{}", self.upstream, asked.path);
        let request = self.http.request(asked.verb.clone(), url).headers(headers).body(asked.body.clone());
        let answer = request.send().await.unwrap();
        let (status, mut headers) = (answer.status().as_u16(), answer.headers().clone());
        for name in ["content-length", "transfer-encoding", "connection"] {
            headers.remove(name);
        }
        let mut body = answer.bytes().await.unwrap().to_vec();
        // The service names itself in `info`, in its metadata and where it sends browsers.
        if let Ok(text) = std::str::from_utf8(&body) {
            body = text.replace(&self.upstream, &self.own).into_bytes();
        }
        if let Some(location) = headers.get("location").and_then(|value| value.to_str().ok()) {
            let location = location.replace(&self.upstream, &self.own);
            headers.insert("location", location.parse().unwrap());
        }
        Told { status, headers, body }
    }
}
