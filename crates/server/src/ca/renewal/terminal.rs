//! POST /v1/certificates/renewal and GET /v1/certificates/standing: for terminals, under the certificate it is about.

use eligibility::calendar::tokyo_date;
use eligibility::institution_certificate::TerminalName;
use wire::institution_certificate::{
    CertificateSubject, RenewalAnswer, RenewalRequest, StandingAnswer, Successor, Words,
};

use crate::ca::{Desk, NotIssued, Refusal};
use crate::listener::identity::AskingTerminal;

/// Renews the certificate of the connection.
pub(crate) async fn renew(
    desk: &Desk,
    terminal: &AskingTerminal,
    request: &RenewalRequest,
) -> Result<RenewalAnswer, NotIssued> {
    let renewed = desk.renew(&terminal.institution_code, &terminal.fingerprint, &request.request_pem).await?;
    Ok(RenewalAnswer {
        not_after: renewed.issued.certificate.period.not_after,
        chain_pem: renewed.issued.chain_pem,
        old_valid_until: renewed.old_valid_until,
    })
}

/// How the certificate of the connection stands.
pub(crate) async fn standing(desk: &Desk, terminal: &AskingTerminal) -> Result<StandingAnswer, NotIssued> {
    let (certificate, standing) = desk.standing(&terminal.institution_code, &terminal.fingerprint).await?;
    let certificate = certificate.ok_or(Refusal::NotRenewable(standing))?;
    let successor = desk.successor(&certificate).await?.map(|next| Successor {
        serial: next.serial,
        not_after: next.period.not_after,
        old_valid_until: Desk::taken_until(&certificate),
    });
    let terminal_name = TerminalName::of_certificate(&certificate.terminal_name)
        .map_err(|_| store::Error::Malformed { what: "terminal_name" })?;
    let subject = CertificateSubject {
        institution_name: desk.name_of(&certificate.institution_code).await?,
        institution_code: certificate.institution_code.clone(),
        terminal_name,
        uses: certificate.uses,
    };
    Ok(StandingAnswer {
        serial: certificate.serial.clone(),
        subject,
        not_after: certificate.period.not_after,
        days_left: certificate.period.days_left(tokyo_date(desk.clock().now())),
        stage: standing.into(),
        successor,
        words: Words::from(standing),
    })
}
