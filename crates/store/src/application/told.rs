//! Mail to who applied, written with the event it tells of.

use eligibility::application::{Application, HistoryEntry, my_menu};

use super::StoredApplication;
use crate::{MailText, NewMail, Result, engine::Tx, mail_outbox};

/// Tells the person who last handed in or changed the application what happened, where it concerns them.
pub(super) async fn tell(
    tx: &Tx<'_>,
    of: &StoredApplication,
    place: usize,
    entry: &HistoryEntry,
) -> Result<()> {
    let (Some(line), Some(number)) = (entry.for_applicant(), &of.reception_number) else { return Ok(()) };
    // The checks follow the handing in at once: one mail says both.
    if entry.event == "checked" {
        return Ok(());
    }
    let Some(recipient) = recipient(&of.application) else { return Ok(()) };
    let as_of = Application { state: entry.to, ..of.application.clone() };
    let menu = my_menu(&as_of);
    let reason = entry.reason.as_ref().map(|reason| format!("\n理由：\n{reason}\n")).unwrap_or_default();
    let mail = NewMail {
        // One event, one mail, however often the transaction is tried.
        mail_id: format!("application:{}:{}:{place}", of.application.institution, of.id),
        recipient,
        subject_line: format!("【{}】{line}（受付番号 {number}）", menu.title),
        text: MailText::Open(format!(
            "{}\n受付番号：{number}\n\n{line}\n{}\n{reason}\n\
             詳しくは、医療機関等向け総合ポータルサイトにログインし、マイメニューで確認してください。\n\
             このメールは送信専用です。\n",
            menu.title, menu.sentence
        )),
    };
    mail_outbox::put(tx, &mail, entry.at).await
}

fn recipient(application: &Application) -> Option<String> {
    let newest = application.applicants.iter().rev().find_map(|applicant| applicant.mail.as_ref());
    newest.map(|mail| mail.as_str().to_owned())
}
