//! ロック: what wrong passwords have done to an account, in words.

use eligibility::Instant;
use eligibility::account::{Bucket, LockoutDecision};
use eligibility::institution_account::InstitutionRole;
use store::{AccountAttempts, StaffAccount};

use crate::institution::days::moment;
use crate::institution::sign_in::password_place;
use crate::web::Site;

/// An account nobody signs in with just now, or not everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lock {
    /// ロック中, and where.
    pub(super) word: &'static str,
    /// Until when.
    pub(super) until: String,
}

const EVERYWHERE: &str = "ロック中";
const ELSEWHERE: &str = "ロック中（初めて使う端末）";
const HERE: &str = "ロック中（使ったことのある端末）";
const UNTIL_REISSUED: &str = "初期パスワードを再発行するまで";
const UNTIL_NEXT_SHEET: &str = "ポータルサイトから通知書をもう一度ダウンロードするまで";

/// What frees an account that is locked for good. A 通知書 brings a master its password until it has one of its own, and
/// always that of the account that resets it; everybody else gets one here.
fn until_freed(role: InstitutionRole, must_change: bool) -> &'static str {
    match role {
        InstitutionRole::Master if must_change => UNTIL_NEXT_SHEET,
        InstitutionRole::MasterReset => UNTIL_NEXT_SHEET,
        _ => UNTIL_REISSUED,
    }
}

/// How each of these accounts stands; `None`: every terminal may try a password.
pub(super) async fn of(site: &Site, accounts: &[StaffAccount]) -> store::Result<Vec<Option<Lock>>> {
    let keys = accounts.iter().map(|account| password_place(&account.subject()).key).collect();
    let found = site.store.attempts_of_accounts(keys).await?;
    let now = site.clock.now();
    let told = accounts.iter().zip(&found);
    let told = told.map(|(account, found)| {
        let freed = until_freed(account.role, account.must_change);
        told_of(found, account.last_sign_in_at.is_some(), freed, now)
    });
    Ok(told.collect())
}

/// `known`: whether there are terminals where the account has signed in; they stand in no stranger's place.
/// `freed`: what a lock without an end waits for.
fn told_of(found: &AccountAttempts, known: bool, freed: &str, now: Instant) -> Option<Lock> {
    let strangers = found.strangers.decide(Bucket::Account, now);
    let allowed = LockoutDecision::Allowed;
    let here = found.known.iter().map(|state| state.decide(Bucket::KnownTerminal, now));
    let here = here.fold(allowed, LockoutDecision::and);
    let word = match (strangers == allowed, here == allowed) {
        (true, true) => return None,
        (false, true) if known => ELSEWHERE,
        (true, false) => HERE,
        (false, _) => EVERYWHERE,
    };
    let until = match strangers.and(here) {
        LockoutDecision::Wait { retry_after_ms } => {
            format!("{}まで", moment(Instant(now.0.saturating_add(retry_after_ms))))
        }
        LockoutDecision::AskAdministrator | LockoutDecision::Allowed => freed.to_owned(),
    };
    Some(Lock { word, until })
}

#[cfg(test)]
mod tests {
    use eligibility::account::AttemptState;

    use super::*;

    const NOW: Instant = Instant(1_795_309_509_000);

    fn wrong(times: u32) -> AttemptState {
        (0..times).fold(AttemptState::default(), |state, _| state.on_attempt(Bucket::Account, NOW))
    }

    #[test]
    fn a_lock_says_where_and_until_when() {
        let told = |strangers: u32, here: &[u32], known: bool| {
            let found = AccountAttempts {
                strangers: wrong(strangers),
                known: here.iter().map(|times| wrong(*times)).collect(),
            };
            told_of(&found, known, UNTIL_REISSUED, NOW).map(|lock| (lock.word, lock.until))
        };
        let quarter = || "令和8年11月22日（2026年11月22日） 10:20まで".to_owned();
        assert_eq!(told(4, &[4, 0], true), None);
        assert_eq!(told(5, &[], false), Some((EVERYWHERE, quarter())));
        assert_eq!(told(5, &[1], true), Some((ELSEWHERE, quarter())));
        assert_eq!(told(0, &[5, 1], true), Some((HERE, quarter())));
        assert_eq!(told(5, &[5], true), Some((EVERYWHERE, quarter())));
        assert_eq!(told(20, &[], false), Some((EVERYWHERE, UNTIL_REISSUED.to_owned())));
        assert_eq!(told(0, &[20], true), Some((HERE, UNTIL_REISSUED.to_owned())));
    }

    #[test]
    fn what_frees_an_account_is_what_gives_it_a_password() {
        assert_eq!(until_freed(InstitutionRole::Master, true), UNTIL_NEXT_SHEET);
        assert_eq!(until_freed(InstitutionRole::MasterReset, true), UNTIL_NEXT_SHEET);
        assert_eq!(until_freed(InstitutionRole::MasterReset, false), UNTIL_NEXT_SHEET);
        assert_eq!(until_freed(InstitutionRole::Master, false), UNTIL_REISSUED);
        assert_eq!(until_freed(InstitutionRole::Administrator, true), UNTIL_REISSUED);
    }
}
