//! One row of a file with many, as it was written: in XML, in CSV, on the way to the centre. Whether it is right is
//! said here, the same for all of them.

use eligibility::{
    Date,
    insurer::InsurerNumber,
    matching::NumberKey,
    reference_number::{InvalidReferenceNumber, ReferenceNumber, Registration},
    verification::NumberQuery,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    message::{
        BulkSearchInfo, FieldProblem, FieldProblemKind, MAX_IDENTIFIER_CHARS, MAX_INSURED_TEXT_CHARS,
        RegistrationInfo,
        rows::{self, Check, Element},
    },
    strict,
};

/// Characters kept of one text of a row: so many that a longer one is known to be too long.
pub const ROW_TEXT_CHARS: usize = MAX_IDENTIFIER_CHARS + 1;

/// The elements of a row, by the field that holds them.
const ELEMENTS: [&str; 7] = [
    "ReferenceNumber",
    "InsurerNumber",
    "InsuredCardSymbol",
    "InsuredIdentificationNumber",
    "InsuredBranchNumber",
    "Birthdate",
    "ArbitraryIdentifier",
];

/// A row as it was written, right or wrong. A question has a birthday and perhaps an identifier, a registration a
/// reference number.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
pub struct BulkRow {
    /// 照会番号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_number: Option<String>,
    /// 保険者番号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer_number: Option<String>,
    /// 記号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured_symbol: Option<String>,
    /// 番号.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insured_number: Option<String>,
    /// 枝番.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch_number: Option<String>,
    /// 生年月日, `YYYYMMDD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// 任意の識別子, echoed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// An element that stood in the row more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<String>,
}

strict::objects_only!(BulkRow);

impl std::fmt::Debug for BulkRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BulkRow").finish_non_exhaustive()
    }
}

impl BulkRow {
    /// A row that asks about a person.
    pub(crate) fn of_search(element: &Element) -> Self {
        Self { reference_number: None, ..Self::of(element) }
    }

    /// A row that registers a number.
    pub(crate) fn of_registration(element: &Element) -> Self {
        Self { birthdate: None, identifier: None, ..Self::of(element) }
    }

    fn of(element: &Element) -> Self {
        let mut row = Self::default();
        for child in &element.children {
            let Some(name) = ELEMENTS.iter().find(|name| **name == child.name) else { continue };
            let text: String = child.text.chars().take(ROW_TEXT_CHARS).collect();
            let Some(field) = row.field(name) else { continue };
            if field.is_some() || !child.children.is_empty() {
                row.repeated = Some((*name).to_owned());
            } else {
                *field = Some(text);
            }
        }
        // Empty elements are as good as none.
        for name in ELEMENTS {
            if let Some(field) = row.field(name)
                && field.as_deref() == Some("")
            {
                *field = None;
            }
        }
        row
    }

    fn field(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "ReferenceNumber" => &mut self.reference_number,
            "InsurerNumber" => &mut self.insurer_number,
            "InsuredCardSymbol" => &mut self.insured_symbol,
            "InsuredIdentificationNumber" => &mut self.insured_number,
            "InsuredBranchNumber" => &mut self.branch_number,
            "Birthdate" => &mut self.birthdate,
            "ArbitraryIdentifier" => &mut self.identifier,
            _ => return None,
        })
    }

    /// Whether every text is short enough to be taken to the centre at all.
    #[must_use]
    pub fn is_within_limits(&self) -> bool {
        let texts = [
            &self.reference_number,
            &self.insurer_number,
            &self.insured_symbol,
            &self.insured_number,
            &self.branch_number,
            &self.birthdate,
            &self.identifier,
            &self.repeated,
        ];
        let short =
            |text: &&Option<String>| text.as_ref().is_none_or(|t| t.chars().count() <= ROW_TEXT_CHARS);
        texts.iter().all(short)
    }

    /// The row as an element, so that it is read by the same rules as the request for one person.
    fn element(&self) -> Element {
        let texts = [
            &self.reference_number,
            &self.insurer_number,
            &self.insured_symbol,
            &self.insured_number,
            &self.branch_number,
            &self.birthdate,
            &self.identifier,
        ];
        let leaf = |(name, text): (&str, &Option<String>)| Some(rows::leaf(name, text.as_deref()?));
        rows::group(ELEMENTS.into_iter().zip(texts).filter_map(leaf).collect())
    }

    fn begin(&self) -> Check {
        let mut check = Check::default();
        if let Some(repeated) = &self.repeated {
            let element = ELEMENTS.iter().find(|name| *name == repeated).copied().unwrap_or("InsurerNumber");
            check.problems.push(FieldProblem { element, kind: FieldProblemKind::Repeated });
        }
        check
    }

    /// The question this row asks for a day. 限度額 is not handed over in bulk, so no consent to it is stated.
    ///
    /// # Errors
    /// What is wrong with the row, at least one problem.
    pub fn query(&self, as_of: Date) -> Result<NumberQuery, Vec<FieldProblem>> {
        let element = self.element();
        let mut check = self.begin();
        let who = rows::insured(&element, &mut check);
        let birthdate = check.keep(rows::birthdate(&element));
        check.keep(rows::identifier(&element));
        match (who, birthdate) {
            (Some(who), Some(birthdate)) if check.problems.is_empty() => Ok(NumberQuery {
                as_of,
                insurer_number: who.insurer_number,
                insured_symbol: who.insured_symbol,
                insured_number: who.insured_number,
                branch_number: who.branch_number,
                birthdate,
                ceiling_consent: false,
            }),
            _ => Err(check.problems),
        }
    }

    /// The registration this row asks for.
    ///
    /// # Errors
    /// What is wrong with the row, at least one problem.
    pub fn registration(&self) -> Result<Registration, Vec<FieldProblem>> {
        let element = self.element();
        let mut check = self.begin();
        let number = ReferenceNumber::parse(self.reference_number.as_deref().unwrap_or_default());
        let reference_number = check.keep(number.map_err(|error| FieldProblem {
            element: "ReferenceNumber",
            kind: match error {
                InvalidReferenceNumber::Empty => FieldProblemKind::Missing,
                InvalidReferenceNumber::TooLong => FieldProblemKind::TooLong,
                InvalidReferenceNumber::Character => FieldProblemKind::Format,
            },
        }));
        let who = rows::insured(&element, &mut check);
        match (who, reference_number) {
            (Some(who), Some(reference_number)) if check.problems.is_empty() => Ok(Registration {
                reference_number,
                insurer_number: who.insurer_number,
                insured_symbol: who.insured_symbol,
                insured_number: who.insured_number,
                branch_number: who.branch_number,
            }),
            _ => Err(check.problems),
        }
    }

    /// The row as a result echoes it.
    #[must_use]
    pub fn search_info(&self) -> BulkSearchInfo {
        BulkSearchInfo {
            insurer_number: self.insurer_number.clone(),
            insured_card_symbol: self.insured_symbol.clone(),
            insured_identification_number: self.insured_number.clone(),
            insured_branch_number: self.branch_number.clone(),
            birthdate: self.birthdate.clone(),
            arbitrary_identifier: self.identifier.clone(),
        }
    }

    /// The row as the result of a registration echoes it.
    #[must_use]
    pub fn registration_info(&self) -> RegistrationInfo {
        RegistrationInfo {
            reference_number: self.reference_number.clone(),
            insurer_number: self.insurer_number.clone(),
            insured_card_symbol: self.insured_symbol.clone(),
            insured_identification_number: self.insured_number.clone(),
            insured_branch_number: self.branch_number.clone(),
        }
    }
}

/// Wrong elements in one line, cut to what clients keep.
#[must_use]
pub fn problems_message(problems: &[FieldProblem]) -> String {
    rows::problems_message(problems)
}

/// Whose insurance data a row names.
pub(crate) struct Insured {
    pub(crate) insurer_number: InsurerNumber,
    pub(crate) insured_symbol: Option<String>,
    pub(crate) insured_number: String,
    pub(crate) branch_number: Option<String>,
}

/// Whether a number says anything at all.
pub(crate) fn says_something(number: &str) -> bool {
    number.chars().count() <= MAX_INSURED_TEXT_CHARS && !NumberKey::of(number).is_empty()
}
