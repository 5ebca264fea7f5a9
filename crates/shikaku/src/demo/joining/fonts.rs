//! Fonts of this machine that letters can be printed with.

use std::path::PathBuf;

/// Fonts for letters.
#[derive(Clone, Debug)]
pub(crate) struct LetterFonts {
    pub(crate) regular: PathBuf,
    pub(crate) bold: PathBuf,
    /// For characters that these lack, regular and bold; both or none.
    pub(crate) fallback: Option<(PathBuf, PathBuf)>,
}

/// What to install when there is none.
pub(crate) const REMEDY: &str = "apt-get install fonts-morisawa-bizud-gothic";

/// Regular and bold, the best first: as the packages of Debian and Fedora put them.
const PLACES: &[(&str, &str)] = &[
    (
        "/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Regular.ttf",
        "/usr/share/fonts/truetype/bizud-gothic/BIZUDPGothic-Bold.ttf",
    ),
    (
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/opentype/noto/NotoSansCJK-Bold.ttc",
    ),
    (
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Bold.ttc",
    ),
    (
        "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
        "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf",
    ),
];

/// The best there are, with the next best for what they lack.
pub(crate) fn find() -> Option<LetterFonts> {
    let there = |(regular, bold): &(&str, &str)| {
        let (regular, bold) = (PathBuf::from(regular), PathBuf::from(bold));
        (regular.is_file() && bold.is_file()).then_some((regular, bold))
    };
    let mut found = PLACES.iter().filter_map(there);
    let (regular, bold) = found.next()?;
    Some(LetterFonts { regular, bold, fallback: found.next() })
}
