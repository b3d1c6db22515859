//! A-34, the paper's claim: the gateway carries PINs and never has one. Its memory is searched while a PIN is chosen,
//! used from an app and from the pages, mistyped and changed; then again afterwards.

use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use harness::channel::{Device, pinned, secret, word};
use harness::verify::PublicKey;
use harness::{Algorithm, Browser, Credential, Hash, Pieces, Session, Version, parameter};
use rsign_api::algorithm::{HashAlgorithm, Scheme};
use rsign_api::channel::body::{Answer, ChangePin, Request, Sign};
use rsign_api::channel::list::{Entry, List};
use rsign_api::channel::wire::State;
use rsign_api::signer::EntryType;
use serde_json::json;

use crate::channel::{authorize, members};

/// The writable memory of a process, piece by piece; `None` where nobody may look. What was never written is zero, and
/// left out.
fn written(pid: u32) -> Option<Vec<Vec<u8>>> {
    const PIECE: usize = 1 << 16;
    static ZEROS: [u8; PIECE] = [0; PIECE];
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let memory = std::fs::File::open(format!("/proc/{pid}/mem")).ok()?;
    let mut pieces = Vec::new();
    for line in maps.lines() {
        let mut words = line.split(' ');
        let (from, to) = words.next()?.split_once('-')?;
        if !words.next()?.starts_with("rw") {
            continue;
        }
        let (mut from, to) = (u64::from_str_radix(from, 16).ok()?, u64::from_str_radix(to, 16).ok()?);
        // Pieces that follow each other are searched together.
        let mut content = Vec::new();
        while from < to {
            let mut piece = vec![0; PIECE.min(usize::try_from(to - from).ok()?)];
            let read = memory.read_exact_at(&mut piece, from).is_ok();
            from += piece.len() as u64;
            if read && piece != ZEROS[..piece.len()] {
                content.append(&mut piece);
            } else if !content.is_empty() {
                pieces.push(std::mem::take(&mut content));
            }
        }
        pieces.push(content);
    }
    Some(pieces)
}

/// Octets as a program may hold them: as they are, each in two (UTF-16 of either order), and what messages would make of
/// them.
fn forms(octets: &[u8]) -> Vec<Vec<u8>> {
    vec![
        octets.to_vec(),
        octets.iter().flat_map(|octet| [*octet, 0]).collect(),
        octets.iter().flat_map(|octet| [0, *octet]).collect(),
        HEXLOWER.encode(octets).into_bytes(),
        BASE64.encode(octets).trim_end_matches('=').as_bytes().to_vec(),
        BASE64URL_NOPAD.encode(octets).into_bytes(),
    ]
}

/// Which of these stand in the memory of a process now; `None` where nobody may look.
fn found<T: AsRef<[u8]> + Clone>(pid: u32, secrets: &[T]) -> Option<Vec<T>> {
    let pieces = written(pid)?;
    let is_there = |secret: &&T| {
        let forms = forms(secret.as_ref());
        let finders: Vec<_> = forms.iter().map(memchr::memmem::Finder::new).collect();
        pieces.iter().any(|piece| finders.iter().any(|finder| finder.find(piece).is_some()))
    };
    Some(secrets.iter().filter(is_there).cloned().collect())
}

/// Searches a process over and over, from now until [`Watch::end`].
struct Watch {
    over: Arc<AtomicBool>,
    times: Arc<AtomicUsize>,
    work: std::thread::JoinHandle<Vec<String>>,
}

impl Watch {
    /// As many searches as a test wants, however busy the computer is.
    const ENOUGH: usize = 5;

    fn of(pid: u32, texts: &[String]) -> Self {
        let (over, times, texts) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default(), texts.to_vec());
        let (is_over, done) = (Arc::clone(&over), Arc::clone(&times));
        let work = std::thread::spawn(move || {
            let mut seen = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                seen.extend(found(pid, &texts).unwrap_or_default());
                done.fetch_add(1, Ordering::Relaxed);
            }
            seen
        });
        Self { over, times, work }
    }

    fn has_seen_enough(&self) -> bool {
        self.times.load(Ordering::Relaxed) >= Self::ENOUGH
    }

    /// What it saw.
    fn end(self) -> Vec<String> {
        self.over.store(true, Ordering::Relaxed);
        self.work.join().unwrap()
    }
}

/// PINs of the user's choice, and how all of them begin: with what is long and no word of any program, so that whatever
/// looks like it is one of them. Its length is a multiple of three, so that Base64 of a PIN begins with Base64 of it.
fn pins() -> (String, [String; 3]) {
    let mark = format!("Zq~{}", HEXLOWER.encode(&harness::channel::random::<6>()));
    let pins = ["first", "wrong", "other"].map(|which| format!("{mark}~é{which}"));
    (mark, pins)
}

/// Everything there is to do with a PIN over the channel, until the gateway was searched often enough meanwhile; the
/// key's PIN is `first` before and `next` after. Gives what the app named in the place of a PIN.
async fn use_pins(
    pieces: &Pieces,
    app: &Session,
    sealed: &str,
    [first, wrong, next]: &[String; 3],
    watch: &Watch,
) -> String {
    let (api, pinned) = (pieces.api(), pinned(&pieces.folder));
    let user = &pieces.users[0];
    let mut browser = browser(pieces);
    assert_eq!(browser.sign_in(user).await.location(), "/account");
    // A key under a PIN of the user's choice.
    let form = browser.get("/account/keys/new").await;
    let gone = browser.submit(&form, "/account/keys/new", &[("kind", "P-256"), ("password", &user.password)]).await;
    let mut device = Device::follow(&api, gone.location(), &pinned).await;
    device.enrol(first).await;
    let back = browser.come_back(&device).await.location().to_owned();
    let made = browser.get(&back).await.location().to_owned();
    let id = device.context.credential.clone();
    assert!(made.ends_with(&format!("/account/keys/{id}")), "{made}");
    let credential = Credential { id: id.clone(), key: "P-256".to_owned(), scal: "2".to_owned(), pin: String::new() };

    // An app that can carry no PIN.
    let (algorithm, hashes) = (Algorithm::usual("P-256"), Hash::many("memory", 2));
    let key = PublicKey::of("P-256", &app.certificate(&credential).await);
    let asked = members(&credential, &hashes);
    let mut device = Device::register(app, &asked, &pinned).await;
    assert!(device.approve(wrong).await.0.contains("WrongPin"));
    let reference = loop {
        assert_eq!(device.approve(first).await, ("done".to_owned(), State::Done));
        let reference = format!("rch1:{}", device.tx);
        let sad = authorize(app, Version::V1, &asked, &reference).await.ok()["SAD"].as_str().unwrap().to_owned();
        for (hash, signature) in hashes.iter().zip(app.sign(&credential, &sad, &algorithm, &hashes).await) {
            assert!(key.verifies(&algorithm, hash, &signature));
        }
        if watch.has_seen_enough() {
            break reference;
        }
        device = Device::register(app, &asked, &pinned).await;
    };

    // An app that sends its user to the pages.
    let hash = Hash::of("by the pages");
    let asked = [
        ("response_type", "code"),
        ("client_id", sealed),
        ("redirect_uri", "http://127.0.0.1:7777/callback"),
        ("scope", "credential"),
        ("credentialID", &id),
        ("hashes", &BASE64URL_NOPAD.encode(&hash.digest)),
        ("hashAlgorithmOID", "2.16.840.1.101.3.4.2.1"),
    ];
    let gone = browser.say_yes(&asked).await;
    let mut device = Device::follow(&api, &gone, &pinned).await;
    assert_eq!(device.approve(first).await, ("done".to_owned(), State::Done));
    let back = browser.come_back(&device).await.location().to_owned();
    assert!(parameter(&back, "code").is_some(), "{back}");

    // Another PIN.
    let page = browser.get(&format!("/account/keys/{id}")).await;
    let gone = browser.submit(&page, &format!("/account/keys/{id}/pin"), &[]).await;
    let mut device = Device::follow(&api, gone.location(), &pinned).await;
    let asked = ChangePin { pin: secret(first), new_pin: secret(next), factor: None };
    let (answer, state) = device.ask(&Request::ChangePin(asked)).await;
    assert_eq!((word(&answer).as_str(), state), ("done", State::Done));
    reference
}

pub(crate) fn browser(pieces: &Pieces) -> Browser {
    Browser::new(pieces.api().base(), &pieces.folder.file("tls-ca.pem").display().to_string())
}

#[tokio::test]
async fn a_34_the_gateways_memory_never_holds_the_pin() {
    let pieces = Pieces::running();
    let gateway = pieces.gateway.as_ref().unwrap().pid();
    let client = pieces.operator().add_client("sealed-app", "sealed", true);
    let app = pieces.api().client(&client).await;
    let (mark, pins) = pins();
    let mark = [mark];
    if found(gateway, &mark).is_none() {
        return println!("this user may not read the memory of the gateway");
    }
    let watch = Watch::of(gateway, &mark);
    let reference = use_pins(&pieces, &app, &client.client_id, &pins, &watch).await;
    let seen = watch.end();
    assert!(seen.is_empty(), "{seen:?} stood in the gateway's memory {} times while they were used", seen.len());
    assert_eq!(found(gateway, &mark).unwrap(), [""; 0], "afterwards");

    // The search finds what is sent in clear: what the sealed app names in the place of a PIN,
    let tx = [reference.strip_prefix("rch1:").unwrap().to_owned()];
    assert_eq!(found(gateway, &tx).unwrap(), tx);
    // and, of an app whose PINs come in clear, the PIN itself.
    let clear = pieces.api().client(pieces.clear_client()).await;
    let credential = pieces.users[1].credential("P-256");
    let watch = Watch::of(gateway, std::slice::from_ref(&credential.pin));
    while !watch.has_seen_enough() {
        clear.authorize(credential, &[Hash::of("clear")]).await;
    }
    assert!(!watch.end().is_empty(), "a PIN that the gateway passes on was never found");
}

#[tokio::test]
async fn a_34_in_native_mode_the_gateway_has_neither_pin_nor_hash_nor_signature() {
    let pieces = Pieces::running();
    let gateway = pieces.gateway.as_ref().unwrap().pid();
    let client = pieces.operator().add_client("native-app", "sealed", true);
    let app = pieces.api().client(&client).await;
    let credential = pieces.users[0].credential("P-256");
    let key = PublicKey::of("P-256", &app.certificate(credential).await);
    let hashes = Hash::many("native", 3);
    let asked = json!({ "credentialID": credential.id, "numSignatures": 3, "operation": "sign" });
    let mut device = Device::register(&app, &asked, &pinned(&pieces.folder)).await;
    let item = |hash: &Hash| Entry { r#type: EntryType::default(), hash: hash.digest.clone(), label: None };
    let list = List::new(HashAlgorithm::Sha256, hashes.iter().map(item).collect()).unwrap();
    let scheme = Scheme::Ecdsa { hash: HashAlgorithm::Sha256 };
    let asked = Request::Sign(Sign { pin: secret(&credential.pin), factor: None, list, scheme });
    let (answer, state) = device.ask(&asked).await;
    let Answer::Signatures(signatures) = answer else { panic!("{}", word(&answer)) };
    assert_eq!((signatures.len(), state), (3, State::Done));
    for (hash, signature) in hashes.iter().zip(&signatures) {
        assert!(key.verifies(&Algorithm::usual("P-256"), hash, signature));
    }
    let digests = hashes.iter().map(|hash| hash.digest.clone());
    let unseen: Vec<Vec<u8>> = digests.chain(signatures).chain([credential.pin.clone().into_bytes()]).collect();
    let Some(seen) = found(gateway, &unseen) else {
        return println!("this user may not read the memory of the gateway");
    };
    assert!(seen.is_empty(), "{seen:?}");
    for name in ["gateway.sqlite", "gateway.sqlite-wal"] {
        let stored = std::fs::read(pieces.folder.file(name)).unwrap();
        let finder = |octets: &Vec<u8>| memchr::memmem::find(&stored, octets).is_some();
        assert!(!unseen.iter().any(finder), "{name}");
    }
    // What it was told is there.
    assert_eq!(found(gateway, &[device.tx.clone()]).unwrap(), [device.tx]);
}
