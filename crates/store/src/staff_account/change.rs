//! Making, changing, stopping accounts.

use eligibility::{
    Date, Instant,
    calendar::tokyo_date,
    institution::InstitutionCode,
    institution_account::{AccountChange, AccountState, InstitutionRole, UserId},
};

use super::{NewStaff, Place, STAFF_LIMIT, StaffAccount, event, read};
use crate::{
    Act, Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    form_handed_in,
    job::Write,
    web_session,
};

/// What became of a new account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaffAdded {
    /// It is there; its initial password is the one that was handed in.
    Added,
    /// The same form was handed in before: that password stands, this one does not.
    Repeated,
    /// The institution has an account of this ユーザーID.
    IdTaken,
    /// The institution has [`STAFF_LIMIT`] accounts.
    TooMany,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffChanged {
    /// It is made.
    Done,
    /// It would leave the institution without a 医療機関等管理者 that may be used.
    LastAdministrator,
    /// The account is not there, or stands so already.
    NotThere,
}

/// A change of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Staff {
    /// Other particulars. Its sessions end when it may no longer be used.
    Change(AccountChange),
    /// 停止: its sessions end.
    Stop,
    /// 再開.
    Resume,
}

const PUT: &str = "INSERT INTO institution_account (institution_code, user_id, role, name, name_kana, starts_on, \
     ends_on, emergency_view_at, password_hash, must_change, password_until, sheets, created_at, changed_at, created_by) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
     ON CONFLICT (institution_code, user_id) DO NOTHING";
const SET: &str = "UPDATE institution_account SET name = $1, name_kana = $2, starts_on = $3, ends_on = $4, \
     emergency_view_at = $5, changed_at = $6 WHERE institution_code = $7 AND user_id = $8";
const STOP: &str = "UPDATE institution_account SET stopped_at = $1, changed_at = $2 \
     WHERE institution_code = $3 AND user_id = $4 AND stopped_at IS NULL";
const RESUME: &str = "UPDATE institution_account SET stopped_at = NULL, changed_at = $1 \
     WHERE institution_code = $2 AND user_id = $3 AND stopped_at IS NOT NULL";
/// Holds every administrator's row until the commit, so that of two who are stopped at once one stays.
const HOLD: &str = "UPDATE institution_account SET changed_at = changed_at \
     WHERE institution_code = $1 AND role = $2";

struct Add(NewStaff);

impl Write for Add {
    type Output = StaffAdded;

    fn key(&self) -> &str {
        self.0.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<StaffAdded> {
        let NewStaff { form, institution_code, account, password_hash, password_until, act } = &self.0;
        if form_handed_in::take(tx, form, act.now).await?.is_some() {
            return Ok(StaffAdded::Repeated);
        }
        if read::all(tx, institution_code).await?.len() >= STAFF_LIMIT as usize {
            form_handed_in::forget(tx, form).await?;
            return Ok(StaffAdded::TooMany);
        }
        let (change, now) = (&account.change, act.now);
        let [starts_on, ends_on] = days(change);
        let row = bind![
            institution_code.as_str(),
            account.user_id.as_str(),
            account.role.name(),
            &change.name,
            &change.name_kana,
            starts_on.as_deref(),
            ends_on.as_deref(),
            change.emergency_view.then_some(now.0),
            password_hash,
            true,
            password_until.0,
            0_i64,
            now.0,
            now.0,
            &act.actor,
        ];
        if tx.execute(PUT, row).await? == 0 {
            form_handed_in::forget(tx, form).await?;
            return Ok(StaffAdded::IdTaken);
        }
        form_handed_in::settle(tx, form, account.user_id.as_str()).await?;
        let detail = format!("role={}", account.role.name());
        let event = event(act, "create", account.user_id.as_str(), detail);
        chains.append(tx, institution_code.as_str(), now, &event).await?;
        Ok(StaffAdded::Added)
    }
}

fn days(change: &AccountChange) -> [Option<String>; 2] {
    [change.period.starts_on, change.period.ends_on].map(|day| day.map(|day| day.to_string()))
}

struct Change {
    place: Place,
    staff: Staff,
    act: Act,
}

impl Write for Change {
    type Output = StaffChanged;

    fn key(&self) -> &str {
        self.place.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<StaffChanged> {
        let code = self.place.institution.as_str();
        tx.execute(HOLD, bind![code, InstitutionRole::Administrator.name()]).await?;
        let Some(account) = read::find(tx, &self.place).await? else { return Ok(StaffChanged::NotThere) };
        let today = tokyo_date(self.act.now);
        if self.closes(&account, today) && !self.another_is_open(tx, today).await? {
            return Ok(StaffChanged::LastAdministrator);
        }
        let now = self.act.now;
        let (done, action) = match &self.staff {
            Staff::Change(change) => (self.set(tx, &account, change).await?, "change"),
            Staff::Stop => (tx.execute(STOP, bind![now.0, now.0, code, &account.user_id]).await?, "stop"),
            Staff::Resume => (tx.execute(RESUME, bind![now.0, code, &account.user_id]).await?, "resume"),
        };
        if done == 0 {
            return Ok(StaffChanged::NotThere);
        }
        if self.state_after(&account, today) != AccountState::Open {
            web_session::end_others(tx, &account.subject(), None).await?;
        }
        let event = event(&self.act, action, &account.user_id, String::new());
        chains.append(tx, code, now, &event).await?;
        Ok(StaffChanged::Done)
    }
}

impl Change {
    fn state_after(&self, account: &StaffAccount, today: Date) -> AccountState {
        let stopped = account.stopped_at.is_some();
        match &self.staff {
            Staff::Change(change) => AccountState::of(change.period, stopped, today),
            Staff::Stop => AccountState::Stopped,
            Staff::Resume => AccountState::of(account.period, false, today),
        }
    }

    /// Whether an administrator that may be used now may no longer be used afterwards.
    fn closes(&self, account: &StaffAccount, today: Date) -> bool {
        account.role == InstitutionRole::Administrator
            && account.state(today) == AccountState::Open
            && self.state_after(account, today) != AccountState::Open
    }

    async fn another_is_open(&self, tx: &Tx<'_>, today: Date) -> Result<bool> {
        let all = read::all(tx, &self.place.institution).await?;
        Ok(all.iter().any(|other| {
            other.user_id != self.place.user_id
                && other.role == InstitutionRole::Administrator
                && other.state(today) == AccountState::Open
        }))
    }

    async fn set(&self, tx: &Tx<'_>, account: &StaffAccount, change: &AccountChange) -> Result<u64> {
        let [starts_on, ends_on] = days(change);
        let row = bind![
            &change.name,
            &change.name_kana,
            starts_on.as_deref(),
            ends_on.as_deref(),
            change.emergency_view.then_some(self.act.now.0),
            self.act.now.0,
            self.place.institution.as_str(),
            &account.user_id,
        ];
        tx.execute(SET, row).await
    }
}

/// An account with a password of its own, for demonstrations and tests.
struct SetUp {
    new: NewStaff,
    signed_in_at: Option<Instant>,
}

const OWN: &str = "UPDATE institution_account SET password_hash = $1, must_change = $2, password_until = NULL, \
     initial_spent_at = NULL, last_sign_in_at = $3, role = $4 WHERE institution_code = $5 AND user_id = $6";

impl Write for SetUp {
    type Output = ();

    fn key(&self) -> &str {
        self.new.institution_code.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<()> {
        let (code, user_id) = (self.new.institution_code.as_str(), self.new.account.user_id.as_str());
        let added = Add(self.new.clone()).run(tx, chains).await?;
        let row = bind![
            &self.new.password_hash,
            false,
            self.signed_in_at.map(|at| at.0),
            self.new.account.role.name(),
            code,
            user_id
        ];
        tx.execute(OWN, row).await?;
        if added != StaffAdded::Added {
            let event = event(&self.new.act, "set-up", user_id, String::new());
            chains.append(tx, code, self.new.act.now, &event).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Makes an account with an initial password, audited.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn add_staff(&self, new: NewStaff) -> Result<StaffAdded> {
        self.write(Add(new)).await
    }

    /// Changes, stops or resumes an account, audited.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn change_staff(
        &self,
        institution: &InstitutionCode,
        user_id: &UserId,
        staff: Staff,
        act: Act,
    ) -> Result<StaffChanged> {
        self.write(Change { place: Place::of(institution, user_id), staff, act }).await
    }

    /// Makes an account whose password is its own and not an initial one, or gives an account that is there that
    /// password: for demonstrations and tests. `signed_in_at`: when it is said to have signed in last.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn set_up_staff(&self, new: NewStaff, signed_in_at: Option<Instant>) -> Result<()> {
        self.write(SetUp { new, signed_in_at }).await
    }
}
