//! What a coverage must hold to be taken in. Every problem is found at once and names its field; no message
//! carries a value, because messages are logged.

use super::{CeilingCertificate, CopayRatio, Coverage};
use crate::{
    Date,
    codes::{CardClassification, CeilingCertificateKind, CeilingClass},
    insurer::InsurerKind,
    matching::NumberKey,
    public_assistance::MedicalTicket,
};

/// Longest 記号 and 番号, in characters.
pub const NUMBER_MAX_CHARS: usize = 20;
/// Longest name, kana or name of an institution, in characters.
pub const NAME_MAX_CHARS: usize = 100;
/// Longest address, in characters.
pub const ADDRESS_MAX_CHARS: usize = 200;
/// Longest coverage id or person key, in characters.
pub const KEY_MAX_CHARS: usize = 64;
/// Most certificates of one kind, and most tickets, on one coverage.
pub const CERTIFICATES_MAX: usize = 100;

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// It has more characters, or more entries, than allowed.
    #[error("is too long")]
    TooLong,
    /// It is not of the expected form, or holds control characters.
    #[error("has the wrong form")]
    WrongForm,
    /// A range ends before it begins.
    #[error("ends before it begins")]
    Inverted,
    /// It lies before the birth of the person.
    #[error("lies before the birth")]
    BeforeBirth,
    /// It must be absent when another field is absent or different.
    #[error("does not go with the rest")]
    NotAllowed,
}

/// One problem of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} {problem}")]
pub struct InvalidField {
    /// The field, as named in [`Coverage`]; a field of a part after a dot.
    pub field: &'static str,
    /// What is wrong.
    pub problem: Problem,
}

impl Coverage {
    /// Checks the coverage by itself. Empty when nothing is wrong.
    #[must_use]
    pub fn problems(&self) -> Vec<InvalidField> {
        let mut found = Findings::default();
        self.check_identity(&mut found);
        self.check_dates(&mut found);
        self.check_kind(&mut found);
        self.check_certificates(&mut found);
        for ticket in &self.medical_tickets {
            check_ticket(ticket, &mut found);
        }
        found.0
    }

    /// Checks the coverage by itself.
    ///
    /// # Errors
    /// The first problem found; [`Coverage::problems`] gives all.
    pub fn validate(&self) -> Result<(), InvalidField> {
        self.problems().into_iter().next().map_or(Ok(()), Err)
    }

    fn check_identity(&self, found: &mut Findings) {
        found.text("coverage_id", Some(&self.coverage_id), KEY_MAX_CHARS, Need::Required);
        found.text("person_key", Some(&self.person_key.0), KEY_MAX_CHARS, Need::Required);
        found.text("insured_symbol", self.insured_symbol.as_deref(), NUMBER_MAX_CHARS, Need::Optional);
        found.text("insured_number", Some(&self.insured_number), NUMBER_MAX_CHARS, Need::Required);
        found.when(NumberKey::of(&self.insured_number).is_empty(), "insured_number", Problem::Empty);
        let two_digits = |b: &String| b.len() == 2 && b.bytes().all(|byte| byte.is_ascii_digit());
        let branch = self.branch_number.as_ref();
        found.when(branch.is_some_and(|b| !two_digits(b)), "branch_number", Problem::WrongForm);
        found.text("insured_name", self.insured_name.as_deref(), NAME_MAX_CHARS, Need::Optional);
        let person = &self.person;
        found.text("person.name", Some(&person.name), NAME_MAX_CHARS, Need::Required);
        found.text("person.kana", person.kana.as_deref(), NAME_MAX_CHARS, Need::Optional);
        found.text("person.other_name", person.other_name.as_deref(), NAME_MAX_CHARS, Need::Optional);
        found.text("person.other_kana", person.other_kana.as_deref(), NAME_MAX_CHARS, Need::Optional);
        found.text("person.address", person.address.as_deref(), ADDRESS_MAX_CHARS, Need::Optional);
        let postcode = person.postcode.as_deref();
        found.when(postcode.is_some_and(|p| !is_postcode(p)), "person.postcode", Problem::WrongForm);
    }

    fn check_dates(&self, found: &mut Findings) {
        found.when(self.qualified_on < self.person.birthdate, "qualified_on", Problem::BeforeBirth);
        let inverted = self.disqualified_on.is_some_and(|lost| lost <= self.qualified_on);
        found.when(inverted, "disqualified_on", Problem::Inverted);
        let groundless = self.reason_of_loss.is_some() && self.disqualified_on.is_none();
        found.when(groundless, "reason_of_loss", Problem::NotAllowed);
        if let (Some(from), until) = (self.card_valid_from, self.card_valid_until) {
            found.range("card_valid_until", from, until);
        }
    }

    fn check_kind(&self, found: &mut Findings) {
        let kind = self.insurer_number.kind();
        let assistance = kind == InsurerKind::PublicAssistance;
        let agrees = assistance == (self.classification == CardClassification::PublicAssistance);
        found.when(!agrees, "classification", Problem::NotAllowed);
        let late_elderly = kind == InsurerKind::LateElderly;
        found.when(self.copay_ratio.is_some() && !late_elderly, "copay_ratio", Problem::NotAllowed);
        found.when(!self.medical_tickets.is_empty() && !assistance, "medical_tickets", Problem::NotAllowed);
        let elderly = !self.elderly_certificates.is_empty();
        found.when(elderly && (late_elderly || assistance), "elderly_certificates", Problem::NotAllowed);
    }

    fn check_certificates(&self, found: &mut Findings) {
        found.count("ceiling_certificates", self.ceiling_certificates.len());
        found.count("elderly_certificates", self.elderly_certificates.len());
        found.count("specific_disease_certificates", self.specific_disease_certificates.len());
        found.count("medical_tickets", self.medical_tickets.len());
        for certificate in &self.ceiling_certificates {
            found.range("ceiling_certificates.valid_until", certificate.valid_from, certificate.valid_until);
            let wrong = !certificate.is_consistent();
            found.when(wrong, "ceiling_certificates.class", Problem::NotAllowed);
        }
        for certificate in &self.elderly_certificates {
            found.range("elderly_certificates.valid_until", certificate.valid_from, certificate.valid_until);
            let wrong = certificate.ratio == CopayRatio::Ten;
            found.when(wrong, "elderly_certificates.ratio", Problem::NotAllowed);
        }
        for certificate in &self.specific_disease_certificates {
            let (from, until) = (certificate.valid_from, certificate.valid_until);
            found.range("specific_disease_certificates.valid_until", from, until);
        }
    }
}

impl CeilingClass {
    /// Whether the class is one of low income, whose certificate also lowers the cost of meals.
    #[must_use]
    pub const fn is_low_income(self) -> bool {
        matches!(self, Self::A05 | Self::A06 | Self::B05 | Self::B06 | Self::B07 | Self::B08)
    }

    /// Whether the class is one of those from 70 on.
    #[must_use]
    pub fn is_elderly(self) -> bool {
        self.code().starts_with('B')
    }

    /// The certificate that usually carries the class.
    #[must_use]
    pub const fn usual_kind(self) -> CeilingCertificateKind {
        if self.is_low_income() {
            CeilingCertificateKind::CeilingAndMeals
        } else {
            CeilingCertificateKind::Ceiling
        }
    }
}

impl CeilingCertificate {
    /// Whether the class can stand on this kind of certificate: low income on the kinds that lower the cost of
    /// meals, every other class on the plain one.
    #[must_use]
    pub const fn is_consistent(&self) -> bool {
        match self.kind {
            CeilingCertificateKind::Ceiling => !self.class.is_low_income(),
            CeilingCertificateKind::CeilingAndMeals | CeilingCertificateKind::Meals => {
                self.class.is_low_income()
            }
        }
    }
}

fn check_ticket(ticket: &MedicalTicket, found: &mut Findings) {
    found.range("medical_tickets.valid_until", ticket.valid_from, Some(ticket.valid_until));
    let wrong = ticket.treatment_month.day() != 1;
    found.when(wrong, "medical_tickets.treatment_month", Problem::WrongForm);
    found.text("medical_tickets.issue_number", Some(&ticket.issue_number), NUMBER_MAX_CHARS, Need::Required);
    let name = Some(ticket.institution_name.as_str());
    found.text("medical_tickets.institution_name", name, NAME_MAX_CHARS, Need::Required);
}

fn is_postcode(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 8
        && bytes.iter().enumerate().all(|(at, b)| if at == 3 { *b == b'-' } else { b.is_ascii_digit() })
}

/// Whether a text must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
}

#[derive(Default)]
struct Findings(Vec<InvalidField>);

impl Findings {
    fn when(&mut self, wrong: bool, field: &'static str, problem: Problem) {
        if wrong {
            self.0.push(InvalidField { field, problem });
        }
    }

    fn text(&mut self, field: &'static str, text: Option<&str>, most: usize, need: Need) {
        let Some(text) = text else { return };
        self.when(need == Need::Required && text.trim().is_empty(), field, Problem::Empty);
        self.when(text.chars().count() > most, field, Problem::TooLong);
        self.when(text.chars().any(char::is_control), field, Problem::WrongForm);
    }

    fn range(&mut self, field: &'static str, from: Date, until: Option<Date>) {
        self.when(until.is_some_and(|last| last < from), field, Problem::Inverted);
    }

    fn count(&mut self, field: &'static str, entries: usize) {
        self.when(entries > CERTIFICATES_MAX, field, Problem::TooLong);
    }
}
