//! The card crate through its public doors.
