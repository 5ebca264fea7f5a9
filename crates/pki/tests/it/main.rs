//! The certificate authority through its public door, judged by OpenSSL.
