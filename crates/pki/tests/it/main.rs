//! The certificate authority through its public door, judged by OpenSSL.

mod bench;
mod cards;
mod hostile;
mod institution;
mod letters;
mod linting;
mod ocsp;
mod requests;
mod tls;
