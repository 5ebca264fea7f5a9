//! What the patient reads and hears at the reader, in seven languages. A language is one constant: a text it lacks does
//! not compile. The voice says these very texts ([`spoken`]). Words for staff are Japanese only and stand in the templates.

mod chinese;
mod easy;
mod english;
mod japanese;
mod korean;
mod portuguese;
mod vietnamese;

use std::fmt;

/// A language of the patient's screens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// 日本語.
    #[default]
    Japanese,
    /// やさしい日本語: short sentences, few characters.
    Easy,
    /// English.
    English,
    /// 简体中文.
    Chinese,
    /// 한국어.
    Korean,
    /// Tiếng Việt.
    Vietnamese,
    /// Português (Brazil).
    Portuguese,
}

impl Language {
    /// Every language, in the order of the buttons.
    pub const ALL: [Self; 7] = [
        Self::Japanese,
        Self::Easy,
        Self::English,
        Self::Chinese,
        Self::Korean,
        Self::Vietnamese,
        Self::Portuguese,
    ];

    /// Name in forms, addresses and folders of voices.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Japanese => "ja",
            Self::Easy => "ja-easy",
            Self::English => "en",
            Self::Chinese => "zh-Hans",
            Self::Korean => "ko",
            Self::Vietnamese => "vi",
            Self::Portuguese => "pt",
        }
    }

    /// The language with this [`id`](Self::id).
    #[must_use]
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.id() == id)
    }

    /// The `lang` of its pages, by which browser and screen reader choose font and voice.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Easy => "ja",
            Self::Portuguese => "pt-BR",
            other => other.id(),
        }
    }

    /// Its texts.
    #[must_use]
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::Japanese => &japanese::TEXTS,
            Self::Easy => &easy::TEXTS,
            Self::English => &english::TEXTS,
            Self::Chinese => &chinese::TEXTS,
            Self::Korean => &korean::TEXTS,
            Self::Vietnamese => &vietnamese::TEXTS,
            Self::Portuguese => &portuguese::TEXTS,
        }
    }
}

/// One text, and by which name the voice knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// Name, the same in every language.
    pub key: &'static str,
    /// The words.
    pub words: &'static str,
}

impl Text {
    /// The words with a number in the place of `{n}`. What has a number in it is read, not heard.
    #[must_use]
    pub fn with(&self, number: impl fmt::Display) -> String {
        self.words.replace(NUMBER, &number.to_string())
    }

    /// Whether the voice has a recording: a text with a number has none.
    #[must_use]
    pub fn is_spoken(&self) -> bool {
        !self.words.contains(NUMBER)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words)
    }
}

/// Where a number goes.
const NUMBER: &str = "{n}";

/// The texts of one language.
macro_rules! texts {
    ($($key:ident: $words:literal,)+) => {
        super::Texts { $($key: super::Text { key: stringify!($key), words: $words },)+ }
    };
}
use texts;

macro_rules! keys {
    ($($(#[$about:meta])* $key:ident,)+) => {
        /// Every text of the patient's screens in one language.
        #[derive(Debug)]
        pub struct Texts { $($(#[$about])* pub $key: Text,)+ }

        impl Texts {
            /// All of them, in the order of the screens.
            #[must_use]
            pub fn all(&self) -> Vec<Text> {
                vec![$(self.$key,)+]
            }
        }
    };
}

keys! {
    /// The language's own name.
    name,
    /// Button that calls staff.
    help,
    /// Staff were called.
    help_title,
    /// What to do meanwhile.
    help_lead,
    /// Button: away with this notice.
    close,
    /// Button: voice and look.
    comfort,
    /// Button: one step back.
    back,
    /// Button: on.
    next,
    /// Button: end the session.
    stop,
    /// Button: the voice begins to speak.
    voice_on,
    /// Button: the voice is silent.
    voice_off,
    /// Button: black and white.
    contrast_on,
    /// Button: ordinary colours.
    contrast_off,
    /// Button: everything to press in the lower half.
    seated_on,
    /// Button: the ordinary layout.
    seated_off,
    /// What 「2 / 4」 is, for a screen reader.
    progress,
    /// The lamp is green.
    network_good,
    /// The lamp is red.
    network_bad,
    /// Above the languages.
    choose_language,
    /// 初期画面.
    start_title,
    /// How the card is put down.
    start_lead,
    /// The reader is not ready.
    rest_title,
    /// What to do instead.
    rest_lead,
    /// The card is read.
    reading_title,
    /// It stays where it is.
    reading_lead,
    /// Choice of proof.
    proof_title,
    /// 顔認証.
    face,
    /// What happens then.
    face_hint,
    /// Why it cannot be chosen.
    face_used_hint,
    /// 暗証番号.
    pin,
    /// What happens then.
    pin_hint,
    /// Why it cannot be chosen.
    pin_locked_hint,
    /// 目視確認, by staff.
    staff_check,
    /// What happens then.
    staff_check_hint,
    /// Another way of proof.
    other_way,
    /// Face capture.
    face_title,
    /// Before it begins.
    face_lead,
    /// Look ahead.
    face_ahead,
    /// Turn left.
    face_left,
    /// Turn right.
    face_right,
    /// No face is seen.
    face_none,
    /// More than one face is seen.
    face_one,
    /// The face is too small.
    face_closer,
    /// The face is too large.
    face_back,
    /// The picture is blurred.
    face_still,
    /// The picture is too dark or too bright.
    face_light,
    /// The comparison runs.
    face_checking,
    /// Not sure: once more.
    face_again,
    /// There is no camera.
    camera_title,
    /// What to do instead.
    camera_lead,
    /// PIN pad.
    pin_title,
    /// Which PIN.
    pin_lead,
    /// Digits entered so far.
    pin_entered,
    /// Three tries left.
    pin_left_three,
    /// Two tries left.
    pin_left_two,
    /// One try left.
    pin_left_one,
    /// It was wrong.
    pin_wrong,
    /// Key: take the last digit back.
    pin_delete,
    /// Key: these four digits.
    pin_enter,
    /// One try is left: asked before it is spent.
    last_title,
    /// What it means.
    last_lead,
    /// Button: spend it.
    last_go,
    /// Digits printed on the card, where they open its photo.
    printed_title,
    /// Which.
    printed_lead,
    /// They did not open it.
    printed_wrong,
    /// Certificate ends within three months.
    notice_certificate,
    /// Certificate ended, within three months of grace.
    notice_grace_title,
    /// What that means.
    notice_grace_lead,
    /// Button: read.
    notice_seen,
    /// Card is not registered for use as insurance card.
    registration_title,
    /// What registration is.
    registration_lead,
    /// Button: register.
    registration_yes,
    /// Button: do not.
    registration_no,
    /// Comprehensive consent.
    consent_title,
    /// For what, and how long.
    consent_lead,
    /// Consent by item.
    items_title,
    /// How it is done.
    items_lead,
    /// Button: consent.
    consent_yes,
    /// Button: decline.
    consent_no,
    /// Button: change by item.
    consent_change,
    /// Button: as chosen.
    consent_decide,
    /// Beside an item: agreed.
    item_yes,
    /// Beside an item: declined.
    item_no,
    /// 手術情報.
    operation,
    /// 診療・薬剤情報.
    treatment,
    /// 薬剤情報, where it is asked alone.
    medication,
    /// 特定健診情報.
    checkup,
    /// 特定疾病療養受療証.
    specific_disease,
    /// 処方箋発行形態.
    prescription_title,
    /// 電子.
    prescription_electronic,
    /// What it means.
    prescription_electronic_hint,
    /// 紙.
    prescription_paper,
    /// What it means.
    prescription_paper_hint,
    /// Asking the centre.
    sending_title,
    /// The card stays.
    sending_lead,
    /// The line is slow or down: it is tried again.
    sending_again,
    /// The card has signed.
    sending_free,
    /// It is done.
    result_title,
    /// What now.
    result_lead,
    /// It is done; staff have something to say.
    desk_title,
    /// What now.
    desk_lead,
    /// Signed, but the line is down.
    kept_title,
    /// What now.
    kept_lead,
    /// Take your card.
    take_card,
    /// Nothing stays in the reader.
    take_lead,
    /// The card still lies there.
    left_title,
    /// Time is nearly over.
    hurry_title,
    /// Seconds left.
    hurry_lead,
    /// Button: more time.
    more_time,
    /// Time is over.
    gave_up_title,
    /// What now.
    gave_up_lead,
    /// What the number of a trouble is.
    number,
    /// Button: once more.
    again,
    /// 001: not recognised.
    trouble_unrecognised,
    /// What to do.
    trouble_unrecognised_do,
    /// 002: another card.
    trouble_other_card,
    /// What to do.
    trouble_other_card_do,
    /// The card was taken away.
    trouble_removed,
    /// What to do.
    trouble_removed_do,
    /// The PIN is locked.
    trouble_pin_locked,
    /// What to do.
    trouble_pin_locked_do,
    /// The card wants its PIN.
    trouble_pin_wanted,
    /// What to do.
    trouble_pin_wanted_do,
    /// The card's certificate has ended.
    trouble_expired,
    /// What to do.
    trouble_expired_do,
    /// The card's certificate was revoked.
    trouble_revoked,
    /// What to do.
    trouble_revoked_do,
    /// Not registered for insurance use, and not registered here.
    trouble_unregistered,
    /// What to do.
    trouble_unregistered_do,
    /// The photo cannot be read.
    trouble_photo,
    /// What to do.
    trouble_photo_do,
    /// The face could not be confirmed.
    trouble_face,
    /// What to do.
    trouble_face_do,
    /// Staff could not confirm.
    trouble_not_same,
    /// What to do.
    trouble_not_same_do,
    /// The line, the terminal or the centre.
    trouble_network,
    /// What to do.
    trouble_network_do,
    /// The card reader itself.
    trouble_reader,
    /// What to do.
    trouble_reader_do,
    /// Anything else.
    trouble_other,
    /// What to do.
    trouble_other_do,
}

/// Everything the voice says, by language: for whoever makes the recordings.
#[must_use]
pub fn spoken() -> Vec<(Language, Vec<Text>)> {
    let of = |language: Language| {
        let texts = language.texts().all().into_iter().filter(Text::is_spoken).collect();
        (language, texts)
    };
    Language::ALL.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that may be alike in two languages, with the reason.
    const ALIKE: &[(&str, &str)] = &[];

    #[test]
    fn every_language_has_its_own_words() {
        for (place, language) in Language::ALL.into_iter().enumerate() {
            for other in &Language::ALL[place + 1..] {
                let pairs = language.texts().all().into_iter().zip(other.texts().all());
                let copies: Vec<&str> = pairs
                    .filter(|(one, two)| one.words == two.words && !may_be_alike(language, *other, one))
                    .map(|(one, _)| one.key)
                    .collect();
                assert!(copies.is_empty(), "{} and {} say the same: {copies:?}", language.id(), other.id());
            }
        }
    }

    /// Labels of buttons that are easy already may be the same in easy Japanese, whole sentences may not.
    fn may_be_alike(one: Language, other: Language, text: &Text) -> bool {
        let japanese = one == Language::Japanese && other == Language::Easy;
        (japanese && text.words.chars().count() <= 6) || ALIKE.iter().any(|(key, _)| *key == text.key)
    }

    #[test]
    fn numbers_stand_where_the_japanese_has_them_and_nothing_is_empty() {
        for language in Language::ALL {
            for (text, japanese) in language.texts().all().iter().zip(Language::Japanese.texts().all()) {
                let place = format!("{} {}", language.id(), text.key);
                assert!(!text.words.trim().is_empty(), "{place} is empty");
                let numbers = |words: &str| words.matches(NUMBER).count();
                assert_eq!(numbers(text.words), numbers(japanese.words), "{place}");
                assert_eq!(text.words.matches('{').count(), numbers(text.words), "{place}");
            }
        }
    }

    #[test]
    fn the_words_of_the_procedures_stand_as_they_are() {
        let texts = Language::Japanese.texts();
        assert_eq!(texts.face.words, "顔認証");
        assert_eq!(texts.pin.words, "暗証番号");
        assert_eq!(
            texts.notice_certificate.words,
            "証明書の有効期限が3か月以内となっています。市区町村の窓口で更新手続きをお願いします。"
        );
        assert_eq!(texts.network_bad.words, "ネットワークエラー");
        assert_eq!(texts.take_card.words, "カードをお取りください");
    }

    #[test]
    fn a_language_is_found_by_its_name() {
        for language in Language::ALL {
            assert_eq!(Language::of(language.id()), Some(language));
        }
        assert_eq!(Language::of("fr"), None);
    }

    #[test]
    fn easy_japanese_has_few_hard_characters() {
        let texts = Language::Easy.texts().all();
        let hard = |words: &str| words.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count();
        let all: usize = texts.iter().map(|text| text.words.chars().count()).sum();
        let of_all: usize = texts.iter().map(|text| hard(text.words)).sum();
        assert!(of_all * 8 < all, "{of_all} of {all} characters are kanji");
    }

    #[test]
    fn what_has_a_number_is_read_and_not_heard() {
        let hurry = Language::Japanese.texts().hurry_lead;
        assert!(!hurry.is_spoken());
        assert!(hurry.with(15).contains("15") && !hurry.with(15).contains(NUMBER));
        assert!(spoken().iter().all(|(_, texts)| texts.iter().all(Text::is_spoken) && texts.len() > 80));
    }
}
