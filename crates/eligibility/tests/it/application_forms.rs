use eligibility::{
    application::{
        APPLICATION_TEXT_MAX_BYTES, ApplicationContent, ApplicationForm, ApplicationKind, CertificateForm,
        CodeChangeForm, CustomerIdChangeForm, RenewalForm, RevocationForm, SerialNumber, SuccessionForm,
        UseForm, YearMonth,
    },
    institution_certificate::{CertificateUses, RevocationReason},
    line::CircuitKind,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;

const TODAY: Date = date(2026, 11, 22);

fn text(text: &str) -> String {
    text.to_owned()
}

/// A form of the kind that can be handed in.
pub(crate) fn complete(kind: ApplicationKind) -> ApplicationForm {
    let (contact_name, phone) = (text("白川　直子"), text("03-0001-0023"));
    match kind {
        ApplicationKind::UseStart => ApplicationForm::UseStart(use_form()),
        ApplicationKind::UseChange => ApplicationForm::UseChange(use_form()),
        ApplicationKind::CertificateIssue => ApplicationForm::CertificateIssue(certificate_form()),
        ApplicationKind::CertificateRenewal => {
            ApplicationForm::CertificateRenewal(RenewalForm { serial: text("5f:0a"), contact_name, phone })
        }
        ApplicationKind::CertificateRevocation => ApplicationForm::CertificateRevocation(RevocationForm {
            serial: text("5F 0A"),
            reason: text("key_compromise"),
            contact_name,
            phone,
            understood: text("on"),
        }),
        ApplicationKind::Succession => ApplicationForm::Succession(SuccessionForm {
            predecessor_code: text("1319990099"),
            date: text("令和8年12月1日"),
            owner: text("医療法人社団みなと会"),
            contact_name,
            phone,
        }),
        ApplicationKind::CodeChange => ApplicationForm::CodeChange(CodeChangeForm {
            new_code: text("1319990088"),
            date: text("2026-12-01"),
            contact_name,
            phone,
        }),
        ApplicationKind::CustomerIdChange => ApplicationForm::CustomerIdChange(CustomerIdChangeForm {
            customer_id: text("cop 98765-43210"),
            date: text("R8.12.1"),
            contact_name,
            phone,
        }),
    }
}

fn use_form() -> UseForm {
    UseForm {
        circuit_kind: text("ip_vpn_ntt"),
        customer_id: text("ｃａｆ０１２３４５６７８９"),
        start_month: text("2027-01"),
        test_month: text("令和8年12月"),
    }
}

fn certificate_form() -> CertificateForm {
    CertificateForm {
        department: text("医事課"),
        contact_name: text("白川　直子"),
        phone: text("03-0001-0023"),
        mail: String::new(),
        terminal_name: text("みなと薬局1号機"),
        for_eligibility: text("on"),
        for_billing: text("on"),
    }
}

fn faulty(form: &ApplicationForm) -> Vec<String> {
    let errors = form.read(TODAY).expect_err("faulty");
    for error in errors.as_slice() {
        assert!(error.message.ends_with('。') && error.remedy.ends_with('。'), "{error:?}");
        assert!(
            ApplicationForm::fields(form.kind()).iter().any(|field| field.id == error.field),
            "{error:?}"
        );
    }
    errors.as_slice().iter().map(|error| error.field.clone()).collect()
}

#[test]
fn a_complete_form_of_every_kind_is_read_and_kept() {
    for kind in ApplicationKind::ALL {
        let form = complete(*kind);
        let content = form.read(TODAY).expect("complete");
        assert_eq!((form.kind(), content.kind()), (*kind, *kind));
        let json = serde_json::to_string(&content).expect("json");
        assert_eq!(serde_json::from_str::<ApplicationContent>(&json).expect("json"), content);
        assert!(json.contains(&format!("\"kind\":\"{}\"", kind.name())));
        assert_eq!(ApplicationKind::from_name(kind.name()), Some(*kind));
    }
}

#[test]
fn an_empty_form_is_a_draft_and_names_every_required_field() {
    for kind in ApplicationKind::ALL {
        let form = ApplicationForm::empty(*kind);
        let json = serde_json::to_string(&form).expect("json");
        assert_eq!(serde_json::from_str::<ApplicationForm>(&json).expect("json"), form);
        // A draft of an older form, without fields that came later, is still one.
        let bare = format!("{{\"kind\":\"{}\"}}", kind.name());
        assert_eq!(serde_json::from_str::<ApplicationForm>(&bare).expect("json"), form);
        let fields = ApplicationForm::fields(*kind).iter();
        let mut required: Vec<_> = fields.filter(|field| field.required).map(|field| field.id).collect();
        if *kind == ApplicationKind::CertificateIssue {
            required.push("for_eligibility");
        }
        assert_eq!(faulty(&form), required, "{kind:?}");
    }
}

#[test]
fn the_use_application_says_what_was_typed() {
    let Ok(ApplicationContent::UseStart(read)) = complete(ApplicationKind::UseStart).read(TODAY) else {
        panic!("complete")
    };
    assert_eq!(read.circuit, CircuitKind::IpVpnNtt);
    assert_eq!(read.customer_id.as_ref().map(|id| id.as_str()), Some("CAF0123456789"));
    assert_eq!(read.start_month.map(|month| month.to_string()).as_deref(), Some("2027-01"));
    assert_eq!(read.test_month.map(YearMonth::label).as_deref(), Some("2026年12月"));
    // Both months may be left open.
    let open = UseForm { start_month: String::new(), test_month: text(" 　"), ..use_form() };
    assert!(ApplicationForm::UseStart(open).read(TODAY).is_ok());
}

#[test]
fn the_customer_id_is_there_exactly_when_the_circuit_has_one() {
    let with = |circuit: &str, id: &str| {
        let form = UseForm { circuit_kind: text(circuit), customer_id: text(id), ..use_form() };
        ApplicationForm::UseStart(form)
    };
    assert_eq!(faulty(&with("ip_vpn_ntt", "")), ["customer_id"]);
    assert_eq!(faulty(&with("ip_vpn_ntt", "ABC0123456789")), ["customer_id"]);
    assert_eq!(faulty(&with("ipsec_ike", "CAF0123456789")), ["customer_id"]);
    assert_eq!(faulty(&with("", "CAF")), ["circuit_kind", "customer_id"]);
    for circuit in ["ip_vpn_other", "ipsec_ike"] {
        assert!(with(circuit, "").read(TODAY).is_ok(), "{circuit}");
    }
}

#[test]
fn planned_months_are_neither_past_nor_far_nor_in_the_wrong_order() {
    let with = |start: &str, test: &str| {
        let form = UseForm { start_month: text(start), test_month: text(test), ..use_form() };
        ApplicationForm::UseChange(form)
    };
    assert!(with("2026-11", "2026-11").read(TODAY).is_ok());
    assert!(with("2028-11", "").read(TODAY).is_ok());
    assert_eq!(faulty(&with("2026-10", "")), ["start_month"]);
    assert_eq!(faulty(&with("2028-12", "")), ["start_month"]);
    assert_eq!(faulty(&with("2026-13", "")), ["start_month"]);
    assert_eq!(faulty(&with("2026-12", "2027-01")), ["test_month"]);
    assert_eq!(faulty(&with("らいげつ", "2026-01")), ["start_month", "test_month"]);
}

#[test]
fn one_certificate_may_serve_both_machines_uses() {
    let uses = |eligibility: &str, billing: &str| {
        let form = CertificateForm {
            for_eligibility: text(eligibility),
            for_billing: text(billing),
            ..certificate_form()
        };
        match ApplicationForm::CertificateIssue(form).read(TODAY) {
            Ok(ApplicationContent::CertificateIssue(read)) => Some(read.uses),
            _ => None,
        }
    };
    assert_eq!(uses("on", "on"), Some(CertificateUses::EligibilityAndBilling));
    assert_eq!(uses("on", ""), Some(CertificateUses::Eligibility));
    assert_eq!(uses("", "true"), Some(CertificateUses::Billing));
    assert_eq!(uses("", ""), None);
}

#[test]
fn what_does_not_belong_into_a_field_is_refused_there() {
    let form = CertificateForm {
        department: text("医事課\n総務課"),
        contact_name: "あ".repeat(41),
        phone: text("110"),
        mail: text("uketsuke@"),
        terminal_name: "機".repeat(41),
        ..certificate_form()
    };
    let form = ApplicationForm::CertificateIssue(form);
    assert_eq!(faulty(&form), ["department", "contact_name", "phone", "mail", "terminal_name"]);
    for reason in ["", "privilege_withdrawn", "lost"] {
        let ApplicationForm::CertificateRevocation(good) = complete(ApplicationKind::CertificateRevocation)
        else {
            panic!("that kind")
        };
        let form = RevocationForm { reason: text(reason), understood: String::new(), ..good };
        assert_eq!(
            faulty(&ApplicationForm::CertificateRevocation(form)),
            ["reason", "understood"],
            "{reason}"
        );
    }
    for day in ["2026-08-23", "2027-05-22", "2026-02-30", "12/1"] {
        let ApplicationForm::CodeChange(good) = complete(ApplicationKind::CodeChange) else {
            panic!("that kind")
        };
        let form = CodeChangeForm { date: text(day), ..good };
        assert_eq!(faulty(&ApplicationForm::CodeChange(form)), ["date"], "{day}");
    }
}

#[test]
fn a_revocation_says_which_and_why() {
    let Ok(ApplicationContent::CertificateRevocation(read)) =
        complete(ApplicationKind::CertificateRevocation).read(TODAY)
    else {
        panic!("complete")
    };
    assert_eq!((read.serial.as_str(), read.reason), ("5f0a", RevocationReason::KeyCompromise));
    for (text, serial) in [
        ("5f0a", Some("5f0a")),
        ("5F:0A", Some("5f0a")),
        ("00 5F-0A", Some("5f0a")),
        ("５ｆ０ａ", Some("5f0a")),
        ("", None),
        ("000", None),
        ("xyz", None),
        ("123456789012345678901234567890123456789012", None),
    ] {
        assert_eq!(SerialNumber::parse(text).as_ref().map(SerialNumber::as_str), serial, "{text:?}");
    }
}

#[test]
fn months_are_read_as_people_write_them() {
    for text in ["2026-11", "2026/11", "202611", "２０２６年１１月", "令和8年11月", "R8.11", "R8/11"]
    {
        assert_eq!(YearMonth::parse(text).expect(text).first_day(), date(2026, 11, 1), "{text}");
    }
    for text in ["", "2026", "11", "2026-00", "2026-13", "2026-1-1", "令和8年", "月", "-"] {
        assert!(YearMonth::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_draft_has_a_limit() {
    let draft = |bytes: usize| {
        ApplicationForm::UseStart(UseForm { customer_id: "x".repeat(bytes), ..UseForm::default() })
    };
    assert!(draft(APPLICATION_TEXT_MAX_BYTES).fits());
    assert!(!draft(APPLICATION_TEXT_MAX_BYTES + 1).fits());
    assert_eq!(faulty(&draft(2_000_000)), ["circuit_kind", "customer_id"]);
}

proptest! {
    /// What is typed into any form is read, or refused with faults in its own fields; errors never repeat it.
    #[test]
    fn anything_typed_is_read_or_refused_by_field(
        kind in 0..ApplicationKind::ALL.len(), texts in proptest::collection::vec("\\PC{0,30}", 8),
    ) {
        let kind = ApplicationKind::ALL[kind];
        let mut json = serde_json::Map::new();
        json.insert("kind".to_owned(), kind.name().into());
        for (field, text) in ApplicationForm::fields(kind).iter().zip(&texts) {
            json.insert(field.id.to_owned(), text.as_str().into());
        }
        let form: ApplicationForm = serde_json::from_value(json.into()).expect("every field is a text");
        prop_assert!(form.fits());
        if let Err(errors) = form.read(TODAY) {
            prop_assert!(!errors.as_slice().is_empty());
            for error in errors.as_slice() {
                let place = ApplicationForm::fields(kind).iter().position(|field| field.id == error.field);
                let typed = texts[place.expect("a field of the form")].trim();
                let long = typed.chars().count() > 8;
                prop_assert!(!long || !error.message.contains(typed) && !error.remedy.contains(typed));
            }
        }
    }

    #[test]
    fn months_come_back(year in 1990_i16..2100, month in 1_i8..=12) {
        let read = YearMonth::of(date(year, month, 17));
        prop_assert_eq!(YearMonth::parse(&read.to_string()), Ok(read));
        prop_assert_eq!(YearMonth::parse(&read.label()), Ok(read));
        prop_assert_eq!(read.months_since(YearMonth::of(date(1990, 1, 1))), (i32::from(year) - 1990) * 12 + i32::from(month) - 1);
    }
}
