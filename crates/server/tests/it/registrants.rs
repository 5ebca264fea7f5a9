//! An account that nobody made sure of, through the doors of the portal and of the operator.

use eligibility::account::OperatorRole;
use eligibility::institution::InstitutionCode;
use store::MailText;
use testkit::browser::Browser as Member;
use testkit::system::{Engine, TestSystem};

use crate::applications::{decide, desk, filled, handed_in};
use crate::on_both_engines;
use crate::portal_support::{registration, site};
use crate::sites::Sites;

on_both_engines! {
    a_stranger_under_another_name_is_seen_held_back_and_stopped
    what_the_checks_find_is_of_the_moment_it_is_shown
    a_mailed_link_is_sealed_until_it_is_sent
}

const CLINIC: &str = "1319990012";

async fn a_stranger_under_another_name_is_seen_held_back_and_stopped(engine: Engine) {
    let sites = Sites::open(engine).await;
    let stranger = sites.unproven(CLINIC, "みなと薬局", "港調剤薬局").await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let tanaka = sites.operator("tanaka", OperatorRole::Reviewer).await;
    let start = desk(CLINIC, &handed_in(&stranger, "use-start", &filled("use-start")).await);
    let page = sato.get(&start).await;
    page.has("登録者が医療機関本人と確認されていません。").has("登録時に入力された医療機関等名称が");
    page.has("港調剤薬局").has("みなと薬局").has(&format!("href=\"/registrants/{CLINIC}\""));
    // A page that showed nothing of it approves nothing; what it then shows is what was found now.
    let blind = [("revision", "1"), ("decision", "approve")];
    let told = sato.post(&format!("{start}/decide"), &blind).await;
    assert_eq!(told.status, 409);
    told.has("自動チェックの結果が変わりました。").has("登録者が医療機関本人と確認されていません。");
    assert_eq!(decide(&sato, &start, "approve", "").await.status, 303);
    assert_eq!(sites.carry_out().await, 1);
    let change =
        desk(CLINIC, &handed_in(&stranger, "customer-id-change", &filled("customer-id-change")).await);
    assert_eq!(decide(&sato, &change, "approve", "").await.status, 409);
    // The operator looks at the registrant: both names, what was typed, and no proof without a note.
    sato.get("/registrants").await.has("港調剤薬局").has("みなと薬局").has("未確認");
    let at = format!("/registrants/{CLINIC}");
    let page = sato.get(&at).await;
    page.has("登録時の名称と台帳の名称が一致しません。").has("未確認");
    let subject = page.hidden("subject");
    let of = [("subject", subject.as_str())];
    let with = |more: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> { [&of[..], more].concat() };
    assert_eq!(sato.post(&format!("{at}/prove"), &with(&[("note", "院長")])).await.status, 422);
    assert_eq!(sato.post(&format!("{at}/prove"), &with(&[("way", "phone")])).await.status, 422);
    // Nobody there knows of it: two people stop it.
    let stop = format!("{at}/stop");
    assert_eq!(sato.post(&stop, &with(&[])).await.status, 422);
    let reason = with(&[("reason", "台帳の電話番号で確認したところ、登録していないとのこと")]);
    assert_eq!(sato.post(&stop, &reason).await.status, 303);
    let again = sato.post(&stop, &reason).await;
    assert_eq!(again.status, 422);
    again.has("停止は、別の担当者が行います。");
    assert_eq!(stranger.get("/applications").await.status, 200, "one person stops nobody");
    tanaka.get(&at).await.has("2人目として停止する");
    assert_eq!(tanaka.post(&stop, &reason).await.to(), "/registrants");
    assert_eq!(stranger.get("/applications").await.status, 303, "signed out");
    let code = InstitutionCode::parse(CLINIC).expect("a code");
    assert_eq!(sites.store.registered_institution(&code).await, Ok(None));
    assert_eq!(sato.get(&at).await.status, 404);
}

async fn what_the_checks_find_is_of_the_moment_it_is_shown(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.unproven(CLINIC, "みなと薬局", "みなと薬局").await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let start = desk(CLINIC, &handed_in(&clinic, "use-start", &filled("use-start")).await);
    let unproven = "登録者が医療機関本人と確認されていません。";
    let before = sato.get(&start).await;
    before.has(unproven).has("令和8年11月22日 09:00の結果です").has("もう一度実行する").has("未確認");
    sato.get("/queues/use-start").await.has(unproven);
    // Proven since: neither page goes on saying what is over.
    sites.hands.advance(std::time::Duration::from_secs(120));
    let code = InstitutionCode::parse(CLINIC).expect("a code");
    sites.prove(&code, &format!("account-{CLINIC}")).await;
    let after = sato.get(&start).await;
    after.lacks(unproven).has("令和8年11月22日 09:02の結果です").has("指摘なし").has("確認済み");
    sato.get("/queues/use-start").await.lacks(unproven).has("指摘なし");
    // Decided: what it was decided on stays, with its time.
    assert_eq!(decide(&sato, &start, "approve", "").await.status, 303);
    sites.hands.advance(std::time::Duration::from_secs(120));
    sato.get(&start).await.has("令和8年11月22日 09:02に記録された結果です。").lacks("もう一度実行する");
}

async fn a_mailed_link_is_sealed_until_it_is_sent(engine: Engine) {
    // Without a mail server the mail stays where it is.
    let system = TestSystem::start_with(engine, |config| {
        config.portal = Some(site());
        config.operator = Some(site());
    })
    .await;
    let portal = system.server.portal().expect("a portal");
    let browser = Member::new(portal.address, &portal.origin);
    let once = browser.get("/register").await.hidden("form_id");
    let sent = browser.post("/register", &registration(&once, CLINIC, "office@mihon.example")).await;
    sent.says(200, "確認メールを送信しました");
    let due = system.store().due_mails(system.clock.now(), 10).await.expect("reads");
    assert_eq!(due.len(), 1);
    let MailText::Sealed(sealed) = &due[0].mail.text else { panic!("it lies open") };
    assert!(!String::from_utf8_lossy(sealed).contains("confirm?token"), "the link is to be read");
    system.stop().await;
}
