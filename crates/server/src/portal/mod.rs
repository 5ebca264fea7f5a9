//! 医療機関等向け総合ポータルサイト: where institutions sign up, apply, and see what became of it.

pub mod applications;
