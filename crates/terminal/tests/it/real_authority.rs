//! Renewal without anybody's help, at the real authority: one server with its desk and its database, one terminal whose
//! certificate comes to its end.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use eligibility::{
    Instant,
    calendar::{add_days, add_months, start_of_day, tokyo_date},
    codes::Validity,
    institution::InstitutionCode,
    institution_certificate::{OVERLAP_DAYS, RevocationReason, VALIDITY_MONTHS, VALIDITY_YEARS},
};
use store::{InstitutionCertificate, Revoked};
use terminal::{
    Terminal,
    central::{Central, CentralError, HttpsCentral},
    certificate::{Care, FOLDER, Facts, Fault, Situation},
    config::Config,
};
use testkit::{
    authority::{issued_now, with_authority},
    client::SERVER_NAME,
    system::{Engine, TestSystem},
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use wire::message::Code;

use crate::{
    counter::{config_in, wait_until},
    issuing_centre::{TERMINAL_NAME, now},
    system::{ask, on_both_engines},
};

on_both_engines! {
    a_terminal_renews_itself_and_the_former_ends_with_the_overlap
    a_line_cut_in_the_trial_leaves_the_old_one_and_the_same_successor_waits
    a_successor_that_the_centre_refuses_is_never_used
}

/// Days the certificate has left: renewal is open, and no terminal waits for its turn any more.
const DAYS_LEFT: i32 = 45;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

struct Scene {
    system: TestSystem,
    dir: tempfile::TempDir,
    config: Config,
    /// The certificate that the authority issued three years and some weeks ago.
    old: Facts,
}

impl Scene {
    async fn open(engine: Engine) -> Self {
        let today = tokyo_date(now());
        let months = VALIDITY_YEARS * 12 + VALIDITY_MONTHS;
        let first_day = add_months(add_days(today, DAYS_LEFT), -months);
        let system = TestSystem::start_from(engine, start_of_day(first_day), with_authority).await;
        let dir = tempfile::tempdir().expect("a folder");
        let mut config = config_in(dir.path());
        let institution = config.institution_code.clone();
        let entry = store::Institution { code: institution.clone(), name: "架空髙﨑内科".into() };
        system.store().put_institution(entry).await.expect("an institution");
        let (key, chain) = issued_now(&system, &institution, TERMINAL_NAME).await;
        let central = &mut config.central;
        central.url = format!("https://{SERVER_NAME}:{}", system.server.terminal_api().port());
        central.ca_file = system.folder().join("ca.pem");
        central.certificate_file = dir.path().join("brought.pem");
        central.key_file = dir.path().join("brought.key");
        std::fs::write(&central.certificate_file, chain).expect("writes");
        key.save(&central.key_file).expect("saves");
        std::fs::create_dir_all(&config.state).expect("creates");
        system.hands.set(Instant(now().0 / 1000 * 1000));
        system.server.refresh_terminals().await.expect("reads");
        let old = Care::of(config.clone()).expect("readable").facts().expect("brought");
        let left = old.period.days_left(today);
        assert!((1..=60).contains(&left), "{left} days left");
        Self { system, dir, config, old }
    }

    fn institution(&self) -> &InstitutionCode {
        &self.config.institution_code
    }

    /// What the authority has of the certificate in use and of its successor.
    async fn recorded(&self) -> (InstitutionCertificate, Option<InstitutionCertificate>) {
        let all = self.system.store().certificates_of(self.institution()).await.expect("reads");
        let find = |serial: &str| all.iter().find(|one| one.serial == serial).cloned();
        let old = find(&self.old.serial).expect("the authority issued it");
        let next = old.successor.as_deref().and_then(find);
        assert_eq!(all.len(), 1 + usize::from(next.is_some()), "one certificate follows one");
        (old, next)
    }

    /// Another place that has the former certificate and nothing else.
    fn former(&self) -> Config {
        let mut config = self.config.clone();
        config.state = self.dir.path().join("former");
        std::fs::create_dir_all(&config.state).expect("creates");
        config
    }

    fn own(&self, file: &str) -> PathBuf {
        self.config.state.join(FOLDER).join(file)
    }

    /// That the terminal still uses what it had, and the centre takes it.
    async fn assert_unchanged(&self) {
        let care = Care::of(self.config.clone()).expect("readable");
        assert_eq!(care.facts().expect("kept").fingerprint, self.old.fingerprint);
        assert!(!self.own("000001.pem").exists(), "what did not stand its trial is gone");
        care.ask().await;
        assert_eq!(care.view().situation, Situation::Overlap, "{:?}", care.view());
        nonce(&self.config).await.expect("it is taken");
    }
}

async fn started(config: &Config) -> (Arc<Care>, CancellationToken, JoinHandle<()>) {
    let central = HttpsCentral::new(config).expect("a client");
    let terminal = Terminal::start(config, central).await.expect("starts");
    let (care, stop) = (terminal.care().expect("it has a certificate"), CancellationToken::new());
    let stopped = stop.clone();
    let task = tokio::spawn(async move { terminal.serve(stopped).await.expect("serves") });
    (care, stop, task)
}

async fn renewed(care: &Care, old: &Facts) -> Facts {
    wait_until("the renewal", || care.facts().filter(|facts| facts.fingerprint != old.fingerprint)).await
}

async fn answers(config: &Config, name: &str) {
    let answer = ask(config, name, "345").await;
    let validity = answer.body.qualification_validity;
    assert_eq!(validity, Some(Code::Known(Validity::NoMatch)), "{:?}", answer.header);
}

async fn a_terminal_renews_itself_and_the_former_ends_with_the_overlap(engine: Engine) {
    let scene = Scene::open(engine).await;
    let (care, stop, task) = started(&scene.config).await;
    let new = renewed(&care, &scene.old).await;
    // The authority has it so: one follows the other, for the same terminal, with a period of its own.
    let (old, next) = scene.recorded().await;
    let next = next.expect("a successor");
    assert_eq!((next.serial.as_str(), next.terminal_name.as_str()), (&*new.serial, TERMINAL_NAME));
    assert_eq!(next.predecessor.as_deref(), Some(&*scene.old.serial));
    assert_ne!(next.key_fingerprint, old.key_fingerprint, "a new key, made here");
    assert!(old.superseded_at.is_some() && old.revocation.is_none());
    assert!(new.period.days_left(tokyo_date(now())) > 1_100);
    // The terminal has both, and nothing is pending.
    assert!(scene.own("000001.pem").exists() && scene.config.central.certificate_file.exists());
    assert!(!scene.own("pending.json").exists());
    answers(&scene.config, "1").await;
    // During the overlap the centre takes either.
    let former = Care::of(scene.former()).expect("readable");
    former.ask().await;
    assert_eq!((care.view().situation, former.view().situation), (Situation::Valid, Situation::Overlap));
    assert!(former.view().sentence.contains("更新済みです"), "{}", former.view().sentence);
    nonce(&scene.former()).await.expect("both are taken");
    // Its last day, and the day after. The terminal's clock stays behind: it asks what no clock stands in.
    let last = i64::from(OVERLAP_DAYS) * DAY_MS;
    scene.system.hands.advance(Duration::from_millis(last.unsigned_abs()));
    nonce(&scene.former()).await.expect("the last day of the overlap");
    scene.system.hands.advance(Duration::from_millis(DAY_MS.unsigned_abs()));
    let refused = nonce(&scene.former()).await.expect_err("the overlap is over");
    assert_eq!(refused.code(), "OQSA9111E");
    assert!(refused.message().contains("更新前の古い電子証明書"), "{}", refused.message());
    former.ask().await;
    let view = former.view();
    assert_eq!(view.situation, Situation::Superseded);
    assert!(view.sentence.contains("更新前の古い電子証明書"), "{}", view.sentence);
    assert!(view.remedy.contains("新しい電子証明書"), "{}", view.remedy);
    nonce(&scene.config).await.expect("the new one is taken");
    stop.cancel();
    task.await.expect("stops cleanly");
    scene.system.stop().await;
}

/// One question with the certificate that these settings lead to.
async fn nonce(config: &Config) -> Result<(), CentralError> {
    HttpsCentral::new(config).expect("a client").nonce().await.map(drop)
}

async fn a_line_cut_in_the_trial_leaves_the_old_one_and_the_same_successor_waits(engine: Engine) {
    let mut scene = Scene::open(engine).await;
    let line = Line::to(scene.system.server.terminal_api()).await;
    line.let_through(1);
    line.cut_the_rest();
    scene.config.central.url = format!("https://{SERVER_NAME}:{}", line.address.port());
    let care = Care::of(scene.config.clone()).expect("readable");
    let fault = care.renew().await.expect_err("the trial is cut off");
    assert!(fault.is_passing(), "{fault:?}");
    assert!(scene.own("pending.json").exists(), "the new key is kept");
    let (_, next) = scene.recorded().await;
    let next = next.expect("the authority has issued the successor");
    assert_eq!(care.facts().map(|facts| facts.fingerprint), Some(scene.old.fingerprint.clone()));
    line.mend();
    scene.assert_unchanged().await;
    // The running terminal goes on where it was: the same key, the same certificate.
    let (care, stop, task) = started(&scene.config).await;
    assert_eq!(renewed(&care, &scene.old).await.serial, next.serial);
    assert_eq!(scene.recorded().await.1.map(|one| one.serial), Some(next.serial));
    answers(&scene.config, "1").await;
    stop.cancel();
    task.await.expect("stops cleanly");
    scene.system.stop().await;
}

async fn a_successor_that_the_centre_refuses_is_never_used(engine: Engine) {
    let mut scene = Scene::open(engine).await;
    let line = Line::to(scene.system.server.terminal_api()).await;
    line.let_through(1);
    scene.config.central.url = format!("https://{SERVER_NAME}:{}", line.address.port());
    let care = Arc::new(Care::of(scene.config.clone()).expect("readable"));
    let renewing = tokio::spawn({
        let care = Arc::clone(&care);
        async move { care.renew().await }
    });
    // The trial stands before the door; meanwhile the successor is revoked.
    wait_until("the trial", || (line.came() > 1).then_some(())).await;
    let next = scene.recorded().await.1.expect("issued");
    let desk = &scene.system.server.authority().expect("an authority").parts.desk;
    let reason = RevocationReason::KeyCompromise;
    let revoked = desk.revoke(scene.institution(), &next.serial, reason, "operator:o1", None).await;
    assert_eq!(revoked.expect("revokes"), Revoked::Now);
    scene.system.server.refresh_terminals().await.expect("reads");
    line.mend();
    let fault = renewing.await.expect("runs").expect_err("the successor does not work");
    assert!(matches!(fault, Fault::NotToday { .. }), "{fault:?}");
    assert!(fault.message().contains("失効"), "{}", fault.message());
    assert!(fault.remedy().contains("電子証明書発行申請"), "{}", fault.remedy());
    assert_eq!(care.facts().map(|facts| facts.fingerprint), Some(scene.old.fingerprint.clone()));
    assert_eq!(care.view().renewal_fault, Some(fault));
    scene.assert_unchanged().await;
    // Asking again does not make it any better, nor worse.
    assert!(care.renew().await.is_err());
    scene.assert_unchanged().await;
    answers_with_the_old(&scene).await;
    scene.system.stop().await;
}

async fn answers_with_the_old(scene: &Scene) {
    let (care, stop, task) = started(&scene.config).await;
    answers(&scene.config, "1").await;
    assert_eq!(care.facts().map(|facts| facts.fingerprint), Some(scene.old.fingerprint.clone()));
    stop.cancel();
    task.await.expect("stops cleanly");
}

/// A line to the centre on which a test lets connections through, holds them, or cuts them.
struct Line {
    address: SocketAddr,
    places: Arc<Semaphore>,
    came: Arc<AtomicUsize>,
    cut: Arc<AtomicBool>,
}

impl Line {
    async fn to(centre: SocketAddr) -> Self {
        let door = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = door.local_addr().expect("an address");
        let line =
            Self { address, places: Arc::new(Semaphore::new(0)), came: Arc::default(), cut: Arc::default() };
        let (places, came, cut) = (Arc::clone(&line.places), Arc::clone(&line.came), Arc::clone(&line.cut));
        tokio::spawn(async move {
            while let Ok((mut near, _)) = door.accept().await {
                came.fetch_add(1, Ordering::SeqCst);
                let (places, cut) = (Arc::clone(&places), Arc::clone(&cut));
                tokio::spawn(async move {
                    if cut.load(Ordering::SeqCst) {
                        let Ok(place) = places.try_acquire() else { return };
                        place.forget();
                    } else {
                        places.acquire().await.expect("open").forget();
                    }
                    let mut far = tokio::net::TcpStream::connect(centre).await.expect("the centre");
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        line
    }

    fn let_through(&self, connections: usize) {
        self.places.add_permits(connections);
    }

    /// Connections beyond those that are let through are closed instead of held.
    fn cut_the_rest(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    fn mend(&self) {
        self.places.add_permits(Semaphore::MAX_PERMITS / 2);
    }

    fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}
