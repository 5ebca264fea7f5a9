//! Automatic checks: what a machine sees before a person looks.

use serde::{Deserialize, Serialize};

use super::ApplicationContent;
use crate::{
    Instant,
    institution::InstitutionCode,
    institution_certificate::{CertificateStanding, KnownCertificate},
    line::CustomerId,
};

/// What is known around an application, gathered by who keeps the data.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The institution that applies.
    pub institution: &'a InstitutionCode,
    /// Whether its code is in the register of institutions and in use.
    pub institution_known: bool,
    /// Whether its use of オンライン資格確認 has been approved.
    pub in_use: bool,
    /// Whether it has another open application of this kind.
    pub open_of_same_kind: bool,
    /// Whether it has another open application for the same terminal or certificate.
    pub open_for_same_terminal: bool,
    /// Which other institution has the お客さまID that is asked for.
    pub customer_id_holder: Option<&'a InstitutionCode>,
    /// The お客さまID the institution has now.
    pub customer_id: Option<&'a CustomerId>,
    /// Whether a usable certificate exists for the 端末名称 that is asked for.
    pub terminal_has_certificate: bool,
    /// The certificate the application names by serial number.
    pub certificate: Option<&'a KnownCertificate>,
    /// Whether the other code (predecessor, new code) is in the register of institutions and in use.
    pub other_code_known: bool,
    /// Whether the new code has an account of its own.
    pub other_code_taken: bool,
    /// Whether the operator made sure that who applies is of the institution.
    pub registrant_proven: bool,
    /// Whether somebody who handed it in was stopped meanwhile: two people found that they are not of the institution.
    pub registrant_stopped: bool,
    /// Whether the institution's name typed at the registration is the register's.
    pub name_agrees: bool,
}

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingSeverity {
    /// 承認不可: can only be returned or rejected.
    Blocking,
    /// 要確認: a person decides.
    Warning,
    /// 参考.
    Information,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingCode {
    /// The applying code is not in the register.
    InstitutionUnknown,
    /// Another application of the kind is open.
    DuplicateOpen,
    /// Another application for the same terminal or certificate is open.
    DuplicateTerminal,
    /// Use was approved before.
    AlreadyInUse,
    /// Use was not approved yet.
    NotInUse,
    /// Another institution has the お客さまID.
    CustomerIdTaken,
    /// The new お客さまID is the present one.
    CustomerIdUnchanged,
    /// A usable certificate for a terminal of this name exists.
    TerminalHasCertificate,
    /// No such certificate, or of another institution.
    CertificateUnknown,
    /// Renewal is not open: too early, over, renewed or revoked.
    CertificateNotRenewable,
    /// The certificate is revoked already.
    CertificateRevoked,
    /// The certificate has expired.
    CertificateExpired,
    /// The other code is not in the register.
    OtherCodeUnknown,
    /// The new code has an account.
    OtherCodeTaken,
    /// The other code is the applying one.
    OtherCodeSame,
    /// Nobody made sure that who applies is of the institution.
    RegistrantUnproven,
    /// The name typed at the registration is not the register's.
    NameDiffers,
    /// Who applied was stopped.
    RegistrantStopped,
}

/// One finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: FindingSeverity,
    /// What was found.
    pub code: FindingCode,
}

const fn blocking(code: FindingCode) -> Finding {
    Finding { severity: FindingSeverity::Blocking, code }
}

const fn warning(code: FindingCode) -> Finding {
    Finding { severity: FindingSeverity::Warning, code }
}

const fn information(code: FindingCode) -> Finding {
    Finding { severity: FindingSeverity::Information, code }
}

/// Everything a machine finds in an application, the heaviest first.
#[must_use]
pub fn check(content: &ApplicationContent, facts: &Facts<'_>, now: Instant) -> Vec<Finding> {
    let single = content.kind().is_single();
    let mut found: Vec<Finding> = [
        (!facts.institution_known).then_some(blocking(FindingCode::InstitutionUnknown)),
        (single && facts.open_of_same_kind).then_some(blocking(FindingCode::DuplicateOpen)),
        (!single && facts.open_for_same_terminal).then_some(blocking(FindingCode::DuplicateTerminal)),
        facts.registrant_stopped.then_some(blocking(FindingCode::RegistrantStopped)),
        (!facts.registrant_proven && !facts.registrant_stopped).then_some(unproven(content)),
        (!facts.name_agrees).then_some(warning(FindingCode::NameDiffers)),
    ]
    .into_iter()
    .chain(findings_of_content(content, facts, now))
    .flatten()
    .collect();
    found.sort_unstable();
    found
}

/// What an unproven registrant may be given: the beginning of use, whose 通知書 is held back, and a certificate, as its
/// letter goes to the register's address and proves nothing to whoever does not live there. Everything else changes or
/// ends what the institution has.
const fn unproven(content: &ApplicationContent) -> Finding {
    match content {
        ApplicationContent::UseStart(_) | ApplicationContent::CertificateIssue(_) => {
            warning(FindingCode::RegistrantUnproven)
        }
        ApplicationContent::UseChange(_)
        | ApplicationContent::CertificateRenewal(_)
        | ApplicationContent::CertificateRevocation(_)
        | ApplicationContent::Succession(_)
        | ApplicationContent::CodeChange(_)
        | ApplicationContent::CustomerIdChange(_) => blocking(FindingCode::RegistrantUnproven),
    }
}

/// Findings of one kind: at most three.
fn findings_of_content(
    content: &ApplicationContent,
    facts: &Facts<'_>,
    now: Instant,
) -> [Option<Finding>; 3] {
    let taken = facts.customer_id_holder.is_some_and(|holder| holder != facts.institution);
    // Two institutions of one house may share a line, so a taken お客さまID is for a person to judge.
    let taken = taken.then_some(warning(FindingCode::CustomerIdTaken));
    let not_in_use = (!facts.in_use).then_some(blocking(FindingCode::NotInUse));
    match content {
        ApplicationContent::UseStart(wanted) => {
            let again = facts.in_use.then_some(blocking(FindingCode::AlreadyInUse));
            [again, taken.filter(|_| wanted.customer_id.is_some()), None]
        }
        ApplicationContent::UseChange(wanted) => {
            [not_in_use, taken.filter(|_| wanted.customer_id.is_some()), None]
        }
        ApplicationContent::CertificateIssue(_) => {
            // Both may be handed in on one day; the reviewer sees that the first must be decided first.
            let early = (!facts.in_use).then_some(warning(FindingCode::NotInUse));
            let has = facts.terminal_has_certificate;
            [early, has.then_some(warning(FindingCode::TerminalHasCertificate)), None]
        }
        ApplicationContent::CertificateRenewal(_) => [renewal_finding(facts, now), None, None],
        ApplicationContent::CertificateRevocation(_) => [revocation_finding(facts, now), None, None],
        ApplicationContent::Succession(wanted) => {
            let same = wanted.predecessor == *facts.institution;
            let unknown = (!facts.other_code_known).then_some(blocking(FindingCode::OtherCodeUnknown));
            [same.then_some(blocking(FindingCode::OtherCodeSame)), unknown, None]
        }
        ApplicationContent::CodeChange(wanted) => {
            let same = wanted.new_code == *facts.institution;
            let other = if same {
                Some(blocking(FindingCode::OtherCodeSame))
            } else {
                facts.other_code_taken.then_some(blocking(FindingCode::OtherCodeTaken))
            };
            // A code is applied for before the register has it.
            let unknown = (!facts.other_code_known).then_some(warning(FindingCode::OtherCodeUnknown));
            [not_in_use, other, unknown]
        }
        ApplicationContent::CustomerIdChange(wanted) => {
            let same = facts.customer_id == Some(&wanted.customer_id);
            [not_in_use, same.then_some(blocking(FindingCode::CustomerIdUnchanged)), taken]
        }
    }
}

fn standing(facts: &Facts<'_>, now: Instant) -> CertificateStanding {
    CertificateStanding::of(facts.certificate, facts.institution, now)
}

fn renewal_finding(facts: &Facts<'_>, now: Instant) -> Option<Finding> {
    match standing(facts, now) {
        CertificateStanding::RenewalOpen { .. } => None,
        CertificateStanding::Unknown | CertificateStanding::OfAnotherInstitution => {
            Some(blocking(FindingCode::CertificateUnknown))
        }
        CertificateStanding::Revoked(_) => Some(blocking(FindingCode::CertificateRevoked)),
        CertificateStanding::Expired { .. } => Some(blocking(FindingCode::CertificateExpired)),
        CertificateStanding::Valid { .. }
        | CertificateStanding::Overlap { .. }
        | CertificateStanding::Superseded
        | CertificateStanding::NotYetValid => Some(blocking(FindingCode::CertificateNotRenewable)),
    }
}

fn revocation_finding(facts: &Facts<'_>, now: Instant) -> Option<Finding> {
    match standing(facts, now) {
        CertificateStanding::Unknown | CertificateStanding::OfAnotherInstitution => {
            Some(blocking(FindingCode::CertificateUnknown))
        }
        CertificateStanding::Revoked(_) => Some(blocking(FindingCode::CertificateRevoked)),
        CertificateStanding::Expired { .. } => Some(information(FindingCode::CertificateExpired)),
        CertificateStanding::Valid { .. }
        | CertificateStanding::RenewalOpen { .. }
        | CertificateStanding::Overlap { .. }
        | CertificateStanding::Superseded
        | CertificateStanding::NotYetValid => None,
    }
}

impl FindingSeverity {
    /// The Japanese label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Blocking => "承認不可",
            Self::Warning => "要確認",
            Self::Information => "参考",
        }
    }
}

impl FindingCode {
    /// What was found, for the operator.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::InstitutionUnknown => "医療機関コードが台帳にないか、廃止されています。",
            Self::DuplicateOpen => "同じ種類の申請が、ほかに手続き中です。",
            Self::DuplicateTerminal => "同じ端末または電子証明書についての申請が、ほかに手続き中です。",
            Self::AlreadyInUse => {
                "利用開始はすでに承認されています。「オンライン資格確認利用開始・変更申請（変更）」が必要です。"
            }
            Self::NotInUse => "利用開始がまだ承認されていません。",
            Self::CustomerIdTaken => {
                "お客さまIDがほかの医療機関等に登録されています。併設施設の共用か、入力誤りかを確認してください。"
            }
            Self::CustomerIdUnchanged => "新しいお客さまIDが現在のものと同じです。",
            Self::TerminalHasCertificate => {
                "同じ端末名称の有効な電子証明書があります。更新または失効ではないか確認してください。"
            }
            Self::CertificateUnknown => "このシリアル番号の電子証明書は、この医療機関等にありません。",
            Self::CertificateNotRenewable => "更新できる期間ではないか、すでに更新されています。",
            Self::CertificateRevoked => "電子証明書はすでに失効しています。",
            Self::CertificateExpired => "電子証明書の有効期限が切れています。",
            Self::OtherCodeUnknown => "申請された医療機関コードが台帳にないか、廃止されています。",
            Self::OtherCodeTaken => "新しい医療機関コードには、すでにアカウントがあります。",
            Self::OtherCodeSame => "申請された医療機関コードが、申請者のものと同じです。",
            Self::RegistrantUnproven => {
                "登録者が医療機関本人と確認されていません。「登録者」の画面で確認を記録してください。"
            }
            Self::RegistrantStopped => {
                "申請した登録者は、医療機関等の方ではないとして停止されています。却下し、新しい登録者に申請し直すよう案内してください。"
            }
            Self::NameDiffers => "登録時に入力された医療機関等名称が、台帳の名称と一致しません。",
        }
    }
}
