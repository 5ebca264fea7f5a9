//! Kana between the width of the messages (half) and the width kept in the domain (full).

use std::collections::HashMap;
use std::sync::LazyLock;

/// Half-width katakana U+FF61–U+FF9D and the full-width character of each.
const FULL: &str = "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン";
/// The first character of the half-width block.
const HALF_FIRST: u32 = 0xFF61;
const HALF_VOICED: char = 'ﾞ';
const HALF_SEMI_VOICED: char = 'ﾟ';
/// Offset between ASCII and its full-width forms.
const ASCII_SHIFT: u32 = 0xFEE0;

/// Katakana with a mark, and the one without it, in the same order.
const VOICED: [(&str, &str, char); 3] = [
    ("ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", "カキクケコサシスセソタチツテトハヒフヘホウ", HALF_VOICED),
    ("ヷヺ", "ワヲ", HALF_VOICED),
    ("パピプペポ", "ハヒフヘホ", HALF_SEMI_VOICED),
];
/// Katakana that have no half-width form, and the nearest that has.
const NEAREST: [(char, char); 5] = [('ヮ', 'ワ'), ('ヰ', 'イ'), ('ヱ', 'エ'), ('ヵ', 'カ'), ('ヶ', 'ケ')];

static WIDE: LazyLock<Vec<char>> = LazyLock::new(|| FULL.chars().collect());

static NARROW: LazyLock<HashMap<char, String>> = LazyLock::new(|| {
    let mut narrow: HashMap<char, String> = HashMap::new();
    for (half, full) in (HALF_FIRST..).filter_map(char::from_u32).zip(WIDE.iter()) {
        narrow.insert(*full, half.to_string());
    }
    narrow.insert('゛', HALF_VOICED.to_string());
    narrow.insert('゜', HALF_SEMI_VOICED.to_string());
    for (marked, plain, mark) in VOICED {
        for (marked, plain) in marked.chars().zip(plain.chars()) {
            let half = format!("{}{mark}", narrow[&plain]);
            narrow.insert(marked, half);
        }
    }
    for (from, to) in NEAREST {
        let half = narrow[&to].clone();
        narrow.insert(from, half);
    }
    narrow
});

/// Full-width katakana, blanks and ASCII to half-width. Hiragana is taken as katakana; what has no half-width
/// form stays.
#[must_use]
pub fn narrow(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = to_katakana(c);
        match c {
            '\u{3000}' => out.push(' '),
            '\u{3099}' => out.push(HALF_VOICED),
            '\u{309A}' => out.push(HALF_SEMI_VOICED),
            '\u{FF01}'..='\u{FF5E}' => out.extend(char::from_u32(u32::from(c) - ASCII_SHIFT)),
            c => match NARROW.get(&c) {
                Some(half) => out.push_str(half),
                None => out.push(c),
            },
        }
    }
    out
}

/// Half-width katakana, blanks and ASCII to full-width; a voice mark joins the letter before it.
#[must_use]
pub fn widen(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for c in text.chars() {
        match c {
            ' ' => out.push('\u{3000}'),
            '!'..='~' => out.extend(char::from_u32(u32::from(c) + ASCII_SHIFT)),
            HALF_VOICED | HALF_SEMI_VOICED => join_mark(&mut out, c),
            c => out.push(wide(c).unwrap_or(c)),
        }
    }
    out
}

fn wide(c: char) -> Option<char> {
    let index = u32::from(c).checked_sub(HALF_FIRST)?;
    WIDE.get(usize::try_from(index).ok()?).copied()
}

fn join_mark(out: &mut String, mark: char) {
    let last = out.chars().next_back();
    for (marked, plain, of) in VOICED {
        let position = plain.chars().position(|p| Some(p) == last);
        if let (true, Some(position)) = (of == mark, position) {
            out.pop();
            out.extend(marked.chars().nth(position));
            return;
        }
    }
    out.push(if mark == HALF_VOICED { '゛' } else { '゜' });
}

fn to_katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' => char::from_u32(u32::from(c) + 0x60).unwrap_or(c),
        c => c,
    }
}
