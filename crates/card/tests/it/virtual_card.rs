//! The simulated card in a virtual reader, seen by software none of us wrote and by our own PC/SC backend.
//!
//! Each test is this binary run once more in namespaces of its own (network, mounts, processes): the virtual
//! reader listens on all addresses and pcscd has one socket per machine, so neither may touch the machine itself.
//! The namespaces end with the test, whatever happens in it, and take every process along.

mod clients;
mod opensc;
#[cfg(pcsc_library)]
mod own_backend;
mod world;
