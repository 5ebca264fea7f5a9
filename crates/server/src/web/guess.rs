//! Guesses: counted durably in every place they belong to before anything is compared.

use eligibility::account::{Bucket, LockoutDecision};
use store::AttemptPlace;

use super::door::Peer;
use super::refused;
use super::secret_token::sha256;
use super::site::Site;

/// The places that one guess is counted in.
#[derive(Clone, Debug)]
pub struct Guess(Vec<AttemptPlace>);

impl Guess {
    /// A guess about one account, from a browser that is not known. `what`: e.g. `portal-password`; `whose`: what was
    /// typed or the account (only its hash is kept).
    #[must_use]
    pub fn of_stranger(what: &str, whose: &str, peer: Peer) -> Self {
        let mut places = Self::of_network(what, peer).0;
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

    /// A guess that is about no account one could name (mailed links).
    #[must_use]
    pub fn of_network(what: &str, peer: Peer) -> Self {
        let network = format!("{what}:{}", hashed(&peer.network()));
        Self(vec![
            AttemptPlace { key: network, bucket: Bucket::Terminal },
            AttemptPlace { key: what.to_owned(), bucket: Bucket::Global },
        ])
    }

    /// A mail that somebody has sent to an address of his choice: no account is locked by it, whoever asks.
    #[must_use]
    pub fn of_mail(what: &str, address: &str, peer: Peer) -> Self {
        let mut places = Self::of_network(what, peer).0;
        places.push(AttemptPlace { key: format!("{what}:{}", hashed(address)), bucket: Bucket::Terminal });
        Self(places)
    }

    /// The place that counts for the account alone.
    #[must_use]
    pub fn account_place(what: &str, whose: &str) -> AttemptPlace {
        AttemptPlace { key: format!("{what}:{}", hashed(whose)), bucket: Bucket::Account }
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
