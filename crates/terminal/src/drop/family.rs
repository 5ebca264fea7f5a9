//! Which requests are answered, and how: at once, or handed in and fetched later.

use eligibility::bulk::BulkKind;
use wire::file_name::{Family as Sender, Multiplicity, RequestName, Step};

use super::facility::Facility;

/// A family of messages that this terminal answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    /// `OQSsiquc01`: a check by number.
    NumberCheck,
    /// One question, one result at once: see [`super::immediate`].
    Immediate(Immediate),
    /// `OQSmu…01`: a file with many rows.
    Upload(BulkKind),
    /// `OQSmu…02`: what became of one.
    Download(BulkKind),
}

/// The families of one question with one result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Immediate {
    /// `OQSsiimm01`: 照会番号登録.
    ReferenceNumber,
    /// What an institution manages: see [`super::facility`].
    Facility(Facility),
}

impl Immediate {
    fn of(function: &str) -> Option<Self> {
        match function {
            "imm" => Some(Self::ReferenceNumber),
            other => Facility::of(other).map(Self::Facility),
        }
    }
}

impl Family {
    /// The family of a request by its name.
    pub(crate) fn of(name: &RequestName) -> Option<Self> {
        if name.is_eligibility_check() {
            return Some(Self::NumberCheck);
        }
        if name.family != Sender::Oqs {
            return None;
        }
        match (name.multiplicity, name.step) {
            (Multiplicity::Single, Step::Request) => Immediate::of(&name.function).map(Self::Immediate),
            (Multiplicity::Single, Step::Download) => None,
            (Multiplicity::Bulk, Step::Request) => BulkKind::from_function(&name.function).map(Self::Upload),
            (Multiplicity::Bulk, Step::Download) => {
                BulkKind::from_function(&name.function).map(Self::Download)
            }
        }
    }
}
