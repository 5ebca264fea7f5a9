//! The certificate authority through its public door, judged by OpenSSL.

mod bench;
mod cards;
#[allow(unreachable_pub, reason = "public for the fuzz targets that share it")]
#[path = "../../../../fuzz/bodies/pki.rs"]
mod fuzz_bodies;
#[allow(unreachable_pub, reason = "shared by several crates")]
#[path = "../../../../fuzz/replay.rs"]
mod fuzz_replay;
mod fuzz_seeds;
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
