//! Hostile files: each refused with the reason that names it.

use wire::{
    err_file,
    message::{Unreadable, read_request, read_result},
};

fn request(inside: &str) -> String {
    format!("<XmlMsg><MessageHeader>{inside}</MessageHeader><MessageBody></MessageBody></XmlMsg>")
}

fn cases() -> Vec<(&'static str, Vec<u8>, Unreadable)> {
    let lol = (1..10).map(|n| {
        let body = format!("&l{};", n - 1).repeat(10);
        format!("<!ENTITY l{n} \"{body}\">")
    });
    let bomb = format!("<!DOCTYPE a [<!ENTITY l0 \"lol\">{}]>", lol.collect::<String>());
    let deep = format!("{}{}", "<a>".repeat(33), "</a>".repeat(33));
    let wide = format!("<a>{}</a>", "<b/>".repeat(200_001));
    let mut large = b"<a>".to_vec();
    large.resize(10 * 1024 * 1024 + 1, b' ');
    let text = |text: String| text.into_bytes();
    use Unreadable::*;
    vec![
        ("billion laughs", text(format!("{bomb}{}", request("&l9;"))), Doctype),
        (
            "external entity",
            text(format!("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}", request("&x;"))),
            Doctype,
        ),
        (
            "external subset",
            text(format!("<!DOCTYPE a SYSTEM \"http://localhost/a.dtd\">{}", request(""))),
            Doctype,
        ),
        ("doctype after a comment", text(format!("<!-- --><!DOCTYPE a>{}", request(""))), Doctype),
        ("unknown entity", text(request("<a>&nbsp;</a>")), Entity),
        ("entity without name", text(request("<a>&;</a>")), Entity),
        ("bare ampersand", text(request("<a>A & B</a>")), NotWellFormed),
        ("reference to NUL", text(request("<a>&#0;</a>")), CharacterReference),
        ("reference to a surrogate", text(request("<a>&#xD800;</a>")), CharacterReference),
        ("reference beyond Unicode", text(request("<a>&#x110000;</a>")), CharacterReference),
        ("reference to a non-character", text(request("<a>&#xFFFE;</a>")), CharacterReference),
        ("endless reference", text(request(&format!("<a>&#{};</a>", "9".repeat(100)))), CharacterReference),
        ("signed reference", text(request("<a>&#+65;</a>")), CharacterReference),
        ("empty reference", text(request("<a>&#;</a>")), CharacterReference),
        ("deep", text(deep), TooDeep),
        ("wide", text(wide), TooManyElements),
        ("huge attribute", text(request(&format!("<a b=\"{}\"/>", "x".repeat(5_000)))), TagTooLong),
        ("huge name", text(request(&format!("<{}/>", "x".repeat(200)))), TagTooLong),
        ("large", large, TooLarge),
        ("truncated UTF-8", b"<a>\xE6\x9E".to_vec(), NotText),
        ("UTF-8 without declaration, bytes of Shift_JIS", b"<a>\x89\xCB</a>".to_vec(), NotText),
        ("truncated Shift_JIS", b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a>\x89".to_vec(), NotText),
        (
            "Shift_JIS lead byte eats the tag",
            b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a>\x89</a>".to_vec(),
            NotText,
        ),
        ("overlong UTF-8", b"<a>\xC0\xAF</a>".to_vec(), NotText),
        ("NUL", text(request("<a>\0</a>")), ForbiddenCharacter),
        ("control character", text(request("<a>\u{1}</a>")), ForbiddenCharacter),
        ("non-character", text(request("<a>\u{FFFF}</a>")), ForbiddenCharacter),
        ("truncated", text("<XmlMsg><MessageHeader>".to_owned()), NotWellFormed),
        ("wrong nesting", text("<a><b></a></b>".to_owned()), NotWellFormed),
        ("two roots", text(format!("{}<a/>", request(""))), NotWellFormed),
        ("text after the root", text(format!("{}x", request(""))), NotWellFormed),
        ("no element", text("<?xml version=\"1.0\"?>".to_owned()), NotWellFormed),
        ("not XML", text("資格確認".to_owned()), NotWellFormed),
        ("unclosed declaration", text("<?xml version=\"1.0\"".to_owned()), NotWellFormed),
        ("name of digits", text("<1a/>".to_owned()), NotWellFormed),
        ("another root", text("<Msg><MessageHeader/><MessageBody/></Msg>".to_owned()), WrongLayout),
        ("no header", text("<XmlMsg><MessageBody/></XmlMsg>".to_owned()), WrongLayout),
        ("empty", Vec::new(), Empty),
        ("UTF-16", b"\xFF\xFE<\0a\0/\0>\0".to_vec(), UnknownEncoding),
        (
            "contradiction",
            b"\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a/>".to_vec(),
            ContradictoryEncoding,
        ),
    ]
}

#[test]
fn each_is_refused_by_name() {
    for (name, bytes, reason) in cases() {
        assert_eq!(read_request(&bytes).err(), Some(reason), "{name} as a request");
        assert_eq!(read_result(&bytes).err(), Some(reason.into()), "{name} as a result");
    }
}

#[test]
fn each_reason_has_a_case_and_words_for_the_supplier() {
    let mut seen = std::collections::HashSet::new();
    for (_, _, reason) in cases() {
        seen.insert(reason);
        let file = err_file::content(
            err_file::code_of(reason),
            Some(err_file::detail_of(reason)),
            eligibility::codes::CharacterCode::Utf8,
        );
        let text = String::from_utf8(file).expect("UTF-8");
        assert!(text.ends_with(&format!("詳細：{}\r\n", err_file::detail_of(reason))));
    }
    assert_eq!(seen.len(), 14, "one case at least for each variant");
}

#[test]
fn harmless_oddities_are_tolerated() {
    let odd = "<?xml version=\"1.0\"?>\n<!-- made by hand -->\n<?style none?>\
        <XmlMsg xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
        <MessageHeader><QualificationConfirmationDate >20261122</QualificationConfirmationDate >\
        <Future><Deep>1</Deep></Future><MedicalInstitutionCode>1319990012</MedicalInstitutionCode>\
        <ArbitraryFileIdentifier><![CDATA[a<b]]>&amp;&#x20BB7;</ArbitraryFileIdentifier ></MessageHeader>\
        <MessageBody><QualificationConfirmSearchInfo><InsurerNumber>138990</InsurerNumber>\
        <InsuredCardSymbol/><InsuredIdentificationNumber>1</InsuredIdentificationNumber>\
        <InsuredBranchNumber></InsuredBranchNumber><Birthdate>20220901</Birthdate>\
        <LimitApplicationCertificateRelatedConsFlg>0</LimitApplicationCertificateRelatedConsFlg>\
        </QualificationConfirmSearchInfo></MessageBody></XmlMsg>\n\n";
    let request = read_request(odd.as_bytes()).expect("reads").request.expect("is right");
    assert_eq!(request.file_identifier.as_deref(), Some("a<b&𠮷"));
    assert_eq!((request.query.insured_symbol, request.query.branch_number), (None, None));
}

#[test]
fn depth_and_size_at_the_limit_are_taken() {
    let inside = format!("{}{}", "<a>".repeat(30), "</a>".repeat(30));
    assert!(read_request(request(&inside).as_bytes()).is_ok(), "32 levels");
    let mut large = request("").into_bytes();
    large.resize(10 * 1024 * 1024, b' ');
    assert!(read_request(&large).is_ok(), "10 MiB");
}
