//! The newest revocation list of each shard, as whoever serves it finds it.

use eligibility::Instant;

use crate::{
    Result, Store,
    audit::Chains,
    engine::{Tx, bind},
    job::{Read, Write},
};

/// A signed list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredList {
    /// The label of its issuing authority.
    pub issuer: String,
    /// Which shard.
    pub shard: u16,
    /// Its number.
    pub number: i64,
    /// The list, DER.
    pub list: Vec<u8>,
    /// When it was made.
    pub this_update: Instant,
    /// When it must no longer be relied on.
    pub next_update: Instant,
}

const FIND: &str = "SELECT number, list, this_update, next_update FROM certificate_revocation_list \
     WHERE issuer = $1 AND shard = $2";
const PUT: &str = "INSERT INTO certificate_revocation_list \
     (issuer, shard, number, list, this_update, next_update) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (issuer, shard) DO UPDATE SET number = excluded.number, list = excluded.list, \
     this_update = excluded.this_update, next_update = excluded.next_update \
     WHERE certificate_revocation_list.number < excluded.number";

struct Find {
    issuer: String,
    shard: u16,
}

impl Read for Find {
    type Output = Option<StoredList>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Self::Output> {
        tx.query_one(FIND, bind![&self.issuer, i64::from(self.shard)], |row| {
            Ok(StoredList {
                issuer: self.issuer.clone(),
                shard: self.shard,
                number: row.int(0, "number")?,
                list: row.blob(1, "list")?.to_vec(),
                this_update: Instant(row.int(2, "this_update")?),
                next_update: Instant(row.int(3, "next_update")?),
            })
        })
        .await
    }
}

struct Put(StoredList);

impl Write for Put {
    type Output = bool;

    fn key(&self) -> &str {
        &self.0.issuer
    }

    async fn run(&self, tx: &Tx<'_>, _: &mut Chains) -> Result<bool> {
        let new = &self.0;
        let row = bind![
            &new.issuer,
            i64::from(new.shard),
            new.number,
            new.list.as_slice(),
            new.this_update.0,
            new.next_update.0
        ];
        Ok(tx.execute(PUT, row).await? == 1)
    }
}

impl Store {
    /// The newest list of a shard.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn revocation_list_of(&self, issuer: &str, shard: u16) -> Result<Option<StoredList>> {
        self.read(Find { issuer: issuer.to_owned(), shard }).await
    }

    /// Keeps a list; false when one with this number or a higher one is there, made by another process.
    ///
    /// # Errors
    /// Any write error of the store.
    pub async fn put_revocation_list(&self, list: StoredList) -> Result<bool> {
        self.write(Put(list)).await
    }
}
