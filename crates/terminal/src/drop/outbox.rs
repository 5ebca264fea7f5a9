//! Answers on their way: complete and durable in staging first, then visible under their final name.

use std::{ffi::OsStr, io, sync::Arc};

use super::{
    folder::Folder,
    journal::{Delivery, Target},
};
use crate::config::WriteMode;

/// The folders answers pass through.
#[derive(Debug)]
pub(crate) struct Outbox {
    staging: Folder,
    res: Folder,
    face: Folder,
    write_mode: WriteMode,
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
    pub(crate) fn new(staging: Folder, res: Folder, face: Folder, write_mode: WriteMode) -> Self {
        Self { staging, res, face, write_mode }
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
            deliveries.push(Delivery { staged: staged.clone(), folder: file.folder, name, in_place });
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
    /// missing. A name that a stranger took meanwhile is reported and never overwritten.
    pub(crate) fn deliver(&self, deliveries: &[Delivery]) -> io::Result<Vec<String>> {
        let mut taken = Vec::new();
        for delivery in deliveries {
            if !self.deliver_one(delivery)? {
                taken.push(delivery.name.clone());
            }
        }
        for target in [Target::Res, Target::Face] {
            if deliveries.iter().any(|delivery| delivery.folder == target) {
                self.folder(target).sync()?;
            }
        }
        Ok(taken)
    }

    /// `false` when the name is taken.
    fn deliver_one(&self, delivery: &Delivery) -> io::Result<bool> {
        let part = format!("{}{PART}", delivery.staged);
        let folder = self.folder(delivery.folder);
        if delivery.in_place {
            return self.deliver_in_place(delivery, &part, folder);
        }
        // A part that is gone has been delivered: the rename is the delivery.
        Ok(!self.staging.has(&part)? || self.make_visible(&part, folder, &delivery.name)?)
    }

    fn deliver_in_place(&self, delivery: &Delivery, part: &str, folder: &Folder) -> io::Result<bool> {
        let mark = format!("{}{MARK}", delivery.staged);
        // A mark still here means that the name was never made; one that is gone means that it was.
        if self.staging.has(&mark)? && !self.make_visible(&mark, folder, &delivery.name)? {
            self.staging.remove(part)?;
            return Ok(false);
        }
        if !self.staging.has(part)? {
            return Ok(true);
        }
        let content = std::fs::read(self.staging.path().join(part))?;
        match folder.fill(&delivery.name, &content) {
            // The client took the file before it was written: it is the client's now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            // A stranger put something with a second name there.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.staging.remove(part)?;
                return Ok(false);
            }
            other => other?,
        }
        self.staging.remove(part)?;
        Ok(true)
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
        orphans.iter().try_for_each(|name| self.staging.remove(name))
    }
}
