//! What is handed in (01req), and the question for what became of it (02req).

use eligibility::{
    Date,
    bulk::{BulkKind, ROWS_MAX},
    codes::CharacterCode,
};

use crate::{
    bulk::BulkRow,
    message::{
        FieldProblem, FieldProblemKind, Layout, Unreadable, WrittenXml,
        envelope::{Check, ReadAs, Sender, read_request_as, read_trimmed, write_request_as},
        record::write_record,
        record_repeated::one_element,
        reference_number::INFO,
        value::{Leaf as _, Month},
    },
    xml_tree::{self, Element},
};

/// The element of a row that asks about a person.
const SEARCH_INFO: &str = "QualificationConfirmSearchInfo";

/// What a file asks for.
#[derive(Clone, PartialEq, Eq)]
pub enum BulkUpload {
    /// 資格確認一括照会, for one day.
    Eligibility {
        /// 資格確認日.
        as_of: Date,
        /// The questions.
        rows: Vec<BulkRow>,
    },
    /// 照会番号一括登録.
    ReferenceNumbers {
        /// The numbers.
        rows: Vec<BulkRow>,
    },
    /// 委託先資格情報の一括取得.
    EntrustedEligibility {
        /// 診療年月, as its first day.
        month: Date,
    },
}

impl std::fmt::Debug for BulkUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BulkUpload").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl BulkUpload {
    /// Of what kind it is.
    #[must_use]
    pub const fn kind(&self) -> BulkKind {
        match self {
            Self::Eligibility { .. } => BulkKind::Eligibility,
            Self::ReferenceNumbers { .. } => BulkKind::ReferenceNumbers,
            Self::EntrustedEligibility { .. } => BulkKind::EntrustedEligibility,
        }
    }

    /// Its rows; none for a month.
    #[must_use]
    pub fn rows(&self) -> &[BulkRow] {
        match self {
            Self::Eligibility { rows, .. } | Self::ReferenceNumbers { rows } => rows,
            Self::EntrustedEligibility { .. } => &[],
        }
    }
}

/// Reads a file that is handed in. What is wrong within a row is no error here: the row gets that as its answer.
/// Rows beyond [`ROWS_MAX`] and one more are not kept: such a file is refused by its number of rows.
///
/// # Errors
/// [`Unreadable`] when it is no message of this kind at all.
pub fn read_bulk_upload(kind: BulkKind, bytes: &[u8]) -> Result<ReadAs<(Sender, BulkUpload)>, Unreadable> {
    read_request_as(bytes, xml_tree::MESSAGE, |header, body, check| match kind {
        BulkKind::Eligibility => {
            let as_of = check.keep(read_trimmed(header, "QualificationConfirmationDate"));
            let rows = read_rows(body, SEARCH_INFO, BulkRow::of_search, check);
            Some(BulkUpload::Eligibility { as_of: as_of?, rows: rows? })
        }
        BulkKind::ReferenceNumbers => {
            let rows = read_rows(body, INFO, BulkRow::of_registration, check);
            Some(BulkUpload::ReferenceNumbers { rows: rows? })
        }
        BulkKind::EntrustedEligibility => {
            let info = check.keep(one_element(body, SEARCH_INFO))?;
            let month: Month = check.keep(read_trimmed(info, "MedicalTreatmentMonth"))?;
            Some(BulkUpload::EntrustedEligibility { month: month.0 })
        }
    })
}

fn read_rows(
    body: &Element,
    element: &'static str,
    read: fn(&Element) -> BulkRow,
    check: &mut Check,
) -> Option<Vec<BulkRow>> {
    let found = body.children.iter().filter(|child| child.name == element);
    let rows: Vec<BulkRow> = found.take(ROWS_MAX + 1).map(read).collect();
    if rows.is_empty() {
        check.problems.push(FieldProblem { element, kind: FieldProblemKind::Missing });
        return None;
    }
    Some(rows)
}

/// Writes a file to be handed in, as a receipt computer does.
#[must_use]
pub fn write_bulk_upload(
    sender: &Sender,
    upload: &BulkUpload,
    encoding: CharacterCode,
    layout: Layout,
) -> WrittenXml {
    let as_of = match upload {
        BulkUpload::Eligibility { as_of, .. } => Some(*as_of),
        _ => None,
    };
    write_request_as(sender, as_of, encoding, layout, |xml| match upload {
        BulkUpload::Eligibility { rows, .. } => {
            rows.iter().for_each(|row| write_record(xml, SEARCH_INFO, &row.search_info()));
        }
        BulkUpload::ReferenceNumbers { rows } => {
            rows.iter().for_each(|row| write_record(xml, INFO, &row.registration_info()));
        }
        BulkUpload::EntrustedEligibility { month } => {
            xml.open(SEARCH_INFO);
            xml.leaf("MedicalTreatmentMonth", &Month(*month).text());
            xml.close(SEARCH_INFO);
        }
    })
}

/// Reads 02req: the 受付番号, as it was written.
///
/// # Errors
/// [`Unreadable`] when it is no message of this kind at all.
pub fn read_bulk_download(bytes: &[u8]) -> Result<ReadAs<(Sender, String)>, Unreadable> {
    read_request_as(bytes, xml_tree::MESSAGE, |_, body, check| {
        check.keep(read_trimmed::<String>(body, "ReceptionNumber"))
    })
}

/// Writes 02req, as a receipt computer does.
#[must_use]
pub fn write_bulk_download(
    sender: &Sender,
    reception_number: &str,
    encoding: CharacterCode,
    layout: Layout,
) -> WrittenXml {
    write_request_as(sender, None, encoding, layout, |xml| xml.leaf("ReceptionNumber", reception_number))
}
