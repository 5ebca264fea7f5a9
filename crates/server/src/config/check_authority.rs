//! What is wrong with the settings of the certificate authority.

use std::path::Path;

use super::check::{Problem, others_can_read, problem};
use super::{Authority, Config};

pub(super) fn check(config: &Config, found: &mut Vec<Problem>) {
    let Some(settings) = &config.authority else { return };
    match (&settings.certificate, &settings.key) {
        (Some(_), Some(_)) => {}
        (None, None) if settings.listen.ip().is_loopback() => {}
        (None, None) => {
            let message = format!("{} can be reached from outside without TLS", settings.listen);
            let remedy = "set authority.certificate and authority.key, or listen on 127.0.0.1";
            found.push(problem("authority.certificate", message, remedy));
        }
        _ => {
            let message = "certificate and key belong together, one of them is missing";
            found.push(problem("authority.certificate", message, "set both or neither"));
        }
    }
    if settings.issuing_key.is_some() == settings.token.is_some() {
        let message = "the issuing key is in a file or on a token, one of the two";
        found.push(problem("authority.issuing_key", message, "set issuing_key or [authority.token]"));
    }
    if let Err(error) = pki::distribution::Distribution::new(&settings.distribution_url, settings.shards) {
        let remedy = "write http://HOST, without a slash at its end, and 1 to 4096 shards";
        found.push(problem("authority.distribution_url", error.to_string(), remedy));
    }
    files(settings, found);
}

fn files(settings: &Authority, found: &mut Vec<Problem>) {
    let letters = &settings.letters;
    let mut plain: Vec<(&'static str, &Path)> = vec![
        ("authority.root_certificate", &settings.root_certificate),
        ("authority.issuing_certificate", &settings.issuing_certificate),
        ("authority.letters.regular", &letters.regular),
        ("authority.letters.bold", &letters.bold),
    ];
    plain.extend(letters.fallback.iter().map(|path| ("authority.letters.fallback", path.as_path())));
    plain
        .extend(letters.bold_fallback.iter().map(|path| ("authority.letters.bold_fallback", path.as_path())));
    plain.extend(settings.certificate.iter().map(|path| ("authority.certificate", path.as_path())));
    let mut secret: Vec<(&'static str, &Path)> =
        vec![("authority.log_key", &settings.log_key), ("authority.secret_key", &settings.secret_key)];
    secret.extend(settings.issuing_key.iter().map(|path| ("authority.issuing_key", path.as_path())));
    secret.extend(settings.key.iter().map(|path| ("authority.key", path.as_path())));
    let pin = settings.token.as_ref().map(|token| token.pin_file.as_path());
    secret.extend(pin.map(|path| ("authority.token.pin_file", path)));
    for (setting, path) in plain.iter().chain(&secret) {
        if let Err(error) = std::fs::File::open(path) {
            let message = format!("{} cannot be read: {error}", path.display());
            found.push(problem(setting, message, "correct the path, or let the server's user read the file"));
        }
    }
    for (setting, path) in secret {
        if others_can_read(path) {
            let message = format!("{} can be read by other users", path.display());
            found.push(problem(setting, message, format!("chmod 600 {}", path.display())));
        }
    }
}
