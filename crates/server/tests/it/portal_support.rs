//! The portal of a whole server, with a mail server and browsers.

use std::net::{Ipv4Addr, SocketAddr};

use eligibility::Instant;
use server::config::{Mail, Secret, WebSite};
use server::web::totp;
use testkit::browser::{Browser, BrowserPage};
use testkit::mailbox::Mailbox;
use testkit::system::{Engine, TestSystem};

pub(crate) const PASSWORD: &str = "さくら tram 青磁 lantern";

pub(crate) struct Portal {
    pub(crate) system: TestSystem,
    pub(crate) mailbox: Mailbox,
}

pub(crate) fn site() -> WebSite {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    WebSite { listen, origin: None, certificate: None, key: None }
}

impl Portal {
    pub(crate) async fn open(engine: Engine) -> Self {
        let mailbox = Mailbox::open().await;
        let url = mailbox.url();
        let system = TestSystem::start_with(engine, |config| {
            config.portal = Some(site());
            config.operator = Some(site());
            let sender = "オンライン資格確認 <no-reply@shikaku.example>".to_owned();
            // What many try at once is tried from one address here.
            config.limits.site_network_connections = 1024;
            config.mail = Some(Mail { server: Secret::new(url), sender });
        });
        Self { system: system.await, mailbox }
    }

    pub(crate) fn browser(&self) -> Browser {
        let portal = self.system.server.portal().expect("a portal");
        Browser::new(portal.address, &portal.origin)
    }

    pub(crate) async fn register(&self, browser: &Browser, code: &str, mail: &str) -> BrowserPage {
        let form = browser.get("/register").await;
        let once = form.hidden("form_id");
        browser.post("/register", &registration(&once, code, mail)).await
    }

    /// An account, signed in with its second factor; its TOTP secret.
    pub(crate) async fn member(&self, code: &str, mail: &str) -> (Browser, Vec<u8>) {
        let browser = self.browser();
        self.register(&browser, code, mail).await.says(200, "確認メールを送信しました");
        let link = self.mailbox.mail_to(mail, 1).await;
        let page = browser.get(link.link()).await;
        let token = page.says(200, "登録を完了する").hidden("token");
        browser.post("/confirm", &[("token", &token)]).await.says(200, "登録が完了しました");
        login(&browser, mail, PASSWORD).await.leads("/second-factor/setup");
        let secret = self.set_up_totp(&browser).await;
        // Whoever counts an account's mails counts from the first one that is not of its beginning.
        let told = self.mailbox.take(mail, 2).await;
        assert!(told.text.contains("認証アプリが設定されました"), "{}", told.text);
        browser.get("/my-menu").await.says(200, "マイメニュー");
        (browser, secret)
    }

    pub(crate) async fn set_up_totp(&self, browser: &Browser) -> Vec<u8> {
        browser.post("/second-factor/totp", &[]).await.leads("/second-factor/totp");
        let page = browser.get("/second-factor/totp").await;
        let secret = secret_on(page.says(200, "認証アプリの設定"));
        let code = self.code(&secret, 0);
        browser
            .post("/second-factor/totp/confirm", &[("code", &code)])
            .await
            .says(200, "この画面を閉じると、もう表示できません");
        secret
    }

    /// The code of the app, some seconds from now.
    pub(crate) fn code(&self, secret: &[u8], later_s: i64) -> String {
        let at = Instant(self.system.clock.now().0 + later_s * 1000);
        totp::code_at(secret, at).expect("a code")
    }
}

pub(crate) fn registration<'a>(once: &'a str, code: &'a str, mail: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("form_id", once),
        ("institution_code", code),
        ("institution_name", "見本坂内科"),
        ("name", "髙橋 花子"),
        ("phone", "03-0000-0000"),
        ("mail", mail),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
        ("terms", "on"),
    ]
}

pub(crate) async fn login(browser: &Browser, mail: &str, password: &str) -> BrowserPage {
    browser.post("/login", &[("name", mail), ("password", password)]).await
}

/// The secret as the page writes it for typing.
pub(crate) fn secret_on(page: &BrowserPage) -> Vec<u8> {
    let text = page.text.split_once("<code>").expect("a secret").1;
    let text: String = text.split('<').next().unwrap_or_default().replace(' ', "");
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            _ => letter - b'2' + 26,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).expect("a byte"));
        }
    }
    bytes
}
