//! What the browser shows: one [`View`] for one page, made from the machine's state and nothing else.
//!
//! A view holds no secret: no PIN, no passcode, no photo, no frame. What a patient may see of themselves (the name at the
//! end, which items are agreed to) stands in it only while its page does.
//!
//! # What a page sends
//! A form `POST /act/NAME` with the hidden field `revision` ([`View::revision`]); a press on a page that is no longer
//! there does nothing and shows the page that is. The answer is `303` to `/`. With the header `accept:
//! application/json` it is `204`; the event stream then tells the new revision. A script fetches `/screen`: the page's
//! `<main>` only.
//!
//! | `NAME` | fields | on |
//! |---|---|---|
//! | `language` | `value` [`Language::id`] | every page |
//! | `contrast`, `voice`, `seated` | `value` `on` or `off` | every page |
//! | `help` | `value` `on` or `off` | every page |
//! | `more-time` | – | [`View::hurry`] is there |
//! | `stop` | – | every page of a session: back to the start, nothing is kept |
//! | `back` | – | where [`Page::has_back`] |
//! | `staff` | – | [`Page::Start`]: 職員用ボタン |
//! | `key` | `keys`: letters of [`Pad::keys`], one or more, or empty with `delete=1` | a page with a [`Pad`] |
//! | `enter` | `keys` (may be empty: what is still missing), `name` on [`Page::StaffPasscode`] | a page with a [`Pad`] |
//! | `compared` | `value` `same` or `different` | [`Page::StaffCompare`] |
//! | `way` | `value` [`Way::id`] | [`Page::Choose`], [`Page::Trouble`], and others where [`Page::ways`] has it |
//! | `camera` | `value` `missing`: the browser has none, or may not use it | [`Page::Face`] |
//! | `last-try` | – | [`Page::LastTry`]: spend it |
//! | `seen` | – | [`Page::Notice`] |
//! | `register` | `value` `yes` or `no` | [`Page::Registration`] |
//! | `consent` | `value` `yes`, `no` or `change` | [`Page::Consent`] |
//! | `item` | `value` [`ConsentKind::name`]: turns it over | [`Page::ConsentItems`] |
//! | `decide` | – | [`Page::ConsentItems`] |
//! | `prescription` | `value` `electronic` or `paper` | [`Page::Prescription`] |
//!
//! Beside the forms: `POST /frame` takes one JPEG of the camera while [`Page::Face`] stands (`204`; `409` when no frame is
//! wanted, `413`, `429`), `GET /picture` is the card's photo while [`Page::StaffCompare`] has one, `GET /events` is the
//! event stream whose data is the revision.

use eligibility::consent::ConsentKind;

use crate::words::Language;

/// One page of the reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Counts up with every change of what is shown.
    pub revision: u64,
    /// How it is shown; ends with the session.
    pub comfort: Comfort,
    /// 「2 / 4」, where there is a way to go.
    pub progress: Option<Progress>,
    /// Whether the centre was reached when it was asked last.
    pub online: bool,
    /// Signed checks that wait for the line, kept to be handed in again.
    pub waiting: usize,
    /// Whether cards are simulated: 模擬カード stands on every page.
    pub simulated: bool,
    /// Somebody pressed the button that calls staff.
    pub help: bool,
    /// Time is nearly over: the page asks whether more is needed.
    pub hurry: Option<Hurry>,
    /// The page itself.
    pub page: Page,
}

/// How this patient wants it shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comfort {
    /// Language of the words.
    pub language: Language,
    /// High contrast.
    pub contrast: bool,
    /// Whether the voice speaks.
    pub voice: bool,
    /// For who sits: everything to press stands in the lower half.
    pub seated: bool,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which step this is, from 1.
    pub step: u8,
    /// Of so many.
    pub of: u8,
}

/// The session ends soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hurry {
    /// Seconds left when the page was made; a script counts down, the machine ends the session itself.
    pub seconds_left: u32,
}

/// What is on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    /// R01 初期画面: put the card down. With 職員用ボタン and the choice of language.
    Start,
    /// R01 while the reader cannot take cards: why, for staff. The button for staff is there all the same.
    Rest {
        /// Words for staff, Japanese.
        for_staff: String,
        /// Code of the catalogue.
        code: String,
    },
    /// R02 職員用: 目視確認用パスコード and who checks. Japanese only.
    StaffPasscode {
        /// Four digits.
        pad: Pad,
        /// Names to choose from, as the institution wrote them into the settings; may be empty. Another can be typed.
        names: Vec<String>,
        /// What was wrong with what was entered; nothing at first.
        problem: Option<StaffProblem>,
    },
    /// R02 職員用: the photo beside the face. Japanese only.
    ///
    /// The live picture is the browser's own camera in a `video` element; it is sent nowhere.
    StaffCompare {
        /// Where the photo is to be seen.
        photo: StaffPhoto,
        /// Whether the card lies on the reader already. Without it, staff compare the print in the hand, and the card is
        /// put down next.
        card: bool,
        /// Who checks.
        name: String,
    },
    /// R02 職員用: compared, now the card is put down.
    StaffPutCard {
        /// Who checks.
        name: String,
    },
    /// R03 the card is read; it stays where it is.
    Reading,
    /// The fourteen digits printed on the card (照合番号B: birth six, expiry four, security code four), which open the
    /// photo, where nothing reads them from the card.
    PrintedNumber {
        /// Fourteen digits.
        pad: Pad,
        /// They did not open it.
        wrong: bool,
        /// Whether a staff member types them (目視確認) or the patient (顔認証).
        by_staff: bool,
    },
    /// R04 本人確認方法.
    Choose {
        /// 顔認証.
        face: Offer,
        /// 暗証番号.
        pin: Offer,
        /// 係員による確認: only if the reader may be used for it.
        staff: Offer,
    },
    /// R05 the camera.
    Face {
        /// What the person is to do.
        ask: FaceAsk,
        /// Why the last frame did not do.
        hint: Option<FaceHint>,
        /// Comparisons that may still fail before another way is needed.
        failures_left: u8,
    },
    /// R06 PIN pad.
    Pin {
        /// Four digits.
        pad: Pad,
        /// Tries left on the card; at least one.
        tries_left: u8,
        /// The last one was wrong.
        wrong: bool,
    },
    /// One try is left: nothing is sent to the card before the person says so.
    LastTry,
    /// R07 what must be known before the consent.
    Notice {
        /// Which.
        notice: Notice,
    },
    /// R07 the card is not registered for insurance use: register here?
    Registration,
    /// R08 one page for everything that is asked.
    Consent {
        /// What is asked, in the order of the screens; never empty.
        items: Vec<ConsentItem>,
    },
    /// R08 item by item.
    ConsentItems {
        /// What is asked, and what is chosen so far.
        items: Vec<ConsentItem>,
    },
    /// R08 処方箋発行形態.
    Prescription,
    /// The card signs, the centre is asked. It cannot be stopped any more.
    Sending {
        /// It takes longer: it is tried again.
        again: bool,
        /// The card has signed and may be taken.
        card_free: bool,
    },
    /// R09 the answer, and: take your card.
    Result {
        /// What it was.
        outcome: Outcome,
        /// 氏名, to greet the patient.
        name: Option<String>,
        /// Whether the card still lies there.
        card: bool,
        /// It lies there for long: a reminder, with a sound.
        left_behind: bool,
    },
    /// Something went wrong; there is always a way on.
    Trouble {
        /// What, for the words.
        kind: TroubleKind,
        /// Code of the catalogue, e.g. `OQSR0001E`.
        code: String,
        /// Words for staff, Japanese.
        for_staff: String,
        /// What can be done now, the best first; at least one.
        ways: Vec<Way>,
        /// Whether the card still lies there.
        card: bool,
        /// It lies there for long: a reminder, with a sound.
        left_behind: bool,
    },
}

/// Ten keys for digits. What the browser sends are letters that mean nothing without this very pad, so that no digit of a
/// PIN stands in what travels or is buffered.
#[derive(Clone, PartialEq, Eq)]
pub struct Pad {
    /// The letter of each digit, from 0 to 9; drawn anew for each pad.
    pub keys: [char; 10],
    /// Digits entered so far.
    pub entered: u8,
    /// Digits wanted.
    pub of: u8,
}

impl std::fmt::Debug for Pad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pad").field("entered", &self.entered).field("of", &self.of).finish_non_exhaustive()
    }
}

/// What was wrong with what staff entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffProblem {
    /// No name.
    NameMissing,
    /// Fewer than four digits.
    PasscodeMissing,
    /// The centre did not accept it (OQSR0010W): wrong, over, used up or none issued. It does not say which.
    Refused,
}

/// Where staff see the photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaffPhoto {
    /// `GET /picture` has it, from the chip.
    FromChip,
    /// The card is not on the reader yet: printed on the card in the hand.
    Printed,
    /// The chip's could not be read: printed on the card.
    Unreadable,
}

/// Whether a way of proof can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It can.
    Open,
    /// The PIN is locked, or only its last try is left and was kept.
    PinLocked,
    /// Ten comparisons failed, or the card's photo cannot be read.
    FaceUsedUp,
    /// Not built into this reader: it is not shown.
    Absent,
}

/// A way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// 顔認証.
    Face,
    /// 暗証番号.
    Pin,
    /// 係員による確認: 目視確認用パスコード.
    Staff,
    /// The same once more.
    Again,
    /// To the start.
    Stop,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 5] = [Self::Face, Self::Pin, Self::Staff, Self::Again, Self::Stop];

    /// Name in forms.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Face => "face",
            Self::Pin => "pin",
            Self::Staff => "staff",
            Self::Again => "again",
            Self::Stop => "stop",
        }
    }

    /// The way of this [`id`](Self::id).
    #[must_use]
    pub fn of(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.id() == id)
    }
}

/// What the camera wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceAsk {
    /// Look ahead.
    Ahead,
    /// Turn the head to the person's own left.
    Left,
    /// Turn the head to the person's own right.
    Right,
    /// The comparison runs; no frame is wanted.
    Checking,
    /// It was not sure: once more, look ahead.
    Again,
}

/// Why a frame did not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceHint {
    /// No face is seen.
    NoFace,
    /// More than one face is seen.
    Several,
    /// The face is too small.
    TooSmall,
    /// The face is too large.
    TooLarge,
    /// Blurred.
    Blurred,
    /// Too dark or too bright.
    Light,
}

/// What the patient must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The certificate ends within three months.
    ExpiresSoon,
    /// It ended within the last three months: eligibility only.
    Grace,
}

/// One line the patient is asked about: 手術, 診療・薬剤, 特定健診, 特定疾病. Where treatment and medication are both asked,
/// [`ConsentKind::Treatment`] stands for both (診療・薬剤情報); [`ConsentKind::Medication`] is there only when it is asked
/// alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsentItem {
    /// Which.
    pub kind: ConsentKind,
    /// What is chosen so far.
    pub granted: bool,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Eligibility is known: wait to be called.
    Done,
    /// The centre has an answer that staff must look at (資格なし, refused, several).
    Desk {
        /// Code of the catalogue, when there is one.
        code: Option<String>,
        /// Words for staff, Japanese.
        for_staff: String,
    },
    /// The line is down: what was signed is kept and handed in again as soon as it is back. Nothing is confirmed yet.
    Kept,
}

/// What went wrong, as far as the patient's words differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// 001.
    Unrecognised,
    /// 002.
    OtherCard,
    /// Taken away while it was needed.
    Removed,
    /// The PIN is locked.
    PinLocked,
    /// The card wants its PIN.
    PinWanted,
    /// The card's certificate has ended.
    Expired,
    /// The card's certificate was revoked.
    Revoked,
    /// Not registered for insurance use.
    Unregistered,
    /// The photo cannot be read.
    Photo,
    /// The face could not be confirmed.
    Face,
    /// No camera, or the browser may not use it.
    Camera,
    /// The staff member says: another person.
    NotTheSame,
    /// Line, terminal or centre.
    Network,
    /// The card reader itself.
    Reader,
    /// Staff: the passcode was not accepted (OQSR0010W); with [`Way::Staff`] it can be typed again. Japanese only.
    Passcode,
    /// Time is over (OQSR0009W).
    GaveUp,
    /// Somebody pressed `stop` while the card lies there: nothing went wrong, it is to be taken. No number is shown.
    Stopped,
    /// Anything else.
    Other,
}

impl Page {
    /// Short name, for file names, styles (`data-page`) and tests.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Rest { .. } => "rest",
            Self::StaffPasscode { .. } => "staff-passcode",
            Self::StaffCompare { .. } => "staff-compare",
            Self::StaffPutCard { .. } => "staff-put-card",
            Self::Reading => "reading",
            Self::PrintedNumber { .. } => "printed-number",
            Self::Choose { .. } => "choose",
            Self::Face { .. } => "face",
            Self::Pin { .. } => "pin",
            Self::LastTry => "last-try",
            Self::Notice { .. } => "notice",
            Self::Registration => "registration",
            Self::Consent { .. } => "consent",
            Self::ConsentItems { .. } => "consent-items",
            Self::Prescription => "prescription",
            Self::Sending { .. } => "sending",
            Self::Result { .. } => "result",
            Self::Trouble { .. } => "trouble",
        }
    }

    /// Whether `back` leads one page back.
    #[must_use]
    pub fn has_back(&self) -> bool {
        matches!(self, Self::ConsentItems { .. } | Self::Prescription)
    }

    /// Other ways that can be taken from here by `way`.
    #[must_use]
    pub fn ways(&self) -> Vec<Way> {
        match self {
            Self::Face { .. } | Self::Pin { .. } | Self::LastTry | Self::PrintedNumber { .. } => {
                // Back to the choice.
                vec![Way::Again]
            }
            Self::Trouble { ways, .. } => ways.clone(),
            _ => Vec::new(),
        }
    }
}

/// What the patient reads as the number of a trouble: three digits for the reader's own (`OQSR0001E` is 001), the whole
/// code for others.
#[must_use]
pub fn number_of(code: &str) -> &str {
    match code.strip_prefix("OQSR0") {
        Some(rest) if rest.len() == 4 => &rest[..3],
        _ => code,
    }
}
