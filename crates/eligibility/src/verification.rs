//! Verification (資格確認): the question, the rule, the answer.
//!
//! What a decision carries may leave the centre: the address of a protected person and the tickets of other
//! institutions are taken out here, at the one place every answer passes. What needs consent is taken out by
//! [`crate::disclosure`].

use serde::{Deserialize, Serialize};

use crate::{
    Date,
    codes::{InquiryMethod, Validity},
    coverage::Coverage,
    errors::ErrorCode,
    institution::InstitutionCode,
    insurer::InsurerNumber,
    matching::QueryKeys,
    person::PersonKey,
};

/// A question by typed insurance data (照会区分 2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberQuery {
    /// 資格確認日: the day asked about, past or future.
    pub as_of: Date,
    /// 保険者番号.
    pub insurer_number: InsurerNumber,
    /// 記号 as typed.
    pub insured_symbol: Option<String>,
    /// 番号 as typed.
    pub insured_number: String,
    /// 枝番 as typed.
    pub branch_number: Option<String>,
    /// 生年月日.
    pub birthdate: Date,
    /// 限度額提供同意: staff state that the patient agreed.
    pub ceiling_consent: bool,
}

/// What the rule decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// 資格有効性.
    pub validity: Validity,
    /// The coverages the answer shows: none for 4 and 5; one, or two when 医療扶助 stands beside insurance.
    pub coverages: Vec<Coverage>,
}

/// How the person proved who they are (本人確認方法).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofMethod {
    /// 顔認証
    Face,
    /// 暗証番号
    Pin,
    /// 目視確認
    Visual,
}

impl ProofMethod {
    /// Every method.
    pub const ALL: &'static [Self] = &[Self::Face, Self::Pin, Self::Visual];

    /// The name in our own messages, records and signed statements.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Pin => "pin",
            Self::Visual => "visual",
        }
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Face => "顔認証",
            Self::Pin => "暗証番号",
            Self::Visual => "目視確認",
        }
    }
}

impl Decision {
    /// The code that goes with an answer that shows nobody; `None` when coverage was found.
    #[must_use]
    pub const fn error(&self) -> Option<ErrorCode> {
        match self.validity {
            Validity::NoMatch => Some(ErrorCode::NoMatch),
            Validity::SeveralMatch => Some(ErrorCode::SeveralMatch),
            _ => None,
        }
    }

    /// Whether a question by number counts as a wrong guess: it showed nobody. "Several persons" (5) counts as
    /// "nobody" (4) does, because it tells that number and birthday exist, and a guesser would go on from there.
    #[must_use]
    pub const fn is_wrong_guess(&self) -> bool {
        matches!(self.validity, Validity::NoMatch | Validity::SeveralMatch)
    }

    const fn nobody(validity: Validity) -> Self {
        Self { validity, coverages: Vec::new() }
    }
}

/// Decides a question by typed insurance data.
///
/// `candidates` are all coverages, of every insurer, of every person who has a coverage with the asked
/// insurer number and number key: only so is "newer coverage exists" seen. Who does not match in every
/// part, the birthday included, is not there (validity 4).
///
/// * one person matches → the asked coverage with 1, 2 (lost or not yet begun), 3 (the same person has newer
///   coverage) or 6 (医療扶助 without a ticket for `institution` in that month);
/// * several persons match (twins asked for without 枝番) → 5.
#[must_use]
pub fn decide_by_number(
    query: &NumberQuery,
    candidates: &[Coverage],
    institution: &InstitutionCode,
) -> Decision {
    let keys = QueryKeys::of(query);
    let matching: Vec<&Coverage> = candidates.iter().filter(|coverage| keys.matches(coverage)).collect();
    let Some(first) = matching.first() else { return Decision::nobody(Validity::NoMatch) };
    if matching.iter().any(|coverage| coverage.person_key != first.person_key) {
        return Decision::nobody(Validity::SeveralMatch);
    }
    let person: Vec<&Coverage> = of_person(candidates, &first.person_key).collect();
    let Some(asked) = most_relevant(&matching, query.as_of) else {
        return Decision::nobody(Validity::NoMatch);
    };
    if asked.covers(query.as_of) {
        return valid(asked, &person, query.as_of, institution, InquiryMethod::Number);
    }
    let newer = person.iter().any(|other| is_newer(other, asked, query.as_of));
    let validity = if newer { Validity::InvalidNewerExists } else { Validity::Invalid };
    Decision { validity, coverages: vec![shown(asked, &person, query.as_of, institution)] }
}

/// Decides a question by card. `coverages` are all coverages of the one person the card leads to.
///
/// The newest coverage valid on the day is returned with 1 (or 6), whatever was lost before; only when none is
/// valid is the last lost one (else the first to come) returned with 2. Nobody's coverage → 4.
#[must_use]
pub fn decide_by_card(coverages: &[Coverage], as_of: Date, institution: &InstitutionCode) -> Decision {
    let person: Vec<&Coverage> = coverages.iter().collect();
    let Some(found) = most_relevant(&person, as_of) else { return Decision::nobody(Validity::NoMatch) };
    if found.covers(as_of) {
        return valid(found, &person, as_of, institution, InquiryMethod::Card);
    }
    Decision { validity: Validity::Invalid, coverages: vec![shown(found, &person, as_of, institution)] }
}

/// What an institution is told of a person whose 医療券・調剤券 of a month (its first day) are made out to it: the
/// 医療扶助 with those tickets, valid or lost when the first of them began. `None` when there is no such ticket.
///
/// Protection is that of every answer; consents are no part of it.
#[must_use]
pub fn decide_entrusted(
    coverages: &[Coverage],
    institution: &InstitutionCode,
    month: Date,
) -> Option<Decision> {
    let person: Vec<&Coverage> = coverages.iter().collect();
    let entrusted = |coverage: &Coverage| {
        let tickets = coverage.medical_tickets.iter();
        tickets.filter(|ticket| ticket.is_of(institution, month)).map(|ticket| ticket.valid_from).min()
    };
    let with_tickets = person.iter().filter(|coverage| coverage.is_public_assistance());
    let (found, from) = with_tickets
        .filter_map(|coverage| entrusted(coverage).map(|from| (*coverage, from)))
        .max_by_key(|(coverage, from)| (coverage.covers(*from), coverage.qualified_on))?;
    let mut told = found.clone();
    if person.iter().any(is_protected) {
        told.person.address = None;
        told.person.postcode = None;
    }
    told.medical_tickets.retain(|ticket| ticket.is_of(institution, month));
    let validity = if found.covers(from) { Validity::Valid } else { Validity::Invalid };
    Some(Decision { validity, coverages: vec![told] })
}

/// Whether the address must not be told: one insurer's flag suffices.
fn is_protected(coverage: &&Coverage) -> bool {
    let protection = &coverage.person.protection;
    protection.address_withheld || protection.self_access_blocked
}

/// Whether the card of a person must not be used as an insurance card: one insurer's flag suffices. The
/// answer then has the same words as for a card that was never registered.
#[must_use]
pub fn self_access_blocked(coverages: &[Coverage]) -> bool {
    coverages.iter().any(|coverage| coverage.person.protection.self_access_blocked)
}

fn of_person<'c>(all: &'c [Coverage], key: &'c PersonKey) -> impl Iterator<Item = &'c Coverage> {
    all.iter().filter(move |coverage| coverage.person_key == *key)
}

/// The coverage a question is about: one valid on the day (insurance before 医療扶助, then the newest),
/// else the last that had begun, else the first to begin.
fn most_relevant<'c>(among: &[&'c Coverage], as_of: Date) -> Option<&'c Coverage> {
    let order = |c: &&&Coverage| (!c.is_public_assistance(), c.qualified_on);
    let valid = among.iter().filter(|c| c.covers(as_of)).max_by_key(order);
    let begun = || {
        among.iter().filter(|c| c.qualified_on <= as_of).max_by_key(|c| (c.qualified_on, c.disqualified_on))
    };
    let coming = || among.iter().min_by_key(|c| c.qualified_on);
    valid.or_else(begun).or_else(coming).copied()
}

/// A valid answer: the coverage, and beside insurance the 医療扶助 (or the other way round).
///
/// By number, only who holds a ticket of the month learns from an insurance number that 医療扶助 exists.
fn valid(
    asked: &Coverage,
    person: &[&Coverage],
    as_of: Date,
    institution: &InstitutionCode,
    method: InquiryMethod,
) -> Decision {
    let has_ticket = |c: &Coverage| c.medical_tickets.iter().any(|ticket| ticket.serves(institution, as_of));
    let beside: Vec<&Coverage> = person
        .iter()
        .copied()
        .filter(|other| other.is_public_assistance() != asked.is_public_assistance() && other.covers(as_of))
        .filter(|other| method == InquiryMethod::Card || !other.is_public_assistance() || has_ticket(other))
        .collect();
    let beside = most_relevant(&beside, as_of);
    let unregistered = asked.is_public_assistance() && !has_ticket(asked);
    let validity = if unregistered { Validity::ValidTicketUnregistered } else { Validity::Valid };
    let coverages =
        std::iter::once(asked).chain(beside).map(|c| shown(c, person, as_of, institution)).collect();
    Decision { validity, coverages }
}

/// Whether another coverage of the person makes the lost one outdated: it is valid on the day, or it began
/// after the asked one and by the day. One that had not begun yet when asked for has none newer.
fn is_newer(other: &Coverage, asked: &Coverage, as_of: Date) -> bool {
    let began_later = asked.qualified_on < other.qualified_on && other.qualified_on <= as_of;
    asked.lost_by(as_of) && (other.covers(as_of) || began_later)
}

/// The coverage as it may leave: without the address of a protected person (one insurer's flag suffices),
/// with this institution's tickets only.
fn shown(coverage: &Coverage, person: &[&Coverage], as_of: Date, institution: &InstitutionCode) -> Coverage {
    let mut shown = coverage.clone();
    if person.iter().any(is_protected) {
        shown.person.address = None;
        shown.person.postcode = None;
    }
    shown.medical_tickets.retain(|ticket| ticket.serves(institution, as_of));
    shown
}
