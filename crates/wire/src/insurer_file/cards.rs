//! `cards.csv`: which card certificate stands for which person.

use eligibility::{card_certificate::CardCertificateId, person::PersonKey};

/// One card certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardRecord {
    /// The certificate.
    pub card: CardCertificateId,
    /// Whose it is.
    pub person_key: PersonKey,
    /// `true` once the card is registered for use as an insurance card.
    pub registered: bool,
    /// The certificate that replaced this one.
    pub superseded_by: Option<CardCertificateId>,
}
