//! Hostile files: each refused with the reason that names it.

use wire::{
    err_file,
    message::{Unreadable, read_request, read_result},
};

fn request(inside: &str) -> String {
    format!("<XmlMsg><MessageHeader>{inside}</MessageHeader><MessageBody></MessageBody></XmlMsg>")
}

const DECLARED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

/// Not well-formed in one of the ways that readers of XML are lenient about.
pub(crate) fn seeds() -> Vec<(String, Vec<u8>)> {
    let lenient = [Unreadable::Attribute, Unreadable::RepeatedAttribute, Unreadable::Declaration];
    let named = |(name, bytes, _): (&str, Vec<u8>, _)| (format!("{}.xml", name.replace(' ', "-")), bytes);
    cases().into_iter().filter(|(_, _, reason)| lenient.contains(reason)).map(named).collect()
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
    let mut cases = vec![
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
        ("two roots", text(format!("{}<a/>", request(""))), NotWellFormed),
        ("text after the root", text(format!("{}x", request(""))), NotWellFormed),
        ("no element", text("<?xml version=\"1.0\"?>".to_owned()), NotWellFormed),
        ("not XML", text("資格確認".to_owned()), NotWellFormed),
        ("unclosed declaration", text("<?xml version=\"1.0\"".to_owned()), NotWellFormed),
        ("another root", text("<Msg><MessageHeader/><MessageBody/></Msg>".to_owned()), WrongLayout),
        ("no header", text("<XmlMsg><MessageBody/></XmlMsg>".to_owned()), WrongLayout),
        ("empty", Vec::new(), Empty),
        ("UTF-16", b"\xFF\xFE<\0a\0/\0>\0".to_vec(), UnknownEncoding),
        (
            "contradiction",
            b"\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a/>".to_vec(),
            ContradictoryEncoding,
        ),
    ];
    cases.extend(not_well_formed());
    cases
}

/// What lenient readers of XML take.
fn not_well_formed() -> Vec<(&'static str, Vec<u8>, Unreadable)> {
    let text = |text: String| text.into_bytes();
    use Unreadable::*;
    vec![
        ("the same attribute twice", text(request("<a b=\"1\" b=\"1\"/>")), RepeatedAttribute),
        ("the same attribute twice further on", text(request("<a b='1' c='' b=''>1</a>")), RepeatedAttribute),
        ("attribute without quotes", text(request("<a b=1/>")), Attribute),
        ("attribute without a value", text(request("<a b/>")), Attribute),
        ("attribute with one quote", text("<a b=\"1></a>".to_owned()), NotWellFormed),
        ("attribute with two kinds of quotes", text("<a b=\"1'></a>".to_owned()), NotWellFormed),
        ("attributes without a blank between", text(request("<a b='1'c='2'/>")), Attribute),
        ("attribute with a tag in it", text(request("<a b='<'/>")), Attribute),
        ("attribute with a bare ampersand", text(request("<a b='A & B'/>")), Attribute),
        ("attribute with an unknown entity", text(request("<a b='&x;'/>")), Entity),
        ("attribute with a reference to NUL", text(request("<a b='&#0;'/>")), CharacterReference),
        ("attribute whose name is none", text(request("<a 1b='1'/>")), Attribute),
        ("attribute of a full-width blank", text(request("<a\u{3000}b='1'/>")), NotWellFormed),
        ("slash within a tag", text(request("<a b='1'/ ></a>")), Attribute),
        ("attribute of the root", text(request("").replacen("<XmlMsg>", "<XmlMsg x=y>", 1)), Attribute),
        ("attribute of an end tag", text("<a></a b='1'>".to_owned()), NotWellFormed),
        ("blank before a name", text("< a></a>".to_owned()), NotWellFormed),
        ("wrong nesting", text("<a><b></a></b>".to_owned()), NotWellFormed),
        ("name of digits", text("<1a/>".to_owned()), NotWellFormed),
        ("a name that goes on with a sign", text(request("<a\u{D7}/>")), NotWellFormed),
        ("two hyphens in a comment", text(request("<!-- a -- b -->")), NotWellFormed),
        ("three hyphens at a comment's end", text(request("<!-- a --->")), NotWellFormed),
        ("end of CDATA in text", text(request("<a>]]></a>")), NotWellFormed),
        ("CDATA behind the root", text(format!("{}<![CDATA[ ]]>", request(""))), NotWellFormed),
        ("reference behind the root", text(format!("{}&#32;", request(""))), NotWellFormed),
        ("full-width blank before the root", text(format!("\u{3000}{}", request(""))), NotWellFormed),
        ("instruction without a name", text(format!("<? a?>{}", request(""))), NotWellFormed),
        ("instruction of XML's own name", text(format!("<?XML a?>{}", request(""))), NotWellFormed),
        ("declaration behind a blank", text(format!("\n{DECLARED}{}", request(""))), Declaration),
        ("two declarations", text(format!("{DECLARED}{DECLARED}{}", request(""))), Declaration),
        ("declaration within", text(request(DECLARED)), Declaration),
        (
            "declaration without version",
            text(format!("<?xml encoding=\"UTF-8\"?>{}", request(""))),
            Declaration,
        ),
        (
            "declaration in another order",
            text(format!("<?xml encoding=\"UTF-8\" version=\"1.0\"?>{}", request(""))),
            Declaration,
        ),
        (
            "declaration that is twice of a mind",
            text(format!("<?xml version='1.0' encoding='UTF-8' encoding='Shift_JIS'?>{}", request(""))),
            Declaration,
        ),
        ("declaration with more", text(format!("<?xml version='1.0' b='1'?>{}", request(""))), Declaration),
        ("version 2", text(format!("<?xml version='2.0'?>{}", request(""))), Declaration),
        (
            "standalone perhaps",
            text(format!("<?xml version='1.0' standalone='?'?>{}", request(""))),
            Declaration,
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
    assert_eq!(seen.len(), 17, "one case at least for each variant");
}

#[test]
fn harmless_oddities_are_tolerated() {
    let odd = "<?xml  version = '1.0' standalone=\"yes\" ?>\n<!-- made by hand - -->\n<?style none?><?xml-style?>\
        <XmlMsg xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n\txsi:b = 'a>\"&lt;&#x20BB7;' 属性·1=\"\" >\
        <MessageHeader><QualificationConfirmationDate >20261122</QualificationConfirmationDate >\
        <Future><Deep b='1' c='1'>1</Deep ><x:見出し/></Future><MedicalInstitutionCode>1319990012</MedicalInstitutionCode>\
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
