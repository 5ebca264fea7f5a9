//! The central side through its own doors: real TLS, real HTTP, a real database, driven time.

mod checks;
mod connections;
mod denied;
mod door;
mod full_disk;
mod guessing;
mod limits;
mod not_looked_up;
mod openapi;
mod ops;
mod receipts;
mod records;
mod refused_cards;
mod replay;
mod revocation_lists;
mod settings;
mod smuggling;
mod standing_consents;
mod support;
mod witnessing;

/// Runs each test on SQLite and on PostgreSQL.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$meta:meta])* $name:ident)+) => { $(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() { Box::pin(super::$name(testkit::system::Engine::Sqlite)).await; }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() { Box::pin(super::$name(testkit::system::Engine::Postgres)).await; }
        }
    )+ };
}
