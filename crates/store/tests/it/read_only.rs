//! A database that may only be read: told apart from a failed disk, as nothing is lost and writing can go on.

use store::{Error, Options, Store};

use crate::{databases::Kind, people::*};

#[tokio::test]
async fn a_database_that_takes_no_writes_is_told_until_it_does() {
    let db = Kind::Postgres.open().await;
    let joined = if db.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{joined}options=-c%20default_transaction_read_only%3Don", db.url);
    let store = Store::open(&url, Options::default()).await.expect("opens");
    assert!(!store.counters().write_fails);
    store.try_writing_again().await.expect("nothing failed, nothing is tried");
    let outcome = store.record_verification(verification(1, "a")).await;
    assert!(matches!(outcome, Err(Error::Unwritable(_))), "{outcome:?}");
    let counters = store.counters();
    assert!(counters.write_fails && !counters.storage_failed, "{counters:?}");
    let again = store.try_writing_again().await;
    assert!(matches!(again, Err(Error::Unwritable(_))), "{again:?}");
    store.ping().await.expect("reading goes on");
}
