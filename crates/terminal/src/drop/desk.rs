//! One request from its file to its answer.

use std::{
    ffi::OsStr,
    io,
    os::unix::fs::DirBuilderExt,
    sync::Arc,
    time::{Duration, Instant},
};

use eligibility::errors::ErrorCode;
use tokio::sync::{Mutex, MutexGuard, OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::{
    MAX_REQUEST_BYTES, Next, digest_of,
    folder::{Folder, Look, ReadError},
    journal::{Delivery, Journal, Record, State, Target},
    names::{RequestFile, Verdict, asks_something, classify},
    outbox::{Outbox, Outgoing},
    owed::Owed,
    quarantine::{Reason, put_away},
    question::{Asked, Questions, Read, Unreadable},
    turns::{Doubts, Turns},
};
use crate::{
    central::Central,
    clock,
    config::{Config, DropConfig},
    status::Status,
};

/// From this size on requests are read one after another, bytes; real ones are about one kilobyte.
const LARGE_BYTES: u64 = 64 * 1024;
/// Pause before trying again what failed for a reason of the system (a full disk, a file in use).
pub(super) const TRY_AGAIN: Duration = Duration::from_secs(1);
/// A file that grows for longer than this is looked at again later, so that it holds no place.
const SETTLE_PATIENCE: Duration = Duration::from_secs(2);

/// How often a face result is staged while somebody keeps replacing it.
const FACE_TRIES: usize = 3;
/// What is said when staging was tampered with.
const STAGED_REPLACED: &str = "a staged file was replaced in the share";

/// What the journal's keys of face results begin with; no name of a request does.
pub(super) const FACE_KEY: &str = "face:";
/// Face results written at the same time at most; those of one session one after the other.
const FACE_TURNS: usize = 16;

/// Everything needed to attend to requests.
pub(crate) struct Desk<C> {
    settings: DropConfig,
    req: Folder,
    quarantine: Folder,
    pub(super) outbox: Outbox,
    pub(super) journal: Journal,
    questions: Questions<C>,
    pub(super) status: Arc<Status>,
    pub(super) turns: Turns,
    /// Promised answers that could not be delivered yet.
    pub(super) owed: Owed,
    doubts: Doubts,
    large: Arc<Semaphore>,
    /// Who hands in the same session twice at once waits for the first: see [`Desk::write_face`].
    faces: [Mutex<()>; FACE_TURNS],
}

/// A face result to be written.
#[derive(Debug)]
pub(crate) struct FaceFile {
    /// The card session's own id: one session, one file.
    pub(crate) session: String,
    /// The file's name.
    pub(crate) name: String,
    /// Its content.
    pub(crate) content: Vec<u8>,
}

/// A request in hand: its file, as it was read.
struct InHand {
    file: RequestFile,
    look: Look,
    content: Arc<Vec<u8>>,
    digest: String,
    /// Held by a large request.
    alone: Option<OwnedSemaphorePermit>,
}

impl<C: Central> Desk<C> {
    /// Opens folders and journal, and brings to its end what an earlier life left half done.
    pub(crate) fn open(config: &Config, central: Arc<C>, status: Arc<Status>) -> io::Result<Self> {
        let root = &config.drop.root;
        let folder = |name| Folder::below(root, name, status.folder_work());
        let outbox = Outbox::below(root, config.drop.write_mode, status.folder_work())?;
        // Questions, receipts and the reader's token are nobody else's.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&config.state)?;
        let desk = Self {
            req: folder("req")?,
            quarantine: folder("quarantine")?,
            outbox,
            journal: Journal::open(&config.state, clock::now_ms())?,
            questions: Questions::new(config, central, Arc::clone(&status))?,
            settings: config.drop.clone(),
            status,
            turns: Turns::default(),
            owed: Owed::default(),
            doubts: Doubts::new(config.drop.incomplete_patience()),
            large: Arc::new(Semaphore::new(1)),
            faces: Default::default(),
        };
        desk.keep_promises_of_an_earlier_life()?;
        Ok(desk)
    }

    pub(crate) fn settings(&self) -> &DropConfig {
        &self.settings
    }

    pub(crate) fn req(&self) -> &Folder {
        &self.req
    }

    /// Attends to one name in `req`. Nothing that lies there makes this fail: trouble is noted and tried again.
    pub(crate) async fn attend(self: &Arc<Self>, name: &OsStr) -> Next {
        let outcome = match classify(name) {
            Verdict::Foreign => return Next::Finished,
            Verdict::Hostile => {
                if asks_something(name) {
                    // Its client waits in vain: no name of an answer can be made of this one.
                    tracing::warn!("a request under a name that cannot be answered");
                }
                self.put_away(name, Reason::Name).await
            }
            Verdict::Request(file) => self.answer(file).await,
        };
        match outcome {
            Ok(next) => {
                if self.status.set_drop_trouble(None) {
                    tracing::info!("the file drop works again");
                }
                next
            }
            Err(error) => {
                self.report_trouble(&error);
                Next::Later(TRY_AGAIN)
            }
        }
    }

    /// Notes what keeps the drop from working. Names of files are left out: some clients put patient ids there.
    pub(crate) fn report_trouble(&self, error: &io::Error) {
        if self.status.set_drop_trouble(Some(error.to_string())) {
            tracing::error!(%error, "the file drop cannot work; it tries again");
        }
    }

    async fn answer(self: &Arc<Self>, file: RequestFile) -> io::Result<Next> {
        // `X.xml` and `X.zip` share one answer: one of them at a time.
        let Some(_turn) = self.turns.take(&file.key) else { return Ok(Next::Later(TRY_AGAIN)) };
        let hand = match self.take_in_hand(file).await? {
            Ok(hand) => hand,
            Err(next) => return Ok(next),
        };
        match self.journal.get(&hand.file.key) {
            Some(record) if record.digest == hand.digest => match record.state {
                State::Seen => self.ask(hand, Some(record.request_id)).await,
                State::Answered(deliveries) => self.finish(hand, record.request_id, deliveries).await,
                // The request was removed after its answer, so this is a second file under its name.
                State::Done | State::Shown(_) => self.answered_before(hand).await,
            },
            // Its content changed before anything was answered: only the new content is a question.
            Some(record) if record.state == State::Seen => self.ask(hand, None).await,
            Some(_) => self.refuse_file(&hand.file, ErrorCode::Quarantined, Reason::NameUsed).await,
            None => self.ask(hand, None).await,
        }
    }

    /// Waits until the file lies still, then reads it. `Err` holds what to do when there is nothing to answer.
    async fn take_in_hand(self: &Arc<Self>, file: RequestFile) -> io::Result<Result<InHand, Next>> {
        let name = file.name.clone();
        let Some(look) = self.settle(&name).await? else { return Ok(Err(Next::Finished)) };
        let Some(look) = look else { return Ok(Err(Next::Later(TRY_AGAIN))) };
        if !look.plain {
            return self.put_away(name.as_ref(), Reason::NotPlain).await.map(Err);
        }
        if look.size > MAX_REQUEST_BYTES {
            return self.refuse_file(&file, ErrorCode::TooLarge, Reason::TooLarge).await.map(Err);
        }
        if self.doubts.is_too_early(&file.key, look) {
            return Ok(Err(Next::Later(TRY_AGAIN)));
        }
        // Large files one after another: sixteen of them at once would be hundreds of megabytes.
        let alone = match look.size > LARGE_BYTES {
            true => Some(Arc::clone(&self.large).acquire_owned().await.map_err(io::Error::other)?),
            false => None,
        };
        let desk = Arc::clone(self);
        let read =
            off_for(alone.as_ref(), move || Ok(desk.req.read(name.as_ref(), MAX_REQUEST_BYTES))).await?;
        Ok(match read {
            Ok(content) => {
                Ok(InHand { digest: digest_of(&content), file, look, content: Arc::new(content), alone })
            }
            Err(ReadError::Gone) => Err(Next::Finished),
            Err(ReadError::InUse) => Err(Next::Later(TRY_AGAIN)),
            Err(ReadError::NotPlain) => Err(self.put_away(file.name.as_ref(), Reason::NotPlain).await?),
            Err(ReadError::TooLarge) => {
                Err(self.refuse_file(&file, ErrorCode::TooLarge, Reason::TooLarge).await?)
            }
            Err(ReadError::Io(error)) => return Err(error),
        })
    }

    /// Looks until two looks agree. Outer `None`: gone; inner `None`: still growing.
    async fn settle(self: &Arc<Self>, name: &str) -> io::Result<Option<Option<Look>>> {
        let since = Instant::now();
        let mut last = None;
        loop {
            let (desk, name) = (Arc::clone(self), name.to_owned());
            let Some(look) = off(move || desk.req.look(name.as_ref())).await? else { return Ok(None) };
            if last == Some(look) {
                return Ok(Some(Some(look)));
            }
            if since.elapsed() > SETTLE_PATIENCE {
                return Ok(Some(None));
            }
            last = Some(look);
            tokio::time::sleep(self.settings.settle()).await;
        }
    }

    /// Asks the question, under the id it was asked before if it was.
    async fn ask(self: &Arc<Self>, hand: InHand, known: Option<Uuid>) -> io::Result<Next> {
        let (desk, content, name) = (Arc::clone(self), Arc::clone(&hand.content), hand.file.clone());
        let read = off_for(hand.alone.as_ref(), move || Ok(desk.questions.read(&name, &content))).await?;
        let question = match read {
            Read::Unreadable(unreadable) => return self.refuse_content(hand, &unreadable).await,
            Read::Question(question) => question,
        };
        let answer_name = hand.file.answer_name(self.questions.seals(&hand.file));
        if known.is_none() && self.is_taken(&answer_name).await? {
            return self.refuse_file(&hand.file, ErrorCode::Quarantined, Reason::AnswerNameTaken).await;
        }
        let request_id = known.unwrap_or_else(Uuid::now_v7);
        if known.is_none() {
            self.note(&hand, request_id, State::Seen).await?;
        }
        let asked = self.questions.ask(*question, &hand.file, request_id).await?;
        let Asked { content, segment, beside } = asked;
        tracing::info!(%request_id, segment, "request answered");
        self.status.count_answered();
        let mut files: Vec<Outgoing> = Vec::with_capacity(beside.len() + 1);
        // What stands beside a result is there before it: clients wait for the result.
        for (ending, content) in beside {
            let name = hand.file.beside_name(ending);
            files.push(Outgoing { folder: Target::Res, name, content: Arc::new(content) });
        }
        files.push(Outgoing { folder: Target::Res, name: answer_name, content: Arc::new(content) });
        self.send(hand, request_id, files).await
    }

    /// Stages, promises, delivers: see [`super::journal`] for the order.
    async fn send(
        self: &Arc<Self>,
        hand: InHand,
        request_id: Uuid,
        files: Vec<Outgoing>,
    ) -> io::Result<Next> {
        let desk = Arc::clone(self);
        let deliveries = off(move || desk.outbox.stage(&files)).await?;
        self.note(&hand, request_id, State::Answered(deliveries.clone())).await?;
        self.finish(hand, request_id, deliveries).await
    }

    async fn finish(
        self: &Arc<Self>,
        hand: InHand,
        request_id: Uuid,
        deliveries: Vec<Delivery>,
    ) -> io::Result<Next> {
        let (desk, files) = (Arc::clone(self), deliveries.clone());
        let delivered = off_for(hand.alone.as_ref(), move || desk.outbox.deliver(&files)).await;
        if delivered.is_err() {
            // Though its client takes the request back.
            self.owed.note(&hand.file.key);
        }
        let delivered = delivered?;
        if delivered.replaced {
            return self.begin_anew(hand, request_id, deliveries).await;
        }
        if !delivered.taken.is_empty() {
            tracing::error!(%request_id, "a stranger's file took the answer's name; the answer is not delivered");
        }
        self.remove_request(&hand).await?;
        self.note(&hand, request_id, State::Done).await?;
        Ok(Next::Finished)
    }

    /// Somebody replaced the answer in staging: the same question is asked again under its id, which gets the same
    /// answer.
    async fn begin_anew(
        self: &Arc<Self>,
        hand: InHand,
        request_id: Uuid,
        deliveries: Vec<Delivery>,
    ) -> io::Result<Next> {
        tracing::error!(%request_id, "ALARM: a staged answer was replaced in the share; it is made anew");
        self.note(&hand, request_id, State::Seen).await?;
        self.discard(deliveries).await?;
        Ok(Next::Later(TRY_AGAIN))
    }

    async fn discard(self: &Arc<Self>, deliveries: Vec<Delivery>) -> io::Result<()> {
        let desk = Arc::clone(self);
        self.status.count_quarantined();
        off(move || desk.outbox.discard(&deliveries)).await
    }

    /// Removes the request, unless the client put other content there meanwhile: that is another question.
    async fn remove_request(self: &Arc<Self>, hand: &InHand) -> io::Result<()> {
        let (desk, name, look) = (Arc::clone(self), hand.file.name.clone(), hand.look);
        off(move || {
            if desk.req.look(name.as_ref())? == Some(look) {
                desk.req.remove(&name)?;
                desk.req.sync()?;
            }
            Ok(())
        })
        .await
    }

    /// Not a request at all: it goes to `res` under its own name, with the words for the user beside it.
    async fn refuse_content(self: &Arc<Self>, hand: InHand, unreadable: &Unreadable) -> io::Result<Next> {
        if unreadable.may_be_incomplete && !self.doubts.is_sure(&hand.file.key, hand.look) {
            return Ok(Next::Later(TRY_AGAIN));
        }
        let error_name = hand.file.error_name();
        if self.is_taken(&error_name).await? || self.is_taken(&hand.file.name).await? {
            return self.put_away(hand.file.name.as_ref(), Reason::AnswerNameTaken).await;
        }
        self.status.count_refused();
        let request_id = Uuid::now_v7();
        tracing::info!(%request_id, "request refused: it cannot be read");
        // The words first: a client that sees its request come back looks for them.
        let files = vec![
            Outgoing {
                folder: Target::Res,
                name: error_name,
                content: Arc::new(self.questions.error_file(unreadable.code, &unreadable.detail)),
            },
            Outgoing {
                folder: Target::Res,
                name: hand.file.name.clone(),
                content: Arc::clone(&hand.content),
            },
        ];
        self.send(hand, request_id, files).await
    }

    /// A second file under an answered name. While the answer lies there it is answered; later it needs a new name.
    async fn answered_before(self: &Arc<Self>, hand: InHand) -> io::Result<Next> {
        if self.is_taken(&hand.file.answer_name(self.questions.seals(&hand.file))).await? {
            self.remove_request(&hand).await?;
            return Ok(Next::Finished);
        }
        self.refuse_file(&hand.file, ErrorCode::Quarantined, Reason::NameUsed).await
    }

    /// The file cannot be answered: quarantine, and words for the user unless such words lie there already.
    async fn refuse_file(
        self: &Arc<Self>,
        file: &RequestFile,
        code: ErrorCode,
        reason: Reason,
    ) -> io::Result<Next> {
        let desk = Arc::clone(self);
        let error_name = file.error_name();
        off(move || {
            if desk.outbox.is_taken(Target::Res, &error_name)? {
                return Ok(());
            }
            let content = Arc::new(desk.questions.error_file(code, reason.words()));
            let staged = desk.outbox.stage(&[Outgoing { folder: Target::Res, name: error_name, content }])?;
            if !desk.outbox.deliver(&staged)?.replaced {
                return Ok(());
            }
            desk.outbox.discard(&staged)?;
            Err(io::Error::other(STAGED_REPLACED))
        })
        .await?;
        self.status.count_refused();
        self.put_away(file.name.as_ref(), reason).await
    }

    async fn put_away(self: &Arc<Self>, name: &OsStr, reason: Reason) -> io::Result<Next> {
        let (desk, name) = (Arc::clone(self), name.to_owned());
        off(move || put_away(&desk.quarantine, &desk.req, &name, reason, clock::now_ms())).await?;
        self.status.count_quarantined();
        tracing::warn!(?reason, "put into quarantine");
        Ok(Next::Finished)
    }

    async fn is_taken(self: &Arc<Self>, name: &str) -> io::Result<bool> {
        let (desk, name) = (Arc::clone(self), name.to_owned());
        off(move || desk.outbox.is_taken(Target::Res, &name)).await
    }

    async fn note(&self, hand: &InHand, request_id: Uuid, state: State) -> io::Result<()> {
        let (key, digest) = (hand.file.key.clone(), hand.digest.clone());
        self.journal.write(Record { key, digest, request_id, at: clock::now_ms(), state }).await
    }

    /// Two that delivered the same staged file at once would disturb each other.
    pub(super) async fn face_turn(&self, key: &str) -> MutexGuard<'_, ()> {
        let turn = key.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        self.faces[turn % FACE_TURNS].lock().await
    }

    /// Writes a face result, once per session whatever happens. Answers the name it has in `face`.
    pub(crate) async fn write_face(self: &Arc<Self>, face: FaceFile) -> io::Result<String> {
        let key = format!("{FACE_KEY}{}", face.session);
        let _turn = self.face_turn(&key).await;
        let digest = digest_of(&face.content);
        let file = Outgoing { folder: Target::Face, name: face.name, content: Arc::new(face.content) };
        for _ in 0..FACE_TRIES {
            if let Some(name) = self.try_face(&key, &digest, &file).await? {
                return Ok(name);
            }
        }
        Err(io::Error::other(STAGED_REPLACED))
    }

    /// `None` when somebody replaced it in staging: it is to be staged anew.
    async fn try_face(
        self: &Arc<Self>,
        key: &str,
        digest: &str,
        file: &Outgoing,
    ) -> io::Result<Option<String>> {
        let known = self.journal.get(key).map(|known| (known.request_id, known.state));
        let request_id = known.as_ref().map_or_else(Uuid::now_v7, |(request_id, _)| *request_id);
        let record = |state| Record {
            key: key.to_owned(),
            digest: digest.to_owned(),
            request_id,
            at: clock::now_ms(),
            state,
        };
        let deliveries = match known {
            Some((_, State::Shown(name))) => return Ok(Some(name)),
            Some((_, State::Answered(deliveries))) => deliveries,
            _ => {
                let (desk, file) = (Arc::clone(self), file.clone());
                let deliveries = off(move || desk.outbox.stage(&[file])).await?;
                self.journal.write(record(State::Answered(deliveries.clone()))).await?;
                deliveries
            }
        };
        let name = deliveries.first().map_or_else(|| file.name.clone(), |delivery| delivery.name.clone());
        let (desk, files) = (Arc::clone(self), deliveries.clone());
        if off(move || desk.outbox.deliver(&files)).await?.replaced {
            tracing::error!(%request_id, "ALARM: a staged face result was replaced in the share; it is made anew");
            self.journal.write(record(State::Seen)).await?;
            self.discard(deliveries).await?;
            return Ok(None);
        }
        self.journal.write(record(State::Shown(name.clone()))).await?;
        self.status.count_card_check();
        Ok(Some(name))
    }
}

/// The same for a request that may be large (it then holds the permit): on a thread of its own that ends with the
/// work, because the pool's threads would each keep the memory of the largest file they ever saw.
async fn off_for<T: Send + 'static>(
    large: Option<&OwnedSemaphorePermit>,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    if large.is_none() {
        return off(work).await;
    }
    let (answer, outcome) = tokio::sync::oneshot::channel();
    // Nobody listens only when the terminal stops.
    std::thread::Builder::new().name("large-request".into()).spawn(move || answer.send(work()).is_ok())?;
    outcome.await.map_err(io::Error::other)?
}

/// Runs file work where it may block.
pub(super) async fn off<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
