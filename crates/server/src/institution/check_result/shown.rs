//! From a kept answer to what is compared with another, and back to its question.

use eligibility::codes::CardClassification;
use eligibility::codes::CeilingConsentFlag;
use eligibility::verification::NumberQuery;
use eligibility::visit_changes::{ShownAnswer, ShownCeiling, ShownCoverage};
use wire::message::{QualificationResult, ResultMessage};

/// The answer as it is compared; `None` when it has no 資格有効性.
pub(super) fn answer(message: &ResultMessage) -> Option<ShownAnswer> {
    let validity = message.body.qualification_validity.as_ref()?.known()?;
    Some(ShownAnswer { validity, coverages: message.body.results.iter().map(coverage).collect() })
}

fn coverage(shown: &QualificationResult) -> ShownCoverage {
    let elderly = shown.elderly_certificate.as_ref().and_then(|certificate| certificate.ratio.known());
    let own = shown.contribution_ratio.as_ref().and_then(|ratio| ratio.known());
    let ceiling = shown.ceiling_certificate.as_ref();
    let agreed = shown.ceiling_consent.as_ref().is_some_and(|consent| consent.is(CeilingConsentFlag::Agreed));
    ShownCoverage {
        public_assistance: shown.card_classification.is(CardClassification::PublicAssistance),
        insurer_number: shown.insurer_number.as_ref().map(ToString::to_string).unwrap_or_default(),
        insurer_name: shown.insurer_name.clone(),
        symbol: shown.insured_card_symbol.clone(),
        number: shown.insured_identification_number.clone(),
        branch: shown.insured_branch_number.clone(),
        relation: shown.relation.as_ref().and_then(|relation| Some(relation.known()?.label())),
        name: shown.name.clone(),
        address: shown.address.clone(),
        qualified_on: shown.qualification_date,
        disqualified_on: shown.disqualification_date,
        card_valid_until: shown.card_expiration_date,
        ratio: own.or(elderly),
        ceiling: agreed.then(|| ShownCeiling {
            class: ceiling.and_then(|certificate| Some(certificate.class.known()?.label())),
            valid_until: ceiling.and_then(|certificate| certificate.valid_until),
        }),
    }
}

/// The question that an answer repeats.
pub(super) fn question(message: &ResultMessage) -> Option<NumberQuery> {
    let asked = message.body.search_info.as_ref()?;
    Some(NumberQuery {
        as_of: message.header.qualification_confirmation_date?,
        insurer_number: asked.insurer_number.clone(),
        insured_symbol: asked.insured_card_symbol.clone(),
        insured_number: asked.insured_identification_number.clone(),
        branch_number: asked.insured_branch_number.clone(),
        birthdate: asked.birthdate,
        ceiling_consent: asked.ceiling_consent.is(CeilingConsentFlag::Agreed),
    })
}
