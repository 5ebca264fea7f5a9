//! Accounts of an institution on its own web: who there is, what they sign in with, and how long they may. The rules
//! that need more than one row (the last administrator, one session at a time) hold within the transaction.

mod change;
pub(crate) mod earlier_password;
mod password;
mod read;
mod sign_in;

use eligibility::{
    Instant,
    institution::InstitutionCode,
    institution_account::{AccountState, InstitutionRole, NewAccount, UsePeriod, UserId},
};

pub use change::{Staff, StaffAdded, StaffChanged};
pub use password::{NewStaffPassword, StaffReset};
pub use sign_in::{NewStaffSession, StaffSession};

use crate::{Act, FormId, audit::AuditEvent};

/// Accounts that one institution has at most, and that are listed.
pub const STAFF_LIMIT: u32 = 1000;

/// One account of an institution.
#[derive(Clone, PartialEq, Eq)]
pub struct StaffAccount {
    /// The institution.
    pub institution_code: InstitutionCode,
    /// ユーザーID.
    pub user_id: String,
    /// 権限区分.
    pub role: InstitutionRole,
    /// ユーザ名; the role's label where the account has no person's name.
    pub name: String,
    /// ユーザ名(カナ); empty where the account has none.
    pub name_kana: String,
    /// 利用開始年月日 and 利用終了年月日.
    pub period: UsePeriod,
    /// 救急時閲覧権限.
    pub emergency_view: bool,
    /// Argon2id with its parameters; `None` while no password was given out.
    pub password_hash: Option<String>,
    /// Whether the initial password still stands.
    pub must_change: bool,
    /// Until when the initial password works.
    pub password_until: Option<Instant>,
    /// When the initial password was used: it works once.
    pub initial_spent_at: Option<Instant>,
    /// Since when it is stopped.
    pub stopped_at: Option<Instant>,
    /// The last sign-in; `None` = never.
    pub last_sign_in_at: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
    /// Who made it; empty for the accounts that come with the 通知書.
    pub created_by: String,
}

/// Not the hash.
impl std::fmt::Debug for StaffAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StaffAccount")
            .field("user_id", &self.user_id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl StaffAccount {
    /// The account everywhere else: sessions, passkeys, attempts.
    #[must_use]
    pub fn subject(&self) -> String {
        subject(&self.institution_code, &self.user_id)
    }

    /// How it stands on a day.
    #[must_use]
    pub fn state(&self, today: eligibility::Date) -> AccountState {
        AccountState::of(self.period, self.stopped_at.is_some(), today)
    }
}

/// `医療機関コード:ユーザーID`.
pub(crate) fn subject(code: &InstitutionCode, user_id: &str) -> String {
    format!("{code}:{user_id}")
}

/// An account that is to be made.
#[derive(Clone)]
pub struct NewStaff {
    /// The form it was typed into: two clicks make one account.
    pub form: FormId,
    /// The institution.
    pub institution_code: InstitutionCode,
    /// What was typed.
    pub account: NewAccount,
    /// Argon2id of the initial password.
    pub password_hash: String,
    /// Until when that works.
    pub password_until: Instant,
    /// Who makes it.
    pub act: Act,
}

fn event(act: &Act, action: &str, user_id: &str, detail: String) -> AuditEvent {
    AuditEvent {
        actor: act.actor.clone(),
        action: format!("institution-account.{action}"),
        object: format!("institution-account:{user_id}"),
        outcome: "done".to_owned(),
        detail,
    }
}

/// Where an account is, within a job.
#[derive(Clone, Debug)]
struct Place {
    institution: InstitutionCode,
    user_id: String,
}

impl Place {
    fn of(institution: &InstitutionCode, user_id: &UserId) -> Self {
        Self { institution: institution.clone(), user_id: user_id.as_str().to_owned() }
    }

    fn subject(&self) -> String {
        subject(&self.institution, &self.user_id)
    }
}
