//! A certificate that a file names twice would lead to whoever comes last: such a file is refused.

use std::hash::{BuildHasher, RandomState};

use eligibility::card_certificate::CardCertificateId;

/// Bits of a row's number, more than any file has rows; the rest is the certificate's digest.
const ROW_BITS: u32 = 40;
const ROW_MASK: u128 = (1 << ROW_BITS) - 1;

/// The certificates of one file, at 16 bytes a row.
pub struct NamedCertificates {
    hashers: [RandomState; 2],
    named: Vec<u128>,
}

impl Default for NamedCertificates {
    fn default() -> Self {
        Self { hashers: [RandomState::new(), RandomState::new()], named: Vec::new() }
    }
}

impl std::fmt::Debug for NamedCertificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NamedCertificates").field("rows", &self.named.len()).finish_non_exhaustive()
    }
}

impl NamedCertificates {
    /// Remembers a row. Digests are keyed anew for each file: nobody can prepare rows that collide, and 88 bits do
    /// not by chance.
    pub fn add(&mut self, certificate: &CardCertificateId, row: u64) {
        let [high, low] = &self.hashers;
        let name = (&certificate.issuer, &certificate.serial);
        let digest = u128::from(high.hash_one(name)) << 64 | u128::from(low.hash_one(name));
        self.named.push(digest & !ROW_MASK | u128::from(row) & ROW_MASK);
    }

    /// The rows whose certificate an earlier row names, each with that row, in the order of the file.
    #[must_use]
    pub fn repeated(mut self) -> Vec<(u64, u64)> {
        self.named.sort_unstable();
        let row = |named: u128| (named & ROW_MASK) as u64;
        let pairs = self.named.windows(2).filter(|pair| pair[0] >> ROW_BITS == pair[1] >> ROW_BITS);
        let mut rows: Vec<_> = pairs.map(|pair| (row(pair[1]), row(pair[0]))).collect();
        rows.sort_unstable();
        rows
    }

    /// What is wrong with such a row.
    #[must_use]
    pub fn reason(first: u64) -> String {
        format!("certificate named twice: row {first} names it too; keep one of them")
    }
}
