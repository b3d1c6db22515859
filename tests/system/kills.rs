//! Kill -9 of signer or gateway at random moments, under a mix of authorize, signHash and wrong PINs: no credential is
//! lost, no spent hash revived, no counted try forgotten.
//!
//! `RSIGN_KILLS` sets how often (12), `RSIGN_SEED` repeats a run. The drivers note what they were told; an answer that
//! never came leaves both outcomes open, and the checks allow for both, and for nothing else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use harness::api::{authorize, sign_hash, signatures};
use harness::{Algorithm, Answer, Credential, Hash, Pieces, Session, Wanted};
use serde_json::Value;

use crate::common::{Outsider, WHILE};

/// How long a driver waits for one answer; who waits longer learns nothing more, and kills less.
const PATIENCE: Duration = Duration::from_secs(2);

/// Numbers that come again with the same seed (splitmix64).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// An answer, if it came and was about the request itself.
async fn hear(session: &Session, method: &str, ask: &Value) -> Option<Answer> {
    let answer = tokio::time::timeout(PATIENCE, session.try_call(method, ask)).await;
    answer.ok()?.ok().filter(|answer| !answer.is_away())
}

/// The answer, once the part that was killed last serves again.
async fn once_it_is_back(session: &Session, method: &str, ask: &Value) -> Answer {
    let started = Instant::now();
    loop {
        let answer = session.call(method, ask.clone()).await;
        if !answer.is_away() || started.elapsed() > WHILE {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A SAD, and what its owner was told of it.
struct Approved {
    sad: String,
    hashes: Vec<Hash>,
    signed: HashMap<usize, Vec<u8>>,
}

/// Somebody who works with the right PIN, and now and then mistypes it.
struct Worker {
    who: Outsider,
    dice: Dice,
    approved: Vec<Approved>,
    /// Wrong PINs that were answered as wrong.
    wrong: usize,
    /// Of those, since a right one was answered as right.
    wrong_in_a_row: usize,
    /// PINs that nobody knows the fate of: counted as wrong when their lease ends, or right, or never judged.
    unknown: usize,
}

impl Worker {
    async fn work(mut self, stop: &AtomicBool) -> Self {
        while !stop.load(Ordering::Relaxed) {
            match self.dice.below(10) {
                0..3 => self.approve().await,
                3 if self.wrong_in_a_row == 0 => self.mistype().await,
                _ => self.sign().await,
            }
            tokio::time::sleep(Duration::from_millis(self.dice.below(20))).await;
        }
        self
    }

    async fn approve(&mut self) {
        let hashes = Hash::many(&format!("{} {}", self.who.credential.id, self.approved.len()), 3);
        let ask = authorize(&self.who.credential, &self.who.credential.pin, &hashes);
        match hear(&self.who.session, "v1/credentials/authorize", &ask).await {
            None => self.unknown += 1,
            Some(answer) if answer.status == 200 => {
                let sad = answer.json["SAD"].as_str().unwrap().to_owned();
                self.approved.push(Approved { sad, hashes, signed: HashMap::new() });
                self.wrong_in_a_row = 0;
            }
            Some(answer) => self.is_locked_with_cause(&answer),
        }
    }

    async fn mistype(&mut self) {
        let ask = authorize(&self.who.credential, "wrong", &[Hash::of("wrong")]);
        match hear(&self.who.session, "v1/credentials/authorize", &ask).await {
            None => self.unknown += 1,
            Some(answer) if answer.error().1 == "invalid_pin" => {
                self.wrong += 1;
                self.wrong_in_a_row += 1;
            }
            Some(answer) => self.is_locked_with_cause(&answer),
        }
    }

    /// Three tries make a lock, and each that made this one is known to have been made.
    #[track_caller]
    fn is_locked_with_cause(&self, answer: &Answer) {
        assert_eq!(answer.error(), (400, "invalid_request", "PIN locked"));
        assert!(self.wrong_in_a_row + self.unknown >= 3, "locked after {} + {}", self.wrong_in_a_row, self.unknown);
    }

    /// Asks for a part of a list, or all; a part that was signed must come back as it was.
    async fn sign(&mut self) {
        if self.approved.is_empty() {
            return;
        }
        let place = usize::try_from(self.dice.below(self.approved.len() as u64)).unwrap();
        let (first, count) = match self.dice.below(4) {
            part @ 0..3 => (usize::try_from(part).unwrap(), 1),
            _ => (0, 3),
        };
        self.ask_for(place, first, count, false).await;
    }

    async fn ask_for(&mut self, place: usize, first: usize, count: usize, must: bool) {
        let Self { who, approved, .. } = self;
        let approved = &mut approved[place];
        let (algorithm, hashes) = (Algorithm::usual(&who.credential.key), &approved.hashes[first..first + count]);
        let ask = sign_hash(&who.credential, &approved.sad, &algorithm, hashes);
        let answer = if must {
            Some(once_it_is_back(&who.session, "v1/signatures/signHash", &ask).await)
        } else {
            hear(&who.session, "v1/signatures/signHash", &ask).await
        };
        let Some(answer) = answer else { return };
        if answer.status != 200 {
            // Another request for one of them is under way, or died under way and is waited for.
            assert_eq!(answer.error().2, "Hash is not authorized by the SAD.", "{}", answer.json);
            assert!(
                !(first..first + count).all(|number| approved.signed.contains_key(&number)),
                "a signature was lost"
            );
            return;
        }
        for (number, signature) in (first..).zip(signatures(&answer.json)) {
            who.verifies(&algorithm, &approved.hashes[number], &signature);
            let known = approved.signed.entry(number).or_insert_with(|| signature.clone());
            assert_eq!(*known, signature, "a spent hash was signed again");
        }
    }

    /// After the last kill: every promise is kept.
    async fn keeps_its_promises(&mut self, pieces: &Pieces, other: &Session) {
        for place in 0..self.approved.len() {
            let signed: Vec<usize> = self.approved[place].signed.keys().copied().collect();
            for number in signed {
                self.ask_for(place, number, 1, true).await;
            }
        }
        let (credential, trail) = (&self.who.credential, pieces.trail());
        let judged = trail.wrong_pins(credential, None);
        assert!(judged >= self.wrong, "{} PINs were called wrong, the trail knows of {judged}", self.wrong);
        self.opens(other).await;
    }

    /// The PIN still opens the credential; or there is cause that it does not: for its client, or for all.
    async fn opens(&self, other: &Session) {
        let credential = &self.who.credential;
        let ask = authorize(credential, &credential.pin, &[Hash::of("usable")]);
        for (session, limit) in [(&self.who.session, 3), (other, 5)] {
            let answer = once_it_is_back(session, "v1/credentials/authorize", &ask).await;
            if answer.status == 200 {
                return;
            }
            assert!(answer.is_away() || answer.error().2 == "PIN locked", "{}", answer.json);
            assert!(self.wrong_in_a_row + self.unknown >= limit, "{} does not open", credential.id);
        }
    }
}

/// Somebody who has only wrong PINs: however often everything dies, three are judged and no more.
async fn guess(session: &Session, credentials: &[Credential], stop: &AtomicBool) -> Vec<usize> {
    let mut told = Vec::new();
    for credential in credentials {
        let mut wrong = 0;
        loop {
            if stop.load(Ordering::Relaxed) {
                told.push(wrong);
                break;
            }
            let ask = authorize(credential, "guess", &[Hash::of("guess")]);
            if let Some(answer) = hear(session, "v1/credentials/authorize", &ask).await {
                assert_ne!(answer.status, 200, "a wrong PIN opened the credential");
                if answer.error().2 == "PIN locked" {
                    told.push(wrong);
                    break;
                }
                assert_eq!(answer.error().1, "invalid_pin");
                wrong += 1;
                assert!(wrong <= 3, "a counted try was forgotten");
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }
    told
}

/// Kills one or the other after a random time, and starts it again at once.
async fn kill(pieces: &mut Pieces, dice: &mut Dice, times: u64) {
    for round in 1..=times {
        tokio::time::sleep(Duration::from_millis(dice.below(600))).await;
        tokio::task::block_in_place(|| {
            if dice.below(4) == 0 {
                pieces.kill_gateway();
                pieces.start_gateway();
            } else {
                pieces.kill_signer();
                pieces.start_signer();
            }
        });
        if round % 10 == 0 {
            println!("{round} of {times} kills");
        }
    }
}

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_21_killed_at_random_moments_nothing_is_lost_revived_or_forgotten() {
    let (times, seed) = (number("RSIGN_KILLS", 12), number("RSIGN_SEED", u64::from(std::process::id())));
    println!("RSIGN_SEED={seed} RSIGN_KILLS={times}");
    let mut pieces = Pieces::running();
    let (operator, api) = (pieces.operator(), pieces.api());
    let mut dice = Dice(seed);
    let mut workers = Vec::new();
    for key in ["P-256", "P-256", "P-256", "RSA-2048"] {
        let who = Outsider::enrol_on(&operator, &api, "worker", Wanted { key, ..Wanted::QUICK }).await;
        let dice = Dice(dice.below(u64::MAX));
        workers.push(Worker { who, dice, approved: Vec::new(), wrong: 0, wrong_in_a_row: 0, unknown: 0 });
    }
    let guessed = operator.add_user("guessed");
    let locked: Vec<Credential> = (0..8).map(|_| operator.enrol(&guessed.id, Wanted::QUICK)).collect();
    let other = api.client(pieces.clear_client()).await;

    let stop = AtomicBool::new(false);
    let killing = async {
        kill(&mut pieces, &mut dice, times).await;
        stop.store(true, Ordering::Relaxed);
    };
    let work = join_all(workers.into_iter().map(|worker| worker.work(&stop)));
    let ((), mut workers, told) = tokio::join!(killing, work, guess(&other, &locked, &stop));

    let signed: usize = workers.iter().flat_map(|worker| &worker.approved).map(|approved| approved.signed.len()).sum();
    let unknown: usize = workers.iter().map(|worker| worker.unknown).sum();
    println!("{signed} hashes signed, {unknown} PINs of unknown fate, guesses judged {told:?}");
    assert!(signed > 0 && told.iter().sum::<usize>() > 0, "there was no load");
    join_all(workers.iter_mut().map(|worker| worker.keeps_its_promises(&pieces, &other))).await;
    let trail = pieces.trail();
    for (credential, wrong) in locked.iter().zip(&told) {
        let judged = trail.wrong_pins(credential, None);
        assert!((*wrong..=3).contains(&judged), "{wrong} guesses were answered, the trail knows of {judged}");
    }
    pieces.verify_trail().unwrap();
}
