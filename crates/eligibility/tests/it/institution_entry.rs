//! The form of 医療機関マスタ: every wrong field by its name, a mistyped code by its 検証番号.

use eligibility::{
    account::{OperatorAction, OperatorRole},
    institution::InstitutionCode,
    institution_entry::{FeeTable, InstitutionEntry, InstitutionEntryForm},
};

fn form() -> InstitutionEntryForm {
    InstitutionEntryForm {
        code: "１３１-９９９００１１".to_owned(),
        code_as_is: String::new(),
        name: "　葛\u{E0100}城病院　".to_owned(),
        postal_code: "〒100-0013".to_owned(),
        first_line: "東京都千代田区霞が関1-2-3".to_owned(),
        second_line: String::new(),
        phone: "０３-０000-0000".to_owned(),
    }
}

#[test]
fn what_is_typed_in_any_width_is_read() {
    let entry = InstitutionEntry::try_from(&form()).expect("right");
    assert_eq!(entry.code.as_str(), "1319990011");
    assert_eq!((entry.code.prefecture(), entry.code.fee_table()), ("東京都", Some(FeeTable::Medical)));
    assert_eq!((&*entry.name, &*entry.postal_code), ("葛\u{E0100}城病院", "1000013"));
    assert_eq!((entry.second_line, &*entry.phone), (None, "03-0000-0000"));
}

#[test]
fn a_mistyped_code_is_found_by_its_check_digit_and_can_be_insisted_on() {
    let mistyped = InstitutionEntryForm { code: "1319990012".to_owned(), ..form() };
    let errors = InstitutionEntry::try_from(&mistyped).expect_err("the last digit is another");
    assert_eq!(errors.as_slice().len(), 1);
    assert!(errors.of("code").is_some_and(|error| error.message.contains("検証番号")));
    let insisted = InstitutionEntryForm { code_as_is: "on".to_owned(), ..mistyped };
    assert!(InstitutionEntry::try_from(&insisted).is_ok());
    // Any single digit of the six that is another is found.
    for place in 3..9 {
        for digit in b'0'..=b'9' {
            let mut code = "1319990011".as_bytes().to_vec();
            let right = code[place] == digit;
            code[place] = digit;
            let code = InstitutionCode::parse(std::str::from_utf8(&code).expect("digits")).expect("a code");
            assert_eq!(code.check_digit_ok(), right, "{code}");
        }
    }
}

#[test]
fn every_wrong_field_is_named_at_once() {
    let errors = InstitutionEntry::try_from(&InstitutionEntryForm::default()).expect_err("all is missing");
    let named: Vec<&str> = errors.as_slice().iter().map(|error| &*error.field).collect();
    assert_eq!(named, ["code", "name", "postal_code", "first_line", "phone"]);
    for (wrong, field) in [
        (InstitutionEntryForm { code: "1329990011".to_owned(), ..form() }, "code"),
        (InstitutionEntryForm { code: "4819990011".to_owned(), ..form() }, "code"),
        (InstitutionEntryForm { postal_code: "100-001".to_owned(), ..form() }, "postal_code"),
        (InstitutionEntryForm { phone: "12345".to_owned(), ..form() }, "phone"),
        (InstitutionEntryForm { name: "名".repeat(81), ..form() }, "name"),
        (InstitutionEntryForm { second_line: "階".repeat(61), ..form() }, "second_line"),
    ] {
        let errors = InstitutionEntry::try_from(&wrong).expect_err(field);
        assert_eq!(errors.as_slice().iter().map(|error| &*error.field).collect::<Vec<_>>(), [field]);
    }
}

#[test]
fn everybody_of_the_operator_sees_the_register_and_one_role_keeps_each_part() {
    for role in OperatorRole::ALL {
        assert!(role.may(OperatorAction::ReadRegister), "{role:?}");
        assert_eq!(role.may(OperatorAction::ManageInstitutions), *role == OperatorRole::Reviewer, "{role:?}");
        assert_eq!(role.may(OperatorAction::ManageLines), *role == OperatorRole::LineKeeper, "{role:?}");
    }
}
