//! Finding words in texts as people type them: width, case, hiragana or katakana, small kana, long vowels, hyphens and
//! blanks make no difference.

use unicode_normalization::UnicodeNormalization;

/// Hiragana is this much before the same katakana.
const KATAKANA_OFFSET: u32 = 0x60;

/// A text in the form in which it is searched, and where each of its letters stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    text: String,
    /// For each letter of `text`: which letter of the original it came from.
    from: Vec<usize>,
}

impl Folded {
    /// Folds a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut folded = Self::default();
        let mut letters = text.chars().enumerate().peekable();
        while let Some((at, letter)) = letters.next() {
            let mut piece = String::from(letter);
            // Voice marks of half-width kana are letters of their own.
            if let Some((_, mark)) = letters.next_if(|(_, next)| is_voice_mark(*next)) {
                piece.push(mark);
            }
            for same in piece.nfkc().flat_map(char::to_lowercase).filter_map(fold) {
                folded.text.push(same);
                folded.from.push(at);
            }
        }
        folded
    }

    /// Whether nothing is left to search for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Where a folded word stands first: the places of its first and last letter in the original, counted in letters.
    #[must_use]
    pub fn find(&self, word: &Self) -> Option<(usize, usize)> {
        let at = self.text.find(&word.text)?;
        let first = self.text.get(..at)?.chars().count();
        let last = (first + word.from.len()).checked_sub(1)?;
        Some((*self.from.get(first)?, *self.from.get(last)?))
    }
}

/// The words of a search, folded; what folds to nothing (a lone hyphen) is none.
#[must_use]
pub fn words(typed: &str) -> Vec<Folded> {
    typed.split_whitespace().map(Folded::of).filter(|word| !word.is_empty()).collect()
}

const fn is_voice_mark(letter: char) -> bool {
    matches!(letter, '\u{FF9E}' | '\u{FF9F}' | '\u{3099}' | '\u{309A}')
}

/// One letter for all that are taken as the same; `None` for what people type or leave out as they like.
fn fold(letter: char) -> Option<char> {
    let letter = match letter {
        '\u{30A1}'..='\u{30F6}' => char::from_u32(u32::from(letter) - KATAKANA_OFFSET)?,
        other => other,
    };
    match letter {
        'ぁ' => Some('あ'),
        'ぃ' => Some('い'),
        'ぅ' => Some('う'),
        'ぇ' => Some('え'),
        'ぉ' => Some('お'),
        'っ' => Some('つ'),
        'ゃ' => Some('や'),
        'ゅ' => Some('ゆ'),
        'ょ' => Some('よ'),
        'ゎ' => Some('わ'),
        // サーバ and サーバー, カード・リーダー and カードリーダー; hyphens are typed for the long vowel, too.
        'ー' | '・' | '-' | '‐' | '‑' | '–' | '—' | '―' | '−' => None,
        blank if blank.is_whitespace() => None,
        other => Some(other),
    }
}
