//! What an approved 利用開始申請 brings: the first account of the institution on its own web, and the one that gives it a
//! new password when it was lost. An initial password exists in plain text only in the 通知書 of the moment; here is its
//! hash.

use eligibility::{
    Instant,
    application::{Actor, Side},
    institution::InstitutionCode,
};

use super::row;
use crate::{
    Result, Store,
    audit::{AuditEvent, Chains},
    engine::{Tx, bind},
    job::{Read, Write},
    registrant, second_factor, sign_in, staff_account, web_session,
};

/// The role of the first account.
pub(super) const FIRST_ROLE: &str = "master";
/// The role of the account that gives the first one a new password, and may do nothing else.
const RESET_ROLE: &str = "master_reset";

/// An account of an institution on its own web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstitutionAccount {
    /// ユーザーID.
    pub user_id: String,
    /// The role's name in records.
    pub role: String,
    /// Whether the initial password still stands (or none was given out yet).
    pub must_change: bool,
    /// Until when the initial password works; `None` while none was given out.
    pub password_until: Option<Instant>,
    /// How many 通知書 were made. Each new one ends the password of the one before.
    pub sheets: i64,
}

/// A 通知書 that is about to be handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSheet {
    /// Whose account stands on it.
    pub user_id: String,
    /// [`InstitutionAccount::sheets`] as the page showed it: of two clicks one makes a sheet.
    pub seen_sheets: i64,
    /// Argon2id of the new initial password.
    pub password_hash: String,
    /// Until when it works.
    pub password_until: Instant,
    /// Who fetches it.
    pub by: Actor,
    /// Now.
    pub now: Instant,
}

/// Whether a 通知書 may be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountSheetIssue {
    /// Yes: its password is the one that works now.
    Issued(InstitutionAccount),
    /// Another one was made since the page was opened.
    Already(InstitutionAccount),
    /// Whoever fetches it is not proven to be of the institution.
    NotProven(InstitutionAccount),
    /// The institution has no account.
    Unknown,
}

const FIND: &str = "SELECT user_id, role, must_change, password_until, sheets FROM institution_account \
     WHERE institution_code = $1 AND role = $2 ORDER BY created_at, user_id LIMIT 1";
const ISSUE: &str = "UPDATE institution_account SET password_hash = $1, password_until = $2, sheets = $3, \
     initial_spent_at = NULL, changed_at = $4, must_change = $5 \
     WHERE institution_code = $6 AND user_id = $7 AND sheets = $8";
const PUT: &str = "INSERT INTO institution_account (institution_code, user_id, role, must_change, sheets, \
     created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (institution_code, user_id) DO NOTHING";

/// Whose password a 通知書 may bring now: the master's, until it has one of its own; then that of the account that is
/// for a lost one. It need not be there before it is asked for.
async fn find(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Option<InstitutionAccount>> {
    let Some(master) = of_role(tx, institution, FIRST_ROLE).await? else { return Ok(None) };
    if master.must_change {
        return Ok(Some(master));
    }
    let reset = of_role(tx, institution, RESET_ROLE).await?;
    Ok(Some(reset.unwrap_or_else(|| InstitutionAccount {
        user_id: format!("R{institution}"),
        role: RESET_ROLE.to_owned(),
        must_change: true,
        password_until: None,
        sheets: 0,
    })))
}

async fn of_role(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    role: &str,
) -> Result<Option<InstitutionAccount>> {
    tx.query_one(FIND, bind![institution.as_str(), role], |found| {
        Ok(InstitutionAccount {
            user_id: found.text(0, "user_id")?.to_owned(),
            role: found.text(1, "role")?.to_owned(),
            must_change: found.bool(2, "must_change")?,
            password_until: found.int_or_null(3, "password_until")?.map(Instant),
            sheets: found.int(4, "sheets")?,
        })
    })
    .await
}

struct Find(InstitutionCode);

impl Read for Find {
    type Output = Option<InstitutionAccount>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        find(tx, &self.0).await
    }
}

/// Hands a sheet over.
struct Issue {
    institution: InstitutionCode,
    sheet: NewSheet,
}

impl Write for Issue {
    type Output = AccountSheetIssue;

    fn key(&self) -> &str {
        self.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<AccountSheetIssue> {
        let Some(account) = find(tx, &self.institution).await? else {
            return Ok(AccountSheetIssue::Unknown);
        };
        if registrant::proven(tx, &self.institution).await?.is_none_or(|one| one != self.sheet.by.account) {
            return Ok(AccountSheetIssue::NotProven(account));
        }
        let NewSheet { user_id, seen_sheets, password_hash, password_until, by, now } = &self.sheet;
        if *user_id != account.user_id {
            return Ok(AccountSheetIssue::Already(account));
        }
        let code = self.institution.as_str();
        if account.role == RESET_ROLE {
            tx.execute(PUT, bind![code, user_id, RESET_ROLE, true, 0_i64, now.0, now.0]).await?;
        }
        staff_account::earlier_password::keep_of(tx, &self.institution, &account.user_id, *now).await?;
        let row = bind![
            password_hash,
            password_until.0,
            *seen_sheets + 1,
            now.0,
            true,
            code,
            &account.user_id,
            *seen_sheets
        ];
        if tx.execute(ISSUE, row).await? == 0 {
            return Ok(AccountSheetIssue::Already(account));
        }
        // Whoever held the sheet before loses what it led to: the next holder is somebody else, perhaps.
        let subject = staff_account::subject(&self.institution, &account.user_id);
        web_session::end_others(tx, &subject, None).await?;
        sign_in::forget_browsers(tx, &subject).await?;
        second_factor::forget_all(tx, &subject).await?;
        let event = AuditEvent {
            actor: row::actor_name(by),
            action: "account-sheet.download".to_owned(),
            object: format!("institution-account:{}", account.user_id),
            outcome: "done".to_owned(),
            detail: format!("sheet={}", *seen_sheets + 1),
        };
        chains.append(tx, code, *now, &event).await?;
        let (sheets, password_until) = (*seen_sheets + 1, Some(*password_until));
        Ok(AccountSheetIssue::Issued(InstitutionAccount { sheets, password_until, ..account }))
    }
}

impl Store {
    /// The account of an institution whose password a 通知書 would bring: the master, or the one for a lost master
    /// password once the master has a password of its own.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn first_account(&self, institution: &InstitutionCode) -> Result<Option<InstitutionAccount>> {
        self.read(Find(institution.clone())).await
    }

    /// Makes the password of a new 通知書 the one that works, if no other was made since the page was opened. The
    /// account's sessions end, its terminals and second factors are forgotten.
    ///
    /// # Errors
    /// Any write error of the store: then the sheet may not be handed over.
    pub async fn issue_account_sheet(&self, sheet: NewSheet) -> Result<AccountSheetIssue> {
        let Side::Applicant { institution, .. } = &sheet.by.side else {
            return Ok(AccountSheetIssue::Unknown);
        };
        self.write(Issue { institution: institution.clone(), sheet }).await
    }
}
