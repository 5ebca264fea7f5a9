//! What the front desk sees first: one word, its sign, and what to do now.

use eligibility::codes::Validity;

/// How much care an answer asks for; always shown with a sign and a word, never by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Go on as usual.
    Go,
    /// Look before going on.
    Care,
    /// Do not go on like this.
    Stop,
}

impl Tone {
    /// The style's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Care => "care",
            Self::Stop => "stop",
        }
    }
}

/// Characters of a word that is read from a metre away; a sentence is written smaller.
const WORD_CHARS_MAX: usize = 14;

/// The band over a result.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    /// How much care.
    pub(crate) tone: &'static str,
    /// The sign.
    pub(crate) icon: &'static str,
    /// The word.
    pub(crate) word: String,
    /// What to do now, one sentence.
    pub(crate) next: String,
}

impl Band {
    fn new(tone: Tone, icon: &'static str, word: &str, next: &str) -> Self {
        Self { tone: tone.name(), icon, word: word.to_owned(), next: next.to_owned() }
    }

    /// The band of an answer, by card or by number. `noticed` says that the answer carries a message to read as well.
    pub(crate) fn of(validity: Validity, by_card: bool, noticed: bool) -> Self {
        let word = validity.label();
        match validity {
            Validity::Valid if noticed => Self::new(
                Tone::Care,
                "✓",
                word,
                "このまま受付できます。下のお知らせを患者さんに伝えてください。",
            ),
            Validity::Valid => Self::new(Tone::Go, "✓", word, "このまま受付してください。"),
            Validity::Invalid => Self::new(
                Tone::Stop,
                "×",
                word,
                "資格確認日には資格がありません。加入している保険を患者さんに確かめてください。",
            ),
            Validity::InvalidNewerExists => Self::new(
                Tone::Stop,
                "×",
                word,
                "保険が変わっています。カードで照会し直すか、新しい資格の番号を確かめてください。",
            ),
            Validity::NoMatch if by_card => Self::new(
                Tone::Stop,
                "？",
                word,
                "保険者の登録がまだのようです。資格確認書などで確認し、加入先を患者さんに確かめてください。",
            ),
            Validity::NoMatch => Self::new(
                Tone::Stop,
                "？",
                word,
                "入力した番号と生年月日を確かめ、もう一度照会してください。",
            ),
            Validity::SeveralMatch => {
                Self::new(Tone::Stop, "？", word, "枝番を入れて、もう一度照会してください。")
            }
            Validity::ValidTicketUnregistered => Self::new(
                Tone::Care,
                "!",
                word,
                "医療券・調剤券がまだ届いていません。福祉事務所に確かめてください。",
            ),
        }
    }

    /// Whether the word is a sentence.
    pub(crate) fn is_long(&self) -> bool {
        self.word.chars().count() > WORD_CHARS_MAX
    }

    /// The band of something that was done.
    pub(crate) fn done(word: &str, next: &str) -> Self {
        Self::new(Tone::Go, "✓", word, next)
    }

    /// The band of a check that ended without an answer.
    pub(crate) fn refused(message: &str, remedy: &str) -> Self {
        Self::new(Tone::Stop, "×", message, remedy)
    }
}
