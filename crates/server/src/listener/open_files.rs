//! Open files: every connection is one. Where the system allows fewer than the listeners may take together, a crowd at
//! one of them would shut all the others, so the server does not start.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// Open files beside the listeners' connections: the database's, outgoing connections, keys, logs.
pub(crate) const RESERVE: u64 = 256;

/// Open files that the configured limits can come to.
pub(crate) fn needed(config: &Config) -> u64 {
    let limits = &config.limits;
    let authority = config.authority.as_ref();
    let of_sites = [
        config.portal.is_some(),
        config.operator.is_some(),
        config.line_authentication.is_some(),
        config.institution_web.is_some(),
        authority.is_some(),
        authority.is_some_and(|authority| authority.distribution_listen.is_some()),
    ];
    let of_loopback = [true, config.simulated_jlis.is_some()];
    let count = |there: &[bool]| there.iter().filter(|there| **there).count() as u64;
    limits.listener().connections as u64
        + count(&of_sites) * limits.site().connections as u64
        + count(&of_loopback) * limits.loopback().connections as u64
        + RESERVE
}

/// What to do where the system allows too few.
pub(crate) const REMEDY: &str = "raise the hard limit (ulimit -Hn; LimitNOFILE= of systemd), or lower limits.connections and \
                                 limits.site_connections";

/// Raises this process's own limit to what the system allows it, and tells why that is too little, if it is.
///
/// # Errors
/// What is too little; [`REMEDY`] belongs to it.
pub(crate) fn make_room(config: &Config) -> Result<(), String> {
    let needed = needed(config);
    match raised() {
        Some(allowed) if allowed < needed => Err(format!(
            "the connections allowed need {needed} open files ({RESERVE} of them for everything else), but the system \
             allows this process {allowed}"
        )),
        _ => Ok(()),
    }
}

/// The limit after raising it; `None`: there is none.
fn raised() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return current;
    }
    // Where the system refuses, what there is must do; the comparison tells whether it does.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current
}
