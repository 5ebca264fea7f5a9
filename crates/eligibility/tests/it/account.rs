use std::collections::BTreeSet;

use eligibility::account::{
    InvalidMailAddress, MailAddress, NewMailForm, NewPassword, OperatorAction, OperatorRole, OwnWords,
    PASSWORD_MAX_CHARS, PasswordRefusal, PortalRole, RegistrantContactForm, Registration, RegistrationForm,
    TypedPassword,
};
use proptest::prelude::*;

fn mail(text: &str) -> MailAddress {
    MailAddress::parse(text).expect(text)
}

fn refusal(password: &str) -> Option<PasswordRefusal> {
    let address = mail("shirakawa.naoko@minato-naika.example");
    let own = OwnWords {
        names: &["白川　直子", "シラカワ　ナオコ"],
        mail: Some(&address),
        institution: &["医療法人社団みなと会 みなと内科クリニック", "1319990012", "minato01"],
    };
    NewPassword::parse(password, &own).err()
}

#[test]
fn addresses_are_read_as_typed_and_compared_without_case() {
    let address = mail("　Ｕketsuke.1+a@Example.JP ");
    assert_eq!(address.as_str(), "Uketsuke.1+a@example.jp");
    assert_eq!(address, mail("uketsuke.1+A@EXAMPLE.jp"));
    assert_eq!(address.key(), mail("uketsuke.1+A@EXAMPLE.jp").key());
    assert_ne!(address, mail("uketsuke.2+a@example.jp"));
}

#[test]
fn what_mail_programs_would_not_send_is_refused() {
    let long_local = format!("{}@example.jp", "a".repeat(65));
    let long = format!("a@{}.jp", ["abcdefgh"; 30].join("."));
    for (text, refusal) in [
        ("", InvalidMailAddress::At),
        ("a", InvalidMailAddress::At),
        ("@example.jp", InvalidMailAddress::At),
        ("a@", InvalidMailAddress::At),
        ("a@b@example.jp", InvalidMailAddress::At),
        ("a..b@example.jp", InvalidMailAddress::Local),
        (".a@example.jp", InvalidMailAddress::Local),
        ("a b@example.jp", InvalidMailAddress::Local),
        ("\"a\"@example.jp", InvalidMailAddress::Local),
        ("受付@example.jp", InvalidMailAddress::Local),
        ("a\r\nBcc: b@example.jp", InvalidMailAddress::Local),
        ("a@example", InvalidMailAddress::Domain),
        ("a@-example.jp", InvalidMailAddress::Domain),
        ("a@example..jp", InvalidMailAddress::Domain),
        ("a@192.0.2.1", InvalidMailAddress::Domain),
        ("a@例え.jp", InvalidMailAddress::Domain),
        ("a@example.jp\nx", InvalidMailAddress::Domain),
        (&long_local, InvalidMailAddress::TooLong),
        (&long, InvalidMailAddress::TooLong),
    ] {
        assert_eq!(MailAddress::parse(text).expect_err(text), refusal, "{text:?}");
    }
    assert!(MailAddress::parse(&"@".repeat(1_000_000)).is_err());
}

#[test]
fn good_passwords_of_every_script_are_taken() {
    for password in [
        "correct horse battery staple",
        "夕焼けの観覧車と青い自転車",
        "むらさきのひこうきがとんだ",
        "Vq7#rLp2!xWz",
        "kettle marble window zebra",
        "839201746528",
        "сорок тысяч обезьян",
        "🦊🍎🚲🌊🎻🧵🪁🗝🎈🧊🪐🥁",
    ] {
        assert_eq!(refusal(password), None, "{password}");
    }
    let longest: String = "kettle marble window zebra ".chars().cycle().take(PASSWORD_MAX_CHARS).collect();
    assert_eq!(refusal(&longest), None);
}

#[test]
fn what_others_would_try_first_is_refused() {
    use PasswordRefusal as R;
    for (password, expected) in [
        ("short-one", R::TooShort),
        ("夕焼けの観覧車と青い", R::TooShort),
        ("kettle\nmarble window", R::ControlCharacter),
        ("passwordpassword", R::Common),
        ("Password1234!", R::Common),
        ("P@ssw0rd2026!", R::Common),
        ("p4$$w0rd_@dm1n", R::Common),
        ("Welcome2Hospital", R::Common),
        ("ｐａｓｓｗｏｒｄ２０２６", R::Common),
        ("sakura-tokyo-2026", R::Common),
        ("パスワードパスワード", R::TooShort),
        ("パスワードひみつ２０２６", R::Common),
        ("オンライン資格確認2026", R::Common),
        ("iloveyou-forever", R::Common),
        ("qwertyuiop12", R::Sequence),
        ("1qaz2wsx3edc", R::Sequence),
        ("123456789012", R::Sequence),
        ("abcdefghijklm", R::Sequence),
        ("zyxwvutsrqponm", R::Sequence),
        ("あいうえおかきくけこさし", R::Sequence),
        ("イロハニホヘトチリヌルヲ", R::Sequence),
        ("aaaaaaaaaaaaaa", R::Repeated),
        ("abababababab", R::Repeated),
        ("xk7pxk7pxk7pxk7p", R::Repeated),
        ("山川山川山川山川山川山川", R::Repeated),
        ("shirakawa kettle zebra", R::OwnWord),
        ("kettle zebra NAOKO!!", R::OwnWord),
        ("白川の夕焼けと青い自転車", R::OwnWord),
        ("しらかわの夕焼けと自転車", R::OwnWord),
        ("みなとの夕焼けと青い自転車", R::OwnWord),
        ("kettle zebra minato-naika", R::OwnWord),
        ("1319990012 kettle zebra", R::OwnWord),
    ] {
        assert_eq!(refusal(password), Some(expected), "{password}");
    }
    let too_long = "kettle marble window zebra ".repeat(3);
    assert_eq!(refusal(&too_long), Some(PasswordRefusal::TooLong));
    assert_eq!(refusal(&"あ".repeat(1_000_000)), Some(PasswordRefusal::TooLong));
}

#[test]
fn what_every_clinic_is_called_is_nobodys_own_word() {
    assert_eq!(refusal("クリニックの屋根に青い鳥が三羽"), None);
    assert_eq!(refusal("kettle clinic marble zebra"), None);
}

#[test]
fn every_refusal_says_what_to_do() {
    use PasswordRefusal as R;
    let all = [R::TooShort, R::TooLong, R::ControlCharacter, R::Common, R::OwnWord, R::Repeated, R::Sequence];
    let messages: BTreeSet<_> = all.iter().map(|refusal| refusal.message()).collect();
    assert_eq!(messages.len(), all.len());
    for refusal in all {
        assert!(refusal.message().ends_with('。') && refusal.remedy().ends_with('。'), "{refusal}");
    }
}

#[test]
fn a_password_is_the_same_in_full_width_and_never_shows_itself() {
    let own = OwnWords::default();
    let set = NewPassword::parse("Kettle Marble 77", &own).expect("good");
    let typed = TypedPassword::of("Ｋｅｔｔｌｅ　Ｍａｒｂｌｅ　７７").expect("short enough");
    assert_eq!(set.reveal(), typed.reveal());
    assert!(!format!("{set:?}{typed:?}").contains("ettle"));
    assert!(TypedPassword::of(&"x".repeat(65)).is_none());
}

#[test]
fn nobody_both_decides_and_makes_accounts() {
    for role in OperatorRole::ALL {
        assert!(!(role.may(OperatorAction::Decide) && role.may(OperatorAction::ManageAccounts)), "{role:?}");
        assert_eq!(OperatorRole::from_name(role.name()), Some(*role));
    }
    assert!(OperatorRole::Reviewer.may(OperatorAction::Decide));
    assert!(!OperatorRole::Auditor.may(OperatorAction::RevokeCertificates));
    for role in PortalRole::ALL {
        assert_eq!(PortalRole::from_name(role.name()), Some(*role));
    }
    // An account that only reads was thought of once and never made: nobody comes in with such a role.
    assert_eq!(PortalRole::from_name("reader"), None);
}

fn registration() -> RegistrationForm {
    RegistrationForm {
        institution_code: "１３１９９９００１２".to_owned(),
        institution_name: "みなと内科クリニック".to_owned(),
        name: "白川　直子".to_owned(),
        phone: "０３（０００１）００２３".to_owned(),
        mail: "uketsuke@minato.example".to_owned(),
        password: "夕焼けの観覧車と青い自転車".to_owned(),
        password_again: "夕焼けの観覧車と青い自転車".to_owned(),
        terms: "on".to_owned(),
    }
}

#[test]
fn a_registration_is_read_whole() {
    let read = Registration::try_from(&registration()).expect("complete");
    assert_eq!(read.institution_code.as_str(), "1319990012");
    assert_eq!(read.phone, "03-0001-0023");
    assert_eq!(read.name, "白川　直子");
    assert!(!format!("{read:?}{:?}", registration()).contains("観覧車"));
}

#[test]
fn every_faulty_field_of_a_registration_is_named_at_once() {
    let errors = Registration::try_from(&RegistrationForm::default()).expect_err("empty");
    let named: Vec<_> = errors.as_slice().iter().map(|error| error.field.as_str()).collect();
    let required: Vec<_> = RegistrationForm::FIELDS.iter().map(|field| field.id).collect();
    let expected: Vec<_> = required.into_iter().filter(|id| *id != "password_again").collect();
    assert_eq!(named, expected);
    for error in errors.as_slice() {
        assert!(error.message.ends_with('。') && error.remedy.ends_with('。'), "{error:?}");
    }
    let wrong = RegistrationForm {
        institution_code: "9919990012".to_owned(),
        phone: "12-34".to_owned(),
        password_again: "別のもの".to_owned(),
        password: "みなと内科の夕焼けと観覧車".to_owned(),
        ..registration()
    };
    let errors = Registration::try_from(&wrong).expect_err("wrong");
    let named: Vec<_> = errors.as_slice().iter().map(|error| error.field.as_str()).collect();
    assert_eq!(named, ["institution_code", "phone", "password", "password_again"]);
    assert_eq!(
        errors.of("password").map(|error| error.message.as_str()),
        Some(PasswordRefusal::OwnWord.message())
    );
}

proptest! {
    #[test]
    fn an_address_that_was_read_reads_as_itself(
        local in "[a-zA-Z0-9+_-]{1,20}(\\.[a-z0-9]{1,8}){0,2}", domain in "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\\.[a-z]{2,8}){1,2}",
    ) {
        let address = mail(&format!("{local}@{domain}"));
        prop_assert_eq!(MailAddress::parse(address.as_str()), Ok(address.clone()));
        prop_assert_eq!(MailAddress::parse(&address.key()), Ok(address));
    }

    #[test]
    fn any_password_is_taken_or_refused_without_panic(text in "\\PC{0,80}") {
        let own = OwnWords { names: &[&text], mail: None, institution: &[&text] };
        if let Ok(taken) = NewPassword::parse(&text, &own) {
            let count = taken.reveal().chars().count();
            prop_assert!((12..=PASSWORD_MAX_CHARS).contains(&count));
            let typed = TypedPassword::of(&text).expect("as long");
            prop_assert_eq!(typed.reveal(), taken.reveal());
        }
    }

    #[test]
    fn random_letters_are_taken(password in "[b-df-hj-np-tv-z2-9]{16,24}") {
        let taken = NewPassword::parse(&password, &OwnWords::default());
        let distinct: BTreeSet<_> = password.chars().collect();
        prop_assert!(taken.is_ok() || distinct.len() < 8, "{:?}", taken);
    }

    #[test]
    fn decorating_a_common_word_does_not_help(word in 0_usize..5, year in 1950_u32..2050, mark in "[!?#._-]") {
        let word = ["password", "administrator", "sunshine", "hospital", "さくら"][word];
        let decorated = format!("{mark}{}{year}{mark}{mark}", word.to_uppercase());
        prop_assume!(decorated.chars().count() >= 12);
        prop_assert_eq!(NewPassword::parse(&decorated, &OwnWords::default()).err(), Some(PasswordRefusal::Common));
    }

    #[test]
    fn a_registration_of_anything_never_panics(texts in proptest::collection::vec(".{0,30}", 7)) {
        let form = RegistrationForm {
            institution_code: texts[0].clone(), institution_name: texts[1].clone(), name: texts[2].clone(),
            phone: texts[3].clone(), mail: texts[4].clone(), password: texts[5].clone(),
            password_again: texts[5].clone(), terms: texts[6].clone(),
        };
        if let Err(errors) = Registration::try_from(&form) {
            prop_assert!(!errors.as_slice().is_empty());
            let known = |id: &str| RegistrationForm::FIELDS.iter().any(|field| field.id == id);
            prop_assert!(errors.as_slice().iter().all(|error| known(&error.field)));
        }
    }
}

#[test]
fn a_registrants_contact_is_read_as_a_whole_and_told_apart() {
    let form = |name: &str, department: &str, phone: &str| RegistrantContactForm {
        name: name.to_owned(),
        department: department.to_owned(),
        phone: phone.to_owned(),
    };
    let before = form("𠮷辻󠄀　花子", "", "０３-００００-００００").read().expect("it is right");
    assert_eq!((before.department.as_deref(), before.phone.as_str()), (None, "03-0000-0000"));
    let after = form("髙橋 一郎", "医事課", "03-0000-0000").read().expect("it is right");
    assert_eq!(after.changes_since(&before), ["担当者氏名", "担当部署"]);
    assert!(after.changes_since(&after).is_empty());
    let errors = form(" ", &"課".repeat(41), "12").read().expect_err("three are wrong");
    let fields: Vec<_> = errors.as_slice().iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["name", "department", "phone"]);
}

#[test]
fn a_new_address_is_another_one() {
    let present = MailAddress::parse("office@minato.example").expect("an address");
    let read = |typed: &str| NewMailForm::read(typed, &present).map(|mail| mail.to_string());
    assert_eq!(read("ｎｅｗ@minato.example").as_deref(), Ok("new@minato.example"));
    for wrong in ["", "new", "Office@MINATO.example"] {
        let errors = read(wrong).expect_err(wrong);
        assert!(errors.of("mail").is_some(), "{wrong}");
    }
}
