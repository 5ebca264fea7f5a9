//! The configuration file: defaults, unknown settings, masked secrets, and what `check` finds.

use server::Config;

pub(crate) const SMALLEST: &str = r#"
database_url = "postgres://shikaku:hunter2@db.example/shikaku?sslkey=secret"
[terminal_api]
certificate = "server.pem"
key = "server.key"
client_authorities = "ca.pem"
[cards]
trust_anchors = ["roots.pem"]
policies = ["1.2.392.200149.8.5.1.0.30"]
crl = ["http://127.0.0.1:1/list.crl"]
[receipts]
key = "receipt.key"
[audit]
key = "audit.key"
"#;

#[test]
fn defaults_are_those_documented() {
    let config = Config::parse(SMALLEST).expect("a configuration");
    assert_eq!(config.terminal_api.listen.to_string(), "127.0.0.1:8443");
    assert_eq!(config.ops.listen.to_string(), "127.0.0.1:8449");
    assert_eq!((config.nonces.lifetime_s, config.receipts.lifetime_s), (120, 3_600));
    assert_eq!((config.limits.header_s, config.limits.body_s, config.limits.idle_s), (10, 30, 60));
    assert_eq!((config.limits.body_bytes, config.limits.terminal_concurrency), (65_536, 64));
    assert_eq!((config.limits.connections, config.limits.site_connections), (4096, 1024));
    assert_eq!(config.limits.site_network_connections, 64);
    assert!(config.simulated_jlis.is_none());
}

#[test]
fn nothing_said_of_lines_is_no_leave_to_do_without() {
    let demand = |more: &str| Config::parse(&format!("{SMALLEST}{more}")).expect("a configuration").lines();
    for silent in ["", "[line_authentication]", "[line_authentication]\nlisten = \"127.0.0.1:1\""] {
        assert_eq!((demand(silent).required, demand(silent).refresh_s), (true, 2), "{silent}");
    }
    assert!(!demand("[line_authentication]\nrequired = false").required);
}

#[test]
fn sites_may_not_take_more_connections_than_terminals() {
    let found = |limits: &str| {
        let text = format!("{SMALLEST}\n[limits]\n{limits}");
        let problems = Config::parse(&text).expect("a configuration").check();
        problems.iter().any(|problem| problem.setting.starts_with("limits.site"))
    };
    assert!(!found("connections = 200\nsite_connections = 200"));
    assert!(found("connections = 200\nsite_connections = 201"));
    assert!(found("site_network_connections = 0"));
}

#[test]
fn unknown_settings_are_refused_wherever_they_stand() {
    for (table, line) in [
        ("", "databse_url = \"x\""),
        ("[terminal_api]", "listn = \"127.0.0.1:1\""),
        ("[cards]", "ocsp = true"),
        ("[receipts]", "kid = \"1\""),
        ("[audit]", "off = true"),
    ] {
        let text = if table.is_empty() {
            format!("{line}\n{SMALLEST}")
        } else {
            SMALLEST.replace(table, &format!("{table}\n{line}"))
        };
        let error = Config::parse(&text).expect_err(line).to_string();
        assert!(error.contains("unknown field"), "{error}");
    }
    assert!(Config::parse(&format!("{SMALLEST}\n[limits]\nunlimited = true")).is_err());
}

#[test]
fn secrets_do_not_show() {
    let shown = format!("{:?}", Config::parse(SMALLEST).expect("a configuration"));
    assert!(shown.contains("postgres://shikaku:***@db.example/shikaku?***"), "{shown}");
    assert!(!shown.contains("hunter2") && !shown.contains("sslkey=secret"), "{shown}");
}

#[test]
fn check_finds_what_is_wrong_and_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("server.toml");
    let text = format!(
        "{}\n[ops]\nlisten = \"0.0.0.0:8449\"\n[limits]\nterminal_concurrency = 1000\n[nonces]\nlifetime_s = 3600\n",
        SMALLEST
            .replace("http://127.0.0.1:1/list.crl", "https://example.invalid/list.crl")
            .replace("[receipts]", "[receipts]\nlifetime_s = 599")
    );
    std::fs::write(&path, text).expect("a file");
    let config = Config::load(&path).expect("a configuration");
    let problems = config.check();
    let found: Vec<&str> = problems.iter().map(|problem| problem.setting).collect();
    for expected in [
        "terminal_api.certificate",
        "terminal_api.key",
        "cards.trust_anchors",
        "cards.crl",
        "receipts.key",
        "receipts.lifetime_s",
        "audit.key",
        "ops.listen",
        "limits.terminal_concurrency",
        "nonces.lifetime_s",
    ] {
        assert!(found.contains(&expected), "{expected} is not among {found:?}");
    }
    assert!(problems.iter().all(|problem| !problem.message.is_empty() && !problem.remedy.is_empty()));
    // Relative paths are taken from the file's folder.
    assert!(config.audit.key.starts_with(folder.path()));
}

#[test]
fn every_secret_that_others_can_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let secrets = ["terminal_api.key", "receipts.key", "receipts.previous_keys", "audit.key", "nonces.key"];
    let mut config = Config::parse(SMALLEST).expect("a configuration");
    let files = secrets.map(|name| folder.path().join(name));
    let [terminal, receipts, previous, audit, nonces] = files.clone();
    config.terminal_api.key = terminal;
    config.receipts.key = receipts;
    config.receipts.previous_keys = vec![previous];
    config.audit.key = audit;
    config.nonces.key = Some(nonces);
    for (mode, open) in [(0o604, true), (0o600, false)] {
        for file in &files {
            std::fs::write(file, "a secret").expect("writes");
            std::fs::set_permissions(file, PermissionsExt::from_mode(mode)).expect("sets");
        }
        let problems = config.check();
        for secret in secrets {
            let named = problems.iter().any(|problem| problem.setting == secret);
            assert_eq!(named, open, "{secret} with mode {mode:o}");
        }
    }
}

#[test]
fn the_example_file_shows_every_default_as_it_is() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/server.example.toml");
    let text = std::fs::read_to_string(path).expect("the example");
    let as_it_is = Config::parse(&text).expect("the example is a configuration");
    // With every commented default switched on, but the one that names a file.
    let switched_on: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with("#key = "))
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if !setting.starts_with(' ') => setting.to_owned(),
            _ => line.to_owned(),
        })
        .collect();
    let switched_on = Config::parse(&switched_on.join("\n")).expect("the defaults are settings");
    assert_eq!(format!("{as_it_is:?}"), format!("{switched_on:?}"));
}

#[test]
fn mail_leaves_the_machine_encrypted_or_not_at_all() {
    let found = |server: &str| {
        let text =
            format!("{SMALLEST}\n[mail]\nserver = \"{server}\"\nsender = \"no-reply@shikaku.example\"\n");
        let problems = Config::parse(&text).expect("a configuration").check();
        problems.into_iter().find(|problem| problem.setting == "mail.server")
    };
    for private in [
        "smtps://shikaku:secret@mail.example.jp",
        "smtp://mail.example.jp:587?tls=required",
        "smtp://127.0.0.1:25",
        "smtp://[::1]:25",
        "smtp://localhost",
    ] {
        assert_eq!(found(private), None, "{private}");
    }
    for open in [
        "smtp://mail.example.jp",
        "SMTP://mail.example.jp:25",
        "smtp://shikaku:secret@192.0.2.25:587",
        "smtp://mail.example.jp?tls=opportunistic",
        "smtp://mail.example.jp?x=tls=required",
        "smtp://127.0.0.1.example.jp",
        "smtp://127.0.0.1@mail.example.jp",
        "http://127.0.0.1",
        "mail.example.jp",
    ] {
        let problem = found(open).unwrap_or_else(|| panic!("{open} is taken"));
        assert!(problem.remedy.contains("smtps://") && problem.remedy.contains("?tls=required"), "{open}");
        assert!(!problem.message.contains("secret"), "{}", problem.message);
    }
}
