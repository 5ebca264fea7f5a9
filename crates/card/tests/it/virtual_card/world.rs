//! A world with one pcscd, one virtual reader and one simulated card.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::linux::net::TcpStreamExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use card::simulator::SharedCard;
use card::transport::readers;
use card::vpcd;
pub(crate) use testkit::own_world::wait_until;
use testkit::own_world::{self, Tool};
use testkit::virtual_reader::{self, VirtualReader};

use crate::persona::shared;

/// Programs these tests talk to, and the Debian packages that bring them.
const CLIENTS: [Tool; 5] = [
    ("/usr/bin/opensc-tool", "opensc"),
    ("/usr/bin/pkcs15-tool", "opensc"),
    ("/usr/bin/pkcs15-crypt", "opensc"),
    ("/usr/bin/pkcs11-tool", "opensc"),
    ("/usr/bin/openssl", "openssl"),
];

/// Runs the test `name` (its path in this binary) in a world of its own.
pub(crate) fn in_own_world(name: &str, test: fn(&World)) {
    let built_in = card::transport::READERS_BUILT_IN;
    assert!(
        built_in,
        "these tests need libpcsclite: apt-get install pkg-config libpcsclite-dev, and build again"
    );
    let tools = [&virtual_reader::TOOLS[..], &CLIENTS].concat();
    own_world::in_own_world(name, &tools, || test(&World::new()));
}

/// pcscd with the virtual reader; a card can be inserted.
pub(crate) struct World {
    reader: VirtualReader,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { reader: VirtualReader::start(), folder: tempfile::tempdir().unwrap() };
        wait_until("pcscd to answer", || readers().is_ok());
        assert_eq!(world.reader.address(), reader_address());
        world
    }

    /// Ends pcscd, as when the service is not running.
    #[cfg(pcsc_library)]
    pub(crate) fn stop_service(&self) {
        self.reader.stop();
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
