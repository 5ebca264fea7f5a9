//! Forms of applications: raw texts as typed (also the draft, in which anything may be empty), and what they
//! say once they are read.

mod certificate;
mod change;
mod contact;
mod use_application;

pub use certificate::{
    CertificateApplication, CertificateForm, RenewalApplication, RenewalForm, RevocationApplication,
    RevocationForm, SerialNumber,
};
pub use change::{
    CodeChange, CodeChangeForm, CustomerIdChange, CustomerIdChangeForm, Succession, SuccessionForm,
};
pub use contact::Contact;
pub use use_application::{UseApplication, UseForm};

use serde::{Deserialize, Serialize};

use super::ApplicationKind;
use crate::{
    Date,
    account::MailAddress,
    field::{FieldErrors, FieldText},
};

/// The longest draft, in bytes over all its fields: longer is refused unread.
pub const APPLICATION_TEXT_MAX_BYTES: usize = 8 * 1024;

/// A form together with the day it is handed in, from which what is past and what is too far is told.
#[derive(Clone, Copy, Debug)]
pub struct Filled<'f, F> {
    /// What was typed.
    pub form: &'f F,
    /// The civil date in Tokyo.
    pub today: Date,
}

/// What was typed into the form of one kind. This is also the draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ApplicationForm {
    /// See [`ApplicationKind::UseStart`].
    UseStart(UseForm),
    /// See [`ApplicationKind::UseChange`].
    UseChange(UseForm),
    /// See [`ApplicationKind::CertificateIssue`].
    CertificateIssue(CertificateForm),
    /// See [`ApplicationKind::CertificateRenewal`].
    CertificateRenewal(RenewalForm),
    /// See [`ApplicationKind::CertificateRevocation`].
    CertificateRevocation(RevocationForm),
    /// See [`ApplicationKind::Succession`].
    Succession(SuccessionForm),
    /// See [`ApplicationKind::CodeChange`].
    CodeChange(CodeChangeForm),
    /// See [`ApplicationKind::CustomerIdChange`].
    CustomerIdChange(CustomerIdChangeForm),
}

/// What an application says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ApplicationContent {
    /// See [`ApplicationKind::UseStart`].
    UseStart(UseApplication),
    /// See [`ApplicationKind::UseChange`].
    UseChange(UseApplication),
    /// See [`ApplicationKind::CertificateIssue`].
    CertificateIssue(CertificateApplication),
    /// See [`ApplicationKind::CertificateRenewal`].
    CertificateRenewal(RenewalApplication),
    /// See [`ApplicationKind::CertificateRevocation`].
    CertificateRevocation(RevocationApplication),
    /// See [`ApplicationKind::Succession`].
    Succession(Succession),
    /// See [`ApplicationKind::CodeChange`].
    CodeChange(CodeChange),
    /// See [`ApplicationKind::CustomerIdChange`].
    CustomerIdChange(CustomerIdChange),
}

impl ApplicationForm {
    /// The empty form of a kind.
    #[must_use]
    pub fn empty(kind: ApplicationKind) -> Self {
        match kind {
            ApplicationKind::UseStart => Self::UseStart(UseForm::default()),
            ApplicationKind::UseChange => Self::UseChange(UseForm::default()),
            ApplicationKind::CertificateIssue => Self::CertificateIssue(CertificateForm::default()),
            ApplicationKind::CertificateRenewal => Self::CertificateRenewal(RenewalForm::default()),
            ApplicationKind::CertificateRevocation => Self::CertificateRevocation(RevocationForm::default()),
            ApplicationKind::Succession => Self::Succession(SuccessionForm::default()),
            ApplicationKind::CodeChange => Self::CodeChange(CodeChangeForm::default()),
            ApplicationKind::CustomerIdChange => Self::CustomerIdChange(CustomerIdChangeForm::default()),
        }
    }

    /// Which kind it is the form of.
    #[must_use]
    pub const fn kind(&self) -> ApplicationKind {
        match self {
            Self::UseStart(_) => ApplicationKind::UseStart,
            Self::UseChange(_) => ApplicationKind::UseChange,
            Self::CertificateIssue(_) => ApplicationKind::CertificateIssue,
            Self::CertificateRenewal(_) => ApplicationKind::CertificateRenewal,
            Self::CertificateRevocation(_) => ApplicationKind::CertificateRevocation,
            Self::Succession(_) => ApplicationKind::Succession,
            Self::CodeChange(_) => ApplicationKind::CodeChange,
            Self::CustomerIdChange(_) => ApplicationKind::CustomerIdChange,
        }
    }

    /// The fields of a kind, in the order of its page.
    #[must_use]
    pub const fn fields(kind: ApplicationKind) -> &'static [FieldText] {
        match kind {
            ApplicationKind::UseStart | ApplicationKind::UseChange => UseForm::FIELDS,
            ApplicationKind::CertificateIssue => CertificateForm::FIELDS,
            ApplicationKind::CertificateRenewal => RenewalForm::FIELDS,
            ApplicationKind::CertificateRevocation => RevocationForm::FIELDS,
            ApplicationKind::Succession => SuccessionForm::FIELDS,
            ApplicationKind::CodeChange => CodeChangeForm::FIELDS,
            ApplicationKind::CustomerIdChange => CustomerIdChangeForm::FIELDS,
        }
    }

    /// Whether the form is short enough to be kept as a draft: [`APPLICATION_TEXT_MAX_BYTES`] in all.
    #[must_use]
    pub fn fits(&self) -> bool {
        let bytes: usize = match self {
            Self::UseStart(form) | Self::UseChange(form) => form.texts().map(str::len).iter().sum(),
            Self::CertificateIssue(form) => form.texts().map(str::len).iter().sum(),
            Self::CertificateRenewal(form) => form.texts().map(str::len).iter().sum(),
            Self::CertificateRevocation(form) => form.texts().map(str::len).iter().sum(),
            Self::Succession(form) => form.texts().map(str::len).iter().sum(),
            Self::CodeChange(form) => form.texts().map(str::len).iter().sum(),
            Self::CustomerIdChange(form) => form.texts().map(str::len).iter().sum(),
        };
        bytes <= APPLICATION_TEXT_MAX_BYTES
    }

    /// Reads the form as handed in on this day.
    ///
    /// # Errors
    /// [`FieldErrors`] with every faulty field.
    pub fn read(&self, today: Date) -> Result<ApplicationContent, FieldErrors> {
        use ApplicationContent as Content;
        Ok(match self {
            Self::UseStart(form) => Content::UseStart(Filled { form, today }.try_into()?),
            Self::UseChange(form) => Content::UseChange(Filled { form, today }.try_into()?),
            Self::CertificateIssue(form) => Content::CertificateIssue(form.try_into()?),
            Self::CertificateRenewal(form) => Content::CertificateRenewal(form.try_into()?),
            Self::CertificateRevocation(form) => Content::CertificateRevocation(form.try_into()?),
            Self::Succession(form) => Content::Succession(Filled { form, today }.try_into()?),
            Self::CodeChange(form) => Content::CodeChange(Filled { form, today }.try_into()?),
            Self::CustomerIdChange(form) => Content::CustomerIdChange(Filled { form, today }.try_into()?),
        })
    }
}

impl ApplicationContent {
    /// Which kind of application it is.
    #[must_use]
    pub const fn kind(&self) -> ApplicationKind {
        match self {
            Self::UseStart(_) => ApplicationKind::UseStart,
            Self::UseChange(_) => ApplicationKind::UseChange,
            Self::CertificateIssue(_) => ApplicationKind::CertificateIssue,
            Self::CertificateRenewal(_) => ApplicationKind::CertificateRenewal,
            Self::CertificateRevocation(_) => ApplicationKind::CertificateRevocation,
            Self::Succession(_) => ApplicationKind::Succession,
            Self::CodeChange(_) => ApplicationKind::CodeChange,
            Self::CustomerIdChange(_) => ApplicationKind::CustomerIdChange,
        }
    }

    /// The address that is told what becomes of it besides the account's own, where one was typed.
    #[must_use]
    pub const fn contact_mail(&self) -> Option<&MailAddress> {
        match self {
            Self::CertificateIssue(content) => content.contact.mail.as_ref(),
            _ => None,
        }
    }
}
