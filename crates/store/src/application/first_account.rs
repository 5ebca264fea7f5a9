//! What an approved オンライン資格確認利用開始・変更申請 brings: the first accounts of the institution on its own web, マスタ and
//! one of 医療機関等管理者, and the one that gives the master a new password when it was lost. Initial passwords exist in
//! plain text only in the 通知書 of the moment; here are their hashes.

use eligibility::{
    Instant,
    application::{Actor, Side},
    institution::InstitutionCode,
};

use super::row;
use crate::{
    AttemptPlace, Error, Result, Store, attempt,
    audit::{AuditEvent, Chains},
    engine::{Row, Tx, bind},
    job::{Read, Write},
    registrant, second_factor, sign_in, staff_account, web_session,
};

/// The role of the account that makes administrators.
const FIRST_ROLE: &str = "master";
/// The role of the account that does the daily work of an administrator from the first day on.
const ADMINISTRATOR_ROLE: &str = "administrator";
/// The role of the account that gives the master a new password, and may do nothing else.
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

impl InstitutionAccount {
    /// The account everywhere else: sessions, passkeys, attempts.
    #[must_use]
    pub fn subject(&self, institution: &InstitutionCode) -> String {
        staff_account::subject(institution, &self.user_id)
    }
}

/// One account of a 通知書 with its new initial password.
#[derive(Clone, PartialEq, Eq)]
pub struct SheetAccount {
    /// ユーザーID.
    pub user_id: String,
    /// Argon2id of the new initial password.
    pub password_hash: String,
    /// Every place that counts wrong passwords of the account: what locked the one before does not lock the new one.
    pub freed: Vec<AttemptPlace>,
}

/// A 通知書 that is about to be handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct NewSheet {
    /// Whose accounts stand on it: those of [`Store::sheet_accounts`], in their order.
    pub accounts: Vec<SheetAccount>,
    /// [`InstitutionAccount::sheets`] of the first as the page showed it: of two clicks one makes a sheet.
    pub seen_sheets: i64,
    /// Until when the passwords work.
    pub password_until: Instant,
    /// Who fetches it.
    pub by: Actor,
    /// Now.
    pub now: Instant,
}

/// Whether a 通知書 may be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountSheetIssue {
    /// Yes: its passwords are the ones that work now. The first of its accounts.
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
/// With what tells it from an account that somebody of the institution made under this name.
const FIRST_ADMINISTRATOR: &str = "SELECT user_id, role, must_change, password_until, sheets, created_by, stopped_at \
     FROM institution_account WHERE institution_code = $1 AND user_id = $2";
const ISSUE: &str = "UPDATE institution_account SET password_hash = $1, password_until = $2, sheets = $3, \
     initial_spent_at = NULL, changed_at = $4, must_change = $5 \
     WHERE institution_code = $6 AND user_id = $7 AND sheets = $8";
const PUT: &str = "INSERT INTO institution_account (institution_code, user_id, role, must_change, sheets, \
     created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (institution_code, user_id) DO NOTHING";

/// Small, as every ユーザーID is but those of master and reset: somebody may have one like it already.
fn administrator_id(institution: &InstitutionCode) -> String {
    format!("a{institution}")
}

fn not_made_yet(user_id: String, role: &str) -> InstitutionAccount {
    InstitutionAccount { user_id, role: role.to_owned(), must_change: true, password_until: None, sheets: 0 }
}

/// Whose passwords a 通知書 brings now: the master's, until it has one of its own, and beside it the first
/// administrator's as long as that has none; then that of the account that is for a lost one. Only the master need be
/// there before it is asked for.
async fn on_sheet(tx: &Tx<'_>, institution: &InstitutionCode) -> Result<Vec<InstitutionAccount>> {
    let Some(master) = of_role(tx, institution, FIRST_ROLE).await? else { return Ok(Vec::new()) };
    if master.must_change {
        let mut both = vec![master];
        both.extend(first_administrator(tx, institution).await?);
        return Ok(both);
    }
    let reset = of_role(tx, institution, RESET_ROLE).await?;
    Ok(vec![reset.unwrap_or_else(|| not_made_yet(format!("R{institution}"), RESET_ROLE))])
}

fn account(found: &Row<'_>) -> Result<InstitutionAccount> {
    Ok(InstitutionAccount {
        user_id: found.text(0, "user_id")?.to_owned(),
        role: found.text(1, "role")?.to_owned(),
        must_change: found.bool(2, "must_change")?,
        password_until: found.int_or_null(3, "password_until")?.map(Instant),
        sheets: found.int(4, "sheets")?,
    })
}

async fn of_role(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
    role: &str,
) -> Result<Option<InstitutionAccount>> {
    tx.query_one(FIND, bind![institution.as_str(), role], account).await
}

/// The first administrator as far as a 通知書 may give it a password: it has none of its own, is not stopped, and is not
/// an account that somebody of the institution made.
async fn first_administrator(
    tx: &Tx<'_>,
    institution: &InstitutionCode,
) -> Result<Option<InstitutionAccount>> {
    let user_id = administrator_id(institution);
    let found = tx
        .query_one(FIRST_ADMINISTRATOR, bind![institution.as_str(), &user_id], |found| {
            let made_by_staff = found.text_or_null(5, "created_by")?.is_some();
            let stopped = found.int_or_null(6, "stopped_at")?.is_some();
            Ok((account(found)?, made_by_staff || stopped))
        })
        .await?;
    Ok(match found {
        None => Some(not_made_yet(user_id, ADMINISTRATOR_ROLE)),
        Some((account, kept)) => {
            Some(account).filter(|one| !kept && one.must_change && one.role == ADMINISTRATOR_ROLE)
        }
    })
}

/// Makes the first accounts, without passwords until their 通知書 is fetched.
pub(super) async fn make(
    tx: &Tx<'_>,
    chains: &mut Chains,
    institution: &InstitutionCode,
    (by, detail): (&str, &str),
    now: Instant,
) -> Result<()> {
    put(tx, chains, institution, (FIRST_ROLE, &format!("M{institution}")), (by, detail), now).await?;
    put(tx, chains, institution, (ADMINISTRATOR_ROLE, &administrator_id(institution)), (by, detail), now)
        .await
}

/// Makes an account that is not there yet, audited.
async fn put(
    tx: &Tx<'_>,
    chains: &mut Chains,
    institution: &InstitutionCode,
    (role, user_id): (&str, &str),
    (by, detail): (&str, &str),
    now: Instant,
) -> Result<()> {
    let code = institution.as_str();
    if tx.execute(PUT, bind![code, user_id, role, true, 0_i64, now.0, now.0]).await? == 0 {
        return Ok(());
    }
    let event = AuditEvent {
        actor: by.to_owned(),
        action: "institution-account.create".to_owned(),
        object: format!("institution-account:{user_id}"),
        outcome: "done".to_owned(),
        detail: detail.to_owned(),
    };
    chains.append(tx, code, now, &event).await.map(drop)
}

struct OnSheet(InstitutionCode);

impl Read for OnSheet {
    type Output = Vec<InstitutionAccount>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        on_sheet(tx, &self.0).await
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
        let all = on_sheet(tx, &self.institution).await?;
        let Some(first) = all.first().cloned() else { return Ok(AccountSheetIssue::Unknown) };
        if registrant::proven(tx, &self.institution).await?.is_none_or(|one| one != self.sheet.by.account) {
            return Ok(AccountSheetIssue::NotProven(first));
        }
        let (printed, present) = (&self.sheet.accounts, all.iter().map(|one| &one.user_id));
        if self.sheet.seen_sheets != first.sheets || !present.eq(printed.iter().map(|one| &one.user_id)) {
            return Ok(AccountSheetIssue::Already(first));
        }
        for (account, printed) in all.iter().zip(printed) {
            self.give(tx, chains, account, printed).await?;
        }
        let (sheets, password_until) = (first.sheets + 1, Some(self.sheet.password_until));
        Ok(AccountSheetIssue::Issued(InstitutionAccount { sheets, password_until, ..first }))
    }
}

impl Issue {
    /// Gives an account its new initial password: what the sheet before led to is over.
    async fn give(
        &self,
        tx: &Tx<'_>,
        chains: &mut Chains,
        account: &InstitutionAccount,
        printed: &SheetAccount,
    ) -> Result<()> {
        let NewSheet { password_until, by, now, .. } = &self.sheet;
        let (code, sheets) = (self.institution.as_str(), account.sheets + 1);
        let made = (&*account.role, &*account.user_id);
        put(tx, chains, &self.institution, made, (&row::actor_name(by), "account-sheet"), *now).await?;
        staff_account::earlier_password::keep_of(tx, &self.institution, &account.user_id, *now).await?;
        let row = bind![
            &printed.password_hash,
            password_until.0,
            sheets,
            now.0,
            true,
            code,
            &account.user_id,
            account.sheets
        ];
        if tx.execute(ISSUE, row).await? == 0 {
            // Read in this transaction as it is written: somebody else was in between.
            return Err(Error::LockConflict);
        }
        // Whoever held the sheet before loses what it led to: the next holder is somebody else, perhaps.
        let subject = staff_account::subject(&self.institution, &account.user_id);
        web_session::end_others(tx, &subject, None).await?;
        sign_in::forget_browsers(tx, &subject).await?;
        second_factor::forget_all(tx, &subject).await?;
        for place in &printed.freed {
            attempt::free(tx, place).await?;
        }
        let event = AuditEvent {
            actor: row::actor_name(by),
            action: "account-sheet.download".to_owned(),
            object: format!("institution-account:{}", account.user_id),
            outcome: "done".to_owned(),
            detail: format!("sheet={sheets}"),
        };
        chains.append(tx, code, *now, &event).await.map(drop)
    }
}

impl Store {
    /// The accounts of an institution whose passwords a 通知書 would bring: マスタ with the first 医療機関等管理者, or the
    /// one for a lost master password once the master has a password of its own. Empty before use was approved.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn sheet_accounts(&self, institution: &InstitutionCode) -> Result<Vec<InstitutionAccount>> {
        self.read(OnSheet(institution.clone())).await
    }

    /// Makes the passwords of a new 通知書 the ones that work, if no other was made since the page was opened. The
    /// accounts' sessions end, their locks are lifted, their terminals and second factors are forgotten.
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
