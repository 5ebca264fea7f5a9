//! Dev only: databases, certificates, people, time.
//!
//! [`postgres`] gives databases to any crate's tests, [`postgres_over_tls`] one behind TLS, [`own_world`] a machine of their own, [`virtual_reader`] a
//! card reader in it. With the feature `system` there is the whole central side: a real server on free ports behind real mutual TLS, terminals with certificates, cards that sign, people
//! with coverage, and a clock that is driven.

pub mod own_world;
pub mod postgres;
pub mod postgres_over_tls;
pub mod virtual_reader;

#[cfg(feature = "system")]
pub mod authority;
#[cfg(feature = "system")]
pub mod browser;
#[cfg(feature = "system")]
pub mod cards;
#[cfg(feature = "system")]
pub mod client;
#[cfg(feature = "system")]
pub mod facility;
#[cfg(feature = "system")]
pub mod mailbox;
#[cfg(feature = "system")]
pub mod people;
#[cfg(feature = "system")]
pub mod system;
#[cfg(feature = "system")]
pub mod tampering;
#[cfg(feature = "system")]
pub mod witness;
