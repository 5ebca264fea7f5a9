//! The eligibility terminal: file drop, reader link, central client.
