//! The terminal's certificate: fetched, tried, renewed, backed up; and there whenever the power goes.

use std::{
    io::Write as _,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use pki::pkcs12;
use terminal::{
    Terminal,
    central::{Central, HttpsCentral},
    certificate::{Care, FOLDER, Fault, Keeping, Situation},
    config::Config,
};
use wire::institution_certificate::CertificateStage;

use crate::{
    counter::wait_until,
    cut_line,
    issuing_centre::{IssuingCentre, NUMBER, SECRET, TERMINAL_NAME},
};

/// Where the child finds the terminal; also what tells it that it is the child.
const CHILD_DIR: &str = "TERMINAL_TEST_CERTIFICATE_DIR";
/// The centre's port.
const CHILD_PORT: &str = "TERMINAL_TEST_CERTIFICATE_PORT";
/// How often it is killed.
const KILLS: u64 = 20;
const PASSWORD: &str = "correct-horse-battery";

struct Scene {
    dir: tempfile::TempDir,
    centre: Arc<IssuingCentre>,
    config: Config,
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().expect("a folder");
    let centre = IssuingCentre::open(dir.path());
    let config = centre.terminal(dir.path());
    Scene { dir, centre, config }
}

impl Scene {
    fn care(&self) -> Care {
        Care::of(self.config.clone()).expect("readable")
    }

    /// A certificate somebody brought, good for so many days.
    fn bring(&mut self, institution: &str, days: i64) {
        let (key, chain) = self.centre.issue(institution, days);
        let central = &mut self.config.central;
        central.certificate_file = self.dir.path().join("brought.pem");
        central.key_file = self.dir.path().join("brought.key");
        std::fs::write(&central.certificate_file, chain).expect("writes");
        let _ = std::fs::remove_file(&central.key_file);
        key.save(&central.key_file).expect("saves");
    }

    fn p12(&self, institution: &str) -> Vec<u8> {
        let (key, chain) = self.centre.issue(institution, 1_000);
        let leaf = pki::pem::decode(pki::pem::CERTIFICATE, &chain).expect("PEM");
        let above = [self.centre.authority.issuing().certificate_der().to_vec()];
        pkcs12::export("端末", &key, &leaf, &above, PASSWORD).expect("a file")
    }

    fn folder(&self) -> PathBuf {
        self.config.state.join(FOLDER)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_brings_a_certificate_and_the_key_stays_here() {
    let scene = scene();
    let care = scene.care();
    assert_eq!(care.view().situation, Situation::None);
    // As somebody types it: full width, small letters, hyphens, and O for zero would be forgiven too.
    let facts =
        care.install_from_letter("１２３４-5678 9012", "abcd-efgh-jkmn-pqrs").await.expect("installed");
    assert_eq!(facts.subject.terminal.as_str(), TERMINAL_NAME);
    assert_eq!(facts.issuer, "Online Billing NW Common RootCA");
    let view = care.view();
    assert_eq!(view.situation, Situation::Valid);
    assert_eq!(view.institution_name.as_deref(), Some("みなと薬局"));
    assert_eq!(view.uses.map(|uses| uses.serves_billing() && uses.serves_eligibility()), Some(true));
    let heard: String = scene.centre.mood().heard.iter().map(|one| one.body.clone()).collect();
    assert!(heard.contains("CERTIFICATE REQUEST") && !heard.contains("PRIVATE KEY"), "{heard}");
    for entry in std::fs::read_dir(scene.folder()).expect("a folder").flatten() {
        assert_eq!(entry.metadata().expect("there").mode() & 0o777, 0o600, "{:?}", entry.path());
    }
    assert_eq!(std::fs::metadata(scene.folder()).expect("there").mode() & 0o777, 0o700);
    // Another process, the same certificate.
    let kept = scene.care().facts().expect("kept");
    assert_eq!(kept.fingerprint, facts.fingerprint);
    assert!(facts.made_here && kept.made_here, "and where its key was made is not forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_mistyped_wrong_or_for_others_changes_nothing() {
    let scene = scene();
    let care = scene.care();
    let mistyped = care.install_from_letter("123", SECRET).await.expect_err("short");
    assert!(matches!(mistyped, Fault::Mistyped(_)), "{mistyped:?}");
    assert!(scene.centre.mood().heard.is_empty(), "what cannot be right costs no try");
    let wrong = care.install_from_letter(NUMBER, "ABCDEFGHJKMNPQRT").await.expect_err("wrong");
    assert_eq!(wrong.message(), "あと4回入力できます。");
    scene.centre.mood().letter_for = "2712345678".into();
    let others = care.install_from_letter(NUMBER, SECRET).await.expect_err("another's");
    assert!(matches!(others, Fault::AnotherInstitution { .. }), "{others:?}");
    assert!(care.facts().is_none());
    let mut far = scene.config.clone();
    far.certificate.retrieval_url = Some("http://203.0.113.1".into());
    let unsafe_way = Care::of(far).expect("readable").install_from_letter(NUMBER, SECRET).await;
    assert_eq!(unsafe_way.expect_err("in the clear"), Fault::NoRetrievalSite);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_fails_its_trial_is_not_used_and_the_letter_is_not_lost() {
    let mut scene = scene();
    scene.bring("1319990012", 1_000);
    let care = scene.care();
    let before = care.facts().expect("brought").fingerprint;
    scene.centre.mood().stage = CertificateStage::Superseded;
    let fault = care.install_from_letter(NUMBER, SECRET).await.expect_err("refused");
    assert_eq!(fault.message(), "センターの言葉。");
    assert_eq!(care.facts().expect("the former").fingerprint, before);
    assert_eq!(scene.care().facts().expect("on disk too").fingerprint, before);
    assert!(!scene.folder().join("000001.pem").exists());
    scene.centre.mood().stage = CertificateStage::Valid;
    let facts = care.install_from_letter(NUMBER, SECRET).await.expect("the same letter, the same key");
    assert_ne!(facts.fingerprint, before);
    let asked: Vec<_> = scene.centre.mood().heard.iter().map(|one| one.body.clone()).collect();
    let keys = asked.iter().filter(|body| body.contains("CERTIFICATE REQUEST")).count();
    assert_eq!(keys, 2);
    assert!(!scene.folder().join("pending.json").exists(), "nothing is pending any more");
}

/// Says in both headers of the only entry that it is encrypted in the way of before AES; no library writes that now.
fn old_encryption(mut zip: Vec<u8>) -> Vec<u8> {
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let header = zip.windows(4).position(|bytes| bytes == signature).expect("a header");
        zip[header + flags] |= 1;
    }
    zip
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_installed_with_its_password_only() {
    let mut scene = scene();
    let care = scene.care();
    let p12 = scene.p12("1319990012");
    let wrong = care.install_from_file(p12.clone(), "wrong".into()).await.expect_err("wrong");
    assert_eq!(wrong, Fault::Password);
    let facts = care.install_from_file(p12.clone(), PASSWORD.into()).await.expect("installed");
    assert!(!facts.made_here, "the file may be elsewhere, too");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().with_aes_encryption(zip::AesMode::Aes256, PASSWORD);
    zip.start_file("説明.txt", options).expect("begins");
    zip.start_file("terminal.P12", options).expect("begins");
    zip.write_all(&p12).expect("writes");
    let zip = zip.finish().expect("ends").into_inner();
    let again = care.install_from_file(zip, PASSWORD.into()).await.expect("installed");
    assert_eq!(again.fingerprint, facts.fingerprint);
    let packed = |aes: Option<zip::AesMode>| {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let plain = zip::write::SimpleFileOptions::default();
        match aes {
            Some(mode) => zip.start_file("terminal.p12", plain.with_aes_encryption(mode, PASSWORD)),
            None => zip.start_file("terminal.p12", plain),
        }
        .expect("begins");
        zip.write_all(&p12).expect("writes");
        zip.finish().expect("ends").into_inner()
    };
    let zip_crypto = old_encryption(packed(None));
    for (name, file, expected) in [
        ("ZipCrypto", zip_crypto, Fault::WeakZip),
        ("AES-128", packed(Some(zip::AesMode::Aes128)), Fault::WeakZip),
        ("no certificate", b"hello".to_vec(), Fault::Password),
        ("too large", vec![0; 2 * 1024 * 1024], Fault::TooLarge),
    ] {
        assert_eq!(care.install_from_file(file, PASSWORD.into()).await.expect_err(name), expected);
    }
    let others = scene.p12("2712345678");
    let fault = care.install_from_file(others, PASSWORD.into()).await.expect_err("another's");
    assert!(matches!(fault, Fault::AnotherInstitution { .. }), "{fault:?}");
    let foreign = cut_line::authority(&scene.dir.path().join("foreign"));
    std::fs::write(&scene.config.central.ca_file, foreign.certificate_pem().expect("PEM")).expect("writes");
    let fault = scene.care().install_from_file(p12, PASSWORD.into()).await.expect_err("not ours");
    assert_eq!(fault, Fault::NotOurs);
    scene.config.state = scene.dir.path().join("nowhere").join("state");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_opens_with_openssl_and_comes_back() {
    let mut scene = scene();
    scene.bring("1319990012", 1_000);
    let care = scene.care();
    assert_eq!(care.export("short".into()).await.expect_err("weak"), Fault::WeakPassword);
    let file = care.export_to_folder(PASSWORD.into()).await.expect("written");
    assert_eq!(std::fs::metadata(&file).expect("there").mode() & 0o777, 0o600);
    let told = Command::new("openssl")
        .args(["pkcs12", "-info", "-nodes", "-passin", &format!("pass:{PASSWORD}"), "-in"])
        .arg(&file)
        .output()
        .expect("openssl is installed: apt-get install openssl");
    let (text, notes) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(told.status.success(), "{notes}");
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 3, "own, issuing, root");
    assert!(notes.contains("AES-256-CBC") && !notes.contains("RC2"), "{notes}");
    let fingerprint = care.facts().expect("there").fingerprint;
    let empty = tempfile::tempdir().expect("a folder");
    let elsewhere = Care::of(scene.centre.terminal(empty.path())).expect("readable");
    let content = std::fs::read(&file).expect("there");
    let facts = elsewhere.install_from_file(content, PASSWORD.into()).await.expect("restored");
    assert_eq!(facts.fingerprint, fingerprint);
}

#[tokio::test(flavor = "multi_thread")]
async fn renewal_is_open_in_its_window_only_and_the_former_stays_beside_it() {
    let mut scene = scene();
    scene.bring("1319990012", 1_000);
    let fault = scene.care().renew().await.expect_err("too early");
    assert!(matches!(fault, Fault::RenewalNotOpen(_)), "{fault:?}");
    scene.bring("1319990012", 30);
    let care = scene.care();
    assert_eq!(care.view().situation, Situation::RenewalOpen);
    let before = care.facts().expect("brought").serial;
    let renewed = care.renew().await.expect("renewed");
    assert_ne!(renewed.serial, before);
    let trial = scene.centre.mood().heard.last().cloned().expect("heard");
    assert!(trial.line.contains("/standing") && trial.serial.as_deref() == Some(&renewed.serial));
    assert!(Path::new(&scene.config.central.certificate_file).exists(), "what was brought is not touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_goes_back_to_the_former_and_forward_again() {
    let mut scene = scene();
    let care = scene.care();
    assert!(matches!(care.roll_back().await, Err(Fault::NoFormer)), "there is none yet");
    scene.bring("1319990012", 30);
    let care = scene.care();
    let old = care.facts().expect("brought");
    assert_eq!((care.former(), care.roll_back().await), (None, Err(Fault::NoFormer)));
    let new = care.renew().await.expect("renewed");
    assert_eq!(care.former().as_ref(), Some(&old));
    // While the centre does not take it, nothing changes.
    scene.centre.mood().stage = CertificateStage::Superseded;
    assert!(matches!(care.roll_back().await, Err(Fault::NotToday { .. })));
    assert_eq!(care.facts().as_ref(), Some(&new));
    scene.centre.mood().stage = CertificateStage::Overlap;
    assert_eq!(care.roll_back().await.as_ref(), Ok(&old));
    assert_eq!((care.facts(), care.former()), (Some(old.clone()), Some(new.clone())));
    assert_eq!(scene.care().facts().as_ref(), Some(&old), "another process, too");
    // The same leads back, and what comes next has a place of its own.
    assert_eq!(care.roll_back().await.as_ref(), Ok(&new));
    assert_eq!(care.roll_back().await.as_ref(), Ok(&old));
    let next = care.install_from_letter(NUMBER, SECRET).await.expect("installed");
    assert_eq!((scene.care().facts(), scene.care().former()), (Some(next.clone()), Some(old.clone())));
    let changes = std::fs::read_to_string(scene.folder().join("changes.log")).expect("a record");
    let told: Vec<_> = changes
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON"))
        .map(|line| ["change", "before", "serial"].map(|name| line[name].as_str().expect("text").to_owned()))
        .collect();
    let line = |change: &str, before: &str, serial: &str| [change, before, serial].map(str::to_owned);
    let (old, new, next) = (old.serial, new.serial, next.serial);
    let expected = [
        line("taken-over", &old, &new),
        line("rolled-back", &new, &old),
        line("rolled-back", &old, &new),
        line("rolled-back", &new, &old),
        line("taken-over", &old, &next),
    ];
    assert_eq!(told, expected);
}

/// A terminal that went back to the first of two certificates, started while the centre says this of the first: it is
/// on the second one again soon.
async fn goes_forward(stage: CertificateStage) {
    let mut scene = scene();
    scene.bring("1319990012", 5);
    let care = scene.care();
    let new = care.renew().await.expect("renewed");
    scene.centre.mood().stage = CertificateStage::Overlap;
    let old = care.roll_back().await.expect("back");
    let central = HttpsCentral::new(&scene.config).expect("a client");
    let slot = central.identity().expect("a slot");
    scene.centre.mood().over = Some((old.serial.clone(), stage));
    let terminal = Terminal::start(&scene.config, central).await.expect("starts");
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(terminal.serve(stop.clone()));
    wait_until("the newer one", || slot.get().filter(|now| now.fingerprint() == new.fingerprint).map(|_| ()))
        .await;
    let renewals = scene.centre.mood().heard.iter().filter(|heard| heard.line.contains("/renewal")).count();
    assert_eq!(renewals, 1, "who went back does not renew by itself");
    stop.cancel();
    running.await.expect("ends").expect("cleanly");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_terminal_that_went_back_stays_until_the_former_is_over() {
    goes_forward(CertificateStage::Superseded).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_terminal_that_went_back_leaves_a_revoked_certificate() {
    goes_forward(CertificateStage::Revoked).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_terminal_renews_by_itself_and_speaks_with_the_new_one_at_once() {
    let mut scene = scene();
    scene.bring("1319990012", 5);
    let central = HttpsCentral::new(&scene.config).expect("a client");
    let slot = central.identity().expect("a slot");
    let before = slot.get().expect("brought").fingerprint().to_owned();
    let terminal = Terminal::start(&scene.config, central).await.expect("starts");
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(terminal.serve(stop.clone()));
    wait_until("the renewal", || slot.get().filter(|now| now.fingerprint() != before).map(|_| ())).await;
    // Somebody installs another one with the command beside it.
    let facts = scene.care().install_from_letter(NUMBER, SECRET).await.expect("installed");
    wait_until("the other's", || slot.get().filter(|now| now.fingerprint() == facts.fingerprint).map(|_| ()))
        .await;
    stop.cancel();
    running.await.expect("ends").expect("cleanly");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_centre_s_word_on_a_certificate_is_told_apart() {
    let mut scene = scene();
    scene.bring("1319990012", 1_000);
    let care = scene.care();
    let stages = [
        (CertificateStage::Valid, Situation::Valid),
        (CertificateStage::Overlap, Situation::Overlap),
        (CertificateStage::Superseded, Situation::Superseded),
        (CertificateStage::Revoked, Situation::Revoked),
        (CertificateStage::Unknown, Situation::Unknown),
    ];
    for (stage, situation) in stages {
        scene.centre.mood().stage = stage;
        care.ask().await;
        assert_eq!(care.view().situation, situation);
    }
    scene.centre.mood().problem = Some("OQSA9103E");
    scene.centre.mood().problem = Some(eligibility::errors::ErrorCode::InstitutionCertificateRevoked.code());
    care.ask().await;
    assert_eq!(care.view().situation, Situation::Revoked);
    scene.centre.mood().problem = None;
    scene.centre.mood().stage = CertificateStage::Valid;
    scene.centre.mood().date = Some("Tue, 01 Jan 2030 00:00:00 GMT");
    care.ask().await;
    assert_eq!(care.view().situation, Situation::ClockWrong);
    scene.centre.mood().date = None;
    for (days, situation) in [(60, Situation::RenewalOpen), (6, Situation::LastDays)] {
        scene.bring("1319990012", days);
        assert_eq!(scene.care().view().situation, situation);
    }
    scene.bring("2712345678", 1_000);
    assert_eq!(scene.care().view().situation, Situation::WrongInstitution);
    scene.config.central.url = "https://localhost:1".into();
    scene.bring("1319990012", 1_000);
    let cut_off = scene.care();
    cut_off.ask().await;
    assert_eq!(cut_off.view().situation, Situation::CentreUnreachable);
}

/// Renews without an end: this test binary again, started by the test below.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the child process of the kill test, started by it"]
async fn child() {
    let dir = PathBuf::from(std::env::var_os(CHILD_DIR).expect("started by a kill test only"));
    let port: u16 = std::env::var(CHILD_PORT).expect("a port").parse().expect("a port");
    let mut config = crate::counter::config_in(&dir);
    config.central.url = format!("https://localhost:{port}");
    config.central.ca_file = dir.join("ca.pem");
    config.central.certificate_file = dir.join("brought.pem");
    config.central.key_file = dir.join("brought.key");
    loop {
        let care = Care::of(config.clone()).expect("there is always a certificate that can be read");
        care.renew().await.expect("renews");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_at_any_moment_of_a_renewal_leaves_a_certificate_that_works() {
    let mut scene = scene();
    scene.bring("1319990012", 30);
    scene.centre.mood().days = 30;
    let mut dice = 0x9e37_79b9_u64;
    let mut last = String::new();
    let mut changes = 0;
    for round in 0..KILLS {
        let heard = scene.centre.mood().heard.len();
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "certificate::child", "--ignored", "--nocapture"])
            .env(CHILD_DIR, scene.dir.path())
            .env(CHILD_PORT, scene.centre.port.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("starts");
        wait_until("the child to work", || (scene.centre.mood().heard.len() > heard).then_some(())).await;
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(round);
        tokio::time::sleep(Duration::from_micros(dice >> 32 & 0xffff)).await;
        assert!(child.try_wait().expect("waits").is_none(), "the child gave up");
        child.kill().expect("kills");
        child.wait().expect("waits");
        let held = Keeping::of(&scene.config).current().expect("readable").expect("there is one");
        let care = scene.care();
        care.ask().await;
        assert!(care.view().may_work(), "round {round}: {:?}", care.view().situation);
        if held.facts().fingerprint != last {
            changes += 1;
            last = held.facts().fingerprint.clone();
        }
    }
    scene.care().renew().await.expect("and the next renewal goes through");
    let kept = std::fs::read_dir(scene.folder()).expect("a folder").flatten();
    let kept = kept.filter(|entry| entry.file_name().to_string_lossy().ends_with(".pem")).count();
    assert_eq!(kept, 2, "the one in use and the former");
    println!("{KILLS} kills, {changes} different certificates seen");
    assert!(changes > 1, "it never came to a renewal");
}
