//! Normalisation of 記号・番号 for matching. What is stored is never changed.
