//! The central side through its own doors: real TLS, real HTTP, a real database, driven time.

mod applications;
mod applications_chain;
mod bulk;
mod ca_applications;
mod ca_distribution;
mod ca_letters;
mod ca_notice_mails;
mod ca_notices;
mod ca_renewal;
mod ca_renewal_pages;
mod ca_requests;
mod ca_retrieval;
mod ca_steps;
mod ca_support;
mod ca_token;
mod ca_uses;
mod chain_support;
mod checks;
mod connections;
mod counted_first;
mod denied;
mod door;
mod factor_changes;
mod foreign_applications;
mod foreign_certificates;
mod foreign_objects;
mod foreign_terminals;
mod full_disk;
mod guessing;
mod held_applications;
mod hosts;
mod institution_accounts;
mod institution_bulk;
mod institution_codes;
mod institution_consents;
mod institution_foreign;
mod institution_guesses;
mod institution_help;
mod institution_history;
mod institution_menu;
mod institution_number_check;
mod institution_passkeys;
mod institution_policy;
mod institution_readers;
mod institution_settings;
mod institution_sign_in;
mod institution_support;
mod institution_uncover;
mod institution_web;
mod letters_found;
mod limits;
mod lines;
mod login_storm;
mod not_looked_up;
mod openapi;
mod operator_side;
mod ops;
mod paper_and_mail;
mod portal_guard;
mod portal_guesses;
mod portal_logs;
mod portal_sign_up;
mod portal_support;
mod receipts;
mod records;
mod refused_cards;
mod register_pages;
mod registrants;
mod registration_changes;
mod replay;
mod revocation_deadline;
mod revocation_lists;
mod settings;
mod silent_peers;
mod sites;
mod smuggling;
mod standing_consents;
mod support;
mod terminal_facility;
mod wide_networks;
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
