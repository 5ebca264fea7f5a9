//! The central side: one folder per surface.
