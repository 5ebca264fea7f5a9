//! The institution web of a whole server, and browsers at its terminals.

use std::net::SocketAddr;

use eligibility::Instant;
use eligibility::institution::InstitutionCode;
use eligibility::institution_account::InstitutionRole;
use server::config::Config;
use server::institution::accounts::{self, DemoAccount};
use server::web::SecretToken;
use store::audit::AuditEvent;
use store::{Audience, Stage, WebSession};
use testkit::browser::{Browser, BrowserPage};
use testkit::system::{Engine, INSTITUTION, TestSystem, TestTerminal};

/// Another institution than [`INSTITUTION`].
pub(crate) const OTHER: &str = "2712345678";
/// The password of [`Web::account`].
pub(crate) const PASSWORD: &str = "さくら tram 青磁 lantern";
/// The cookie of a session.
pub(crate) const COOKIE: &str = "__Host-shikaku-institution";

pub(crate) struct Web {
    pub(crate) system: TestSystem,
    pub(crate) address: SocketAddr,
    pub(crate) origin: String,
    /// A terminal of [`INSTITUTION`].
    pub(crate) terminal: TestTerminal,
}

impl Web {
    pub(crate) async fn open(engine: Engine) -> Self {
        Self::open_with(engine, |_| {}).await
    }

    pub(crate) async fn open_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let system = TestSystem::start_with(engine, |config| {
            config.institution_web = Some(crate::support::institution_web());
            change(config);
        })
        .await;
        let address = system.server.institution_web().expect("it answers");
        let origin = format!("https://localhost:{}", address.port());
        let terminal = system.terminal(INSTITUTION, "受付1").await;
        Self { system, address, origin, terminal }
    }

    /// A browser at the terminal of [`INSTITUTION`], signed in as nobody.
    pub(crate) fn browser(&self) -> Browser {
        self.browser_at(&self.terminal)
    }

    /// A browser at any terminal.
    pub(crate) fn browser_at(&self, terminal: &TestTerminal) -> Browser {
        Browser::over_tls(self.address, &self.origin, &terminal.tls)
    }

    /// A browser with a session of this role, put straight into the store: no password is hashed for it. The account's
    /// ユーザーID is the role's name.
    pub(crate) async fn signed_in(&self, role: InstitutionRole) -> Browser {
        let browser = self.browser();
        let secret = self.session_of(INSTITUTION, role.name(), role).await;
        browser.hold(COOKIE, secret.reveal());
        browser
    }

    /// An account with [`PASSWORD`].
    pub(crate) async fn account(&self, user_id: &str, role: InstitutionRole) {
        let code = InstitutionCode::parse(INSTITUTION).expect("a code");
        let account = DemoAccount {
            user_id,
            role,
            name: "試験 花子",
            name_kana: "シケン　ハナコ",
            password: PASSWORD,
            signed_in: false,
        };
        accounts::set_up(self.system.store(), &self.system.clock, &code, &[account]).await.expect("set up");
    }

    /// A session put straight into the store; its secret.
    pub(crate) async fn session_of(&self, code: &str, user_id: &str, role: InstitutionRole) -> SecretToken {
        self.session_at(Stage::Full, code, user_id, role).await
    }

    /// The same, so far on its way.
    pub(crate) async fn session_at(
        &self,
        stage: Stage,
        code: &str,
        user_id: &str,
        role: InstitutionRole,
    ) -> SecretToken {
        let secret = SecretToken::random().expect("randomness");
        let now = self.system.clock.now();
        let session = WebSession {
            audience: Audience::Institution,
            subject: format!("{code}:{user_id}"),
            institution_code: Some(InstitutionCode::parse(code).expect("a code")),
            role: role.name().to_owned(),
            name: "試験 花子".to_owned(),
            stage,
            began_at: now,
            seen_at: now,
            ends_at: Instant(now.0 + 12 * 3_600_000),
        };
        let audit = AuditEvent {
            actor: session.actor(),
            action: "account.sign-in".to_owned(),
            object: session.actor(),
            outcome: "done".to_owned(),
            detail: "by=test".to_owned(),
        };
        let begun = self.system.store().begin_web_session(secret.hash(), session, None, audit).await;
        begun.expect("a session");
        secret
    }
}

/// Hands ユーザーID and パスワード in.
pub(crate) async fn login(browser: &Browser, user_id: &str, password: &str) -> BrowserPage {
    browser.post("/login", &[("user_id", user_id), ("password", password)]).await
}
