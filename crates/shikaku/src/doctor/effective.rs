//! The settings as they take effect, name by name, secrets masked.
//!
//! Every struct is taken apart completely, so that a new setting cannot be forgotten here.

use std::{fmt::Display, path::Path};

use serde::Serialize;
use server::config as central;
use terminal::config as desk;

type Values = Vec<(String, String)>;

/// Of the server.
pub(crate) fn of_server(config: &central::Config) -> Values {
    let central::Config {
        database_url,
        terminal_api,
        cards,
        receipts,
        nonces,
        audit,
        ops,
        authority,
        portal,
        operator,
        secrets_key,
        home_visit_origin,
        mail,
        institution_web,
        line_authentication,
        simulated_jlis,
        limits,
    } = config;
    let mut values = Values::new();
    put(&mut values, "database_url", database_url.masked());
    of_terminal_api(&mut values, terminal_api);
    let central::Cards { trust_anchors, policies, crl, crl_refresh_s } = cards;
    put(&mut values, "cards.trust_anchors", paths(trust_anchors));
    put(&mut values, "cards.policies", policies.join(", "));
    put(
        &mut values,
        "cards.crl",
        if crl.is_empty() { "(of the simulated J-LIS)".to_owned() } else { crl.join(", ") },
    );
    put(&mut values, "cards.crl_refresh_s", crl_refresh_s);
    let central::Receipts { key, issuer, previous_keys, lifetime_s } = receipts;
    put(&mut values, "receipts.issuer", issuer);
    put(&mut values, "receipts.key", key.display());
    put(&mut values, "receipts.previous_keys", paths(previous_keys));
    put(&mut values, "receipts.lifetime_s", lifetime_s);
    let central::Nonces { key, lifetime_s } = nonces;
    put(&mut values, "nonces.key", key.as_deref().map_or("(random at each start)".into(), path));
    put(&mut values, "nonces.lifetime_s", lifetime_s);
    let central::Audit { key, tree_head_interval_s, witness_file } = audit;
    put(&mut values, "audit.key", key.display());
    put(&mut values, "audit.tree_head_interval_s", tree_head_interval_s);
    put(&mut values, "audit.witness_file", witness_file.as_deref().map_or("(none)".into(), path));
    put(&mut values, "ops.listen", ops.listen);
    of_sites(&mut values, portal.as_ref(), operator.as_ref());
    put(&mut values, "secrets_key", secrets_key.as_deref().map_or("(none)".into(), path));
    put(&mut values, "home_visit_origin", home_visit_origin);
    put(&mut values, "mail", mail.as_ref().map_or("(none)".to_owned(), |mail| mail.sender.clone()));
    if let Some(authority) = authority {
        put(&mut values, "authority.listen", authority.listen);
        put(&mut values, "authority.distribution_url", &authority.distribution_url);
        put(&mut values, "authority.shards", authority.shards);
        put(&mut values, "authority.root_certificate", authority.root_certificate.display());
        put(&mut values, "authority.issuing_certificate", authority.issuing_certificate.display());
    }
    if let Some(settings) = institution_web {
        of_institution_web(&mut values, settings);
    }
    of_line_authentication(&mut values, line_authentication.as_ref(), config.lines());
    if let Some(central::SimulatedJlis { listen, directory }) = simulated_jlis {
        put(&mut values, "simulated_jlis.listen", listen);
        put(&mut values, "simulated_jlis.directory", directory.display());
    }
    of_limits(&mut values, limits);
    values
}

fn of_institution_web(values: &mut Values, settings: &central::InstitutionWeb) {
    let central::InstitutionWeb { listen, origin, certificate, key, environment } = settings;
    let of_terminal_api =
        |file: &Option<std::path::PathBuf>| file.as_deref().map_or("(of terminal_api)".into(), path);
    put(values, "institution_web.listen", listen);
    put(values, "institution_web.origin", origin);
    put(values, "institution_web.certificate", of_terminal_api(certificate));
    put(values, "institution_web.key", of_terminal_api(key));
    put(values, "institution_web.environment", word(environment));
}

fn of_sites(values: &mut Values, portal: Option<&central::WebSite>, operator: Option<&central::WebSite>) {
    for (name, site) in [("portal", portal), ("operator", operator)] {
        let Some(site) = site else { continue };
        let central::WebSite { listen, origin: _, certificate, key } = site;
        let or_none = |file: &Option<std::path::PathBuf>| file.as_deref().map_or("(none)".into(), path);
        put(values, &format!("{name}.listen"), listen);
        put(values, &format!("{name}.origin"), site.origin_at(*listen));
        put(values, &format!("{name}.certificate"), or_none(certificate));
        put(values, &format!("{name}.key"), or_none(key));
    }
}

fn of_terminal_api(values: &mut Values, settings: &central::TerminalApi) {
    let central::TerminalApi { listen, certificate, key, client_authorities, standing_refresh_s } = settings;
    put(values, "terminal_api.listen", listen);
    put(values, "terminal_api.certificate", certificate.display());
    put(values, "terminal_api.key", key.display());
    put(values, "terminal_api.client_authorities", client_authorities.display());
    put(values, "terminal_api.standing_refresh_s", standing_refresh_s);
}

fn of_line_authentication(
    values: &mut Values,
    settings: Option<&central::LineAuthentication>,
    demand: central::LineDemand,
) {
    match settings {
        Some(settings) => {
            // The last two are said below, as they hold without a section, too.
            let central::LineAuthentication { listen, origin, certificate, key, required: _, refresh_s: _ } =
                settings;
            let or_none = |file: &Option<std::path::PathBuf>| file.as_deref().map_or("(none)".into(), path);
            put(values, "line_authentication.listen", listen);
            put(values, "line_authentication.origin", origin);
            put(values, "line_authentication.certificate", or_none(certificate));
            put(values, "line_authentication.key", or_none(key));
        }
        None => put(values, "line_authentication.listen", "(no page here)"),
    }
    let central::LineDemand { required, refresh_s } = demand;
    put(values, "line_authentication.required", required);
    put(values, "line_authentication.refresh_s", refresh_s);
}

fn of_limits(values: &mut Values, limits: &central::Limits) {
    let central::Limits {
        connections,
        site_connections,
        site_network_connections,
        terminal_connections,
        terminal_concurrency,
        requests,
        handshake_s,
        header_s,
        body_s,
        body_bytes,
        idle_s,
        drain_s,
    } = limits;
    put(values, "limits.connections", connections);
    put(values, "limits.site_connections", site_connections);
    put(values, "limits.site_network_connections", site_network_connections);
    put(values, "limits.terminal_connections", terminal_connections);
    put(values, "limits.terminal_concurrency", terminal_concurrency);
    put(values, "limits.requests", requests);
    put(values, "limits.handshake_s", handshake_s);
    put(values, "limits.header_s", header_s);
    put(values, "limits.body_s", body_s);
    put(values, "limits.body_bytes", body_bytes);
    put(values, "limits.idle_s", idle_s);
    put(values, "limits.drain_s", drain_s);
}

/// Of a terminal.
pub(crate) fn of_terminal(config: &desk::Config) -> Values {
    let desk::Config { institution_code, state, drop, central, reader_link, certificate, gateway } = config;
    let mut values = Values::new();
    put(&mut values, "terminal: institution_code", institution_code);
    put(&mut values, "terminal: state", state.display());
    of_drop(&mut values, drop);
    let desk::CentralConfig {
        url,
        ca_file,
        certificate_file,
        key_file,
        local_address,
        receipt_keys_file,
        receipt_issuer,
    } = central;
    let from = local_address.map_or("(the system chooses)".to_owned(), |address| address.to_string());
    put(&mut values, "terminal: central.local_address", from);
    put(&mut values, "terminal: central.url", url);
    put(&mut values, "terminal: central.ca_file", ca_file.display());
    put(&mut values, "terminal: central.certificate_file", certificate_file.display());
    put(&mut values, "terminal: central.key_file", key_file.display());
    let keys = receipt_keys_file.as_deref().map_or("(asked of the centre)".into(), path);
    put(&mut values, "terminal: central.receipt_keys_file", keys);
    put(&mut values, "terminal: central.receipt_issuer", receipt_issuer);
    let desk::ReaderLinkConfig { listen, token_file: _ } = reader_link;
    put(&mut values, "terminal: reader_link.listen", listen);
    put(&mut values, "terminal: reader_link.token_file", config.token_file().display());
    of_certificate(&mut values, certificate, gateway.as_ref());
    values
}

fn of_certificate(
    values: &mut Values,
    certificate: &desk::CertificateConfig,
    gateway: Option<&desk::GatewayConfig>,
) {
    let desk::CertificateConfig { retrieval_url, automatic_renewal } = certificate;
    put(values, "terminal: certificate.retrieval_url", retrieval_url.as_deref().unwrap_or("(none)"));
    put(values, "terminal: certificate.automatic_renewal", automatic_renewal);
    let Some(desk::GatewayConfig { listen, institution_web, line_authentication }) = gateway else {
        return put(values, "terminal: gateway", "(none)");
    };
    put(values, "terminal: gateway.listen", listen);
    put(values, "terminal: gateway.institution_web", institution_web.as_deref().unwrap_or("(none)"));
    put(values, "terminal: gateway.line_authentication", line_authentication);
}

fn of_drop(values: &mut Values, drop: &desk::DropConfig) {
    let desk::DropConfig {
        root,
        result_encoding,
        face_encoding,
        consent_elements,
        write_mode,
        poll_interval_ms,
        settle_ms,
        incomplete_patience_ms,
        events,
        encryption,
    } = drop;
    put(values, "terminal: drop.root", root.display());
    put(values, "terminal: drop.result_encoding", word(result_encoding));
    put(values, "terminal: drop.face_encoding", word(face_encoding));
    put(values, "terminal: drop.consent_elements", word(consent_elements));
    put(values, "terminal: drop.write_mode", word(write_mode));
    put(values, "terminal: drop.poll_interval_ms", poll_interval_ms);
    put(values, "terminal: drop.settle_ms", settle_ms);
    put(values, "terminal: drop.incomplete_patience_ms", incomplete_patience_ms);
    put(values, "terminal: drop.events", events);
    let desk::EncryptionConfig { password_file, interfaces } = encryption;
    put(
        values,
        "terminal: drop.encryption.password_file",
        password_file.as_deref().map_or("(none)".into(), path),
    );
    for (interface, switch) in interfaces {
        put(values, &format!("terminal: drop.encryption.interfaces.{interface}"), word(switch));
    }
}

/// The word that says this in the settings' file.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn put(values: &mut Values, setting: &str, value: impl Display) {
    values.push((setting.to_owned(), value.to_string()));
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

fn paths(list: &[std::path::PathBuf]) -> String {
    if list.is_empty() {
        return "(none)".to_owned();
    }
    list.iter().map(|one| path(one)).collect::<Vec<_>>().join(", ")
}
