//! Applications: one effect per click, two pairs of eyes, nobody else's.

use eligibility::{
    account::{MailAddress, OperatorRole, PortalRole},
    application::{
        Actor, ApplicationForm, ApplicationKind, ApplicationState as S, CertificateForm, Finding,
        FindingCode, Refused, Side, SuccessionForm, UseForm,
    },
    institution::InstitutionCode,
};
use store::{
    AccountSheetIssue, Acted, ApplicationId, CarriedOut, DRAFTS_LIMIT, Decision, Institution, NewDraft,
    NewSheet, QueueFrom, Saved, SheetAccount, Store, StoredApplication,
};

use crate::{
    databases::{Database, on_every_database},
    people::*,
    registrants::{prove, register},
};

on_every_database!(
    a_draft_is_kept_as_typed_and_changed_by_who_saw_it,
    many_clicks_hand_in_once,
    two_different_people_approve_a_certificate,
    one_operator_in_many_sessions_is_one_pair_of_eyes,
    an_old_revision_is_not_decided_about,
    what_waits_is_paged_oldest_first,
    another_institution_has_no_such_application,
    use_begins_once_and_its_sheet_is_made_once,
    what_changed_since_is_found_before_it_is_approved,
    nobody_approves_what_the_checks_did_not_show,
    a_successions_day_ends_the_predecessors_certificates,
);

pub(crate) fn id(number: u32) -> ApplicationId {
    ApplicationId::parse(&format!("01940000-0000-7000-8000-{number:012x}")).expect("a UUID")
}

pub(crate) fn clinic(number: u32) -> Actor {
    let institution = institution(number);
    let mail = MailAddress::parse(&format!("clinic{number}@minato.example")).ok();
    let account = format!("account-{number}");
    Actor { side: Side::Applicant { institution, role: PortalRole::Representative }, account, mail }
}

pub(crate) fn reviewer(name: &str) -> Actor {
    let mail = MailAddress::parse(&format!("{name}@operator.example")).ok();
    Actor { side: Side::Operator(OperatorRole::Reviewer), account: name.to_owned(), mail }
}

pub(crate) fn certificate(terminal: &str) -> ApplicationForm {
    ApplicationForm::CertificateIssue(CertificateForm {
        department: "医事課".to_owned(),
        contact_name: "𠮷辻󠄀　花子".to_owned(),
        phone: "03-0000-0000".to_owned(),
        terminal_name: terminal.to_owned(),
        for_eligibility: "on".to_owned(),
        for_billing: "on".to_owned(),
        ..CertificateForm::default()
    })
}

pub(crate) fn use_start() -> ApplicationForm {
    ApplicationForm::UseStart(UseForm {
        circuit_kind: "ip_vpn_ntt".to_owned(),
        customer_id: "CAF0123456789".to_owned(),
        start_month: "2026-12".to_owned(),
        ..UseForm::default()
    })
}

pub(crate) async fn known(store: &Store, number: u32) -> InstitutionCode {
    let code = institution(number);
    let named = Institution { code: code.clone(), name: "みなと薬局".to_owned() };
    store.put_institution(named).await.expect("writes");
    register(store, number, "みなと薬局", number).await;
    prove(store, number, &format!("account-{number}")).await;
    code
}

async fn saved(store: &Store, number: u32, of: u32, form: ApplicationForm) -> StoredApplication {
    let draft = NewDraft { id: id(number), form, by: clinic(of), seen: None, now: NOW };
    match store.save_draft(draft).await.expect("writes") {
        Saved::Saved(stored) => *stored,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn submitted(
    store: &Store,
    number: u32,
    of: u32,
    form: ApplicationForm,
) -> StoredApplication {
    let draft = saved(store, number, of, form).await;
    let seen = (draft.application.revision, draft.version);
    let when = at(i64::from(number));
    done(store.submit_application(&draft.id, seen, clinic(of), when).await.expect("writes"))
}

async fn submitted_as(store: &Store, draft: &StoredApplication, of: u32) {
    let seen = (draft.application.revision, draft.version);
    done(store.submit_application(&draft.id, seen, clinic(of), at(1)).await.expect("writes"));
}

pub(crate) fn done(acted: Acted) -> StoredApplication {
    match acted {
        Acted::Done(stored) => *stored,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn refused(acted: Acted) -> Refused {
    match acted {
        Acted::Refused(refused, _) => refused,
        other => panic!("{other:?}"),
    }
}

/// 承認 by somebody who sees what the automatic checks find at that moment.
pub(crate) const APPROVE: Decision = Decision::Approve(Vec::new());

pub(crate) async fn decide(store: &Store, of: u32, number: u32, decision: Decision, by: &str) -> Acted {
    decide_revision(store, of, number, 1, decision, by).await
}

async fn decide_revision(
    store: &Store,
    of: u32,
    number: u32,
    revision: u32,
    decision: Decision,
    by: &str,
) -> Acted {
    let (code, id) = (institution(of), id(number));
    let decision = match decision {
        Decision::Approve(_) => {
            let shown = store.findings_now((&code, &id), at(50)).await.expect("reads");
            Decision::Approve(shown.unwrap_or_default())
        }
        other => other,
    };
    store.decide_application((&code, &id), revision, decision, reviewer(by), at(50)).await.expect("writes")
}

async fn a_draft_is_kept_as_typed_and_changed_by_who_saw_it(db: Database) {
    let store = &db.store;
    let code = known(store, 1).await;
    let first = saved(store, 1, 1, certificate("")).await;
    assert_eq!((first.application.state, first.version), (S::Draft, 1));
    let change = |form, seen| NewDraft { id: id(1), form, by: clinic(1), seen, now: at(1) };
    let second = store.save_draft(change(certificate("受付1号機"), Some(1))).await.expect("writes");
    assert!(matches!(&second, Saved::Saved(stored) if stored.version == 2), "{second:?}");
    // The same click again, and a page that was opened before the change.
    let again = store.save_draft(change(certificate("受付1号機"), Some(1))).await.expect("writes");
    assert_eq!(again, second);
    let stale = store.save_draft(change(certificate("受付2号機"), Some(1))).await.expect("writes");
    assert!(matches!(&stale, Saved::ChangedElsewhere(kept) if kept.version == 2), "{stale:?}");
    let stranger = NewDraft { by: clinic(2), ..change(certificate("x"), Some(2)) };
    assert_eq!(store.save_draft(stranger).await, Ok(Saved::Unknown));
    let other_kind = store.save_draft(change(use_start(), Some(2))).await;
    assert_eq!(other_kind, Ok(Saved::Unknown));
    let kept = store.application(&code, &id(1)).await.expect("reads").expect("there");
    assert_eq!((kept.form, kept.version), (certificate("受付1号機"), 2));
    for number in 2..=u32::try_from(DRAFTS_LIMIT).expect("small") {
        saved(store, number, 1, certificate("")).await;
    }
    let one_more = NewDraft { id: id(999), ..change(certificate(""), None) };
    assert_eq!(store.save_draft(one_more).await, Ok(Saved::TooMany));
}

async fn many_clicks_hand_in_once(db: Database) {
    let store = &db.store;
    let code = known(store, 1).await;
    let draft = saved(store, 1, 1, use_start()).await;
    let clicks = (0..32).map(|_| {
        let (store, id) = (store.clone(), draft.id.clone());
        tokio::spawn(
            async move { store.submit_application(&id, (0, 1), clinic(1), at(5)).await.expect("writes") },
        )
    });
    let clicks: Vec<_> = clicks.collect();
    let mut effects = 0;
    for click in clicks {
        match click.await.expect("runs") {
            Acted::Done(_) => effects += 1,
            Acted::Refused(Refused::AlreadyDone, now) => {
                assert_eq!(now.reception_number.as_deref(), Some("1300000001-0001"));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(effects, 1);
    let stored = store.application(&code, &id(1)).await.expect("reads").expect("there");
    assert_eq!((stored.application.state, stored.application.revision), (S::Checking, 1));
    let happened: Vec<_> = stored.application.history.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(happened, ["submit", "checked"]);
    assert_eq!(store.mails_waiting().await.expect("reads").count, 2, "beside that of the registration");
    // A form with faults is not handed in, and what was read is not the page of long ago.
    let faulty = saved(store, 2, 1, certificate("")).await;
    let outcome = store.submit_application(&faulty.id, (0, 1), clinic(1), at(6)).await.expect("writes");
    assert!(matches!(outcome, Acted::Faulty(errors, _) if errors.of("terminal_name").is_some()));
    let change =
        NewDraft { id: id(2), form: certificate("1号機"), by: clinic(1), seen: Some(1), now: at(7) };
    store.save_draft(change).await.expect("writes");
    let outcome = store.submit_application(&faulty.id, (0, 1), clinic(1), at(8)).await.expect("writes");
    assert_eq!(refused(outcome), Refused::Changed);
}

async fn two_different_people_approve_a_certificate(db: Database) {
    let store = &db.store;
    let code = known(store, 1).await;
    submitted(store, 1, 1, certificate("1号機")).await;
    let kind = ApplicationKind::CertificateIssue;
    let first = done(decide(store, 1, 1, APPROVE, "sato").await);
    assert_eq!(first.application.state, S::FirstApproved);
    assert_eq!(store.approved_applications(kind, 10).await, Ok(vec![]));
    assert_eq!(refused(decide(store, 1, 1, APPROVE, "sato").await), Refused::SamePersonTwice);
    let second = done(decide(store, 1, 1, APPROVE, "tanaka").await);
    assert_eq!(second.application.state, S::Approved);
    let waiting = store.approved_applications(kind, 10).await.expect("reads");
    assert_eq!(waiting.len(), 1);
    assert_eq!(Some(&waiting[0].content), second.content.as_ref());
    assert!(matches!(store.complete_application(&code, &id(1), at(60)).await, Ok(Acted::Done(_))));
    let again = store.complete_application(&code, &id(1), at(61)).await.expect("writes");
    assert_eq!(refused(again), Refused::AlreadyDone);
    assert_eq!(store.approved_applications(kind, 10).await, Ok(vec![]));
    let decided = store.decisions(Some(code), None).await.expect("reads");
    let who: Vec<_> = decided.iter().map(|one| one.entry.by.account.as_str()).collect();
    assert_eq!(who, ["tanaka", "sato"]);
    assert_eq!(store.decisions(None, None).await.expect("reads"), decided);
}

async fn one_operator_in_many_sessions_is_one_pair_of_eyes(db: Database) {
    let store = &db.store;
    let code = known(store, 1).await;
    submitted(store, 1, 1, certificate("1号機")).await;
    let shown = store.findings_now((&code, &id(1)), at(9)).await.expect("reads").expect("it waits");
    // One person, two accounts under one mail address, many sessions at once.
    let twin = Actor { account: "sato-2".to_owned(), ..reviewer("sato") };
    let clicks: Vec<_> = (0..16)
        .map(|number| {
            let by = if number % 2 == 0 { reviewer("sato") } else { twin.clone() };
            let (store, code, decision) = (store.clone(), code.clone(), Decision::Approve(shown.clone()));
            tokio::spawn(async move {
                store.decide_application((&code, &id(1)), 1, decision, by, at(9)).await.expect("writes")
            })
        })
        .collect();
    let mut effects = 0;
    for click in clicks {
        match click.await.expect("runs") {
            Acted::Done(_) => effects += 1,
            other => assert_eq!(refused(other), Refused::SamePersonTwice),
        }
    }
    assert_eq!(effects, 1);
    let stored = store.application(&code, &id(1)).await.expect("reads").expect("there");
    assert_eq!((stored.application.state, stored.application.approvers.len()), (S::FirstApproved, 1));
    // The applicant's own mail address on the operator's side, in other letters.
    let own = Actor { mail: MailAddress::parse("Clinic1@MINATO.example").ok(), ..reviewer("suzuki") };
    let own = store.decide_application((&code, &id(1)), 1, APPROVE, own, at(10)).await.expect("writes");
    assert_eq!(refused(own), Refused::OwnApplication);
}

async fn an_old_revision_is_not_decided_about(db: Database) {
    let store = &db.store;
    let code = known(store, 1).await;
    submitted(store, 1, 1, certificate("1号機")).await;
    done(decide(store, 1, 1, APPROVE, "sato").await);
    let returned = done(
        decide(store, 1, 1, Decision::Return("端末名称を確認してください。".to_owned()), "tanaka").await,
    );
    assert_eq!(returned.application.state, S::Returned);
    let corrected = NewDraft {
        id: id(1),
        form: certificate("受付1号機"),
        by: clinic(1),
        seen: Some(returned.version),
        now: at(60),
    };
    let Ok(Saved::Saved(corrected)) = store.save_draft(corrected).await else { panic!("not saved") };
    let seen = (corrected.application.revision, corrected.version);
    let again = done(store.submit_application(&id(1), seen, clinic(1), at(70)).await.expect("writes"));
    assert_eq!(again.reception_number.as_deref(), Some("1300000001-0001"));
    assert_eq!((again.application.revision, again.application.approvers.len()), (2, 0));
    assert_eq!(refused(decide(store, 1, 1, APPROVE, "suzuki").await), Refused::Changed);
    // The first approval was of the first revision: both are asked again.
    let first = done(decide_revision(store, 1, 1, 2, APPROVE, "sato").await);
    assert_eq!(first.application.state, S::FirstApproved);
    let withdrawn = done(store.withdraw_application(&id(1), clinic(1), at(80)).await.expect("writes"));
    assert_eq!(withdrawn.application.state, S::Withdrawn);
    let late = decide_revision(store, 1, 1, 2, APPROVE, "tanaka").await;
    assert_eq!(refused(late), Refused::NotInThisState(S::Withdrawn));
    assert_eq!(store.application(&code, &id(1)).await.expect("reads").expect("there"), withdrawn);
}

async fn what_waits_is_paged_oldest_first(db: Database) {
    let store = &db.store;
    for number in 1..=23 {
        let of = number % 5 + 1;
        known(store, of).await;
        submitted(store, number, of, certificate(&format!("{number}号機"))).await;
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store
            .application_queue(ApplicationKind::CertificateIssue, after.take(), 10, NOW)
            .await
            .expect("reads");
        let Some(last) = page.last() else { break };
        let (submitted_at, institution) = (last.submitted_at, last.institution.clone());
        after = Some(QueueFrom { submitted_at, institution, id: last.id.clone() });
        seen.extend(page);
    }
    let order: Vec<_> = seen.iter().map(|entry| entry.id.clone()).collect();
    assert_eq!(order, (1..=23).map(id).collect::<Vec<_>>());
    assert_eq!(seen[0].institution_name.as_deref(), Some("みなと薬局"));
    let codes: Vec<_> = seen[0].findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::NotInUse]);
    let counts = store.application_counts().await.expect("reads");
    assert_eq!(
        counts.iter().map(|count| (count.state, count.count)).collect::<Vec<_>>(),
        [(S::Checking, 23)]
    );
    let handed_in = store.applications_handed_in(&institution(3), 50).await.expect("reads");
    assert_eq!(
        handed_in.iter().map(|entry| entry.id.clone()).collect::<Vec<_>>(),
        [22, 17, 12, 7, 2].map(id)
    );
}

async fn another_institution_has_no_such_application(db: Database) {
    let store = &db.store;
    known(store, 1).await;
    let draft = saved(store, 1, 1, certificate("1号機")).await;
    let other = institution(2);
    assert_eq!(store.application(&other, &draft.id).await, Ok(None));
    assert_eq!(store.applications_of(&other).await, Ok(vec![]));
    assert_eq!(store.submit_application(&draft.id, (0, 1), clinic(2), NOW).await, Ok(Acted::Unknown));
    assert_eq!(store.withdraw_application(&draft.id, clinic(2), NOW).await, Ok(Acted::Unknown));
    assert_eq!(decide(store, 2, 1, APPROVE, "sato").await, Acted::Unknown);
    // Nor has the operator any part in a draft.
    assert_eq!(decide(store, 1, 1, APPROVE, "sato").await, Acted::Unknown);
    assert_eq!(store.applications_handed_in(&institution(1), 50).await, Ok(vec![]));
}

/// Eight people ask for the sheet at once; how many of them get one.
async fn sheets_of_eight_clicks(store: &Store, code: &InstitutionCode) -> usize {
    let clicks: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            let sheet = NewSheet {
                accounts: sheet_accounts(code, &["M", "a"], &number.to_string()),
                seen_sheets: 0,
                password_until: at(1000),
                by: clinic(1),
                now: at(70),
            };
            tokio::spawn(async move { store.issue_account_sheet(sheet).await.expect("writes") })
        })
        .collect();
    let mut issued = 0;
    for click in clicks {
        match click.await.expect("runs") {
            AccountSheetIssue::Issued(account) => {
                issued += 1;
                assert_eq!(account.sheets, 1);
            }
            AccountSheetIssue::Already(_) => {}
            other => panic!("{other:?}"),
        }
    }
    issued
}

async fn use_begins_once_and_its_sheet_is_made_once(db: Database) {
    let store = &db.store;
    let code = known(store, 1).await;
    submitted(store, 1, 1, use_start()).await;
    let carry_out = async || store.carry_out_application(&code, &id(1), at(60)).await;
    assert_eq!(carry_out().await, Ok(CarriedOut::NotWaiting));
    done(decide(store, 1, 1, APPROVE, "sato").await);
    assert_eq!(carry_out().await, Ok(CarriedOut::Done));
    assert_eq!(carry_out().await, Ok(CarriedOut::NotWaiting));
    let line = store.line_of(&code).await.expect("reads").expect("there");
    assert_eq!(line.customer_id.as_ref().map(|id| id.as_str()), Some("CAF0123456789"));
    let both = store.sheet_accounts(&code).await.expect("reads");
    let ids: Vec<_> = both.iter().map(|one| (one.user_id.clone(), &*one.role)).collect();
    assert_eq!(ids, [(format!("M{code}"), "master"), (format!("a{code}"), "administrator")]);
    for account in &both {
        assert_eq!((account.sheets, account.must_change, account.password_until), (0, true, None));
    }
    assert_eq!(sheets_of_eight_clicks(store, &code).await, 1);
    // The account signs in with the password of that sheet, once; another sheet makes another one.
    let master = eligibility::institution_account::UserId::parse(&format!("m{code}")).expect("an id");
    let account = store.staff_account(&code, &master).await.expect("reads").expect("there");
    assert_eq!((account.role.name(), account.name.as_str()), ("master", "マスタ"));
    let hash = account.password_hash.expect("a password");
    let spend = async || store.spend_initial_password(&code, &master, &hash, at(80)).await;
    assert_eq!((spend().await, spend().await), (Ok(true), Ok(false)));
    // Nor is one made that leaves one of the two out, or names another.
    let sheet = |letters: &[&str], seen_sheets: i64, hash: &str| NewSheet {
        accounts: sheet_accounts(&code, letters, hash),
        seen_sheets,
        password_until: at(2000),
        by: clinic(1),
        now: at(90),
    };
    for letters in [&["M"][..], &["a", "M"], &["M", "a", "R"]] {
        let wrong = store.issue_account_sheet(sheet(letters, 1, "wrong")).await;
        assert!(matches!(wrong, Ok(AccountSheetIssue::Already(_))), "{letters:?}");
    }
    let administrator = eligibility::institution_account::UserId::parse(&format!("a{code}")).expect("an id");
    let first = store.staff_account(&code, &administrator).await.expect("reads").expect("there");
    assert_eq!((first.role.name(), first.name.as_str()), ("administrator", "医療機関等管理者"));
    let first = first.password_hash.expect("a password");
    assert_eq!(first.trim_start_matches('a'), hash.trim_start_matches('M'), "of one and the same sheet");
    let again = sheet(&["M", "a"], 1, "another");
    assert!(matches!(store.issue_account_sheet(again).await, Ok(AccountSheetIssue::Issued(_))));
    assert_eq!(spend().await, Ok(false), "the sheet before is over");
    let spent = store.spend_initial_password(&code, &administrator, &first, at(95)).await;
    assert_eq!(spent, Ok(false), "for both of its accounts");
    assert_eq!(store.spend_initial_password(&code, &master, "M-another", at(95)).await, Ok(true));
    assert_eq!(store.spend_initial_password(&code, &administrator, "a-another", at(95)).await, Ok(true));
    // Once the administrator has a password of its own, another sheet for the master leaves it alone.
    let own = store::NewStaffPassword {
        before: "a-another".to_owned(),
        password_hash: "own".to_owned(),
        kept: [9; 32],
        act: crate::staff_accounts::act(96),
    };
    assert_eq!(store.set_staff_password(&code, &administrator, own).await, Ok(true));
    let master_only = store.sheet_accounts(&code).await.expect("reads");
    assert_eq!(master_only.iter().map(|one| &*one.role).collect::<Vec<_>>(), ["master"]);
    let stale = store.issue_account_sheet(sheet(&["M", "a"], 2, "third")).await;
    assert!(matches!(stale, Ok(AccountSheetIssue::Already(_))), "drawn before, it says too much");
    let third = store.issue_account_sheet(sheet(&["M"], 2, "third")).await;
    assert!(matches!(third, Ok(AccountSheetIssue::Issued(_))));
    let kept = store.staff_account(&code, &administrator).await.expect("reads").expect("there");
    assert_eq!(kept.password_hash.as_deref(), Some("own"));
}

async fn what_changed_since_is_found_before_it_is_approved(db: Database) {
    let store = &db.store;
    register(store, 1, "みなと薬局", 1).await;
    let unknown = submitted(store, 1, 1, use_start()).await;
    let codes: Vec<_> = unknown.application.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::InstitutionUnknown, FindingCode::RegistrantUnproven]);
    assert_eq!(refused(decide(store, 1, 1, APPROVE, "sato").await), Refused::BlockingFinding);
    // The register learns of the institution: the checks are made again at the decision.
    known(store, 1).await;
    let approved = done(decide(store, 1, 1, APPROVE, "sato").await);
    assert_eq!((approved.application.state, approved.application.findings.len()), (S::Approved, 0));
    // One that comes later does not stand in the way of one that was there first.
    let first = submitted(store, 3, 1, certificate("1号機")).await;
    let later = submitted(store, 4, 1, certificate("1号機")).await;
    let codes: Vec<_> = later.application.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::DuplicateTerminal]);
    assert_eq!(first.application.findings, []);
    done(decide(store, 1, 3, APPROVE, "sato").await);
    assert_eq!(refused(decide(store, 1, 4, APPROVE, "sato").await), Refused::BlockingFinding);
    let again = submitted(store, 2, 1, use_start()).await;
    let codes: Vec<_> = again.application.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FindingCode::DuplicateOpen, FindingCode::AlreadyInUse]);
}

async fn nobody_approves_what_the_checks_did_not_show(db: Database) {
    let store = &db.store;
    let code = institution(1);
    let named = Institution { code: code.clone(), name: "みなと薬局".to_owned() };
    store.put_institution(named).await.expect("writes");
    register(store, 1, "みなと薬局", 1).await;
    let draft = saved(store, 1, 1, certificate("受付1号機")).await;
    let place = (&code, &draft.id);
    assert_eq!(store.findings_now(place, at(10)).await, Ok(None), "a draft is not looked at");
    submitted_as(store, &draft, 1).await;
    let codes = |found: &[Finding]| found.iter().map(|one| one.code).collect::<Vec<_>>();
    let shown = store.findings_now(place, at(10)).await.expect("reads").expect("it waits");
    assert_eq!(codes(&shown), [FindingCode::NotInUse, FindingCode::RegistrantUnproven]);
    let approve = async |shown: &[Finding], by: &str| {
        let decision = Decision::Approve(shown.to_vec());
        store.decide_application(place, 1, decision, reviewer(by), at(50)).await.expect("writes")
    };
    // Half of it was shown, or nothing.
    assert_eq!(refused(approve(&shown[1..], "sato").await), Refused::ChecksChanged);
    assert_eq!(refused(approve(&[], "sato").await), Refused::ChecksChanged);
    assert_eq!(done(approve(&shown, "sato").await).application.state, S::FirstApproved);
    // Between the first and the second pair of eyes one thing is settled and another one comes up.
    prove(store, 1, "account-1").await;
    issued(store, &code, "a1").await;
    let now = store.findings_now(place, at(50)).await.expect("reads").expect("it waits");
    assert_eq!(codes(&now), [FindingCode::NotInUse, FindingCode::TerminalHasCertificate]);
    let queue = store.application_queue(ApplicationKind::CertificateIssue, None, 10, at(50)).await;
    assert_eq!(queue.expect("reads")[0].findings, now, "the list is of now, too");
    let stored = store.application(&code, &draft.id).await.expect("reads").expect("there");
    assert_eq!(stored.application.findings, shown, "looking writes nothing");
    assert_eq!(refused(approve(&shown, "tanaka").await), Refused::ChecksChanged);
    assert_eq!(done(approve(&now, "tanaka").await).application.state, S::Approved);
    assert!(
        matches!(approve(&[], "tanaka").await, Acted::Refused(Refused::AlreadyDone, _)),
        "a second click"
    );
    assert_eq!(
        store.findings_now(place, at(60)).await,
        Ok(None),
        "what is decided keeps what it was decided on"
    );
}

async fn a_successions_day_ends_the_predecessors_certificates(db: Database) {
    let store = &db.store;
    let (code, predecessor) = (known(store, 1).await, known(store, 2).await);
    issued(store, &predecessor, "a1").await;
    issued(store, &code, "b1").await;
    let form = ApplicationForm::Succession(SuccessionForm {
        predecessor_code: predecessor.to_string(),
        date: eligibility::calendar::tokyo_date(NOW).to_string(),
        owner: "医療法人社団みなと会".to_owned(),
        contact_name: "𠮷辻󠄀　花子".to_owned(),
        phone: "03-0000-0000".to_owned(),
    });
    submitted(store, 1, 1, form).await;
    done(decide(store, 1, 1, APPROVE, "sato").await);
    assert!(!ended(store, &predecessor).await, "one pair of eyes ends nothing");
    done(decide(store, 1, 1, APPROVE, "tanaka").await);
    assert_eq!(store.carry_out_application(&code, &id(1), at(60)).await, Ok(CarriedOut::Done));
    assert!(ended(store, &predecessor).await);
    assert!(!ended(store, &code).await, "the successor's own go on");
}

/// Accounts of a 通知書 by the first letters of their ユーザーID, with passwords that are told apart.
pub(crate) fn sheet_accounts(code: &InstitutionCode, letters: &[&str], hash: &str) -> Vec<SheetAccount> {
    let account = |letter: &&str| SheetAccount {
        user_id: format!("{letter}{code}"),
        password_hash: format!("{letter}-{hash}"),
        freed: Vec::new(),
    };
    letters.iter().map(account).collect()
}

pub(crate) async fn issued(store: &Store, institution: &InstitutionCode, serial: &str) {
    let new = crate::certificates::certificate(serial, serial);
    let new = store::NewCertificate { institution_code: institution.clone(), ..new };
    assert!(matches!(store.keep_certificate(new).await, Ok(store::Kept::Fresh { .. })));
}

pub(crate) async fn ended(store: &Store, institution: &InstitutionCode) -> bool {
    let all = store.certificates_of(institution).await.expect("reads");
    let reason = eligibility::institution_certificate::RevocationReason::CessationOfOperation;
    all.iter().all(|one| one.revocation.is_some_and(|how| how.reason == reason))
}
