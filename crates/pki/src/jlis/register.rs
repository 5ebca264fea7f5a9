//! Which serial numbers were issued by which generation, and which of them are revoked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use eligibility::Instant;

use crate::crl::{Revocation, RevocationReason};
use crate::journal::Journal;
use crate::{Error, Result};

/// Largest serial number of a card certificate. Those above are the authorities' own.
pub const CARD_SERIAL_MAX: u32 = 0x7eff_ffff;
/// Roots: this plus the generation. Responders: from [`FIRST_RESPONDER_SERIAL`] on.
pub(crate) const ROOT_SERIAL_BASE: u32 = 0x7f00_0000;
const FIRST_RESPONDER_SERIAL: u32 = 0x7f00_0100;
const LAST_RESPONDER_SERIAL: u32 = 0x7fff_ffff;
const FILE: &str = "register.log";

/// What the authority knows of a serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateStatus {
    /// Issued (or reserved for a card) and not revoked.
    Good,
    /// Revoked.
    Revoked(Revocation),
    /// Never issued by this generation.
    Unknown,
}

#[derive(Default)]
struct State {
    /// First serial number of a range -> its last one, and the generation that issued it.
    ranges: BTreeMap<u32, (u32, u8)>,
    revoked: BTreeMap<u32, Revocation>,
    last_responder: u32,
    crl_number: u64,
}

/// One register for all generations of an authority, because they share their name and so their
/// serial numbers.
pub(crate) struct Register {
    state: Mutex<(Journal, State)>,
}

impl Register {
    pub(crate) fn create(folder: &Path) -> Result<()> {
        Journal::create(&folder.join(FILE)).map(|_| ())
    }

    pub(crate) fn open(folder: &Path) -> Result<Self> {
        Self::of(Journal::open(&folder.join(FILE))?)
    }

    /// As it is now, while another program may be writing it; whatever would change it is refused.
    pub(crate) fn open_beside(folder: &Path) -> Result<Self> {
        Self::of(Journal::open_beside(&folder.join(FILE))?)
    }

    fn of((journal, lines): (Journal, Vec<String>)) -> Result<Self> {
        let mut state = State { last_responder: FIRST_RESPONDER_SERIAL - 1, ..State::default() };
        for line in &lines {
            state.replay(line)?;
        }
        Ok(Self { state: Mutex::new((journal, state)) })
    }

    /// Makes these serial numbers this generation's; numbers that are already are no mistake.
    pub(crate) fn reserve(&self, generation: u8, first: u32, last: u32) -> Result<()> {
        if first == 0 || first > last || last > CARD_SERIAL_MAX {
            return Err(Error::Serial(u64::from(last)));
        }
        let mut guard = self.lock();
        let (journal, state) = &mut *guard;
        if let Some(taken) = state.taken_by_others(generation, first, last) {
            return Err(Error::Serial(u64::from(taken)));
        }
        if state.covers(generation, first, last) {
            return Ok(());
        }
        journal.append(&["issued", &generation.to_string(), &first.to_string(), &last.to_string()])?;
        state.add(generation, first, last);
        Ok(())
    }

    /// The next serial number after all that were ever reserved, reserved for this generation.
    pub(crate) fn next(&self, generation: u8) -> Result<u32> {
        let mut guard = self.lock();
        let (journal, state) = &mut *guard;
        let next = state.ranges.values().map(|(last, _)| last + 1).max().unwrap_or(1);
        if next > CARD_SERIAL_MAX {
            return Err(Error::Serial(u64::from(next)));
        }
        journal.append(&["issued", &generation.to_string(), &next.to_string(), &next.to_string()])?;
        state.add(generation, next, next);
        Ok(next)
    }

    pub(crate) fn next_responder(&self) -> Result<u32> {
        let mut guard = self.lock();
        let (journal, state) = &mut *guard;
        let next = state.last_responder + 1;
        if next > LAST_RESPONDER_SERIAL {
            return Err(Error::Serial(u64::from(next)));
        }
        journal.append(&["responder", &next.to_string()])?;
        state.last_responder = next;
        Ok(next)
    }

    pub(crate) fn revoke(&self, serial: u32, revocation: Revocation) -> Result<()> {
        let mut guard = self.lock();
        let (journal, state) = &mut *guard;
        if state.generation_of(serial).is_none() {
            return Err(Error::NotIssued(format!("{serial:x}")));
        }
        // The first revocation stays: a later one must not move the date.
        if state.revoked.contains_key(&serial) {
            return Ok(());
        }
        let Revocation { at, reason } = revocation;
        journal.append(&["revoked", &serial.to_string(), &at.0.to_string(), reason.as_str()])?;
        state.revoked.insert(serial, revocation);
        Ok(())
    }

    /// As known at a moment: a revocation dated later does not count yet.
    pub(crate) fn status(&self, generation: u8, serial: u32, at: Instant) -> CertificateStatus {
        let guard = self.lock();
        let state = &guard.1;
        if state.generation_of(serial) != Some(generation) {
            return CertificateStatus::Unknown;
        }
        match state.revoked.get(&serial) {
            Some(revocation) if revocation.at <= at => CertificateStatus::Revoked(*revocation),
            _ => CertificateStatus::Good,
        }
    }

    /// A new list number and everything of this generation revoked until then.
    pub(crate) fn list(&self, generation: u8, at: Instant) -> Result<(u64, Vec<(u32, Revocation)>)> {
        let mut guard = self.lock();
        let (journal, state) = &mut *guard;
        let number = state.crl_number + 1;
        journal.append(&["crl", &number.to_string()])?;
        state.crl_number = number;
        let due = state.revoked.iter().filter(|(_, revocation)| revocation.at <= at);
        let own = due.filter(|(serial, _)| state.generation_of(**serial) == Some(generation));
        Ok((number, own.map(|(serial, revocation)| (*serial, *revocation)).collect()))
    }

    fn lock(&self) -> MutexGuard<'_, (Journal, State)> {
        // Memory changes only after the disk, so a panic in between leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn generation_of(&self, serial: u32) -> Option<u8> {
        let (_, (last, generation)) = self.ranges.range(..=serial).next_back()?;
        (serial <= *last).then_some(*generation)
    }

    fn overlapping(&self, first: u32, last: u32) -> impl Iterator<Item = (u32, u32, u8)> + '_ {
        // Ranges never overlap each other, so going back from `last` all later ones are out at once.
        let back =
            self.ranges.range(..=last).rev().map(|(start, (end, generation))| (*start, *end, *generation));
        back.take_while(move |(_, end, _)| *end >= first)
    }

    fn taken_by_others(&self, generation: u8, first: u32, last: u32) -> Option<u32> {
        self.overlapping(first, last)
            .find(|(_, _, owner)| *owner != generation)
            .map(|(start, _, _)| start.max(first))
    }

    fn covers(&self, generation: u8, first: u32, last: u32) -> bool {
        let mut found = self.overlapping(first, last);
        found.next().is_some_and(|(start, end, owner)| start <= first && end >= last && owner == generation)
    }

    /// Adds a range, joined with every range of the same generation that it overlaps or touches.
    fn add(&mut self, generation: u8, first: u32, last: u32) {
        let near: Vec<_> = self
            .overlapping(first.saturating_sub(1), last.saturating_add(1))
            .filter(|(_, _, owner)| *owner == generation)
            .collect();
        let (mut from, mut to) = (first, last);
        for (start, end, _) in near {
            self.ranges.remove(&start);
            from = from.min(start);
            to = to.max(end);
        }
        self.ranges.insert(from, (to, generation));
    }

    fn replay(&mut self, line: &str) -> Result<()> {
        let wrong = || Error::Malformed("a line of the register");
        let number = |text: &str| text.parse::<u32>().map_err(|_| wrong());
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["issued", generation, first, last] => {
                self.add(generation.parse().map_err(|_| wrong())?, number(first)?, number(last)?);
            }
            ["revoked", serial, at, reason] => {
                let at = Instant(at.parse().map_err(|_| wrong())?);
                let reason = RevocationReason::from_name(reason).ok_or_else(wrong)?;
                self.revoked.insert(number(serial)?, Revocation { at, reason });
            }
            ["responder", serial] => self.last_responder = number(serial)?,
            ["crl", list] => self.crl_number = list.parse().map_err(|_| wrong())?,
            _ => return Err(wrong()),
        }
        Ok(())
    }
}
