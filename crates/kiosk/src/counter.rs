//! The reader at work: brings what happens to the machine, and does what it wants done.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::Sender as Orders,
    },
    time::{Duration, Instant},
};

use eligibility::errors::ErrorCode;
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use wire::reader_link::{ReaderNonce, ReaderOutcome};

use crate::{
    LinkError, TerminalLink, Trouble,
    faces::{FaceDesk, Faces},
    machine::{Act, CardSaid, Effect, Equipment, FaceSaid, Input, LinkSaid, Machine, Ticket},
    photo_shown::PhotoShown,
    session::{Choices, Signed},
    slot::Slot,
    view::View,
    worker::{self, Authorizer, Order, Report},
};

/// What waits to be told to the machine at once; whoever has more to say waits.
const TOLD_MAX: usize = 256;
/// Between two looks whether the terminal is there, while nobody uses the reader.
const HEARTBEAT: Duration = Duration::from_secs(10);
/// Between two tries to hand in what was signed.
const AGAIN: Duration = Duration::from_secs(3);
/// A number for the card that ends sooner is not signed.
const LEAST_LIFE: Duration = Duration::from_secs(20);
/// Signed checks that are handed in at once.
const UNDER_WAY_MAX: usize = 32;

/// Everything a reader consists of.
pub struct Parts {
    /// Where cards lie.
    pub slot: Box<dyn Slot>,
    /// How cards are used without PIN; without it there is neither face nor visual check.
    pub authorizer: Option<Authorizer>,
    /// How faces are compared; without it 顔認証 is not offered.
    pub faces: Option<Arc<dyn Faces>>,
    /// The terminal on this machine.
    pub link: Arc<TerminalLink>,
    /// 製造番号; without it there is no visual check.
    pub serial: Option<String>,
    /// Names of staff to choose from.
    pub staff: Vec<String>,
    /// Whether the cards are simulated: every page says so.
    pub simulated: bool,
}

enum Told {
    Input(Input),
    Press(u64, Act, oneshot::Sender<()>),
    Signed(Ticket, Box<Signed>),
}

/// What the site knows of the reader.
#[derive(Clone)]
pub(crate) struct Handle {
    told: mpsc::Sender<Told>,
    view: watch::Receiver<View>,
    pub(crate) photo: PhotoShown,
    faces: FaceDesk,
}

impl Handle {
    pub(crate) fn view(&self) -> View {
        self.view.borrow().clone()
    }

    pub(crate) fn changes(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// Brings a press and waits until it is done.
    pub(crate) async fn press(&self, revision: u64, act: Act) {
        let (done, heard) = oneshot::channel();
        if self.told.send(Told::Press(revision, act, done)).await.is_ok() {
            let _ = heard.await;
        }
    }

    pub(crate) fn faces(&self) -> FaceDesk {
        self.faces.clone()
    }

    pub(crate) async fn face_said(&self, ticket: Ticket, said: FaceSaid) {
        let _ = self.told.send(Told::Input(Input::Face(ticket, said))).await;
    }
}

/// The running reader.
pub(crate) struct Counter {
    machine: Machine,
    told: mpsc::Receiver<Told>,
    doing: Doing,
    view: watch::Sender<View>,
}

/// What is done for the machine.
struct Doing {
    told: mpsc::Sender<Told>,
    orders: Orders<Order>,
    link: Arc<TerminalLink>,
    faces: FaceDesk,
    photo: PhotoShown,
    /// The number the next card signs, and when it ends.
    nonce: Arc<Mutex<Option<(ReaderNonce, Instant)>>>,
    signed: Option<(Ticket, Box<Signed>, Instant)>,
    waiting: Arc<AtomicUsize>,
}

impl Counter {
    /// Puts the parts together and starts the card's thread.
    pub(crate) fn new(parts: Parts) -> std::io::Result<(Self, Handle)> {
        let (tell, told) = mpsc::channel(TOLD_MAX);
        let photo = PhotoShown::default();
        let equipment = Equipment {
            face: parts.faces.is_some(),
            pinless: parts.authorizer.is_some(),
            serial: parts.serial,
            staff: parts.staff,
            simulated: parts.simulated,
        };
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| std::io::Error::other("no random numbers"))?;
        let machine = Machine::new(equipment, seed, Instant::now());
        let to_machine = tell.clone();
        let report = move |report| {
            let told = match report {
                Report::Presence(seen) => Told::Input(Input::Presence(seen)),
                Report::Said(ticket, said) => Told::Input(Input::Card(ticket, said)),
                Report::Signed(ticket, signed) => Told::Signed(ticket, signed),
            };
            // Nobody listens any more at the end.
            let _ = to_machine.blocking_send(told);
        };
        let (orders, _thread) = worker::start(parts.slot, parts.authorizer, photo.clone(), report)?;
        let faces = FaceDesk::new(parts.faces);
        let (view, seen) = watch::channel(machine.view(Instant::now()));
        let handle = Handle { told: tell.clone(), view: seen, photo: photo.clone(), faces: faces.clone() };
        let doing = Doing {
            told: tell,
            orders,
            link: parts.link,
            faces,
            photo,
            nonce: Arc::default(),
            signed: None,
            waiting: Arc::default(),
        };
        Ok((Self { machine, told, doing, view }, handle))
    }

    /// Works until `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let heart = tokio::spawn(heartbeat(Arc::clone(&self.doing.link), self.doing.told.clone()));
        loop {
            let due = self.machine.due(Instant::now());
            let told = tokio::select! {
                () = stop.cancelled() => break,
                told = self.told.recv() => told,
                () = until(due) => Some(Told::Input(Input::Tick)),
            };
            let Some(told) = told else { break };
            self.take(told);
        }
        heart.abort();
        self.doing.faces.end();
        let _ = self.doing.orders.send(Order::Close);
    }

    fn take(&mut self, told: Told) {
        let (input, done) = match told {
            Told::Input(input) => (input, None),
            Told::Press(revision, act, done) => (Input::Press(revision, act), Some(done)),
            Told::Signed(ticket, signed) => return self.doing.keep_signed(ticket, signed),
        };
        let now = Instant::now();
        let effects = self.machine.on(input, now);
        // Shown first: whoever sees what came of an effect also sees the page that belongs to it.
        let view = self.machine.view(now);
        self.view.send_if_modified(|shown| {
            let changed = shown.revision != view.revision;
            *shown = view;
            changed
        });
        for effect in effects {
            self.doing.perform(effect);
        }
        if let Some(done) = done {
            let _ = done.send(());
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// Tells now and then whether the terminal is there; the terminal hears by it that the reader is.
async fn heartbeat(link: Arc<TerminalLink>, told: mpsc::Sender<Told>) {
    loop {
        let online = link.mode().await.is_ok();
        if told.send(Told::Input(Input::Line(online))).await.is_err() {
            return;
        }
        sleep(HEARTBEAT).await;
    }
}

impl Doing {
    fn perform(&mut self, effect: Effect) {
        let order = match effect {
            Effect::Prepare(ticket) => return self.prepare(ticket),
            Effect::Sign(ticket, choices) => return self.sign(ticket, choices),
            Effect::Submit(ticket) => return self.submit(ticket),
            Effect::Compare(ticket) => return self.compare(ticket),
            Effect::EndCompare => return self.faces.end(),
            Effect::Read(ticket) => Order::Read(ticket),
            Effect::OpenFace(ticket, number) => Order::OpenFace(ticket, number),
            Effect::Verify(ticket, pin, last_try) => Order::Verify(ticket, pin, last_try),
            Effect::Authorize(ticket, visual) => Order::Authorize(ticket, visual),
            Effect::Forget => {
                self.faces.end();
                self.photo.wipe();
                self.signed = None;
                Order::Forget
            }
        };
        // The thread ends only with this task.
        let _ = self.orders.send(order);
    }

    fn prepare(&self, ticket: Ticket) {
        let (link, told, kept) = (Arc::clone(&self.link), self.told.clone(), Arc::clone(&self.nonce));
        tokio::spawn(async move {
            let said = match ready(&link, &kept).await {
                Ok(said) => said,
                Err(error) => LinkSaid::NotReady(error),
            };
            let _ = told.send(Told::Input(Input::Link(ticket, said))).await;
        });
    }

    fn compare(&self, ticket: Ticket) {
        let (faces, photo, told) = (self.faces.clone(), self.photo.get(), self.told.clone());
        faces.want(ticket);
        tokio::task::spawn_blocking(move || {
            if !faces.begin(ticket, photo.as_deref()) {
                let _ = told.blocking_send(Told::Input(Input::Face(ticket, FaceSaid::Impossible)));
            }
        });
    }

    fn sign(&self, ticket: Ticket, choices: Choices) {
        let (link, told, kept) = (Arc::clone(&self.link), self.told.clone(), Arc::clone(&self.nonce));
        let orders = self.orders.clone();
        tokio::spawn(async move {
            match living_nonce(&link, &kept).await {
                Ok(nonce) => {
                    let _ = orders.send(Order::Sign(ticket, Box::new(nonce), choices));
                }
                Err(error) => {
                    let said = CardSaid::NotSigned(Trouble::Link(error));
                    let _ = told.send(Told::Input(Input::Card(ticket, said))).await;
                }
            }
        });
    }

    fn keep_signed(&mut self, ticket: Ticket, signed: Box<Signed>) {
        // What it was signed over is spent now.
        let spent = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).take();
        let until = spent.map_or_else(|| Instant::now() + LEAST_LIFE, |(_, until)| until);
        self.signed = Some((ticket, signed, until));
    }

    /// Hands in what was signed, again and again under its one number until there is an answer or the number has ended;
    /// also when nobody waits for it any more.
    fn submit(&mut self, ticket: Ticket) {
        let Some((_, signed, until)) = self.signed.take().filter(|(of, ..)| *of == ticket) else { return };
        let (link, told, waiting) = (Arc::clone(&self.link), self.told.clone(), Arc::clone(&self.waiting));
        if waiting.load(Ordering::SeqCst) >= UNDER_WAY_MAX {
            let said = LinkSaid::Over(LinkError::Unreachable);
            tokio::spawn(async move { told.send(Told::Input(Input::Link(ticket, said))).await });
            return;
        }
        let guard = Waiting::new(waiting);
        tokio::spawn(async move {
            let mut late = None;
            let said = loop {
                match link.submit(signed.check()).await {
                    Ok(outcome) if !is_passing(&outcome) => break LinkSaid::Outcome(Box::new(outcome)),
                    Ok(outcome) if Instant::now() >= until => break LinkSaid::Outcome(Box::new(outcome)),
                    Err(error) if Instant::now() >= until => break LinkSaid::Over(error),
                    Ok(_) | Err(_) => {}
                }
                if late.is_none() {
                    late = Some(guard.count());
                }
                let _ = told.send(Told::Input(Input::Waiting(guard.now()))).await;
                let _ = told.send(Told::Input(Input::Link(ticket, LinkSaid::Again))).await;
                sleep(AGAIN).await;
            };
            drop(late);
            let _ = told.send(Told::Input(Input::Waiting(guard.now()))).await;
            let _ = told.send(Told::Input(Input::Link(ticket, said))).await;
        });
    }
}

/// Counts signed checks without an answer, while they wait.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(count: Arc<AtomicUsize>) -> Self {
        Self(count)
    }

    fn count(&self) -> Counted {
        self.0.fetch_add(1, Ordering::SeqCst);
        Counted(Arc::clone(&self.0))
    }

    fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether the same question may be answered a little later: it never reached the centre, or the centre is not itself.
fn is_passing(outcome: &ReaderOutcome) -> bool {
    let code = outcome.code.as_deref().and_then(ErrorCode::from_code);
    matches!(
        code,
        Some(
            ErrorCode::CentralUnreachable
                | ErrorCode::Overloaded
                | ErrorCode::AuditUnavailable
                | ErrorCode::LineNotConnected
        )
    )
}

async fn ready(
    link: &TerminalLink,
    kept: &Mutex<Option<(ReaderNonce, Instant)>>,
) -> Result<LinkSaid, LinkError> {
    let nonce = living_nonce(link, kept).await?;
    let mode = link.mode().await?;
    Ok(LinkSaid::Ready { asked: nonce.asked.clone(), as_of: nonce.as_of, mode })
}

/// The number at hand while it lives long enough for a card to sign it, else a new one. It stays at hand until it is
/// signed.
async fn living_nonce(
    link: &TerminalLink,
    kept: &Mutex<Option<(ReaderNonce, Instant)>>,
) -> Result<ReaderNonce, LinkError> {
    let at_hand = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((nonce, until)) = at_hand
        && until > Instant::now() + LEAST_LIFE
        && nonce.as_of == crate::clock::today()
    {
        return Ok(nonce);
    }
    let nonce = link.nonce().await?;
    let until = Instant::now() + Duration::from_secs(nonce.expires_in_s.into());
    *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((nonce.clone(), until));
    Ok(nonce)
}
