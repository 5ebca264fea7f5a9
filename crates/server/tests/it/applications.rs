//! Applying on the portal and deciding on the operator's side, through both doors.

use eligibility::account::OperatorRole;
use eligibility::application::ApplicationKind;
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::CertificateUses;
use store::{NewCertificate, Reservation};
use testkit::system::Engine;

use std::io::{Cursor, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use pki::letter::{FontFiles, FontsOnDemand};
use server::portal::applications::SheetMaker;

use crate::on_both_engines;
use crate::sites::{Browser, Page, Sites};

on_both_engines! {
    every_kind_goes_from_draft_to_completed
    thirty_two_clicks_hand_in_once
    faults_stand_at_their_fields_and_the_draft_stays
    a_returned_application_is_corrected_and_handed_in_again
    a_withdrawn_application_is_over_for_everybody
    nobody_reads_or_moves_what_is_another_institutions
    a_sheet_is_made_once_a_click_and_its_password_is_kept_nowhere
    what_can_only_be_rejected_is_not_handed_in
}

const CLINIC: &str = "1319990012";
const OTHER: &str = "1319990020";
const SERIAL: &str = "5a01";

/// A form that is right, by kind.
pub(crate) fn filled(kind: &str) -> Vec<(&'static str, &'static str)> {
    let contact = [("contact_name", "𠮷辻󠄀　花子"), ("phone", "03-0000-0000")];
    let mut fields = match kind {
        "use-start" | "use-change" => {
            return vec![
                ("circuit_kind", "ip_vpn_ntt"),
                ("customer_id", "ＣＡＦ0123456789"),
                ("start_month", "2026-12"),
            ];
        }
        "certificate-issue" => vec![
            ("department", "医事課"),
            ("terminal_name", "みなと薬局2号機"),
            ("for_eligibility", "on"),
            ("for_billing", "on"),
        ],
        "certificate-revocation" => {
            vec![("serial", SERIAL), ("reason", "cessation_of_operation"), ("understood", "on")]
        }
        "succession" => {
            vec![("predecessor_code", OTHER), ("date", "令和8年11月22日"), ("owner", "医療法人社団みなと会")]
        }
        "code-change" => vec![("new_code", "1319990038"), ("date", "2026-11-22")],
        "customer-id-change" => vec![("customer_id", "COP9876543210"), ("date", "2026-11-22")],
        other => panic!("{other}"),
    };
    fields.extend(contact);
    fields
}

/// Fills in and goes on to the confirmation; its page.
pub(crate) async fn confirmed(clinic: &Browser, kind: &str, fields: &[(&str, &str)]) -> (String, Page) {
    let form = clinic.get(&format!("/applications/{kind}")).await;
    assert_eq!(form.status, 200, "{kind}: {}", form.text);
    let (id, version) = (form.hidden("id"), form.hidden("version"));
    let mut all = vec![("id", id.as_str()), ("version", version.as_str()), ("action", "confirm")];
    all.extend(fields);
    let next = clinic.post(&format!("/applications/{kind}"), &all).await;
    assert_eq!(next.status, 303, "{kind}: {}", next.text);
    let place = next.to().trim_end_matches("/confirm").to_owned();
    (place, clinic.get(next.to()).await)
}

/// Hands an application in; its place.
pub(crate) async fn handed_in(clinic: &Browser, kind: &str, fields: &[(&str, &str)]) -> String {
    let (place, page) = confirmed(clinic, kind, fields).await;
    let read = [("revision", &*page.hidden("revision")), ("version", &*page.hidden("version"))];
    let done = clinic.post(&format!("{place}/submit"), &read).await;
    assert_eq!(done.to(), format!("{place}/submitted"));
    place
}

/// The operator's address of an application.
pub(crate) fn desk(code: &str, place: &str) -> String {
    format!("/applications/{code}/{}", place.rsplit('/').next().expect("an id"))
}

pub(crate) async fn decide(operator: &Browser, at: &str, decision: &str, reason: &str) -> Page {
    let page = operator.get(at).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let (revision, checks) = (page.hidden("revision"), page.shown_checks());
    let fields = [("revision", &*revision), ("checks", &*checks), ("decision", decision), ("reason", reason)];
    operator.post(&format!("{at}/decide"), &fields).await
}

/// A certificate the clinic may revoke.
async fn certificate(sites: &Sites) {
    let institution_code = InstitutionCode::parse(CLINIC).expect("a code");
    let now = sites.clock.now();
    let reservation = Reservation {
        serial: SERIAL.to_owned(),
        institution_code: CLINIC.to_owned(),
        order_id: "order".to_owned(),
        purpose: "terminal",
        key_fingerprint: "aa".repeat(32),
        at: now,
    };
    sites.store.reserve_serial(reservation).await.expect("reserves");
    let certificate = NewCertificate {
        institution_code,
        serial: SERIAL.to_owned(),
        order_id: "order".to_owned(),
        fingerprint: "bb".repeat(32),
        key_fingerprint: "aa".repeat(32),
        terminal_name: "みなと薬局1号機".to_owned(),
        uses: CertificateUses::EligibilityAndBilling,
        certificate: vec![0x30, 0],
        not_before: now,
        not_after: eligibility::Instant(now.0 + 1000 * 24 * 60 * 60 * 1000),
        issued_at: now,
        predecessor: None,
        retrieval_number: None,
        actor: "system".to_owned(),
    };
    sites.store.keep_certificate(certificate).await.expect("keeps");
}

async fn every_kind_goes_from_draft_to_completed(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    sites.institution(OTHER, "旧みなと薬局").await;
    certificate(&sites).await;
    let (sato, tanaka) = (
        sites.operator("sato", OperatorRole::Reviewer).await,
        sites.operator("tanaka", OperatorRole::Reviewer).await,
    );
    for (kind, two) in [
        ("use-start", false),
        ("use-change", false),
        ("certificate-issue", true),
        ("certificate-revocation", false),
        ("succession", true),
        ("code-change", true),
        ("customer-id-change", false),
    ] {
        let place = handed_in(&clinic, kind, &filled(kind)).await;
        let received = clinic.get(&format!("{place}/submitted")).await;
        received.has("受付番号 1319990012-000").has("マイメニュー");
        clinic.get(&place).await.has("審査中").has("申請を受け付けました。");
        let at = desk(CLINIC, &place);
        let first = decide(&sato, &at, "approve", "").await;
        assert_eq!(first.status, 303, "{kind}: {}", first.text);
        if two {
            sato.get(&at)
                .await
                .has("1人目承認済み")
                .has("1人目として承認済みです。")
                .lacks("value=\"approve\"");
            clinic.get(&place).await.has("審査中").lacks("1人目").lacks("sato");
            assert_eq!(decide(&tanaka, &at, "approve", "").await.status, 303, "{kind}");
        }
        clinic.get(&place).await.has("承認").lacks("sato");
        if kind.starts_with("certificate") {
            let kind = if kind == "certificate-issue" {
                ApplicationKind::CertificateIssue
            } else {
                ApplicationKind::CertificateRevocation
            };
            let waiting = sites.store.approved_applications(kind, 10).await.expect("reads");
            assert_eq!(waiting.len(), 1);
            let (institution, id) = (&waiting[0].institution, &waiting[0].id);
            sites.store.complete_application(institution, id, sites.clock.now()).await.expect("writes");
        } else {
            assert_eq!(sites.carry_out().await, 1, "{kind}");
        }
        clinic.get(&place).await.has("完了").has("手続きが完了しました。").lacks("取り下げる");
    }
    clinic.get("/applications/certificate-renewal").await.has("電子証明書更新申請サイト");
    let mine = clinic.get("/applications").await;
    mine.has("オンライン資格確認利用開始・変更申請（利用開始）")
        .has("お客さまID変更申請")
        .has("通知書をダウンロードする");
    let line = sites.store.line_of(&InstitutionCode::parse(CLINIC).expect("a code")).await.expect("reads");
    assert_eq!(
        line.and_then(|line| line.customer_id).map(|id| id.to_string()).as_deref(),
        Some("COP9876543210")
    );
}

async fn thirty_two_clicks_hand_in_once(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    // One form sent many times is one draft; one confirmation sent many times is one application.
    let form = clinic.get("/applications/certificate-issue").await;
    let id = form.hidden("id");
    let clicks: Vec<_> = (0..32)
        .map(|_| {
            let (clinic, id) = (clinic.clone(), id.clone());
            tokio::spawn(async move {
                let mut all = vec![("id", id.as_str()), ("version", ""), ("action", "confirm")];
                all.extend(filled("certificate-issue"));
                clinic.post("/applications/certificate-issue", &all).await
            })
        })
        .collect();
    for click in clicks {
        assert_eq!(click.await.expect("runs").to(), format!("/applications/certificate-issue/{id}/confirm"));
    }
    let place = format!("/applications/certificate-issue/{id}");
    let page = clinic.get(&format!("{place}/confirm")).await;
    let (revision, version) = (page.hidden("revision"), page.hidden("version"));
    let clicks: Vec<_> = (0..32)
        .map(|_| {
            let (clinic, place, revision, version) =
                (clinic.clone(), place.clone(), revision.clone(), version.clone());
            tokio::spawn(async move {
                let read = [("revision", revision.as_str()), ("version", version.as_str())];
                clinic.post(&format!("{place}/submit"), &read).await
            })
        })
        .collect();
    for click in clicks {
        assert_eq!(click.await.expect("runs").to(), format!("{place}/submitted"));
    }
    let code = InstitutionCode::parse(CLINIC).expect("a code");
    let mine = sites.store.applications_of(&code).await.expect("reads");
    assert_eq!(mine.len(), 1);
    let happened: Vec<_> = mine[0].application.history.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(happened, ["submit", "checked"]);
    assert_eq!(mine[0].reception_number.as_deref(), Some("1319990012-0001"));
    // One mail for the registration, one for the application.
    assert_eq!(sites.store.mails_waiting().await.expect("reads").count, 2);
}

async fn faults_stand_at_their_fields_and_the_draft_stays(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let form = clinic.get("/applications/certificate-issue").await;
    form.has("※オンライン資格確認端末とオンライン請求用端末を兼用する場合、電子証明書は共通になります。");
    let id = form.hidden("id");
    let typed = [
        ("id", id.as_str()),
        ("version", ""),
        ("action", "confirm"),
        ("department", "医事課"),
        ("phone", "12"),
        ("terminal_name", "<b>1号機</b>"),
    ];
    let faulty = clinic.post("/applications/certificate-issue", &typed).await;
    assert_eq!(faulty.status, 422);
    faulty
        .has("id=\"phone-error\"")
        .has("aria-describedby=\"phone-hint phone-error\"")
        .has("href=\"#contact_name\"");
    faulty
        .has("電話番号の形式が正しくありません。")
        .has("端末の用途が選ばれていません。")
        .has("value=\"医事課\"");
    faulty.lacks("<b>1号機").has("1号機");
    // Opened anew and filled in the same, it is the same draft.
    let anew = clinic.get("/applications/certificate-issue").await.hidden("id");
    let mut same = typed;
    same[0].1 = &anew;
    let faulty = clinic.post("/applications/certificate-issue", &same).await;
    assert_eq!((faulty.status, faulty.hidden("id")), (422, id.clone()));
    assert_eq!(clinic.get("/applications").await.text.matches("続きを入力する").count(), 1);
    // It is kept, and listed as a draft.
    clinic.get("/applications").await.has("下書き").has("続きを入力する");
    let place = format!("/applications/certificate-issue/{id}");
    let kept = clinic.get(&format!("{place}/edit")).await;
    kept.has("value=\"医事課\"").has("value=\"12\"");
    let version = kept.hidden("version");
    let saved =
        [("id", id.as_str()), ("version", version.as_str()), ("action", "save"), ("department", "薬剤部")];
    let next = clinic.post("/applications/certificate-issue", &saved).await;
    clinic.get(next.to()).await.has("下書きを保存しました。").has("value=\"薬剤部\"");
    // The page that was opened before does not write over it unasked.
    let stale =
        [("id", id.as_str()), ("version", version.as_str()), ("action", "save"), ("department", "総務部")];
    let told = clinic.post("/applications/certificate-issue", &stale).await;
    assert_eq!(told.status, 409);
    told.has("別の画面で保存されています").has("value=\"総務部\"");
    let again = [
        ("id", id.as_str()),
        ("version", &*told.hidden("version")),
        ("action", "save"),
        ("department", "総務部"),
    ];
    assert_eq!(clinic.post("/applications/certificate-issue", &again).await.status, 303);
    // Not complete, so it is not handed in whatever is sent.
    let submit = [("revision", "0"), ("version", "3")];
    assert_eq!(clinic.post(&format!("{place}/submit"), &submit).await.status, 422);
    let long = "あ".repeat(3000);
    let too_long = [("id", &*id), ("version", "3"), ("action", "save"), ("department", &*long)];
    clinic.post("/applications/certificate-issue", &too_long).await.has("入力が長すぎる");
}

async fn a_returned_application_is_corrected_and_handed_in_again(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let tanaka = sites.operator("tanaka", OperatorRole::Reviewer).await;
    let place = handed_in(&clinic, "certificate-issue", &filled("certificate-issue")).await;
    let at = desk(CLINIC, &place);
    decide(&tanaka, &at, "approve", "").await;
    let opened_before = sato.get(&at).await;
    let without_reason = decide(&sato, &at, "return", " ").await;
    assert_eq!(without_reason.status, 422);
    without_reason.has("理由を400文字以内で入力してください。");
    assert_eq!(decide(&sato, &at, "return", "端末名称を確認してください。").await.status, 303);
    let page = clinic.get(&place).await;
    page.has("差戻し").has("端末名称を確認してください。").has("修正して再申請する");
    let form = clinic.get(&format!("{place}/edit")).await;
    form.has("差戻しの理由").has("value=\"みなと薬局2号機\"");
    let (id, version) = (form.hidden("id"), form.hidden("version"));
    let mut all = vec![("id", id.as_str()), ("version", version.as_str()), ("action", "confirm")];
    all.extend(filled("certificate-issue").into_iter().filter(|(name, _)| *name != "terminal_name"));
    all.push(("terminal_name", "みなと薬局受付1号機"));
    let next = clinic.post("/applications/certificate-issue", &all).await;
    let page = clinic.get(next.to()).await;
    let read = [("revision", &*page.hidden("revision")), ("version", &*page.hidden("version"))];
    clinic.post(&format!("{place}/submit"), &read).await;
    clinic.get(&place).await.has("再申請を受け付けました。").has("受付番号 <strong>1319990012-0001");
    // A page that was opened before shows another revision: its decision is not taken.
    let revision = opened_before.hidden("revision");
    let stale = [("revision", revision.as_str()), ("decision", "approve")];
    let told = sato.post(&format!("{at}/decide"), &stale).await;
    assert_eq!(told.status, 409);
    told.has("画面を開いた後に内容が変わりました。");
    // The first approval was of the first revision.
    sato.get(&at).await.has("状態 <strong>審査中</strong>").has("版</dt><dd>2");
}

async fn a_withdrawn_application_is_over_for_everybody(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let place = handed_in(&clinic, "use-start", &filled("use-start")).await;
    let at = desk(CLINIC, &place);
    let opened = sato.get(&at).await;
    assert_eq!(clinic.post(&format!("{place}/withdraw"), &[]).await.to(), place);
    assert_eq!(clinic.post(&format!("{place}/withdraw"), &[]).await.to(), place);
    clinic.get(&place).await.has("取下げ").lacks("この申請を取り下げる");
    let late = [("revision", &*opened.hidden("revision")), ("decision", "approve")];
    let told = sato.post(&format!("{at}/decide"), &late).await;
    assert_eq!(told.status, 409);
    told.has("現在の状態（取下げ）では、この操作はできません。");
    // What was decided cannot be taken back any more.
    let place = handed_in(&clinic, "use-start", &filled("use-start")).await;
    decide(&sato, &desk(CLINIC, &place), "approve", "").await;
    let late = clinic.post(&format!("{place}/withdraw"), &[]).await;
    clinic.get(late.to()).await.has("取り下げられませんでした");
}

async fn nobody_reads_or_moves_what_is_another_institutions(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let thief = sites.institution(OTHER, "よその薬局").await;
    let code = InstitutionCode::parse(CLINIC).expect("a code");
    let place = handed_in(&clinic, "certificate-issue", &filled("certificate-issue")).await;
    let (draft, _) = confirmed(&clinic, "use-start", &filled("use-start")).await;
    let before = sites.store.applications_of(&code).await.expect("reads");
    for place in [&place, &draft] {
        for way in ["", "/edit", "/confirm", "/submitted"] {
            assert_eq!(thief.get(&format!("{place}{way}")).await.status, 404, "{place}{way}");
            // Not even its owner reaches it under another kind.
            let other = place.replace("certificate-issue", "code-change").replace("use-start", "use-change");
            assert_eq!(clinic.get(&format!("{other}{way}")).await.status, 404, "{other}{way}");
        }
        for (way, fields) in [
            ("/submit", &[("revision", "0"), ("version", "1")][..]),
            ("/withdraw", &[]),
            ("/account-sheet", &[("sheets", "0")]),
        ] {
            assert_eq!(thief.post(&format!("{place}{way}"), fields).await.status, 404, "{place}{way}");
            let stranger = Sites::stranger(&clinic).post(&format!("{place}{way}"), fields).await;
            assert_eq!((stranger.status, stranger.to()), (303, "/sign-in"));
        }
        let id = place.rsplit('/').next().expect("an id");
        let kind = place.split('/').nth(2).expect("a kind");
        let mut all = vec![("id", id), ("version", "1"), ("action", "save")];
        all.extend(filled(kind));
        assert_eq!(thief.post(&format!("/applications/{kind}"), &all).await.status, 404);
    }
    assert_eq!(sites.store.applications_of(&code).await.expect("reads"), before);
    thief.get("/applications").await.has("申請はまだありません").lacks("みなと薬局2号機");
}

async fn what_can_only_be_rejected_is_not_handed_in(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let first = handed_in(&clinic, "use-start", &filled("use-start")).await;
    let (_, again) = confirmed(&clinic, "use-start", &filled("use-start")).await;
    assert_eq!(again.status, 409);
    again.has("同じ種類の申請が、ほかに手続き中です。").lacks("/submit\"");
    decide(&sato, &desk(CLINIC, &first), "approve", "").await;
    let (_, again) = confirmed(&clinic, "use-start", &filled("use-start")).await;
    assert_eq!(again.status, 409);
    again.has("利用開始はすでに承認されています。").lacks("/submit\"");
    // What is used now stands in the form that changes it.
    let change = clinic.get("/applications/use-change").await;
    change.has("value=\"ip_vpn_ntt\" checked").has("CAF").has("現在の内容が入力されています。");
}

/// The letters' fonts, as the packages fonts-morisawa-bizud-gothic and fonts-noto-cjk install them.
pub(crate) fn sheets() -> Arc<SheetMaker> {
    let bizud = PathBuf::from("/usr/share/fonts/truetype/bizud-gothic");
    let noto = PathBuf::from("/usr/share/fonts/opentype/noto");
    let files = FontFiles {
        regular: bizud.join("BIZUDPGothic-Regular.ttf"),
        bold: bizud.join("BIZUDPGothic-Bold.ttf"),
        fallback: vec![noto.join("NotoSansCJK-Regular.ttc")],
        bold_fallback: vec![noto.join("NotoSansCJK-Bold.ttc")],
    };
    let fonts = FontsOnDemand::new(files);
    let fonts = fonts.expect("apt-get install fonts-morisawa-bizud-gothic fonts-noto-cjk");
    Arc::new(SheetMaker {
        fonts,
        passwords: server::web::password::Passwords::new().expect("randomness"),
        sender: "架空オンライン資格確認 運用窓口".to_owned(),
        contact: "電話 0120-000-000（平日 9:00〜17:00）".to_owned(),
        login_site: Some("https://web.example.jp/".to_owned()),
        environment: pki::letter::Environment::Production,
    })
}

async fn a_sheet_is_made_once_a_click_and_its_password_is_kept_nowhere(engine: Engine) {
    let sites = Sites::with_sheets(engine, Some(sheets())).await;
    let clinic = sites.institution(CLINIC, "𠮷辻󠄀薬局").await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let place = handed_in(&clinic, "use-start", &filled("use-start")).await;
    let sheet = format!("{place}/account-sheet");
    assert_eq!(clinic.post(&sheet, &[("sheets", "0")]).await.status, 404);
    decide(&sato, &desk(CLINIC, &place), "approve", "").await;
    sites.carry_out().await;
    let offer = clinic.get(&place).await;
    offer.has("通知書をダウンロードする").has("7日以内に最初のログインをしてください");
    offer.has("M1319990012").has("マスタアカウント").has("a1319990012").has("医療機関等管理者アカウント");
    let clicks: Vec<_> = (0..4)
        .map(|_| {
            let (clinic, sheet) = (clinic.clone(), sheet.clone());
            tokio::spawn(async move { clinic.post(&sheet, &[("sheets", "0")]).await })
        })
        .collect();
    let mut sheets = Vec::new();
    for click in clicks {
        let page = click.await.expect("runs");
        match page.status {
            200 => sheets.push(page),
            409 => {
                page.has("すでに作成されています");
            }
            other => panic!("{other}: {}", page.text),
        }
    }
    assert_eq!(sheets.len(), 1);
    assert_eq!(sheets[0].headers["content-type"], "application/zip");
    let mut zip = zip::ZipArchive::new(Cursor::new(sheets[0].bytes.clone())).expect("a ZIP");
    let mut pdf = Vec::new();
    let mut file = zip.by_index(0).expect("a file");
    assert_eq!(file.name().expect("a name"), "通知書_1319990012_20261122.pdf");
    file.read_to_end(&mut pdf).expect("reads");
    assert!(pdf.starts_with(b"%PDF-"));
    clinic.get(&place).await.has("通知書は作成済みです（1回）。");
    assert_eq!(clinic.post(&sheet, &[("sheets", "1")]).await.status, 200);
}
