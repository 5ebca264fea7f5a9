//! What the rows of a chunk ask, and what they are answered.

use std::sync::Arc;

use eligibility::codes::{CeilingConsentFlag, InquiryMethod, ProcessingStatus};
use eligibility::disclosure::Disclosure;
use eligibility::errors::ErrorCode;
use eligibility::matching::NumberKey;
use eligibility::person::PersonKey;
use eligibility::reference_number::{Registration, RegistrationOutcome};
use eligibility::verification::{Decision, NumberQuery, decide_by_number, decide_entrusted};
use eligibility::visit_changes::ceiling_change;
use eligibility::{Date, Instant};
use store::audit::AuditEvent;
use store::{
    BulkJob, BulkRowAct, BulkRowFate, ChunkAnswer, EarlierAnswer, MakeAnswer, NumberContext, RowLookup,
};
use wire::bulk::{BulkRow, problems_message};
use wire::compose::{self, AnswerContext};
use wire::message::{
    BulkAnswerBody, BulkConfirmUnit, BulkQualification, BulkRegistrationUnit, CeilingCertificateInfo,
    FieldProblem, Outcome, QualificationResult,
};
use wire::terminal_api::{CheckAnswer, outcome_of};

use super::packed::pack;
use super::worker::Stop;
use crate::terminal_api::{Api, kept_answer};

/// Rows decided without giving way to what else the runtime has to do.
const ROWS_AT_ONCE: usize = 25;

/// What a chunk does, and what makes its answer.
pub(super) struct Worked {
    pub(super) acts: Vec<BulkRowAct>,
    pub(super) make: MakeAnswer,
}

/// A row's answer, and the person it tells of.
struct Answered {
    unit: BulkConfirmUnit,
    person: Option<(PersonKey, &'static str)>,
}

/// What a row leads to.
struct Decided {
    decision: Decision,
    context: NumberContext,
}

impl Decided {
    /// Whom it tells of.
    fn person(&self) -> Option<PersonKey> {
        self.decision.coverages.first().map(|coverage| coverage.person_key.clone())
    }
}

/// What rows lead to.
async fn look_up(api: &Api, job: &BulkJob, rows: Vec<RowLookup>) -> Result<Vec<NumberContext>, Stop> {
    Ok(api.store.look_up_rows(&job.institution_code, rows).await?)
}

/// What an answer shows of 限度額適用認定証.
#[derive(PartialEq)]
struct ShownCeiling(Option<CeilingCertificateInfo>);

impl ShownCeiling {
    /// `None` where the answer may not show it.
    fn of(result: &QualificationResult) -> Option<Self> {
        let agreed = result.ceiling_consent.as_ref()?.is(CeilingConsentFlag::Agreed);
        agreed.then(|| Self(result.ceiling_certificate.clone()))
    }

    /// What the institution was shown when it last asked about the person.
    fn known(earlier: &EarlierAnswer) -> Option<Self> {
        let told: CheckAnswer = serde_json::from_str(&kept_answer::unpack(&earlier.answer)?).ok()?;
        told.answer.body.results.iter().find_map(Self::of)
    }
}

/// What the institution was last shown of each person.
async fn known_ceilings(
    api: &Api,
    job: &BulkJob,
    persons: &[PersonKey],
    now: Instant,
) -> Result<Vec<Option<ShownCeiling>>, Stop> {
    let answers = api.store.last_answers(&job.institution_code, persons, now).await?;
    let mut known = Vec::with_capacity(answers.len());
    for part in answers.chunks(ROWS_AT_ONCE) {
        known.extend(part.iter().map(|answer| answer.as_ref().and_then(ShownCeiling::known)));
        tokio::task::yield_now().await;
    }
    Ok(known)
}

/// What is composed with. What needs consent is no part of a bulk answer; 限度額 is composed only to be compared.
fn context(job: &BulkJob, as_of: Date, now: Instant, ceiling: bool) -> AnswerContext<'_> {
    AnswerContext {
        method: InquiryMethod::Number,
        as_of,
        executed_at: now,
        institution: &job.institution_code,
        disclosure: Disclosure::by_number(ceiling),
        consents: &[],
        reference_number: None,
        prescription_issue_select: None,
        notice: None,
    }
}

/// The coverages of a decision with their insurers' names.
async fn composed(
    api: &Api,
    decision: &Decision,
    context: &AnswerContext<'_>,
) -> Result<Vec<QualificationResult>, Stop> {
    let mut results = Vec::with_capacity(decision.coverages.len());
    for coverage in &decision.coverages {
        let name = api.insurer_names.of(&coverage.insurer_number).await?;
        results.push(compose::qualification(coverage, context, &name));
    }
    Ok(results)
}

fn unit(outcome: Outcome) -> BulkConfirmUnit {
    BulkConfirmUnit {
        search_info: None,
        processing_result_status: outcome.status.into(),
        processing_result_code: outcome.code,
        processing_result_message: outcome.message,
        qualification_validity: None,
        result: None,
        results: Vec::new(),
        reference_numbers: Vec::new(),
    }
}

fn wrong_row(problems: &[FieldProblem]) -> Outcome {
    Outcome::error_with(ErrorCode::FieldFormat, &problems_message(problems))
}

fn own_number(context: &NumberContext, person: Option<&PersonKey>) -> Vec<String> {
    let own = |(key, _): &&(PersonKey, String)| Some(key) == person;
    context.reference_numbers.iter().find(own).map(|(_, number)| number.clone()).into_iter().collect()
}

/// 資格確認一括照会.
pub(super) async fn eligibility(
    api: &Api,
    job: &BulkJob,
    rows: Vec<BulkRow>,
    (position, as_of, now): (u32, Date, Instant),
) -> Result<Worked, Stop> {
    let queries: Vec<Result<NumberQuery, Vec<FieldProblem>>> =
        rows.iter().map(|row| row.query(as_of)).collect();
    let lookup = |query: &NumberQuery| RowLookup::ByNumber {
        insurer: query.insurer_number.clone(),
        number: NumberKey::of(&query.insured_number),
        birthdate: query.birthdate,
    };
    let lookups = queries.iter().filter_map(|query| query.as_ref().ok()).map(lookup).collect();
    let mut found = look_up(api, job, lookups).await?.into_iter();
    let decided: Vec<Result<Decided, Vec<FieldProblem>>> = queries
        .into_iter()
        .map(|query| {
            let (query, context) = (query?, found.next().unwrap_or_default());
            let decision = decide_by_number(&query, &context.coverages, &job.institution_code);
            Ok(Decided { decision, context })
        })
        .collect();
    let persons: Vec<PersonKey> = decided.iter().flatten().filter_map(Decided::person).collect();
    let mut known = known_ceilings(api, job, &persons, now).await?.into_iter();
    let (mut acts, mut answers) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (place, (row, decided)) in rows.iter().zip(&decided).enumerate() {
        let mut answered = match decided {
            Err(problems) => {
                acts.push(BulkRowAct::Free);
                Answered { unit: unit(wrong_row(problems)), person: None }
            }
            Ok(decided) => {
                acts.push(BulkRowAct::Asked { wrong: decided.decision.is_wrong_guess() });
                let known = decided.person().and_then(|_| known.next().flatten());
                told(api, job, decided, (as_of, now), known.as_ref()).await?
            }
        };
        answered.unit.search_info = Some(row.search_info());
        answers.push(answered);
        if place % ROWS_AT_ONCE == 0 {
            tokio::task::yield_now().await;
        }
    }
    Ok(Worked { acts, make: make_units(job, position, answers)? })
}

async fn told(
    api: &Api,
    job: &BulkJob,
    decided: &Decided,
    (as_of, now): (Date, Instant),
    known: Option<&ShownCeiling>,
) -> Result<Answered, Stop> {
    let Decided { decision, context } = decided;
    let person = decided.person();
    let mut told = unit(decision.error().map_or_else(Outcome::ok, Outcome::error));
    let mut results = composed(api, decision, &self::context(job, as_of, now, true)).await?;
    told.qualification_validity = Some(decision.validity.into());
    told.reference_numbers = own_number(context, person.as_ref());
    if !results.is_empty() {
        let full = results.swap_remove(0);
        let change = ceiling_change(known, ShownCeiling::of(&full).as_ref());
        told.result = Some(BulkQualification::of(full, change));
    }
    Ok(Answered { unit: told, person: person.map(|person| (person, decision.validity.code())) })
}

/// 委託先資格情報: everybody of the chunk whose tickets are still there.
pub(super) async fn entrusted(
    api: &Api,
    job: &BulkJob,
    people: Vec<String>,
    (position, month, now): (u32, Date, Instant),
) -> Result<Worked, Stop> {
    let lookups = people.into_iter().map(|key| RowLookup::Person(PersonKey(key))).collect();
    let found = look_up(api, job, lookups).await?;
    let mut answers = Vec::with_capacity(found.len());
    for context in &found {
        let Some(decision) = decide_entrusted(&context.coverages, &job.institution_code, month) else {
            continue;
        };
        let as_of = decision.coverages.first().and_then(|coverage| coverage.medical_tickets.first());
        let as_of = as_of.map_or(month, |ticket| ticket.valid_from);
        let person = decision.coverages.first().map(|coverage| coverage.person_key.clone());
        let mut told = unit(Outcome::ok());
        told.qualification_validity = Some(decision.validity.into());
        told.results = composed(api, &decision, &self::context(job, as_of, now, false)).await?;
        told.reference_numbers = own_number(context, person.as_ref());
        let person = person.map(|person| (person, decision.validity.code()));
        answers.push(Answered { unit: told, person });
    }
    let acts = vec![BulkRowAct::Free; answers.len()];
    Ok(Worked { acts, make: make_units(job, position, answers)? })
}

/// The answer of a chunk about people. It is packed beforehand for the usual case that no row is held back: the commit
/// has no time for it.
fn make_units(job: &BulkJob, position: u32, answers: Vec<Answered>) -> Result<MakeAnswer, Stop> {
    let whole = finished(job, position, &answers).ok_or(Stop::Broken("packing"))?;
    let job = job.clone();
    Ok(Arc::new(move |fates: &[BulkRowFate]| {
        if !fates.contains(&BulkRowFate::HeldBack) {
            return whole.clone();
        }
        let kept: Vec<Answered> = answers
            .iter()
            .zip(fates)
            .map(|(answered, fate)| match fate {
                BulkRowFate::HeldBack => {
                    let held = unit(Outcome::error(ErrorCode::NumberChecksLimited));
                    let search_info = answered.unit.search_info.clone();
                    Answered { unit: BulkConfirmUnit { search_info, ..held }, person: None }
                }
                _ => Answered { unit: answered.unit.clone(), person: answered.person.clone() },
            })
            .collect();
        // What was packed once can be packed again.
        finished(&job, position, &kept).unwrap_or_else(|| whole.clone())
    }))
}

fn finished(job: &BulkJob, position: u32, answers: &[Answered]) -> Option<ChunkAnswer> {
    let units = answers.iter().map(|answered| answered.unit.clone()).collect();
    let is_ok = |answered: &&Answered| answered.unit.processing_result_status.is(ProcessingStatus::Ok);
    let normal = u32::try_from(answers.iter().filter(is_ok).count()).unwrap_or(u32::MAX);
    let errors = u32::try_from(answers.len()).unwrap_or(u32::MAX).saturating_sub(normal);
    let people = answers.iter().filter_map(|answered| answered.person.as_ref());
    let people: Vec<String> = people.map(|(person, validity)| format!("{}={validity}", person.0)).collect();
    Some(ChunkAnswer {
        answer: pack(&BulkAnswerBody { units, registrations: Vec::new() })?,
        normal,
        errors,
        audit: audit(job, position, (normal, errors), &people),
    })
}

/// One entry for a chunk, with everybody it tells of.
fn audit(job: &BulkJob, position: u32, (normal, errors): (u32, u32), people: &[String]) -> AuditEvent {
    AuditEvent {
        actor: job.actor.clone(),
        action: format!("bulk.{}", job.kind.name()),
        object: format!("bulk:{}/{position}", job.reception_number.as_str()),
        outcome: format!("normal:{normal} error:{errors}"),
        detail: format!("people:{}", people.join(",")),
    }
}

/// 照会番号一括登録.
pub(super) async fn registrations(
    api: &Api,
    job: &BulkJob,
    rows: Vec<BulkRow>,
    position: u32,
) -> Result<Worked, Stop> {
    let wanted: Vec<Result<Registration, Vec<FieldProblem>>> =
        rows.iter().map(BulkRow::registration).collect();
    let lookup = |wanted: &Registration| RowLookup::ByNumberAlone {
        insurer: wanted.insurer_number.clone(),
        number: NumberKey::of(&wanted.insured_number),
    };
    let lookups = wanted.iter().filter_map(|wanted| wanted.as_ref().ok()).map(lookup).collect();
    let mut found = look_up(api, job, lookups).await?.into_iter();
    let (mut acts, mut prepared) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (row, wanted) in rows.iter().zip(wanted) {
        let (outcome, person) = match wanted {
            Err(problems) => {
                acts.push(BulkRowAct::Free);
                (wrong_row(&problems), None)
            }
            Ok(wanted) => {
                let person = wanted.person(&found.next().unwrap_or_default().coverages);
                acts.push(BulkRowAct::Register { person: person.clone(), number: wanted.reference_number });
                (Outcome::ok(), person)
            }
        };
        let unit = BulkRegistrationUnit {
            info: Some(row.registration_info()),
            processing_result_status: outcome.status.into(),
            processing_result_code: outcome.code,
            processing_result_message: outcome.message,
        };
        prepared.push((unit, person));
    }
    let job = job.clone();
    Ok(Worked {
        acts,
        make: Arc::new(move |fates: &[BulkRowFate]| registered(&job, position, &prepared, fates)),
    })
}

fn registered(
    job: &BulkJob,
    position: u32,
    prepared: &[(BulkRegistrationUnit, Option<PersonKey>)],
    fates: &[BulkRowFate],
) -> ChunkAnswer {
    let (mut units, mut people, mut normal) = (Vec::with_capacity(prepared.len()), Vec::new(), 0_u32);
    for ((unit, person), fate) in prepared.iter().zip(fates) {
        let mut unit = unit.clone();
        if let BulkRowFate::Registration(ended) = fate {
            let outcome = outcome_of(*ended);
            unit.processing_result_status = outcome.status.into();
            unit.processing_result_code = outcome.code;
            unit.processing_result_message = outcome.message;
            if *ended == RegistrationOutcome::Registered {
                people.extend(person.as_ref().map(|person| format!("{}=registered", person.0)));
            }
        }
        normal += u32::from(unit.processing_result_status.is(ProcessingStatus::Ok));
        units.push(unit);
    }
    let errors = u32::try_from(units.len()).unwrap_or(u32::MAX).saturating_sub(normal);
    let audit = audit(job, position, (normal, errors), &people);
    let body = BulkAnswerBody { units: Vec::new(), registrations: units };
    ChunkAnswer { answer: pack(&body).unwrap_or_default(), normal, errors, audit }
}
