//! Columns of a coverage file, and the compact form of the certificates inside one column.
//!
//! A certificate's parts stand between colons, certificates between semicolons:
//! `01:A03:2026-04-01:2026-04-01:2027-03-31:`. They hold only codes, dates and digits, so nothing is escaped.

use eligibility::{
    Date,
    coverage::{CeilingCertificate, ElderlyCertificate, SpecificDiseaseCertificate},
};

use super::{
    MAX_CERTIFICATES,
    columns::{date, date_text, ratio, yen},
};
use crate::message::CodeTable;

macro_rules! columns {
    ($(#[$meta:meta])* $all:ident { $($name:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        pub(super) static $all: &[&str] = &[$($text,)+];
        columns!(@index 0usize; $($name,)+);
    };
    (@index $n:expr; $name:ident, $($rest:ident,)*) => {
        #[allow(dead_code, reason = "every column has its index")]
        pub(super) const $name: usize = $n;
        columns!(@index $n + 1; $($rest,)*);
    };
    (@index $n:expr;) => {};
}

columns! {
    /// A coverage line.
    COVERAGE_COLUMNS {
        RECORD = "record", COVERAGE_ID = "coverage_id", PERSON_KEY = "person_key", NAME = "name", KANA = "kana",
        OTHER_NAME = "other_name", OTHER_KANA = "other_kana", BIRTHDATE = "birthdate", SEX = "sex",
        SEX_ON_BACK = "sex_on_back", ADDRESS = "address", POSTCODE = "postcode",
        ADDRESS_WITHHELD = "address_withheld", SELF_ACCESS_BLOCKED = "self_access_blocked", SYMBOL = "symbol",
        NUMBER = "number", BRANCH = "branch", RELATION = "relation", INSURED_NAME = "insured_name",
        CLASSIFICATION = "classification", QUALIFIED_ON = "qualified_on", DISQUALIFIED_ON = "disqualified_on",
        REASON_OF_LOSS = "reason_of_loss", CARD_ISSUED_ON = "card_issued_on", CARD_VALID_FROM = "card_valid_from",
        CARD_VALID_UNTIL = "card_valid_until", COPAY_RATIO = "copay_ratio", CEILINGS = "ceiling_certificates",
        ELDERLY = "elderly_certificates", SPECIFIC_DISEASES = "specific_disease_certificates",
    }
}

columns! {
    /// A ticket line; it belongs to the coverage line before it.
    TICKET_COLUMNS {
        TICKET_RECORD = "record", TICKET_TYPE = "ticket_type", TICKET_FROM = "valid_from",
        TICKET_UNTIL = "valid_until", ISSUE_NUMBER = "issue_number", TREATMENT_MONTH = "treatment_month",
        INSTITUTION_CODE = "institution_code", INSTITUTION_NAME = "institution_name",
        PRESCRIBER_CODE = "prescriber_code", PRESCRIBER_NAME = "prescriber_name", INJURY_1 = "injury_name_1",
        INJURY_2 = "injury_name_2", INJURY_3 = "injury_name_3", TREATMENT_TYPE = "treatment_type",
        SELF_PAY_YEN = "self_pay_yen", DISTRICT_CONTACT = "district_contact",
        HANDLING_CONTACT = "handling_contact", SINGLE_OR_COMBINED = "single_or_combined",
        SOCIAL_INSURANCE = "social_insurance", INCONSISTENT = "inconsistent", INFECTION = "infection",
        ELDERLY_CARE = "elderly_medical_care", PREFECTURAL = "prefectural_expense", REMARK_1 = "remark_1",
        REMARK_2 = "remark_2", REMARK_3 = "remark_3",
    }
}

/// Reads certificates with `N` parts each; `None` when the form is wrong.
fn certificates<T, const N: usize>(text: &str, read: impl Fn([&str; N]) -> Option<T>) -> Option<Vec<T>> {
    let mut list = Vec::new();
    for certificate in text.split(';') {
        let mut parts = [""; N];
        let mut given = certificate.split(':');
        for part in &mut parts {
            *part = given.next()?;
        }
        if given.next().is_some() || list.len() == MAX_CERTIFICATES {
            return None;
        }
        list.push(read(parts)?);
    }
    Some(list)
}

/// An optional date: `Some(None)` when empty, `None` when wrong.
#[allow(clippy::option_option, reason = "absent and wrong are different answers")]
fn optional_date(text: &str) -> Option<Option<Date>> {
    if text.is_empty() { Some(None) } else { date(text).map(Some) }
}

fn optional_date_text(date: Option<Date>) -> String {
    date.map(date_text).unwrap_or_default()
}

fn join<T>(list: &[T], write: impl Fn(&T) -> String) -> String {
    list.iter().map(write).collect::<Vec<_>>().join(";")
}

pub(super) fn read_ceilings(text: &str) -> Option<Vec<CeilingCertificate>> {
    certificates(text, |[kind, class, issued_on, valid_from, valid_until, long_term_on]| {
        Some(CeilingCertificate {
            kind: CodeTable::from_code(kind)?,
            class: CodeTable::from_code(class)?,
            issued_on: date(issued_on)?,
            valid_from: date(valid_from)?,
            valid_until: optional_date(valid_until)?,
            long_term_on: optional_date(long_term_on)?,
        })
    })
}

pub(super) fn write_ceilings(list: &[CeilingCertificate]) -> String {
    join(list, |c| {
        let (until, long_term) = (optional_date_text(c.valid_until), optional_date_text(c.long_term_on));
        let (kind, class) = (c.kind.code(), c.class.code());
        format!("{kind}:{class}:{}:{}:{until}:{long_term}", date_text(c.issued_on), date_text(c.valid_from))
    })
}

pub(super) fn read_elderly(text: &str) -> Option<Vec<ElderlyCertificate>> {
    certificates(text, |[issued_on, valid_from, valid_until, share]| {
        Some(ElderlyCertificate {
            issued_on: date(issued_on)?,
            valid_from: date(valid_from)?,
            valid_until: optional_date(valid_until)?,
            ratio: ratio(share)?,
        })
    })
}

pub(super) fn write_elderly(list: &[ElderlyCertificate]) -> String {
    join(list, |c| {
        let until = optional_date_text(c.valid_until);
        format!("{}:{}:{until}:{}", date_text(c.issued_on), date_text(c.valid_from), c.ratio.code())
    })
}

pub(super) fn read_specific_diseases(text: &str) -> Option<Vec<SpecificDiseaseCertificate>> {
    certificates(text, |[disease, issued_on, valid_from, valid_until, self_pay]| {
        Some(SpecificDiseaseCertificate {
            disease: CodeTable::from_code(disease)?,
            issued_on: date(issued_on)?,
            valid_from: date(valid_from)?,
            valid_until: optional_date(valid_until)?,
            self_pay_yen: yen(self_pay).filter(|_| !self_pay.is_empty())?,
        })
    })
}

pub(super) fn write_specific_diseases(list: &[SpecificDiseaseCertificate]) -> String {
    join(list, |c| {
        let (issued, from, until) =
            (date_text(c.issued_on), date_text(c.valid_from), optional_date_text(c.valid_until));
        format!("{}:{issued}:{from}:{until}:{}", c.disease.code(), c.self_pay_yen)
    })
}
