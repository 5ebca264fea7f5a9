//! Passwords of accounts: the initial one that works once, the own one, and a new initial one.

use eligibility::{Instant, institution::InstitutionCode, institution_account::UserId};

use super::{Place, earlier_password, event, read};
use crate::{
    Act, AttemptPlace, FormId, Result, Store, TokenHash,
    audit::Chains,
    engine::{Tx, bind},
    form_handed_in,
    job::Write,
    sign_in, web_session,
};

/// A password that somebody sets for the own account.
pub struct NewStaffPassword {
    /// The hash that stands now: of two changes at once one is made.
    pub before: String,
    /// Argon2id of the new password.
    pub password_hash: String,
    /// The session that stays; every other one ends.
    pub kept: TokenHash,
    /// Who sets it.
    pub act: Act,
}

/// A new initial password.
pub struct StaffReset {
    /// The form: two clicks make one password.
    pub form: FormId,
    /// Argon2id of the new initial password.
    pub password_hash: String,
    /// Until when it works.
    pub password_until: Instant,
    /// Counts of wrong passwords that begin anew.
    pub freed: Vec<AttemptPlace>,
    /// Who resets.
    pub act: Act,
}

const SPEND: &str = "UPDATE institution_account SET initial_spent_at = $1 WHERE institution_code = $2 \
     AND user_id = $3 AND password_hash = $4 AND must_change AND initial_spent_at IS NULL";
const OWN: &str = "UPDATE institution_account SET password_hash = $1, must_change = $2, password_until = NULL, \
     initial_spent_at = NULL, changed_at = $3 WHERE institution_code = $4 AND user_id = $5 AND password_hash = $6 \
     AND stopped_at IS NULL";
const INITIAL: &str = "UPDATE institution_account SET password_hash = $1, must_change = $2, password_until = $3, \
     initial_spent_at = NULL, changed_at = $4 WHERE institution_code = $5 AND user_id = $6";

struct Spend {
    place: Place,
    password_hash: String,
    now: Instant,
}

impl Write for Spend {
    type Output = bool;

    fn key(&self) -> &str {
        self.place.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let row =
            bind![self.now.0, self.place.institution.as_str(), &self.place.user_id, &self.password_hash];
        Ok(tx.execute(SPEND, row).await? == 1)
    }
}

struct Own {
    place: Place,
    new: NewStaffPassword,
}

impl Write for Own {
    type Output = bool;

    fn key(&self) -> &str {
        self.place.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let (new, code) = (&self.new, self.place.institution.as_str());
        earlier_password::keep(tx, &self.place, new.act.now).await?;
        let row = bind![&new.password_hash, false, new.act.now.0, code, &self.place.user_id, &new.before];
        if tx.execute(OWN, row).await? == 0 {
            return Ok(false);
        }
        let subject = self.place.subject();
        web_session::end_others(tx, &subject, Some(&new.kept)).await?;
        sign_in::forget_browsers(tx, &subject).await?;
        let event = event(&new.act, "password", &self.place.user_id, String::new());
        chains.append(tx, code, new.act.now, &event).await?;
        Ok(true)
    }
}

struct Reset {
    place: Place,
    reset: StaffReset,
}

impl Write for Reset {
    type Output = bool;

    fn key(&self) -> &str {
        self.place.institution.as_str()
    }

    async fn run(&self, tx: &Tx<'_>, chains: &mut Chains) -> Result<bool> {
        let (reset, code) = (&self.reset, self.place.institution.as_str());
        if form_handed_in::take(tx, &reset.form, reset.act.now).await?.is_some()
            || read::find(tx, &self.place).await?.is_none()
        {
            return Ok(false);
        }
        earlier_password::keep(tx, &self.place, reset.act.now).await?;
        let row = bind![
            &reset.password_hash,
            true,
            reset.password_until.0,
            reset.act.now.0,
            code,
            &self.place.user_id
        ];
        tx.execute(INITIAL, row).await?;
        let subject = self.place.subject();
        web_session::end_others(tx, &subject, None).await?;
        sign_in::forget_browsers(tx, &subject).await?;
        for place in &reset.freed {
            crate::attempt::free(tx, place).await?;
        }
        form_handed_in::settle(tx, &reset.form, &self.place.user_id).await?;
        let event = event(&reset.act, "reset", &self.place.user_id, String::new());
        chains.append(tx, code, reset.act.now, &event).await?;
        Ok(true)
    }
}

impl Store {
    /// Uses an initial password up. `false` when it was used, or is no longer the one with this hash.
    ///
    /// # Errors
    /// Any write error of the store: then nobody is let in.
    pub async fn spend_initial_password(
        &self,
        institution: &InstitutionCode,
        user_id: &UserId,
        password_hash: &str,
        now: Instant,
    ) -> Result<bool> {
        let place = Place::of(institution, user_id);
        self.write(Spend { place, password_hash: password_hash.to_owned(), now }).await
    }

    /// Sets the own password of an account, ends its other sessions, forgets its terminals, audited. `false` when the
    /// password was changed meanwhile, or the account is stopped.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn set_staff_password(
        &self,
        institution: &InstitutionCode,
        user_id: &UserId,
        new: NewStaffPassword,
    ) -> Result<bool> {
        self.write(Own { place: Place::of(institution, user_id), new }).await
    }

    /// Gives an account a new initial password, ends its sessions, frees its lock, audited. `false` when the account is
    /// not there, or the same form was handed in before.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn reset_staff(
        &self,
        institution: &InstitutionCode,
        user_id: &UserId,
        reset: StaffReset,
    ) -> Result<bool> {
        self.write(Reset { place: Place::of(institution, user_id), reset }).await
    }
}
