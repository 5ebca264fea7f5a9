//! The operator's side: four eyes that nobody goes round, roles, long queues, who approved what.

use eligibility::account::{LockoutDecision, OperatorRole};
use eligibility::institution::InstitutionCode;
use eligibility::line::{CircuitKind, CustomerId};
use server::web::guess::Guess;
use store::{Audience, LineRegistration, NewLine};
use testkit::system::Engine;

use crate::applications::{decide, desk, filled, handed_in};
use crate::on_both_engines;
use crate::sites::{Browser, Page, Sites};

on_both_engines! {
    four_eyes_are_two_people
    every_role_does_what_it_may
    two_hundred_applications_are_read_page_by_page
    who_approved_what_is_found_by_institution
    notices_are_published_once
    a_closed_account_is_out_at_once
    a_locked_account_is_freed_by_another
    who_applied_is_shown_by_mail_address
    a_line_that_cannot_be_registered_is_shown_with_its_remedy
    an_operators_session_ends_after_ten_minutes_without_a_click
}

const CLINIC: &str = "1319990012";

async fn approve(operator: &Browser, at: &str) -> Page {
    let checks = operator.get(at).await.shown_checks();
    let fields = [("revision", "1"), ("checks", &*checks), ("decision", "approve")];
    operator.post(&format!("{at}/decide"), &fields).await
}

async fn an_operators_session_ends_after_ten_minutes_without_a_click(engine: Engine) {
    let minutes = |minutes: u64| std::time::Duration::from_secs(minutes * 60);
    let sites = Sites::open(engine).await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    for _ in 0..3 {
        sites.hands.advance(minutes(9));
        assert_eq!(sato.get("/queues").await.status, 200);
    }
    sites.hands.advance(minutes(10));
    let over = sato.get("/queues").await;
    assert_eq!(over.status, 303, "{}", over.text);
    // Who is of an institution has half an hour.
    let clinic = sites.institution(CLINIC, "見本坂内科").await;
    sites.hands.advance(minutes(29));
    assert_eq!(clinic.get("/applications").await.status, 200);
}

async fn four_eyes_are_two_people(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let role = OperatorRole::Reviewer;
    let sato = sites.operator("sato", role).await;
    let sato_elsewhere = sites.operator_again("sato", role).await;
    // The clinic's own person works for the operator too, under the same address in other letters.
    let own = sites.operator_under("hanako", role, &format!("OFFICE@C{CLINIC}.example")).await;
    for kind in ["certificate-issue", "succession", "code-change"] {
        let place = match kind {
            "certificate-issue" => handed_in(&clinic, kind, &filled(kind)).await,
            "succession" => {
                sites.institution("1319990020", "旧みなと薬局").await;
                handed_in(&clinic, kind, &filled(kind)).await
            }
            _ => {
                // A code changes only where use was approved.
                let start = handed_in(&clinic, "use-start", &filled("use-start")).await;
                decide(&sato, &desk(CLINIC, &start), "approve", "").await;
                sites.carry_out().await;
                handed_in(&clinic, kind, &filled(kind)).await
            }
        };
        let at = desk(CLINIC, &place);
        let told = approve(&own, &at).await;
        assert_eq!(told.status, 409);
        told.has("ご自身が申請したものは審査できません。");
        let clicks: Vec<_> = (0..16)
            .map(|number| {
                let by = if number % 2 == 0 { sato.clone() } else { sato_elsewhere.clone() };
                let at = at.clone();
                tokio::spawn(async move { approve(&by, &at).await.status })
            })
            .collect();
        let mut taken = 0;
        for click in clicks {
            match click.await.expect("runs") {
                303 => taken += 1,
                409 => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(taken, 1, "{kind}");
        let told = approve(&sato_elsewhere, &at).await;
        told.has("1人目として承認済みです。2人目の承認は別の担当者が行ってください。");
        sato.get(&at).await.has("審査中（1人目承認済み）");
        assert_eq!(approve(&own, &at).await.status, 409);
        clinic.get(&place).await.has("審査中");
    }
}

async fn every_role_does_what_it_may(engine: Engine) {
    use OperatorRole as Role;
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let place = handed_in(&clinic, "use-start", &filled("use-start")).await;
    let at = desk(CLINIC, &place);
    let registrant = format!("/registrants/{CLINIC}");
    let application = [Role::Reviewer, Role::LineKeeper, Role::Auditor];
    let history = [Role::Reviewer, Role::Administrator, Role::Auditor];
    let reads: [(&str, &[Role]); 9] = [
        ("/", Role::ALL),
        ("/queues", &application),
        ("/queues/use-start", &application),
        (&at, &application),
        ("/registrants", &application),
        (&registrant, &application),
        ("/history", &history),
        ("/letters", &[Role::Reviewer, Role::PostRoom]),
        ("/accounts", &[Role::Administrator]),
    ];
    let writes: [(String, &[Role]); 7] = [
        (format!("{at}/decide"), &[Role::Reviewer]),
        (format!("/letters/{CLINIC}/none/post"), &[Role::PostRoom]),
        (format!("{registrant}/prove"), &[Role::Reviewer]),
        (format!("{registrant}/stop"), &[Role::Reviewer]),
        ("/notices".to_owned(), &[Role::Reviewer]),
        ("/accounts/nobody/close".to_owned(), &[]),
        ("/accounts/nobody/unlock".to_owned(), &[]),
    ];
    for role in Role::ALL {
        let name = role.name().replace('_', "-");
        let operator = sites.operator(&name, *role).await;
        for (path, allowed) in &reads {
            let expected = if allowed.contains(role) { 200 } else { 404 };
            let page = operator.get(path).await;
            assert_eq!(page.status, expected, "{role:?} {path}");
            let told = page.text.contains("この画面を使えるのは、権限が「");
            assert_eq!(told, expected == 404, "{role:?} {path}: {}", page.text);
            assert_eq!(Sites::stranger(&operator).get(path).await.status, 303, "{path}");
        }
        for (path, allowed) in &writes {
            // Incomplete on purpose: who may gets as far as the form.
            let status = operator.post(path, &[]).await.status;
            let seen = if status == 404 { &[][..] } else { allowed };
            assert_eq!(seen.contains(role), allowed.contains(role), "{role:?} {path}: {status}");
            assert_eq!(Sites::stranger(&operator).post(path, &[]).await.status, 303, "{path}");
        }
    }
    // A session of the portal is nothing here, and the other way round.
    let crossed =
        Browser { cookie: clinic.cookie.clone(), ..sites.operator("crossed", Role::Reviewer).await };
    assert_eq!(crossed.get("/queues").await.status, 303);
    // Drafts and made-up ids are not there.
    let reviewer = sites.operator_again("reviewer", Role::Reviewer).await;
    let (draft, _) = crate::applications::confirmed(&clinic, "code-change", &filled("code-change")).await;
    for path in [desk(CLINIC, &draft), "/applications/1319990012/x".to_owned(), "/queues/x".to_owned()] {
        assert_eq!(reviewer.get(&path).await.status, 404, "{path}");
    }
}

async fn two_hundred_applications_are_read_page_by_page(engine: Engine) {
    let sites = Sites::open(engine).await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    for number in 1..=200 {
        sites.hands.advance(std::time::Duration::from_millis(1));
        let name = format!("{number}号機");
        let mut fields = filled("certificate-issue");
        for field in &mut fields {
            if field.0 == "terminal_name" {
                field.1 = &name;
            }
        }
        handed_in(&clinic, "certificate-issue", &fields).await;
    }
    sato.get("/queues").await.has(">200</td>");
    let mut path = "/queues/certificate-issue".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = sato.get(&path).await;
        assert_eq!(page.status, 200);
        let numbers = page.text.split("\">1319990012-").skip(1).filter_map(|rest| rest.get(..4));
        seen.extend(numbers.map(str::to_owned));
        let Some((_, next)) = page.text.split_once("second\" href=\"/queues/certificate-issue?after=") else {
            break;
        };
        path = format!("/queues/certificate-issue?after={}", next.split('"').next().expect("an end"));
    }
    let all: Vec<_> = (1..=200).map(|number| format!("{number:04}")).collect();
    assert_eq!(seen, all);
    for wrong in ["x", "1.2.3", "1.1319990012.x"] {
        assert_eq!(sato.get(&format!("/queues/certificate-issue?after={wrong}")).await.status, 404);
    }
}

async fn who_approved_what_is_found_by_institution(engine: Engine) {
    let sites = Sites::open(engine).await;
    let (sato, auditor) = (
        sites.operator("sato", OperatorRole::Reviewer).await,
        sites.operator("kansa", OperatorRole::Auditor).await,
    );
    auditor.get("/history").await.has("記録はありません");
    for (code, decision) in [(CLINIC, "approve"), ("1319990020", "reject")] {
        let clinic = sites.institution(code, "みなと薬局").await;
        let fields = [("circuit_kind", "ipsec_ike"), ("start_month", "")];
        let place = handed_in(&clinic, "use-start", &fields).await;
        sites.hands.advance(std::time::Duration::from_secs(60));
        let decided = decide(&sato, &desk(code, &place), decision, "書類が確認できません。").await;
        assert_eq!(decided.status, 303, "{}", decided.text);
    }
    let all = auditor.get("/history").await;
    all.has("審査担当 sato：承認（審査中→承認）").has("審査担当 sato：却下（審査中→却下）");
    let one = auditor.get("/history?institution=1319990020").await;
    one.has("却下（審査中→却下）")
        .has("書類が確認できません。")
        .has("1319990020-0001")
        .lacks("承認（審査中→承認）");
    auditor.get("/history?institution=1319990038").await.has("この医療機関コードの申請はありません。");
    assert_eq!(auditor.get("/history?institution=12").await.status, 422);
}

async fn notices_are_published_once(engine: Engine) {
    let sites = Sites::open(engine).await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let page = sato.get("/notices").await;
    let id = page.hidden("id");
    let fields = [
        ("id", id.as_str()),
        ("title", "年末年始の受付について"),
        ("body", "<b>12月29日</b>から"),
        ("important", "on"),
    ];
    let wrong = sato.post("/notices", &[("id", &*id), ("title", " "), ("body", "x")]).await;
    assert_eq!(wrong.status, 422);
    for _ in 0..2 {
        assert_eq!(sato.post("/notices", &fields).await.to(), "/notices");
    }
    let now = sites.clock.now();
    let shown = sites.store.notices(now).await.expect("reads");
    assert_eq!((shown.len(), shown[0].important), (1, true));
    sato.get("/notices").await.has("年末年始の受付について").has("公開中");
    sato.post(&format!("/notices/{id}/withdraw"), &[]).await;
    assert_eq!(sites.store.notices(now).await, Ok(vec![]));
}

async fn who_applied_is_shown_by_mail_address(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let place = handed_in(&clinic, "use-start", &filled("use-start")).await;
    let page = sato.get(&desk(CLINIC, &place)).await;
    page.has(&format!("申請者 office@c{CLINIC}.example：申請")).lacks(&format!("account-{CLINIC}"));
}

async fn a_line_that_cannot_be_registered_is_shown_with_its_remedy(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let other = async |circuit| {
        let line = NewLine {
            institution_code: InstitutionCode::parse("1319990020").expect("a code"),
            circuit,
            customer_id: CustomerId::parse("CAF0123456789").ok(),
            prefixes: None,
            shared: true,
        };
        sites.store.register_line(line, "test", sites.clock.now()).await.expect("writes")
    };
    assert_eq!(other(CircuitKind::IpsecIke).await, LineRegistration::Done);
    let place = handed_in(&clinic, "use-start", &filled("use-start")).await;
    let at = desk(CLINIC, &place);
    assert_eq!(decide(&sato, &at, "approve", "").await.status, 303);
    sato.get(&at).await.lacks("手続きが止まって");
    assert_eq!(sites.carry_out().await, 0);
    for page in [sato.get(&at).await, sato.get("/queues").await] {
        page.has("手続きが止まって")
            .has("回線種別またはアドレスが異なります。")
            .has("自動的に手続きを再開します。");
    }
    clinic.get(&place).await.has("承認").lacks("ほかの医療機関等");
    assert_eq!(other(CircuitKind::IpVpnNtt).await, LineRegistration::Done);
    assert_eq!(sites.carry_out().await, 1);
    sato.get(&at).await.lacks("手続きが止まって").has("完了");
    sato.get("/queues").await.lacks("手続きが止まって");
}

async fn a_closed_account_is_out_at_once(engine: Engine) {
    let sites = Sites::open(engine).await;
    let clinic = sites.institution(CLINIC, "みなと薬局").await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let head = sites.operator("kanri", OperatorRole::Administrator).await;
    let place = handed_in(&clinic, "use-start", &filled("use-start")).await;
    let at = desk(CLINIC, &place);
    assert_eq!(sato.get(&at).await.status, 200);
    head.get("/accounts").await.has("sato@operator.example").has("審査担当");
    assert_eq!(head.post("/accounts/kanri/close", &[]).await.status, 404);
    assert_eq!(head.post("/accounts/sato/close", &[]).await.to(), "/accounts");
    assert_eq!(sato.get(&at).await.status, 303);
    // Even a session that was made behind the account's back decides nothing.
    let ghost = sites.operator_again("sato", OperatorRole::Reviewer).await;
    assert_eq!(approve(&ghost, &at).await.status, 404);
}

async fn a_locked_account_is_freed_by_another(engine: Engine) {
    let sites = Sites::open(engine).await;
    let sato = sites.operator("sato", OperatorRole::Reviewer).await;
    let head = sites.operator("kanri", OperatorRole::Administrator).await;
    let now = sites.clock.now();
    let places = Guess::places_of(&sites.store, Audience::Operator, "sato", "sato").await.expect("reads");
    for place in &places {
        while sites.store.take_attempt(vec![place.clone()], now).await.expect("writes")
            == LockoutDecision::Allowed
        {}
    }
    head.get("/accounts").await.has("ロック中");
    // Who may not do it is in the log.
    assert_eq!(sato.post("/accounts/sato/unlock", &[]).await.status, 404);
    assert_eq!(head.post("/accounts/sato/unlock", &[]).await.to(), "/accounts");
    head.get("/accounts").await.lacks("ロック中");
    for place in places {
        let decision = sites.store.take_attempt(vec![place], now).await.expect("writes");
        assert_eq!(decision, LockoutDecision::Allowed);
    }
    let dump = sites.audit_dump().await;
    for (actor, outcome) in [("operator:sato", "denied:role"), ("operator:kanri", "done")] {
        let told = |line: &str| line.contains(actor) && line.contains(&format!("\"{outcome}\""));
        assert!(dump.lines().any(told), "{actor} {outcome}");
    }
}
