//! The names in the audit log, in words.

use crate::{
    codes::Validity, errors::ErrorCode, institution_account::InstitutionAction,
    institution_account::InstitutionRole, reader::CommandOutcome,
};

/// What an action is about; what the page is searched by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryKind {
    /// Checks and what was looked at.
    Eligibility,
    /// Files with many rows, and 照会番号.
    Files,
    /// Accounts and signing in.
    Accounts,
    /// What administrators manage.
    Facility,
    /// Card readers.
    Readers,
    /// Certificates and lines.
    Certificates,
    /// Applications on the portal.
    Applications,
    /// Everything else.
    Other,
}

impl HistoryKind {
    /// Every kind, in the order of the form.
    pub const ALL: &'static [Self] = &[
        Self::Eligibility,
        Self::Files,
        Self::Accounts,
        Self::Facility,
        Self::Readers,
        Self::Certificates,
        Self::Applications,
        Self::Other,
    ];

    /// The name in the form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eligibility => "eligibility",
            Self::Files => "files",
            Self::Accounts => "accounts",
            Self::Facility => "facility",
            Self::Readers => "readers",
            Self::Certificates => "certificates",
            Self::Applications => "applications",
            Self::Other => "other",
        }
    }

    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Eligibility => "資格確認",
            Self::Files => "一括照会・照会番号",
            Self::Accounts => "アカウント・ログイン",
            Self::Facility => "環境設定・パスコード・URL・アプリ",
            Self::Readers => "顔認証付きカードリーダー",
            Self::Certificates => "電子証明書・回線",
            Self::Applications => "ポータルサイトの申請",
            Self::Other => "その他",
        }
    }
}

use HistoryKind as Kind;

/// Actions as the audit log names them.
const ACTIONS: &[(&str, Kind, &str)] = &[
    ("verify_card", Kind::Eligibility, "資格確認（マイナンバーカード）"),
    ("verify_number", Kind::Eligibility, "資格確認（番号）"),
    ("view_check_result", Kind::Eligibility, "資格確認結果の表示"),
    ("re_verify", Kind::Eligibility, "再照会（訪問診療等・オンライン診療等）"),
    ("search_consented", Kind::Eligibility, "同意済資格情報取得（一覧）"),
    ("view_consented", Kind::Eligibility, "同意済資格情報取得（患者さん1人）"),
    ("consent.cancel", Kind::Eligibility, "同意取消（訪問診療等）"),
    ("list_viewable", Kind::Eligibility, "同意取得済み患者一覧の表示"),
    ("view_patient", Kind::Eligibility, "患者情報詳細の表示"),
    ("view_medical_records", Kind::Eligibility, "診療・薬剤情報、特定健診情報の表示"),
    ("nonces", Kind::Eligibility, "カードによる資格確認の準備"),
    ("receipt_keys", Kind::Eligibility, "控えの検証鍵の取得"),
    ("earlier_consent", Kind::Eligibility, "以前の同意の登録"),
    ("register_reference_number", Kind::Files, "照会番号登録"),
    ("reference_number.register", Kind::Files, "照会番号登録（ファイル）"),
    ("bulk.submit", Kind::Files, "一括ファイルの受付"),
    ("bulk.finish", Kind::Files, "一括ファイルの処理の終了"),
    ("bulk.fetch", Kind::Files, "一括ファイルの結果の取得"),
    ("bulk.eligibility", Kind::Files, "資格確認一括照会（行の処理）"),
    ("bulk.reference_numbers", Kind::Files, "照会番号一括登録（行の処理）"),
    ("bulk.entrusted_eligibility", Kind::Files, "委託先資格情報一括取得（行の処理）"),
    ("upload_bulk", Kind::Files, "一括ファイルの受付"),
    ("bulk_result", Kind::Files, "一括ファイルの結果の取得"),
    ("account.password-given", Kind::Accounts, "パスワードの入力"),
    ("account.sign-in", Kind::Accounts, "ログイン"),
    ("account.sign-out", Kind::Accounts, "ログアウト"),
    ("account.take-over", Kind::Accounts, "強制的なログイン"),
    ("account.password", Kind::Accounts, "パスワードの変更"),
    ("account.register", Kind::Accounts, "ポータルサイトのアカウントの登録"),
    ("account.contact", Kind::Accounts, "ポータルサイトの登録情報の変更"),
    ("account.mail-ask", Kind::Accounts, "ポータルサイトのメールアドレスの変更の申込み"),
    ("account.mail-drop", Kind::Accounts, "ポータルサイトのメールアドレスの変更の取りやめ"),
    ("account.mail", Kind::Accounts, "ポータルサイトのメールアドレスの変更"),
    ("account.prove", Kind::Accounts, "ポータルサイトのアカウントの確認"),
    ("account.stop-ask", Kind::Accounts, "ポータルサイトのアカウントの停止の依頼"),
    ("account.stop", Kind::Accounts, "ポータルサイトのアカウントの停止"),
    ("account.totp-begin", Kind::Accounts, "認証アプリの登録の開始"),
    ("account.totp-add", Kind::Accounts, "認証アプリの登録"),
    ("account.totp-remove", Kind::Accounts, "認証アプリの削除"),
    ("account.recovery-codes", Kind::Accounts, "回復用コードの発行"),
    ("account.passkey-add", Kind::Accounts, "パスキーの登録"),
    ("account.passkey-remove", Kind::Accounts, "パスキーの削除"),
    ("institution-account.create", Kind::Accounts, "アカウントの登録"),
    ("institution-account.set-up", Kind::Accounts, "アカウントの登録"),
    ("institution-account.change", Kind::Accounts, "アカウントの変更"),
    ("institution-account.stop", Kind::Accounts, "アカウントの停止"),
    ("institution-account.resume", Kind::Accounts, "アカウントの停止の解除"),
    ("institution-account.password", Kind::Accounts, "パスワードの変更"),
    ("institution-account.reset", Kind::Accounts, "初期パスワードの再発行"),
    ("institution-account.reset-master", Kind::Accounts, "マスタアカウントのリセット"),
    ("account-sheet.download", Kind::Accounts, "通知書のダウンロード"),
    ("session", Kind::Accounts, "ほかの医療機関等のログインの使用"),
    ("institution_web", Kind::Accounts, "画面の利用"),
    ("history.export", Kind::Other, "操作履歴の出力（CSV）"),
    ("visual_check_passcode.issue", Kind::Facility, "目視確認用パスコード発行"),
    ("visual_check_passcode.enter", Kind::Facility, "目視確認用パスコードの入力"),
    ("visual_check_passcode.verify", Kind::Facility, "目視確認用パスコードの確認"),
    ("enter_passcode", Kind::Facility, "目視確認用パスコードの入力"),
    ("issue_passcode", Kind::Facility, "目視確認用パスコード発行"),
    ("facility_settings.update", Kind::Facility, "環境設定情報更新"),
    ("facility_settings", Kind::Facility, "環境設定情報の取得"),
    ("change_facility_settings", Kind::Facility, "環境設定情報更新"),
    ("terms.open", Kind::Facility, "利用規約を開く"),
    ("home_visit_url.make", Kind::Facility, "医療機関等別URLの発行"),
    ("home_visit_url.change", Kind::Facility, "医療機関等別URLの変更"),
    ("home_visit_url", Kind::Facility, "医療機関等別URLの取得"),
    ("activation.issue", Kind::Facility, "アクティベーションコードの発行"),
    ("activation.use", Kind::Facility, "アクティベーションコードの使用"),
    ("activation.invalidate", Kind::Facility, "アクティベーションの無効化"),
    ("reader.command", Kind::Readers, "カードリーダーの操作"),
    ("reader.confirm", Kind::Readers, "カードリーダーの操作の結果"),
    ("reader_state", Kind::Readers, "カードリーダーの状態の通知"),
    ("certificate.issue", Kind::Certificates, "電子証明書の発行"),
    ("certificate.fetch", Kind::Certificates, "電子証明書の取得"),
    ("certificate.letter", Kind::Certificates, "電子証明書発行通知書の作成"),
    ("certificate.letter.post", Kind::Certificates, "電子証明書発行通知書の発送"),
    ("certificate.letter.open", Kind::Certificates, "電子証明書発行通知書の印刷"),
    ("certificate.notice", Kind::Certificates, "電子証明書の有効期限のお知らせ"),
    ("certificate.renew", Kind::Certificates, "電子証明書の更新"),
    ("certificate.revoke", Kind::Certificates, "電子証明書の失効"),
    ("certificate_renewal", Kind::Certificates, "電子証明書の更新"),
    ("certificate_standing", Kind::Certificates, "電子証明書の状態の確認"),
    ("status", Kind::Certificates, "接続の確認"),
    ("terminal-certificate.register", Kind::Certificates, "端末の電子証明書の登録"),
    ("terminal-certificate.revoke", Kind::Certificates, "端末の電子証明書の失効"),
    ("line.register", Kind::Certificates, "回線の登録"),
    ("line.prefixes", Kind::Certificates, "回線のアドレスの変更"),
    ("line.stop", Kind::Certificates, "回線の停止"),
    ("line-session.start", Kind::Certificates, "回線認証の接続"),
    ("line-session.decline", Kind::Certificates, "回線認証の希望しない"),
    ("line-session.renew", Kind::Certificates, "回線認証の継続"),
    ("line-session.end", Kind::Certificates, "回線認証の切断"),
    ("application.submit", Kind::Applications, "申請"),
    ("application.withdraw", Kind::Applications, "申請の取下げ"),
    ("application.checked", Kind::Applications, "申請の自動チェック"),
    ("application.approve", Kind::Applications, "申請の承認"),
    ("application.return", Kind::Applications, "申請の差戻し"),
    ("application.reject", Kind::Applications, "申請の却下"),
    ("application.complete", Kind::Applications, "申請の完了"),
    ("application.decide", Kind::Applications, "申請の審査"),
    ("institution.add", Kind::Other, "医療機関マスタへの登録"),
    ("institution.change-ask", Kind::Other, "医療機関マスタの変更の依頼"),
    ("institution.change-drop", Kind::Other, "医療機関マスタの変更の取りやめ"),
    ("institution.change", Kind::Other, "医療機関マスタの変更"),
    ("institution.close-ask", Kind::Other, "医療機関マスタの廃止の依頼"),
    ("institution.close-drop", Kind::Other, "医療機関マスタの廃止の取りやめ"),
    ("institution.close", Kind::Other, "医療機関マスタの廃止"),
    ("denials.counted", Kind::Other, "続けて拒否した操作の件数"),
    ("operator.act", Kind::Other, "運営者の操作"),
];

/// How actions end that are neither done nor refused by a code.
const OUTCOMES: &[(&str, &str)] = &[
    ("done", "完了"),
    ("nothing", "対象なし"),
    ("accepted", "一致"),
    ("counted", "入力（確認前に数えたもの）"),
    ("received", "受付"),
    ("fetched", "取得"),
    ("recorded", "記録"),
    ("submitted", "申請"),
    ("checking", "審査中"),
    ("approved", "承認"),
    ("first_approved", "1人目の承認"),
    ("completed", "完了"),
    ("failed", "失敗"),
    ("queued", "受付"),
    ("denied:role", "拒否（この権限区分ではできません）"),
    ("denied:not-there", "拒否（この医療機関等にありません）"),
    ("denied:institution", "拒否（ほかの医療機関等のログイン）"),
    ("denied:locked", "拒否（誤りが続いたための停止中）"),
    ("denied:password", "拒否（パスワードの誤り）"),
    ("denied:second-factor", "拒否（認証コードの誤り）"),
    ("denied:passkey", "拒否（パスキーの誤り）"),
    ("denied:not-yet", "拒否（利用開始年月日の前）"),
    ("denied:over", "拒否（利用終了年月日の後）"),
    ("denied:stopped", "拒否（停止中のアカウント）"),
    ("denied:initial-over", "拒否（初期パスワードの期限切れ）"),
    ("denied:initial-spent", "拒否（使用済みの初期パスワード）"),
    ("denied:wrong", "拒否（コードの誤り）"),
    ("denied:wrong,paused", "拒否（コードの誤り。しばらく受け付けません）"),
    ("denied:no-session", "拒否（ログインしていません）"),
    ("denied:not-compared", "拒否（使えるパスコードがありません）"),
    ("denied:limited", "拒否（見つからない番号が続いたため）"),
    ("denied:request-id-reused", "拒否（要求番号の再使用）"),
];

fn by_action(name: &str) -> Option<InstitutionAction> {
    InstitutionAction::ALL.iter().copied().find(|action| action.name() == name)
}

/// What was done, in words; a name that has none is shown as it is.
#[must_use]
pub fn what(action: &str) -> &str {
    let told = ACTIONS.iter().find(|(name, ..)| *name == action).map(|(.., words)| *words);
    told.or_else(|| by_action(action).map(InstitutionAction::label)).unwrap_or(action)
}

impl HistoryKind {
    /// What an action is about.
    #[must_use]
    pub fn of(action: &str) -> Self {
        use InstitutionAction as Action;
        let told = ACTIONS.iter().find(|(name, ..)| *name == action).map(|(_, kind, _)| *kind);
        let by_right = || match by_action(action)? {
            Action::CheckByNumber
            | Action::ReadConsented
            | Action::CancelConsent
            | Action::ViewMedicalInformation => Some(Self::Eligibility),
            Action::RegisterReferenceNumber | Action::BulkCheck | Action::EntrustedEligibility => {
                Some(Self::Files)
            }
            Action::ManageAdministrators | Action::ManageAccounts | Action::ResetMaster => {
                Some(Self::Accounts)
            }
            Action::IssueVisualCheckPasscode
            | Action::UpdateFacilitySettings
            | Action::ManageHomeVisitUrl
            | Action::ManageActivation => Some(Self::Facility),
            Action::OperateReaders => Some(Self::Readers),
            Action::ReadNotices | Action::ReadHistory => Some(Self::Other),
        };
        told.or_else(by_right).unwrap_or(Self::Other)
    }

    /// Reads [`Self::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Whether the attempt was refused.
#[must_use]
pub fn is_refusal(outcome: &str) -> bool {
    outcome.starts_with("denied:")
}

/// How it ended, in words; a name that has none is shown as it is.
#[must_use]
pub fn outcome(name: &str) -> String {
    if let Some((_, words)) = OUTCOMES.iter().find(|(outcome, _)| *outcome == name) {
        return (*words).to_owned();
    }
    if let Some(told) = CommandOutcome::from_name(name) {
        return told.label().to_owned();
    }
    if let Some(code) = name.strip_prefix("validity:") {
        return Validity::from_code(code)
            .map_or_else(|_| name.to_owned(), |one| format!("資格有効性：{}", one.label()));
    }
    let Some(why) = name.strip_prefix("denied:") else { return rows(name) };
    // What is told apart inside only is found under the name of what it looks like outside.
    let inside = ErrorCode::SelfAccessBlocked;
    let known = if why == inside.internal_name() {
        Some(inside)
    } else {
        ErrorCode::ALL.iter().copied().find(|code| code.internal_name() == why)
    };
    match known {
        Some(code) => format!("拒否（{} {}）", code.code(), code.message()),
        None => format!("拒否（{why}）"),
    }
}

/// `normal:3 error:1`, and whatever has no words.
fn rows(name: &str) -> String {
    let counted = name.strip_prefix("normal:").and_then(|rest| rest.split_once(" error:"));
    match counted {
        Some((normal, error)) => format!("正常 {normal}件、エラー {error}件"),
        None => name.to_owned(),
    }
}

/// Who did it: ユーザーID, terminal, or which side.
#[must_use]
pub fn actor(name: &str) -> String {
    match name.split_once(':') {
        Some(("account", user_id)) => own_name(user_id).to_owned(),
        Some(("terminal", terminal)) => format!("端末 {terminal}"),
        Some(("portal", _)) => "ポータルサイトの利用者".to_owned(),
        Some(("operator", _)) => "運営者".to_owned(),
        Some(("line", prefix)) => format!("回線 {prefix}"),
        _ if name == "unknown" => "不明".to_owned(),
        _ => "システム".to_owned(),
    }
}

/// `医療機関コード:ユーザーID` without the code, which is the institution's own.
fn own_name(text: &str) -> &str {
    text.rsplit(':').next().unwrap_or(text)
}

/// What it was done to; empty where there is nothing to name. Keys of people and digests of cards are not shown.
#[must_use]
pub fn object(name: &str) -> String {
    let Some((kind, rest)) = name.split_once(':') else { return String::new() };
    match kind {
        "person" => "患者さん1人".to_owned(),
        "people" => format!("患者さん{rest}人"),
        "card" => "マイナンバーカード".to_owned(),
        "account" | "institution-account" if !rest.contains('-') => own_name(rest).to_owned(),
        "bulk" => format!("受付番号 {rest}"),
        "reader" => format!("カードリーダー {rest}"),
        "role" => InstitutionRole::from_name(rest).map_or_else(String::new, |role| role.label().to_owned()),
        "line" => format!("お客さまID {rest}"),
        _ => String::new(),
    }
}
