//! Finding people and their coverage: by card, by number, and as it was known at some moment.

use eligibility::{
    Date, Instant, card_certificate::CardCertificateId, coverage::Coverage, institution::InstitutionCode,
    insurer::InsurerNumber, matching::NumberKey, person::PersonKey,
};

use crate::{Result, Store, StoredConsent};

/// What a card certificate leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardLookup {
    /// No such certificate is known.
    Unknown,
    /// The card is known, but not registered for use as an insurance card (利用登録).
    Unregistered,
    /// A newer certificate took its place.
    Superseded,
    /// The holder.
    Person {
        /// Who it is.
        person_key: PersonKey,
        /// Every coverage known now, past and present, all insurers.
        coverages: Vec<Coverage>,
    },
}

/// Everything a card check reads, taken from one snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardContext {
    /// The card's holder and coverages.
    pub lookup: CardLookup,
    /// The institution's number for the person.
    pub reference_number: Option<String>,
    /// The person's latest choices at the institution.
    pub consents: Vec<StoredConsent>,
}

/// Everything a number check reads, taken from one snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NumberContext {
    /// Every coverage, all insurers, of every person whom the number leads to.
    pub coverages: Vec<Coverage>,
    /// The institution's numbers for those persons, where it has one.
    pub reference_numbers: Vec<(PersonKey, String)>,
}

impl Store {
    /// The holder of a card certificate and all their coverages.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn coverage_of_card(&self, _card: &CardCertificateId) -> Result<CardLookup> {
        Err(crate::Error::Closed)
    }

    /// What a card check at `institution` needs, in one read: prefer it to the single calls on the hot path.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn card_context(
        &self,
        _institution: &InstitutionCode,
        _card: &CardCertificateId,
    ) -> Result<CardContext> {
        Err(crate::Error::Closed)
    }

    /// All coverages of all persons who have, or had, this number and birthday at this insurer. Symbol and
    /// branch are left to the rule of verification.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn candidates_by_number(
        &self,
        _insurer: &InsurerNumber,
        _number: &NumberKey,
        _birthdate: Date,
    ) -> Result<Vec<Coverage>> {
        Err(crate::Error::Closed)
    }

    /// What a number check at `institution` needs, in one read.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn number_context(
        &self,
        _institution: &InstitutionCode,
        _insurer: &InsurerNumber,
        _number: &NumberKey,
        _birthdate: Date,
    ) -> Result<NumberContext> {
        Err(crate::Error::Closed)
    }

    /// A person's coverages as they are known now.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn coverages_of(&self, _person: &PersonKey) -> Result<Vec<Coverage>> {
        Err(crate::Error::Closed)
    }

    /// A person's coverages as they were known at `known_at`: only imports applied until then count. What
    /// held on a date D is then decided by the rule of verification with that date.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn coverages_as_known_at(
        &self,
        _person: &PersonKey,
        _known_at: Instant,
    ) -> Result<Vec<Coverage>> {
        Err(crate::Error::Closed)
    }
}
