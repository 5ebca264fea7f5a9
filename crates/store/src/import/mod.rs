//! Loading insurers' data: staged in chunks nobody sees, checked whole, swapped at once.

use eligibility::{
    Instant, card_certificate::CardCertificateId, coverage::Coverage, insurer::InsurerNumber,
    person::PersonKey,
};

use crate::{Result, Store};

/// What an insurer's file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMeta {
    /// Whose members the file lists, all of them.
    pub insurer_number: InsurerNumber,
    /// SHA-256 of the file's bytes: the same content is imported once.
    pub content_hash: [u8; 32],
    /// How many rows it has.
    pub rows: u64,
}

/// Why one row of a file cannot be used. The reason names fields, never their content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Row, counted from 1.
    pub row: u64,
    /// The reason.
    pub reason: String,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The import's number within its source.
    pub import_number: i64,
    /// Rows in the file.
    pub rows: u64,
    /// Whether exactly this content had been applied before, so that nothing was done now.
    pub already_applied: bool,
    /// When it was (first) applied.
    pub applied_at: Instant,
}

/// One line of the cards file: which certificate leads to which person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The authentication certificate.
    pub certificate: CardCertificateId,
    /// Its holder.
    pub person_key: PersonKey,
    /// The certificate (same issuer) that took its place.
    pub superseded_by: Option<String>,
    /// Whether the card is registered for use as an insurance card.
    pub registered: bool,
}

impl Store {
    /// Loads one insurer's whole file and swaps it in. Killed at any point and called again with the same
    /// file, it goes on and ends in the same state. `progress` gets the rows staged so far.
    ///
    /// # Errors
    /// [`crate::Error::ImportRefused`] when any row is at fault (nothing becomes visible; the faults go to
    /// `on_fault`, at most [`FAULTS_REPORTED`]); any write error of the store.
    pub async fn import_insurer_file<I>(
        &self,
        _meta: FileMeta,
        _rows: I,
        _now: Instant,
        _progress: impl FnMut(u64) + Send,
        _on_fault: impl FnMut(RowFault) + Send,
    ) -> Result<Receipt>
    where
        I: Iterator<Item = std::result::Result<Coverage, RowFault>> + Send,
    {
        Err(crate::Error::Closed)
    }

    /// Loads card certificates. Each row stands alone, so rows become visible chunk by chunk, and the same
    /// row again changes nothing.
    ///
    /// # Errors
    /// [`crate::Error::ImportRefused`] at the first faulty row; any write error of the store.
    pub async fn import_cards<I>(
        &self,
        _content_hash: [u8; 32],
        _rows: I,
        _now: Instant,
        _progress: impl FnMut(u64) + Send,
    ) -> Result<Receipt>
    where
        I: Iterator<Item = std::result::Result<Card, RowFault>> + Send,
    {
        Err(crate::Error::Closed)
    }
}

/// Faults reported one by one at most; more are only counted.
pub const FAULTS_REPORTED: usize = 100;
