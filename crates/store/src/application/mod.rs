//! Applications (申請) from the first draft to the thing itself. The rules are in [`eligibility::application`];
//! here is what was written, and that two who act at once cannot both have their way.

mod act;
mod approved;
mod beforehand;
mod carried_out;
mod decided;
mod draft;
mod facts;
mod first_account;
mod mine;
mod obstacle;
mod queue;
mod row;
mod told;

pub use act::{Acted, Decision};
pub use approved::ApprovedApplication;
pub(crate) use approved::complete;
pub use carried_out::CarriedOut;
pub use decided::{DECISIONS_PAGE_LIMIT, DecidedFrom, DecisionEntry};
pub use draft::{NewDraft, Saved};
pub use first_account::{AccountSheetIssue, InstitutionAccount, NewSheet, SheetAccount};
pub use mine::MINE_LIMIT;
pub use obstacle::{OBSTACLES_LIMIT, Obstacle, Obstructed};
pub(crate) use obstacle::{may_be_served, next_try, try_again_now};
pub use queue::{QUEUE_PAGE_LIMIT, QueueCount, QueueEntry, QueueFrom};

use eligibility::{
    Instant,
    application::{Application, ApplicationContent, ApplicationForm},
};

/// Applications one institution may have that are not handed in.
pub const DRAFTS_LIMIT: i64 = 50;

/// Bytes of an [`ApplicationId`]: a UUID in its usual writing.
const ID_BYTES: usize = 36;

/// Names an application within its institution: a UUID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationId(String);

impl ApplicationId {
    /// Reads a UUID in its usual writing, small letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let dash = |place: usize| matches!(place, 8 | 13 | 18 | 23);
        let fits = |(place, byte): (usize, u8)| match byte {
            b'-' => dash(place),
            b'0'..=b'9' | b'a'..=b'f' => !dash(place),
            _ => false,
        };
        (text.len() == ID_BYTES && text.bytes().enumerate().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The UUID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ApplicationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// An application with everything known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredApplication {
    /// Names it within its institution.
    pub id: ApplicationId,
    /// 受付番号, from the first time it was handed in.
    pub reception_number: Option<String>,
    /// Kind, institution, state, people and history.
    pub application: Application,
    /// What is typed.
    pub form: ApplicationForm,
    /// What it said when it was last handed in.
    pub content: Option<ApplicationContent>,
    /// Counts every change: names what a person had before their eyes.
    pub version: i64,
    /// When the draft was begun.
    pub created_at: Instant,
    /// When it was last handed in.
    pub submitted_at: Option<Instant>,
    /// When it last changed.
    pub changed_at: Instant,
}
