//! マイメニュー: how an application stands, in the words of who applied.

use super::{Application, ApplicationKind, ApplicationState};

/// One application as its institution sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MyMenuEntry {
    /// The title of the application.
    pub title: &'static str,
    /// The state in one word. The two steps of a review are one to the institution.
    pub state: &'static str,
    /// What that means and what comes next.
    pub sentence: &'static str,
    /// The operator's reason, where it was returned or rejected.
    pub reason: Option<String>,
    /// The main button, where there is something to do: its label.
    pub action: Option<&'static str>,
    /// Whether it can be taken back (《取り下げる》).
    pub may_withdraw: bool,
}

/// The entry of an application in マイメニュー.
#[must_use]
pub fn my_menu(application: &Application) -> MyMenuEntry {
    let (kind, state) = (application.kind, application.state);
    let told = matches!(state, ApplicationState::Returned | ApplicationState::Rejected);
    let reason = application.history.iter().rev().find(|entry| entry.to == state);
    MyMenuEntry {
        title: kind.label(),
        state: match state {
            ApplicationState::FirstApproved => ApplicationState::Checking.label(),
            other => other.label(),
        },
        sentence: sentence(kind, state),
        reason: reason.filter(|_| told).and_then(|entry| entry.reason.clone()),
        action: action(kind, state),
        may_withdraw: state.may_withdraw(),
    }
}

const fn action(kind: ApplicationKind, state: ApplicationState) -> Option<&'static str> {
    match (state, kind) {
        (ApplicationState::Draft, _) => Some("続きを入力する"),
        (ApplicationState::Returned, _) => Some("修正して再申請する"),
        (ApplicationState::Completed, ApplicationKind::UseStart) => Some("通知書をダウンロードする"),
        (ApplicationState::Rejected, _) => Some("新しく申請する"),
        _ => None,
    }
}

const fn sentence(kind: ApplicationKind, state: ApplicationState) -> &'static str {
    match state {
        ApplicationState::Draft => "入力の途中です。まだ申請されていません。",
        ApplicationState::Submitted => {
            "申請を受け付けました。自動チェックの後、審査を始めます。操作は不要です。"
        }
        ApplicationState::Checking | ApplicationState::FirstApproved => match kind {
            ApplicationKind::CertificateRevocation => {
                "審査しています。紛失・盗難のときは端末の電源とLANケーブルを外してお待ちください。"
            }
            _ => "審査しています。通常は2営業日以内に終わります。操作は不要です。",
        },
        ApplicationState::Approved => approved(kind),
        ApplicationState::Returned => {
            "内容の修正が必要です。理由を確認し、修正して再申請してください。入力した内容は残っています。"
        }
        ApplicationState::Rejected => {
            "申請は認められませんでした。理由を確認し、必要なときは新しく申請してください。"
        }
        ApplicationState::Withdrawn => "申請は取り下げられました。必要なときは新しく申請してください。",
        ApplicationState::Completed => completed(kind),
    }
}

const fn approved(kind: ApplicationKind) -> &'static str {
    match kind {
        ApplicationKind::UseStart => {
            "承認されました。通知書を作成しています。完了するとメールでお知らせします。"
        }
        ApplicationKind::UseChange | ApplicationKind::CustomerIdChange => {
            "承認されました。変更を反映しています。"
        }
        ApplicationKind::CertificateIssue => {
            "承認されました。電子証明書を準備しています。電子証明書発行通知書は簡易書留でお送りします。"
        }
        ApplicationKind::CertificateRenewal => "受け付けました。新しい電子証明書を発行しています。",
        ApplicationKind::CertificateRevocation => "承認されました。1分以内に失効します。",
        ApplicationKind::Succession | ApplicationKind::CodeChange => {
            "承認されました。変更日から新しい医療機関コードで利用できるように準備しています。"
        }
    }
}

const fn completed(kind: ApplicationKind) -> &'static str {
    match kind {
        ApplicationKind::UseStart => {
            "利用申請が完了しました。「通知書をダウンロードする」から最初のアカウントを確認し、次に電子証明書発行申請を\
             行ってください。"
        }
        ApplicationKind::UseChange => "変更が完了しました。",
        ApplicationKind::CertificateIssue => {
            "電子証明書発行通知書を簡易書留でお送りします。届いたら、リファレンスナンバーと認証IDで180日以内に電子証明書を\
             取得してください。"
        }
        ApplicationKind::CertificateRenewal => {
            "更新が完了しました。端末に新しい電子証明書が入っていることを確認してください。古い証明書は14日間使えます。"
        }
        ApplicationKind::CertificateRevocation => {
            "電子証明書は失効しました。端末に残っている証明書を削除してください。"
        }
        ApplicationKind::Succession | ApplicationKind::CodeChange => {
            "手続きが完了しました。新しい医療機関コードの電子証明書が必要です。電子証明書発行申請を行ってください。"
        }
        ApplicationKind::CustomerIdChange => {
            "お客さまIDを変更しました。端末で https://www.lineauth.mnw を開き、「希望する」を押してください。"
        }
    }
}
