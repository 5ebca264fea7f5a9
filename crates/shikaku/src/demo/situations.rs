//! What can be made to happen besides a named person's check, one situation for each error of the catalogue that no
//! person's card or number leads to; and the errors that take more than a button.
//!
//! Every code of the catalogue is reached by a named person, by a situation here, or stands in [`WITHOUT_A_BUTTON`] with
//! the way there. A test presses every button.

use eligibility::errors::ErrorCode;
use serde::Deserialize;

/// Something that goes wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Situation {
    WrongDate,
    OtherInstitution,
    TooLarge,
    BrokenXml,
    NameUsedAgain,
    OtherKind,
    RequestIdUsedAgain,
    CentreAway,
    TerminalAway,
    StrangeTerminal,
    WrongToken,
    RevokedTerminal,
    ExpiredTerminal,
    UnknownTerminal,
    LineCut,
    SupersededTerminal,
    BillingTerminal,
    Crowd,
    DiskFull,
    FaceFolderGone,
    ChangedAnswer,
    MadeUpNonce,
    OldNonce,
    NonceTwice,
    ChangedConsent,
    NoRevocationList,
    Guessing,
    NumberOfAnother,
    NumberOfNobody,
    ReceptionUnknown,
    TooManyRows,
    TooManyFiles,
    FunctionOff,
    TermsNotOpened,
    SettingsConflict,
    ConsentOver,
    PinThrice,
    ReaderUnplugged,
    WrongPasscode,
}

/// What the list says of a situation.
pub(crate) struct Told {
    /// In the address of its button.
    pub(crate) slug: &'static str,
    /// The code it leads to.
    pub(crate) code: ErrorCode,
    /// Its name.
    pub(crate) title: &'static str,
    /// What is really done.
    pub(crate) happens: &'static str,
}

impl Situation {
    /// All of them, in the order of the catalogue.
    pub(crate) const ALL: [Self; 39] = [
        Self::WrongDate,
        Self::OtherInstitution,
        Self::TooLarge,
        Self::BrokenXml,
        Self::NameUsedAgain,
        Self::RequestIdUsedAgain,
        Self::OtherKind,
        Self::CentreAway,
        Self::TerminalAway,
        Self::StrangeTerminal,
        Self::WrongToken,
        Self::RevokedTerminal,
        Self::ExpiredTerminal,
        Self::UnknownTerminal,
        Self::LineCut,
        Self::SupersededTerminal,
        Self::BillingTerminal,
        Self::Crowd,
        Self::DiskFull,
        Self::FaceFolderGone,
        Self::ChangedAnswer,
        Self::MadeUpNonce,
        Self::OldNonce,
        Self::NonceTwice,
        Self::ChangedConsent,
        Self::NoRevocationList,
        Self::Guessing,
        Self::NumberOfNobody,
        Self::NumberOfAnother,
        Self::ReceptionUnknown,
        Self::TooManyRows,
        Self::TooManyFiles,
        Self::ConsentOver,
        Self::FunctionOff,
        Self::TermsNotOpened,
        Self::SettingsConflict,
        Self::PinThrice,
        Self::ReaderUnplugged,
        Self::WrongPasscode,
    ];

    /// What the list says of it.
    pub(crate) fn told(self) -> Told {
        let told = self.files().or_else(|| self.peers()).or_else(|| self.joining());
        let told = told.or_else(|| self.institution());
        let (slug, code, title, happens) = told.or_else(|| self.inside()).unwrap_or_else(|| self.cards());
        Told { slug, code, title, happens }
    }

    /// What goes wrong with a file in `req`.
    fn files(self) -> Option<Line> {
        Some(match self {
            Self::WrongDate => (
                "wrong-date",
                ErrorCode::FieldFormat,
                "生年月日が暦にない日",
                "生年月日を 19820230 にした要求ファイルを req に置きます。",
            ),
            Self::OtherInstitution => (
                "other-institution",
                ErrorCode::InstitutionMismatch,
                "よその医療機関コード",
                "この端末のものではない医療機関コードを書いた要求ファイルを req に置きます。",
            ),
            Self::TooLarge => (
                "too-large",
                ErrorCode::TooLarge,
                "大きすぎるファイル",
                "10 MiB を 1 バイト超える要求ファイルを req に置きます。",
            ),
            Self::BrokenXml => (
                "broken-xml",
                ErrorCode::Unreadable,
                "こわれた XML",
                "タグの対応が崩れた要求ファイルを req に置きます。",
            ),
            Self::NameUsedAgain => (
                "name-used-again",
                ErrorCode::Quarantined,
                "ファイル名の使い回し",
                "照会が済んだファイル名で、内容の違う要求ファイルをもう一度 req に置きます。",
            ),
            Self::OtherKind => (
                "other-kind",
                ErrorCode::UnknownOperation,
                "提供していない種類の要求",
                "どの種類でもない名前（OQSsidhc01req_）の要求ファイルを req に置きます。",
            ),
            _ => return None,
        })
    }

    /// What goes wrong between terminal and centre.
    fn peers(self) -> Option<Line> {
        Some(match self {
            Self::RequestIdUsedAgain => (
                "request-id-used-again",
                ErrorCode::IdempotencyConflict,
                "要求番号の使い回し",
                "端末の証明書で、同じ要求番号のまま内容を変えた照会を 2 回送ります。",
            ),
            Self::CentreAway => (
                "centre-away",
                ErrorCode::CentralUnreachable,
                "中央につながらない端末",
                "閉じたポートを中央と思っている別の端末に要求ファイルを渡します。端末は 20 秒ほど粘ってから答えます。",
            ),
            Self::TerminalAway => (
                "terminal-away",
                ErrorCode::CentralUnreachable,
                "端末が止まっているときのカードリーダー",
                "閉じたポートを端末と思っているカードリーダーにカードを置きます。",
            ),
            Self::StrangeTerminal => (
                "strange-terminal",
                ErrorCode::TerminalNotReady,
                "別の認証局の証明書を持つ端末",
                "この中央が信頼しない認証局の証明書で、別の端末から照会します。TLS の段階で断られます。",
            ),
            Self::WrongToken => (
                "wrong-token",
                ErrorCode::TerminalNotReady,
                "トークンの合わないカードリーダー",
                "端末が作ったものではないトークンを持つカードリーダーにカードを置きます。",
            ),
            Self::RevokedTerminal => (
                "revoked-terminal",
                ErrorCode::InstitutionCertificateRevoked,
                "電子証明書を失効させた端末",
                "2 台目の端末に証明書を発行し、すぐに失効させて、その端末から照会します。",
            ),
            Self::ExpiredTerminal => (
                "expired-terminal",
                ErrorCode::InstitutionCertificateExpired,
                "つないだまま証明書の期限が切れた端末",
                "数秒で切れる証明書を発行し、つないだまま期限が過ぎるのを待って、もう一度照会します。",
            ),
            Self::UnknownTerminal => (
                "unknown-terminal",
                ErrorCode::InstitutionCertificateUnknown,
                "登録していない端末",
                "証明書は発行したが登録していない端末から照会します。",
            ),
            _ => return None,
        })
    }

    /// What goes wrong with lines, and with certificates that were renewed.
    fn joining(self) -> Option<Line> {
        Some(match self {
            Self::LineCut => (
                "line-cut",
                ErrorCode::LineNotConnected,
                "回線認証が切断された回線",
                "架空内科医院の回線認証を切断して照会し、そのあとつなぎ直します。",
            ),
            Self::SupersededTerminal => (
                "superseded-terminal",
                ErrorCode::InstitutionCertificateSuperseded,
                "更新前の電子証明書を使い続ける端末",
                "更新から 15 日たった（重複期間は 14 日）、期限の残る古い電子証明書で照会します。",
            ),
            Self::BillingTerminal => (
                "billing-terminal",
                ErrorCode::InstitutionCertificateForBilling,
                "オンライン請求だけの電子証明書",
                "用途が「オンライン請求」だけの電子証明書を発行し、それで照会します。",
            ),
            _ => return None,
        })
    }

    /// What goes wrong with files of many rows, reference numbers, kept consents and an institution's own settings.
    fn institution(self) -> Option<Line> {
        Some(match self {
            Self::NumberOfNobody => (
                "number-of-nobody",
                ErrorCode::ReferenceNotIdentified,
                "だれのものでもない番号への照会番号登録",
                "だれのものでもない番号の照会番号登録（OQSsiimm01req_）を req に置きます。",
            ),
            Self::NumberOfAnother => (
                "number-of-another",
                ErrorCode::ReferenceNumberTaken,
                "ほかの患者の照会番号",
                "架空　花子さんの照会番号を、別の患者に付ける照会番号登録を req に置きます。",
            ),
            Self::ReceptionUnknown => (
                "reception-unknown",
                ErrorCode::ReceptionUnknown,
                "出されたことのない受付番号",
                "一括照会の結果を、でたらめな受付番号で求めます。",
            ),
            Self::TooManyRows => (
                "too-many-rows",
                ErrorCode::BulkTooManyRows,
                "件数の多すぎる一括照会",
                "上限（10,000 件）を 1 件超える一括照会を登録します。",
            ),
            Self::TooManyFiles => (
                "too-many-files",
                ErrorCode::BulkTooManyFiles,
                "1 日のファイル数の上限",
                "別の医療機関（1319990046）から、その日の上限（20 ファイル）まで一括照会を登録し、もう一つ登録します。",
            ),
            Self::ConsentOver => (
                "consent-over",
                ErrorCode::NoConsent,
                "有効な同意のない患者さんの薬剤閲覧",
                "亡くなって訪問診療等の同意も切れた故人　七之助さんの薬剤閲覧を、医療情報閲覧のアカウントで開きます。",
            ),
            Self::FunctionOff => (
                "function-off",
                ErrorCode::FunctionOff,
                "「利用しない」の機能",
                "設定前の医療機関（1319990046）のレセコンから、目視確認用パスコードを求めます。",
            ),
            Self::TermsNotOpened => (
                "terms-not-opened",
                ErrorCode::TermsNotOpened,
                "開いていない利用規約",
                "設定前の医療機関（1319990046）のレセコンから、訪問診療等機能を「利用する」にします。",
            ),
            Self::SettingsConflict => (
                "settings-conflict",
                ErrorCode::SettingsConflict,
                "ふたりが同時に変える環境設定情報",
                "同じ版番号を付けて、環境設定情報を 2 回続けて変えます。",
            ),
            _ => return None,
        })
    }

    /// What goes wrong inside the centre or a terminal, or between them.
    fn inside(self) -> Option<Line> {
        Some(match self {
            Self::Crowd => (
                "crowd",
                ErrorCode::Overloaded,
                "一度に多すぎる要求",
                "別の端末の証明書で、終わらない要求を上限（64）まで開いたまま、もう一つ送ります。",
            ),
            Self::DiskFull => (
                "disk-full",
                ErrorCode::AuditUnavailable,
                "記録を書けない中央",
                "練習用の中央サーバーを起動し、ファイルへの書き込みを止めてから照会します。",
            ),
            Self::FaceFolderGone => (
                "face-folder-gone",
                ErrorCode::Internal,
                "結果を書き込めない端末",
                "別の端末の face フォルダを消してから、カードで照会します。",
            ),
            Self::ChangedAnswer => (
                "changed-answer",
                ErrorCode::AnswerUnproven,
                "途中で書き換えられた答え",
                "中央の鍵を盗んだ者が端末と中央のあいだに入り、「有効」を「無効」に書き換えます。",
            ),
            Self::Guessing => (
                "guessing",
                ErrorCode::NumberChecksLimited,
                "当てずっぽうの照会を続ける医療機関",
                "別の医療機関（1319990038）の端末から、だれにも当たらない番号ばかり 50 回を超えて照会します。",
            ),
            _ => return None,
        })
    }

    /// What goes wrong with cards, nonces and the reader.
    fn cards(self) -> Line {
        match self {
            Self::MadeUpNonce => (
                "made-up-nonce",
                ErrorCode::NonceUnknown,
                "中央が出していないカード確認番号",
                "でたらめなカード確認番号（ノンス）にカードが署名したものを送ります。",
            ),
            Self::OldNonce => (
                "old-nonce",
                ErrorCode::NonceExpired,
                "古いカード確認番号",
                "3 分前に出されたカード確認番号（2 分で切れます）にカードが署名したものを送ります。",
            ),
            Self::NonceTwice => (
                "nonce-twice",
                ErrorCode::NonceUsed,
                "同じカード確認番号の 2 回目",
                "使い終えたカード確認番号に、同じ人がもう一度、別の同意で署名したものを送ります。",
            ),
            Self::ChangedConsent => (
                "changed-consent",
                ErrorCode::BadSignature,
                "署名のあとで書き換えた同意",
                "「同意しない」に署名したあと、送る直前に「同意する」へ書き換えます。",
            ),
            Self::NoRevocationList => (
                "no-revocation-list",
                ErrorCode::RevocationStale,
                "失効リストのない中央",
                "カードの失効リストを取り寄せられない練習用の中央サーバーに、カードで照会します。",
            ),
            Self::PinThrice => (
                "pin-thrice",
                ErrorCode::PinLocked,
                "暗証番号を 3 回まちがえる",
                "閉錠　三回さんのカードに、ロックされるまで誤った暗証番号を入れます。",
            ),
            Self::WrongPasscode => (
                "wrong-passcode",
                ErrorCode::VisualCheckRefused,
                "発行されていない目視確認用パスコード",
                "発行された目視確認用パスコードとは別の数字をカードリーダーに入れて、目視確認をします。",
            ),
            _ => (
                "reader-unplugged",
                ErrorCode::ReaderLost,
                "カードリーダーが外れている",
                "つながっていないカードリーダーで照会を始めます。",
            ),
        }
    }
}

/// Slug, code, title, what is done.
type Line = (&'static str, ErrorCode, &'static str, &'static str);

/// Errors that no button of the list leads to, each with the way there, as the list shows it.
pub(crate) const WITHOUT_A_BUTTON: &[(ErrorCode, &str)] = &[(
    ErrorCode::TimedOut,
    "カードリーダー（模擬カード）のページでカードを置き、カードリーダーの画面で何もせずに1分待つと表示されます。",
)];

#[cfg(test)]
mod tests {
    use super::{Situation, WITHOUT_A_BUTTON};
    use eligibility::errors::ErrorCode;

    #[test]
    fn each_situation_is_listed_once_under_the_name_its_button_sends() {
        let mut slugs: Vec<&str> = Situation::ALL.map(|situation| situation.told().slug).to_vec();
        for situation in Situation::ALL {
            let sent = serde_json::json!(situation.told().slug);
            assert_eq!(serde_json::from_value::<Situation>(sent).expect("known"), situation);
        }
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Situation::ALL.len());
    }

    #[test]
    fn what_has_no_button_is_told_once_and_never_beside_one() {
        for (at, (code, reason)) in WITHOUT_A_BUTTON.iter().enumerate() {
            assert!(reason.ends_with("と表示されます。"), "{reason}");
            assert!(WITHOUT_A_BUTTON[..at].iter().all(|(other, _)| other != code));
            assert!(Situation::ALL.iter().all(|situation| situation.told().code != *code), "{code}");
            assert!(ErrorCode::ALL.contains(code));
        }
    }
}
