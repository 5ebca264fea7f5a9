//! Repetitions and sequences.

/// A password with fewer different characters is a repetition.
const DISTINCT_MIN: usize = 5;
/// A password that repeats a piece shorter than this is worth only that piece.
const PERIOD_MIN: usize = 8;
/// Neighbours count as a run from this length on.
const RUN_MIN: usize = 3;
/// With every run counted as one character, a password has at least so many.
const PIECES_MIN: usize = 7;

/// Rows in which people run along: keyboards and the orders of kana.
const ROWS: &[&str] = &[
    "1234567890-^",
    "qwertyuiop",
    "asdfghjkl;:",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをん",
    "いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひもせす",
    "零一二三四五六七八九十",
];

/// Few different characters, or one short piece over and over.
pub(super) fn is_repetition(password: &[char]) -> bool {
    let mut distinct = password.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let repeats = |period: usize| (period..password.len()).all(|at| password[at] == password[at - period]);
    distinct.len() < DISTINCT_MIN || (1..PERIOD_MIN).any(repeats)
}

/// Whether little is left when every run along a row, an alphabet or one character counts once.
pub(super) fn is_sequence(password: &[char]) -> bool {
    let mut pieces = 0;
    let mut at = 0;
    while at < password.len() {
        let run = run_length(&password[at..]);
        at += if run >= RUN_MIN { run } else { 1 };
        pieces += 1;
    }
    pieces < PIECES_MIN
}

fn run_length(rest: &[char]) -> usize {
    let along_code_points = [-1, 0, 1].into_iter().map(|step| code_point_run(rest, step));
    let along_rows = ROWS.iter().flat_map(|row| {
        let row: Vec<char> = row.chars().collect();
        [row_run(rest, row.iter()), row_run(rest, row.iter().rev())]
    });
    along_code_points.chain(along_rows).max().unwrap_or(1)
}

fn code_point_run(rest: &[char], step: i64) -> usize {
    1 + rest
        .windows(2)
        .take_while(|pair| i64::from(pair[1] as u32) - i64::from(pair[0] as u32) == step)
        .count()
}

/// How far the text runs along the row from where its first character stands.
fn row_run<'a>(rest: &[char], row: impl Iterator<Item = &'a char>) -> usize {
    row.skip_while(|c| Some(*c) != rest.first()).zip(rest).take_while(|(a, b)| a == b).count()
}
