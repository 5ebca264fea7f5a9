//! The card reader at the counter: a card session becomes a proof.
