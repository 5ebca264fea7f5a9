//! The certificate authority through its public door, judged by OpenSSL.

mod bench;
mod cards;
mod hostile;
mod institution;
mod issuing;
mod letters;
mod linting;
mod ocsp;
mod pkilint;
mod requests;
mod tls;
mod token;
