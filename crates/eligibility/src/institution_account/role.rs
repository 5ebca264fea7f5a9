//! 権限区分: who may do what on the institution's own web.

use serde::{Deserialize, Serialize};

/// 権限区分 of an account of an institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstitutionRole {
    /// マスタ: comes with the 通知書 and makes administrators, nothing else.
    Master,
    /// マスタアカウントリセット用: gives the master a new initial password, nothing else.
    MasterReset,
    /// 医療機関等管理者.
    Administrator,
    /// 一般: the counter.
    General,
    /// 医療情報閲覧: doctors, dentists and pharmacists.
    Viewer,
    /// 顔認証用: one per card reader; never signs in.
    FaceReader,
    /// 連携用: programs; never signs in.
    Integration,
}

/// What an account of an institution does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstitutionAction {
    /// 資格確認 by the numbers of a card.
    CheckByNumber,
    /// 照会番号登録.
    RegisterReferenceNumber,
    /// 資格確認一括照会 and its results.
    BulkCheck,
    /// 委託先資格情報 (医療扶助).
    EntrustedEligibility,
    /// 同意済資格情報取得 and 再照会.
    ReadConsented,
    /// 同意取消.
    CancelConsent,
    /// Make, change, stop and reset accounts of 医療機関等管理者.
    ManageAdministrators,
    /// Make, change, stop and reset the other accounts.
    ManageAccounts,
    /// 目視確認用パスコード発行.
    IssueVisualCheckPasscode,
    /// 環境設定情報更新.
    UpdateFacilitySettings,
    /// 医療機関等別URL取得・変更.
    ManageHomeVisitUrl,
    /// アクティベーション管理.
    ManageActivation,
    /// 顔認証付きカードリーダー操作.
    OperateReaders,
    /// お知らせ.
    ReadNotices,
    /// 操作履歴.
    ReadHistory,
    /// 薬剤情報 and the other medical records of patients who agreed.
    ViewMedicalInformation,
    /// Give the master a new initial password.
    ResetMaster,
}

impl InstitutionAction {
    /// Every action.
    pub const ALL: &'static [Self] = &[
        Self::CheckByNumber,
        Self::RegisterReferenceNumber,
        Self::BulkCheck,
        Self::EntrustedEligibility,
        Self::ReadConsented,
        Self::CancelConsent,
        Self::ManageAdministrators,
        Self::ManageAccounts,
        Self::IssueVisualCheckPasscode,
        Self::UpdateFacilitySettings,
        Self::ManageHomeVisitUrl,
        Self::ManageActivation,
        Self::OperateReaders,
        Self::ReadNotices,
        Self::ReadHistory,
        Self::ViewMedicalInformation,
        Self::ResetMaster,
    ];

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CheckByNumber => "check-by-number",
            Self::RegisterReferenceNumber => "register-reference-number",
            Self::BulkCheck => "bulk-check",
            Self::EntrustedEligibility => "entrusted-eligibility",
            Self::ReadConsented => "read-consented",
            Self::CancelConsent => "cancel-consent",
            Self::ManageAdministrators => "manage-administrators",
            Self::ManageAccounts => "manage-accounts",
            Self::IssueVisualCheckPasscode => "issue-visual-check-passcode",
            Self::UpdateFacilitySettings => "update-facility-settings",
            Self::ManageHomeVisitUrl => "manage-home-visit-url",
            Self::ManageActivation => "manage-activation",
            Self::OperateReaders => "operate-readers",
            Self::ReadNotices => "read-notices",
            Self::ReadHistory => "read-history",
            Self::ViewMedicalInformation => "view-medical-information",
            Self::ResetMaster => "reset-master",
        }
    }

    /// What is done, to be read after 「この権限区分では」.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::CheckByNumber => "資格確認",
            Self::RegisterReferenceNumber => "照会番号登録",
            Self::BulkCheck => "資格確認一括照会",
            Self::EntrustedEligibility => "委託先資格情報の取得",
            Self::ReadConsented => "同意済資格情報取得",
            Self::CancelConsent => "同意取消",
            Self::ManageAdministrators => "医療機関等管理者のアカウント管理",
            Self::ManageAccounts => "アカウント管理",
            Self::IssueVisualCheckPasscode => "目視確認用パスコード発行",
            Self::UpdateFacilitySettings => "環境設定情報更新",
            Self::ManageHomeVisitUrl => "医療機関等別URL取得・変更",
            Self::ManageActivation => "アクティベーション管理",
            Self::OperateReaders => "顔認証付きカードリーダー操作",
            Self::ReadNotices => "お知らせの閲覧",
            Self::ReadHistory => "操作履歴の閲覧",
            Self::ViewMedicalInformation => "医療情報閲覧",
            Self::ResetMaster => "マスタアカウントのリセット",
        }
    }

    /// The roles that may do it.
    pub fn roles(self) -> impl Iterator<Item = InstitutionRole> {
        InstitutionRole::ALL.iter().copied().filter(move |role| role.may(self))
    }
}

impl InstitutionRole {
    /// Every role, in the order of the form.
    pub const ALL: &'static [Self] = &[
        Self::Master,
        Self::MasterReset,
        Self::Administrator,
        Self::General,
        Self::Viewer,
        Self::FaceReader,
        Self::Integration,
    ];

    /// Whether the role may do it.
    #[must_use]
    pub const fn may(self, action: InstitutionAction) -> bool {
        use InstitutionAction as Action;
        match self {
            Self::Master => {
                matches!(action, Action::ManageAdministrators | Action::ReadNotices | Action::ReadHistory)
            }
            Self::MasterReset => matches!(action, Action::ResetMaster),
            Self::Administrator => !matches!(
                action,
                Action::ManageAdministrators | Action::ViewMedicalInformation | Action::ResetMaster
            ),
            Self::General => Self::at_the_counter(action),
            Self::Viewer => Self::at_the_counter(action) || matches!(action, Action::ViewMedicalInformation),
            Self::FaceReader | Self::Integration => false,
        }
    }

    const fn at_the_counter(action: InstitutionAction) -> bool {
        use InstitutionAction as Action;
        matches!(
            action,
            Action::CheckByNumber
                | Action::RegisterReferenceNumber
                | Action::BulkCheck
                | Action::EntrustedEligibility
                | Action::ReadConsented
                | Action::CancelConsent
                | Action::ReadNotices
        )
    }

    /// Whether accounts of the role sign in.
    #[must_use]
    pub const fn signs_in(self) -> bool {
        self.why_not_signed_in().is_none()
    }

    /// Why nobody signs in with an account of the role, and what to do instead. Readers and programs are known by their
    /// terminal's certificate: a password beside it would be a second secret in a file, and prove nothing more.
    #[must_use]
    pub const fn why_not_signed_in(self) -> Option<&'static str> {
        match self {
            Self::FaceReader => Some(
                "顔認証用のアカウントではログインできません。顔認証付きカードリーダーは端末の電子証明書で確認するため、ログインは不要です。受付の方は、「一般」などご自身のアカウントでログインしてください。",
            ),
            Self::Integration => Some(
                "連携用のアカウントではログインできません。連携ソフトは端末の電子証明書で確認するため、ログインは不要です。受付の方は、「一般」などご自身のアカウントでログインしてください。",
            ),
            _ => None,
        }
    }

    /// The action that making, changing, stopping and resetting an account of this role is; `None` for the accounts
    /// that come with the 通知書.
    #[must_use]
    pub const fn managed_by(self) -> Option<InstitutionAction> {
        match self {
            Self::Master | Self::MasterReset => None,
            Self::Administrator => Some(InstitutionAction::ManageAdministrators),
            Self::General | Self::Viewer | Self::FaceReader | Self::Integration => {
                Some(InstitutionAction::ManageAccounts)
            }
        }
    }

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Master => "master",
            Self::MasterReset => "master_reset",
            Self::Administrator => "administrator",
            Self::General => "general",
            Self::Viewer => "medical_viewer",
            Self::FaceReader => "kiosk",
            Self::Integration => "integration",
        }
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.name() == name)
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Master => "マスタ",
            Self::MasterReset => "マスタアカウントリセット用",
            Self::Administrator => "医療機関等管理者",
            Self::General => "一般",
            Self::Viewer => "医療情報閲覧",
            Self::FaceReader => "顔認証用",
            Self::Integration => "連携用",
        }
    }
}
