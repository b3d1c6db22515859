//! The routes of the router are those of the documents, verb by verb.

use axum::body::Body;
use axum::http::Request;

use super::*;
use crate::http::channel;
use crate::http::methods::offered;
use crate::http::router::unversioned;

/// The verbs the router takes at this path, as it says itself.
async fn verbs(bench: &Bench, path: &str) -> BTreeSet<String> {
    let request = Request::builder().method("PURGE").uri(path.replace("{id}", "worker")).body(Body::empty()).unwrap();
    let response = bench.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 405, "{path}");
    let allow = response.headers()[header::ALLOW].to_str().unwrap();
    // HEAD comes with GET, and OPTIONS is for browsers that ask whether they may (CORS).
    let verbs = allow.split(',').map(|verb| verb.trim().to_ascii_lowercase());
    verbs.filter(|verb| verb != "head" && verb != "options").collect()
}

#[tokio::test]
async fn every_route_is_documented() {
    let bench = everything(PATIENT).await;
    let judges = judges();
    let documented = |path: &str| {
        let all = judges.iter().flat_map(|judge| judge.document.operations());
        set(all.filter(|operation| operation.path == path).map(|found| found.method))
    };
    for path in unversioned().iter().map(|(path, _)| *path).chain(channel::PATHS) {
        assert_eq!(verbs(&bench, path).await, documented(path), "{path}");
    }
    for name in offered(&bench.site.config).map(|method| method.name) {
        let paths = ["v1", "v2"].map(|version| format!("/csc/{version}/{name}"));
        assert!(paths.iter().any(|path| !documented(path).is_empty()), "{name} is in no document");
        for path in paths {
            let documented = documented(&path);
            // The tables of the versions are the same, so a method of one version alone is routed under both.
            assert!(documented.is_empty() || documented == verbs(&bench, &path).await, "{path}");
            assert_eq!(verbs(&bench, &path).await, verbs(&bench, &path.replace("/v1/", "/v0/")).await);
        }
    }
}

#[tokio::test]
async fn every_operation_is_routed() {
    let bench = everything(PATIENT).await;
    let routed: Vec<&str> = unversioned().iter().map(|(path, _)| *path).chain(channel::PATHS).collect();
    let names: Vec<&str> = offered(&bench.site.config).map(|method| method.name).collect();
    for judge in &judges() {
        for operation in judge.document.operations() {
            let name = operation.path.strip_prefix("/csc/").and_then(|path| path.split_once('/')).map(|(_, name)| name);
            let is_routed = name.map_or_else(|| routed.contains(&operation.path), |name| names.contains(&name));
            assert!(is_routed, "{}", operation.path);
        }
    }
}

#[tokio::test]
async fn info_names_what_is_documented() {
    let bench = everything(PATIENT).await;
    for (judge, version) in csc().iter().zip(["v1", "v2"]) {
        let info = bench.send(&format!("/csc/{version}/info"), None, "application/json", "{}").await.json;
        let named = set(info["methods"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()));
        let prefix = format!("/csc/{version}/");
        let documented = judge.document.operations().filter_map(|operation| operation.path.strip_prefix(&prefix));
        assert_eq!(named, set(documented.filter(|name| *name != "info")));
    }
}
