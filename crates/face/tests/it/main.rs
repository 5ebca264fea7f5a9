//! The face library from outside, with the real models.

mod agreement;
mod cost;
mod fuzz_seeds;
mod gate;
mod liveness;
mod portraits;
mod refusals;
mod support;
mod turning;
