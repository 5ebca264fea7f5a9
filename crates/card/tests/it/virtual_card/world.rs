//! A world with one pcscd, one virtual reader and one simulated card.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::linux::net::TcpStreamExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use card::simulator::SharedCard;
use card::transport::readers;
use card::vpcd;

use crate::persona::shared;

/// Set in the process that runs inside the namespaces.
const INSIDE: &str = "CARD_TEST_INSIDE_OWN_WORLD";
/// How long anything here may take to get ready.
const PATIENCE: Duration = Duration::from_secs(20);
/// Programs without which nothing can be tested, and the Debian packages that bring them.
const TOOLS: [(&str, &str); 9] = [
    ("/usr/bin/unshare", "util-linux"),
    ("/usr/sbin/ip", "iproute2"),
    ("/usr/sbin/pcscd", "pcscd"),
    ("/usr/lib/pcsc/drivers/serial/libifdvpcd.so", "vsmartcard-vpcd"),
    ("/usr/bin/opensc-tool", "opensc"),
    ("/usr/bin/pkcs15-tool", "opensc"),
    ("/usr/bin/pkcs15-crypt", "opensc"),
    ("/usr/bin/pkcs11-tool", "opensc"),
    ("/usr/bin/openssl", "openssl"),
];

/// Runs the test `name` (its path in this binary) in a world of its own.
pub(crate) fn in_own_world(name: &str, test: fn(&World)) {
    if std::env::var_os(INSIDE).is_some() {
        return test(&World::new());
    }
    for (path, package) in TOOLS {
        assert!(Path::new(path).exists(), "{path} is missing: apt-get install {package}");
    }
    let mut unshare = Command::new("unshare");
    if !is_root() {
        unshare.arg("--map-root-user");
    }
    unshare.args(["--net", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]);
    unshare.arg(std::env::current_exe().unwrap()).args(["--exact", name, "--nocapture"]).env(INSIDE, "1");
    let output = unshare.output().expect("unshare runs");
    let told =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "in its own world:\n{told}");
    assert!(told.contains("1 passed"), "{name} is no test:\n{told}");
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}

/// pcscd with the virtual reader; a card can be inserted.
pub(crate) struct World {
    pcscd: Mutex<Child>,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        run("ip", &["link", "set", "lo", "up"]);
        run("mount", &["-t", "tmpfs", "tmpfs", "/run"]);
        std::fs::create_dir("/run/pcscd").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let pcscd = Command::new("/usr/sbin/pcscd")
            .arg("-f")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pcscd starts");
        let world = Self { pcscd: Mutex::new(pcscd), folder };
        wait_until("pcscd to listen", || Path::new("/run/pcscd/pcscd.comm").exists() && readers().is_ok());
        world
    }

    /// Ends pcscd, as when the service is not running.
    pub(crate) fn stop_service(&self) {
        let mut pcscd = self.pcscd.lock().unwrap();
        pcscd.kill().unwrap();
        pcscd.wait().unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Puts a simulated card on the reader through the product's own bridge.
    pub(crate) fn insert(&self) -> Inserted {
        self.insert_card(shared())
    }

    pub(crate) fn insert_card(&self, card: SharedCard) -> Inserted {
        let player = card.clone();
        Inserted::start(card, move |stop| vpcd::run(&player, reader_address(), stop, |_| {}))
    }

    /// Puts a card on the reader that writes down every command and answer.
    pub(crate) fn insert_recorded(&self) -> (Inserted, Transcript) {
        let (card, transcript) = (shared(), Transcript::default());
        let (player, writer) = (card.clone(), transcript.clone());
        let inserted = Inserted::start(card, move |stop| {
            let stream = TcpStream::connect(reader_address()).unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            record(stream, &player, &writer, stop);
        });
        (inserted, transcript)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Ok(pcscd) = self.pcscd.get_mut() {
            let _ = pcscd.kill();
            let _ = pcscd.wait();
        }
    }
}

/// A card on the reader; taken away when dropped.
pub(crate) struct Inserted {
    pub(crate) card: SharedCard,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Inserted {
    fn start(card: SharedCard, play: impl FnOnce(&AtomicBool) + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = stop.clone();
        let thread = std::thread::spawn(move || play(&seen));
        wait_until("the card to be seen", card_is_present);
        Self { card, stop, thread: Some(thread) }
    }

    pub(crate) fn remove(mut self) {
        self.take_away();
        wait_until("the card to be gone", || !card_is_present());
    }

    fn take_away(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Inserted {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn reader_address() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], vpcd::DEFAULT_PORT))
}

fn card_is_present() -> bool {
    readers().is_ok_and(|readers| readers.iter().any(|reader| reader.card_present))
}

pub(crate) fn wait_until(what: &str, ready: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|e| panic!("{program}: {e}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// What went over the wire, power events as one-byte commands without answer.
pub(crate) type Transcript = Arc<Mutex<Vec<(Vec<u8>, Vec<u8>)>>>;

fn record(mut stream: TcpStream, card: &SharedCard, transcript: &Transcript, stop: &AtomicBool) {
    let mut length = [0; 2];
    while fill(&mut stream, &mut length, stop) {
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        if !fill(&mut stream, &mut message, stop) {
            return;
        }
        let answer = play(&mut card.lock().unwrap(), &message);
        if message != [0x04] {
            transcript.lock().unwrap().push((message, answer.clone()));
        }
        if !answer.is_empty() {
            stream.write_all(&[&(answer.len() as u16).to_be_bytes()[..], &answer].concat()).unwrap();
        }
    }
}

/// One message of the virtual reader, answered by the card.
pub(crate) fn play(card: &mut card::simulator::SimulatedCard, message: &[u8]) -> Vec<u8> {
    match message {
        [0x00 | 0x01] => card.power_off(),
        [0x02] => card.warm_reset(),
        [0x04] => return card.atr().to_vec(),
        apdu => return card.process(apdu),
    }
    Vec::new()
}

fn fill(stream: &mut TcpStream, buffer: &mut [u8], stop: &AtomicBool) -> bool {
    let mut filled = 0;
    while filled < buffer.len() {
        stream.set_quickack(true).unwrap();
        match stream.read(&mut buffer[filled..]) {
            Ok(0) => return false,
            Ok(count) => filled += count,
            Err(_) if stop.load(Ordering::Relaxed) => return false,
            Err(_) => {}
        }
    }
    true
}
