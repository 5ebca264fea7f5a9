//! Passwords that are tried first: a list of words, and what people do to words to make them long enough.

/// Words of common passwords, one a line, folded: lower case, kana as hiragana.
const WORDS: &str = include_str!("common_words.txt");
/// So many listed words in a row are still one guess; four are a passphrase.
const WORDS_MAX: usize = 3;
/// Digits and marks around words, in all, that do not make a password of its own.
const DECORATION_MAX: usize = 8;

/// What names of institutions and mail domains have in common: it tells nothing about whose password it is.
pub(super) const GENERIC: &[&str] = &[
    "医療法人",
    "社会福祉法人",
    "株式会社",
    "有限会社",
    "社団",
    "財団",
    "病院",
    "医院",
    "診療所",
    "くりにっく",
    "薬局",
    "調剤",
    "歯科",
    "内科",
    "外科",
    "小児科",
    "眼科",
    "皮膚科",
    "耳鼻",
    "整形",
    "産婦人科",
    "総合",
    "中央",
    "hospital",
    "clinic",
    "pharmacy",
    "dental",
    "example",
    "gmail",
    "yahoo",
    "docomo",
    "ezweb",
    "softbank",
    "outlook",
    "icloud",
    "mail",
];

/// Whether the password is at most three listed words with a little decoration, in plain or "leet" writing.
pub(super) fn is_common(folded: &[char]) -> bool {
    let text: Vec<char> = folded.iter().copied().filter(|c| !c.is_whitespace()).collect();
    is_covered(&text)
}

/// Whether the text can be cut into listed words and decoration, within both limits.
fn is_covered(text: &[char]) -> bool {
    // best[at][words] = the least decoration with which the first `at` characters are so many words.
    let mut best = vec![[usize::MAX; WORDS_MAX + 1]; text.len() + 1];
    best[0][0] = 0;
    for at in 0..text.len() {
        let here = best[at];
        if is_decoration(text[at]) {
            lower(&mut best[at + 1], here.map(|decoration| decoration.saturating_add(1)));
        }
        for word in words_at(&text[at..]) {
            let mut one_more = [usize::MAX; WORDS_MAX + 1];
            one_more[1..].copy_from_slice(&here[..WORDS_MAX]);
            lower(&mut best[at + word], one_more);
        }
    }
    best[text.len()].iter().any(|decoration| *decoration <= DECORATION_MAX)
}

fn lower(best: &mut [usize; WORDS_MAX + 1], with: [usize; WORDS_MAX + 1]) {
    for (best, with) in best.iter_mut().zip(with) {
        *best = (*best).min(with);
    }
}

/// Lengths of the listed words the text begins with. At least half of a word stands in its own letters, or a
/// row of random digits would be full of short words.
fn words_at(rest: &[char]) -> impl Iterator<Item = usize> {
    WORDS.lines().filter_map(move |word| {
        let (mut length, mut own) = (0, 0);
        for letter in word.chars() {
            let typed = *rest.get(length)?;
            if !reads_as(typed, letter) {
                return None;
            }
            length += 1;
            own += usize::from(typed == letter);
        }
        (length > 0 && own * 2 >= length).then_some(length)
    })
}

fn is_decoration(c: char) -> bool {
    !c.is_alphabetic()
}

/// Whether a typed character is the letter, or the digit or mark people write for it.
fn reads_as(typed: char, letter: char) -> bool {
    typed == letter
        || match letter {
            'a' => matches!(typed, '@' | '4'),
            'b' => typed == '8',
            'e' => typed == '3',
            'g' => typed == '9',
            'i' | 'l' => matches!(typed, '1' | '!' | '|'),
            'o' => typed == '0',
            's' => matches!(typed, '$' | '5'),
            't' => matches!(typed, '7' | '+'),
            _ => false,
        }
}
