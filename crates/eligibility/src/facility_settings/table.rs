//! Every setting with its words, its values and its default.

use crate::field::FieldText;

/// Which part of the page a setting belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettingGroup {
    /// What patients are asked to agree to at the reader.
    ConsentItems,
    /// The block of care outside of the ordinary visit: its terms are read first.
    RemoteCare,
    /// 電子処方箋.
    Prescription,
    /// The reader itself.
    Reader,
    /// What receipt computers may do by file.
    Files,
}

impl SettingGroup {
    /// Every group, in the order of the page.
    pub const ALL: &'static [Self] =
        &[Self::ConsentItems, Self::RemoteCare, Self::Prescription, Self::Reader, Self::Files];

    /// The heading.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ConsentItems => "診療情報・薬剤情報等の利用",
            Self::RemoteCare => "訪問診療等・オンライン診療等・外来診療等(通常とは異なる動線)関連項目",
            Self::Prescription => "電子処方箋",
            Self::Reader => "顔認証付きカードリーダー",
            Self::Files => "レセプトコンピュータ連携",
        }
    }
}

/// Where a setting acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActsAt {
    /// The terminal takes it and tells its reader; the next patient meets it.
    Reader,
    /// The centre asks it at once.
    Centre,
    /// What it concerns is not built: it is kept, and the page says so.
    Nowhere,
}

/// 利用しない / 利用する.
const SWITCH: &[(&str, &str)] = &[("0", "利用しない"), ("1", "利用する")];

macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident = $id:literal $label:literal $group:ident, $options:expr, $default:literal, $hint:literal;)+) => {
        /// One setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Setting { $($(#[$doc])* $name,)+ }

        impl Setting {
            /// Every setting, in the order of the page.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();
            /// The fields of the form. One value of each is always chosen: none needs to be marked as required.
            pub const FIELDS: &'static [FieldText] =
                &[$(FieldText { id: $id, label: $label, required: false, hint: $hint },)+];

            /// The name in forms, records and [`FieldText::id`].
            #[must_use]
            pub const fn id(self) -> &'static str { match self { $(Self::$name => $id,)+ } }

            /// The Japanese label.
            #[must_use]
            pub const fn label(self) -> &'static str { match self { $(Self::$name => $label,)+ } }

            /// Where on the page it stands.
            #[must_use]
            pub const fn group(self) -> SettingGroup { match self { $(Self::$name => SettingGroup::$group,)+ } }

            /// Code and words of each value.
            #[must_use]
            pub const fn options(self) -> &'static [(&'static str, &'static str)] {
                match self { $(Self::$name => $options,)+ }
            }

            /// The code of an institution that never changed it.
            #[must_use]
            pub const fn default_code(self) -> &'static str { match self { $(Self::$name => $default,)+ } }
        }
    };
}

settings! {
    /// 特定健診情報.
    Checkup = "checkup" "特定健診情報" ConsentItems, SWITCH, "1",
        "「利用しない」にすると、カードリーダーで同意を確認しません";
    /// 薬剤情報.
    Medication = "medication" "薬剤情報" ConsentItems, SWITCH, "1",
        "「利用しない」にすると、カードリーダーで同意を確認しません";
    /// 診療情報.
    Treatment = "treatment" "診療情報" ConsentItems, SWITCH, "0",
        "「利用しない」にすると、カードリーダーで同意を確認しません";
    /// 手術情報.
    Operation = "operation" "手術情報" ConsentItems, SWITCH, "0",
        "「利用しない」にすると、カードリーダーで同意を確認しません";
    /// 特定疾病療養受療証情報.
    SpecificDisease = "specific_disease" "特定疾病療養受療証情報" ConsentItems, SWITCH, "1",
        "「利用しない」にすると、カードリーダーで同意を確認しません";
    /// 医療扶助.
    PublicAssistance = "public_assistance" "医療扶助（医療券・調剤券情報）" ConsentItems, SWITCH, "1",
        "準備中です。選んだ内容は保存しますが、まだ反映されません。医療券・調剤券の情報は、いつも結果に含まれます";
    /// 医療費助成情報 (PMH).
    MedicalSubsidy = "medical_subsidy" "医療費助成情報" ConsentItems, SWITCH, "0",
        "準備中です。選んだ内容は保存しますが、まだ反映されません。医療費助成情報の提供は、このシステムにまだありません";
    /// 訪問診療等機能.
    HomeVisit = "home_visit" "訪問診療等機能" RemoteCare, SWITCH, "0",
        "「利用しない」の間は、マイナ在宅受付Webの訪問診療等のURLを使えず、訪問診療等の同意も表示しません";
    /// オンライン診療等機能.
    Online = "online" "オンライン診療等機能" RemoteCare, SWITCH, "0",
        "「利用しない」の間は、マイナ在宅受付Webのオンライン診療等のURLを使えず、オンライン診療等の同意も表示しません";
    /// 外来診療等(通常とは異なる動線)機能.
    OtherRoute = "other_route" "外来診療等(通常とは異なる動線)機能" RemoteCare, SWITCH, "0",
        "準備中です。選んだ内容は保存しますが、まだ反映されません。この動線の資格確認は、このシステムにまだありません";
    /// 電子処方箋利用区分 (OQSCD038).
    PrescriptionUse = "prescription_use" "電子処方箋利用区分" Prescription,
        &[("0", "利用なし"), ("1", "電子のみ"), ("2", "電子と紙"), ("3", "紙のみ")], "0",
        "「電子と紙」のときだけ、カードリーダーで発行形態を選べます";
    /// 処方箋発行形態選択タイミング (OQSCD039).
    PrescriptionTiming = "prescription_timing" "処方箋発行形態選択タイミング" Prescription,
        &[("1", "資格確認時以外"), ("2", "資格確認時")], "1",
        "「資格確認時」のときだけ、カードリーダーで発行形態を選べます";
    /// How the reader stands after its start.
    ReaderMode = "reader_mode" "起動時の動作モード" Reader, &[("1", "無人運転"), ("2", "目視確認")], "1",
        "顔認証付きカードリーダー操作で切り替えていないときのモードです";
    /// How the reader asks for consent.
    ConsentScreen = "consent_screen" "同意画面の表示方法" Reader,
        &[("1", "1画面でまとめて確認"), ("2", "項目ごとに確認")], "1",
        "準備中です。選んだ内容は保存しますが、まだ反映されません。同意画面の並べ方は、カードリーダーの製品が決めます";
    /// Whether receipt computers may issue a 目視確認用パスコード.
    PasscodeByFile = "passcode_by_file" "目視確認用パスコードのファイル連携での発行" Files, SWITCH, "0",
        "「利用する」にすると、レセプトコンピュータからの要求で発行できます";
}

impl Setting {
    /// Finds a setting by its id.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|setting| setting.id() == id)
    }

    /// The words for a code; `None` when it has no such value.
    #[must_use]
    pub fn label_of(self, code: &str) -> Option<&'static str> {
        self.options().iter().find(|(known, _)| *known == code).map(|(_, label)| *label)
    }

    /// Whether the terms must be opened before it is changed.
    #[must_use]
    pub const fn needs_terms(self) -> bool {
        matches!(self.group(), SettingGroup::RemoteCare)
    }

    /// Whether only somebody who signed in changes it: what receipt computers may do, none allows to itself. Anybody
    /// who can write into a terminal's folder is a receipt computer.
    #[must_use]
    pub(crate) const fn for_people_only(self) -> bool {
        matches!(self.group(), SettingGroup::Files)
    }

    /// That the function is off, for who wanted it.
    #[must_use]
    pub fn switched_off(self) -> String {
        format!("「{}」が「利用しない」になっています。", self.label())
    }

    /// How the function is switched on, and where.
    #[must_use]
    pub fn switching_on(self) -> String {
        format!(
            "医療機関等管理者が、[メニュー]の「環境設定情報管理」から「環境設定情報更新」を開き、\
             「{}」の「{}」を「利用する」にして「更新」を押してください。",
            self.group().label(),
            self.label()
        )
    }

    /// Where it acts. The page says so beside the setting, and so does the table in the documentation.
    #[must_use]
    pub const fn acts(self) -> ActsAt {
        match self {
            Self::Checkup
            | Self::Medication
            | Self::Treatment
            | Self::Operation
            | Self::SpecificDisease
            | Self::PrescriptionUse
            | Self::PrescriptionTiming
            | Self::ReaderMode => ActsAt::Reader,
            Self::HomeVisit | Self::Online | Self::PasscodeByFile => ActsAt::Centre,
            Self::PublicAssistance | Self::MedicalSubsidy | Self::OtherRoute | Self::ConsentScreen => {
                ActsAt::Nowhere
            }
        }
    }

    /// The settings of a group, in the order of the page.
    pub fn of(group: SettingGroup) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |setting| setting.group() == group)
    }

    pub(super) const fn place(self) -> usize {
        self as usize
    }

    /// Where among the options the default stands.
    pub(super) fn default_place(self) -> u8 {
        let found = self.options().iter().position(|(code, _)| *code == self.default_code());
        found.and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
    }
}
