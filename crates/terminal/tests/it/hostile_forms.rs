//! A thousand files that are wrong, each in a way of its own: every kind of name, with every damage, in every encoding.

use std::collections::{BTreeSet, HashSet};

use crate::counter::{Counter, names_in, request, wait_until};

/// Beginnings of names: what this terminal answers, both steps of what takes two, and what it does not know.
const NAMES: [&str; 5] =
    ["OQSsiquc01req_", "OQSsiimm01req_", "OQSmuquc01req_", "OQSmuquc02req_", "OQSsidhc01req_"];
/// In every wrong file: nobody may be asked about it.
const NUMBER: &str = "7";

const DAMAGES: usize = 20;
const ENCODINGS: usize = 10;
/// Digits of another width: the only characters of a request that are not ASCII, and what Shift_JIS writes for them.
const WIDE: &str = "２１０１";
const WIDE_SHIFT_JIS: [u8; 8] = [0x82, 0x51, 0x82, 0x50, 0x82, 0x4f, 0x82, 0x50];
const DECLARED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>";

/// A request that is no question any more.
fn damaged(way: usize) -> String {
    let good = request(NUMBER);
    let number = format!("<InsuredIdentificationNumber>{NUMBER}</InsuredIdentificationNumber>");
    let with_number = |text: &str| {
        let changed = format!("<InsuredIdentificationNumber>{text}</InsuredIdentificationNumber>");
        good.replace(&number, &changed)
    };
    let with_root = |root: &str| good.replacen("<XmlMsg>", root, 1);
    let within = |before: &str, after: &str| {
        good.replace("<MessageBody>", &format!("<MessageBody>{before}"))
            .replace("</MessageBody>", &format!("{after}</MessageBody>"))
    };
    match way {
        0 => good.replace("</XmlMsg>", ""),
        1 => format!("{good}<XmlMsg></XmlMsg>"),
        2 => with_root("<!DOCTYPE XmlMsg [<!ENTITY a \"aa\">]><XmlMsg>"),
        3 => with_root("<!DOCTYPE XmlMsg SYSTEM \"file:///etc/passwd\"><XmlMsg>"),
        4 => with_root("<!DOCTYPE XmlMsg [<!ENTITY % p SYSTEM \"http://127.0.0.1:9/\">%p;]><XmlMsg>"),
        5 => with_number(&format!("{NUMBER}&unknown;")),
        6 => with_number(&format!("{NUMBER}&#x0;")),
        7 => within(&"<a>".repeat(64), &"</a>".repeat(64)),
        8 => good.replace("<MessageHeader>", ""),
        9 => good.replace("XmlMsg>", "OtherMsg>"),
        10 => good.replace("MessageBody>", "MessageBodies>"),
        11 => good.replace("19820514", "19820230"),
        12 => good.replace("19820514", "1982-05-14"),
        13 => good.replace("06139996", "0613999A"),
        14 => with_number(&format!("{NUMBER}\u{1}")),
        15 => good.replace("1319990012", "1319990020"),
        16 => good.replace("20261122", "99999999"),
        17 => with_root("<XmlMsg><XmlMsg>"),
        18 => good.replace("</InsurerNumber>", ""),
        _ => with_number(&format!("<![CDATA[{NUMBER}")),
    }
}

/// That text as bytes, in an encoding that is right, declared wrongly, or none at all.
fn encoded(text: &str, encoding: usize) -> Vec<u8> {
    let declared =
        |name: &str| text.replacen(DECLARED, &format!("<?xml version=\"1.0\" encoding=\"{name}\"?>"), 1);
    let utf_16 =
        |bytes: fn(u16) -> [u8; 2]| declared("UTF-16").encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    match encoding {
        0 => text.into(),
        1 => ["\u{feff}", text].concat().into(),
        2 => {
            let text = declared("Shift_JIS");
            let (before, after) = text.split_once(WIDE).unwrap_or((&text, ""));
            [before.as_bytes(), &WIDE_SHIFT_JIS, after.as_bytes()].concat()
        }
        3 => declared("Shift_JIS").into(),
        4 => [vec![0xff, 0xfe], utf_16(u16::to_le_bytes)].concat(),
        5 => utf_16(u16::to_be_bytes),
        6 => declared("EUC-JP").into(),
        7 => declared("x-unknown").into(),
        8 => text.replacen(DECLARED, "", 1).into(),
        _ => text
            .replace(WIDE, "\u{0}")
            .into_bytes()
            .iter()
            .map(|&byte| if byte == 0 { 0xff } else { byte })
            .collect(),
    }
}

/// Name without its ending, and content.
fn forms() -> Vec<(String, Vec<u8>)> {
    let mut forms = Vec::new();
    for (kind, name) in NAMES.iter().enumerate() {
        for damage in 0..DAMAGES {
            for encoding in 0..ENCODINGS {
                let part = format!("{name}k{kind}d{damage}e{encoding}");
                forms.push((part, encoded(&damaged(damage), encoding)));
            }
        }
    }
    forms
}

/// What readers of XML are often lenient about, and the words its sender gets.
const NOT_WELL_FORMED: [(&str, &str, &str); 9] = [
    ("<MessageHeader>", "<MessageHeader a=\"1\" a=\"2\">", "詳細：1つのタグに同じ名前の属性が2つあります。"),
    (
        "<MessageHeader>",
        "<MessageHeader a=1>",
        "詳細：タグの属性の書き方に誤りがあります。名前=\"値\"の形で書きます。",
    ),
    ("<XmlMsg>", "<XmlMsg a>", "詳細：タグの属性の書き方に誤りがあります。名前=\"値\"の形で書きます。"),
    ("<XmlMsg>", "<XmlMsg a='&b;'>", "詳細：XMLの5種以外の実体参照は使えません。"),
    ("<?xml", "\r\n<?xml", "詳細：XML宣言がファイルの先頭にないか、書き方に誤りがあります。"),
    ("version=\"1.0\" ", "", "詳細：XML宣言がファイルの先頭にないか、書き方に誤りがあります。"),
    ("<XmlMsg>", "<!-- a -- b --><XmlMsg>", "詳細：XMLの書き方に誤りがあります。"),
    ("</XmlMsg>", "]]></XmlMsg>", "詳細：XMLの書き方に誤りがあります。"),
    ("</XmlMsg>", "</XmlMsg>\u{3000}", "詳細：XMLの書き方に誤りがあります。"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_well_formed_is_given_back_with_what_is_wrong_in_it() {
    let counter = Counter::open().await;
    for (n, (right, wrong, _)) in NOT_WELL_FORMED.iter().enumerate() {
        let text = request(NUMBER);
        assert!(text.contains(right));
        counter.put(&format!("OQSsiquc01req_{n}.xml"), text.replacen(right, wrong, 1));
    }
    for (n, (_, wrong, words)) in NOT_WELL_FORMED.iter().enumerate() {
        let told = counter.wait("res", &format!("OQSsiquc01req_{n}.err")).await;
        let told = crate::counter::words(&told);
        assert!(told.starts_with("コード：OQSA9004E\r\n"), "{wrong}: {told}");
        assert!(told.ends_with(&format!("{words}\r\n")), "{wrong}: {told}");
    }
    assert!(counter.centre.asked.lock().expect("no panics").is_empty(), "nobody was asked about");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_wrong_files_get_one_answer_each_and_nobody_is_asked() {
    let forms = forms();
    let distinct: HashSet<(&str, &[u8])> =
        forms.iter().map(|(name, bytes)| (&name[.."OQSsiquc01req_".len()], bytes.as_slice())).collect();
    assert_eq!(distinct.len(), 1_000);

    let counter = Counter::open().await;
    for (name, bytes) in &forms {
        counter.put(&format!("{name}.xml"), bytes);
    }
    counter.put("OQSsiquc01req_good.xml", request("1"));
    counter.result("OQSsiquc01res_good.xml").await;
    let req = counter.folder("req");
    wait_until("the folder to be empty", || names_in(&req).is_empty().then_some(())).await;

    let res = counter.folder("res");
    let answers: BTreeSet<String> = counter.names("res").into_iter().collect();
    let mut expected = BTreeSet::from(["OQSsiquc01res_good.xml".to_owned()]);
    for (name, bytes) in &forms {
        let result = format!("{}.xml", name.replace("req_", "res_"));
        if answers.contains(&result) {
            expected.insert(result);
            continue;
        }
        // What cannot be answered is given back as it was, with words beside it.
        let given_back = std::fs::read(res.join(format!("{name}.xml"))).unwrap_or_default();
        assert!(given_back == *bytes, "{name}: neither answered nor given back");
        expected.extend([format!("{name}.xml"), format!("{name}.err")]);
    }
    assert_eq!(answers, expected, "one answer each, and nothing besides");
    let asked: Vec<String> =
        counter.centre.asked.lock().expect("no panics").iter().map(|(number, _)| number.clone()).collect();
    assert_eq!(asked, ["1"], "no wrong file was asked about");
    assert_eq!(counter.names("quarantine"), [""; 0], "each was answered where its sender looks");
    assert!(counter.status().report().healthy);
}
