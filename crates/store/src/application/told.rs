//! Mail to who applied, written with the event it tells of.

use eligibility::{
    account::MailAddress,
    application::{Application, ApplicationContent, HistoryEntry, my_menu},
};

use super::StoredApplication;
use crate::{MailText, NewMail, Result, engine::Tx, mail_outbox, portal_account};

/// Tells the person who last handed in or changed the application what happened, where it concerns them, at the address
/// that the account has now; and the 担当者 at the address that the form names.
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
    let as_of = Application { state: entry.to, ..of.application.clone() };
    let menu = my_menu(&as_of);
    let reason = entry.reason.as_ref().map(|reason| format!("\n理由：\n{reason}\n")).unwrap_or_default();
    // One event, one mail to each, however often the transaction is tried.
    let mail_id = format!("application:{}:{}:{place}", of.application.institution, of.id);
    let account = recipient(tx, &of.application).await?;
    let account = account.as_ref();
    let contact = of.content.as_ref().and_then(ApplicationContent::contact_mail);
    let contact = contact.filter(|contact| account.is_none_or(|account| account.key() != contact.key()));
    let mail = |recipient: &MailAddress, mail_id: String| NewMail {
        mail_id,
        recipient: recipient.as_str().to_owned(),
        subject_line: format!("【{}】{line}（受付番号 {number}）", menu.title),
        text: MailText::Open(format!(
            "{}\n受付番号：{number}\n\n{line}\n{}\n{reason}\n\
             詳しくは、医療機関等向け総合ポータルサイトにログインし、マイメニューで確認してください。\n\
             このメールは送信専用です。\n",
            menu.title, menu.sentence
        )),
    };
    if let Some(contact) = contact {
        mail_outbox::put(tx, &mail(contact, format!("{mail_id}:contact")), entry.at).await?;
    }
    match account {
        Some(account) => mail_outbox::put(tx, &mail(account, mail_id), entry.at).await,
        None => Ok(()),
    }
}

async fn recipient(tx: &Tx<'_>, application: &Application) -> Result<Option<MailAddress>> {
    let mut applicants = application.applicants.iter().rev();
    let Some(last) = applicants.find(|applicant| applicant.mail.is_some()) else { return Ok(None) };
    let account = portal_account::find(tx, &application.institution, &last.account).await?;
    Ok(account.map(|account| account.mail).or_else(|| last.mail.clone()))
}
