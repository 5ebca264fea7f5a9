//! Which revocation list of each card authority was the newest ever believed.

use eligibility::Instant;

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// What tells a newer list of one authority from an older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationListMark {
    /// Names the authority's key.
    pub authority: String,
    /// The list's number in hex without leading zeros, when it has one.
    pub number: Option<String>,
    /// When the list was made.
    pub this_update: Instant,
}

impl RevocationListMark {
    /// Whether this list was made before the other of the same authority. Times are whole seconds, so the number
    /// decides between lists of one second.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        // Hex without leading zeros: the longer is the greater.
        let number = |mark: &Self| mark.number.as_ref().map(|text| (text.len(), text.clone()));
        self.this_update < other.this_update || number(self) < number(other)
    }
}

const FIND: &str = "SELECT number, this_update FROM revocation_list WHERE authority = $1";
/// Reads the mark and holds its row until the commit.
const HOLD: &str = "INSERT INTO revocation_list (authority, number, this_update) VALUES ($1, $2, $3) \
     ON CONFLICT (authority) DO UPDATE SET this_update = revocation_list.this_update \
     RETURNING number, this_update";
const SET: &str = "UPDATE revocation_list SET number = $1, this_update = $2 WHERE authority = $3";

struct Find(String);

impl Read for Find {
    type Output = Option<RevocationListMark>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(FIND, bind![&self.0], |row| {
            let number = row.text_or_null(0, "number")?.map(str::to_owned);
            let this_update = Instant(row.int(1, "this_update")?);
            Ok(RevocationListMark { authority: self.0.clone(), number, this_update })
        })
        .await
    }
}

struct Believe(RevocationListMark);

impl Write for Believe {
    type Output = bool;

    fn key(&self) -> &'static str {
        "revocation_list"
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let new = &self.0;
        let row = bind![&new.authority, new.number.as_ref(), new.this_update.0];
        let held = tx
            .query_one(HOLD, row, |row| {
                let number = row.text_or_null(0, "number")?.map(str::to_owned);
                let this_update = Instant(row.int(1, "this_update")?);
                Ok(RevocationListMark { authority: new.authority.clone(), number, this_update })
            })
            .await?;
        if held.is_some_and(|held| new.is_older_than(&held)) {
            return Ok(false);
        }
        tx.execute(SET, bind![new.number.as_ref(), new.this_update.0, &new.authority]).await?;
        Ok(true)
    }
}

impl Store {
    /// The newest list of this authority that was ever believed.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn newest_revocation_list(&self, authority: &str) -> Result<Option<RevocationListMark>> {
        self.read(Find(authority.to_owned())).await
    }

    /// Remembers, durably, that this list is about to be believed. `false` when a newer one was: then it must not be.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn believe_revocation_list(&self, mark: RevocationListMark) -> Result<bool> {
        self.write(Believe(mark)).await
    }
}
