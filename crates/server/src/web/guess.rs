//! Guesses: counted durably in every place they belong to before anything is compared.

use eligibility::account::{Bucket, LockoutDecision};
use store::{AttemptPlace, Audience, Store};

use super::door::Peer;
use super::refused;
use super::secret_token::sha256;
use super::site::Site;

/// What guesses at passwords are counted as.
#[must_use]
pub fn password_of(audience: Audience) -> String {
    format!("{}-password", audience.name())
}

/// What guesses at second factors are counted as.
#[must_use]
pub fn second_factor_of(audience: Audience) -> String {
    format!("{}-second-factor", audience.name())
}

/// The places that one guess is counted in.
#[derive(Clone, Debug)]
pub struct Guess(Vec<AttemptPlace>);

impl Guess {
    /// A guess about one account, from a browser that is not known. `what`: e.g. `portal-password`; `whose`: what was
    /// typed or the account (only its hash is kept).
    #[must_use]
    pub fn of_stranger(what: &str, whose: &str, peer: Peer) -> Self {
        let mut places = Self::of_network(what, peer).0;
        places.push(AttemptPlace { key: what.to_owned(), bucket: Bucket::Global });
        places.push(AttemptPlace { key: format!("{what}:{}", hashed(whose)), bucket: Bucket::Account });
        Self(places)
    }

    /// A guess about one account at a terminal with a certificate where it has not signed in before. `within`: whose
    /// terminals are counted together, so that nobody outside can lock them.
    #[must_use]
    pub fn of_stranger_at(what: &str, whose: &str, terminal: &str, within: &str) -> Self {
        Self(vec![
            AttemptPlace { key: format!("{what}:{}", hashed(terminal)), bucket: Bucket::Terminal },
            AttemptPlace { key: format!("{what}:{}", hashed(within)), bucket: Bucket::Global },
            Self::account_place(what, whose),
        ])
    }

    /// A guess about one account from a browser that has signed in as it before.
    #[must_use]
    pub fn of_known(what: &str, whose: &str, browser: &[u8; 32]) -> Self {
        Self(vec![Self::known_place(what, whose, browser)])
    }

    /// The place that counts for the account at one browser.
    #[must_use]
    pub fn known_place(what: &str, whose: &str, browser: &[u8; 32]) -> AttemptPlace {
        let key = format!("{what}:{}:{}", hashed(whose), hex::encode(browser));
        AttemptPlace { key, bucket: Bucket::KnownTerminal }
    }

    /// A guess about one account by somebody who has proven to be its holder in another way (the second factor).
    #[must_use]
    pub fn of_account(what: &str, whose: &str) -> Self {
        let key = format!("{what}:{}", hashed(whose));
        Self(vec![AttemptPlace { key, bucket: Bucket::Account }])
    }

    /// What one network may do so often: open mailed links, have mails sent. Nothing is counted over all networks: the
    /// secret of a link cannot be guessed, and a stranger must not shut the door for everybody.
    #[must_use]
    pub fn of_network(what: &str, peer: Peer) -> Self {
        Self(peer.places(what))
    }

    /// Mails to one address, whoever has them sent. Past this count none goes out, and whoever asks is not told: else
    /// a stranger could keep somebody from a new password.
    #[must_use]
    pub fn of_address(what: &str, address: &str) -> Self {
        Self(vec![AttemptPlace { key: format!("{what}-to:{}", hashed(address)), bucket: Bucket::Terminal }])
    }

    /// Where it is counted.
    #[must_use]
    pub fn places(&self) -> &[AttemptPlace] {
        &self.0
    }

    /// The place that counts for the account alone.
    #[must_use]
    pub fn account_place(what: &str, whose: &str) -> AttemptPlace {
        AttemptPlace { key: format!("{what}:{}", hashed(whose)), bucket: Bucket::Account }
    }

    /// Every place that counts guesses at one account: its password, from strangers and from each browser it has signed
    /// in with, and its second factor.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn places_of(
        store: &Store,
        audience: Audience,
        login_key: &str,
        subject: &str,
    ) -> Result<Vec<AttemptPlace>, store::Error> {
        let (password, second) = (password_of(audience), second_factor_of(audience));
        let mut places =
            vec![Self::account_place(&password, login_key), Self::account_place(&second, subject)];
        for browser in store.known_browsers(subject).await? {
            places.extend(Self::of_known(&password, login_key, &browser).0);
        }
        Ok(places)
    }

    /// Counts the guess, durably. Compare only when the answer is [`LockoutDecision::Allowed`].
    ///
    /// # Errors
    /// The page that says it did not work: then nothing may be compared.
    pub async fn count(&self, site: &Site) -> Result<LockoutDecision, axum::response::Response> {
        let taken = site.store.take_attempt(self.0.clone(), site.clock.now()).await;
        taken.map_err(|error| refused::by_store(&error))
    }

    /// Gives it back: it was right.
    ///
    /// # Errors
    /// The page that says it did not work.
    pub async fn was_right(&self, site: &Site) -> Result<(), axum::response::Response> {
        let given = site.store.give_attempt_back(self.0.clone(), site.clock.now()).await;
        given.map_err(|error| refused::by_store(&error))
    }
}

fn hashed(text: &str) -> String {
    hex::encode(&sha256(text.as_bytes())[..16])
}
