//! POST /v1/verifications/card: a card's proof becomes an eligibility answer.
//!
//! In this order: the nonce (ours, fresh, this terminal's) → the certificate (authority, policy, profile) →
//! the signature (over everything this request says, this institution and terminal) → revocation → dates → the passcode
//! of a visual check, unless the check is on record → who and which coverage →
//! the decision → one durable commit of verification, consents and audit → the answer. A step that fails
//! ends the check; nothing of the person has been read before the proof holds.

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use card::jpki::CheckedCard;
use eligibility::card_certificate::CardCertificateState;
use eligibility::codes::{ConsentStatus, InquiryMethod};
use eligibility::consent::{
    CareForm, Consent, ConsentChoice, ConsentFacts, ConsentKind, ConsentTerm, StandingConsent,
};
use eligibility::disclosure::Disclosure;
use eligibility::errors::ErrorCode;
use eligibility::facility_settings::FacilitySettings;
use eligibility::verification::{Decision, ProofMethod, decide_by_card, self_access_blocked};
use eligibility::{Date, Instant, calendar};
use hyper::body::Incoming;
use store::{CardContext, CardLookup, NewConsent, Recorded, RepeatedCheck};
use wire::card_statement::StatementError;
use wire::terminal_api::{
    CARD_VERIFICATIONS_PATH, CardCheckRequest, MAX_CERTIFICATE_CHARS, MAX_CONSENTS, MAX_NONCE_CHARS,
    MAX_SIGNATURE_CHARS, NONCE_HEADER,
};

use super::Api;
use super::admission::Admission;
use super::answer::{self, Asker, Found};
use super::body::{self, Digests, Question};
use super::facility;
use super::nonce::NonceUse;
use super::refusal::Refusal;
use crate::card_revocation::Verdict;
use crate::listener::identity::AskingTerminal;

/// A proof that holds: this card was here, now, at this terminal.
struct Proof {
    nonce: NonceUse,
    card: CheckedCard,
    state: CardCertificateState,
    digest: [u8; 32],
}

pub(super) async fn answer(
    api: &Api,
    admission: &Admission,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let terminal = &admission.terminal.identity;
    let Question { value: asked, digests } =
        body::read::<CardCheckRequest>(CARD_VERIFICATIONS_PATH, admission, request, api.body).await?;
    api.bulk.counter_asks();
    let answered = decide(api, terminal, &asked, digests).await;
    answered.map_err(|refusal| refusal.about_card(&asked.certificate))
}

async fn decide(
    api: &Api,
    terminal: &AskingTerminal,
    asked: &CardCheckRequest,
    digests: Digests,
) -> Result<Response<Body>, Refusal> {
    let now = api.clock.now();
    check_items(asked)?;
    let proof = prove(api, terminal, asked, now)?;
    let on_record = match (asked.proof_method, &asked.visual_check) {
        (ProofMethod::Visual, check) => match on_record(api, terminal, &proof.nonce, &digests, now).await? {
            Some(body) => Some(body),
            None => {
                facility::visual_check(api, terminal, check.as_ref(), now).await?;
                None
            }
        },
        (ProofMethod::Face | ProofMethod::Pin, None) => None,
        (ProofMethod::Face | ProofMethod::Pin, Some(_)) => return Err(Refusal::item("visual_check")),
    };
    let body = match on_record {
        Some(body) => body,
        None => judge(api, terminal, asked, &proof, &digests, now).await?,
    };
    let next = api.nonces.issue(&terminal.fingerprint, now)?;
    let mut response = answer::response(answer::with_nonce(body, &next));
    if let Ok(value) = HeaderValue::from_str(&next) {
        response.headers_mut().insert(NONCE_HEADER, value);
    }
    Ok(response)
}

/// The first answer to a visual check that is on record: its passcode was entered for that one, and may be dead or
/// replaced since. Of other checks the commit itself says so.
async fn on_record(
    api: &Api,
    terminal: &AskingTerminal,
    nonce: &NonceUse,
    digests: &Digests,
    now: Instant,
) -> Result<Option<String>, Refusal> {
    let check = RepeatedCheck {
        institution_code: terminal.institution_code.clone(),
        request_id: nonce.as_str().to_owned(),
        question_digest: digests.question,
        actor: Asker::terminal(terminal).actor,
        action: answer::action(InquiryMethod::Card).to_owned(),
        asked_at: now,
    };
    let recorded = api.store.repeated_check(check).await.map_err(|error| Refusal::write_failed(&error))?;
    recorded.map(|recorded| body_of(recorded, None)).transpose()
}

/// What is sent, by what the record says: the body that was made for it, where this is the first time, or the first one
/// again.
fn body_of(recorded: Recorded, fresh: Option<String>) -> Result<String, Refusal> {
    match recorded {
        // Only number checks slow anybody down.
        Recorded::Fresh | Recorded::FreshThenSlow(_) => fresh.ok_or_else(|| ErrorCode::Internal.into()),
        Recorded::Repeated { answer } => answer::again(&answer),
        Recorded::Conflict | Recorded::ConflictThenSlow(_) | Recorded::Limited { .. } => {
            Err(ErrorCode::NonceUsed.into())
        }
    }
}

/// Who it is, what may be shown, and the one commit that makes it so; the answer without its nonce.
async fn judge(
    api: &Api,
    terminal: &AskingTerminal,
    asked: &CardCheckRequest,
    proof: &Proof,
    digests: &Digests,
    now: Instant,
) -> Result<String, Refusal> {
    let context = api.store.card_context(&terminal.institution_code, &proof.card.id).await;
    let context = context.map_err(|error| Refusal::read_failed(&error))?;
    let earlier = earlier_consents(api, terminal, asked, proof.state, &context).await?;
    let (found, chosen) = find(terminal, asked, proof, context, &earlier, now)?;
    let nonce = proof.nonce.as_str().to_owned();
    let (mut verification, body) =
        answer::verification(api, &Asker::terminal(terminal), &found, nonce, digests, now).await?;
    verification.proof_method = Some(asked.proof_method);
    verification.proof_digest = Some(proof.digest);
    verification.consents = chosen.iter().map(|consent| to_record(consent, asked.care_form)).collect();
    let recorded = api.store.record_verification(verification).await;
    body_of(recorded.map_err(|error| Refusal::write_failed(&error))?, Some(body))
}

fn check_items(asked: &CardCheckRequest) -> Result<(), Refusal> {
    let limits: [(&'static str, usize, usize); 4] = [
        ("nonce", asked.nonce.len(), MAX_NONCE_CHARS),
        ("certificate", asked.certificate.len(), MAX_CERTIFICATE_CHARS),
        ("signature", asked.signature.len(), MAX_SIGNATURE_CHARS),
        ("consents", asked.consents.len(), MAX_CONSENTS),
    ];
    if let Some((item, _, _)) = limits.into_iter().find(|(_, length, limit)| length > limit) {
        return Err(Refusal::item(item));
    }
    Ok(())
}

/// Everything that must hold before anything about the person is read.
fn prove(
    api: &Api,
    terminal: &AskingTerminal,
    asked: &CardCheckRequest,
    now: Instant,
) -> Result<Proof, Refusal> {
    let nonce = api.nonces.check(&asked.nonce, &terminal.fingerprint, now)?;
    let certificate = STANDARD.decode(&asked.certificate).map_err(|_| Refusal::item("certificate"))?;
    let signature = STANDARD.decode(&asked.signature).map_err(|_| Refusal::item("signature"))?;
    let card = api.card_trust.check_certificate(&certificate, now)?;
    let statement = asked.statement(&terminal.institution_code, &terminal.fingerprint);
    let text = statement.to_be_signed().map_err(|error| match error {
        StatementError::RepeatedConsent => Refusal::item("consents"),
        StatementError::Characters(what) => Refusal::item(what),
    })?;
    card.verify_proof(&text, &signature).map_err(|_| ErrorCode::BadSignature)?;
    match api.revocation.verdict(&card, now) {
        Verdict::Good => {}
        Verdict::Revoked => return Err(ErrorCode::CardRevoked.into()),
        Verdict::CannotTell => return Err(ErrorCode::RevocationStale.into()),
    }
    let state = CardCertificateState::on(card.not_before, card.not_after, now);
    if let Some(code) = state.refusal() {
        return Err(code.into());
    }
    let mut context = Context::new(&SHA256);
    context.update(&certificate);
    context.update(&signature);
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    Ok(Proof { nonce, card, state, digest })
}

/// The person's latest choices at this institution for this form of care; read only where they count: where they say
/// something at later visits, and where a refusal may take one back that would not be recorded otherwise.
async fn earlier_consents(
    api: &Api,
    terminal: &AskingTerminal,
    asked: &CardCheckRequest,
    state: CardCertificateState,
    context: &CardContext,
) -> Result<Vec<Consent>, Refusal> {
    let CardLookup::Person { person_key, .. } = &context.lookup else { return Ok(Vec::new()) };
    let care_form = asked.care_form;
    let recorded = |choice: &ConsentChoice| state.takes_consent() && context.settings.uses(choice.kind);
    let takes_back = asked.consents.iter().any(|choice| !choice.granted && !recorded(choice));
    if !care_form.keeps_consent() && !takes_back {
        return Ok(Vec::new());
    }
    let stored = api.store.consents(&terminal.institution_code, person_key).await;
    let stored = stored.map_err(|error| Refusal::read_failed(&error))?;
    let of_this_form = stored.into_iter().filter(|stored| stored.care_form == care_form);
    Ok(of_this_form.map(|stored| stored.consent).collect())
}

/// Whom the card leads to and what may be shown of them; and the choices of this session, to be recorded.
fn find(
    terminal: &AskingTerminal,
    asked: &CardCheckRequest,
    proof: &Proof,
    context: CardContext,
    earlier: &[Consent],
    now: Instant,
) -> Result<(Found, Vec<Consent>), Refusal> {
    let settings = context.settings;
    let (person_key, coverages) = match context.lookup {
        // A card of the authority that no insurer was told of: to the desk it is a card not registered for use.
        CardLookup::Unknown | CardLookup::Unregistered => return Err(ErrorCode::CardNotRegistered.into()),
        CardLookup::Superseded => return Err(ErrorCode::CardSuperseded.into()),
        CardLookup::Person { person_key, coverages } => (person_key, coverages),
    };
    if self_access_blocked(&coverages) {
        return Err(ErrorCode::SelfAccessBlocked.into());
    }
    let decision = decide_by_card(&coverages, asked.as_of, &terminal.institution_code);
    let chosen = chosen(asked, &settings, (proof.state, &decision), earlier, now);
    // An expired certificate takes no consent, and with nobody to show there is nothing to consent to.
    let shown = decision.coverages.first().filter(|_| proof.state.takes_consent());
    let consents = shown.map_or_else(Vec::new, |coverage| {
        let checkup_asked = Disclosure::checkup_asked(coverage.person.birthdate, asked.as_of);
        let care_form = asked.care_form;
        let facts = ConsentFacts { care_form, chosen: &chosen, earlier, checkup_asked, now };
        // What was chosen of a kind that the institution gave up is not told to it; that nobody could be asked is.
        let told = |consent: &StandingConsent| {
            settings.uses(consent.kind) || consent.status == ConsentStatus::CannotBeAsked
        };
        facts.standing().into_iter().filter(told).collect()
    });
    let disclosure = shown.map_or_else(Disclosure::default, |coverage| {
        let choices: Vec<ConsentChoice> = consents.iter().map(StandingConsent::choice).collect();
        Disclosure::by_card(proof.state, &choices, coverage.person.birthdate, asked.as_of)
    });
    let found = Found {
        method: InquiryMethod::Card,
        as_of: asked.as_of,
        decision,
        disclosure,
        consents,
        notice: proof.state.notice(),
        reference_number: context.reference_number,
        person_key: Some(person_key),
        prescription_issue_select: asked.prescription_issue_select,
        search_info: None,
    };
    Ok((found, chosen))
}

/// The patient's choices in this session, at most one of each kind, as signed; none under an expired certificate, none
/// when there is nobody to show, and none of a kind that the institution does not use: a reader that has not heard of
/// the settings yet may have asked for it. A refusal that takes an agreement back always counts: what stands in its way
/// today may be gone tomorrow, and the agreement with it would be there again.
fn chosen(
    asked: &CardCheckRequest,
    settings: &FacilitySettings,
    (state, decision): (CardCertificateState, &Decision),
    earlier: &[Consent],
    now: Instant,
) -> Vec<Consent> {
    let shown = decision.coverages.first().filter(|_| state.takes_consent());
    let askable = |kind: ConsentKind| {
        shown.is_some_and(|coverage| {
            let old_enough = Disclosure::checkup_asked(coverage.person.birthdate, asked.as_of);
            settings.uses(kind) && (kind != ConsentKind::Checkup || old_enough)
        })
    };
    let takes_back = |choice: &ConsentChoice| {
        !choice.granted && earlier.iter().any(|before| before.kind == choice.kind && before.granted)
    };
    let counts = |choice: &&ConsentChoice| askable(choice.kind) || takes_back(choice);
    let term = consent_term(asked.care_form, calendar::tokyo_date(now));
    let standing = |&ConsentChoice { kind, granted }: &ConsentChoice| Consent {
        kind,
        granted,
        granted_at: now,
        valid_until: term.valid_until(now),
        renewed_at: None,
    };
    asked.consents.iter().filter(counts).map(standing).collect()
}

fn to_record(consent: &Consent, care_form: CareForm) -> NewConsent {
    let Consent { kind, granted, valid_until, .. } = *consent;
    NewConsent { kind, care_form, granted, valid_until }
}

/// How long a choice holds. Online care booked for a later day comes with its own way in; here it is today.
fn consent_term(care_form: CareForm, today: Date) -> ConsentTerm {
    match care_form {
        CareForm::HomeVisit => ConsentTerm::UntilCancelled,
        CareForm::Online => ConsentTerm::PlannedDay(today),
        CareForm::Outpatient | CareForm::Emergency => ConsentTerm::Outpatient,
    }
}
