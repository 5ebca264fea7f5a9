//! Server and terminal as processes, killed with SIGKILL under load.
//!
//! Three kinds of client ask without end: a receipt computer through the file drop, card readers through the
//! terminal's reader link, and other vendors' terminals straight at the server over mutual TLS. What they were
//! told is written into ledgers of their own; at the end the ledgers are held against the folders and against
//! the proven audit log.

mod blows;
mod cards;
mod desk;
mod direct;
mod issuing;
mod judgement;
mod reader;
mod site;
mod victim;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use testkit::client::Http;

use blows::Traffic;
use desk::Desk;
use direct::Direct;
use judgement::Before;
use reader::Reader;
use site::Site;
use victim::Victim;

/// How often each of the two is killed, on each database.
const KILLS: usize = 50;
/// Card readers at the terminal.
const READERS: usize = 2;
/// How many of them cut off a request on its way at least, in percent: a blow at rest proves nothing.
const UNDER_LOAD_PERCENT: usize = 80;
/// How long progress is waited for before the test gives up.
const PATIENCE: Duration = Duration::from_secs(240);
const GLANCE: Duration = Duration::from_millis(5);

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(GLANCE);
    }
}

/// Everybody who asks, each on threads of their own.
struct Clients {
    desk: Arc<Desk>,
    readers: Vec<Arc<Reader>>,
    direct: Vec<Arc<Direct>>,
    closing: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Clients {
    fn start(site: &Site) -> Self {
        let closing = Arc::new(AtomicBool::new(false));
        let desk = Arc::new(Desk::open(&site.data));
        let mut cards = cards::of(site, READERS + 2).into_iter();
        let mut card = || cards.next().expect("enough cards");
        let readers: Vec<_> = (0..READERS).map(|_| Arc::new(Reader::new(site, card()))).collect();
        let direct: Vec<_> = [Http::One, Http::Two]
            .into_iter()
            .map(|http| Arc::new(Direct::new(site, card(), http)))
            .collect();
        let mut clients = Self { desk, readers, direct, closing, threads: Vec::new() };
        clients.begin();
        clients
    }

    fn begin(&mut self) {
        let desk = Arc::clone(&self.desk);
        self.spawn(move |closing| desk.work(closing));
        for reader in self.readers.clone() {
            self.spawn(move |closing| reader.work(closing));
        }
        for direct in self.direct.clone() {
            self.spawn(move |closing| direct.work(closing));
        }
    }

    fn spawn(&mut self, work: impl FnOnce(&AtomicBool) + Send + 'static) {
        let closing = Arc::clone(&self.closing);
        self.threads.push(std::thread::spawn(move || work(&closing)));
    }

    /// How much each way in was answered so far.
    fn told(&self) -> [usize; 3] {
        [
            self.desk.told(),
            self.readers.iter().map(|reader| reader.told()).sum(),
            self.direct.iter().map(|direct| direct.told()).sum(),
        ]
    }

    /// Only a system that is answering, in every way, is worth killing.
    fn wait_for_answers(&self, what: &str) {
        let before = self.told();
        wait_until(what, || {
            self.nobody_gave_up();
            self.told().iter().zip(before).all(|(now, before)| *now > before)
        });
    }

    /// Only a blow at somebody who is just being asked is one under load.
    fn wait_for_traffic<'a>(&self, traffic: impl Iterator<Item = &'a Traffic> + Clone) {
        wait_until("a request under way", || {
            self.nobody_gave_up();
            traffic.clone().any(Traffic::is_open)
        });
    }

    /// What other vendors' terminals have under way, straight at the server.
    fn at_the_server(&self) -> impl Iterator<Item = &Traffic> + Clone {
        self.direct.iter().map(|direct| direct.traffic())
    }

    /// What the readers have under way at the terminal.
    fn at_the_terminal(&self) -> impl Iterator<Item = &Traffic> + Clone {
        self.readers.iter().map(|reader| reader.traffic())
    }

    /// A client that found something wrong says so now, not after the patience of all others.
    fn nobody_gave_up(&self) {
        assert!(self.threads.iter().all(|thread| !thread.is_finished()), "a client gave up, see above");
    }

    /// Lets everybody come to the end of what they have begun.
    fn finish(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.join().expect("the client worked to the end");
        }
    }
}

/// When each of the two was killed.
#[derive(Default)]
struct Blows {
    server: Vec<Instant>,
    terminal: Vec<Instant>,
    /// Questions by number without an answer at each of the terminal's.
    unanswered: Vec<usize>,
}

impl Blows {
    fn fell_under_load(&self, clients: &Clients) {
        assert_eq!((self.server.len(), self.terminal.len()), (KILLS, KILLS));
        let server = blows::that_cut(&self.server, clients.at_the_server());
        let terminal = blows::that_cut(&self.terminal, clients.at_the_terminal());
        let amid_questions = self.unanswered.iter().filter(|questions| **questions > 0).count();
        println!(
            "of {KILLS} kills of the server {server} cut off a request on its way; of {KILLS} of the terminal \
             {terminal} did, and {amid_questions} fell while questions by number were unanswered"
        );
        let enough = KILLS * UNDER_LOAD_PERCENT / 100;
        assert!(server >= enough, "only {server} of {KILLS} kills of the server fell under load");
        assert!(terminal >= enough, "only {terminal} of {KILLS} kills of the terminal fell under load");
        assert!(amid_questions >= enough, "only {amid_questions} of {KILLS} fell amid questions by number");
    }
}

/// Server and terminal die in turns, each in the middle of its work.
fn survive(site: &Site) {
    let before = Before::of(site);
    // Before the server, which opens the authority that makes the cards.
    let mut clients = Clients::start(site);
    let mut server = Victim::start(&["serve"], &site.server_settings);
    let mut terminal = Victim::start(&["terminal", "run"], &site.terminal_settings());
    let mut blows = Blows::default();
    for kill in 0..KILLS {
        clients.wait_for_answers("answers before the server dies");
        clients.wait_for_traffic(clients.at_the_server());
        blows.server.push(server.kill_and_restart());
        clients.wait_for_answers("answers before the terminal dies");
        // At another moment of the work each time.
        std::thread::sleep(Duration::from_millis(u64::try_from(kill % 17).expect("small")));
        clients.wait_for_traffic(clients.at_the_terminal());
        blows.unanswered.push(clients.desk.waiting());
        blows.terminal.push(terminal.kill_and_restart());
    }
    clients.wait_for_answers("answers after the last start");
    clients.finish();
    terminal.kill();
    server.kill();
    blows.fell_under_load(&clients);
    judgement::pass(site, &before, &clients, KILLS);
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_answered_twice() {
    survive(&Site::on_sqlite());
}

#[test]
fn the_same_holds_on_postgresql() {
    survive(&Site::on_postgres());
}
