//! `shikaku doctor` looks at what the settings name, and finds each thing that is wrong with it.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::{Path, PathBuf},
};

use pki::jlis::{CardAuthorityKind, SimulatedJlis};
use serde_json::Value;
use server::clock::Clock;
use toml::Table;

use crate::{
    demo::once,
    program::{document, run},
};

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A demo's folder whose settings the test changes.
struct Patient {
    data: PathBuf,
    settings: Table,
    _folder: tempfile::TempDir,
}

impl Patient {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        once(&data, &["--json"]);
        let settings = std::fs::read_to_string(data.join("server.toml")).expect("settings");
        Self { data, settings: settings.parse().expect("TOML"), _folder: folder }
    }

    /// What the doctor says of these settings, changed as told.
    fn looked_at(&self, change: impl FnOnce(&mut Table)) -> (Option<i32>, Value) {
        let mut settings = self.settings.clone();
        change(&mut settings);
        let config = self.data.join("changed.toml");
        std::fs::write(&config, settings.to_string()).expect("written");
        let done = run([Path::new("doctor"), Path::new("--json"), Path::new("--config"), &config]);
        (done.status.code(), document(&String::from_utf8_lossy(&done.stdout)))
    }

    /// The one problem it finds then, in words.
    fn trouble(&self, setting: &str, change: impl FnOnce(&mut Table)) -> String {
        let (code, said) = self.looked_at(change);
        let problems = said["problems"].as_array().expect("a list");
        let found: Vec<&Value> = problems.iter().filter(|one| one["setting"] == setting).collect();
        assert_eq!((code, found.len()), (Some(1), 1), "{setting}: {problems:?}");
        let remedy = found[0]["remedy"].as_str().expect("a remedy");
        assert!(!remedy.is_empty(), "{found:?}");
        found[0]["what"].as_str().expect("words").to_owned()
    }

    /// A list of the card authority, until then.
    fn list(&self, name: &str, hours: i64) -> String {
        let jlis = SimulatedJlis::open(&self.data.join("jlis")).expect("the authority");
        let now = Clock::system().now();
        let until = eligibility::Instant(now.0 + hours * HOUR_MS);
        let made = eligibility::Instant(until.0 - 24 * 7 * HOUR_MS);
        let newest = jlis.newest(CardAuthorityKind::Authentication).expect("a generation");
        std::fs::write(self.data.join(name), newest.crl_until(made, until).expect("a list"))
            .expect("written");
        name.to_owned()
    }
}

/// Puts a value of a section in the place of the one that is there.
fn put(settings: &mut Table, section: &str, name: &str, value: impl Into<toml::Value>) {
    let section = settings.get_mut(section).expect("the section").as_table_mut().expect("a table");
    section.insert(name.to_owned(), value.into());
}

fn list_at(source: String) -> impl FnOnce(&mut Table) {
    move |settings| put(settings, "cards", "crl", vec![source])
}

/// Whether something worth knowing is told of a setting.
fn hinted(said: &Value, setting: &str) -> bool {
    said["hints"].as_array().is_some_and(|hints| hints.iter().any(|hint| hint["setting"] == setting))
}

/// Says 404 to whoever asks, until the test ends.
fn nothing_here() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let _ = stream.read(&mut [0; 4096]);
            let _ =
                stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    format!("http://{address}/authentication.crl")
}

#[test]
fn it_tells_how_the_database_is_reached_and_what_would_go_in_the_clear() {
    let patient = Patient::new();
    let (_, said) = patient.looked_at(|_| {});
    assert_eq!(said["settings"]["database connection"], "a file of this machine");
    let away = |url: &'static str| {
        move |settings: &mut Table| {
            settings.insert("database_url".to_owned(), url.into());
        }
    };
    let trouble = patient.trouble("database_url", away("postgres://u:hidden@192.0.2.1/d?sslmode=disable"));
    assert!(
        trouble.contains("192.0.2.1 in the clear") && trouble.contains("sslmode=verify-full"),
        "{trouble}"
    );
    assert!(!trouble.contains("hidden"), "{trouble}");
}

#[test]
fn what_is_right_is_not_called_wrong_and_settings_are_named_as_the_files_name_them() {
    let patient = Patient::new();
    let (code, said) = patient.looked_at(|_| {});
    assert_eq!((code, &said["problems"]), (Some(0), &serde_json::json!([])), "{said:#}");
    assert!(said["settings"]["(seen) authority.issuing_certificate"].as_str().is_some(), "{said:#}");
    let data = patient.data.to_str().expect("UTF-8");
    let whole = document(&String::from_utf8_lossy(&run(["doctor", "--json", "--data", data]).stdout));
    let settings = &whole["settings"];
    assert_eq!(settings["terminal: drop.result_encoding"], "same_as_request");
    assert_eq!(settings["terminal: drop.consent_elements"], "2025");
    assert_eq!(settings["terminal: drop.write_mode"], "rename");
    assert_eq!(settings["institution_web.environment"], "demo");
    let (_, said) = patient.looked_at(|settings| {
        settings["portal"].as_table_mut().expect("a table").remove("origin");
    });
    let listen = said["settings"]["portal.listen"].as_str().expect("an address");
    let port = listen.rsplit(':').next().expect("a port");
    assert_eq!(said["settings"]["portal.origin"], format!("http://localhost:{port}"));
}

#[test]
fn the_lists_of_revoked_cards_are_fetched_and_read() {
    let patient = Patient::new();
    let good = patient.list("good.crl", 72);
    let (code, said) = patient.looked_at(list_at(good));
    assert_eq!(code, Some(0), "{said:#}");
    assert!(said["settings"]["(seen) cards.crl"].as_str().expect("seen").contains("0 revoked"), "{said:#}");

    let absent = patient.trouble("cards.crl", list_at("absent.crl".into()));
    assert!(absent.contains("absent.crl") && absent.contains("No such file"), "{absent}");
    let unanswered = patient.trouble("cards.crl", list_at(nothing_here()));
    assert!(unanswered.contains("404"), "{unanswered}");
    let stale = patient.list("stale.crl", -1);
    assert!(patient.trouble("cards.crl", list_at(stale)).contains("every card check is refused"));
    std::fs::write(patient.data.join("no.crl"), "-----BEGIN X509 CRL-----").expect("written");
    assert!(patient.trouble("cards.crl", list_at("no.crl".into())).contains("malformed"));

    let soon = patient.list("soon.crl", 2);
    let (code, said) = patient.looked_at(list_at(soon));
    assert_eq!((code, hinted(&said, "cards.crl")), (Some(0), true), "{said:#}");
}

#[test]
fn certificates_keys_fonts_and_addresses_are_tried() {
    let patient = Patient::new();
    let at = |name: &str| patient.data.join(name).to_str().expect("UTF-8").to_owned();
    let other = patient.trouble("terminal_api.certificate", |settings| {
        put(settings, "terminal_api", "key", "keys/lineauth.key.pem");
    });
    assert!(other.contains("the key is another certificate's"), "{other}");
    let mixed = [at("keys/lineauth.cert.pem"), at("keys/card-roots.pem")]
        .map(|file| {
            std::fs::read_to_string(file).expect("a certificate").split("-----END").next().map(str::to_owned)
        })
        .map(|text| format!("{}-----END CERTIFICATE-----\n", text.expect("PEM")))
        .concat();
    std::fs::write(at("keys/mixed.pem"), mixed).expect("written");
    let order = patient.trouble("line_authentication.certificate", |settings| {
        put(settings, "line_authentication", "certificate", "keys/mixed.pem");
    });
    assert!(order.contains("was not issued by the next one"), "{order}");
    let foreign = patient.trouble("authority.issuing_certificate", |settings| {
        put(settings, "authority", "issuing_key", "keys/lineauth.key.pem");
    });
    assert!(!foreign.is_empty());

    std::fs::write(at("keys/short.key"), "abcd").expect("written");
    private(&at("keys/short.key"));
    let short = patient.trouble("secrets_key", |settings| {
        settings.insert("secrets_key".into(), "keys/short.key".into());
    });
    assert!(short.contains("32 bytes in hex"), "{short}");
    let none = patient.trouble("secrets_key", |settings| {
        settings.insert("secrets_key".into(), "keys/none.key".into());
    });
    assert!(none.contains("none.key"), "{none}");
    let kind = patient.trouble("receipts.key", |settings| put(settings, "receipts", "key", "keys/short.key"));
    assert!(kind.contains("short.key"), "{kind}");

    std::fs::write(at("keys/no.ttf"), "no font").expect("written");
    let font = patient.trouble("authority.letters", |settings| {
        let authority = settings["authority"].as_table_mut().expect("a table");
        put(authority, "letters", "regular", "keys/no.ttf");
    });
    assert!(font.contains("no.ttf"), "{font}");

    let origin = patient.trouble("home_visit_origin", |settings| {
        settings.insert("home_visit_origin".into(), "ftp://zaitaku.example.jp/".into());
    });
    assert!(origin.contains("ftp://"), "{origin}");
    let (_, said) = patient.looked_at(|settings| {
        settings.remove("home_visit_origin");
    });
    assert!(hinted(&said, "home_visit_origin"), "{said:#}");
    let open = |required: bool| {
        let change = move |settings: &mut toml::Table| {
            let page = settings["line_authentication"].as_table_mut().expect("a table");
            page.insert("required".into(), required.into());
        };
        hinted(&patient.looked_at(change).1, "line_authentication.required")
    };
    assert_eq!((open(true), open(false)), (false, true));
    // Without the section a line is demanded all the same, and there is no page here to connect one at.
    let (_, silent) = patient.looked_at(|settings| {
        settings.remove("line_authentication");
    });
    assert!(hinted(&silent, "line_authentication.required"), "{silent:#}");
    assert_eq!(silent["settings"]["line_authentication.required"], "true", "{silent:#}");
}

/// What only its owner reads, as keys are.
fn private(file: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).expect("changed");
}

#[test]
fn a_certificate_that_ended_is_told_with_its_day() {
    let patient = Patient::new();
    let ended = patient.data.join("ended");
    let long_ago = eligibility::Instant(Clock::system().now().0 - 800 * 24 * HOUR_MS);
    let authority = pki::authority::InstitutionAuthority::create(&ended, long_ago).expect("an authority");
    let names = [pki::profile::ServerName::parse("localhost").expect("a name")];
    let (key, issued) = authority.issue_server_with_key(&names, long_ago).expect("issued");
    key.save(&ended.join("server.key.pem")).expect("written");
    std::fs::write(ended.join("server.cert.pem"), issued.pem().expect("PEM")).expect("written");
    let said = patient.trouble("terminal_api.certificate", |settings| {
        put(settings, "terminal_api", "certificate", "ended/server.cert.pem");
        put(settings, "terminal_api", "key", "ended/server.key.pem");
    });
    assert!(said.contains("ended on 20"), "{said}");
}
