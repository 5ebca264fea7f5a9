//! The folder the certificates lie in. Each is one file with key and chain, never changed once it is there; a small
//! file says which of them is used. Only that file is ever replaced, in one step.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use pki::keys::PrivateKey;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::former::Place;
use super::held::{Held, HeldError};
use crate::config::Config;

/// Name of the folder below the terminal's state.
pub const FOLDER: &str = "certificates";
/// Says which certificate is used.
const CURRENT: &str = "current";
/// A key whose certificate was asked for and is not in use yet.
const PENDING: &str = "pending.json";
/// Says which certificate was used before it.
const FORMER: &str = "former";
/// What was changed and when, a JSON object a line.
const CHANGES: &str = "changes.log";
/// Held by whoever changes anything here.
const LOCK: &str = "lock";
/// Ending of a certificate's file.
const ENDING: &str = ".pem";

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeepingError {
    /// The folder or a file in it.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate in it.
    #[error(transparent)]
    Held(#[from] HeldError),
    /// Another process is installing or renewing.
    #[error("another process is changing this terminal's certificate")]
    Busy,
}

/// The terminal's certificates on disk.
#[derive(Clone, Debug)]
pub struct Keeping {
    folder: PathBuf,
    /// Certificate and key that somebody put there by hand, used while there is none of our own.
    brought: Option<(PathBuf, PathBuf)>,
}

/// What a pending key is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    /// The certificate of the letter with this number.
    Letter(String),
    /// The successor of the certificate with this serial number.
    Renewal(String),
}

/// A key whose certificate was asked for: asking again with it gets the same certificate.
#[derive(Serialize, Deserialize, ZeroizeOnDrop)]
struct Pending {
    #[zeroize(skip)]
    purpose: Purpose,
    key_pem: String,
}

/// Nobody else changes the folder while this lives.
pub(super) struct Alone(#[expect(dead_code, reason = "its lock ends with it")] File);

impl Keeping {
    /// The folder of this terminal. Nothing is touched yet.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let central = &config.central;
        let named = !central.certificate_file.as_os_str().is_empty();
        let brought = named.then(|| (central.certificate_file.clone(), central.key_file.clone()));
        Self { folder: config.state.join(FOLDER), brought }
    }

    /// The certificate in use: our own, else the one that was brought; `None` when there is neither.
    ///
    /// # Errors
    /// [`KeepingError`] when it is there and cannot be used.
    pub fn current(&self) -> Result<Option<Held>, KeepingError> {
        if let Some(number) = self.number_in_use()? {
            return self.own(number).map(Some);
        }
        match &self.brought {
            Some((certificate, _)) if !certificate.exists() => Ok(None),
            Some((certificate, key)) => Ok(Some(Held::from_files(certificate, key)?)),
            None => Ok(None),
        }
    }

    /// One of our own certificates.
    pub(super) fn own(&self, number: u64) -> Result<Held, KeepingError> {
        let path = self.file(number);
        let text = Zeroizing::new(std::fs::read_to_string(&path).map_err(at(&path))?);
        Ok(Held::from_pem(&text)?)
    }

    /// The one that was brought by hand, while its file is there.
    pub(super) fn brought_one(&self) -> Result<Option<Held>, KeepingError> {
        match &self.brought {
            Some((certificate, key)) if certificate.exists() => Ok(Some(Held::from_files(certificate, key)?)),
            _ => Ok(None),
        }
    }

    /// The files that were brought by hand, if the settings name any.
    #[must_use]
    pub fn brought(&self) -> Option<&Path> {
        self.brought.as_ref().map(|(certificate, _)| certificate.as_path())
    }

    /// Which of our own certificates is in use; `None` while the brought one is.
    ///
    /// # Errors
    /// [`KeepingError::Io`].
    pub fn number_in_use(&self) -> Result<Option<u64>, KeepingError> {
        let path = self.folder.join(CURRENT);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let number = text.trim().parse().map_err(|_| io::Error::other("it names no certificate"));
                Ok(Some(number.map_err(at(&path))?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Keeps everybody else from changing the folder, which is made when missing.
    pub(super) fn alone(&self) -> Result<Alone, KeepingError> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(at(&self.folder))?;
        let path = self.folder.join(LOCK);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(at(&path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Alone(file)),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(KeepingError::Busy),
            Err(error) => Err(at(&path)(error.into())),
        }
    }

    /// Puts a certificate beside the others, whole and durable. It is not used yet.
    pub(super) fn add(&self, _alone: &Alone, held: &Held) -> Result<u64, KeepingError> {
        let next = self.number_in_use()?.unwrap_or(0) + 1;
        // After going back, the one after the one in use is the one to go forward to.
        let number = if self.former_place()? == Some(Place::Own(next)) { next + 1 } else { next };
        self.replace(&format!("{number:06}{ENDING}"), held.to_pem()?.as_bytes())?;
        Ok(number)
    }

    /// Uses it from now on. The former stays beside it; older ones go.
    pub(super) fn switch(&self, alone: &Alone, number: u64) -> Result<(), KeepingError> {
        let former = self.change_to(alone, Place::Own(number))?;
        self.forget(PENDING)?;
        for entry in std::fs::read_dir(&self.folder).map_err(at(&self.folder))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let old = name.strip_suffix(ENDING).and_then(|stem| stem.parse::<u64>().ok());
            if old.is_some_and(|old| old != number && former != Some(Place::Own(old))) {
                self.forget(&name)?;
            }
        }
        Ok(())
    }

    /// Uses what is in this place, and writes down what was used before; gives it.
    pub(super) fn change_to(&self, _alone: &Alone, place: Place) -> Result<Option<Place>, KeepingError> {
        let former = match self.number_in_use()? {
            Some(number) => Some(Place::Own(number)),
            None => self.brought_one()?.map(|_| Place::Brought),
        };
        // First: after a cut between the two, the former of the one in use is itself, and that is none.
        match former {
            Some(former) => self.replace(FORMER, former.to_string().as_bytes())?,
            None => self.forget(FORMER)?,
        }
        match place {
            Place::Own(number) => self.replace(CURRENT, number.to_string().as_bytes())?,
            Place::Brought => self.forget(CURRENT)?,
        }
        Ok(former)
    }

    /// Where the certificate is that was used before the one in use.
    pub(super) fn former_place(&self) -> Result<Option<Place>, KeepingError> {
        let in_use = self.number_in_use()?.map_or(Place::Brought, Place::Own);
        let path = self.folder.join(FORMER);
        let written = match std::fs::read_to_string(&path) {
            Ok(text) => Place::parse(text.trim()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Place::before(in_use),
            Err(error) => return Err(at(&path)(error)),
        };
        let there = |place: &Place| match place {
            Place::Own(number) => self.file(*number).exists(),
            Place::Brought => self.brought.as_ref().is_some_and(|(certificate, _)| certificate.exists()),
        };
        Ok(written.filter(|place| *place != in_use && there(place)))
    }

    /// Adds a line to the record of changes, durable.
    pub(super) fn record(&self, _alone: &Alone, line: &str) -> Result<(), KeepingError> {
        let path = self.folder.join(CHANGES);
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let written = file.and_then(|mut file| {
            file.write_all(line.as_bytes())?;
            file.write_all(b"\n")?;
            file.sync_all()
        });
        written.map_err(at(&path))
    }

    /// Takes a certificate away that did not stand its trial.
    pub(super) fn discard(&self, _alone: &Alone, number: u64) -> Result<(), KeepingError> {
        self.forget(&format!("{number:06}{ENDING}"))
    }

    /// The key for this purpose: the one that was made for it before, else a new one, durable before it is used.
    pub(super) fn key_for(&self, _alone: &Alone, purpose: &Purpose) -> Result<PrivateKey, KeepingError> {
        let path = self.folder.join(PENDING);
        let kept = std::fs::read(&path).ok().map(Zeroizing::new);
        let kept = kept.and_then(|bytes| serde_json::from_slice::<Pending>(&bytes).ok());
        let unusable = |error: pki::Error| KeepingError::Held(HeldError::Key(error.to_string()));
        if let Some(pending) = kept.filter(|pending| pending.purpose == *purpose) {
            return PrivateKey::from_pem(&pending.key_pem).map_err(unusable);
        }
        let key = PrivateKey::generate(pki::keys::KeyAlgorithm::P256).map_err(unusable)?;
        let key_pem = key.to_pem().map_err(unusable)?;
        let pending = Pending { purpose: purpose.clone(), key_pem: key_pem.to_string() };
        let text = serde_json::to_vec(&pending).map(Zeroizing::new);
        self.replace(PENDING, &text.map_err(|error| at(&path)(io::Error::other(error)))?)?;
        Ok(key)
    }

    /// Whether a renewal was begun and is not done.
    pub(super) fn renewal_pending(&self) -> bool {
        let kept = std::fs::read(self.folder.join(PENDING)).ok().map(Zeroizing::new);
        let kept = kept.and_then(|bytes| serde_json::from_slice::<Pending>(&bytes).ok());
        kept.is_some_and(|pending| matches!(pending.purpose, Purpose::Renewal(_)))
    }

    fn file(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:06}{ENDING}"))
    }

    /// Writes a file in one step: after a cut there is the old one or the new one, whole.
    fn replace(&self, name: &str, content: &[u8]) -> Result<(), KeepingError> {
        let (path, part) = (self.folder.join(name), self.folder.join(format!(".{name}.part")));
        write_private(&part, content).map_err(at(&part))?;
        std::fs::rename(&part, &path).map_err(at(&path))?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(at(&self.folder))
    }

    fn forget(&self, name: &str) -> Result<(), KeepingError> {
        let path = self.folder.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path)(error)),
            _ => Ok(()),
        }
    }
}

/// Writes a file anew that only its owner can read (0600), durable.
pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)?;
    file.write_all(content).and_then(|()| file.sync_all())
}

fn at(path: &Path) -> impl Fn(io::Error) -> KeepingError + '_ {
    move |source| KeepingError::Io { path: path.to_owned(), source }
}
