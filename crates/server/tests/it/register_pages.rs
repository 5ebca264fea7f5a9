//! 医療機関マスタ and 回線 on the operator's site: entered, changed by two people, and what a change does.

use eligibility::account::{MailAddress, OperatorRole};
use eligibility::application::{Actor, Side};
use eligibility::institution::InstitutionCode;
use eligibility::institution_entry::InstitutionEntry;
use store::{InstitutionAsked, InstitutionDecided, InstitutionWish};
use testkit::system::Engine;

use crate::applications::{decide, desk, filled, handed_in};
use crate::on_both_engines;
use crate::portal_support::Portal;
use crate::sites::{Browser, Page, Sites};

on_both_engines! {
    an_institution_is_entered_searched_and_changed_by_two
    a_closed_institution_is_nobodys_to_register
    nobody_signs_up_for_a_closed_institution
    prefixes_are_entered_by_who_keeps_the_lines
}

const CODE: &str = "1319990011";
const CLINIC: &str = "1319990012";
const REVIEWER: OperatorRole = OperatorRole::Reviewer;

fn entry(code: &'static str, name: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("code", code),
        ("name", name),
        ("postal_code", "100-0013"),
        ("first_line", "東京都千代田区霞が関1-2-3"),
        ("second_line", ""),
        ("phone", "03-0000-0000"),
    ]
}

async fn decided(browser: &Browser, at: &str, decision: &str) -> Page {
    let page = browser.get(at).await;
    let (asked_at, what) = (page.hidden("asked_at"), page.hidden("what"));
    let fields = [("asked_at", &*asked_at), ("what", &*what), ("decision", decision)];
    browser.post(&format!("{at}/decide"), &fields).await
}

async fn an_institution_is_entered_searched_and_changed_by_two(engine: Engine) {
    let sites = Sites::open(engine).await;
    let (sato, tanaka) = (sites.operator("sato", REVIEWER).await, sites.operator("tanaka", REVIEWER).await);
    sato.get("/institutions").await.has("登録された医療機関はまだありません").has("医療機関を登録する");
    // Every wrong field by its name; what was typed is still there.
    let wrong = sato.post("/institutions", &[("code", "1319990012"), ("name", "葛城病院")]).await;
    assert_eq!(wrong.status, 422);
    wrong.has("検証番号（末尾の桁）が合いません").has("href=\"#code\"").has("href=\"#first_line\"");
    wrong.has("value=\"1319990012\"").has("value=\"葛城病院\"").has("href=\"#phone\"");
    let added = sato.post("/institutions", &entry(CODE, "葛城病院")).await;
    let at = format!("/institutions/{CODE}");
    assert_eq!(added.to(), format!("{at}?done=add"));
    let again = sato.post("/institutions", &entry(CODE, "別の名前")).await;
    assert_eq!(again.status, 422);
    again.has("は登録済みです").has("value=\"別の名前\"");
    let mut insisted = entry("1319990038", "見本歯科");
    insisted.push(("code_as_is", "on"));
    assert_eq!(sato.post("/institutions", &insisted).await.status, 303);
    sato.get("/institutions?find=%E8%91%9B%E5%9F%8E").await.has("葛城病院").has("東京都").lacks("見本歯科");
    sato.get("/institutions?find=13199900").await.has("葛城病院").has("見本歯科");
    sato.get("/institutions?find=zz").await.has("当てはまる医療機関はありません");
    sato.get(&at)
        .await
        .has("〒100-0013 東京都千代田区霞が関1-2-3")
        .has("医科")
        .has("（sato）")
        .lacks("operator:");

    // One person asks, another one does it; nothing changes in between.
    sato.get(&format!("{at}/change")).await.has("value=\"葛城病院\"").lacks("name=\"code\"");
    let fields = &entry("9999999999", "葛城総合病院")[1..];
    let asked = sato.post(&format!("{at}/change"), fields).await;
    assert_eq!(asked.to(), format!("{at}?done=ask"));
    sato.get(&at).await.has("変更後：葛城総合病院").has("別の担当者が行います").lacks("2人目として反映する");
    sato.get("/institutions").await.has("2人目の確認を待っている変更").has("あなたが求めたものです");
    let own = decided(&sato, &at, "agree").await;
    assert_eq!(own.status, 409);
    own.has("反映は、別の担当者が行います。");
    let second = tanaka.post(&format!("{at}/change"), fields).await;
    assert_eq!(second.status, 409);
    second.has("確認を待っている変更があります");
    sato.get("/institutions").await.lacks("葛城総合病院");
    assert_eq!(decided(&tanaka, &at, "agree").await.to(), format!("{at}?done=change"));
    sato.get(&at).await.has("葛城総合病院").lacks("2人目の確認を待っている");
    // Who may not sees it, and no buttons.
    for role in [OperatorRole::LineKeeper, OperatorRole::PostRoom, OperatorRole::Auditor] {
        let reads = sites.operator(&role.name().replace('_', "-"), role).await;
        reads.get("/institutions").await.has("葛城総合病院").lacks("医療機関を登録する");
        reads.get(&at).await.has("葛城総合病院").lacks("廃止を依頼する");
        let refused = reads.post("/institutions", &entry(CODE, "x")).await;
        assert_eq!(refused.status, 404);
        refused.has("この画面を使えるのは、権限が「審査担当」の方です。");
    }
}

async fn a_closed_institution_is_nobodys_to_register(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let (sato, tanaka) = (sites.operator("sato", REVIEWER).await, sites.operator("tanaka", REVIEWER).await);
    let start = desk(CLINIC, &handed_in(&clinic, "use-start", &filled("use-start")).await);
    let at = format!("/institutions/{CLINIC}");
    let wrong = sato.post(&format!("{at}/close"), &[("reason", "")]).await;
    assert_eq!(wrong.status, 422);
    wrong.has("廃止の理由が入力されていません。");
    assert_eq!(sato.post(&format!("{at}/close"), &[("reason", "廃止届")]).await.status, 303);
    tanaka.get(&at).await.has("理由：廃止届").has("元には戻せません");
    assert_eq!(decided(&tanaka, &at, "agree").await.to(), format!("{at}?done=close"));
    sato.get(&at).await.has("この医療機関は廃止されています").lacks("変更する</a>");
    sato.get("/institutions").await.has("廃止");
    let refused = decide(&sato, &start, "approve", "").await;
    assert_eq!(refused.status, 409);
    refused.has("台帳にないか、廃止されています。");
    let code = InstitutionCode::parse(CLINIC).expect("a code");
    let (entry, _) = sites.store.institution_entry(&code).await.expect("reads").expect("still there");
    assert!(entry.closed_at.is_some());
}

async fn nobody_signs_up_for_a_closed_institution(engine: Engine) {
    let portal = Portal::open(engine).await;
    let (store, now) = (portal.system.store(), portal.system.clock.now());
    let code = InstitutionCode::parse(CODE).expect("a code");
    let entry = InstitutionEntry {
        code: code.clone(),
        name: "葛城病院".to_owned(),
        postal_code: "1000013".to_owned(),
        first_line: "東京都千代田区霞が関1-2-3".to_owned(),
        second_line: None,
        phone: "03-0000-0000".to_owned(),
    };
    assert_eq!(store.add_institution(entry, "command-line", now).await, Ok(true));
    let by = |name: &str| Actor {
        side: Side::Operator(REVIEWER),
        account: name.to_owned(),
        mail: MailAddress::parse(&format!("{name}@operator.example")).ok(),
    };
    let close = InstitutionWish::Close { reason: "廃止届".to_owned() };
    let asked = store.ask_institution_wish(&code, close, by("sato"), now).await;
    assert_eq!(asked, Ok(InstitutionAsked::Waiting));
    let browser = portal.browser();
    portal.register(&browser, CODE, "one@mihon.example").await.says(200, "確認メールを送信しました");
    let decided = store.decide_institution_wish((&code, now), true, by("tanaka"), now).await;
    assert_eq!(decided, Ok(InstitutionDecided::Done));
    let refused = portal.register(&browser, CODE, "two@mihon.example").await;
    refused.says(422, "この医療機関コードは廃止されています。").says(422, "value=\"two@mihon.example\"");
    portal.system.stop().await;
}

async fn prefixes_are_entered_by_who_keeps_the_lines(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let sato = sites.operator("sato", REVIEWER).await;
    let kaisen = sites.operator("kaisen", OperatorRole::LineKeeper).await;
    let start = desk(CLINIC, &handed_in(&clinic, "use-start", &filled("use-start")).await);
    assert_eq!(decide(&sato, &start, "approve", "").await.status, 303);
    assert_eq!(sites.carry_out().await, 1);
    let at = format!("/lines/{CLINIC}");
    kaisen.get("/lines").await.has("CAF0123456789").has("みなと薬局").has("未接続");
    let wrong = kaisen.post(&format!("{at}/prefixes"), &[("prefixes", "203.0.113.1/29 2001:db8::/16")]).await;
    assert_eq!(wrong.status, 422);
    wrong
        .has("「203.0.113.1/29」：")
        .has("「2001:db8::/16」：")
        .has("203.0.113.1/29 2001:db8::/16</textarea>");
    let both = "203.0.113.0/29\r\n2001:db8:1::/48";
    let added = kaisen.post(&format!("{at}/prefixes"), &[("prefixes", both)]).await;
    assert_eq!(added.to(), format!("{at}?done=add&ended=0"));
    let peer = "203.0.113.2".parse().expect("an address");
    let connected = sites.store.connect_line(peer, sites.clock.now()).await.expect("connects");
    assert!(connected.decision.is_some_and(|decision| decision.lets_through()));
    kaisen.get(&at).await.has("接続済み").has("回線認証を切断する");
    kaisen.get("/lines?find=2001%3Adb8%3A1%3A%3A5").await.has("CAF0123456789");
    kaisen.get("/lines?find=192.0.2.1").await.has("当てはまる回線はありません");
    kaisen.get("/lines?find=caf0123").await.has("CAF0123456789");
    // Another line's range is refused, and the other one is named.
    let other = sites.institution("1319990020", "隣の歯科").await;
    let mut fields = filled("use-start");
    fields[1] = ("customer_id", "COP1111111111");
    let start = desk("1319990020", &handed_in(&other, "use-start", &fields).await);
    assert_eq!(decide(&sato, &start, "approve", "").await.status, 303);
    assert_eq!(sites.carry_out().await, 1);
    let taken = kaisen.post("/lines/1319990020/prefixes", &[("prefixes", "203.0.113.0/28")]).await;
    assert_eq!(taken.status, 422);
    taken
        .has("203.0.113.0/28 は、お客さまID CAF0123456789の範囲と重なっています")
        .has("203.0.113.0/28</textarea>");
    // Withdrawing ends the session of that range.
    let withdraw = format!("{at}/prefixes/withdraw");
    let gone = kaisen.post(&withdraw, &[("prefix", "203.0.113.0/29")]).await;
    assert_eq!(gone.to(), format!("{at}?done=withdraw&ended=1"));
    kaisen.get(gone.to()).await.has("接続中だった回線認証 1件を切断しました。").lacks("203.0.113.0/29");
    let again = kaisen.post(&withdraw, &[("prefix", "203.0.113.0/29")]).await;
    assert_eq!(again.status, 422);
    again.has("すでに取り消されています");
    assert_eq!(sites.store.line_at(peer).await, Ok(None));
    // The others see it and change nothing.
    for role in [REVIEWER, OperatorRole::PostRoom, OperatorRole::Administrator, OperatorRole::Auditor] {
        let reads = sites.operator(&format!("r-{}", role.name().replace('_', "-")), role).await;
        reads
            .get(&at)
            .await
            .has("2001:db8:1::/48")
            .lacks("取り消す</button>")
            .lacks("アドレス範囲を追加する");
        let refused = reads.post(&withdraw, &[("prefix", "2001:db8:1::/48")]).await;
        assert_eq!(refused.status, 404, "{role:?}");
        refused.has("この画面を使えるのは、権限が「回線担当」の方です。");
        assert_eq!(reads.post(&format!("{at}/sessions/end"), &[]).await.status, 404);
    }
    let dump = sites.audit_dump().await;
    assert!(dump.contains("\"line.prefixes\"") && dump.contains("operator:kaisen"));
}
