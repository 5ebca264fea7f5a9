//! The newest revocation list believed is remembered, and only ever moves on.

use store::{Options, RevocationListMark, Store};

use crate::{
    databases::{Database, on_every_database},
    people::*,
};

on_every_database!(the_newest_list_is_remembered_and_never_goes_back);

fn mark(authority: &str, number: Option<&str>, ms: i64) -> RevocationListMark {
    let number = number.map(str::to_owned);
    RevocationListMark { authority: authority.to_owned(), number, this_update: at(ms) }
}

async fn the_newest_list_is_remembered_and_never_goes_back(db: Database) {
    assert_eq!(db.store.newest_revocation_list("a").await, Ok(None));
    let believe = async |new: &RevocationListMark| db.store.believe_revocation_list(new.clone()).await;
    for (new, newer) in [
        (mark("a", Some("f"), 10), true),
        (mark("a", Some("f"), 10), true),
        (mark("a", Some("10"), 10), true),
        (mark("a", Some("f"), 10), false),
        (mark("a", Some("f"), 11), false),
        (mark("a", Some("11"), 9), false),
        (mark("a", None, 12), false),
        (mark("b", None, 1), true),
        (mark("b", None, 0), false),
    ] {
        assert_eq!(believe(&new).await, Ok(newer), "{new:?}");
    }
    let next = Store::open(&db.url, Options::default()).await.expect("opens");
    assert_eq!(next.newest_revocation_list("a").await, Ok(Some(mark("a", Some("10"), 10))));
    assert_eq!(next.newest_revocation_list("b").await, Ok(Some(mark("b", None, 1))));
}
