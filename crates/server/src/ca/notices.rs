//! Tells that the end of a certificate comes near: by mail here, on the portal and on the terminal by standing.

use std::sync::Mutex;
use std::sync::PoisonError;

use eligibility::calendar::{add_days, end_of_day, start_of_day};
use eligibility::institution::InstitutionCode;
use eligibility::institution_certificate::{
    CertificatePeriod, NOTICE_AFTER_DAYS, Notice, NoticeKind, OVERLAP_DAYS, RENEWAL_WINDOW_DAYS, notice_due,
    overlap_until,
};
use eligibility::{Date, Instant};
use store::{InstitutionCertificate, NewCertificateNotice, Store};

use crate::clock::Clock;

/// Certificates looked at in one step.
const PAGE: u32 = 500;
/// The last second of an overlap belongs to it.
const SECOND_MS: i64 = 1000;

/// Gives notices, each once.
pub struct Notices {
    store: Store,
    clock: Clock,
    /// The day whose notices were all given.
    given_for: Mutex<Option<Date>>,
}

/// What a page says of one certificate's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateWarning {
    /// 端末名称.
    pub terminal_name: String,
    /// Serial number.
    pub serial: String,
    /// The notice; shown whether or not its mail was sent.
    pub notice: Notice,
}

impl CertificateWarning {
    /// Whether the last day is past, so that only a new application helps.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.notice.kind == NoticeKind::Expired
    }

    /// Whether it is the last days, or later.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.notice.kind != NoticeKind::Before
    }
}

impl Notices {
    /// Notices of this store's certificates.
    #[must_use]
    pub fn new(store: Store, clock: Clock) -> Self {
        Self { store, clock, given_for: Mutex::default() }
    }

    /// Gives every notice that is due today and was not given. Gives how many were.
    ///
    /// # Errors
    /// Whatever the store meets; the rest is given next time.
    pub async fn run(&self) -> store::Result<usize> {
        let today = self.clock.today();
        if *self.given_for.lock().unwrap_or_else(PoisonError::into_inner) == Some(today) {
            return Ok(0);
        }
        let (from, until) = window(today);
        let (mut after, mut given) = (None, 0);
        loop {
            let page = self.store.certificates_ending(from, until, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.period.not_after, last.serial.clone()));
            for certificate in &page {
                given += usize::from(self.give(certificate, today).await?);
            }
        }
        let since = start_of_day(add_days(today, -OVERLAP_DAYS - 1));
        let mut after = None;
        loop {
            let page = self.store.certificates_left_alone(since, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.superseded_at.map(|at| (at, last.serial.clone()));
            for certificate in &page {
                given += usize::from(self.give(certificate, today).await?);
            }
        }
        *self.given_for.lock().unwrap_or_else(PoisonError::into_inner) = Some(today);
        Ok(given)
    }

    async fn give(&self, certificate: &InstitutionCertificate, today: Date) -> store::Result<bool> {
        let period = taken_for(certificate);
        if notice_due(&period, today, None).is_none() {
            return Ok(false);
        }
        let institution = &certificate.institution_code;
        let last = self.store.last_certificate_notice(institution, &certificate.serial).await?;
        let Some(notice) = notice_due(&period, today, last) else { return Ok(false) };
        if is_followed(certificate, &self.store.certificates_of(institution).await?, today) {
            return Ok(false);
        }
        let new = NewCertificateNotice {
            institution_code: institution.clone(),
            serial: certificate.serial.clone(),
            due_on: notice.due_on,
            at: self.clock.now(),
            mail_id: uuid::Uuid::now_v7().to_string(),
            subject_line: notice.subject(),
            text: mail_text(certificate, &notice),
        };
        self.store.give_certificate_notice(new).await
    }
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notices")
    }
}

/// The warnings that an institution's マイメニュー and the first page of its own web show today.
///
/// # Errors
/// Whatever reading the store meets.
pub async fn warnings(
    store: &Store,
    institution: &InstitutionCode,
    today: Date,
) -> store::Result<Vec<CertificateWarning>> {
    let all = store.certificates_of(institution).await?;
    let in_use = |certificate: &&InstitutionCertificate| {
        let ended = certificate.revocation.is_some()
            || (certificate.superseded_at.is_some() && !is_left_alone(certificate, &all));
        !ended && !is_followed(certificate, &all, today)
    };
    let warning = |certificate: &InstitutionCertificate| {
        let notice = notice_due(&taken_for(certificate), today, None)?;
        let (terminal_name, serial) = (certificate.terminal_name.clone(), certificate.serial.clone());
        Some(CertificateWarning { terminal_name, serial, notice })
    };
    Ok(all.iter().filter(in_use).filter_map(warning).collect())
}

/// Whether it was renewed and what followed it was revoked: its own last days are what is left.
fn is_left_alone(certificate: &InstitutionCertificate, all: &[InstitutionCertificate]) -> bool {
    let successor = all.iter().find(|other| certificate.successor.as_ref() == Some(&other.serial));
    successor.is_some_and(|successor| successor.as_successor().is_revoked())
}

/// Until when it is taken: a renewed one to the end of its overlap.
fn taken_for(certificate: &InstitutionCertificate) -> CertificatePeriod {
    let until = certificate.superseded_at.map(|at| Instant(overlap_until(at).0 - SECOND_MS));
    let not_after =
        until.map_or(certificate.period.not_after, |until| until.min(certificate.period.not_after));
    CertificatePeriod { not_after, ..certificate.period }
}

/// Whether another one that is good follows it by renewal, at whatever distance: then its end takes nothing away. One
/// that merely has the same 端末名称 is another certificate: names are typed, and two machines may share one.
fn is_followed(certificate: &InstitutionCertificate, all: &[InstitutionCertificate], today: Date) -> bool {
    let mut before = vec![certificate.serial.as_str()];
    // Whoever has visited every certificate has gone in a circle.
    for _ in 0..all.len() {
        let follows = |one: &&InstitutionCertificate| {
            one.predecessor.as_deref().is_some_and(|old| before.contains(&old))
                && !before.contains(&one.serial.as_str())
        };
        let next: Vec<_> = all.iter().filter(follows).collect();
        if next.iter().any(|one| one.as_successor().stands_in(&one.period, today)) {
            return true;
        }
        if next.is_empty() {
            return false;
        }
        before.extend(next.iter().map(|one| one.serial.as_str()));
    }
    false
}

fn window(today: Date) -> (Instant, Instant) {
    let last = NOTICE_AFTER_DAYS.into_iter().max().unwrap_or_default();
    (start_of_day(add_days(today, -last - 1)), end_of_day(add_days(today, RENEWAL_WINDOW_DAYS + 1)))
}

fn mail_text(certificate: &InstitutionCertificate, notice: &Notice) -> String {
    format!(
        "{}\n\n医療機関コード: {}\n端末名称: {}\nシリアル番号: {}\n\n{}\n\n\
         このメールは自動で送信しています。返信はできません。\n",
        notice.subject(),
        certificate.institution_code,
        certificate.terminal_name,
        certificate.serial,
        notice.sentence(),
    )
}
