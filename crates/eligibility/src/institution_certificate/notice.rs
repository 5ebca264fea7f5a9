//! When the end of a certificate is told, and in which words.

use super::CertificatePeriod;
use crate::{
    Date,
    calendar::{add_days, days_between, format_japanese},
};

/// Days before the last day on which one notice each goes out.
pub const NOTICE_BEFORE_DAYS: [i32; 4] = [90, 60, 30, 15];
/// From so many days before the last day on, a notice every day.
pub const NOTICE_DAILY_DAYS: i32 = 7;
/// Days after the last day on which one notice each goes out.
pub const NOTICE_AFTER_DAYS: [i32; 4] = [1, 3, 7, 30];

/// Which notice it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// Renewal is open; time enough.
    Before,
    /// Seven days or fewer: told every day.
    LastDays,
    /// The certificate has expired.
    Expired,
}

/// A notice that is due, by mail, at login and on the terminal alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Which notice.
    pub kind: NoticeKind,
    /// The day it was due: later than the last one sent.
    pub due_on: Date,
    /// Days left today, 0 on the last day, negative after it.
    pub days_left: i32,
    /// The last day of the certificate.
    pub last_day: Date,
}

/// The newest notice that is due on `today` and was not sent yet. `last_sent` is the day of the last notice.
///
/// Days on which nothing ran are made up for with one notice, not with one each.
#[must_use]
pub fn notice_due(period: &CertificatePeriod, today: Date, last_sent: Option<Date>) -> Option<Notice> {
    let last_day = period.last_day();
    let left = days_between(today, last_day);
    let daily = (0..=NOTICE_DAILY_DAYS).contains(&left).then_some(left);
    let planned = NOTICE_BEFORE_DAYS
        .into_iter()
        .chain(0..=NOTICE_DAILY_DAYS)
        .chain(NOTICE_AFTER_DAYS.map(|after| -after));
    // The newest due day has the fewest days left among those not in the future.
    let due_left = daily.or_else(|| planned.filter(|days| *days >= left).min())?;
    let due_on = add_days(last_day, -due_left);
    if last_sent.is_some_and(|sent| sent >= due_on) {
        return None;
    }
    let kind = match left {
        ..0 => NoticeKind::Expired,
        0..=NOTICE_DAILY_DAYS => NoticeKind::LastDays,
        _ => NoticeKind::Before,
    };
    Some(Notice { kind, due_on, days_left: left, last_day })
}

impl Notice {
    /// The subject of the mail, the first line elsewhere.
    #[must_use]
    pub fn subject(&self) -> String {
        match self.kind {
            NoticeKind::Before => format!("電子証明書の有効期限まであと{}日です", self.days_left),
            NoticeKind::LastDays if self.days_left == 0 => {
                "【至急】電子証明書の有効期限は本日です".to_owned()
            }
            NoticeKind::LastDays => format!("【至急】電子証明書の有効期限まであと{}日です", self.days_left),
            NoticeKind::Expired => "【重要】電子証明書の有効期限が切れました".to_owned(),
        }
    }

    /// What it means and what to do.
    #[must_use]
    pub fn sentence(&self) -> String {
        let last_day = format_japanese(self.last_day);
        match self.kind {
            NoticeKind::Before | NoticeKind::LastDays => format!(
                "有効期限は{last_day}です。期限を過ぎると資格確認と請求の両方ができなくなります。資格確認端末から\
                 電子証明書更新申請サイトを開き、更新してください。"
            ),
            NoticeKind::Expired => format!(
                "有効期限の{last_day}を過ぎたため、資格確認と請求ができません。ポータルサイトから「電子証明書発行\
                 申請」を行ってください。"
            ),
        }
    }
}
