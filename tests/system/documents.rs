//! Schemathesis makes requests from the OpenAPI documents that the gateway serves, right ones and wrong ones, and judges
//! what comes back. Bounded here; `make fuzz-api` runs as long as one likes.

use std::process::Command;

use harness::{Sandbox, demanded, repository};

/// Of the same seed each time. All its checks are on but `ignored_auth` and `missing_required_header`: CSC wants 400 where they want 401, and the
/// gateway's table of methods and tokens covers that.
#[test]
fn schemathesis_finds_nothing() {
    let Some(python) = demanded("RSIGN_FUZZ", "target/fuzz/bin/python", "Schemathesis, an outsider's judgement") else {
        return;
    };
    // Of its own: wrong PINs that are tried here would be counted elsewhere.
    let sandbox = Sandbox::own();
    let mut command = Command::new(python);
    command.arg(repository("tests/fuzz/fuzz_api.py")).arg(sandbox.ready_file()).args(["--examples", "25"]);
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
    // It did reach what is behind the first error row.
    let trail = sandbox.trail();
    for event in ["authorized", "signed"] {
        assert!(trail.of(event, "success").count() > 0, "nothing was {event}: {}", String::from_utf8_lossy(&said));
    }
}

/// The documents as anybody finds them: as pages without a script, and as files with this service's own address.
#[tokio::test]
async fn documents_are_served_as_files_and_as_pages() {
    let shared = harness::shared();
    let root = reqwest::Certificate::from_pem(&std::fs::read(shared.ready.tls_ca.as_ref().unwrap()).unwrap()).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    let base = &shared.ready.oauth2;
    for (name, is_document) in
        [("csc-v1", true), ("csc-v2", true), ("channel", true), ("signer", true), ("choices", false)]
    {
        let page = http.get(format!("{base}/openapi/{name}")).send().await.unwrap();
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
        let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script-src"), "{policy}");
        let page = page.text().await.unwrap();
        assert!(!page.contains("<script") && page.contains("</html>"), "{name}");
        // Every link on the page leads somewhere.
        for link in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
            match link.split_once('#') {
                Some(("", id)) => assert!(page.contains(&format!("id=\"{id}\"")), "{name}: {link}"),
                _ if link.starts_with("http") => {}
                _ => {
                    let url = reqwest::Url::parse(&format!("{base}/openapi/{name}")).unwrap().join(link).unwrap();
                    let status = http.get(url).send().await.unwrap().status();
                    assert_eq!(status, 200, "{name}: {link}");
                }
            }
        }
        let file = http.get(format!("{base}/openapi/{name}.yaml")).send().await.unwrap();
        assert_eq!(file.status(), if is_document { 200 } else { 404 }, "{name}");
        if is_document {
            let text = file.text().await.unwrap();
            assert!(!text.contains("sign.example.org"), "{name} has the address of nobody");
            let read = rsign_openapi::Document::parse(&text).unwrap();
            assert!(read.operations().all(|operation| {
                page.contains(&format!("id=\"{}\"", operation.value["operationId"].as_str().unwrap()))
            }));
        }
    }
    let index = http.get(format!("{base}/openapi")).send().await.unwrap();
    assert!(index.url().path().ends_with("/openapi/csc-v2"));
    assert_eq!(http.get(format!("{base}/openapi/nobody.yaml")).send().await.unwrap().status(), 404);
}
