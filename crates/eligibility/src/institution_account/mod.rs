//! Accounts of an institution on its own web: which roles there are, what each may do, and who makes whom.

mod role;

pub use role::{InstitutionAction, InstitutionRole};
