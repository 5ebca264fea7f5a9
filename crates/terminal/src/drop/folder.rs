//! One folder of the drop, touched only by names below it and never through a symbolic link.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read, Write},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

/// A folder. Its path is opened anew for every operation, so that a share may be unmounted and mounted again.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    work: Arc<FolderWork>,
}

/// What folders were asked since the start. Files that nobody asked about must not make it more.
#[derive(Debug, Default)]
pub(crate) struct FolderWork {
    names: AtomicU64,
    looks: AtomicU64,
}

impl FolderWork {
    /// Names read while going through folders.
    pub(crate) fn names(&self) -> u64 {
        self.names.load(Ordering::Relaxed)
    }

    /// Entries looked at or opened.
    pub(crate) fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }
}

/// What a look at an entry shows; two equal looks mean that nobody wrote between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// A regular file with one name only.
    pub(crate) plain: bool,
    /// Bytes.
    pub(crate) size: u64,
    /// Last change, nanoseconds since 1970.
    pub(crate) modified_ns: i128,
    inode: u64,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// It is gone: the client took it back.
    #[error("the file is gone")]
    Gone,
    /// Somebody still has it open for writing.
    #[error("the file is in use")]
    InUse,
    /// Not a plain file: a link, a folder, a device, a pipe.
    #[error("not a plain file")]
    NotPlain,
    /// Larger than the limit.
    #[error("too large")]
    TooLarge,
    /// Anything else the system said.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Folder {
    /// The folder `root/name`, made when missing. What is asked of it is counted in `work`.
    pub(crate) fn below(root: &Path, name: &str, work: &Arc<FolderWork>) -> io::Result<Self> {
        let path = root.join(name);
        std::fs::create_dir_all(&path)?;
        Ok(Self { path, work: Arc::clone(work) })
    }

    /// Its path, for messages and watchers.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A link in the folder's place is refused: whoever may write to the share could lead answers elsewhere.
    fn open(&self) -> io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::open(&self.path, flags, Mode::empty())?)
    }

    /// Calls `each` with every entry's name, until it answers `false`. No entry is opened or looked at.
    pub(crate) fn for_each_name(&self, mut each: impl FnMut(&OsStr) -> bool) -> io::Result<()> {
        use std::os::unix::ffi::OsStrExt;
        for entry in Dir::new(self.open()?)? {
            let entry = entry?;
            self.work.names.fetch_add(1, Ordering::Relaxed);
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." && !each(OsStr::from_bytes(name)) {
                break;
            }
        }
        Ok(())
    }

    /// When an entry was last added, removed or renamed, as the file system says.
    pub(crate) fn modified(&self) -> io::Result<std::time::SystemTime> {
        std::fs::metadata(&self.path)?.modified()
    }

    /// Looks at an entry without following links. `None` when there is none.
    pub(crate) fn look(&self, name: &OsStr) -> io::Result<Option<Look>> {
        self.work.looks.fetch_add(1, Ordering::Relaxed);
        match rustix::fs::statat(self.open()?, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(look_of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a name is taken, by anything.
    pub(crate) fn has(&self, name: &str) -> io::Result<bool> {
        Ok(self.look(OsStr::new(name))?.is_some())
    }

    /// Reads a plain file of at most `limit` bytes; links, pipes and files in use are refused, nothing blocks.
    pub(crate) fn read(&self, name: &OsStr, limit: u64) -> Result<Vec<u8>, ReadError> {
        let (file, look) = self.open_plain(name)?;
        // Where the file system keeps locks (an SMB mount does), a writer's open handle shows here.
        if matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)) {
            return Err(ReadError::InUse);
        }
        read_at_most(file, look, limit)
    }

    /// The same for what we wrote: without a lock, which could keep a client from opening its result.
    pub(crate) fn read_ours(&self, name: &OsStr, limit: u64) -> Result<(Vec<u8>, Look), ReadError> {
        let (file, look) = self.open_plain(name)?;
        Ok((read_at_most(file, look, limit)?, look))
    }

    fn open_plain(&self, name: &OsStr) -> Result<(File, Look), ReadError> {
        self.work.looks.fetch_add(1, Ordering::Relaxed);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let file = match rustix::fs::openat(self.open()?, name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            Err(Errno::NOENT) => return Err(ReadError::Gone),
            Err(Errno::LOOP | Errno::NXIO) => return Err(ReadError::NotPlain),
            Err(Errno::BUSY | Errno::TXTBSY | Errno::AGAIN | Errno::ACCESS) => return Err(ReadError::InUse),
            Err(error) => return Err(io::Error::from(error).into()),
        };
        plain_and_there(file)
    }

    /// Writes a new file and makes its content durable. An existing name is an error.
    pub(crate) fn create(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(self.open()?, name, flags, Mode::from_raw_mode(0o660))?;
        let mut file = File::from(fd);
        let written = file.write_all(content).and_then(|()| file.sync_all());
        if written.is_err() {
            // A disk that is full now may have room later: leave no torn file behind.
            let _ = self.remove(name);
        }
        written
    }

    /// Opens an existing plain file to give it its content. What is not plain stays as it is: an error of kind
    /// `AlreadyExists`. A name that is not there is one of kind `NotFound`.
    pub(crate) fn open_to_fill(&self, name: &str) -> io::Result<ToFill> {
        // For reading as well: over smbnetfs a handle that cannot read answers a change of length with an error.
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(self.open()?, name, flags, Mode::empty()) {
            Ok(fd) => File::from(fd),
            // A link, a pipe, a folder.
            Err(Errno::LOOP | Errno::NXIO | Errno::ISDIR) => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) => return Err(error.into()),
        };
        let stat = rustix::fs::fstat(&file)?;
        // Without a name it was taken away meanwhile; what is written then is nobody's.
        if stat.st_nlink != 0 && !look_of(&stat).plain {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(ToFill { file, bytes: look_of(&stat).size })
    }

    /// Whether a plain file holds this content, which is durable then. Nothing is written, and nobody who watches the
    /// folder is told of a change. `false` as well for what is not there, is no plain file or is in use.
    pub(crate) fn holds(&self, name: &OsStr, content: &[u8]) -> io::Result<bool> {
        let file = match self.open_plain(name) {
            Ok((file, look)) if look.size == content.len() as u64 => file,
            Err(ReadError::Io(error)) => return Err(error),
            _ => return Ok(false),
        };
        let mut found = Vec::with_capacity(content.len());
        (&file).take(content.len() as u64 + 1).read_to_end(&mut found)?;
        if found != content {
            return Ok(false);
        }
        // A process that was killed may have written and not waited for the disk.
        match rustix::fs::fsync(&file) {
            // Some network file systems sync no handle that only reads; their server already has the content.
            Ok(()) | Err(Errno::INVAL | Errno::NOTSUP | Errno::BADF) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Moves an entry as it is (a link stays a link). An existing target is an error of kind `AlreadyExists`.
    pub(crate) fn move_to(&self, name: &OsStr, target: &Self, new_name: &str) -> io::Result<()> {
        let (from, to) = (self.open()?, target.open()?);
        match rustix::fs::renameat_with(&from, name, &to, new_name, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            other => return Ok(other?),
        }
        // File systems without an exclusive rename (older SMB): only we make names there, so looking first suffices.
        if target.has(new_name)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(rustix::fs::renameat(&from, name, &to, new_name)?)
    }

    /// Removes a file; one that is gone already is fine.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        match rustix::fs::unlinkat(self.open()?, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes additions and removals durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        match rustix::fs::fsync(self.open()?) {
            // Some network file systems cannot sync a folder; their server already has the entry.
            Ok(()) | Err(Errno::INVAL | Errno::NOTSUP | Errno::BADF) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// A plain file that is open to be given its content.
#[derive(Debug)]
pub(crate) struct ToFill {
    file: File,
    /// Its length when it was opened.
    bytes: u64,
}

impl ToFill {
    /// Gives it this content and makes it durable. The beginning of the content, if an earlier try left it there, is
    /// never taken away again meanwhile.
    pub(crate) fn fill(mut self, content: &[u8]) -> io::Result<()> {
        self.file.write_all(content)?;
        if self.bytes > content.len() as u64 {
            self.file.set_len(content.len() as u64)?;
        }
        self.file.sync_all()
    }
}

fn read_at_most(file: File, look: Look, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut content = Vec::with_capacity(usize::try_from(look.size.min(limit)).unwrap_or(0));
    file.take(limit + 1).read_to_end(&mut content)?;
    if content.len() as u64 > limit { Err(ReadError::TooLarge) } else { Ok(content) }
}

/// A file that was opened by its name, if it is plain. One that lost its name since is gone: whoever may take files took
/// it at that moment.
fn plain_and_there(file: File) -> Result<(File, Look), ReadError> {
    let stat = rustix::fs::fstat(&file).map_err(io::Error::from)?;
    let look = look_of(&stat);
    match look.plain {
        true => Ok((file, look)),
        false if stat.st_nlink == 0 => Err(ReadError::Gone),
        false => Err(ReadError::NotPlain),
    }
}

fn look_of(stat: &rustix::fs::Stat) -> Look {
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    Look {
        plain: regular && stat.st_nlink == 1,
        size: u64::try_from(stat.st_size).unwrap_or(0),
        modified_ns: i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec),
        inode: stat.st_ino,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_that_is_taken_while_it_is_opened_is_gone() {
        let root = tempfile::tempdir().expect("a folder");
        let (path, second) = (root.path().join("answer.xml"), root.path().join("second"));
        std::fs::write(&path, b"answer").expect("writes");
        let file = || File::open(&path).expect("opens");
        assert!(plain_and_there(file()).is_ok());
        let opened = file();
        std::fs::hard_link(&path, &second).expect("links");
        assert!(matches!(plain_and_there(file()), Err(ReadError::NotPlain)));
        for name in [&path, &second] {
            std::fs::remove_file(name).expect("removes");
        }
        assert!(matches!(plain_and_there(opened), Err(ReadError::Gone)));
    }

    #[test]
    fn a_link_in_a_folders_place_leads_nowhere() {
        let root = tempfile::tempdir().expect("a folder");
        let elsewhere = tempfile::tempdir().expect("another folder");
        let folder = Folder::below(root.path(), "res", &Arc::default()).expect("a folder");
        std::fs::remove_dir(folder.path()).expect("removes");
        symlink(elsewhere.path(), folder.path()).expect("links");
        assert!(folder.create("answer.xml", b"answer").is_err());
        assert!(!elsewhere.path().join("answer.xml").exists());
    }

    #[test]
    fn what_has_a_second_name_is_never_written_through() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Folder::below(root.path(), "res", &Arc::default()).expect("a folder");
        let precious = root.path().join("precious");
        std::fs::write(&precious, "precious").expect("writes");
        std::fs::hard_link(&precious, folder.path().join("answer.xml")).expect("links");
        assert!(folder.open_to_fill("answer.xml").is_err());
        assert_eq!(std::fs::read(&precious).expect("reads"), b"precious");
    }

    #[test]
    fn what_is_filled_holds_that_and_no_more() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = Folder::below(root.path(), "res", &Arc::default()).expect("a folder");
        for before in ["", "ans", "answer", "longer than the answer"] {
            std::fs::write(folder.path().join("answer.xml"), before).expect("writes");
            folder.open_to_fill("answer.xml").and_then(|file| file.fill(b"answer")).expect("fills");
            assert_eq!(std::fs::read(folder.path().join("answer.xml")).expect("reads"), b"answer");
        }
        assert!(folder.open_to_fill("never made.xml").is_err());
    }
}
