//! What is wrong with a configuration, with the remedy.

use std::net::SocketAddr;
use std::path::Path;

use super::{
    Config, RECEIPT_LIFETIME_MAX_S, RECEIPT_LIFETIME_MIN_S, TREE_HEAD_INTERVAL_MAX_S, check_sites, limits,
};
use crate::listener::open_files;
use crate::terminal_api::nonce::NONCE_LIFETIME_MAX_S;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting, as written in the file.
    pub setting: &'static str,
    /// What is wrong with it.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

pub(super) fn check(config: &Config) -> Vec<Problem> {
    let mut found = Vec::new();
    check_database(config, &mut found);
    check_files(config, &mut found);
    check_numbers(config, &mut found);
    check_loopback("ops.listen", config.ops.listen, &mut found);
    if let Some(jlis) = &config.simulated_jlis {
        check_loopback("simulated_jlis.listen", jlis.listen, &mut found);
    }
    check_line_authentication(config, &mut found);
    check_sites::check(config, &mut found);
    if config.cards.policies.is_empty() {
        found.push(problem("cards.policies", "no policy is listed", "list the policies a card may have"));
    }
    if config.cards.trust_anchors.is_empty() {
        found.push(problem(
            "cards.trust_anchors",
            "no root is listed",
            "list the PEM files of the card roots",
        ));
    }
    check_lists(config, &mut found);
    check_witness(config, &mut found);
    check_connections(config, &mut found);
    super::check_authority::check(config, &mut found);
    found
}

fn check_connections(config: &Config, found: &mut Vec<Problem>) {
    let limits = &config.limits;
    if limits.site_connections > limits.connections {
        let message = "a site may take more connections than the terminals";
        found.push(problem("limits.site_connections", message, "choose at most limits.connections"));
    }
    if let Err(message) = open_files::make_room(config) {
        found.push(problem("limits.connections", message, open_files::REMEDY));
    }
}

fn check_witness(config: &Config, found: &mut Vec<Problem>) {
    let Some(file) = &config.audit.witness_file else { return };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        let message = format!("the folder {} is not there", folder.display());
        found.push(problem("audit.witness_file", message, "create it, or correct the path"));
    }
}

fn check_lists(config: &Config, found: &mut Vec<Problem>) {
    let lists = &config.cards.crl;
    if lists.iter().any(|list| list.contains("://") && !list.starts_with("http://")) {
        let message = "a list is fetched over plain http, because it is signed itself";
        found.push(problem("cards.crl", message, "write http://… or a file path"));
    }
    if lists.is_empty() && config.simulated_jlis.is_none() {
        let message = "there is no revocation list, so every card check would be refused";
        found.push(problem("cards.crl", message, "name one list for each root in cards.trust_anchors"));
    } else if !lists.is_empty() && lists.len() < config.cards.trust_anchors.len() {
        let message = "there are fewer revocation lists than roots";
        found.push(problem("cards.crl", message, "name one list for each root in cards.trust_anchors"));
    }
}

fn check_database(config: &Config, found: &mut Vec<Problem>) {
    let url = config.database_url.reveal();
    if let Some(file) = url.strip_prefix("sqlite:") {
        let folder = Path::new(file).parent().unwrap_or(Path::new("."));
        if !folder.as_os_str().is_empty() && !folder.is_dir() {
            let message = format!("the folder {} is not there", folder.display());
            found.push(problem("database_url", message, "create it, or correct the path"));
        }
    } else if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        let remedy = "write sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE";
        found.push(problem("database_url", "unknown kind of database", remedy));
    }
}

fn check_files(config: &Config, found: &mut Vec<Problem>) {
    let api = &config.terminal_api;
    let mut files: Vec<(&'static str, &Path)> = vec![
        ("terminal_api.certificate", &api.certificate),
        ("terminal_api.key", &api.key),
        ("terminal_api.client_authorities", &api.client_authorities),
        ("receipts.key", &config.receipts.key),
        ("audit.key", &config.audit.key),
    ];
    let line = config.line_authentication.iter();
    files.extend(
        line.clone()
            .flat_map(|line| &line.certificate)
            .map(|path| ("line_authentication.certificate", path.as_path())),
    );
    files.extend(
        line.clone().flat_map(|line| &line.key).map(|path| ("line_authentication.key", path.as_path())),
    );
    files.extend(config.cards.trust_anchors.iter().map(|path| ("cards.trust_anchors", path.as_path())));
    files.extend(config.receipts.previous_keys.iter().map(|path| ("receipts.previous_keys", path.as_path())));
    files.extend(config.nonces.key.iter().map(|path| ("nonces.key", path.as_path())));
    for (setting, path) in files {
        if let Err(error) = std::fs::File::open(path) {
            let message = format!("{} cannot be read: {error}", path.display());
            found.push(problem(setting, message, "correct the path, or let the server's user read the file"));
        }
    }
    let mut secrets: Vec<(&'static str, &Path)> = vec![
        ("terminal_api.key", &api.key),
        ("receipts.key", &config.receipts.key),
        ("audit.key", &config.audit.key),
    ];
    secrets
        .extend(config.receipts.previous_keys.iter().map(|path| ("receipts.previous_keys", path.as_path())));
    secrets.extend(line.flat_map(|line| &line.key).map(|path| ("line_authentication.key", path.as_path())));
    secrets.extend(config.nonces.key.iter().map(|path| ("nonces.key", path.as_path())));
    for (setting, path) in secrets {
        if others_can_read(path) {
            let message = format!("{} can be read by other users", path.display());
            found.push(problem(setting, message, format!("chmod 600 {}", path.display())));
        }
    }
}

fn check_numbers(config: &Config, found: &mut Vec<Problem>) {
    let limits = &config.limits;
    let ranges: [(&'static str, u64, u64, u64); 15] = [
        (
            "receipts.lifetime_s",
            config.receipts.lifetime_s.into(),
            RECEIPT_LIFETIME_MIN_S.into(),
            RECEIPT_LIFETIME_MAX_S.into(),
        ),
        ("nonces.lifetime_s", config.nonces.lifetime_s.into(), 10, NONCE_LIFETIME_MAX_S.into()),
        (
            "audit.tree_head_interval_s",
            config.audit.tree_head_interval_s.into(),
            1,
            TREE_HEAD_INTERVAL_MAX_S.into(),
        ),
        ("terminal_api.standing_refresh_s", config.terminal_api.standing_refresh_s.into(), 1, 30),
        ("cards.crl_refresh_s", config.cards.crl_refresh_s.into(), 1, 86_400),
        (
            "limits.terminal_concurrency",
            limits.terminal_concurrency.into(),
            limits::TERMINAL_CONCURRENCY_MIN.into(),
            limits::TERMINAL_CONCURRENCY_MAX.into(),
        ),
        ("limits.connections", limits.connections as u64, 1, 1_000_000),
        ("limits.site_connections", limits.site_connections as u64, 1, 1_000_000),
        ("limits.site_network_connections", limits.site_network_connections.into(), 1, 1_000_000),
        (
            "limits.terminal_connections",
            limits.terminal_connections.into(),
            1,
            limits::TERMINAL_CONNECTIONS_MAX.into(),
        ),
        ("limits.handshake_s", limits.handshake_s.into(), 1, 60),
        ("limits.body_bytes", limits.body_bytes as u64, 8 * 1024, 1024 * 1024),
        ("limits.header_s", limits.header_s.into(), 1, 60),
        ("limits.body_s", limits.body_s.into(), 1, 300),
        ("limits.idle_s", limits.idle_s.into(), 1, 3600),
    ];
    for (setting, value, low, high) in ranges {
        if !(low..=high).contains(&value) {
            let message = format!("{value} is outside {low}–{high}");
            found.push(problem(setting, message, format!("choose a number from {low} to {high}")));
        }
    }
}

fn check_line_authentication(config: &Config, found: &mut Vec<Problem>) {
    let Some(settings) = &config.line_authentication else { return };
    let plain = "line_authentication.certificate";
    match (&settings.certificate, &settings.key) {
        (Some(_), Some(_)) if !settings.origin.starts_with("https://") => {
            let message = "browsers reach a listener with a certificate over https only";
            found.push(problem("line_authentication.origin", message, "write https://NAME"));
        }
        (Some(_), Some(_)) => {}
        (None, None) if settings.listen.ip().is_loopback() => {}
        (None, None) => {
            let message = format!("{} can be reached from outside without TLS", settings.listen);
            found.push(problem(
                plain,
                message,
                "name a certificate and its key, or listen on 127.0.0.1 or ::1",
            ));
        }
        _ => {
            let message = "a certificate and its key are named together or not at all";
            found.push(problem(plain, message, "name both line_authentication.certificate and .key"));
        }
    }
    if !(1..=5).contains(&settings.refresh_s) {
        let message = format!("{} is outside 1–5", settings.refresh_s);
        found.push(problem("line_authentication.refresh_s", message, "choose a number from 1 to 5"));
    }
}

fn check_loopback(setting: &'static str, address: SocketAddr, found: &mut Vec<Problem>) {
    if !address.ip().is_loopback() {
        let message =
            format!("{address} can be reached from outside, and this listener has no authentication");
        found.push(problem(setting, message, "listen on 127.0.0.1 or ::1"));
    }
}

#[cfg(unix)]
pub(super) fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
pub(super) fn others_can_read(_path: &Path) -> bool {
    false
}

pub(super) fn problem(
    setting: &'static str,
    message: impl Into<String>,
    remedy: impl Into<String>,
) -> Problem {
    Problem { setting, message: message.into(), remedy: remedy.into() }
}
