//! Every kind of application from its draft to what it brings about, by the public doors alone: the draft is kept and
//! handed in on the portal, a machine checks it, one or two people approve it on the operator's side, and the server
//! carries it out by itself.

use std::io::{Cursor, Read as _};

use eligibility::Instant;
use eligibility::account::AttemptState;
use eligibility::application::ApplicationKind;
use eligibility::institution_certificate::RevocationReason;
use eligibility::line::CircuitKind;
use hyper::Method;
use pki::keys::{KeyAlgorithm, PrivateKey};
use serde_json::json;
use server::terminal_api::status::STATUS_PATH;
use server::web::guess::Guess;
use testkit::authority::issued_now;
use testkit::client::Connection;
use testkit::system::Engine;

use crate::ca_support::{Terminal, codes, printed, request_of, retrieve_at, terminal_by};
use crate::chain_support::{CLINIC, House, NEIGHBOUR, approve, code_of, desk, draft, submit, until};
use crate::foreign_applications::{
    a_foreign_serial_is_as_good_as_none, foreigners_find_no_letter, foreigners_find_nothing,
};
use crate::on_both_engines;

on_both_engines! { every_kind_goes_from_its_draft_to_its_effect }

/// 端末名称 of the terminal whose certificate is applied for.
const TERMINAL: &str = "受付1号機";

async fn every_kind_goes_from_its_draft_to_its_effect(engine: Engine) {
    let house = House::open(engine).await;
    let mut terminal = None;
    for kind in ApplicationKind::ALL {
        match kind {
            ApplicationKind::UseStart => use_starts(&house).await,
            ApplicationKind::UseChange => the_line_changes(&house).await,
            ApplicationKind::CertificateIssue => terminal = Some(a_certificate_is_issued(&house).await),
            ApplicationKind::CertificateRenewal => renewal_is_applied_for_elsewhere(&house).await,
            ApplicationKind::CertificateRevocation => {
                a_certificate_is_revoked(&house, terminal.take().expect("it was issued before")).await;
            }
            ApplicationKind::Succession => the_predecessors_certificates_end(&house).await,
            ApplicationKind::CodeChange => {
                // It ends what the others made: it comes last.
            }
            ApplicationKind::CustomerIdChange => the_customer_id_changes(&house).await,
        }
    }
    the_old_codes_certificates_end(&house).await;
    house.portal.system.stop().await;
}

/// Draft, submission, checks, as many eyes as the kind needs, completion; the application's place.
async fn carried_out(house: &House, kind: ApplicationKind, fields: &[(&str, &str)]) -> String {
    let slug = kind.name().replace('_', "-");
    let place = draft(&house.clinic, &slug, fields).await;
    house.clinic.get("/applications").await.says(200, "下書き");
    house.reviewers[0].get(&desk(&place)).await.says(404, "ページが見つかりません");
    foreigners_find_nothing(house, &place).await;
    submit(&house.clinic, &place, fields).await;
    house.clinic.get(&place).await.says(200, "審査中");
    foreigners_find_nothing(house, &place).await;
    let at = desk(&place);
    // The machine has looked before anybody does, and found nothing that forbids it.
    house.reviewers[0].get(&at).await.says(200, "自動チェック");
    let [first, second] = &house.reviewers;
    assert_eq!(approve(first, &at).await.status, 303, "{slug}");
    if kind.approvals_needed() > 1 {
        house.clinic.get(&place).await.says(200, "審査中");
        approve(first, &at).await.says(409, "2人目の承認は別の担当者が行ってください。");
        assert_eq!(approve(second, &at).await.status, 303, "{slug}");
    }
    until(&house.clinic, &place, "手続きが完了しました。").await;
    foreigners_find_nothing(house, &place).await;
    let happened = house.portal.system.store().applications_of(&code_of(CLINIC)).await.expect("reads");
    let stored = happened.iter().find(|one| place.ends_with(one.id.as_str())).expect("the application");
    let events: Vec<_> = stored.application.history.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(events[..2], ["submit", "checked"], "{slug}");
    assert_eq!(events.last(), Some(&"complete"), "{slug}");
    let approvals = events.iter().filter(|event| **event == "approve").count();
    assert_eq!(approvals, usize::from(kind.approvals_needed()), "{slug}: {events:?}");
    place
}

async fn line(house: &House) -> (CircuitKind, Option<String>) {
    let line = house.portal.system.store().line_of(&code_of(CLINIC)).await.expect("reads");
    let line = line.expect("a line");
    (line.circuit, line.customer_id.map(|id| id.to_string()))
}

const CONTACT: [(&str, &str); 2] = [("contact_name", "𠮷辻󠄀　花子"), ("phone", "03-0000-0000")];

async fn use_starts(house: &House) {
    let fields = [("circuit_kind", "ipsec_ike"), ("start_month", "")];
    let place = carried_out(house, ApplicationKind::UseStart, &fields).await;
    assert_eq!(line(house).await, (CircuitKind::IpsecIke, None));
    // The 通知書 with the first account, once for each click.
    let offer = house.clinic.get(&place).await;
    let sheets = offer.says(200, "通知書をダウンロードする").hidden("sheets");
    let sheet = format!("{place}/account-sheet");
    let zip = house.clinic.post(&sheet, &[("sheets", &*sheets)]).await;
    assert_eq!(
        (zip.status, &zip.headers["content-type"]),
        (200, &"application/zip".parse().expect("a kind"))
    );
    let mut zip = zip::ZipArchive::new(Cursor::new(zip.bytes.clone())).expect("a ZIP");
    let mut pdf = Vec::new();
    zip.by_index(0).expect("a file").read_to_end(&mut pdf).expect("reads");
    // Which system the account is for is the settings'.
    let text = printed(&pdf);
    assert!(text.contains("接続検証環境") && !text.contains("本番環境"), "{text}");
    // Both first accounts, each with a password of its own and a line that says what it is for.
    let passwords: Vec<_> = text
        .split("初期パスワード")
        .skip(1)
        .filter_map(|rest| {
            let word = rest.split_whitespace().next()?;
            word.is_ascii().then(|| word.to_owned())
        })
        .collect();
    assert!(passwords.len() == 2 && passwords[0] != passwords[1], "{passwords:?} in {text}");
    for words in
        [&*format!("M{CLINIC}"), &*format!("a{CLINIC}"), "日々の業務には使いません。", "最初の管理者の"]
    {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    house.clinic.post(&sheet, &[("sheets", &*sheets)]).await.says(409, "すでに作成されています");
    a_new_sheet_lifts_the_masters_lock(house, &place).await;
}

/// Somebody guesses at the master, whose ユーザーID is no secret, before it ever signed in: nobody else could free it.
async fn a_new_sheet_lifts_the_masters_lock(house: &House, place: &str) {
    let store = house.portal.system.store();
    let master = Guess::account_place("institution-password", &format!("{CLINIC}:M{CLINIC}"));
    let mut now = Instant(0);
    while !store.attempts(&master).await.expect("reads").needs_administrator {
        store.take_attempt(vec![master.clone()], now).await.expect("writes");
        now.0 += 60 * 60 * 1000;
    }
    let sheets = house.clinic.get(place).await.hidden("sheets");
    let again = house.clinic.post(&format!("{place}/account-sheet"), &[("sheets", &*sheets)]).await;
    assert_eq!(again.status, 200);
    assert_eq!(store.attempts(&master).await, Ok(AttemptState::default()));
}

async fn the_line_changes(house: &House) {
    let fields = [("circuit_kind", "ip_vpn_ntt"), ("customer_id", "ＣＡＦ0123456789"), ("start_month", "")];
    carried_out(house, ApplicationKind::UseChange, &fields).await;
    assert_eq!(line(house).await, (CircuitKind::IpVpnNtt, Some("CAF0123456789".to_owned())));
}

async fn the_customer_id_changes(house: &House) {
    let today = house.today();
    let fields = [&[("customer_id", "COP9876543210"), ("date", &*today)], &CONTACT[..]].concat();
    carried_out(house, ApplicationKind::CustomerIdChange, &fields).await;
    assert_eq!(line(house).await, (CircuitKind::IpVpnNtt, Some("COP9876543210".to_owned())));
}

/// What a terminal is answered.
async fn asks(connection: &Connection) -> (u16, String) {
    let reply = connection.send(Method::GET, STATUS_PATH, None).await.expect("an answer");
    (reply.status, reply.code())
}

/// What it is answered once it is no longer let in.
async fn refused(connection: &Connection) -> (u16, String) {
    loop {
        let answer = asks(connection).await;
        if answer.0 != 200 {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

async fn connected(house: &House, code: &str) -> Connection {
    let (key, chain) = issued_now(&house.portal.system, &code_of(code), "会計2号機").await;
    let system = &house.portal.system;
    let terminal = terminal_by(&system.clock, system, &chain, key);
    let connection = terminal.connect().await.expect("a connection");
    assert_eq!(asks(&connection).await.0, 200, "{code}");
    connection
}

async fn a_certificate_is_issued(house: &House) -> Terminal {
    let own = [
        ("department", "医事課"),
        ("terminal_name", TERMINAL),
        ("for_eligibility", "on"),
        ("for_billing", "on"),
    ];
    let fields = [&own, &CONTACT[..]].concat();
    carried_out(house, ApplicationKind::CertificateIssue, &fields).await;
    let page = until(&house.post_room, "/letters", TERMINAL).await;
    let (_, link) = page.text.split_once("<a href=\"/letters/").expect("a letter");
    let letter = format!("/letters/{}", link.split_once("/pdf\"").expect("a link").0);
    foreigners_find_no_letter(house, &letter).await;
    let pdf = house.post_room.get(&format!("{letter}/pdf")).await;
    let codes = codes(&pdf.bytes);
    let sent = [("tracking_number", "123-45-67890-1")];
    house.post_room.post(&format!("{letter}/post"), &sent).await.leads("/letters");
    let system = &house.portal.system;
    let key = PrivateKey::generate(KeyAlgorithm::P256).expect("a key");
    let wish = json!({ "request_pem": request_of(TERMINAL, &key) });
    let address = system.server.authority().expect("an authority").address;
    let (status, answer) = retrieve_at(address, &codes, wish).await;
    assert_eq!(status, 200, "{answer}");
    let chain = answer["chain_pem"].as_str().expect("a chain");
    let terminal = terminal_by(&system.clock, system, chain, key);
    assert_eq!(asks(&terminal.connect().await.expect("a connection")).await.0, 200);
    terminal
}

/// It is made with the certificate that is renewed, on its own site: the portal leads there and takes none.
async fn renewal_is_applied_for_elsewhere(house: &House) {
    let path = "/applications/certificate-renewal";
    house.clinic.get(path).await.says(200, "電子証明書更新申請サイト");
    let fields = [("id", "00112233445566778899aabbccddeeff"), ("version", ""), ("action", "confirm")];
    assert_eq!(house.clinic.post(path, &fields).await.status, 404);
    assert_eq!(ApplicationKind::CertificateRenewal.approvals_needed(), 0);
}

async fn a_certificate_is_revoked(house: &House, terminal: Terminal) {
    let connection = terminal.connect().await.expect("a connection");
    a_foreign_serial_is_as_good_as_none(house, &terminal.serial).await;
    assert_eq!(asks(&connection).await.0, 200);
    let own = [("serial", &*terminal.serial), ("reason", "cessation_of_operation"), ("understood", "on")];
    let fields = [&own, &CONTACT[..]].concat();
    carried_out(house, ApplicationKind::CertificateRevocation, &fields).await;
    assert_eq!(refused(&connection).await, (403, "OQSA9103E".to_owned()));
}

async fn the_predecessors_certificates_end(house: &House) {
    let (predecessor, own) = (connected(house, NEIGHBOUR).await, connected(house, CLINIC).await);
    let today = house.today();
    let facts = [("predecessor_code", NEIGHBOUR), ("date", &*today), ("owner", "医療法人社団みなと会")];
    let fields = [&facts, &CONTACT[..]].concat();
    carried_out(house, ApplicationKind::Succession, &fields).await;
    assert_eq!(refused(&predecessor).await, (403, "OQSA9103E".to_owned()));
    assert_eq!(asks(&own).await.0, 200);
}

async fn the_old_codes_certificates_end(house: &House) {
    const NEW_CODE: &str = "1319990038";
    let own = connected(house, CLINIC).await;
    let today = house.today();
    let fields = [&[("new_code", NEW_CODE), ("date", &*today)], &CONTACT[..]].concat();
    carried_out(house, ApplicationKind::CodeChange, &fields).await;
    assert_eq!(refused(&own).await, (403, "OQSA9103E".to_owned()));
    let store = house.portal.system.store();
    let ended = store.certificates_of(&code_of(CLINIC)).await.expect("reads");
    let reasons = ended.iter().filter_map(|one| one.revocation.map(|revocation| revocation.reason));
    assert!(reasons.clone().any(|reason| reason == RevocationReason::AffiliationChanged));
    assert_eq!(reasons.count(), ended.len(), "none is left");
    let new = store.institution(&code_of(NEW_CODE)).await.expect("reads").expect("in the register");
    assert_eq!(new.name, "見本坂内科");
}
