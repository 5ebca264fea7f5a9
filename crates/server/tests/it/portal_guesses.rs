//! Guessing passwords, codes and mailed links: the limits hold for many at once, and the counts are durable before
//! anything is compared.

use std::time::Duration;

use eligibility::account::{Bucket, LockoutDecision};
use server::web::guess::Guess;
use store::AttemptPlace;
use testkit::browser::{Browser, BrowserPage};
use testkit::system::Engine;

use crate::portal_support::{PASSWORD, Portal, login};

/// Guesses at once.
const AT_ONCE: usize = 64;

crate::on_both_engines! {
    sixty_four_passwords_at_once_are_five
    sixty_four_codes_at_once_are_five
    sixty_four_links_at_once_are_thirty
    a_stranger_locks_out_himself_and_not_the_staff
    nobody_shuts_the_door_for_others
}

/// The statuses of many posts at once.
async fn at_once(
    browser: &Browser,
    post: impl Fn(Browser, usize) -> std::pin::Pin<Box<dyn Future<Output = BrowserPage> + Send>>,
) -> Vec<u16> {
    let posts: Vec<_> = (0..AT_ONCE).map(|n| tokio::spawn(post(browser.copied(), n))).collect();
    let mut statuses = Vec::new();
    for post in posts {
        statuses.push(post.await.expect("runs").status);
    }
    statuses
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|found| **found == status).count()
}

async fn sixty_four_passwords_at_once_are_five(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "guess@mihon.example";
    drop(portal.member("1319990012", mail).await);
    let stranger = portal.browser();
    for name in [mail, "nobody@mihon.example"] {
        let statuses = at_once(&stranger, |browser, n| {
            Box::pin(async move { login(&browser, name, &format!("wrong password {n}")).await })
        })
        .await;
        assert_eq!((count(&statuses, 422), count(&statuses, 429)), (5, AT_ONCE - 5), "{name}");
    }
    // The right one is not compared either.
    login(&stranger, mail, PASSWORD).await.says(429, "一時的に受け付けていません");
    portal.system.hands.advance(Duration::from_secs(15 * 60));
    login(&stranger, mail, PASSWORD).await.leads("/login/second-factor");
}

async fn sixty_four_codes_at_once_are_five(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "codes@mihon.example";
    let (_, secret) = portal.member("1319990012", mail).await;
    portal.system.hands.advance(Duration::from_secs(60));
    let browser = portal.browser();
    login(&browser, mail, PASSWORD).await.leads("/login/second-factor");
    let right = portal.code(&secret, 0);
    let wrong = if right.starts_with('1') { "200000" } else { "100000" };
    let statuses = at_once(&browser, |browser, _| {
        Box::pin(async move { browser.post("/login/totp", &[("code", wrong)]).await })
    })
    .await;
    assert_eq!((count(&statuses, 422), count(&statuses, 429)), (5, AT_ONCE - 5));
    browser.post("/login/totp", &[("code", &right)]).await.says(429, "一時的に受け付けていません");
    browser.post("/login/recovery", &[("code", "ABCDE-FGHJK")]).await.says(429, "受け付けていません");
}

async fn sixty_four_links_at_once_are_thirty(engine: Engine) {
    let portal = Portal::open(engine).await;
    let browser = portal.browser();
    portal.register(&browser, "1319990012", "link@mihon.example").await.says(200, "送信しました");
    let token =
        browser.get(portal.mailbox.mail_to("link@mihon.example", 1).await.link()).await.hidden("token");
    let statuses = at_once(&browser, |browser, n| {
        let wrong = format!("{:A>43}", n + 100);
        Box::pin(async move { browser.post("/confirm", &[("token", &wrong)]).await })
    })
    .await;
    assert_eq!((count(&statuses, 422), count(&statuses, 429)), (30, AT_ONCE - 30));
    browser.post("/confirm", &[("token", &token)]).await.says(429, "一時的に受け付けていません");
    portal.system.hands.advance(Duration::from_secs(15 * 60));
    browser.post("/confirm", &[("token", &token)]).await.says(200, "登録が完了しました");
}

async fn a_stranger_locks_out_himself_and_not_the_staff(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "staff@mihon.example";
    let (staff, secret) = portal.member("1319990012", mail).await;
    staff.post("/sign-out", &[]).await.leads("/login");
    let stranger = portal.browser();
    for n in 0..6 {
        login(&stranger, mail, &format!("wrong password {n}")).await;
    }
    login(&stranger, mail, PASSWORD).await.says(429, "一時的に受け付けていません");
    portal.system.hands.advance(Duration::from_secs(60));
    login(&staff, mail, PASSWORD).await.leads("/login/second-factor");
    let code = portal.code(&secret, 0);
    staff.post("/login/totp", &[("code", &code)]).await.leads("/my-menu");
}

/// Uses a place up, whoever did it and from wherever.
async fn used_up(portal: &Portal, place: &AttemptPlace) {
    for _ in 0..1_000 {
        let now = portal.system.clock.now();
        if portal.system.store().take_attempt(vec![place.clone()], now).await.expect("writes")
            != LockoutDecision::Allowed
        {
            return;
        }
    }
}

async fn nobody_shuts_the_door_for_others(engine: Engine) {
    let portal = Portal::open(engine).await;
    let mail = "chosen@mihon.example";
    drop(portal.member("1319990012", mail).await);
    // A thousand wrong links from all over the world, and as many mails to one address as go out.
    for what in ["portal-mail-link", "portal-mail"] {
        used_up(&portal, &AttemptPlace { key: what.to_owned(), bucket: Bucket::Global }).await;
    }
    for place in Guess::of_address("portal-mail", mail).places() {
        used_up(&portal, place).await;
    }
    let browser = portal.browser();
    browser.post("/confirm", &[("token", &"A".repeat(43))]).await.says(422, "使えません");
    let ask = async || {
        let form = browser.get("/password-reset").await.hidden("form_id");
        browser
            .post("/password-reset", &[("form_id", &form), ("mail", mail)])
            .await
            .says(200, "送信しました");
    };
    // Told the same as ever; the mails that went out before are good for a day.
    ask().await;
    portal.system.hands.advance(Duration::from_secs(60 * 60));
    ask().await;
    let sent = portal.mailbox.mail_to(mail, 2).await;
    assert!(sent.link().contains("/password-reset/new"), "{}", sent.text);
    let all = portal.mailbox.mails().iter().filter(|one| one.recipient == mail).count();
    assert_eq!(all, 2, "the registration's and one of these");
}
