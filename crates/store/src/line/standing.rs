//! How lines stand: by institution, by address, and what changed.

use std::net::IpAddr;

use eligibility::institution::InstitutionCode;

use super::{LineRecord, REGISTER, record};
use crate::{
    Error, Result, Store,
    engine::{Tx, bind},
    job::Read,
};

const NEWEST: &str = "SELECT number FROM line_change WHERE register = $1";
const CHANGED: &str = "SELECT change_number, institution_code FROM line_customer \
     WHERE (change_number, institution_code) > ($1, $2) ORDER BY change_number, institution_code LIMIT $3";

/// That the line of an institution changed. They come in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineChange {
    /// Number of the change.
    pub number: i64,
    /// 医療機関コード; empty where every institution with this number was seen.
    pub institution_code: String,
}

struct OfInstitution(InstitutionCode);

impl Read for OfInstitution {
    type Output = Option<LineRecord>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<LineRecord>> {
        match record::of_institution(tx, &self.0).await? {
            Some(customer) => record::whole(tx, customer).await.map(Some),
            None => Ok(None),
        }
    }
}

struct At(IpAddr);

impl Read for At {
    type Output = Option<LineRecord>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Option<LineRecord>> {
        Ok(record::at(tx, self.0).await?.map(|(record, _)| record))
    }
}

struct Newest;

impl Read for Newest {
    type Output = i64;

    async fn run(&self, tx: &Tx<'_>) -> Result<i64> {
        Ok(tx.query_one(NEWEST, bind![REGISTER], |row| row.int(0, "number")).await?.unwrap_or(0))
    }
}

struct ChangedAfter {
    last: LineChange,
    limit: u32,
}

impl Read for ChangedAfter {
    type Output = Vec<LineChange>;

    async fn run(&self, tx: &Tx<'_>) -> Result<Vec<LineChange>> {
        let after = bind![self.last.number, &self.last.institution_code, i64::from(self.limit)];
        tx.query(CHANGED, after, |row| {
            let institution_code = row.text(1, "institution_code")?.to_owned();
            Ok(LineChange { number: row.int(0, "change_number")?, institution_code })
        })
        .await
    }
}

impl Store {
    /// The line of an institution; `None` when none was ever registered.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn line_of(&self, institution: &InstitutionCode) -> Result<Option<LineRecord>> {
        self.read(OfInstitution(institution.clone())).await
    }

    /// The line an address belongs to. An IPv4 address written inside IPv6 is taken as IPv4.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn line_at(&self, peer: IpAddr) -> Result<Option<LineRecord>> {
        self.read(At(peer)).await
    }

    /// The place to ask [`Store::lines_changed_after`] from for everything that changes from now on.
    ///
    /// # Errors
    /// Any read error of the store.
    pub async fn newest_line_change(&self) -> Result<LineChange> {
        let number = self.read(Newest).await?;
        // Sorts after every code, so that only later numbers follow.
        Ok(LineChange { number, institution_code: "\u{10FFFF}".to_owned() })
    }

    /// Whose lines changed after `last`, oldest change first, at most `limit`. An institution is named once, with
    /// its last change.
    ///
    /// # Errors
    /// Any read error of the store; [`Error::Refused`] when `limit` is 0.
    pub async fn lines_changed_after(&self, last: LineChange, limit: u32) -> Result<Vec<LineChange>> {
        if limit == 0 {
            return Err(Error::Refused { what: "limit", why: "it is 0".to_owned() });
        }
        self.read(ChangedAfter { last, limit }).await
    }
}
