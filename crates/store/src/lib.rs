//! All SQL and only SQL: SQLite and PostgreSQL, group commit, audit log.
//!
//! What lives here: the tables, every statement, the writer that groups commits, the audit log and its
//! proof, the import of insurers' data. What must not: rules of eligibility (they are in `eligibility`),
//! message shapes, HTTP, clocks (time comes in as an argument).
//!
//! A caller sees [`Store`] and plain values. A success from a writing function means a durable commit.

mod act;
mod activation;
mod application;
mod attempt;
pub mod audit;
mod bulk;
mod certificate;
mod check_result;
mod checkpoint;
mod consent;
mod consented;
mod coverage;
mod coverage_row;
mod denial;
mod engine;
mod enumeration;
mod error;
mod facility_settings;
mod form_handed_in;
mod home_visit_url;
pub mod import;
mod institution;
mod institution_register;
mod insurer;
mod job;
mod line;
mod mail_link;
mod mail_outbox;
pub mod migrations;
mod notice;
mod notice_read;
mod number_check;
mod operator_account;
mod options;
mod portal_account;
mod reader;
mod reader_state;
mod reference_number;
mod registrant;
mod registrant_change;
mod registration;
mod repeated_check;
mod revocation_list;
mod second_factor;
mod sign_in;
mod staff_account;
mod store;
mod terminal_certificate;
mod verification;
mod visual_check_passcode;
mod visual_check_use;
mod web_session;
mod writer;

pub use act::Act;
pub use activation::{
    ACTIVATIONS_LIMIT, ActivationEntered, ActivationEntry, ActivationIssued, NewActivation, StoredActivation,
};
pub use application::{
    AccountSheetIssue, Acted, ApplicationId, ApprovedApplication, CarriedOut, DECISIONS_PAGE_LIMIT,
    DRAFTS_LIMIT, DecidedFrom, Decision, DecisionEntry, InstitutionAccount, MINE_LIMIT, NewDraft, NewSheet,
    OBSTACLES_LIMIT, Obstacle, Obstructed, QUEUE_PAGE_LIMIT, QueueCount, QueueEntry, QueueFrom, Saved,
    SheetAccount, StoredApplication,
};
pub use attempt::{AccountAttempts, AttemptPlace};
pub use bulk::{
    BULK_JOBS_LIMIT, BulkChunk, BulkJob, BulkRowAct, BulkRowFate, BulkSubmitted, ChunkAnswer, ChunkRecorded,
    ClaimedBulkJob, MakeAnswer, NewBulkJob, NewChunkAnswer, PERSONS_OF_MONTH_MAX, RowLookup,
};
pub use certificate::{
    AUTHORITY, AnswerDue, InstitutionAddress, InstitutionCertificate, Kept, LETTERS_PAGE_LIMIT,
    LOG_ENTRIES_MAX, Letter, LetterAgain, LetterEnded, LetterFiled, LetterVoided, LetterWanted, LettersFrom,
    LogEntry, NewAnswer, NewCertificate, NewCertificateFile, NewCertificateNotice, NewLetter, NewRevocation,
    Reservation, Reserved, Revoked, RevokedAsOf, RevokedCertificate, StoredAnswer, StoredHead, StoredList,
    StoredRetrieval, TerminalStanding, TryCounted, VoidAsked,
};
pub use check_result::{CheckResult, EarlierAnswer, NewReferenceNumber};
pub use consent::{NewConsent, StoredConsent};
pub use consented::{
    CONSENTED_PAGE, ConsentedPage, ConsentedPerson, ConsentedWanted, NewConsentEnd, ReVerification,
};
pub use coverage::{CardContext, CardLookup, NumberContext};
pub use denial::{ACTION_DENIALS_COUNTED, DENIAL_WINDOW_MS, DENIALS_WRITTEN, Denial};
pub use engine::DatabaseLine;
pub use enumeration::Slowed;
pub use error::{Error, Result};
pub use facility_settings::{
    NewSettings, SETTINGS_HISTORY_LIMIT, SettingsChange, SettingsChanged, StoredSettings,
};
pub use form_handed_in::FormId;
pub use home_visit_url::{HomeVisitUrl, NewHomeVisitUrl, UrlChange, UrlOutcome};
pub use institution::Institution;
pub use institution_register::{
    INSTITUTIONS_PAGE_LIMIT, InstitutionAsked, InstitutionDecided, InstitutionWaiting, InstitutionWish,
    RegisteredInstitution, WISHES_LIMIT,
};
pub use line::{
    LINE_INSTITUTIONS_MAX, LINE_PREFIXES_MAX, LINES_PAGE_LIMIT, LineAnswer, LineChange, LineRecord,
    LineRegistration, NewLine, PrefixChange, PrefixNotice,
};
pub use mail_link::NewMailLink;
pub use mail_outbox::{DueMail, MailOutcome, MailText, MailsWaiting, NewMail};
pub use notice::{NOTICE_BODY_MAX_CHARS, NOTICE_TITLE_MAX_CHARS, NOTICES_LIMIT, Notice};
pub use notice_read::NoticeReader;
pub use number_check::{NumberLookup, NumberQuestion, NumberRefusal, RefusedNumberCheck};
pub use operator_account::{
    FreshFactors, NewOperator, OPERATORS_LIMIT, OperatorAccount, OperatorAdded, OperatorHelp, is_operator_id,
};
pub use options::{Options, READ_BATCH_LIMIT, READ_QUEUE_LIMIT, WRITE_GROUP_LIMIT, WRITE_QUEUE_LIMIT};
pub use portal_account::{Confirmed, PendingRegistration, PortalAccount, REGISTRATION_LINK};
pub use reader_state::{READERS_LIMIT, ReaderHears, ReaderTold, ReaderWish, StoredCommand, StoredReader};
pub use reference_number::REFERENCE_NUMBER_MAX;
pub use registrant::{ProofWay, REGISTRANTS_LIMIT, Registrant, RegistrantProof, StopAsked, Stopped};
pub use registrant_change::{ContactChange, MAIL_CHANGE_LINK, MailChanged, MailWanted};
pub use registration::{NewRegistration, Registered, RegistrationLookup, RegistrationQuestion};
pub use repeated_check::RepeatedCheck;
pub use revocation_list::RevocationListMark;
pub use second_factor::{FactorChange, PASSKEYS_MAX, SecondFactors, StoredPasskey, StoredTotp};
pub use sign_in::{PasswordChange, SignInRecord};
pub use staff_account::{
    NewStaff, NewStaffPassword, NewStaffSession, STAFF_LIMIT, Staff, StaffAccount, StaffAdded, StaffChanged,
    StaffReset, StaffSession,
};
pub use store::{Counters, Store};
pub use terminal_certificate::TerminalCertificate;
pub use verification::{NewVerification, Recorded};
pub use visual_check_passcode::{NewPasscode, PasscodeEntered, PasscodeEntry, PasscodeIssued};
pub use visual_check_use::VisualCheckUse;
pub use web_session::{Audience, Stage, TokenHash, WebSession};
