//! Every check is seen to pass on a right service and to fail on a wrong one.
//!
//! The service is a real sandbox; between it and the checker stands a proxy ([`proxy`]) that makes one mistake at a
//! time ([`table`]). What no credential of the sandbox shows is played ([`play`]).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on shall say where")]

mod approver;
mod play;
mod proxy;
mod table;

use std::path::Path;

use futures_util::future::join_all;
use harness::{Sandbox, repository};
use proxy::Layer;
use rsign_conformance::check::{Check, Severity, Version};
use rsign_conformance::checks::CHECKS;
use rsign_conformance::{
    Finding, Known, Lifecycle, Options, Outcome, Profile, Progress, Report, Service, Verdict, run,
};

/// Whether checks are told of does not matter here.
struct Silent;

impl Progress for Silent {
    fn service(&mut self, _: &Service, _: usize) {}
    fn begins(&mut self, _: &Check) {}
    fn ends(&mut self, _: &Finding) {}
}

/// A sandbox, and the profile its ready file gives, with somebody who approves in a browser.
struct Subject {
    sandbox: Sandbox,
    profile: Profile,
    http: reqwest::Client,
}

impl Subject {
    async fn start() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let sandbox = Sandbox::own();
        let mut profile = Profile::of_ready_file(&sandbox.ready_file()).unwrap();
        profile.credentials[0].approve_command = Some(approver::start(&sandbox).await);
        profile.implicit.as_mut().unwrap().approve_command = Some(approver::start_elsewhere(&sandbox).await);
        profile.coded.push(approver::with_an_app(&sandbox).await);
        let approve_command = profile.credentials[0].approve_command.clone().unwrap();
        profile.lifecycle = Some(Lifecycle { approve_command, certificate_policy: None });
        let root = std::fs::read(sandbox.ready.tls_ca.as_ref().unwrap()).unwrap();
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let http = http.tls_certs_only([reqwest::Certificate::from_pem(&root).unwrap()]).build().unwrap();
        Self { sandbox, profile, http }
    }

    /// Runs these checks through a proxy with these layers.
    async fn check(&self, versions: &[Version], only: &[&str], layers: Vec<Layer>, known: Known) -> Report {
        let own = proxy::start(&self.sandbox.ready.oauth2, &self.http, layers).await;
        let urls = versions.iter().map(|version| format!("{own}/csc/{}", version.name())).collect();
        let profile = Profile { urls, ..self.profile.clone() };
        let only = only.iter().map(ToString::to_string).collect();
        run(&profile, &Options { only, known }, &mut Silent).await.unwrap()
    }

    /// What comes of one check in one version.
    async fn one(&self, check: &str, version: Version, layers: Vec<Layer>) -> Outcome {
        let report = self.check(&[version], &[check], layers, Known::default()).await;
        let [finding] = &report.services[0].findings[..] else { panic!("{check} is one check") };
        finding.outcome.clone()
    }
}

impl Subject {
    /// What comes of a check in each of its versions, with this layer nearest to it.
    async fn each(&self, check: &Check, layer: Layer) -> Vec<Outcome> {
        let layers = || std::iter::once(layer).chain(play::situation(check.id)).collect();
        let versions = BOTH.into_iter().filter(|version| check.is_in(*version));
        let outcomes = versions.map(|version| self.one(check.id, version, layers()));
        if !check.id.starts_with("codes.") {
            return join_all(outcomes).await;
        }
        // A newer code ends the one before, whichever version it was asked for in.
        let mut in_turn = Vec::new();
        for outcome in outcomes {
            in_turn.push(outcome.await);
        }
        in_turn
    }
}

const BOTH: [Version; 2] = [Version::V1, Version::V2];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_check_passes_on_a_right_service_and_fails_on_a_wrong_one() {
    let subject = Subject::start().await;
    the_sandbox_is_right(&subject).await;
    what_is_played_is_right(&subject).await;
    every_fault_is_noticed(&subject).await;
}

/// Nothing that must or should be is wrong, nothing could not be run, and known failures are as known.toml says.
async fn the_sandbox_is_right(subject: &Subject) {
    let known = Known::read(&repository("conformance/known.toml")).unwrap();
    let report = subject.check(&BOTH, &[], Vec::new(), known).await;
    for finding in report.services.iter().flat_map(|service| &service.findings) {
        let Finding { id, outcome, severity, seen, .. } = finding;
        let wrong = outcome.outcome.wants_mending();
        assert!(!wrong, "{id} ({}): {outcome:?}\n{:#?}", severity.name(), seen.last());
        let done = matches!(outcome.outcome, Verdict::Passed | Verdict::KnownFailure);
        assert!(done || play::is_needed(id), "{id}: the sandbox has what it needs, and it was not run: {outcome:?}");
    }
    assert_eq!(report.exit_code(), 0);
    no_secret_is_in(&report, subject);
}

/// A report can be sent to anybody.
fn no_secret_is_in(report: &Report, subject: &Subject) {
    let pages = [
        rsign_conformance::report::json::write(report),
        rsign_conformance::report::html::write(report).unwrap(),
        rsign_conformance::report::junit::write(report).unwrap(),
        rsign_conformance::report::text::write(report, true),
    ];
    let ready = &subject.sandbox.ready;
    let clients = ready.clients.iter().filter_map(|client| client.client_secret.clone());
    let users = ready.users.iter().map(|user| user.password.clone());
    // The wrong PIN that is tried must not tell the right one either.
    let pins: Vec<String> = ready.users[0].credentials.iter().map(|credential| credential.pin.clone()).collect();
    for secret in clients.chain(users).chain(pins) {
        assert!(pages.iter().all(|page| !page.contains(&secret)), "a secret is in a report");
    }
    // Tokens and SADs by their look: a few characters are shown, no more.
    for begin in ["st_", "rt_", "sad_"] {
        for page in &pages {
            let begins = |at: &usize| !page[..*at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            for at in page.match_indices(begin).map(|(at, _)| at).filter(begins) {
                let token =
                    page[at + begin.len()..].bytes().take_while(|c| c.is_ascii_alphanumeric() || b"-_".contains(c));
                assert!(token.count() < 20, "a token is in a report: {}", &page[at..at + 12]);
            }
        }
    }
}

/// A check that does not apply to the sandbox passes where what it needs is played by the rules.
async fn what_is_played_is_right(subject: &Subject) {
    let mut wrong = Vec::new();
    for check in CHECKS.iter().filter(|check| play::is_needed(check.id)) {
        for outcome in subject.each(check, Layer::NONE).await {
            if outcome.outcome != Verdict::Passed {
                wrong.push(format!("{}: {outcome:?}", check.id));
            }
        }
    }
    assert!(wrong.is_empty(), "not right where it is played:\n{}", wrong.join("\n"));
}

/// Each fault, in each version its check is in, fails that check.
async fn every_fault_is_noticed(subject: &Subject) {
    let mut missed = Vec::new();
    for fault in table::faults() {
        let check = rsign_conformance::checks::find(fault.check);
        let check = check.unwrap_or_else(|| panic!("there is no check {}", fault.check));
        for outcome in subject.each(check, fault.layer).await {
            if outcome.outcome != Verdict::Failed || outcome.why.is_empty() {
                missed.push(format!("{}, a service that {}: {outcome:?}", check.id, fault.what));
            }
        }
    }
    assert!(missed.is_empty(), "faults nobody noticed:\n{}", missed.join("\n"));
}

#[test]
fn every_check_has_a_fault() {
    let without: Vec<&str> =
        CHECKS.iter().map(|check| check.id).filter(|id| !table::faults().any(|fault| fault.check == *id)).collect();
    assert!(without.is_empty(), "nothing shows that these can fail: {without:?}");
}

#[test]
fn known_failures_are_quirks_of_this_service() {
    let file = repository("conformance/known.toml");
    let known = Known::read(Path::new(&file)).unwrap();
    for check in CHECKS {
        for version in BOTH {
            let allowed = known.reason(check.id, version).is_none() || version.pick(check.severity) == Severity::Quirk;
            assert!(allowed, "{}: what must or should be is not excused", check.id);
        }
    }
}
