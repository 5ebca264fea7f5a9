//! Server and terminal as processes, killed with SIGKILL under load. An outside ledger keeps what was answered.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    demo::once,
    program::{document, shikaku, succeed},
};

/// How often each of the two is killed.
const KILLS: usize = 50;
/// Requests that wait for an answer at most: the load.
const OUTSTANDING: usize = 32;
/// How long progress is waited for before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);
const GLANCE: Duration = Duration::from_millis(5);

/// What the receipt computer asked and was told.
#[derive(Default)]
struct Ledger {
    asked: BTreeSet<String>,
    /// The first content seen under each name.
    told: BTreeMap<String, Vec<u8>>,
    /// Names whose content changed after it was first seen.
    changed: Vec<String>,
}

/// The receipt computer: asks without end, writes down every answer.
struct Desk {
    drop: PathBuf,
    sample: String,
    ledger: Mutex<Ledger>,
    closing: AtomicBool,
}

impl Desk {
    fn open(data: &Path) -> Arc<Self> {
        let sample = std::fs::read_to_string(data.join("samples/request.xml")).expect("the sample");
        let drop = data.join("terminal/OQS");
        Arc::new(Self { drop, sample, ledger: Mutex::default(), closing: AtomicBool::new(false) })
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nobody panicked")
    }

    fn work(&self) {
        while !self.closing.load(Ordering::Relaxed) {
            self.read_answers();
            for _ in self.waiting()..OUTSTANDING {
                self.ask();
            }
            std::thread::sleep(GLANCE);
        }
    }

    fn waiting(&self) -> usize {
        let ledger = self.ledger();
        ledger.asked.len() - ledger.told.len()
    }

    fn told(&self) -> usize {
        self.ledger().told.len()
    }

    fn ask(&self) {
        let mut ledger = self.ledger();
        let id = format!("K{:06}", ledger.asked.len());
        let beside = self.drop.join(format!("{id}.writing"));
        std::fs::write(&beside, self.sample.replace("SAMPLE0001", &id)).expect("written");
        std::fs::rename(&beside, self.drop.join(format!("req/OQSsiquc01req_{id}.xml"))).expect("renamed");
        ledger.asked.insert(id);
    }

    fn read_answers(&self) {
        for file in std::fs::read_dir(self.drop.join("res")).expect("the folder") {
            let file = file.expect("a file");
            let name = file.file_name().to_string_lossy().into_owned();
            let Some(id) = name.strip_prefix("OQSsiquc01res_K").and_then(|rest| rest.strip_suffix(".xml"))
            else {
                // Left from setting up, or something that must not be there: judged at the end.
                continue;
            };
            let content = std::fs::read(file.path()).expect("readable");
            let mut ledger = self.ledger();
            let known = ledger.told.entry(format!("K{id}")).or_insert_with(|| content.clone());
            if *known != content {
                ledger.changed.push(name);
            }
        }
    }
}

struct Victim {
    arguments: [String; 4],
    child: Child,
}

impl Victim {
    fn start(command: &[&str], settings: &Path) -> Self {
        let config = settings.to_str().expect("UTF-8").to_owned();
        let mut words: Vec<String> = command.iter().map(ToString::to_string).collect();
        words.extend(["--config".to_owned(), config]);
        if words.len() == 3 {
            words.insert(0, "--json".to_owned());
        }
        let arguments: [String; 4] = words.try_into().expect("four words");
        let child = Self::spawn(&arguments);
        Self { arguments, child }
    }

    fn spawn(arguments: &[String; 4]) -> Child {
        shikaku(arguments)
            .env("SHIKAKU_LOG", "error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts")
    }

    /// `Child::kill` is SIGKILL: nothing of the program runs any more.
    fn kill(&mut self) {
        assert!(self.child.try_wait().expect("a state").is_none(), "{:?} ended by itself", self.arguments);
        self.child.kill().expect("killed");
        self.child.wait().expect("waited for");
    }

    fn kill_and_restart(&mut self) {
        self.kill();
        self.child = Self::spawn(&self.arguments);
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(GLANCE);
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_answered_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    once(&data, &["--json"]);
    let desk = Desk::open(&data);
    let mut server = Victim::start(&["serve"], &data.join("server.toml"));
    let mut terminal = Victim::start(&["terminal", "run"], &data.join("terminal.toml"));
    let worker = std::thread::spawn({
        let desk = Arc::clone(&desk);
        move || desk.work()
    });

    for kill in 0..KILLS {
        // Only a system that is answering is worth killing.
        let before = desk.told();
        wait_until("answers before the server dies", || desk.told() > before);
        server.kill_and_restart();
        let before = desk.told();
        wait_until("answers before the terminal dies", || desk.told() > before);
        // At another moment of the work each time.
        std::thread::sleep(Duration::from_millis(u64::try_from(kill % 17).expect("small")));
        terminal.kill_and_restart();
    }
    desk.closing.store(true, Ordering::Relaxed);
    worker.join().expect("the desk worked to the end");
    wait_until("the last answers", || {
        desk.read_answers();
        desk.waiting() == 0
    });
    // One more look: an answer must not come a second time, nor change.
    desk.read_answers();
    terminal.kill();
    server.kill();
    judge(&desk.ledger(), &data, folder.path());
}

fn judge(ledger: &Ledger, data: &Path, folder: &Path) {
    assert!(ledger.changed.is_empty(), "answers changed: {:?}", ledger.changed);
    let told: BTreeSet<&String> = ledger.told.keys().collect();
    assert_eq!(told, ledger.asked.iter().collect(), "every question has its one answer");
    let refused = std::fs::read_dir(data.join("terminal/OQS/quarantine")).expect("the folder").count();
    assert_eq!(refused, 0, "nothing was put aside");
    for (id, answer) in &ledger.told {
        let answer = String::from_utf8_lossy(answer);
        assert!(answer.contains(&format!("<ArbitraryFileIdentifier>{id}</")), "{id} got another's answer");
    }

    let recorded = recorded(data, folder);
    let answered = |answer: &&Vec<u8>| String::from_utf8_lossy(answer).contains("<SegmentOfResult>1<");
    let acknowledged = ledger.told.values().filter(answered).count();
    assert!(acknowledged > KILLS, "only {acknowledged} answers came from the centre: that is no load");
    // The demo made one check by number before.
    assert!(acknowledged < recorded.len(), "{acknowledged} acknowledged, {} recorded", recorded.len());
    assert!(
        recorded.len() <= ledger.asked.len() + 1,
        "{} recorded of {}",
        recorded.len(),
        ledger.asked.len()
    );
    for receipt in receipts(data) {
        assert!(recorded.contains(&receipt), "the receipt {receipt} is not in the audit log");
    }
}

/// Ids of the checks by number in the proven audit log; a repeated one is a failure.
fn recorded(data: &Path, folder: &Path) -> BTreeSet<String> {
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let (key, dump) = (folder.join("audit.pem"), folder.join("audit.jsonl"));
    std::fs::write(&key, succeed(["audit", "key", "--data", &text(data)])).expect("written");
    succeed(["audit", "export", "--data", &text(data), "--out", &text(&dump)]);
    succeed(["audit", "verify", "--public-key", &text(&key), &text(&dump)]);
    let mut ids = BTreeSet::new();
    for line in std::fs::read_to_string(&dump).expect("a dump").lines() {
        let entry = document(line);
        if entry["action"] != "verify_number" {
            continue;
        }
        let detail = entry["detail"].as_str().expect("text");
        let id = detail.split_whitespace().find_map(|word| word.strip_prefix("verification:"));
        assert!(ids.insert(id.expect("an id").to_owned()), "recorded twice: {detail}");
    }
    ids
}

/// Ids of the checks by number whose receipts reached the terminal.
fn receipts(data: &Path) -> Vec<String> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let text = std::fs::read_to_string(data.join("terminal/state/receipts")).expect("receipts");
    let claims = text.lines().filter_map(|line| {
        let claims = URL_SAFE_NO_PAD.decode(line.split('.').nth(1)?).ok()?;
        serde_json::from_slice::<serde_json::Value>(&claims).ok()
    });
    let by_number = claims.filter(|claims| claims["method"] == "2");
    by_number.filter_map(|claims| Some(claims["jti"].as_str()?.to_owned())).collect()
}
