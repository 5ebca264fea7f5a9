//! Windows-31J against an independent table (Python's cp932), and what happens to characters it lacks.

use std::process::Command;

use eligibility::codes::CharacterCode;
use unicode_normalization::UnicodeNormalization as _;
use wire::{
    charset::{
        FALLBACKS, GETA, ResultEncoding, Substitution, decode, encode, in_shift_jis, kanji_substitutes,
    },
    message::Unreadable,
};

const DECLARATION: &[u8] = b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?>";

/// `bytes` as Windows-31J.
fn shift_jis(bytes: &[u8]) -> Result<String, Unreadable> {
    let file = [DECLARATION, bytes].concat();
    let (_, text) = decode(&file)?;
    Ok(text[DECLARATION.len()..].to_owned())
}

/// Every double-byte code Python knows: code, character, and the code Python writes the character as.
fn python_table() -> Vec<(u16, String, u16)> {
    let script = "
for code in range(0x8140, 0xFCFC + 1):
    try: c = bytes([code >> 8, code & 255]).decode('cp932')
    except UnicodeDecodeError: continue
    if len(c) == 1: print('%04X %04X %s' % (code, ord(c), c.encode('cp932').hex()))
";
    let output = Command::new("python3")
        .args(["-c", script])
        .output()
        .expect("python3 is needed as the independent table: install the package python3");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let hex = |text: &str| u32::from_str_radix(text, 16).expect("hex");
    String::from_utf8(output.stdout)
        .expect("ASCII")
        .lines()
        .map(|line| {
            let parts: Vec<&str> = line.split(' ').collect();
            let c = char::from_u32(hex(parts[1])).expect("a character").to_string();
            (hex(parts[0]) as u16, c, hex(parts[2]) as u16)
        })
        .collect()
}

#[test]
fn every_double_byte_code_agrees_with_an_independent_table() {
    let table = python_table();
    assert!(table.len() > 9_000, "only {} codes", table.len());
    let mut known = std::collections::HashSet::new();
    let mut differences = std::collections::HashSet::new();
    for (code, expected, written_as) in &table {
        known.insert(*code);
        let text = shift_jis(&code.to_be_bytes()).unwrap_or_else(|error| panic!("{code:04X}: {error}"));
        assert_eq!(&text, expected, "{code:04X}");
        let (bytes, substitutions) = encode(&text, CharacterCode::ShiftJis);
        assert_eq!(substitutions, []);
        if bytes != written_as.to_be_bytes() {
            // Windows writes IBM's extensions with IBM's codes, Python with the copies NEC made of them.
            let ours = u16::from_be_bytes([bytes[0], bytes[1]]);
            assert!((0xED40..=0xEEFC).contains(written_as) && ours >= 0xFA40, "{code:04X} {expected}");
            assert_eq!(shift_jis(&bytes).as_deref(), Ok(expected.as_str()), "{code:04X}");
            differences.insert(expected.clone());
        }
    }
    assert_eq!(differences.len(), 373, "the extensions that have two codes");
    for code in 0x8140..=0xFCFC_u16 {
        let double = !(0xA0..0xE0).contains(&(code >> 8));
        let trail = (code & 0xFF) as u8;
        if double && (0x80..=0xFC).contains(&trail) && !known.contains(&code) {
            assert_eq!(shift_jis(&code.to_be_bytes()), Err(Unreadable::NotText), "{code:04X}");
        }
    }
}

#[test]
fn single_bytes() {
    for byte in (0x20..=0x7E_u8).chain(0xA1..=0xDF) {
        let text = shift_jis(&[byte]).expect("a character");
        assert_eq!(encode(&text, CharacterCode::ShiftJis).0, [byte], "{byte:02X}");
    }
    assert_eq!(shift_jis(b"\x5C\x7E").as_deref(), Ok("\\~"), "not yen sign and overline");
    for wrong in [&b"\xA0"[..], b"\xFD", b"\xFF", b"\x81", b"\x95\x20"] {
        assert_eq!(shift_jis(wrong), Err(Unreadable::NotText), "{wrong:X?}");
    }
}

#[test]
fn tricky_characters_survive() {
    let text = "表ソ能 ～－∥￠￡￢ ―…・ 髙﨑德瀧 ①Ⅳ㈱ｱﾝﾞ \\~ 〓\u{E000}\u{E757}";
    let (bytes, substitutions) = encode(text, CharacterCode::ShiftJis);
    assert_eq!(substitutions, []);
    assert_eq!(shift_jis(&bytes).as_deref(), Ok(text));
}

#[test]
fn lacking_characters_are_substituted_and_reported() {
    for (original, replacement) in [
        ("𠮷", "吉"),
        ("葛\u{E0100}", "葛"),
        ("辻\u{E0101}", "辻"),
        ("𠮷\u{E0101}", "吉"),
        ("か\u{3099}", "が"),
        ("﨑\u{E0100}", "﨑"),
        ("〜", "～"),
        ("−", "－"),
        ("¥", "￥"),
        ("‾", "￣"),
        ("é", "e"),
        ("ﬀ", "ff"),
        ("\u{F900}", "豈"),
        ("\u{FE16}", "？"),
        ("﹠", "＆"),
        ("≮", "＜"),
        ("\u{FE16}", "？"),
        ("한", "〓"),
        ("🙂", "〓"),
        ("\u{20000}", "〓"),
    ] {
        let (bytes, substitutions) = encode(&format!("a{original}b"), CharacterCode::ShiftJis);
        assert_eq!(shift_jis(&bytes).as_deref(), Ok(format!("a{replacement}b").as_str()), "{original}");
        let expected = Substitution { original: original.into(), replacement: replacement.into() };
        assert_eq!(substitutions, [expected]);
        let (bytes, substitutions) = encode(original, CharacterCode::Utf8);
        assert_eq!((bytes.as_slice(), substitutions.len()), (original.as_bytes(), 0), "UTF-8 keeps all");
    }
}

#[test]
fn each_substituted_character_is_reported_once() {
    let (_, substitutions) = encode("𠮷𠮷한𠮷한", CharacterCode::ShiftJis);
    let originals: Vec<_> = substitutions.iter().map(|s| s.original.as_str()).collect();
    assert_eq!(originals, ["𠮷", "한"]);
}

#[test]
fn never_a_question_mark_or_a_black_circle_or_markup() {
    for c in ('\u{80}'..='\u{10FFFF}').filter(|c| *c != '●') {
        let (bytes, _) = encode(c.encode_utf8(&mut [0; 4]), CharacterCode::ShiftJis);
        assert!(bytes != b"\x81\x9C", "U+{:04X}", u32::from(c));
        // As a trail byte no sign of ASCII below 0x40 occurs, so any is a character.
        assert!(!bytes.iter().any(|b| b"?&<>\"'".contains(b)), "U+{:04X}", u32::from(c));
    }
}

#[test]
fn the_table_of_substitutes_is_in_order_and_can_be_written() {
    assert!(FALLBACKS.is_sorted_by(|a, b| a.0 < b.0));
    for (from, to) in FALLBACKS {
        assert!(!in_shift_jis(*from), "{from} needs no substitute");
        assert!(!to.is_empty() && to.chars().all(in_shift_jis), "{from} → {to}");
    }
    assert!(in_shift_jis(GETA));
}

/// What a text becomes in Windows-31J.
fn shrunk(text: &str) -> String {
    shift_jis(&encode(text, CharacterCode::ShiftJis).0).expect("what was just written")
}

#[test]
fn every_kanji_of_the_made_table_is_written_as_another_kanji() {
    let table = kanji_substitutes();
    assert!(table.len() > 3_000, "only {} kanji", table.len());
    assert!(table.is_sorted_by(|a, b| a.0 < b.0), "twice the same, or out of order");
    for (from, to) in table {
        assert!(!in_shift_jis(*from) && in_shift_jis(*to), "{from} → {to}");
        let written = shrunk(&from.to_string());
        let is_kanji = written.chars().all(|c| ('\u{3400}'..='\u{9FFF}').contains(&c) || c >= '\u{F900}');
        assert!(written.chars().count() == 1 && is_kanji && written != "〓", "{from} → {written}");
    }
}

#[test]
fn old_forms_of_names_become_the_forms_in_use() {
    for (name, written) in [
        ("辻\u{E0100}　邦彥", "辻　邦彦"),
        ("吳　內旣絕", "呉　内既絶"),
        ("澁澤\u{E0101}　姬產閱", "澁澤　姫産閲"),
        ("张　莲", "張　蓮"),
        ("焰俱簞繡萊徵涉", "焔倶箪繍莱徴渉"),
    ] {
        assert_eq!(shrunk(name), written);
    }
}

/// All kanji of the lists that may be used in given names, and their old forms, that Windows-31J lacks.
#[test]
fn no_kanji_allowed_in_given_names_is_lost() {
    let allowed = "俠俱剝卽吞塡巢徵揭摑擊晚曆步歷每涉淚渴溫焰狀瘦禱簞緣繡繫萊蔣虛蟬蠟醬錄鍊頰顚鷗黃𠮟";
    for c in allowed.chars() {
        assert!(shrunk(&c.to_string()) != "〓" && !in_shift_jis(c), "{c}");
    }
}

/// Kanji with compatibility forms of which Windows-31J has neither the kanji nor, by the tax agency's map, Unihan's
/// variants or our own table, another form of the same kanji: a nearer one would be another word. They become 〓.
const WITHOUT_A_NEARER_KANJI: &str = "\
    㒞㒹㒻㓟㔕㛮㛼㞁㡢㡼㣇㣣㤜㤺㨮㩬㫤㬈㬙㭉㮝㰘㱎㴳㶖㺬㺸㼛㿼䀈䀘䁆䂖䃣䄯䈂䈧䊠䌁䌴䍙䏕䏙䐋䑫䔫䕝䕡䕫䗗\
    䗹䘵䚾䛇䦕䧦䩮䩶䪲䬳䯎䳎䳭䳸䵖乁侀侻偺剆剷吆咞啕喳嗀嗂嗢噑堍堲墬夆姘娧媵嬈嬨岍嵃嵫嵮嵼嶲帨幩庰庳廒廙\
    徚忹慺憯懞扝拼揤搢摒摷摾暜朡杻柺栟梎椔榣檨殟殮汧泍洖洴滇瀹灊灷熜牐犕玥瑱璅璘甤甾瘐瘝睊瞧磌磻秫穊窱竮\
    糣糨罺羕翺聠舄芑茝荓菉菧蓳蔖蕤虩蚈蛢蜎蝫蝹螆蟡衠裗裞裺贛趼跰軔辶邔郱鄑鄛醙鈸鉶鉼鋘鏹鐕閷雃霣韛韠頩餩\
    馧駂駾鬒鱀鳽鵧鼅鼖齃龎𠄢𠔜𠔥𠕋𠘺𠠄𠣞𠨬𠭣𡓤𡚨𡛪𡧈𡬘𡴋𡷤𡷦𢆃𢆟𢌱𢛔𢡄𢡊𢬌𣀊𣊸𣍟𣎓𣎜𣏃𣏕𣑭𣚣𣢧𣪍𣫺𣲼𣴞𣻑\
    𣽞𣾎𤉣𤎫𤘈𤜵𤠔𤰶𤲒𤾡𤾸𥁄𥃲𥃳𥄙𥄳𥉉𥐝𥘦𥚚𥛅𥥼𥪧𥮫𥲀𥳐𥾆𦇚𦈨𦉇𦋙𦌾𦓚𦔣𦖨𦞧𦞵𦬼𦰶𦳕𦵫𦼬𦾱𧃒𧏊𧙧𧢮𧥦𧲨𧻓\
    𧼯𨗒𨗭𨜮𨯺𨵷𩅅𩇟𩈚𩐊𩒖𩖶𩬰𪃎𪄅𪈎𪊑𪎒𪘀\
";

/// The blocks of compatibility forms, as far as their characters have a kanji they stand for.
fn compatibility_forms() -> impl Iterator<Item = (char, String)> {
    let blocks = ('\u{F900}'..='\u{FAFF}').chain('\u{2F800}'..='\u{2FA1F}');
    blocks
        .map(|form| (form, form.nfkc().collect()))
        .filter(|(form, kanji): &(char, String)| *kanji != form.to_string())
}

#[test]
fn compatibility_forms_are_written_as_their_kanji() {
    let mut forms = 0;
    for (form, kanji) in compatibility_forms() {
        forms += 1;
        let canonical: String = form.nfc().collect();
        assert_eq!(canonical, kanji, "{form}");
        let written = shrunk(&form.to_string());
        if in_shift_jis(form) {
            assert_eq!(written, form.to_string());
        } else if kanji.chars().all(in_shift_jis) {
            // The table may know a nearer form; never is it lost, and always reported.
            assert_ne!(written, "〓", "{form} → {kanji}");
            assert_eq!(encode(&form.to_string(), CharacterCode::ShiftJis).1.len(), 1, "{form}");
        } else {
            let lost = WITHOUT_A_NEARER_KANJI.contains(kanji.as_str());
            assert_eq!(written == "〓", lost, "{form} → {kanji} → {written}");
            let has_substitute = |c: char| {
                FALLBACKS.iter().any(|(from, _)| *from == c)
                    || kanji_substitutes().iter().any(|(from, _)| *from == c)
            };
            assert_eq!(kanji.chars().all(has_substitute) || has_substitute(form), !lost, "{form} → {kanji}");
        }
        // With a variation selector, too.
        assert_eq!(shrunk(&format!("{form}\u{E0100}")), written, "{form}");
    }
    assert!(forms > 950, "only {forms} forms were tried");
    for (form, written) in
        [('\u{FA46}', "渚"), ('\u{FA19}', "神"), ('\u{F98C}', "歴"), ('\u{F93F}', "録"), ('\u{FA98}', "淫")]
    {
        assert!(in_shift_jis(form) || shrunk(&form.to_string()) == written, "{form}");
    }
}

#[test]
fn the_list_of_lost_kanji_names_none_that_is_written() {
    for kanji in WITHOUT_A_NEARER_KANJI.chars() {
        assert!(!in_shift_jis(kanji) && shrunk(&kanji.to_string()) == "〓", "{kanji}");
        assert!(
            compatibility_forms().any(|(_, of)| of.starts_with(kanji)),
            "{kanji} has no compatibility form"
        );
    }
}

#[test]
fn declarations() {
    let utf8 = Ok(CharacterCode::Utf8);
    let sjis = Ok(CharacterCode::ShiftJis);
    let cases: [(&[u8], Result<CharacterCode, Unreadable>); 16] = [
        (b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>", utf8),
        (b"<?xml version=\"1.0\" encoding=\"utf-8\" ?><a/>", utf8),
        (b"\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>", utf8),
        (b"\xEF\xBB\xBF<a/>", utf8),
        (b"<a/>", utf8),
        (b"<?xml version=\"1.0\"?><a/>", utf8),
        (b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a/>", sjis),
        (b"<?xml version='1.0' encoding='shift_jis'?><a/>", sjis),
        (b"<?xml version=\"1.0\" encoding = \"Windows-31J\"?><a/>", sjis),
        (b"<?xml version=\"1.0\" encoding=\"MS932\"?><a/>", sjis),
        (b"\r\n<?xml version=\"1.0\" encoding=\"MS932\"?><a/>", sjis),
        (b"<?xml version=\"1.0\" encoding=\"EUC-JP\"?><a/>", Err(Unreadable::UnknownEncoding)),
        (b"\xFF\xFE<\0a\0/\0>\0", Err(Unreadable::UnknownEncoding)),
        (
            b"\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a/>",
            Err(Unreadable::ContradictoryEncoding),
        ),
        (b"", Err(Unreadable::Empty)),
        (b"\xEF\xBB\xBF \r\n", Err(Unreadable::Empty)),
    ];
    for (bytes, expected) in cases {
        assert_eq!(
            decode(bytes).map(|(encoding, _)| encoding),
            expected,
            "{}",
            String::from_utf8_lossy(bytes)
        );
    }
}

#[test]
fn result_encoding_follows_the_setting() {
    use CharacterCode::{ShiftJis, Utf8};
    assert_eq!(ResultEncoding::default().resolve(ShiftJis), ShiftJis);
    assert_eq!(ResultEncoding::SameAsRequest.resolve(Utf8), Utf8);
    assert_eq!(ResultEncoding::Utf8.resolve(ShiftJis), Utf8);
    assert_eq!(ResultEncoding::ShiftJis.resolve(Utf8), ShiftJis);
}
