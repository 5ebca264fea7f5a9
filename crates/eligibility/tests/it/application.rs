use std::collections::BTreeSet;

use eligibility::{
    Instant,
    account::{MailAddress, OperatorRole, PortalRole},
    application::{
        Actor, Application, ApplicationKind, ApplicationState as S, Event, Finding, FindingCode,
        FindingSeverity, REASON_MAX_CHARS, Refused, Side, my_menu,
    },
    institution::InstitutionCode,
};
use proptest::prelude::*;

const NOW: Instant = Instant(1_795_305_600_000);

fn code(text: &str) -> InstitutionCode {
    InstitutionCode::parse(text).expect(text)
}

fn mail(text: &str) -> Option<MailAddress> {
    Some(MailAddress::parse(text).expect(text))
}

fn clinic() -> Actor {
    portal("1319990012", PortalRole::Representative, "clinic@minato.example")
}

fn portal(institution: &str, role: PortalRole, address: &str) -> Actor {
    let side = Side::Applicant { institution: code(institution), role };
    Actor { side, account: institution.to_owned(), mail: mail(address) }
}

fn operator(account: &str, role: OperatorRole) -> Actor {
    let address = format!("{account}@operator.example");
    Actor { side: Side::Operator(role), account: account.to_owned(), mail: mail(&address) }
}

fn reviewer(account: &str) -> Actor {
    operator(account, OperatorRole::Reviewer)
}

fn draft(kind: ApplicationKind) -> Application {
    Application::draft(kind, &clinic()).expect("may apply")
}

fn done(application: &Application, event: &Event, by: &Actor) -> Application {
    application.apply(event, by, NOW).unwrap_or_else(|refused| panic!("{event:?}: {refused}"))
}

fn refused(application: &Application, event: &Event, by: &Actor) -> Refused {
    application.apply(event, by, NOW).expect_err("refused")
}

fn checking(kind: ApplicationKind) -> Application {
    let submitted = done(&draft(kind), &Event::Submit { revision: 0 }, &clinic());
    done(&submitted, &Event::Checked { revision: 1, findings: vec![] }, &Actor::system())
}

const APPROVE: Event = Event::Approve { revision: 1 };

fn send_back(reason: &str) -> Event {
    Event::Return { revision: 1, reason: reason.to_owned() }
}

#[test]
fn certificates_and_codes_need_two_people_a_renewal_nobody() {
    for kind in ApplicationKind::ALL {
        let application = checking(*kind);
        let approved = match kind.approvals_needed() {
            0 => done(&application, &APPROVE, &Actor::system()),
            1 => done(&application, &APPROVE, &reviewer("a")),
            _ => {
                let first = done(&application, &APPROVE, &reviewer("a"));
                assert_eq!(first.state, S::FirstApproved);
                assert_eq!(refused(&first, &APPROVE, &reviewer("a")), Refused::SamePersonTwice);
                done(&first, &APPROVE, &reviewer("b"))
            }
        };
        assert_eq!(approved.state, S::Approved, "{kind:?}");
        assert_eq!(done(&approved, &Event::Complete, &Actor::system()).state, S::Completed);
    }
    let two: Vec<_> = ApplicationKind::ALL.iter().filter(|kind| kind.approvals_needed() == 2).collect();
    use ApplicationKind as K;
    assert_eq!(two, [&K::CertificateIssue, &K::Succession, &K::CodeChange]);
    let machine = refused(&checking(K::CertificateIssue), &APPROVE, &Actor::system());
    assert_eq!(machine, Refused::NotAllowed);
}

#[test]
fn nobody_decides_about_an_application_of_their_own() {
    let application = checking(ApplicationKind::UseStart);
    // The clinic's person also works for the operator, under the same mail address in other letters.
    let both = Actor { mail: mail("Clinic@MINATO.example"), ..reviewer("a") };
    for event in [APPROVE, send_back("x"), Event::Reject { revision: 1, reason: "x".to_owned() }] {
        assert_eq!(refused(&application, &event, &both), Refused::OwnApplication);
        assert_eq!(refused(&application, &event, &clinic()), Refused::NotAllowed);
    }
    // Somebody who only changed a returned version counts as well.
    let returned = done(&application, &send_back("直してください"), &reviewer("a"));
    let second = portal("1319990012", PortalRole::Representative, "b@operator.example");
    let edited = returned.edited(&second).expect("may edit");
    let again = done(&edited, &Event::Submit { revision: 1 }, &clinic());
    let again = done(&again, &Event::Checked { revision: 2, findings: vec![] }, &Actor::system());
    let approve = Event::Approve { revision: 2 };
    assert_eq!(refused(&again, &approve, &reviewer("b")), Refused::OwnApplication);
    assert_eq!(done(&again, &approve, &reviewer("c")).state, S::Approved);
}

#[test]
fn the_same_person_under_two_accounts_is_one_pair_of_eyes() {
    let first = done(&checking(ApplicationKind::CertificateIssue), &APPROVE, &reviewer("a"));
    let twin = Actor { mail: mail("a@operator.example"), ..reviewer("z") };
    assert_eq!(refused(&first, &APPROVE, &twin), Refused::SamePersonTwice);
    assert_eq!(first.approvers, [reviewer("a")]);
}

#[test]
fn roles_decide_what_they_may_and_other_institutions_see_nothing() {
    let application = checking(ApplicationKind::UseStart);
    for role in OperatorRole::ALL.iter().filter(|role| **role != OperatorRole::Reviewer) {
        assert_eq!(refused(&application, &APPROVE, &operator("a", *role)), Refused::NotAllowed, "{role:?}");
    }
    let stranger = portal("1319990099", PortalRole::Representative, "s@other.example");
    assert_eq!(refused(&application, &Event::Withdraw, &stranger), Refused::OtherInstitution);
    assert_eq!(draft(ApplicationKind::UseStart).edited(&stranger), Err(Refused::OtherInstitution));
    assert_eq!(refused(&application, &Event::Withdraw, &reviewer("a")), Refused::NotAllowed);
    assert_eq!(refused(&application, &Event::Complete, &reviewer("a")), Refused::NotAllowed);
    let checked = Event::Checked { revision: 1, findings: vec![] };
    assert_eq!(refused(&application, &checked, &reviewer("a")), Refused::NotAllowed);
    assert_eq!(Application::draft(ApplicationKind::UseStart, &reviewer("a")), Err(Refused::NotAllowed));
}

#[test]
fn a_repeated_submission_has_one_effect() {
    let submit = Event::Submit { revision: 0 };
    let submitted = done(&draft(ApplicationKind::UseStart), &submit, &clinic());
    assert_eq!((submitted.state, submitted.revision), (S::Submitted, 1));
    assert_eq!(refused(&submitted, &submit, &clinic()), Refused::AlreadyDone);
    // Even when it arrives after the application was sent back.
    let returned = done(&checking(ApplicationKind::UseStart), &send_back("直してください"), &reviewer("a"));
    assert_eq!(refused(&returned, &submit, &clinic()), Refused::AlreadyDone);
    assert_eq!(refused(&returned, &send_back("x"), &reviewer("a")), Refused::AlreadyDone);
    let again = done(&returned, &Event::Submit { revision: 1 }, &clinic());
    assert_eq!((again.state, again.revision), (S::Submitted, 2));
    let approved = done(&checking(ApplicationKind::UseStart), &APPROVE, &reviewer("a"));
    assert_eq!(refused(&approved, &APPROVE, &reviewer("a")), Refused::AlreadyDone);
    assert_eq!(refused(&approved, &APPROVE, &reviewer("b")), Refused::NotInThisState(S::Approved));
}

#[test]
fn a_decision_is_about_the_version_that_was_read() {
    let first = done(&checking(ApplicationKind::CodeChange), &APPROVE, &reviewer("a"));
    let returned = done(&first, &send_back("直してください"), &reviewer("b"));
    let again = done(&returned, &Event::Submit { revision: 1 }, &clinic());
    assert!(again.approvers.is_empty(), "an approval is of one version");
    let again = done(&again, &Event::Checked { revision: 2, findings: vec![] }, &Actor::system());
    assert_eq!(refused(&again, &APPROVE, &reviewer("b")), Refused::Changed);
    assert_eq!(done(&again, &Event::Approve { revision: 2 }, &reviewer("b")).state, S::FirstApproved);
    let late = Event::Checked { revision: 1, findings: vec![] };
    assert_eq!(refused(&again, &late, &Actor::system()), Refused::Changed);
}

#[test]
fn what_the_checks_forbid_nobody_approves() {
    let blocking = Finding { severity: FindingSeverity::Blocking, code: FindingCode::InstitutionUnknown };
    let warning = Finding { severity: FindingSeverity::Warning, code: FindingCode::CustomerIdTaken };
    let with = |application: &Application, found: Finding| {
        done(application, &Event::Checked { revision: 1, findings: vec![found] }, &Actor::system())
    };
    let application = checking(ApplicationKind::CertificateIssue);
    assert_eq!(refused(&with(&application, blocking), &APPROVE, &reviewer("a")), Refused::BlockingFinding);
    let first = done(&with(&application, warning), &APPROVE, &reviewer("a"));
    // Something new turned up between the two approvals.
    let back = with(&first, blocking);
    assert_eq!((back.state, back.approvers.len()), (S::Checking, 0));
    let still = with(&first, warning);
    assert_eq!((still.state, still.approvers.len()), (S::FirstApproved, 1));
}

#[test]
fn a_return_says_why_and_the_institution_reads_it() {
    let application = checking(ApplicationKind::UseStart);
    let long = "あ".repeat(REASON_MAX_CHARS + 1);
    for reason in ["", " 　", &long] {
        assert_eq!(refused(&application, &send_back(reason), &reviewer("a")), Refused::Reason);
    }
    let returned = done(&application, &send_back(" お客さまIDを確認してください。 "), &reviewer("a"));
    let entry = my_menu(&returned);
    assert_eq!(entry.reason.as_deref(), Some("お客さまIDを確認してください。"));
    assert_eq!((entry.state, entry.action), ("差戻し", Some("修正して再申請する")));
    let again = done(&returned, &Event::Submit { revision: 1 }, &clinic());
    assert_eq!(my_menu(&again).reason, None);
    let told: Vec<_> = again.history.iter().filter_map(|entry| entry.for_applicant()).collect();
    assert_eq!(
        told,
        ["申請を受け付けました。", "審査を始めました。", "差し戻しました。", "再申請を受け付けました。"]
    );
    assert!(again.history[2].for_operator().contains("審査担当 a：差戻し"));
    assert!(!told.concat().contains('a'), "the operator's people stay inside");
}

#[test]
fn my_menu_has_words_for_every_kind_in_every_state() {
    let mut completed = BTreeSet::new();
    for kind in ApplicationKind::ALL {
        for state in S::ALL {
            let entry = my_menu(&Application { state: *state, ..draft(*kind) });
            assert!(entry.sentence.ends_with('。'), "{kind:?} {state:?}");
            assert_eq!(entry.title, kind.label());
            assert!(!entry.state.contains("1人目"), "how far the review is stays inside");
            assert_eq!(entry.may_withdraw, state.may_withdraw());
            assert_eq!(S::from_name(state.name()), Some(*state));
        }
        completed.insert(my_menu(&Application { state: S::Completed, ..draft(*kind) }).sentence);
    }
    assert!(completed.len() >= 6);
    let done = my_menu(&Application { state: S::Completed, ..draft(ApplicationKind::UseStart) });
    assert_eq!(done.action, Some("通知書をダウンロードする"));
    let letter = my_menu(&Application { state: S::Completed, ..draft(ApplicationKind::CertificateIssue) });
    for word in ["簡易書留", "リファレンスナンバー", "認証ID", "180日"] {
        assert!(letter.sentence.contains(word), "{word}");
    }
}

#[test]
fn an_application_comes_back_from_its_record() {
    let application = done(&checking(ApplicationKind::CodeChange), &APPROVE, &reviewer("a"));
    let json = serde_json::to_string(&application).expect("json");
    assert_eq!(serde_json::from_str::<Application>(&json).expect("json"), application);
}

// What holds for every history.

/// An event and how many versions behind the reader is: mostly none.
fn any_event() -> impl Strategy<Value = (Event, u32)> {
    let finding = prop_oneof![Just(FindingSeverity::Blocking), Just(FindingSeverity::Warning)]
        .prop_map(|severity| Finding { severity, code: FindingCode::NotInUse });
    let findings = prop_oneof![3 => Just(vec![]), 1 => proptest::collection::vec(finding, 1..2)];
    let reason = || "理由".to_owned();
    let event = prop_oneof![
        6 => Just(Event::Submit { revision: 0 }),
        1 => Just(Event::Withdraw),
        6 => findings.prop_map(|findings| Event::Checked { revision: 0, findings }),
        12 => Just(Event::Approve { revision: 0 }),
        2 => Just(Event::Return { revision: 0, reason: reason() }),
        1 => Just(Event::Reject { revision: 0, reason: reason() }),
        1 => Just(Event::Cancel { revision: 0, reason: reason() }),
        2 => Just(Event::Complete),
    ];
    (event, prop_oneof![7 => Just(0_u32), 1 => 1_u32..3])
}

/// The event as somebody sends it who read this version.
fn about(mut event: Event, read: u32) -> Event {
    match &mut event {
        Event::Submit { revision }
        | Event::Checked { revision, .. }
        | Event::Approve { revision }
        | Event::Return { revision, .. }
        | Event::Reject { revision, .. }
        | Event::Cancel { revision, .. } => *revision = read,
        Event::Withdraw | Event::Complete => {}
    }
    event
}

/// Mostly whom the event is for, where that is one only.
fn fitting(event: &Event, drawn: Actor, at_random: bool) -> Actor {
    match event {
        Event::Submit { .. } | Event::Withdraw if !at_random => clinic(),
        Event::Checked { .. } | Event::Complete if !at_random => Actor::system(),
        _ => drawn,
    }
}

fn any_actor() -> impl Strategy<Value = Actor> {
    prop_oneof![
        3 => Just(clinic()),
        1 => Just(portal("1319990099", PortalRole::Representative, "s@other.example")),
        3 => Just(reviewer("a")),
        3 => Just(reviewer("b")),
        2 => Just(Actor { mail: mail("a@operator.example"), ..reviewer("z") }),
        1 => Just(Actor { mail: mail("clinic@minato.example"), ..reviewer("c") }),
        1 => Just(operator("d", OperatorRole::Administrator)),
        3 => Just(Actor::system()),
    ]
}

proptest! {
    #[test]
    fn no_way_leads_around_the_second_pair_of_eyes(
        kind in 0..ApplicationKind::ALL.len(), steps in proptest::collection::vec((any_event(), any_actor(), proptest::bool::weighted(0.2)), 1..60),
    ) {
        let kind = ApplicationKind::ALL[kind];
        let mut application = draft(kind);
        for ((event, behind), drawn, at_random) in steps {
            let before = application.clone();
            let event = about(event, before.revision.saturating_sub(behind));
            let actor = fitting(&event, drawn, at_random);
            let Ok(after) = application.apply(&event, &actor, NOW) else { continue };
            // The same again changes nothing more.
            if let Ok(twice) = after.apply(&event, &actor, NOW) {
                prop_assert_eq!(event.name(), "checked", "{:?}", twice.state);
            }
            prop_assert_eq!(after.history.len(), before.history.len() + 1);
            prop_assert!(!matches!(before.state, S::Rejected | S::Withdrawn | S::Completed), "final is final");
            if after.state == S::Approved {
                prop_assert!(!after.is_blocked());
                prop_assert!(!after.approvers.iter().any(|by| after.applicants.iter().any(|applicant| applicant.is_same_person(by))));
                let people: BTreeSet<_> = after.approvers.iter().map(|by| by.mail.as_ref().map(MailAddress::key)).collect();
                prop_assert_eq!(people.len(), usize::from(kind.approvals_needed().max(1)));
                let of_this_version = after.history.iter().filter(|entry| entry.event == "approve" && entry.revision == after.revision);
                prop_assert!(of_this_version.count() >= usize::from(kind.approvals_needed().max(1)));
            }
            prop_assert!(after.state != S::Completed || before.state == S::Approved);
            if event.name() == "cancel" {
                prop_assert_eq!((before.state, after.state), (S::Approved, S::Rejected));
                prop_assert!(matches!(actor.side, Side::Operator(role) if role == OperatorRole::Reviewer));
                prop_assert!(!after.applicants.iter().any(|applicant| applicant.is_same_person(&actor)));
            }
            application = after;
        }
    }
}
