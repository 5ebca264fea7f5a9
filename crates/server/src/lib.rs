//! The central side: one folder per surface.
//!
//! * [`terminal_api`]: what eligibility terminals ask for, behind mutual TLS ([`listener`]).
//! * [`facility`]: what administrators of an institution manage, behind its web and its terminals.
//! * [`institution`]: what people of an institution open, with the terminal's certificate.
//! * [`line_auth`]: the page of line authentication, and the gate that asks for it.
//! * [`portal`]: 医療機関等向け総合ポータルサイト; [`operator`]: the operator's side; [`web`]: what sites for browsers share.
//! * [`mail`]: what stands in the outbox goes out.
//! * `bulk`: files with many rows, taken by terminal API and institution web, worked on in the background.
//! * [`ca`]: the certificate authority of the institution network.
//! * [`simulated_jlis`]: the card authority's revocation services, simulated.
//! * [`ops`]: health, readiness, metrics, and the work that no request waits for.
//!
//! What must not live here: rules of eligibility (they are in `eligibility`), SQL (in `store`), message shapes
//! (in `wire`), the card's own checks (in `card`).

mod bulk;
pub mod ca;
pub mod card_revocation;
pub mod clock;
pub mod config;
pub mod facility;
pub mod institution;
pub mod line_auth;
pub mod listener;
pub mod mail;
pub mod operator;
pub mod ops;
pub mod portal;
pub mod simulated_jlis;
mod start;
pub mod terminal_api;
pub mod web;

pub use clock::{Clock, ClockHands};
pub use config::Config;
pub use start::{RunningAuthority, RunningSite, Server, StartError, desk_by_hand};
