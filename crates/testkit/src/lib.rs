//! Dev only: databases, certificates, people, time.
//!
//! [`postgres`] gives databases to any crate's tests. With the feature `system` there is the whole central side:
//! a real server on free ports behind real mutual TLS, terminals with certificates, cards that sign, people
//! with coverage, and a clock that is driven.

pub mod postgres;

#[cfg(feature = "system")]
pub mod cards;
#[cfg(feature = "system")]
pub mod client;
#[cfg(feature = "system")]
pub mod people;
#[cfg(feature = "system")]
pub mod system;
