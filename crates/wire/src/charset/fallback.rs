//! 縮退: the nearest character Windows-31J has for one it lacks.
//!
//! Two tables: [`FALLBACKS`], picked by hand, goes first; `substitutes.txt`, some three thousand kanji, is made by
//! `make_substitutes.py` from public tables and says where it comes from.

use std::sync::LazyLock;

/// Pairs of a character Windows-31J lacks and what is written instead, in ascending order of the first: signs, kana,
/// and kanji the made table lacks or has a farther form for.
pub static FALLBACKS: &[(char, &str)] = &[
    ('\u{A0}', " "),
    ('¢', "￠"),
    ('£', "￡"),
    ('¥', "￥"),
    ('¦', "￤"),
    ('¬', "￢"),
    ('\u{AD}', "‐"),
    ('·', "・"),
    ('Æ', "AE"),
    ('Ð', "D"),
    ('Ø', "O"),
    ('Þ', "Th"),
    ('ß', "ss"),
    ('æ', "ae"),
    ('ð', "d"),
    ('ø', "o"),
    ('þ', "th"),
    ('Đ', "D"),
    ('đ', "d"),
    ('ı', "i"),
    ('Ł', "L"),
    ('ł', "l"),
    ('Œ', "OE"),
    ('œ', "oe"),
    ('\u{2011}', "‐"),
    ('\u{2012}', "‐"),
    ('–', "‐"),
    ('—', "―"),
    ('‖', "∥"),
    ('•', "・"),
    ('‾', "￣"),
    ('⁃', "・"),
    ('−', "－"),
    ('〜', "～"),
    ('ゔ', "ヴ"),
    ('ゕ', "ヵ"),
    ('ゖ', "ヶ"),
    ('゠', "＝"),
    ('ヷ', "ヴァ"),
    ('ヸ', "ヴィ"),
    ('ヹ', "ヴェ"),
    ('ヺ', "ヴォ"),
    ('ㇰ', "ク"),
    ('ㇱ', "シ"),
    ('ㇲ', "ス"),
    ('ㇳ', "ト"),
    ('ㇴ', "ヌ"),
    ('ㇵ', "ハ"),
    ('ㇶ', "ヒ"),
    ('ㇷ', "フ"),
    ('ㇸ', "ヘ"),
    ('ㇹ', "ホ"),
    ('ㇺ', "ム"),
    ('ㇻ', "ラ"),
    ('ㇼ', "リ"),
    ('ㇽ', "ル"),
    ('ㇾ', "レ"),
    ('ㇿ', "ロ"),
    ('㐧', "第"),
    ('㑺', "俊"),
    ('㟢', "崎"),
    ('仌', "冰"),
    ('佔', "占"),
    ('內', "内"),
    ('凞', "煕"),
    ('剎', "刹"),
    ('叅', "参"),
    ('喻', "喩"),
    ('圗', "圖"),
    ('姬', "姫"),
    ('寕', "寧"),
    ('尙', "尚"),
    ('峀', "岫"),
    ('巔', "巓"),
    ('庻', "庶"),
    ('廄', "厩"),
    ('彥', "彦"),
    ('拋', "抛"),
    ('揷', "挿"),
    ('揹', "背"),
    ('旣', "既"),
    ('暨', "曁"),
    ('榆', "楡"),
    ('槗', "橋"),
    ('污', "汚"),
    ('溉', "漑"),
    ('滛', "淫"),
    ('甆', "磁"),
    ('產', "産"),
    ('畵', "画"),
    ('皁', "皂"),
    ('盇', "蓋"),
    ('眀', "明"),
    ('綑', "梱"),
    ('縂', "総"),
    ('茐', "葱"),
    ('莭', "節"),
    ('葊', "庵"),
    ('衹', "祇"),
    ('襀', "積"),
    ('誯', "唱"),
    ('辦', "弁"),
    ('鄊', "郷"),
    ('閱', "閲"),
    ('颳', "刮"),
    ('鳯', "鳳"),
    ('鶑', "鴬"),
    ('麫', "麺"),
    ('𠅘', "亭"),
    ('𠩤', "原"),
    ('𠮷', "吉"),
    ('𣜜', "栃"),
    ('𤋮', "熙"),
    ('𩵋', "魚"),
    ('𫝆', "今"),
];

static KANJI: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let lines = include_str!("substitutes.txt").lines().filter(|line| !line.starts_with('#'));
    let mut pairs: Vec<(char, char)> = lines
        .flat_map(|line| {
            let mut characters = line.chars();
            let target = characters.next();
            characters.filter_map(move |c| Some((c, target?)))
        })
        .collect();
    pairs.sort_unstable();
    pairs
});

/// Pairs of a kanji Windows-31J lacks and the one written instead, in ascending order of the first.
#[must_use]
pub fn kanji_substitutes() -> &'static [(char, char)] {
    &KANJI
}

/// What is written instead of a character, as far as the two tables know.
pub(super) fn known(c: char) -> Option<String> {
    if let Ok(index) = FALLBACKS.binary_search_by_key(&c, |(from, _)| *from) {
        return Some(FALLBACKS[index].1.to_owned());
    }
    let index = KANJI.binary_search_by_key(&c, |(from, _)| *from).ok()?;
    Some(KANJI[index].1.to_string())
}
