//! The certificate authority, killed while terminals fetch their certificates and while somebody guesses.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant as Moment},
};

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::CertificateUses,
    retrieval::{RETRIEVAL_TRIES, Retrieval, RetrievalNumber, RetrievalSecret},
};
use pki::{
    TerminalName, TerminalSubject, csr,
    keys::{KeyAlgorithm, PrivateKey},
};
use serde_json::{Value, json};
use server::ca::SecretHasher;
use store::{LetterFiled, NewLetter, Options, Store};
use tokio::runtime::Runtime;
use wire::institution_certificate::RETRIEVAL_PATH;

use super::{PATIENCE, site::Site, victim::Victim, wait_until};

/// How often the authority is killed. Fewer than the wrong tries that one network has in an hour: a try that was
/// counted and never answered stays counted.
const KILLS: usize = 24;
/// Terminals that fetch certificates at the same time.
const TERMINALS: u8 = 3;
/// Letters each of them has; it stops when the killing does.
const LETTERS: usize = 400;
/// The demo's institution.
const INSTITUTION: &str = "1319990012";
/// Pause before asking a server again that is not there.
const PAUSE: Duration = Duration::from_millis(5);

/// A letter as the institution holds it in hand.
struct Letter {
    order: String,
    terminal: String,
    number: RetrievalNumber,
    secret: RetrievalSecret,
}

/// What was fetched: order and chain.
type Ledger = Arc<Mutex<Vec<(String, String)>>>;

fn code() -> InstitutionCode {
    InstitutionCode::parse(INSTITUTION).expect("a code")
}

fn letter(count: u64, name: &str) -> Letter {
    let mut secret = [0; eligibility::retrieval::SECRET_BYTES];
    aws_lc_rs::rand::fill(&mut secret).expect("randomness");
    Letter {
        order: format!("order-{name}"),
        terminal: format!("受付{name}"),
        number: RetrievalNumber::from_random(count.to_be_bytes()),
        secret: RetrievalSecret::from_random(secret),
    }
}

/// The post as the authority sees it: files letters into the database the server works on.
struct PostRoom {
    runtime: Runtime,
    store: Store,
    secrets: SecretHasher,
}

impl PostRoom {
    fn of(site: &Site) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let store = runtime.block_on(Store::open(&site.database_url, Options::default())).expect("opens");
        let key = std::fs::read_to_string(site.data.join("keys/retrieval.key")).expect("a key");
        let key = hex::decode(key.trim()).expect("hex");
        Self { runtime, store, secrets: SecretHasher::new(&key.try_into().expect("32 bytes")) }
    }

    fn file(&self, letter: &Letter) {
        let now = Instant(jiff::Timestamp::now().as_millisecond());
        let retrieval = Retrieval { issued_at: now, retrieved_at: None, withdrawn_at: None };
        let filed = self.runtime.block_on(self.store.file_letter(NewLetter {
            institution_code: code(),
            letter_id: format!("letter-{}", letter.order),
            order_id: letter.order.clone(),
            application: None,
            in_place_of: None,
            document_number: letter.order.clone(),
            number: letter.number.clone(),
            secret_hash: self.secrets.hash(&letter.number, &letter.secret),
            terminal_name: letter.terminal.clone(),
            uses: CertificateUses::Eligibility,
            sealed_pdf: b"paper".to_vec(),
            made_at: now,
            retrievable_until: retrieval.valid_until(),
        }));
        assert_eq!(filed.expect("filed"), LetterFiled::Fresh);
        let id = format!("letter-{}", letter.order);
        let code = code();
        let posted = self.store.post_letter(&code, &id, "123-45-67890-1", "yubin", now);
        assert_eq!(self.runtime.block_on(posted), Ok(true));
    }
}

/// One machine on the institution's line.
struct Machine {
    runtime: Runtime,
    client: reqwest::Client,
    url: String,
}

impl Machine {
    fn at(site: &Site, last: u8) -> Self {
        let settings = std::fs::read_to_string(&site.server_settings).expect("settings");
        let settings: toml::Table = settings.parse().expect("TOML");
        let listen = settings["authority"]["listen"].as_str().expect("an address");
        let address = IpAddr::V4(Ipv4Addr::new(127, 0, 9, last));
        // Another machine of this process may have chosen it already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder().local_address(address).no_proxy().build().expect("a client");
        let runtime = Runtime::new().expect("a runtime");
        Self { runtime, client, url: format!("http://{listen}{RETRIEVAL_PATH}") }
    }

    /// One answer, if the server lived long enough to give it.
    fn ask(&self, body: &Value) -> Option<(u16, Value)> {
        self.runtime.block_on(async {
            let request = self.client.post(&self.url).header("content-type", "application/json");
            let response = request.body(body.to_string()).send().await.ok()?;
            let status = response.status().as_u16();
            let text = response.text().await.ok()?;
            Some((status, serde_json::from_str(&text).ok()?))
        })
    }

    /// Asks until there is an answer that is not a server going up or down.
    fn insist(&self, body: &Value) -> (u16, Value) {
        let deadline = Moment::now() + PATIENCE;
        loop {
            match self.ask(body) {
                Some((status, answer)) if status < 500 => return (status, answer),
                _ => std::thread::sleep(PAUSE),
            }
            assert!(Moment::now() < deadline, "no answer within {PATIENCE:?}");
        }
    }

    /// Fetches the certificate, and once more with the same key, as after a lost answer.
    fn fetch(&self, letter: &Letter) -> String {
        let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
        let terminal = TerminalName::parse(&letter.terminal).expect("a name");
        let request = csr::create_pem(&TerminalSubject { institution: code(), terminal }, &key);
        let body = json!({
            "retrieval_number": letter.number.as_str(),
            "secret": letter.secret.reveal(),
            "request_pem": request.expect("a request"),
        });
        let [first, second] = [(); 2].map(|()| self.insist(&body));
        assert_eq!((first.0, second.0), (200, 200), "{} {}", first.1, second.1);
        assert_eq!(first.1["chain_pem"], second.1["chain_pem"], "the same key gets the same certificate");
        first.1["chain_pem"].as_str().expect("a chain").to_owned()
    }
}

#[test]
fn no_certificate_is_lost_or_doubled_and_no_number_used_twice() {
    lose_and_double_no_certificate(&Site::on_sqlite());
}

#[test]
fn no_certificate_is_lost_or_doubled_on_postgresql() {
    lose_and_double_no_certificate(&Site::on_postgres());
}

fn lose_and_double_no_certificate(site: &Site) {
    let post = PostRoom::of(site);
    let before = post.runtime.block_on(post.store.certificates_of(&code())).expect("reads").len();
    let mut server = Victim::start(&["serve"], &site.server_settings);
    let ledger: Ledger = Arc::default();
    let closing = Arc::new(AtomicBool::new(false));
    let letters: Vec<Vec<Letter>> = (0..TERMINALS)
        .map(|machine| {
            let first = u64::from(machine) * 1_000_000;
            (0..LETTERS).map(|one| letter(first + one as u64, &format!("{machine}-{one}"))).collect()
        })
        .collect();
    letters.iter().flatten().for_each(|letter| post.file(letter));
    let threads: Vec<_> = letters
        .into_iter()
        .zip(1..)
        .map(|(letters, last)| {
            let (ledger, closing) = (Arc::clone(&ledger), Arc::clone(&closing));
            let machine = Machine::at(site, last);
            std::thread::spawn(move || {
                for letter in letters {
                    if closing.load(Ordering::Relaxed) {
                        return;
                    }
                    let chain = machine.fetch(&letter);
                    ledger.lock().expect("whole").push((letter.order, chain));
                }
                panic!("more letters are needed for so many kills");
            })
        })
        .collect();
    for kill in 0..KILLS {
        let told = ledger.lock().expect("whole").len();
        wait_until("certificates before the authority dies", || {
            assert!(threads.iter().all(|thread| !thread.is_finished()), "a terminal gave up, see above");
            ledger.lock().expect("whole").len() > told
        });
        // At another moment of the work each time.
        std::thread::sleep(Duration::from_millis(u64::try_from(kill % 9).expect("small")));
        server.kill_and_restart();
    }
    closing.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().expect("worked to the end");
    }
    server.kill();
    judge(&post, &ledger.lock().expect("whole"), before);
}

/// Every certificate that was handed out is there, once; its number and its place in the public log are its own.
fn judge(post: &PostRoom, ledger: &[(String, String)], before: usize) {
    assert!(ledger.len() > KILLS, "only {} certificates: that is no load", ledger.len());
    let all = post.runtime.block_on(post.store.certificates_of(&code())).expect("reads");
    assert_eq!(all.len(), before + ledger.len(), "one certificate for each letter that was used");
    let mut serials: Vec<_> = all.iter().map(|certificate| &certificate.serial).collect();
    serials.sort();
    serials.dedup();
    assert_eq!(serials.len(), all.len(), "no number twice");
    let logged = post.runtime.block_on(post.store.log_entries(0, 10_000)).expect("reads");
    for (order, chain) in ledger {
        let kept = post.runtime.block_on(post.store.certificate_of_order(&code(), order)).expect("reads");
        let kept = kept.unwrap_or_else(|| panic!("{order} was answered and is lost"));
        let leaf = pki::pem::decode(
            pki::pem::CERTIFICATE,
            chain.split_inclusive("-----END CERTIFICATE-----\n").next().expect("a leaf"),
        );
        let leaf = pki::profile::TerminalIdentity::read(&leaf.expect("a certificate")).expect("a terminal's");
        assert_eq!(leaf.serial, kept.serial, "{order}: what was handed out is what is kept");
        assert_eq!(logged.iter().filter(|entry| entry.serial == kept.serial).count(), 1, "{order}: one leaf");
    }
    println!("{KILLS} kills: {} certificates, each once", ledger.len());
}

#[test]
fn guesses_stay_counted_whenever_the_authority_dies() {
    guess_and_kill(&Site::on_sqlite());
}

#[test]
fn guesses_stay_counted_on_postgresql() {
    guess_and_kill(&Site::on_postgres());
}

fn guess_and_kill(site: &Site) {
    let post = PostRoom::of(site);
    let (kept, wrong) = (letter(7, "guessed"), letter(8, "other"));
    post.file(&kept);
    let mut server = Victim::start(&["serve"], &site.server_settings);
    let machine = Machine::at(site, 1);
    let body = |secret: &RetrievalSecret| json!({ "retrieval_number": kept.number.as_str(), "secret": secret.reveal() });
    let mut answers = Vec::new();
    for kill in 0..RETRIEVAL_TRIES {
        let (status, answer) = machine.insist(&body(&wrong.secret));
        answers.push((status, answer["code"].as_str().unwrap_or_default().to_owned()));
        std::thread::sleep(Duration::from_millis(u64::from(kill)));
        server.kill_and_restart();
    }
    assert!(answers.iter().all(|answer| *answer == (403, "retrieval-wrong".to_owned())), "{answers:?}");
    // The tries are used up, also for who has the letter, also after another death.
    for _ in 0..2 {
        let (status, answer) = machine.insist(&body(&kept.secret));
        assert_eq!((status, answer["code"].as_str()), (403, Some("retrieval-used-up")), "{answer}");
        server.kill_and_restart();
    }
    server.kill();
}
