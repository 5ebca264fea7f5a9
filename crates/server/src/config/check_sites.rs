//! What is wrong with the settings of the sites that people sign in to.

use super::check::{Problem, others_can_read, problem};
use super::{Config, Mail, WebSite};
use crate::mail;

pub(super) fn check(config: &Config, found: &mut Vec<Problem>) {
    let names = [
        ["portal.listen", "portal.origin", "portal.certificate", "portal.key"],
        ["operator.listen", "operator.origin", "operator.certificate", "operator.key"],
    ];
    for (site, names) in [&config.portal, &config.operator].into_iter().zip(names) {
        if let Some(site) = site {
            one(site, names, found);
        }
    }
    let needed = config.portal.is_some() || config.operator.is_some() || config.authority.is_some();
    match &config.secrets_key {
        None if needed => found.push(problem(
            "secrets_key",
            "there is no key that seals second factors, mailed links and letters",
            "write 32 random bytes in hex into a file (openssl rand -hex 32) and name it",
        )),
        Some(path) if others_can_read(path) => {
            let message = format!("{} can be read by other users", path.display());
            found.push(problem("secrets_key", message, format!("chmod 600 {}", path.display())));
        }
        _ => {}
    }
    if let Some(mail) = &config.mail {
        check_mail(mail, found);
    }
    if config.portal.is_some() && config.mail.is_none() {
        let message = "the portal sends mail, but no mail server is named; mail waits in the outbox";
        found.push(problem("mail", message, "write [mail] with server and sender"));
    }
}

/// Mail holds links that let somebody in: it leaves this machine encrypted, or not at all.
fn check_mail(mail: &Mail, found: &mut Vec<Problem>) {
    if let Err(error) = mail::must_be_private(mail.server.reveal()) {
        found.push(problem("mail.server", error.to_string(), mail::REMEDY));
    }
}

fn one(site: &WebSite, names: [&'static str; 4], found: &mut Vec<Problem>) {
    let [listen, origin, certificate, key] = names;
    match (&site.certificate, &site.key) {
        (Some(_), Some(_)) => {}
        (None, None) if site.listen.ip().is_loopback() => {}
        (None, None) => {
            let message = format!("{} can be reached from outside without TLS", site.listen);
            found.push(problem(
                listen,
                message,
                format!("set {certificate} and {key}, or listen on 127.0.0.1"),
            ));
        }
        _ => {
            let message = "certificate and key belong together, one of them is missing";
            found.push(problem(certificate, message, "set both or neither"));
        }
    }
    let Some(text) = &site.origin else { return };
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://localhost"));
    // Cookies that only TLS may carry are the sessions' protection; browsers make an exception for localhost alone.
    if host.is_none_or(|rest| rest.contains('/')) {
        let message = "it must be https://HOST, or http://localhost:PORT on one machine";
        found.push(problem(origin, message, "correct it; no slash at its end"));
    }
}
