//! The async runtime, and how a long-running command is asked to end.

use std::future::Future;

use anyhow::{Context, Result};
use eligibility::Instant;
use server::clock::Clock;

/// Keys and PINs pass through this process: its memory goes into no core file, and no other process of the same
/// user may look into it.
pub(crate) fn keep_memory_private() -> Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .context("cannot keep this process's memory out of core files")?;
    Ok(())
}

/// Runs a future on a fresh multi-threaded runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    install_crypto();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(future)
}

/// One crypto provider for the whole process, chosen here and nowhere else.
pub(crate) fn install_crypto() {
    // Err means it is installed already, which is what we want.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// This second: certificates know no fractions, and an authority must not begin within one.
pub(crate) fn this_second() -> Instant {
    let now = Clock::system().now();
    Instant(now.0 - now.0.rem_euclid(1000))
}

/// Waits for Ctrl-C or SIGTERM.
pub(crate) async fn asked_to_end() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended.context("cannot listen for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}
