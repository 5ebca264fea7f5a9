//! Answers on their way: complete and durable in staging first, then visible under their final name.

use std::{ffi::OsStr, io, path::Path, sync::Arc};

use super::{
    digest_of,
    folder::{Folder, FolderWork, Look, ReadError},
    journal::{Delivery, Target},
    quarantine::{Reason, put_away},
};
use crate::{clock, config::WriteMode};

/// The folders answers pass through.
#[derive(Debug)]
pub(crate) struct Outbox {
    staging: Folder,
    res: Folder,
    face: Folder,
    quarantine: Folder,
    write_mode: WriteMode,
}

/// What became of files that were to be delivered.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    /// Names that a stranger had taken; theirs are not delivered.
    pub(crate) taken: Vec<String>,
    /// A staged file is not what was staged: it and those after it are not delivered, and lie where they were.
    pub(crate) replaced: bool,
}

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Delivered,
    Taken,
    Replaced,
}

/// A file that is to become visible.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    pub(crate) folder: Target,
    pub(crate) name: String,
    pub(crate) content: Arc<Vec<u8>>,
}

/// Ending of complete content in staging.
const PART: &str = ".part";
/// Ending of the empty file that becomes the result's name in the in-place mode.
const MARK: &str = ".mark";

impl Outbox {
    /// Staging lies in the share and not among the terminal's own files: what is made there belongs to the group and
    /// has the rights that the share gives, which the receipt computer needs. So nothing there is believed unchecked.
    pub(crate) fn below(root: &Path, write_mode: WriteMode, work: &Arc<FolderWork>) -> io::Result<Self> {
        let folder = |name| Folder::below(root, name, work);
        let (staging, res, face) = (folder("staging")?, folder("res")?, folder("face")?);
        Ok(Self { staging, res, face, quarantine: folder("quarantine")?, write_mode })
    }

    fn folder(&self, target: Target) -> &Folder {
        match target {
            Target::Res => &self.res,
            Target::Face => &self.face,
        }
    }

    /// Whether a final name is taken by anything.
    pub(crate) fn is_taken(&self, target: Target, name: &str) -> io::Result<bool> {
        self.folder(target).has(name)
    }

    /// Puts complete files into staging, durably. On failure nothing stays behind.
    pub(crate) fn stage(&self, files: &[Outgoing]) -> io::Result<Vec<Delivery>> {
        let mut deliveries = Vec::with_capacity(files.len());
        for file in files {
            let staged = uuid::Uuid::now_v7().simple().to_string();
            let in_place = self.write_mode == WriteMode::InPlace;
            let name = file.name.clone();
            let (digest, bytes) = (digest_of(&file.content), file.content.len() as u64);
            let folder = file.folder;
            deliveries.push(Delivery { staged: staged.clone(), folder, name, in_place, digest, bytes });
            if let Err(error) = self.stage_one(&staged, &file.content) {
                self.forget(&deliveries);
                return Err(error);
            }
        }
        self.staging.sync()?;
        Ok(deliveries)
    }

    fn stage_one(&self, staged: &str, content: &[u8]) -> io::Result<()> {
        self.staging.create(&format!("{staged}{PART}"), content)?;
        if self.write_mode == WriteMode::InPlace {
            self.staging.create(&format!("{staged}{MARK}"), b"")?;
        }
        Ok(())
    }

    fn forget(&self, deliveries: &[Delivery]) {
        for delivery in deliveries {
            for ending in [PART, MARK] {
                // What cannot be removed now is swept at the next start.
                let _ = self.staging.remove(&format!("{}{ending}", delivery.staged));
            }
        }
    }

    /// Makes staged files visible, in order. Repeating it after a crash at any point changes nothing but what is
    /// missing. A name that a stranger took meanwhile is reported and never overwritten; a staged file that is not
    /// what was staged ends it: see [`Outbox::discard`].
    pub(crate) fn deliver(&self, deliveries: &[Delivery]) -> io::Result<Delivered> {
        let mut all = Delivered::default();
        for delivery in deliveries {
            match self.deliver_one(delivery)? {
                Fate::Delivered => {}
                Fate::Taken => all.taken.push(delivery.name.clone()),
                Fate::Replaced => {
                    all.replaced = true;
                    break;
                }
            }
        }
        for target in [Target::Res, Target::Face] {
            if deliveries.iter().any(|delivery| delivery.folder == target) {
                self.folder(target).sync()?;
            }
        }
        Ok(all)
    }

    fn deliver_one(&self, delivery: &Delivery) -> io::Result<Fate> {
        let part = format!("{}{PART}", delivery.staged);
        let (content, look) = match self.staging.read_ours(OsStr::new(&part), delivery.bytes) {
            Ok((content, look)) if digest_of(&content) == delivery.digest => (content, look),
            Ok(_) | Err(ReadError::NotPlain | ReadError::TooLarge) => return Ok(Fate::Replaced),
            // A part that is gone has been delivered, unless its name was never made.
            Err(ReadError::Gone) if delivery.in_place && self.staging.has(&mark_of(delivery))? => {
                return Ok(Fate::Replaced);
            }
            Err(ReadError::Gone) => return Ok(Fate::Delivered),
            Err(ReadError::InUse) => return Err(io::Error::other("a staged file cannot be read now")),
            Err(ReadError::Io(error)) => return Err(error),
        };
        match delivery.in_place {
            true => self.deliver_in_place(delivery, &part, &content),
            false => self.deliver_whole(delivery, &part, look),
        }
    }

    fn deliver_in_place(&self, delivery: &Delivery, part: &str, content: &[u8]) -> io::Result<Fate> {
        let (mark, folder) = (mark_of(delivery), self.folder(delivery.folder));
        // A mark still here means that the name was never made; one that is gone means that it was.
        let marked = self.staging.look(OsStr::new(&mark))?;
        if let Some(look) = marked {
            if !self.blank(&mark, look, content)? {
                return Ok(Fate::Replaced);
            }
            if !self.make_visible(&mark, folder, &delivery.name)? {
                self.staging.remove(part)?;
                return Ok(Fate::Taken);
            }
        } else if folder.holds(OsStr::new(&delivery.name), content)? {
            // An earlier life ended after its last word: who follows changes must not hear of a second answer.
            self.staging.remove(part)?;
            return Ok(Fate::Delivered);
        }
        let filled = match folder.open_to_fill(&delivery.name) {
            Ok(file) => file.fill(content),
            // The client took it in an earlier life: it is the client's now.
            Err(error) if error.kind() == io::ErrorKind::NotFound && marked.is_none() => {
                self.staging.remove(part)?;
                return Ok(Fate::Delivered);
            }
            // Somebody put another thing in its place, or gave it a second name.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Fate::Replaced),
            Err(error) => Err(error),
        };
        let read_back = || holds(delivery, folder.read_ours(OsStr::new(&delivery.name), delivery.bytes));
        if let Err(error) = filled.and_then(|()| read_back()) {
            return Err(self.unfilled(delivery, error));
        }
        self.staging.remove(part)?;
        Ok(Fate::Delivered)
    }

    /// Whether a mark is ours and empty. One that holds the beginning of the answer was taken back and could not be
    /// emptied then; it is emptied now.
    fn blank(&self, mark: &str, look: Look, content: &[u8]) -> io::Result<bool> {
        if is_empty_file(look) {
            return Ok(true);
        }
        match self.staging.read_ours(OsStr::new(mark), content.len() as u64) {
            Ok((beginning, _)) if content.starts_with(&beginning) => {}
            Ok(_) | Err(ReadError::Gone | ReadError::NotPlain | ReadError::TooLarge) => return Ok(false),
            Err(ReadError::InUse) => return Err(io::Error::other("a staged file cannot be read now")),
            Err(ReadError::Io(error)) => return Err(error),
        }
        self.staging.open_to_fill(mark)?.fill(b"")?;
        Ok(true)
    }

    /// The answer is not whole in the file that was made for it. Its name is taken back until it can be filled,
    /// whatever it holds: a client should find no answer rather than a part of one. A client that removed the part
    /// meanwhile did not have its answer; the name is made again then.
    fn unfilled(&self, delivery: &Delivery, error: io::Error) -> io::Error {
        let (folder, mark) = (self.folder(delivery.folder), mark_of(delivery));
        let taken_back = match folder.move_to(OsStr::new(&delivery.name), &self.staging, &mark) {
            // Out of sight first, empty then: who looks at the right moment sees a part less long.
            Ok(()) => self.staging.open_to_fill(&mark).and_then(|file| file.fill(b"")),
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => self.staging.create(&mark, b""),
            Err(kept) => folder.open_to_fill(&delivery.name).and_then(|file| file.fill(b"")).and(Err(kept)),
        };
        match taken_back.and_then(|()| self.staging.sync()) {
            Ok(()) => error,
            Err(second) => io::Error::other(format!("{error}; and it cannot be taken back: {second}")),
        }
    }

    fn deliver_whole(&self, delivery: &Delivery, part: &str, checked: Look) -> io::Result<Fate> {
        let folder = self.folder(delivery.folder);
        if !self.make_visible(part, folder, &delivery.name)? {
            return Ok(Fate::Taken);
        }
        // Between the check and the move another file could have been put there.
        let name = OsStr::new(&delivery.name);
        if folder.look(name)?.is_none_or(|look| look == checked) {
            return Ok(Fate::Delivered);
        }
        // Some network file systems number a file anew when it moves: then its content decides.
        match folder.read_ours(name, delivery.bytes) {
            Ok((content, _)) if digest_of(&content) == delivery.digest => return Ok(Fate::Delivered),
            // The client has it.
            Err(ReadError::Gone | ReadError::InUse) => return Ok(Fate::Delivered),
            Err(ReadError::Io(error)) => return Err(error),
            Ok(_) | Err(ReadError::NotPlain | ReadError::TooLarge) => {}
        }
        // Back into staging, so that a crash now does not make it count as delivered.
        match folder.move_to(name, &self.staging, part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                put_away(&self.quarantine, folder, name, Reason::StagedReplaced, clock::now_ms())?;
            }
            other => other?,
        }
        Ok(Fate::Replaced)
    }

    /// Puts away what was replaced, once the journal no longer counts on it.
    pub(crate) fn discard(&self, deliveries: &[Delivery]) -> io::Result<()> {
        let put_away = |folder: &Folder, name: &str| {
            put_away(&self.quarantine, folder, OsStr::new(name), Reason::StagedReplaced, clock::now_ms())
        };
        for delivery in deliveries {
            let (part, mark) = (format!("{}{PART}", delivery.staged), mark_of(delivery));
            // Its name was made and not filled: what stands there is nothing a client should read.
            if delivery.in_place && self.staging.has(&part)? && !self.staging.has(&mark)? {
                put_away(self.folder(delivery.folder), &delivery.name)?;
            }
            put_away(&self.staging, &part)?;
            match self.staging.look(OsStr::new(&mark))? {
                Some(look) if !is_empty_file(look) => put_away(&self.staging, &mark)?,
                _ => self.staging.remove(&mark)?,
            }
        }
        Ok(())
    }

    fn make_visible(&self, staged: &str, folder: &Folder, name: &str) -> io::Result<bool> {
        match self.staging.move_to(OsStr::new(staged), folder, name) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.staging.remove(staged)?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Removes what an earlier life staged but never promised.
    pub(crate) fn sweep(&self, promised: &[Delivery]) -> io::Result<()> {
        let mut orphans = Vec::new();
        self.staging.for_each_name(|name| {
            if let Some(name) = name.to_str()
                && let Some(stem) = name.strip_suffix(PART).or_else(|| name.strip_suffix(MARK))
                && !promised.iter().any(|delivery| delivery.staged == stem)
            {
                orphans.push(name.to_owned());
            }
            true
        })?;
        for name in orphans {
            // A folder of a stranger's cannot be removed like a file; nothing here keeps the terminal from starting.
            let swept = self.staging.remove(&name).or_else(|_| {
                let reason = Reason::StagedReplaced;
                put_away(&self.quarantine, &self.staging, OsStr::new(&name), reason, clock::now_ms())
            });
            if let Err(error) = swept {
                tracing::error!(%error, "what was staged and never promised stays in staging until the next start");
            }
        }
        Ok(())
    }
}

/// Whether a file that was filled reads back as it was written: some mounts answer that they wrote and did not.
fn holds(delivery: &Delivery, read: Result<(Vec<u8>, Look), ReadError>) -> io::Result<()> {
    match read {
        Ok((content, _)) if digest_of(&content) == delivery.digest => Ok(()),
        // The client has it.
        Err(ReadError::Gone | ReadError::InUse) => Ok(()),
        Err(ReadError::Io(error)) => Err(error),
        Ok(_) | Err(ReadError::NotPlain | ReadError::TooLarge) => {
            Err(io::Error::other("an answer written in place does not read back as it was written"))
        }
    }
}

fn is_empty_file(look: Look) -> bool {
    look.plain && look.size == 0
}

fn mark_of(delivery: &Delivery) -> String {
    format!("{}{MARK}", delivery.staged)
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::MetadataExt,
        path::PathBuf,
        sync::atomic::{AtomicBool, AtomicUsize, Ordering},
        time::{Duration, Instant},
    };

    use testkit::own_world;

    use super::*;

    const NAME: &str = "OQSsiquc01res_1.xml";

    fn names_in(folder: &Folder) -> Vec<String> {
        let mut names = Vec::new();
        let each = |name: &OsStr| {
            names.push(name.to_string_lossy().into_owned());
            true
        };
        folder.for_each_name(each).expect("a folder");
        names
    }

    #[test]
    fn an_answer_that_cannot_be_filled_yet_leaves_no_empty_file() {
        let name = "drop::outbox::tests::an_answer_that_cannot_be_filled_yet_leaves_no_empty_file";
        own_world::in_own_world(name, &[], || {
            own_world::small_disk(128);
            let root = tempfile::tempdir().expect("a folder");
            let outbox = Outbox::below(root.path(), WriteMode::InPlace, &Arc::default()).expect("folders");
            let content = Arc::new(vec![b'a'; 6_000]);
            let answer = Outgoing { folder: Target::Res, name: NAME.into(), content: Arc::clone(&content) };
            let staged = outbox.stage(&[answer]).expect("room to stage");

            let ballast = own_world::fill_disk(root.path());
            for _ in 0..3 {
                let error = outbox.deliver(&staged).expect_err("no room");
                assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
                assert_eq!(names_in(&outbox.res), [""; 0]);
            }
            std::fs::remove_file(ballast).expect("room again");
            let delivered = outbox.deliver(&staged).expect("room");
            assert!(delivered.taken.is_empty() && !delivered.replaced);
            assert_eq!(std::fs::read(outbox.res.path().join(NAME)).expect("the answer"), *content);
            assert_eq!(names_in(&outbox.staging), [""; 0]);
        });
    }

    /// A disk on which a part of the staged answer finds room, and nothing more.
    fn room_for_a_part(content: &Arc<Vec<u8>>) -> (tempfile::TempDir, Outbox, Vec<Delivery>, PathBuf) {
        own_world::small_disk(128);
        let root = tempfile::tempdir().expect("a folder");
        let outbox = Outbox::below(root.path(), WriteMode::InPlace, &Arc::default()).expect("folders");
        let answer = Outgoing { folder: Target::Res, name: NAME.into(), content: Arc::clone(content) };
        let staged = outbox.stage(&[answer]).expect("room to stage");
        let ballast = own_world::fill_disk(root.path());
        own_world::make_room(&ballast, own_world::PAGE);
        (root, outbox, staged, ballast)
    }

    #[test]
    fn a_part_of_an_answer_is_taken_back() {
        let name = "drop::outbox::tests::a_part_of_an_answer_is_taken_back";
        own_world::in_own_world(name, &[], || {
            let content = Arc::new(vec![b'a'; 6_000]);
            let (_root, outbox, staged, ballast) = room_for_a_part(&content);
            let mark = mark_of(&staged[0]);
            for _ in 0..3 {
                let error = outbox.deliver(&staged).expect_err("room for a part only");
                assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
                assert_eq!(names_in(&outbox.res), [""; 0], "no part is left to be read");
                let look =
                    outbox.staging.look(OsStr::new(&mark)).expect("looks").expect("its name, taken back");
                assert!(is_empty_file(look), "{look:?}");
            }
            // A life that ended between taking back and emptying.
            std::fs::write(outbox.staging.path().join(&mark), &content[..2_000]).expect("room for a part");
            std::fs::remove_file(ballast).expect("room again");
            let delivered = outbox.deliver(&staged).expect("room");
            assert!(delivered.taken.is_empty() && !delivered.replaced);
            assert_eq!(std::fs::read(outbox.res.path().join(NAME)).expect("the answer"), *content);
            assert_eq!(names_in(&outbox.staging), [""; 0]);
        });
    }

    #[test]
    fn a_client_that_removes_a_part_still_gets_the_answer() {
        let name = "drop::outbox::tests::a_client_that_removes_a_part_still_gets_the_answer";
        own_world::in_own_world(name, &[], || {
            let content = Arc::new(vec![b'a'; 6_000]);
            let (_root, outbox, staged, ballast) = room_for_a_part(&content);
            let (removed, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
            let answer = outbox.res.path().join(NAME);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        removed
                            .fetch_add(usize::from(std::fs::remove_file(&answer).is_ok()), Ordering::SeqCst);
                    }
                });
                let until = Instant::now() + Duration::from_secs(120);
                while removed.load(Ordering::SeqCst) < 20 && Instant::now() < until {
                    assert!(outbox.deliver(&staged).is_err(), "a part is no answer");
                }
                stop.store(true, Ordering::SeqCst);
            });
            assert!(removed.into_inner() >= 20, "the client never was in time");
            std::fs::remove_file(ballast).expect("room again");
            outbox.deliver(&staged).expect("room");
            assert_eq!(std::fs::read(&answer).expect("the answer"), *content);
        });
    }

    #[test]
    fn an_answer_that_is_whole_already_is_not_written_again() {
        let root = tempfile::tempdir().expect("a folder");
        let outbox = Outbox::below(root.path(), WriteMode::InPlace, &Arc::default()).expect("folders");
        let answer =
            Outgoing { folder: Target::Res, name: NAME.into(), content: Arc::new(b"answer".to_vec()) };
        let staged = outbox.stage(&[answer]).expect("stages");
        let part = outbox.staging.path().join(format!("{}{PART}", staged[0].staged));
        outbox.deliver(&staged).expect("delivers");
        let path = outbox.res.path().join(NAME);
        let last_change = || {
            let data = std::fs::metadata(&path).expect("the answer");
            (data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec())
        };
        let before = last_change();
        // As kill -9 leaves it between the last byte and the removal of the part; later than the clock of files ticks.
        std::fs::write(&part, "answer").expect("writes");
        std::thread::sleep(Duration::from_millis(50));
        outbox.deliver(&staged).expect("nothing is missing");
        assert_eq!(last_change(), before);
        assert_eq!(names_in(&outbox.staging), [""; 0]);
        // With a part of it there, the rest is missing.
        std::fs::write(&part, "answer").expect("writes");
        std::fs::write(&path, "answ").expect("writes");
        outbox.deliver(&staged).expect("fills");
        assert_eq!(std::fs::read(&path).expect("the answer"), b"answer");
    }

    #[test]
    fn what_reads_back_otherwise_was_not_delivered() {
        let root = tempfile::tempdir().expect("a folder");
        let outbox = Outbox::below(root.path(), WriteMode::InPlace, &Arc::default()).expect("folders");
        let answer =
            Outgoing { folder: Target::Res, name: NAME.into(), content: Arc::new(b"answer".to_vec()) };
        let staged = outbox.stage(&[answer]).expect("stages");
        let read_back = |content: Option<&str>| {
            let path = outbox.res.path().join(NAME);
            match content {
                Some(content) => std::fs::write(path, content).expect("writes"),
                None => std::fs::remove_file(path).expect("the client takes it"),
            }
            holds(&staged[0], outbox.res.read_ours(OsStr::new(NAME), staged[0].bytes))
        };
        for wrong in ["", "answ", "answer?", "ansver"] {
            assert!(read_back(Some(wrong)).is_err(), "{wrong:?}");
        }
        assert!(read_back(Some("answer")).is_ok());
        assert!(read_back(None).is_ok());
    }
}
