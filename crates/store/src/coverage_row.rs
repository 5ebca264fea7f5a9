//! One coverage to and from its row.

use eligibility::{
    Date,
    codes::{CardClassification, ReasonOfLoss, Relation, Sex, UnknownCode},
    coverage::{CeilingCertificate, CopayRatio, Coverage, ElderlyCertificate, SpecificDiseaseCertificate},
    insurer::InsurerNumber,
    person::{Person, PersonKey, Protection},
};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, engine::Row};

/// The columns that [`decode`] reads, in its order, of a table or alias `c`.
macro_rules! coverage_columns {
    () => {
        "c.person_key, c.insurer_number, c.coverage_id, c.name, c.kana, c.other_name, c.other_kana, \
         c.birthdate, c.sex, c.sex_on_back, c.address, c.postcode, c.address_withheld, c.self_access_blocked, \
         c.insured_symbol, c.insured_number, c.branch_number, c.relation, c.insured_name, c.classification, \
         c.qualified_on, c.disqualified_on, c.reason_of_loss, c.card_issued_on, c.card_valid_from, \
         c.card_valid_until, c.copay_ratio, c.certificates, c.from_import"
    };
}
pub(crate) use coverage_columns;

/// A coverage as stored, its tickets not yet loaded.
pub(crate) struct StoredCoverage {
    pub(crate) coverage: Coverage,
    pub(crate) from_import: i64,
}

/// The certificates hanging on a coverage: JSON in one column, as they are always read together.
#[derive(Serialize, Deserialize)]
struct Certificates {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ceiling: Vec<CeilingCertificate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    elderly: Vec<ElderlyCertificate>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    specific_disease: Vec<SpecificDiseaseCertificate>,
}

fn date(text: &str, what: &'static str) -> Result<Date> {
    text.parse().map_err(|_| Error::Malformed { what })
}

fn date_or_null(row: &Row<'_>, index: usize, what: &'static str) -> Result<Option<Date>> {
    row.text_or_null(index, what)?.map(|text| date(text, what)).transpose()
}

fn code<T>(
    text: &str,
    what: &'static str,
    read: fn(&str) -> std::result::Result<T, UnknownCode>,
) -> Result<T> {
    read(text).map_err(|_| Error::Malformed { what })
}

fn code_or_null<T>(
    row: &Row<'_>,
    index: usize,
    what: &'static str,
    read: fn(&str) -> std::result::Result<T, UnknownCode>,
) -> Result<Option<T>> {
    row.text_or_null(index, what)?.map(|text| code(text, what, read)).transpose()
}

fn owned(row: &Row<'_>, index: usize, what: &'static str) -> Result<Option<String>> {
    Ok(row.text_or_null(index, what)?.map(str::to_owned))
}

fn decode_person(row: &Row<'_>) -> Result<Person> {
    Ok(Person {
        name: row.text(3, "name")?.to_owned(),
        kana: owned(row, 4, "kana")?,
        other_name: owned(row, 5, "other_name")?,
        other_kana: owned(row, 6, "other_kana")?,
        birthdate: date(row.text(7, "birthdate")?, "birthdate")?,
        sex: code(row.text(8, "sex")?, "sex", Sex::from_code)?,
        sex_on_back: code_or_null(row, 9, "sex_on_back", Sex::from_code)?,
        address: owned(row, 10, "address")?,
        postcode: owned(row, 11, "postcode")?,
        protection: Protection {
            address_withheld: row.bool(12, "address_withheld")?,
            self_access_blocked: row.bool(13, "self_access_blocked")?,
        },
    })
}

/// Reads a row of [`coverage_columns`].
pub(crate) fn decode(row: &Row<'_>) -> Result<StoredCoverage> {
    let certificates = match row.text_or_null(27, "certificates")? {
        None => Certificates { ceiling: vec![], elderly: vec![], specific_disease: vec![] },
        Some(json) => serde_json::from_str(json).map_err(|_| Error::Malformed { what: "certificates" })?,
    };
    let insurer = row.text(1, "insurer_number")?;
    let coverage = Coverage {
        coverage_id: row.text(2, "coverage_id")?.to_owned(),
        person_key: PersonKey(row.text(0, "person_key")?.to_owned()),
        person: decode_person(row)?,
        insurer_number: InsurerNumber::try_from(insurer.to_owned())
            .map_err(|_| Error::Malformed { what: "insurer_number" })?,
        insured_symbol: owned(row, 14, "insured_symbol")?,
        insured_number: row.text(15, "insured_number")?.to_owned(),
        branch_number: owned(row, 16, "branch_number")?,
        relation: code_or_null(row, 17, "relation", Relation::from_code)?,
        insured_name: owned(row, 18, "insured_name")?,
        classification: code(
            row.text(19, "classification")?,
            "classification",
            CardClassification::from_code,
        )?,
        qualified_on: date(row.text(20, "qualified_on")?, "qualified_on")?,
        disqualified_on: date_or_null(row, 21, "disqualified_on")?,
        reason_of_loss: code_or_null(row, 22, "reason_of_loss", ReasonOfLoss::from_code)?,
        card_issued_on: date_or_null(row, 23, "card_issued_on")?,
        card_valid_from: date_or_null(row, 24, "card_valid_from")?,
        card_valid_until: date_or_null(row, 25, "card_valid_until")?,
        copay_ratio: row.int_or_null(26, "copay_ratio")?.map(ratio_from).transpose()?,
        ceiling_certificates: certificates.ceiling,
        elderly_certificates: certificates.elderly,
        specific_disease_certificates: certificates.specific_disease,
        medical_tickets: vec![],
    };
    Ok(StoredCoverage { coverage, from_import: row.int(28, "from_import")? })
}

fn ratio_from(percent: i64) -> Result<CopayRatio> {
    match percent {
        10 => Ok(CopayRatio::Ten),
        20 => Ok(CopayRatio::Twenty),
        30 => Ok(CopayRatio::Thirty),
        _ => Err(Error::Malformed { what: "copay_ratio" }),
    }
}

/// 一部負担金割合 as stored, percent.
pub(crate) const fn ratio_percent(ratio: CopayRatio) -> i64 {
    match ratio {
        CopayRatio::Ten => 10,
        CopayRatio::Twenty => 20,
        CopayRatio::Thirty => 30,
    }
}

/// The certificates' column; `None` when there are none, as for most people.
pub(crate) fn certificates_json(coverage: &Coverage) -> Result<Option<String>> {
    let certificates = Certificates {
        ceiling: coverage.ceiling_certificates.clone(),
        elderly: coverage.elderly_certificates.clone(),
        specific_disease: coverage.specific_disease_certificates.clone(),
    };
    if certificates.ceiling.is_empty()
        && certificates.elderly.is_empty()
        && certificates.specific_disease.is_empty()
    {
        return Ok(None);
    }
    serde_json::to_string(&certificates).map(Some).map_err(|_| Error::Malformed { what: "certificates" })
}
