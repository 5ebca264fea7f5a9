//! Words that must not stand in the tree.

use crate::tidy::{Finding, tree::Source};

/// A word (in two pieces, so that this file does not trip over itself) and why it must not stand.
const FORBIDDEN_EVERYWHERE: &[([&str; 2], &str)] = &[
    (["/ho", "me/"], "a folder of somebody's own machine"),
    (["/ro", "ot/"], "a folder of somebody's own machine"),
    (["/Use", "rs/"], "a folder of somebody's own machine"),
    (["<<<<", "<<<"], "an unfinished merge"),
    ([">>>>", ">>>"], "an unfinished merge"),
    (["-----BEGIN PRI", "VATE KEY-----\n"], "a private key"),
    (["ヶ", "月"], "months are written 3か月"),
    (["ケ", "月"], "months are written 3か月"),
    (["カ", "月"], "months are written 3か月"),
    (["ヵ", "月"], "months are written 3か月"),
    (["箇", "月"], "months are written 3か月"),
    ([" か", "月"], "months are written 3か月"),
    (["FIX", "ME"], "an unfinished thought; finish it or write it down where it is tracked"),
];

const FORBIDDEN_IN_RUST: &[([&str; 2], &str)] = &[
    (["uns", "afe {"], "our crates do without"),
    (["uns", "afe fn"], "our crates do without"),
    (["uns", "afe impl"], "our crates do without"),
    (["uns", "afe extern"], "our crates do without"),
    (["allow(uns", "afe_code"], "our crates do without"),
    (["#[ign", "ore]"], "a test that does not run proves nothing; say why, and what starts it"),
];

/// Looks for the words in every file.
pub(crate) fn check(sources: &[Source], findings: &mut Vec<Finding>) {
    for source in sources {
        look(source, FORBIDDEN_EVERYWHERE, findings);
        if source.is_rust() {
            look(source, FORBIDDEN_IN_RUST, findings);
        }
    }
}

fn look(source: &Source, words: &[([&str; 2], &str)], findings: &mut Vec<Finding>) {
    for (pieces, why) in words {
        let word = pieces.concat();
        if let Some(at) = source.text.find(&word) {
            let line = source.text[..at].lines().count().max(1);
            findings.push(Finding::new(
                format!("{}:{line}", source.path),
                format!("`{}`: {why}", word.trim_end()),
            ));
        }
    }
}
